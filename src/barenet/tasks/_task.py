"""A task: rows and a target, from their source to a trained predictor."""

import inspect
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self, Unpack

from barenet._constraints import (
    DeclaredAttributes,
    check_arguments,
    check_flag,
    check_texts,
    lists_options,
)
from barenet._display import write_display
from barenet._messages import count_of, without_secrets
from barenet._metrics import METRICS
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.files._checkpoint import ENSEMBLE, NETWORK, Checkpoint
from barenet.files._checkpoint_manager import as_checkpoint
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.settings import _task_settings as task_settings
from barenet.settings._run_config import RunConfig, TrainingOptions
from barenet.settings._task_settings import (
    IN_MEMORY,
    OF_ONE_NETWORK,
    ONE_NETWORK,
    CrossValidationOptions,
    ModelKind,
    OpeningOptions,
    TaskSettings,
    choose_model,
    without_test_rows,
)
from barenet.storage._file_io import PARQUET_SUFFIXES, local_path, plain_name
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.frames._frame import Frame, Table
from barenet.tasks._column_lines import MOST_LINES, ColumnLines, lines_of_encoding, lines_of_model
from barenet.tasks._cross_validation_result import CrossValidationResult
from barenet.tasks._description import (
    labelled_rows,
    rows_of_model,
    rows_of_table,
    words_may_be_classes,
)
from barenet.tasks._fit import EnsembleFit, Fit, prepare_ensemble, prepare_network
from barenet.tasks._fold_training import FoldTraining
from barenet.tasks._measurement import Measurement, with_results
from barenet.tasks._network_rows import fit_encoding
from barenet.tasks._new_rows import measure_blocks, open_new_rows
from barenet.tasks._read_columns import ReadTexts, read_test_rows, with_columns_read
from barenet.tasks._repeated_rows import warn_of_repeated_rows
from barenet.tasks._seen_rows import (
    SeenRows,
    count_seen,
    find_seen_rows,
    may_be_seen,
    rows_of_training_table,
)
from barenet.tasks._split_rows import SplitRows, in_memory
from barenet.tasks._task_folds import make_task_folds
from barenet.training._callbacks import Callbacks, as_callbacks
from barenet.training._history import History

if TYPE_CHECKING:
    from barenet._extras import Client


@dataclass(eq=False)
class Task(DeclaredAttributes):
    """A data set with its target, split into a training set and a test set. Create it with `open`.

    ``barenet train prices.csv --target price`` is ``Task.open("prices.csv", "price").train()``.

    Attributes
    ----------
    settings : object
        The source, the treatment of the columns, and the given `RunConfig`.
    rows : object
        The rows: ``dataset``, ``training``, ``test``, and ``stream`` if they are read block by
        block.
    history : History or None
        The history of the last training run.

    Raises
    ------
    ValueError
        If the class is called directly instead of `Task.open`.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import Task
    >>> size = np.arange(30.0, 130.0)
    >>> task = Task.open({"size": size, "price": 3 * size + 20}, "price")
    >>> task
    <Task: price, a number, from 1 column of data frame; 80 training rows, 20 test rows>
    >>> predictor = task.train(model="network", epochs=150, learning_rate=0.02)
    >>> task.evaluate(predictor)["r2"] > 0.99
    True
    """

    settings: TaskSettings
    rows: SplitRows
    history: History | None = field(default=None, init=False)
    _trained: Predictor | None = field(default=None, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.settings, TaskSettings):
            problem = "a task is made by Task.open"
            raise ArgumentError(problem, argument="data", remedy="call Task.open(data, target)")

    def __repr__(self) -> str:
        dataset = self.rows.dataset
        target = f"one of {len(dataset.classes)} classes" if dataset.classes else "a number"
        columns = count_of(dataset.n_features, "column")
        sizes = f"{self.rows.n_training:,} training rows"
        if self.test is not None:
            sizes += f", {self.test.n_samples:,} test rows"
        return f"<Task: {dataset.target_name}, {target}, from {columns} of {dataset.name}; {sizes}>"

    def _repr_html_(self) -> str:
        return write_display(repr(self)[1:-1], self.describe().to_table(MOST_LINES))

    @classmethod
    @lists_options(OpeningOptions)
    def open(
        cls,
        data: Any,
        target: Any = None,
        *,
        task: Literal["classification", "regression"] | None = None,
        test_size: float | None = None,
        split_seed: int | None = None,
        split_by_time: str | None = None,
        split_by_group: str | None = None,
        split_by: str | None = None,
        weight: str | None = None,
        test: Any = None,
        memory: str | None = None,
        config: RunConfig | None = None,
        **options: Unpack[OpeningOptions],
    ) -> Self:
        """Load rows, and split them into a training set and a test set.

        Parameters
        ----------
        data : str, path-like, DataFrame, Frame, mapping or array-like
            A file or its address, a pattern of files such as ``"data/*.parquet"``, or the name of a
            data set, as for ``barenet train``; or rows in memory: a data frame, a mapping of
            columns, records, or a matrix of shape (n_rows, n_features).
        target : str or array-like of shape (n_rows,), optional
            The column to predict, or its values for rows in memory. Named data sets have their own
            target.
        task : {"classification", "regression"}, optional
            The kind of target, if its values are ambiguous.
        test_size : float, optional
            Fraction of the rows in the test set; 0 for no test set. The default is 0.2.
        split_seed : int, optional
            Seed of the split. The default is 0.
        split_by_time : str, optional
            Column of dates, times or numbers that orders the rows. The test set has the last ones.
        split_by_group : str, optional
            Column of groups of rows, which stay whole. It is not a feature.
        split_by : str, optional
            Deprecated, use `split_by_time` or `split_by_group`: by time with dates, times or
            numbers, by group with other values.
        weight : str, optional
            Column of the weights of the rows, numbers of 0 or more. It is not a feature, and rows
            of weight 0 are left out. The losses, the standardization of the target and all scores
            are weighted; the encoding of the columns and the split count rows.
        test : str, path-like, DataFrame, Frame, mapping or records, optional
            A table whose rows are the test set: a file or its address, or rows in memory, with the
            columns of `data` and the target. They are read as new rows of a model are, and all rows
            of `data` are for training.
        memory : str, optional
            Read a table block by block, with at most this much memory, such as ``"2GB"``.
        config : RunConfig, optional
            Settings of the networks; arguments of `train` override them.
        **options : object
            What ``columns`` are, such as ``{"opened": "date day-first", "zip": "names", "id":
            "drop"}``, with the words of `TableEncoding.fit`; ``drop``, ``keep_column``,
            ``categories`` and ``numeric`` are older spellings of it. Texts for ``missing`` values,
            and the fraction of ``rare`` categories. For files:
            ``delimiter``, ``encoding``, ``decimal``, ``thousands``, ``header``, ``date_format``,
            ``quoting``, ``data_dir`` and ``allow_missing_columns``.

        Returns
        -------
        Task
            The task, before any training.

        Raises
        ------
        DataError
            If the data can't be used. The error names the file, and the line or the column.
        ValueError
            If an argument is invalid.

        Warns
        -----
        UserWarning
            If many test rows also occur among the training rows, if rows have no target, or if
            dates to split by are after today.
        FutureWarning
            If `split_by` is given.
        """
        source = None
        if isinstance(data, str | PathLike):
            name = fspath(data)
        else:
            source = in_memory(data)
            name = IN_MEMORY
        accepted = list(task_settings.TABLE_OPTIONS)
        accepted.extend(
            argument
            for argument in inspect.getfullargspec(Task.open).kwonlyargs
            if argument not in OpeningOptions.__annotations__
        )
        if source is None:
            accepted += task_settings.FILE_OPTIONS
        check_arguments(f"Task.open for {name}", options, accepted)
        if memory is not None and source is not None:
            problem = "the rows are in memory already"
            raise ArgumentError(problem, argument="memory", remedy="leave it out")
        if source is not None and not isinstance(target, str | None):
            source, target = source.with_target(target)
        fields: dict[str, Any] = {
            "target": target,
            "task": task,
            "test_size": test_size,
            "split_seed": split_seed,
            "data": name,
            "split_by_time": split_by_time,
            "split_by_group": split_by_group,
            "split_by": split_by,
            "weight": weight,
            "memory": memory,
        }
        test_source = _source_of_test(test)
        if isinstance(test_source, Path):
            fields["test"] = test_source
        fields.update(options)
        for option, value in fields.items():
            if isinstance(value, PathLike):
                fields[option] = fspath(value)
        for option in task_settings.TEXT_LISTS:
            texts = fields.get(option)
            if isinstance(texts, str):
                texts = [texts]
            if texts is not None:
                fields[option] = tuple(check_texts(texts, option))
        settings = TaskSettings.from_fields(fields)
        if config is not None:
            settings = replace(settings, config=settings.config.over(config))
        opened = cls.from_settings(settings, source, test_source)
        dataset = opened.rows.dataset
        if dataset.without_target.n_rows:
            description = dataset.description
            if words_may_be_classes(dataset, settings):
                description += "; task='classification' makes these words a class"
            text = f"{without_secrets(name)}: {description}"
            warnings.warn(text, stacklevel=caller_stacklevel())
        return opened

    @classmethod
    def from_settings(
        cls, settings: TaskSettings, table: Table | None = None, test: Path | Table | None = None
    ) -> Self:
        """Load and split rows, as the command line does.

        Parameters
        ----------
        settings : TaskSettings
            The source of the rows, the treatment of their columns, and the `RunConfig`.
        table : Table, optional
            An open table to use instead of the source.
        test : Path or Table, optional
            The file of the test set, or its open table, by default the file of the settings.

        Returns
        -------
        Task
            The task with these rows.
        """
        settings.config.validate()
        test = test or settings.test
        if test is not None:
            settings = replace(settings, config=without_test_rows(settings.config))
        if settings.is_stream:
            split = SplitRows.of_stream(settings.open_stream())
        else:
            dataset = settings.load(table)
            settings = settings.with_known_split(dataset)
            texts = ReadTexts()
            if settings.teacher is None:  # whose encoding would read the columns
                dataset, texts = with_columns_read(dataset, settings)
            split = SplitRows.of(dataset, settings.config, texts)
        if test is not None:
            rows = read_test_rows(test, split.training, settings)
            split = replace(split, test=rows, has_test_table=True)
        if split.stream is None or split.has_test_table:
            warn_of_repeated_rows(split.training, split.test)
        return cls(settings, split)

    @property
    def training(self) -> Dataset:
        """The rows to train on; if they are read block by block, a sample of them."""
        return self.rows.training

    @property
    def test(self) -> Dataset | None:
        """The test set, which decides nothing; None without one."""
        return self.rows.test

    @property
    def metric(self) -> str:
        """The main metric."""
        return self.rows.main_metric(self.settings.config)

    @property
    def columns(self) -> Sequence[Column]:
        """The columns of a table as interpreted, with their kinds; () for a matrix."""
        encoding = self._encoding
        return encoding.columns if isinstance(encoding, TableEncoding) else ()

    def describe(self) -> ColumnLines:
        """Describe how each column of a table is read.

        Returns
        -------
        ColumnLines
            A line for each column, which `print` shows as text, and a notebook in a table: its
            name, the words for it in `columns`, a value with what it is read as, the number of
            missing values, what is lost, and why it is left out. A line also has ``n_inputs``, the
            number of inputs of a single network. Empty for a matrix.
        """
        encoding = self._encoding
        rows = self.rows.dataset.X
        if not isinstance(encoding, TableEncoding) or not isinstance(rows, Frame):
            return ColumnLines()
        return lines_of_encoding(rows, encoding, self.rows.texts, self.settings.requests)

    @cached_property
    def _encoding(self) -> TableEncoding | Scaling:
        return fit_encoding(self.training, "standardize", self.settings)

    @lists_options(TrainingOptions)
    def train(
        self,
        config: RunConfig | None = None,
        *,
        model: ModelKind | None = None,
        quick: bool | None = None,
        teacher: Predictor | str | PathLike[str] | None = None,
        threads: int | None = None,
        callbacks: Callbacks = (),
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool = False,
        client: "Client | None" = None,
        progress: bool | None = None,
        keep_background: bool | None = None,
        **settings: Unpack[TrainingOptions],
    ) -> Predictor:
        """Train an ensemble on a table, or a single network.

        Parameters
        ----------
        config : RunConfig, optional
            Settings, the same as for ``barenet train``.
        model : {"ensemble", "network"}, optional
            The kind of model for a table. By default an ensemble; a single network with a teacher
            or with initial weights of another model, and on rows that are read block by block.
        quick : bool, optional
            Deprecated, use `model`: True for a single network, False for an ensemble.
        teacher : Predictor, str or path, optional
            Train a single network, as large as one of this model, on its predictions
            (distillation).
        threads : int, optional
            Maximum number of threads; the result does not depend on it.
        callbacks : Callback, or a sequence of them
            Called during training, as for `train`.
        checkpoint : str, path or Checkpoint, optional
            Where to save the state of the training, which `resume` continues from.
        resume : bool, default=False
            Continue from the checkpoint, if there is one.
        client : dask.distributed.Client, optional
            Train the networks of an ensemble on the workers of a Dask cluster.
        progress : bool, optional
            Show the progress. By default, it is shown in a terminal and in a notebook, if training
            takes a while.
        keep_background : bool, optional
            Keep a sample of 100 raw training rows in the predictor and in its model file, which
            `contributions` compares other rows with. Don't keep rows of people without their
            consent. By default, they are kept only if the settings of the task have it, as those of
            ``barenet train --keep-background`` do.
        **settings : object
            Fields of a `RunConfig`, such as ``epochs=50`` or ``layers=(8, 32, 1)``, where 8
            is the number of inputs, as `describe` counts them.

        Returns
        -------
        Predictor
            The trained model, with the scores on its card. `history` is set to its training
            history.

        Raises
        ------
        ValueError
            If a setting is invalid, or does not fit the rows.

        Warns
        -----
        FutureWarning
            If `quick`, or a setting of one network without `model`, chooses the kind of model.
        UserWarning
            If a column alone predicts the target of held-out rows, as a copy of the target does.
        """
        if keep_background is not None:
            check_flag(keep_background, "keep_background")
        arguments = inspect.getfullargspec(Task.train).kwonlyargs
        check_arguments("Task.train", settings, [*RunConfig.__dataclass_fields__, *arguments])
        if not isinstance(config, RunConfig | None):
            raise ArgumentError.of("config", config, "a RunConfig; settings can also be arguments")
        run_config = RunConfig(**settings).over(config or RunConfig())
        for name in sorted(task_settings.OF_THE_ROWS & run_config.set_fields().keys()):
            problem = "applies to the split, which is made already"
            raise ArgumentError(problem, argument=name, remedy="pass it to Task.open")
        task_config = run_config.over(self.settings.config)
        fit_settings = replace(self.settings, config=task_config)
        if not isinstance(teacher, Predictor | None):
            fit_settings = replace(fit_settings, teacher=Path(teacher))
            teacher = None
        if model is not None or quick is not None:
            fit_settings = replace(fit_settings, model=choose_model(model, quick))
        if keep_background is not None:
            fit_settings = replace(fit_settings, keep_background=keep_background)
        if teacher is not None and fit_settings.model == "ensemble":
            remedy = "leave it out, or train one network with {model}"
            raise ArgumentError(OF_ONE_NETWORK, argument="teacher", remedy=remedy, model="network")
        if teacher is None:
            fit_settings.warn_of_implied_network()
        is_ensemble = fit_settings.is_ensemble and teacher is None
        if client is not None and not is_ensemble:
            raise ArgumentError(ONE_NETWORK, argument="client", remedy="leave it out")
        if checkpoint is not None:  # refused before the preparation, which may take minutes
            checkpoint = as_checkpoint(checkpoint, "checkpoint")
            checkpoint.check_place(ENSEMBLE if is_ensemble else NETWORK)
        self.history = None
        fit: Fit
        if teacher is not None:
            fit = prepare_network(self.rows, fit_settings, teacher=teacher)
        else:
            fit = self.prepare(fit_settings, threads=threads, progress=progress)
        fit.warn_of_columns(self.rows.dataset, "Task.open")
        trained, self.history = fit.run(
            as_callbacks(callbacks),
            progress=progress,
            threads=threads,
            checkpoint=checkpoint,
            resume=resume,
            client=client,
        )
        if isinstance(trained, EnsembleFit) and self.history.stop_reason == "interrupted":
            warnings.warn("interrupted; the best epoch until now is kept", stacklevel=2)
        predictor = with_results(trained.predictor, self.history, trained.measurements())
        self._trained = trained.with_background(predictor)
        return self._trained

    @classmethod
    @lists_options(CrossValidationOptions)
    def cross_validate(
        cls,
        data: Any,
        target: Any = None,
        *,
        cv: Any = 5,
        task: Literal["classification", "regression"] | None = None,
        split_seed: int | None = None,
        split_by_time: str | None = None,
        split_by_group: str | None = None,
        split_by: str | None = None,
        weight: str | None = None,
        config: RunConfig | None = None,
        model: ModelKind | None = None,
        quick: bool | None = None,
        threads: int | None = None,
        callbacks: Callbacks = (),
        client: "Client | None" = None,
        progress: bool | None = None,
        **options: Unpack[CrossValidationOptions],
    ) -> CrossValidationResult:
        """Train and score a model on each of several folds, all of whose rows are in a test set.

        Everything is fitted anew to the training rows of each fold: the kinds and the encoding of
        the columns, the scaling of the target, and the networks.

        Parameters
        ----------
        data : str, path-like, DataFrame, Frame, mapping or array-like
            A file or its address, the name of a data set, or rows in memory, as for `open`.
        target : str or array-like of shape (n_rows,), optional
            The column to predict, or its values for rows in memory.
        cv : int, splitter of scikit-learn, or iterable, default=5
            Number of folds: random ones with each class spread over all of them, or periods or
            groups of the column to split by. Or a splitter such as ``KFold(5)``, or pairs of the
            indices of training and test rows.
        task : {"classification", "regression"}, optional
            The kind of target, if its values are ambiguous.
        split_seed : int, optional
            Seed of the folds. The default is 0.
        split_by_time : str, optional
            Column of dates, times or numbers that orders the rows. Each fold is tested on a period,
            and trained on all earlier rows; no fold is tested on the first period.
        split_by_group : str, optional
            Column of groups of rows, each of which is in a single fold. It is not a feature.
        split_by : str, optional
            Deprecated, use `split_by_time` or `split_by_group`, as for `open`.
        weight : str, optional
            Column of the weights of the rows, as for `open`.
        config : RunConfig, optional
            Settings, the same as for `train`.
        model : {"ensemble", "network"}, optional
            The kind of model, as for `train`.
        quick : bool, optional
            Deprecated, use `model`: True for a single network, False for an ensemble.
        threads : int, optional
            Maximum number of threads; the result does not depend on it.
        callbacks : Callback, or a sequence of them
            Called during each training, as for `train`.
        client : dask.distributed.Client, optional
            Train the networks of the ensembles on the workers of a Dask cluster.
        progress : bool, optional
            Show the progress. By default, a bar for all folds is shown in a terminal and in a
            notebook, if training takes a while. True prints a line for each fold elsewhere.
        **options : object
            The other options of `open` except ``test_size`` and ``memory``, such as
            ``drop=["id"]``, and the settings of `train`, such as ``epochs=50``.

        Returns
        -------
        CrossValidationResult
            The scores of each fold, their means and standard deviations, and the out-of-fold
            predictions.

        Raises
        ------
        DataError
            If the data can't be used. The error names the file, and the line or the column.
        ValueError
            If an argument is invalid, or does not fit the rows.
        KeyboardInterrupt
            After Ctrl-C in the first fold.

        Warns
        -----
        FutureWarning
            If `quick`, or a setting of one network without `model`, chooses the kind of model, or
            if `split_by` is given.
        UserWarning
            If a column alone predicts the target, if a class has no training rows or no test rows
            in a fold, or after Ctrl-C in another fold than the first; the result has the finished
            folds.

        See Also
        --------
        barenet.cross_validate : The same for a network on arrays.

        Examples
        --------
        >>> from barenet import Task
        >>> result = Task.cross_validate("iris", cv=3, epochs=30)
        >>> result
        <CrossValidationResult: species, 3 folds of 150 rows, accuracy 0.9... ± 0.0...>
        >>> len(result.scores["accuracy"]), result.predictions[:2].tolist()
        (3, ['setosa', 'setosa'])
        """
        arguments = inspect.getfullargspec(Task.cross_validate).kwonlyargs
        accepted = [*CrossValidationOptions.__annotations__, *arguments]
        check_arguments("Task.cross_validate", options, accepted)
        if not isinstance(config, RunConfig | None):
            raise ArgumentError.of("config", config, "a RunConfig; settings can also be arguments")
        training: dict[str, Any] = {}
        opening: dict[str, Any] = {}
        for name, value in options.items():
            if name in TrainingOptions.__annotations__:
                training[name] = value
            else:
                opening[name] = value
        run_config = RunConfig(**training).over(config or RunConfig())
        opened = cls.open(
            data,
            target,
            task=task,
            test_size=0,
            split_seed=split_seed,
            split_by_time=split_by_time,
            split_by_group=split_by_group,
            split_by=split_by,
            weight=weight,
            config=run_config,
            **opening,
        )
        if opened.rows.stream is not None:
            problem = "is read block by block, and all rows of a cross-validation are in memory"
            raise ArgumentError(problem, argument="data", remedy="pass one file, or a data frame")
        settings = opened.settings
        if model is not None or quick is not None:
            settings = replace(settings, model=choose_model(model, quick))
        settings.warn_of_implied_network()
        if client is not None and not settings.is_ensemble:
            raise ArgumentError(ONE_NETWORK, argument="client", remedy="leave it out")
        dataset = opened.rows.dataset
        folds = make_task_folds(dataset, cv, settings.config.split_seed or 0)
        fold_training = FoldTraining(dataset, settings, folds)
        return fold_training.run(
            as_callbacks(callbacks), threads=threads, client=client, progress=progress
        )

    def evaluate(
        self, predictor: Predictor, rows: Any = None, *, allow_missing_columns: bool | None = None
    ) -> dict[str, float]:
        """Measure a predictor on rows.

        Parameters
        ----------
        predictor : Predictor
            A model of these columns.
        rows : Dataset, path, DataFrame, mapping or records, optional
            Rows with their targets, a file of them, or a pattern such as ``"held-out/*.parquet"``,
            which is read block by block. By default, the test rows or, if there are none, the
            training rows. A warning gives the number of other rows that it was trained on: in
            another split, or in the table or file of its training.
        allow_missing_columns : bool, optional
            Whether a file may lack a column of the model, whose values are then missing. By
            default, the setting that the task was opened with.

        Returns
        -------
        dict of str to float
            The scores by name, starting with the metric of the training, and the loss, which is
            in the scale of the training.
        """
        allow_missing = self.settings.file.allow_missing_columns
        if allow_missing_columns is not None:
            allow_missing = check_flag(allow_missing_columns, "allow_missing_columns")
        if isinstance(rows, str | PathLike) and isinstance(predictor, Predictor):
            measured = self._measured_file(predictor, rows, allow_missing=bool(allow_missing))
        else:
            measured = self._measured(predictor, rows)
        scores = dict(measured.scores)
        loss = scores.pop("loss")
        return {**scores, "loss": loss}

    def _measured(self, predictor: Predictor, rows: Any = None) -> Measurement:
        """Measure a predictor, together with baselines if it is measured on its own split."""
        if not isinstance(predictor, Predictor):
            raise ArgumentError.of("predictor", predictor, "a Predictor, as from train or load")
        if rows is None:
            rows = self.test or self.training
        is_training = rows is self.training
        if rows is self.test or is_training:
            seen = find_seen_rows(self.rows, predictor, rows, self.settings)
            rows = rows_of_model(predictor, rows)
        else:
            if isinstance(rows, Dataset):
                rows = rows_of_model(predictor, rows)
            else:
                rows = labelled_rows(predictor, in_memory(rows, "rows"))
            n_seen = count_seen(predictor, rows)
            seen = SeenRows(n_seen, is_own_split=n_seen == 0)
        if rows.classes != predictor.classes:
            expected = f"rows of {predictor.target_name!r} with its classes or numbers"
            raise ArgumentError.of("rows", rows, f"{expected}, or a data frame of them")
        fitted_to = None
        if seen.is_own_split and is_training:
            fitted_to = rows
        elif seen.is_own_split:
            fitted_to = rows_of_model(predictor, self.training)
        metric = self._metric_of(predictor)
        measured = Measurement(predictor, rows, metric, fitted_to, n_seen=seen.n_seen)
        is_split_known = "test_size" in (predictor.card or ModelCard()).settings
        if measured.warning and is_split_known and not seen.is_own_split:
            warnings.warn(measured.warning, stacklevel=caller_stacklevel())
        return measured

    def _measured_file(
        self, predictor: Predictor, path: str | PathLike[str], *, allow_missing: bool
    ) -> Measurement:
        """Measure a predictor on the rows of a file, or of the files that match a pattern."""
        file: CsvOptions = self.settings.file
        if plain_name(fspath(path)).endswith(PARQUET_SUFFIXES):
            file = CsvOptions()  # the task's options are for a CSV file
        blocks = open_new_rows(predictor, path, file, allow_missing=allow_missing)
        measured = measure_blocks(predictor, blocks, self._metric_of(predictor))
        measured.new_rows.report()
        card = predictor.card or ModelCard()
        n_seen: int | None = 0
        if len(blocks) == 1 and measured.rows.n_samples == rows_of_training_table(card):
            n_seen = count_seen(predictor, rows_of_table(predictor, blocks[0]))
        trained_on = str(card.settings.get("data", ""))
        if not n_seen and may_be_seen(predictor, trained_on, fspath(path), measured.rows):
            n_seen = None
        measured = replace(measured, n_seen=n_seen)
        if measured.warning:
            warnings.warn(measured.warning, stacklevel=caller_stacklevel())
        return measured

    def _metric_of(self, predictor: Predictor) -> str:
        """Return the metric that a predictor was trained with, by default that of the task."""
        name = (predictor.card or ModelCard()).settings.get("metric")
        return name if name in METRICS else self.metric

    def prepare(
        self,
        settings: TaskSettings | None = None,
        *,
        copy_weights: bool = True,
        threads: int | None = None,
        progress: bool | None = None,
    ) -> Fit:
        """Decide all settings, and make the network or ensemble to train.

        Parameters
        ----------
        settings : TaskSettings, optional
            Other settings for the same rows.
        copy_weights : bool, default=True
            Whether to start from the weights of another model, if the settings name one.
        threads : int, optional
            Maximum number of threads for the networks that confirm the inputs of an ensemble.
        progress : bool, optional
            Whether a bar shows their epochs; by default, on a terminal and in notebooks.

        Returns
        -------
        Fit
            The untrained predictor; its method ``run`` trains it.
        """
        settings = settings or self.settings
        if settings.is_ensemble:
            return prepare_ensemble(self.rows, settings, threads=threads, progress=progress)
        return prepare_network(self.rows, settings, copy_weights=copy_weights)

    def report(self, path: str | PathLike[str], predictor: Predictor) -> None:
        """Write a report of scores, errors and important columns, as ``barenet report`` does.

        Parameters
        ----------
        path : str or path
            The file, such as ``"report.html"``; an existing one is replaced.
        predictor : Predictor
            A model from `train`.

        Raises
        ------
        OSError
            If the file can't be written.
        """
        from barenet.tasks._report_page import Report

        history = self.history if predictor is self._trained else None
        lines = lines_of_model(predictor, self.rows.dataset, self.rows.texts)
        Report(self._measured(predictor), history, lines).write(Path(path))


def _source_of_test(test: Any) -> Path | Table | None:
    """Return the file of a test set, or the table of its rows in memory."""
    if test is None:
        return None
    if isinstance(test, str | PathLike):
        return local_path(test)
    return in_memory(test, "test")

"""A network or an ensemble with all settings decided, ready to be trained on a task."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from os import PathLike
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet._messages import some
from barenet._train import train
from barenet.datasets._class_weights import class_weights
from barenet.datasets._dataset import Dataset
from barenet.datasets._target_kind import TargetKind
from barenet.engines import check_engine
from barenet.errors import ArgumentError
from barenet.files._checkpoint import Checkpoint
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._chosen_pairs import columns_of
from barenet.inputs._monotonic_columns import (
    Signs,
    check_columns,
    describe_signs,
    signs_of_settings,
    signs_with_effect,
    warn_of_columns_without_effect,
)
from barenet.model._arrays import FloatArray, InputArray, one_hot
from barenet.model._ensemble import Model
from barenet.optimization._schedules import as_schedule
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._number_loss import LOSSES_OF_ENSEMBLES, SQUARED_ERROR, NumberLoss
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.settings._run_config import DEFAULTS, RunConfig
from barenet.settings._run_defaults import check_target_settings, resolve_config
from barenet.settings._task_settings import ModelKind, TaskSettings
from barenet.tables.encoding._alike_names import warn_of_alike_names
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._placeholders import warn_of_placeholders
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._table_rows import is_looked_up, table_rows
from barenet.tables.reading._column_words import DROP, columns_with
from barenet.tasks import _initial_weights as initial_weights
from barenet.tasks._distillation import load_teacher, student_config, targets_of
from barenet.tasks._measurement import Measurement
from barenet.tasks._network_rows import NetworkRows
from barenet.tasks._split_rows import SplitRows, fingerprint_of
from barenet.tasks._target_leakage import warn_of_leaks
from barenet.training._callbacks import (
    Callback,
    EarlyStopping,
    Run,
    TimeLimit,
    started_limits,
)
from barenet.training._history import History
from barenet.training._progress import ShowLine

if TYPE_CHECKING:
    from barenet._extras import Client

#: Number of periods of rows that are split by time; each fold leaves out whole periods.
N_PERIODS = 32


@dataclass(frozen=True, eq=False, kw_only=True)
class Fit(ABC):
    """A predictor about to be trained, with its rows and all settings."""

    settings: TaskSettings
    rows: SplitRows
    #: The rows to train on; for a stream, a sample of them.
    training: Dataset
    #: Rows that decide when to stop, or when to reduce the learning rate.
    validation: Dataset | None = None
    #: The network with its encoding and its model card.
    predictor: Predictor

    @property
    def n_rows(self) -> Mapping[str, int]:
        """The numbers of rows by their use, as on the model card."""
        return (self.predictor.card or ModelCard()).rows

    @property
    def metric(self) -> str:
        """The main metric."""
        return self.rows.main_metric(self.settings.config)

    @property
    def measured_training(self) -> str:
        """The key of the training scores, which are of a sample if not all rows are in memory."""
        stream = self.rows.stream
        if stream is None or stream.n_rows == self.training.n_samples:
            return "training"
        return "sampled_training"

    def measurements(self, *, baselines: bool = False) -> dict[str, Measurement]:
        """Measure the predictor on the test set, if there is one, and on the training set."""
        rows_by_name = {}
        if self.rows.test is not None:
            rows_by_name["held_out"] = self.rows.test
        rows_by_name[self.measured_training] = self.training
        measured = {}
        for name, rows in rows_by_name.items():
            measured[name] = Measurement(
                self.predictor,
                rows,
                self.metric,
                self.rows.training,
                n_seen=0 if name == "held_out" else rows.n_samples,
                has_baselines=baselines,
            )
        return measured

    @abstractmethod
    def run(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        progress: bool | None = False,
        threads: int | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool = False,
        client: "Client | None" = None,
        show_epoch: ShowLine | None = None,
    ) -> tuple[Self, History]:
        """Train, possibly on workers, and return the trained fit and its history.

        With `progress` False, `show_epoch` may show the epochs as part of a longer computation.
        """

    def with_background(self, predictor: Predictor) -> Predictor:
        """Keep some training rows in a predictor, if the settings have it."""
        if not self.settings.keep_background:
            return predictor
        return predictor.with_background(self.rows.training.X)

    def warn_of_columns(self, dataset: Dataset, function: str) -> None:
        """Warn of suspicious columns: copies of the target, and values or names that are errors."""
        encoding = self.predictor.preprocessing
        warn_of_leaks(self.training, encoding, function)
        if isinstance(encoding, TableEncoding):
            settings = self.settings.config.monotonic or ()
            signs = signs_of_settings(settings, self.training.feature_names)
            warn_of_columns_without_effect(encoding, signs)
            warn_of_placeholders(encoding, dataset.X)
            warn_of_alike_names(encoding, dataset.X, dataset.target_name, dataset.classes or ())


class EpochLine(Callback):
    """Shows each epoch in a line that belongs to a longer computation."""

    history_only = True

    def __init__(self, show_line: ShowLine) -> None:
        self.show_line = show_line

    def on_epoch(self, run: Run) -> None:
        self.show_line(run.epoch, run.epochs, f"epoch {run.epoch}/{run.epochs}", 0)


@dataclass(frozen=True, eq=False, kw_only=True)
class NetworkFit(Fit):
    """A single network, ready to be trained."""

    #: The model whose predictions are learned instead of the targets.
    teacher: Predictor | None = None

    @property
    def patience(self) -> list[EarlyStopping]:
        """Early stopping, if the settings enable it, by the loss or the given metric."""
        config = self.settings.config
        monitor = f"validation_{config.metric or 'loss'}"
        return [EarlyStopping(monitor, patience=config.patience)] if config.patience else []

    def arguments(self) -> dict[str, Any]:
        """Make the arguments of `train` from the settings, without the network and callbacks."""
        X: Any = self.rows.stream
        y = None
        sample_weight = None
        if X is None:
            X, y, sample_weight = self._targets_of(self.training)
        validation_data = self._targets_of(self.validation) if self.validation is not None else None
        test_data = None
        if self.rows.test is not None:
            test_data = (*training_arrays(self.predictor, self.rows.test), self.rows.test.weight)
        usual = TargetKind.of(self.training.classes).metric
        arguments = {
            "X": X,
            "y": y,
            "sample_weight": sample_weight,
            "validation_data": validation_data,
            "test_data": test_data,
            "metrics": tuple(dict.fromkeys([self.metric, usual])),  # without duplicates
        }
        return arguments | self.settings.config.train_arguments()

    def run(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        progress: bool | None = False,
        threads: int | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool = False,
        client: "Client | None" = None,
        show_epoch: ShowLine | None = None,
    ) -> tuple[Self, History]:
        assert client is None  # rejected by the caller
        all_callbacks: list[Callback] = [*self.patience, *callbacks]
        time_limit = self.settings.config.time_limit
        if time_limit is not None:
            all_callbacks.append(TimeLimit(time_limit))
        if show_epoch is not None:
            all_callbacks.append(EpochLine(show_epoch))
        history = train(
            self.predictor.first_network,
            **self.arguments(),
            callbacks=all_callbacks,
            progress=progress,
            threads=threads,
            checkpoint=checkpoint,
            resume=resume,
        )
        return self, history

    def _targets_of(self, dataset: Dataset) -> tuple[Any, Any, Any]:
        """Return inputs, targets and sample weights, applying class weights and label smoothing."""
        X, y = training_arrays(self.predictor, dataset)
        if self.teacher is not None:
            y = targets_of(self.teacher, self.predictor, dataset)
        config = self.settings.config
        sample_weight = row_weights(config, dataset, self.training)
        if config.label_smoothing:
            network = self.predictor.first_network
            target_kind = TargetKind.of(dataset.classes)
            # A single output is the probability of the second class, which is the last column.
            one_hot_y = one_hot(y, target_kind.n_columns, np.float64)
            n_outputs = network.sizes[-1]
            y = one_hot_y[:, -n_outputs:]
            activation = network.output_activation.name
            y = target_kind.smooth(y, config.label_smoothing, activation)
        return X, y, sample_weight


@dataclass(frozen=True, eq=False, kw_only=True)
class EnsembleFit(Fit):
    """The networks of an ensemble, ready to be trained."""

    ensemble_training: EnsembleTraining
    #: The callback that ends the training after some time, if there is a limit.
    time_limits: Sequence[TimeLimit] = ()
    #: A sentence about the merged categories.
    note: str = ""

    def run(
        self,
        callbacks: Sequence[Callback] = (),
        *,
        progress: bool | None = False,
        threads: int | None = None,
        checkpoint: str | PathLike[str] | Checkpoint | None = None,
        resume: bool = False,
        client: "Client | None" = None,
        show_epoch: ShowLine | None = None,
    ) -> tuple[Self, History]:
        training = self.ensemble_training
        history = training.run(
            threads,
            (*self.time_limits, *callbacks),
            progress=progress,
            checkpoint=checkpoint,
            resume=resume,
            client=client,
            show_line=show_epoch,
        )
        best = training.best
        assert best is not None
        card = replace(self.predictor.card or ModelCard(), scores=best.scores)
        predictor = replace(
            self.predictor, network=training.ensemble(), residuals=best.residuals, card=card
        )
        return replace(self, predictor=predictor), history


def prepare_network(
    split: SplitRows,
    settings: TaskSettings,
    *,
    copy_weights: bool = True,
    teacher: Predictor | None = None,
) -> NetworkFit:
    """Make one network, with new weights or those of another model, and check its settings."""
    if teacher is None and settings.teacher is not None:
        teacher = load_teacher(settings.teacher)
    if teacher is not None:
        settings = replace(settings, config=student_config(settings.config, teacher))
    _check_settings(settings)
    if teacher is not None:
        network_rows = NetworkRows.of_teacher(split, teacher, settings.config)
    elif split.stream is not None:
        network_rows = NetworkRows.of_stream(split, split.stream)
    else:
        network_rows = NetworkRows.in_memory(split, settings)
    dataset = network_rows.split.dataset
    try:
        config = resolve_config(settings.config, dataset, network_rows.encoding.n_inputs)
    except ArgumentError as error:
        if error.argument == "loss":
            _add_remedy_of_loss(error, settings, dataset)
        raise
    network_rows = network_rows.with_target_scaling(config.target_scaling or "none")
    kind: ModelKind | None = "network" if settings.is_table else None
    settings = replace(settings, model=kind, config=config)
    network = config.make_network()
    if copy_weights and settings.start_from is not None:
        initial_weights.copy_weights(settings.start_from, network, network_rows.input_names)
    predictor = untrained_predictor(
        network,
        network_rows.encoding,
        network_rows.target_scaling,
        split=network_rows.split,
        settings=settings,
        training=network_rows.training,
        validation=network_rows.validation,
    )
    return NetworkFit(
        settings=settings,
        rows=network_rows.split,
        training=network_rows.training,
        validation=network_rows.validation,
        predictor=predictor,
        teacher=teacher,
    )


def _add_remedy_of_loss(error: ArgumentError, settings: TaskSettings, dataset: Dataset) -> None:
    """Name the output activation that a loss with a log link needs, or the ensemble that has it."""
    kind = LOSSES_OF_ENSEMBLES.get(str(error.value))
    if error.remedy or kind is None or dataset.classes is not None:
        return
    if not kind.on_logits:  # such as quantiles, of which each has an output of its own
        return
    [output, *_] = kind.on_logits
    error.remedy = "use {output}"
    error.options = {"output": output}
    as_ensemble = replace(settings, model="ensemble")
    try:
        is_possible = as_ensemble.is_table and as_ensemble.is_ensemble
    except ArgumentError:  # other settings are those of one network
        is_possible = False
    if is_possible and settings.teacher is None:
        error.remedy += ", or train an ensemble with {model}"
        error.options["model"] = "ensemble"


def _check_settings(settings: TaskSettings) -> None:
    """Reject settings that are wrong for any single network, regardless of the rows."""
    if settings.config.monotonic:
        problem = "is for ensembles, and a single network is trained here"
        remedy = "leave it out"
        if settings.is_table:
            remedy += ", or train an ensemble with {model}"
        raise ArgumentError(problem, argument="monotonic", remedy=remedy, model="ensemble")
    settings.config.validate()
    as_schedule(settings.config.schedule)
    check_engine(settings.config.engine or "auto")
    settings.check_table_options()


def untrained_predictor(
    network: Model,
    encoding: TableEncoding | Scaling,
    target_scaling: Scaling | None,
    *,
    split: SplitRows,
    settings: TaskSettings,
    training: Dataset,
    validation: Dataset | None = None,
) -> Predictor:
    """Combine a network with the encoding and a model card, which is the same on every machine."""
    dataset = split.dataset
    names = encoding.feature_names if isinstance(encoding, TableEncoding) else dataset.feature_names
    counts = {"training": training.n_samples}
    if split.stream is not None:
        counts["training"] = split.stream.n_rows
    if validation is not None:
        counts["validation"] = validation.n_samples
    if split.test is not None:
        counts["held_out"] = split.test.n_samples
    card = ModelCard(
        settings=settings.card_fields(),  # omits paths, times and threads
        data_fingerprint=fingerprint_of(dataset.select(names), encoding),
        rows=counts,
    )
    return Predictor(
        network=network,
        preprocessing=encoding,
        target_scaling=target_scaling,
        classes=dataset.classes,
        feature_names=names,
        target_name=dataset.target_name,
        target_kind=dataset.target_kind,
        dataset=dataset.name,
        image_shape=dataset.image_shape,
        card=card,
    )


def prepare_ensemble(
    split: SplitRows,
    settings: TaskSettings,
    *,
    threads: int | None = None,
    progress: bool | None = None,
) -> EnsembleFit:
    """Choose the inputs of an ensemble, and make its networks."""
    settings.config.validate()
    settings.check_table_options()
    time_limits = started_limits(settings.config.time_limit)
    training = split.training
    defaults = RunConfig(
        seed=DEFAULTS.seed, test_size=DEFAULTS.test_size, split_seed=DEFAULTS.split_seed
    )
    config = settings.config.over(defaults)
    check_target_settings(config, split.dataset)
    weight = row_weights(config, training, training)
    signs = signs_of_settings(config.monotonic or (), training.feature_names)
    check_columns(signs, training.feature_names, _left_out(settings, training))
    prepared = prepare_ensemble_training(
        training.X,
        training.y,
        TargetKind.of(training.classes),
        number_loss=_number_loss(config, split.dataset),
        weight=weight,
        groups=training.groups(N_PERIODS),
        epochs=config.epochs,
        seed=config.seed or 0,
        engine=config.engine or "auto",
        threads=threads,
        progress=progress,
        monotonic=signs,
        **settings.table_options(training.feature_names),
    )
    ensemble_training = prepared.training
    config = replace(config, epochs=ensemble_training.recipe.epochs)
    settings = replace(settings, model="ensemble", config=config)
    predictor = untrained_predictor(
        ensemble_training.untrained_ensemble(),
        prepared.encoding,
        prepared.scaling,
        split=split,
        settings=settings,
        training=training,
    )
    return EnsembleFit(
        settings=settings,
        rows=split,
        training=training,
        predictor=predictor,
        ensemble_training=ensemble_training,
        time_limits=time_limits,
        note=note_on_inputs(
            prepared.chosen, signs_with_effect(prepared.encoding, prepared.monotonic)
        ),
    )


def _number_loss(config: RunConfig, dataset: Dataset) -> NumberLoss:
    """Return the loss of an ensemble that predicts numbers; refuse a loss for classes."""
    if config.loss is None:
        return SQUARED_ERROR
    if dataset.classes is not None:
        target = dataset.target_name
        problem = f"ensembles for classes always use the log loss, and {target!r} has classes"
        remedy = "leave it out, or predict numbers with {task}"
        raise ArgumentError(problem, argument="loss", remedy=remedy, task="regression")
    return NumberLoss.of_spec(config.loss)


def _left_out(settings: TaskSettings, dataset: Dataset) -> dict[str, str]:
    """Return why columns of a table are no features, by their names."""
    left_out = {}
    if settings.split_by_group is not None:
        left_out[settings.split_by_group] = "is the column of split_by_group"
    for name in columns_with(settings.requests, DROP):
        argument = settings.requests[name].argument
        left_out[name] = "is in drop" if argument == "drop" else f"is dropped in {argument}"
    if settings.weight is not None:
        left_out[settings.weight] = "is the column of weight"
    left_out[dataset.target_name] = "is the target"
    return left_out


def note_on_inputs(chosen: ChosenInputs, monotonic: Signs) -> str:
    """Describe the chosen inputs of columns, each choice in a line, and the constraints."""
    columns_of_pairs = columns_of(chosen.pairs)
    names_by_fraction: dict[float, list[str]] = {}
    for name, fraction in chosen.rare.items():
        if name not in columns_of_pairs:  # `TrainingTable` merges none of their categories
            names_by_fraction.setdefault(fraction, []).append(name)
    choices = []
    for fraction, names in sorted(names_by_fraction.items()):
        if fraction == 0:
            merged = f"the categories of {some(names)} are not merged"
        else:
            merged = f"the categories of {some(names)} in less than {100 * fraction:.3g} % of the "
            merged += "rows are merged"
        choices.append(merged)
    for name, parts in chosen.parts.items():
        each_part = " and each ".join(parts)
        choices.append(f"each {each_part} of {name!r} has an input of its own")
    for name, codes in chosen.codes.items():
        choices.append(f"{len(codes):,} numbers of {name!r} have an input of their own, as codes")
    for name, days in chosen.days.items():
        choices.append(f"{len(days):,} days of {name!r} have an input of their own")
    for first, second in chosen.pairs:
        choices.append(f"each pair of {first} and {second} has an input of its own")
    for category, number in chosen.slopes:
        slope = f"{number.column!r} has a slope of its own in each category of {category.column!r}"
        choices.append(slope)
    note = ""
    if monotonic:
        note += f"the predictions {describe_signs(monotonic)}: monotonic constraints\n"
    for choice in choices:
        note += f"{choice}, chosen by the error on rows that are left out\n"
    if note:
        note += "\n"
    return note


def row_weights(config: RunConfig, rows: Dataset, training: Dataset) -> FloatArray | None:
    """Multiply the weights of rows, whose mean is 1 in the training, by those of their classes."""
    weight = None
    if rows.weight is not None and training.weight is not None:
        weight = rows.weight / training.weight.mean()
    if not config.class_weight:
        return weight
    of_classes = class_weights(config.class_weight, training)[rows.y]
    return of_classes if weight is None else weight * of_classes


def training_arrays(predictor: Predictor, dataset: Dataset) -> tuple[InputArray, NDArray[Any]]:
    """Return inputs and targets; inputs are entries if the first layer is faster with lookups."""
    encoding = predictor.preprocessing
    network = predictor.first_network
    y = predictor.targets(dataset.y)
    if isinstance(encoding, TableEncoding) and is_looked_up(encoding, network):
        return table_rows(encoding, dataset.X, network.dtype), y
    return encoding.transform(dataset.X, network.dtype), y

"""``barenet evaluate`` and ``barenet importance``: scores of a network and of its columns."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from cyclopts import Parameter

from barenet import METRICS, ModelCard
from barenet._constraints import check_count
from barenet._metrics import Name, score_text
from barenet.cli._console import emit, emit_json, emit_table, log, log_problem
from barenet.cli._flags import Data, Integer, Off, On
from barenet.cli._run_settings import SETTINGS, FileOptions
from barenet.cli._score_limits import check_limits, read_limits
from barenet.cli._score_tables import choose_metric, emit_measurement
from barenet.cli._text_graphics import bar
from barenet.cli._trained_model import TrainedModel, files_of, load_trained
from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import DATASETS
from barenet.errors import ArgumentError
from barenet.files._predictor import check_threshold, describe_threshold
from barenet.insight._permutation_importance import Importance
from barenet.storage._file_io import STANDARD_INPUT, is_pattern
from barenet.tables.reading._column_words import columns_with
from barenet.tasks._measurement import Measurement, metric_title
from barenet.tasks._new_rows import measure_blocks
from barenet.tasks._pictures import MAX_ROWS, REPEATS, drops_of, measure_importance, sample_rows

Kind = Literal["test", "training", "all"]
#: Scores and their limits.
Limits = Annotated[tuple[str, ...], Parameter(show_default=False)]


def evaluate(
    model: Path,
    data: Data = "",
    /,
    *,
    rows: Kind | None = None,
    metric: Name | None = None,
    baselines: On = True,
    threshold: float | None = None,
    fail_below: Limits = (),
    fail_above: Limits = (),
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure a trained network on rows with targets.

    For the data that it was trained on, the test rows are measured; for other data, all rows. A
    fingerprint in the model file identifies the training data, whatever their name.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. By default the training data. The files of a pattern such as 'held-out/*.parquet',
        Parquet files and CSV files that may exceed the memory are read block by block.
    rows : {"test", "training", "all"}
        The rows to measure; by default the test rows, if there are any. After training on several
        files or with --memory, these are the test rows, or a sample of the training rows.
    metric : str
        Score that is shown first, and that the network is compared by; by default that of the
        training.
    baselines : bool
        On the training data, measure a constant and a linear model on the same rows.
    threshold : float
        Predict the second of two classes from this probability on, as in barenet predict: this
        changes the accuracies, F1 and the confusion matrix.
    fail_below : tuple of str
        Fail after the output if a score is smaller than its limit, such as accuracy=.9.
    fail_above : tuple of str
        Fail after the output if an error is larger than its limit, such as log_loss=.3 or rmse=5.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    predictor = trained.predictor
    of_classes = predictor.classes is not None
    limits = read_limits(fail_below, fail_above, of_classes=of_classes)
    check_threshold(predictor, threshold)
    name = metric or trained.settings.config.metric
    named_data = trained.data_or_default(data)
    measured = _measure_blocks(trained, named_data, file, name) if rows in (None, "all") else None
    if measured is None:
        selection = select_rows(trained, data, file, rows)
        if not data:
            log(f"no data named: {selection.description} of {selection.data}\n")
        _log_seen_rows(trained, selection)
        measured = Measurement(
            predictor,
            selection.rows,
            choose_metric(name, selection.rows),
            selection.training,
            threshold=threshold,
            has_baselines=baselines,
        )
    else:
        measured = replace(measured, threshold=threshold)
        selection = Selection(
            data=named_data,
            rows=measured.rows,
            kind="all",
            training=None,
            dataset=measured.rows,
        )
        _log_seen_rows(trained, selection)
    if json:
        confusion_matrix = measured.confusion_matrix().tolist() if predictor.classes else None
        heading = {"evaluated_on": selection.description, "main": measured.metric}
        document = {
            "model": str(trained.path),
            "dataset": selection.rows.name,
            "rows": selection.rows.n_samples,
            "rows_seen": selection.n_seen,
            "metrics": {**heading, **measured.scores},
            "baselines": measured.baselines_document(),
            "classes": predictor.labels,
            "threshold": threshold,
            "confusion_matrix": confusion_matrix,
        }
        emit_json(document)
    else:
        if threshold is not None:
            log(f"{describe_threshold(predictor, threshold)}\n")
        emit_measurement(measured, selection.label, selection.label)
    check_limits(limits, measured.scores, f"{selection.label} rows")


def _measure_blocks(
    trained: TrainedModel, data: str, file: FileOptions, metric: Name | None
) -> Measurement | None:
    """Measure new rows block by block; None for rows that are read at once.

    Rows that may be the training rows of a run in memory are read at once, because identifying them
    takes the values of all rows.
    """
    blocks = trained.blocks_to_score(data, file)
    if not blocks:
        return None
    any_metric = next(iter(METRICS))  # until the rows, which decide on the metric, are known
    categories = columns_with(trained.settings.requests, "names")
    measured = measure_blocks(trained.predictor, blocks, any_metric, categories)
    card = trained.predictor.card or ModelCard()
    n_known = sum(card.rows.values())
    if measured.rows.n_samples == n_known and not is_pattern(data):
        return None
    measured.new_rows.report()
    if measured.rows.without_target.n_rows:
        log(f"{data}: {measured.rows.description}")
    return replace(measured, metric=choose_metric(metric, measured.rows))


class Selection(NamedTuple):
    """Rows that a network is measured on, and the name of their data."""

    data: str
    rows: Dataset
    kind: Kind
    #: The rows of the same data that are in the training set; None for other data.
    training: Dataset | None
    #: The whole data set.
    dataset: Dataset

    @property
    def description(self) -> str:
        return f"{self.kind} rows"

    @property
    def label(self) -> str:
        """The name of the rows in the table of scores."""
        number = f"{self.rows.n_samples:,}"
        return f"all {number}" if self.kind == "all" else f"{number} {self.kind}"

    @property
    def n_seen(self) -> int | None:
        """The number of rows that were in the training set; None if unknown."""
        if self.training is None:
            return None
        if self.kind == "test":
            return 0
        return self.training.n_samples


def select_rows(
    trained: TrainedModel, data: str, file: FileOptions, requested: Kind | None = None
) -> Selection:
    """Load the rows that a network is measured on, by default from the training data."""
    data = trained.data_or_default(data)
    stream = trained.open_stream(data, file)
    training: Dataset | None = None
    test: Dataset | None = None
    if stream is None:
        dataset = trained.load(data, file)
        is_training_data = trained.is_training_data(data, dataset)
        if is_training_data:
            training, test = trained.split(dataset)
    else:
        dataset = stream.sample
        is_training_data = True
        training = stream.sample
        test = stream.test
    if requested is not None:
        selected = requested
    elif test is not None:
        selected = "test"
    elif stream is not None:
        selected = "training"
    else:
        selected = "all"
    is_unknown = is_training_data is None and trained.predictor.dataset == dataset.name
    if selected == "all" and is_unknown:
        beside = f"there is no {SETTINGS} beside {trained.path} to identify the test rows"
        log(f"all rows are measured, training rows included: {beside}")
    if selected == "test":
        rows = test
    elif selected == "training":
        rows = training
    elif stream is None:
        rows = dataset
    else:
        rows = None  # the rows of a stream are never in memory together
    if rows is None:
        problem = f"{data} has no known {selected} rows of {trained.path}"
        if selected == "all":
            problem = f"{data} is read block by block, not all at once"
        raise ArgumentError(problem, argument="rows", remedy="leave it out")
    return Selection(data=data, rows=rows, kind=selected, training=training, dataset=dataset)


def _log_seen_rows(trained: TrainedModel, selection: Selection) -> None:
    """Warn that scores on training rows are better than those on new rows."""
    if selection.kind != "all":
        return
    n_rows = selection.rows.n_samples
    data = selection.data
    trained_on = trained.settings.data
    training_files = {*files_of(trained_on, Path(data).parent), *files_of(trained_on)}
    measured_files = {Path(data).resolve(), *files_of(data)}
    if is_pattern(data):
        training_files.add(Path(trained_on).resolve())
    is_file = trained_on not in (STANDARD_INPUT, *DATASETS)
    is_other_file = selection.training is None and is_file
    warning = ""
    if selection.n_seen == n_rows:
        warning = "the network was trained on exactly these rows: "
        warning += "its scores on new ones may be worse"
    elif selection.n_seen:
        warning = f"the network was trained on {selection.n_seen:,} of these {n_rows:,} rows; "
        warning += "--rows test measures the others"
    elif is_other_file and Path(data).name == Path(trained_on).name:
        warning = f"{data} has changed since the training: "
        warning += "unchanged rows were in the training set"
    elif is_other_file and not training_files.isdisjoint(measured_files):
        warning = f"the network was trained on {trained_on}, of which {data} is a file: "
        if is_pattern(data):
            warning = f"the network was trained on {trained_on}, which has files of {data}: "
        warning += "its scores on new rows may be worse; name the pattern to measure test rows"
    if warning:
        log_problem("warning", warning)


def importance(
    model: Path,
    data: Data = "",
    /,
    *,
    repeats: Integer = REPEATS,
    max_rows: Integer = MAX_ROWS,
    rows: Kind | None = None,
    metric: Name | None = None,
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure how much a trained network depends on each column.

    Permutation importance: each column of the table is shuffled separately, and the decrease of the
    score is printed, or the increase of an error. The test rows are used if they are known. If two
    columns contain the same information, neither appears important, because the network can do
    without either of them.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a file; by default the training data.
    repeats : int
        Number of times that each column is shuffled.
    max_rows : int
        Maximum number of rows to use; many columns, such as pixels, take a long time.
    rows : {"test", "training", "all"}
        The rows to measure; by default the test rows, if there are any.
    metric : str
        The score; by default that of the training.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    check_count(repeats, "repeats")
    check_count(max_rows, "max_rows")
    selection = select_rows(trained, data, file, rows)
    sample = sample_rows(selection.rows, max_rows)
    main = choose_metric(metric or trained.settings.config.metric, sample)
    result = measure_importance(trained.predictor, sample, repeats, main)
    if json:
        document = {
            "model": str(trained.path),
            "dataset": sample.name,
            "rows": sample.n_samples,
            "evaluated_on": selection.description,
            **_document(result, repeats),
        }
        emit_json(document)
        return
    rows_used = f"{sample.n_samples:,} {selection.description.removeprefix('all ')}"
    _emit(result, f"on {rows_used}; each column shuffled {repeats}×")


def _document(result: Importance, repeats: int) -> dict[str, Any]:
    """Return the columns as JSON data, the most important first."""
    columns = []
    for index in result.order:
        mean = result.mean[index]
        std = result.std[index]
        columns.append({"name": result.names[index], "mean": mean, "std": std})
    return {"metric": result.metric, "score": result.score, "repeats": repeats, "columns": columns}


def _emit(result: Importance, how: str) -> None:
    """Print a bar for each column."""
    heading, lines = drops_of(result)
    title = metric_title(result.metric)
    score = score_text(result.metric, result.score)
    log(f"{title} {score} {how}\n")
    bars = [[name, drop, bar(share)] for name, drop, share in lines]
    emit_table(["column", f" {heading}", ""], bars)
    n_more = len(result.names) - len(lines)
    if n_more > 0:
        emit(f"(and {n_more:,} columns that matter less; --json has them all)")

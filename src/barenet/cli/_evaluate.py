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
from barenet.cli._run_settings import FileOptions
from barenet.cli._score_limits import check_limits, read_limits
from barenet.cli._score_tables import choose_metric, emit_measurement
from barenet.cli._text_graphics import bar
from barenet.cli._trained_model import TrainedModel, files_of, load_trained
from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import set_name
from barenet.files._predictor import describe_threshold
from barenet.insight._permutation_importance import Importance
from barenet.storage._file_io import STANDARD_INPUT, is_pattern
from barenet.tables.reading._column_words import columns_with
from barenet.tasks._measurement import Measurement, metric_title
from barenet.tasks._new_rows import measure_blocks
from barenet.tasks._pictures import MAX_ROWS, REPEATS, drops_of, measure_importance, sample_rows

#: Scores and their limits.
Limits = Annotated[tuple[str, ...], Parameter(show_default=False)]


def evaluate(
    model: Path,
    data: Data = "",
    /,
    *,
    metric: Name | None = None,
    baselines: On = True,
    fail_below: Limits = (),
    fail_above: Limits = (),
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure a trained network on rows with targets.

    For the data that it was trained on, the test rows are measured, or all rows if there are none;
    for other data, all rows. A fingerprint in the model file identifies the training data, whatever
    their name. A warning counts the rows that the network was trained on.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. By default the training data. The files of a pattern such as 'held-out/*.parquet',
        Parquet files and CSV files that may exceed the memory are read block by block.
    metric : str
        Score that is shown first, and that the network is compared by; by default that of the
        training.
    baselines : bool
        On the training data, measure a constant and a linear model on the same rows.
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
    name = metric or trained.settings.config.metric
    named_data = trained.data_or_default(data)
    measured = _measure_blocks(trained, named_data, file, name)
    subset = "all"
    if measured is None:
        selection = select_rows(trained, data, file)
        subset = selection.subset
        if not data:
            log(f"no data named: {subset} rows of {selection.data}\n")
        measured = Measurement(
            predictor,
            selection.rows,
            choose_metric(name, selection.rows),
            selection.training,
            n_seen=selection.n_seen,
            has_baselines=baselines,
        )
    if measured.warning:
        log_problem("warning", measured.warning)
    n_rows = measured.rows.n_samples
    label = f"all {n_rows:,}" if subset == "all" else f"{n_rows:,} {subset}"
    if json:
        confusion_matrix = measured.confusion_matrix().tolist() if predictor.classes else None
        heading = {"evaluated_on": f"{subset} rows", "main": measured.metric}
        document = {
            "model": str(trained.path),
            "dataset": measured.rows.name,
            "rows": n_rows,
            "rows_seen": measured.n_seen,
            "metrics": {**heading, **measured.scores},
            "baselines": measured.baselines_document(),
            "classes": predictor.labels,
            "threshold": predictor.threshold,
            "confusion_matrix": confusion_matrix,
        }
        emit_json(document)
    else:
        if predictor.threshold is not None:
            log(f"{describe_threshold(predictor)}\n")
        emit_measurement(measured, label, label)
    check_limits(limits, measured.scores, f"{label} rows")


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
    n_seen = None if _may_be_seen(trained, data, measured.rows.name) else 0
    return replace(measured, metric=choose_metric(metric, measured.rows), n_seen=n_seen)


class Selection(NamedTuple):
    """Rows that a network is measured on, and the name of their data."""

    data: str
    rows: Dataset
    #: Test rows or training rows of the training data, or all rows of other data.
    subset: Literal["test", "training", "all"]
    #: The number of rows that the network was trained on; None if unknown.
    n_seen: int | None
    #: The rows of the same data that are in the training set; None for other data.
    training: Dataset | None
    #: The whole data set.
    dataset: Dataset


def select_rows(trained: TrainedModel, data: str, file: FileOptions) -> Selection:
    """Load the rows to measure a network on: the test rows of its training data, or all rows."""
    data = trained.data_or_default(data)
    stream = trained.open_stream(data, file)
    training: Dataset | None = None
    test: Dataset | None = None
    if stream is not None:
        dataset = training = stream.sample
        test = stream.test
    else:
        dataset = trained.load(data, file)
        if trained.is_training_data(data, dataset):
            training, test = trained.split(dataset)
    if test is not None:
        return Selection(data, test, "test", 0, training, dataset)
    if training is not None:
        return Selection(data, training, "training", training.n_samples, training, dataset)
    n_seen = None if _may_be_seen(trained, data, dataset.name) else 0
    return Selection(data, dataset, "all", n_seen, None, dataset)


def _may_be_seen(trained: TrainedModel, data: str, name: str) -> bool:
    """Return whether rows other than the training data may contain some of it, by their names."""
    trained_on = trained.settings.data
    if not trained_on:
        return name == trained.predictor.dataset
    if trained_on == STANDARD_INPUT or set_name(trained_on):
        return False
    files = {Path(data).resolve(), *files_of(data)}
    training_files = {Path(trained_on).resolve(), *files_of(trained_on)}
    training_files.update(files_of(trained_on, Path(data).parent))
    if not is_pattern(data) and Path(data).name == Path(trained_on).name:
        return True
    return not files.isdisjoint(training_files)


def importance(
    model: Path,
    data: Data = "",
    /,
    *,
    repeats: Integer = REPEATS,
    max_rows: Integer = MAX_ROWS,
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
    metric : str
        The score; by default that of the training.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    check_count(repeats, "repeats")
    check_count(max_rows, "max_rows")
    selection = select_rows(trained, data, file)
    sample = sample_rows(selection.rows, max_rows)
    main = choose_metric(metric or trained.settings.config.metric, sample)
    result = measure_importance(trained.predictor, sample, repeats, main)
    if json:
        document = {
            "model": str(trained.path),
            "dataset": sample.name,
            "rows": sample.n_samples,
            "evaluated_on": f"{selection.subset} rows",
            **_document(result, repeats),
        }
        emit_json(document)
        return
    subset = "" if selection.subset == "all" else f"{selection.subset} "
    _emit(result, f"on {sample.n_samples:,} {subset}rows; each column shuffled {repeats}×")


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

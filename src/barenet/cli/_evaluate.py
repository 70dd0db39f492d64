"""``barenet evaluate`` and ``barenet importance``: scores of a network and of its columns."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

from barenet import METRICS, Dataset, Importance, ModelCard
from barenet._constraints import check_count
from barenet._metrics import Name, score_text
from barenet.cli._console import emit, emit_json, emit_table, log, log_problem
from barenet.cli._flags import Data, Integer, Off, On
from barenet.cli._run_settings import SETTINGS, FileOptions
from barenet.cli._scores import choose_metric, emit_measurement
from barenet.cli._text_graphics import bar
from barenet.cli._trained_model import TrainedModel, files_of, load_trained
from barenet.data import DATASETS
from barenet.data._file_io import STANDARD_INPUT, is_pattern
from barenet.errors import ArgumentError
from barenet.tasks._measurement import Measurement, metric_title
from barenet.tasks._new_rows import measure_blocks
from barenet.tasks._pictures import MAX_ROWS, REPEATS, drops_of, measure_importance, sample_rows

Kind = Literal["test", "training", "all"]


def evaluate(
    model: Path,
    data: Data = "",
    /,
    *,
    rows: Kind | None = None,
    metric: Name | None = None,
    baselines: On = True,
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Measure a trained network on rows with targets.

    On the data that it was trained on, these are the test rows; on other data, all rows.
    The training data are recognized by a fingerprint in the model file, whatever their name.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. By default the training data. The files of a pattern such as 'held-out/*.parquet',
        Parquet files and CSV files that may exceed the memory are read block by block.
    rows : {"test", "training", "all"}
        The rows to measure; by default the test rows, if there are any. Those of a training on
        several files or with --memory are the test rows, or a sample of the training rows.
    metric : str
        Score that is shown first, and by which the network is compared; by default that of the
        training.
    baselines : bool
        On the training data, measure a constant and a linear model on the same rows.
    json : bool
        Print JSON, for programs.
    """
    trained = load_trained(model, single_output=True)
    predictor = trained.predictor
    name = metric or trained.settings.config.metric
    named_data = trained.data_or_default(data)
    measured = _measure_blocks(trained, named_data, file, name) if rows in (None, "all") else None
    if measured is None:
        selection = select_rows(trained, data, file, rows)
        if not data:
            log(f"no data named: {selection.description} of {selection.data}\n")
        _log_seen_rows(trained, selection)
        training = selection.training if baselines else None
        main = choose_metric(name, selection.rows)
        measured = Measurement(predictor, selection.rows, main, training)
    else:
        selection = Selection(named_data, measured.rows, "all", None, measured.rows)
        _log_seen_rows(trained, selection)
    if json:
        heading = {"evaluated_on": selection.description, "main": measured.metric}
        document = {
            "model": str(trained.path),
            "dataset": selection.rows.name,
            "rows": selection.rows.n_samples,
            "rows_seen": selection.n_seen,
            "metrics": {**heading, **measured.scores},
            "baselines": measured.baselines_document(),
            "classes": predictor.labels,
            "confusion_matrix": predictor.classes and measured.confusion_matrix().tolist(),
        }
        emit_json(document)
    else:
        emit_measurement(measured, selection.label, selection.label)


def _measure_blocks(
    trained: TrainedModel, data: str, file: FileOptions, metric: Name | None
) -> Measurement | None:
    """Measure new rows block by block; None for rows that are read at once.

    Those that may be the rows of a training in memory are such, as these are recognized by the
    values of all of them.
    """
    blocks = trained.blocks_to_score(data, file)
    if not blocks:
        return None
    first_metric = next(iter(METRICS))
    categories = trained.settings.categories or ()
    measured = measure_blocks(trained.predictor, blocks, first_metric, categories)
    n_known = sum((trained.predictor.card or ModelCard()).rows.values())
    if measured.rows.n_samples == n_known and not is_pattern(data):
        return None
    if measured.rows.without_target.n_rows:
        log(f"{data}: {measured.rows.description}")
    return replace(measured, metric=choose_metric(metric, measured.rows))


class Selection(NamedTuple):
    """Rows that a network is measured on, and the name of their data."""

    data: str
    rows: Dataset
    kind: Kind
    #: The rows of the same data in the training set; None for other data.
    training: Dataset | None
    #: The whole data set.
    dataset: Dataset

    @property
    def description(self) -> str:
        return f"{self.kind} rows"

    @property
    def label(self) -> str:
        """Their name in the table of scores."""
        number = f"{self.rows.n_samples:,}"
        return f"all {number}" if self.kind == "all" else f"{number} {self.kind}"

    @property
    def n_seen(self) -> int | None:
        """The number of rows that were in the training set; None if unknown."""
        if self.training is None:
            return None
        return 0 if self.kind == "test" else self.training.n_samples


def select_rows(
    trained: TrainedModel, data: str, file: FileOptions, kind: Kind | None = None
) -> Selection:
    """Load the rows that a network is measured on, by default those of the training data."""
    data = trained.data_or_default(data)
    if (stream := trained.open_stream(data, file)) is None:
        dataset = trained.load(data, file)
        known = trained.is_training_data(data, dataset)
        training, test = trained.split(dataset) if known else (None, None)
    else:
        dataset, known, training, test = stream.sample, True, stream.sample, stream.test
    if kind is None:
        kind = "test" if test is not None else "training" if stream else "all"
    if kind == "all" and known is None and trained.predictor.dataset == dataset.name:
        beside = f"there is no {SETTINGS} beside {trained.path} to identify the test rows"
        log(f"all rows are measured, training rows included: {beside}")
    rows = {"all": None if stream else dataset, "training": training, "test": test}[kind]
    if rows is None:
        problem = f"{data} has no known {kind} rows of {trained.path}"
        problem = f"{data} is read block by block, not all at once" if kind == "all" else problem
        raise ArgumentError(problem, argument="rows", remedy="leave it out")
    return Selection(data, rows, kind, training, dataset)


def _log_seen_rows(trained: TrainedModel, selection: Selection) -> None:
    """Warn that scores on training rows are better than those on new rows."""
    if selection.kind != "all":
        return
    warn = partial(log_problem, "warning")
    n_rows, data = selection.rows.n_samples, selection.data
    known = trained.settings.data
    files = {*files_of(known, Path(data).parent), *files_of(known)}
    measured_files = {Path(data).resolve(), *files_of(data)}
    if is_pattern(data):
        files.add(Path(known).resolve())
    is_file = known not in (STANDARD_INPUT, *DATASETS)
    if selection.n_seen == n_rows:
        warn("the network was trained on exactly these rows: its scores on new ones may be worse")
    elif selection.n_seen:
        seen = f"the network was trained on {selection.n_seen:,} of these {n_rows:,} rows"
        warn(f"{seen}; --rows test measures the others")
    elif selection.training is None and is_file and Path(data).name == Path(known).name:
        warn(f"{data} has changed since the training: unchanged rows were in the training set")
    elif selection.training is None and is_file and not files.isdisjoint(measured_files):
        seen = f"the network was trained on {known}, of which {data} is a file"
        if is_pattern(data):
            seen = f"the network was trained on {known}, which has files of {data}"
        warn(f"{seen}: its scores on new rows may be worse; name the pattern to measure test rows")


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

    Permutation importance: each column of the table is shuffled by itself, and the decrease of the
    score is printed, or the increase of an error. The test rows are used where they are known. Of
    two columns with the same information, neither appears important, as the network can do without
    either.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a file; by default the training data.
    repeats : int
        Number of times that each column is shuffled.
    max_rows : int
        Maximum number of rows to use; many columns, such as pixels, take long.
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
        first = {"model": str(trained.path), "dataset": sample.name, "rows": sample.n_samples}
        emit_json({**first, "evaluated_on": selection.description, **_document(result, repeats)})
        return
    rows_used = f"{sample.n_samples:,} {selection.description.removeprefix('all ')}"
    _emit(result, f"on {rows_used}; each column shuffled {repeats}×")


def _document(result: Importance, repeats: int) -> dict[str, Any]:
    """The columns as JSON data, the most important one first."""
    columns = [
        {"name": result.names[at], "mean": result.mean[at], "std": result.std[at]}
        for at in result.order
    ]
    return {"metric": result.metric, "score": result.score, "repeats": repeats, "columns": columns}


def _emit(result: Importance, how: str) -> None:
    """Print a bar for each column."""
    heading, lines = drops_of(result)
    log(f"{metric_title(result.metric)} {score_text(result.metric, result.score)} {how}\n")
    bars = [[name, drop, bar(share)] for name, drop, share in lines]
    emit_table(["column", f" {heading}", ""], bars)
    if (more := len(result.names) - len(lines)) > 0:
        emit(f"(and {more:,} columns that matter less; --json has them all)")

"""``barenet predict``: print the predictions of a trained network for new rows."""

import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, cast

import numpy as np
from cyclopts import Parameter

from barenet import Predictor, TableEncoding
from barenet._constraints import check_number
from barenet._messages import count_of, some
from barenet.cli._console import emit_json, log
from barenet.cli._flags import Data, FileOptions, Integer, Off
from barenet.cli._prediction_file import Columns, PredictionOutput
from barenet.cli._reasons import find_reasons, read_groups
from barenet.cli._rejected_rows import RejectedRows
from barenet.cli._text_graphics import emit_image
from barenet.cli._trained_model import LoadedRows, TrainedModel, load_trained
from barenet.datasets._column_summary import (
    complete_columns,
    count_missing,
    missing_shares,
    unknown_categories,
)
from barenet.errors import ArgumentError, BarenetError
from barenet.files._predictor import describe_threshold, interval_of
from barenet.insight.contributions._contributions import Scale
from barenet.model._array_dataset import class_probabilities, predictions_of
from barenet.model._arrays import FloatArray
from barenet.storage._file_io import is_pattern
from barenet.tables.files._csv_table import CsvTable
from barenet.tables.files._parquet import ParquetTable
from barenet.tables.frames._column_names import check_names
from barenet.tables.frames._frame import Samples
from barenet.tasks._new_rows import NewRows
from barenet.tasks._seen_rows import files_of


def predict(
    model: Path,
    data: Data,
    /,
    *,
    row: Integer | None = None,
    keep: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    coverage: float | None = None,
    reasons: Integer | None = None,
    background: Data = "",
    scale: Scale | None = None,
    groups: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    output: PredictionOutput = PredictionOutput(),
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Print the predictions of a trained network for new rows, as CSV, or write them to a file.

    For classification, there is a column with the class, and one with the probability of each
    class; for regression, a single column. The columns of a table are found by their names. Other
    columns are ignored, and no target column is needed.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. A file may be at an address, such as https://host/rows.csv. The files of a pattern
        such as 'data/*.parquet', Parquet files and CSV files that may exceed the memory are read
        and printed block by block.
    keep : tuple of str
        Columns of the table to print before the predictions, such as an ID.
    coverage : float
        Add intervals that contain this fraction of the targets, such as 0.9, to the numbers that an
        ensemble predicts.
    reasons : int
        Add the columns that contribute most to each prediction, this many, with their values,
        contributions and standard errors: Shapley values of the number, or of the probability of
        the second of two classes or the predicted one of several. The rows that they compare with
        are described on standard error.
    background : str
        The rows that --reasons compares with: a named data set or a file; by default those that
        the model file keeps, or else those of its data, test rows too. At most 1,000 are used.
    scale : str
        The scale of --reasons for classes; by default probabilities.
    groups : tuple of str
        Columns of --reasons that have one contribution together, such as address=street,town.
    row : int
        Print one row only, counted from 0; an image is described in words and drawn.
    json : bool
        Print JSON, for programs.
    """
    _check_options(data, output, json=json, row=row is not None)
    trained = load_trained(model)
    explained = find_reasons(trained, reasons, background, file, scale, read_groups(groups))
    rejected = RejectedRows()
    collected = rejected if output.rejected else None
    at_once = json or row is not None
    blocks = trained.load_features(data, file, at_once=at_once, rejected=collected)
    predictor = trained.predictor
    values = _NewValues(predictor, output)
    is_image = predictor.image_shape and predictor.classes
    is_drawn = is_image and not keep and reasons is None
    with output.opened([trained.path, Path(data), *files_of(data)], rejected) as write:
        for X, columns in _read(blocks, values, data, keep, row):
            outputs = predictor.outputs(X)
            bounds = _bounds(predictor, X, coverage)
            if json:
                document = _document(trained, outputs, columns, bounds)
                emit_json({**document, **explained.document(X, outputs)})
            elif row is not None and is_drawn:
                emit_image(predictor, X[0], outputs)
            else:
                typed = Path(output.out or "").suffix in (".jsonl", ".parquet")
                predicted = _predicted_columns(predictor, outputs, bounds, typed=typed)
                if output.out is None and sys.stdout.isatty():
                    predicted = _without_excess_digits(predicted, predictor)
                predicted = {**predicted, **explained.columns(X, outputs)}
                _refuse_same_names(predicted, columns)
                write({**columns, **predicted})
            values.add(X)
        values.check(rejected)
    if predictor.threshold is not None:
        log(describe_threshold(predictor))
    if explained.describe():
        log(explained.describe())
    if rejected.line:
        n_rejected = count_of(len(rejected.line), "row")
        log(f"{n_rejected} left out, which cannot be read: see {output.rejected}")
    values.log_replaced()


class _NewValues:
    """Reads new rows block by block, and counts their values that are unusual in some way."""

    def __init__(self, predictor: Predictor, output: PredictionOutput) -> None:
        self.predictor = predictor
        self.output = output
        self.n_rows = 0
        self.replaced: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        self.missing: Counter[str] = Counter()
        self.rows = NewRows(predictor)

    def add(self, X: Samples) -> None:
        """Count the values of a block that has been read."""
        self.n_rows += len(X)
        encoding = self.predictor.preprocessing
        if not isinstance(encoding, TableEncoding):
            return
        self.replaced.update(encoding.replaced(X))
        if self.output.max_unknown is not None or self.output.max_missing is not None:
            missing = count_missing(encoding, X)
            self.missing.update(missing)
            if self.output.max_unknown is not None:
                self.unknown.update(_count_unknown(encoding, X, missing))

    def check(self, rejected: RejectedRows) -> None:
        """Fail if no row can be read, or there are too many unusual values."""
        _check_readable(self.n_rows, rejected)
        if self.output.max_unknown is not None:
            _check_unknown(self.output.max_unknown, self.unknown, self.n_rows, rejected)
        if self.output.max_missing is not None:
            _check_missing(self.output.max_missing, self.missing, self.n_rows, self.predictor)

    def log_replaced(self) -> None:
        """Count the values that were replaced."""
        if self.replaced:
            counts = [f"{name} ({count:,})" for name, count in self.replaced.items()]
            subject = "missing values and unknown or rare categories"
            log(f"{subject}, replaced as in training: {some(counts)}")


def _check_options(data: str, output: PredictionOutput, *, json: bool, row: bool) -> None:
    """Reject options that can't be combined."""
    if json and output.safe_csv:
        problem = "JSON has no cells that a spreadsheet computes"
        raise ArgumentError(problem, argument="safe_csv", remedy="leave one of the two out")
    is_printed = json or row
    argument = "json" if json else "row"
    if is_printed and is_pattern(data):
        problem = f"{data} is a pattern, whose files are written as a table"
        raise ArgumentError(problem, argument=argument, remedy="name one file, or leave it out")
    if is_printed and (output.out or output.rejected):
        option = "--out" if output.out else "--rejected"
        problem = f"it prints to standard output, and {option} writes a file"
        raise ArgumentError(problem, argument=argument, remedy="leave one of the two out")
    if output.max_unknown is not None:
        check_number(output.max_unknown, "max_unknown", ge=0, le=1)
    if output.max_missing is not None:
        check_number(output.max_missing, "max_missing", ge=0, le=1)


def _count_unknown(
    encoding: TableEncoding, X: Samples, missing: Mapping[str, int]
) -> dict[str, int]:
    """Count values without their own weights, by column.

    These are unknown and rare categories, and missing values in columns without any in training.
    """
    counts: Counter[str] = Counter()
    for name, rows in unknown_categories(encoding, X).items():
        counts[name] += int(rows.sum())
    complete = complete_columns(encoding)
    for name, count in missing.items():
        if name in complete:
            counts[name] += count
    return counts


def _check_readable(n_rows: int, rejected: RejectedRows) -> None:
    """Raise an error with the first rejected row if all rows are rejected."""
    if rejected.line and not n_rows:
        first = f"{rejected.file[0]}:{rejected.line[0]}: {rejected.reason[0]}"
        raise BarenetError(f"no row can be read, so nothing is written; {first}")


def _check_unknown(
    most: float, unknown: Mapping[str, int], n_rows: int, rejected: RejectedRows
) -> None:
    """Raise an error that names the columns with too many unknown values, or the bad lines."""
    unreadable = f"rows that cannot be read, lines {some(rejected.line, 5)}"
    counts = {**unknown, unreadable: len(rejected.line)}
    n_rows += len(rejected.line)
    above = [f"{name} ({count:,})" for name, count in counts.items() if count > most * n_rows]
    if above:
        values = "unknown or rare categories, or missing values that are new,"
        problem = f"{values} in more than {most:.4g} of {n_rows:,} rows"
        raise BarenetError(f"max_unknown: {problem}: {some(above)}")


def _check_missing(
    most: float, missing: Mapping[str, int], n_rows: int, predictor: Predictor
) -> None:
    """Raise an error that names the columns with more missing values than in training."""
    shares = missing_shares(predictor.card.summaries) if predictor.card is not None else {}
    above = []
    for name, count in missing.items():
        share = shares.get(name, 0.0)
        if count > (share + most) * n_rows:
            above.append(f"{name} ({count / n_rows:.1%} of the rows, in the training {share:.1%})")
    if above:
        problem = f"more values are missing than in the training, by over {most:.4g} of the rows"
        raise BarenetError(f"max_missing: {problem}: {some(above)}")


def _bounds(predictor: Predictor, X: Samples, coverage: float | None) -> Columns:
    """Return the ends of the intervals of each row, if there are intervals."""
    if coverage is None:
        return {}
    lower, upper = interval_of(predictor, X, coverage)
    return {"lower": lower, "upper": upper}


def _read(
    blocks: Iterable[LoadedRows],
    values: _NewValues,
    data: str,
    keep: Sequence[str],
    row: int | None,
) -> Iterator[tuple[Samples, Columns]]:
    """Yield the rows of blocks with the columns to print before them, or a single row."""
    for block in blocks:
        X = block.X
        columns = _passed_columns(block, data, keep)
        if row is not None:
            if not 0 <= row < len(X):
                expected = f"0 to {len(X) - 1:,}" if len(X) else f"a row, and {data} has none"
                raise ArgumentError.of("row", row, expected)
            selected = slice(row, row + 1)
            X = X[selected]
            columns = {name: column[selected] for name, column in columns.items()}
        X = values.rows.read(X)
        if block.is_last:
            values.rows.report()  # before the predictions of a file in memory are printed
        yield X, columns


def _passed_columns(block: LoadedRows, data: str, names: Sequence[str]) -> Columns:
    """Read columns as the text of the table, so that a key such as 00123 keeps its zeros."""
    table = block.table
    if not names:
        return {}
    if table is None:
        raise ArgumentError(f"this is an option for tables, and {data} is not one", argument="keep")
    check_names(names, table.names, path=data, argument="keep")
    if isinstance(table, CsvTable):
        return {name: column.at(block.positions) for name, column in table.texts(names).items()}
    return cast(ParquetTable, table).labels(names)


def _refuse_same_names(predicted: Columns, columns: Columns) -> None:
    """Reject columns of the table with the name of a column of the predictions."""
    both = columns.keys() & predicted.keys()
    if both:
        problem = f"{some(sorted(both))} is a column of the predictions, too"
        raise ArgumentError(problem, argument="keep", remedy="leave it out")


def _document(
    trained: TrainedModel,
    outputs: FloatArray,
    columns: Columns,
    bounds: Columns,
) -> dict[str, Any]:
    """The predictions as a JSON document."""
    predictor = trained.predictor
    document: dict[str, Any] = {"model": str(trained.path), "target": predictor.target_name}
    if columns:
        document["kept"] = columns
    if predictor.labels is None:
        return {**document, "predictions": predictions_of(outputs, None), **bounds}
    # An array of texts reserves the length of the longest for each.
    labels = np.array(predictor.labels.tolist(), object)
    predictions = predictions_of(outputs, labels, predictor.threshold)
    document |= {"predictions": predictions, "classes": labels}
    if predictor.threshold is not None:
        document["threshold"] = predictor.threshold
    return {**document, "probabilities": class_probabilities(outputs)}


def _predicted_columns(
    predictor: Predictor,
    outputs: FloatArray,
    bounds: Columns,
    *,
    typed: bool,
) -> Columns:
    """Return the predictions as columns, with classes as text as in CSV, or typed as in Python."""
    if predictor.classes is not None:
        labels = predictor.labels if typed else np.array(predictor.classes, object)
        names = [f"probability_{name}" for name in predictor.classes]
        columns = {"prediction": predictions_of(outputs, labels, predictor.threshold)}
        for name, probabilities in zip(names, class_probabilities(outputs).T, strict=True):
            columns[name] = probabilities
        return columns
    count = outputs.shape[1]
    names = []
    for name in ("prediction", *bounds):
        if count > 1:
            names += [f"{name}_{number + 1}" for number in range(count)]
        else:
            names.append(name)
    numbers = np.column_stack([outputs, *bounds.values()])
    return dict(zip(names, numbers.T, strict=True))


def _without_excess_digits(columns: Columns, predictor: Predictor) -> Columns:
    """Write numbers for a reader, with no more digits than those of a float32 network have."""
    if predictor.network.dtype != np.float32:
        return columns
    written: dict[str, Any] = {}
    for name, values in columns.items():
        if values.dtype == np.float64:  # float32 has few digits already
            values = np.array([f"{value:.9g}" for value in values.tolist()], object)
        written[name] = values
    return written

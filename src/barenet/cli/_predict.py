"""``barenet predict``: the predictions of a trained network for new rows."""

import csv
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, TypeAlias

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from barenet import Predictor, TableEncoding
from barenet.cli._console import SafeOutput, as_list, emit_json, log
from barenet.cli._flags import Data, Integer, Off
from barenet.cli._run_settings import FileOptions
from barenet.cli._text_graphics import emit_image
from barenet.cli._trained_model import load_trained
from barenet.data._csv_table import CsvTable
from barenet.data._frame import Samples, Table, check_names
from barenet.data._parsing import as_labels, to_number
from barenet.errors import ArgumentError, some
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray
from barenet.tasks._task_settings import is_pattern

#: The values of columns by their names, each a NumPy or an Arrow array.
Columns: TypeAlias = Mapping[str, Any]

#: First characters of a formula in a spreadsheet; some accept the full-width ones, too.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")

#: Rows that are written to a CSV file at a time.
ROWS = 2**14


def predict(
    model: Path,
    data: Data,
    /,
    *,
    row: Integer | None = None,
    keep: Annotated[tuple[str, ...], Parameter(show_default=False)] = (),
    interval: float | None = None,
    safe_csv: Off = False,
    file: FileOptions = FileOptions(),
    json: Off = False,
) -> None:
    """Print the predictions of a trained network for new rows, as CSV.

    For classification there is a column with the class and one with the probability of each; for
    regression one column. The columns of a table are found by their names; others are ignored,
    and there need be no target column.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - reads CSV from standard
        input. The files of a pattern such as 'data/*.parquet', Parquet files and CSV files that
        may exceed the memory are read and printed block by block.
    keep : tuple of str
        Columns of the table to print before the predictions, such as a key.
    interval : float
        Add the ends of intervals that contain this fraction of the targets, such as 0.9, to numbers
        that an ensemble predicts.
    row : int
        Print one row only, counted from 0; an image is described in words and drawn.
    safe_csv : bool
        Put every cell in quotes, and an apostrophe before text that a spreadsheet would compute:
        text that starts with = + - @, a tab or a line break. Numbers stay numbers.
    json : bool
        Print JSON, for programs.
    """
    if safe_csv and json:
        problem = "JSON has no cells that a spreadsheet computes"
        raise ArgumentError(problem, argument="safe_csv", remedy="leave one of the two out")
    trained = load_trained(model)
    if is_pattern(data) and (json or row is not None):
        problem, argument = "rows of several files are printed as CSV", "json" if json else "row"
        raise ArgumentError(problem, argument=argument, remedy="leave it out")
    blocks = trained.load_features(data, file, at_once=json or row is not None)
    predictor, replaced = trained.predictor, Counter[str]()
    for number, (X, columns) in enumerate(_select(blocks, data, keep, row)):
        bounds: Columns = {}
        if interval is not None:
            ends = predictor.predict_interval(X, interval)
            bounds = dict(zip(("lower", "upper"), ends, strict=True))
        outputs = predictor.outputs(X)
        if json:
            document = {"model": str(trained.path), "target": predictor.target_name}
            emit_json(document | _document(predictor, outputs, columns, bounds))
        elif row is not None and predictor.image_shape and predictor.classes and not keep:
            emit_image(predictor, X[0], class_probabilities(outputs)[0])
        else:
            predicted = _predicted_columns(predictor, outputs, bounds)
            _write_csv(columns, predicted, safe_csv, header=number == 0)
        if isinstance(predictor.preprocessing, TableEncoding):
            replaced.update(predictor.preprocessing.replaced(X))
    if replaced:
        found = some([f"{name} ({count:,})" for name, count in replaced.items()])
        log(f"missing values and unknown or rare categories, replaced as in training: {found}")


def _select(
    blocks: Iterable[tuple[Samples, Table | None]], data: str, keep: Sequence[str], row: int | None
) -> Iterator[tuple[Samples, Columns]]:
    """The rows of blocks and the columns to print before them, or one row alone."""
    for X, table in blocks:
        columns = _passed_columns(table, data, keep)
        if row is None:
            yield X, columns
        elif 0 <= row < len(X):
            own = slice(row, row + 1)
            yield X[own], {name: values[own] for name, values in columns.items()}
        else:
            expected = f"0 to {len(X) - 1:,}" if len(X) else f"a row, and {data} has none"
            raise ArgumentError.of("row", row, expected)


def _passed_columns(table: Table | None, data: str, names: Sequence[str]) -> Columns:
    """Read columns as the text of the table, so that a key such as 00123 keeps its zeros."""
    if not names:
        return {}
    if table is None:
        raise ArgumentError(f"this is an option for tables, and {data} is not one", argument="keep")
    check_names(names, table.names, path=data, argument="keep")
    if isinstance(table, CsvTable):
        return {name: table.columns[name].texts for name in names}
    frame = table.frame(names)
    return {
        name: frame[name] if frame[name].dtype.kind == "T" else as_labels(frame, name, ())
        for name in names
    }


def _document(
    predictor: Predictor, outputs: FloatArray, columns: Columns, bounds: Columns
) -> dict[str, Any]:
    """The predictions as a JSON document."""
    document: dict[str, Any] = {"kept": columns} if columns else {}
    if predictor.labels is None:
        predictions = outputs if outputs.shape[1] > 1 else outputs[:, 0]
        return {**document, "predictions": predictions, **bounds}
    return {
        **document,
        "predictions": _most_probable(predictor.labels.tolist(), outputs),
        "classes": predictor.labels,
        "probabilities": class_probabilities(outputs),
    }


def _predicted_columns(predictor: Predictor, outputs: FloatArray, bounds: Columns) -> Columns:
    """The predictions as columns of text and numbers, as CSV has them."""
    if predictor.classes is not None:
        names = [f"probability_{name}" for name in predictor.classes]
        probabilities = dict(zip(names, class_probabilities(outputs).T, strict=True))
        return {"prediction": _most_probable(predictor.classes, outputs), **probabilities}
    count = outputs.shape[1]
    suffixes = [f"_{at + 1}" for at in range(count)] if count > 1 else [""]
    names = [f"{name}{suffix}" for name in ("prediction", *bounds) for suffix in suffixes]
    return dict(zip(names, np.column_stack([outputs, *bounds.values()]).T, strict=True))


def _write_csv(copied: Columns, predicted: Columns, safe: bool, *, header: bool) -> None:
    """Print the copied columns and the predictions of each row."""
    quoting: Any = csv.QUOTE_ALL if safe else csv.QUOTE_MINIMAL
    writer = csv.writer(SafeOutput(), lineterminator="\n", quoting=quoting)
    cells: Callable[[Iterable[str]], list[str]] = for_spreadsheets if safe else list
    if header:
        writer.writerow(cells([*copied, *predicted]))
    columns = [*copied.values(), *predicted.values()]
    for start in range(0, len(columns[-1]), ROWS):
        texts = [_as_texts(column[start : start + ROWS]) for column in columns]
        writer.writerows(map(cells, zip(*texts, strict=True)))


def _as_texts(column: Any) -> list[str]:
    """Write the values of a column, numbers with all their digits."""
    is_number = isinstance(column, np.ndarray) and column.dtype.kind == "f"
    return as_list(column.astype(str) if is_number else column)


def for_spreadsheets(cells: Iterable[str]) -> list[str]:
    """Put an apostrophe before cells that a spreadsheet would compute.

    Examples
    --------
    >>> for_spreadsheets(["=1+1", "-1.5", "Rome"])
    ["'=1+1", '-1.5', 'Rome']
    """
    return [
        f"'{cell}" if cell.lstrip(" ").startswith(FORMULAS) and to_number(cell) is None else cell
        for cell in cells
    ]


def _most_probable(classes: Sequence[Any], outputs: FloatArray) -> NDArray[Any]:
    """The most probable class of each row; all rows of a class share one string."""
    return np.array(classes, object)[class_probabilities(outputs).argmax(axis=1)]

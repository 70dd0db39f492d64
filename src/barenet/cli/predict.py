"""``barenet predict``: what a trained network says of rows."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from itertools import repeat
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter

from barenet.cli import words
from barenet.cli.console import SafeOutput, emit, emit_json
from barenet.cli.flags import NAMED, OUTPUT, Json
from barenet.cli.kept import Column, read_kept, texts
from barenet.cli.numbers import whole
from barenet.cli.settings import AS_USUAL, FileOptions, is_table
from barenet.cli.trained import Trained, load_trained
from barenet.data.frame import Samples
from barenet.data.parsing import to_number
from barenet.data.table_loading import read_features
from barenet.files.predictor import Predictor
from barenet.model.arrays import FloatArray
from barenet.model.inputs import BLOCK
from barenet.model.targets import class_probabilities

__all__ = ["for_spreadsheets", "predict"]

#: Rows that are predicted and printed at a time; a network predicts blocks of half as many.
ROWS = 2 * BLOCK

#: First characters of a cell that a spreadsheet computes; some accept the full-width ones, too.
FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def predict(
    model: Path,
    data: Annotated[str, NAMED],
    /,
    *,
    row: Annotated[int | None, Parameter(group=OUTPUT, converter=whole)] = None,
    keep: Annotated[tuple[str, ...], Parameter(group=OUTPUT, show_default=False)] = (),
    safe_csv: Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)] = False,
    file: FileOptions = AS_USUAL,
    json: Json = False,
) -> int:
    """Print what a trained network says of rows, as CSV.

    For classes there is a column with the class and one with the probability of each; for numbers
    one column. The columns of a table are found by their names; others are ignored, and there
    need be no column with the truth.

    Parameters
    ----------
    model : Path
        A model file, or the folder of a run.
    data : str
        A named data set, or a .csv, .tsv, .txt, .parquet or .npz file; - is a table in CSV from
        standard input.
    keep : tuple of str
        Columns of the table to print before the predictions, such as a key.
    row : int
        Print one row only, counted from 0; an image is described in words and drawn.
    safe_csv : bool
        Put every cell in quotes, and an apostrophe before text that a spreadsheet would compute:
        text that starts with = + - @, a tab or a line break. Numbers stay numbers.
    json : bool
        Print JSON, for programs.

    Returns
    -------
    int
        The exit status.
    """
    if safe_csv and json:
        raise ValueError("safe_csv: JSON has no cells that a spreadsheet computes; leave one out")
    trained = load_trained(model)
    X, kept = _rows(trained, data, file), read_kept(trained, data, keep, file)
    if row is not None:
        if not 0 <= row < len(X):
            raise ValueError(f"row: expected 0 to {len(X) - 1:,}, got {row}")
        X = X[row : row + 1]
        kept = {name: values[row : row + 1] for name, values in kept.items()}
    predictor = trained.predictor
    outputs = _outputs(predictor, X)
    if json:
        told = {"model": str(trained.path), "target": predictor.target_name}
        emit_json(told | _document(predictor, outputs, kept))
    elif row is not None and predictor.image_shape and predictor.classes and not keep:
        _describe(predictor, outputs, X)
    else:
        _print_csv(predictor, outputs, kept, safe_csv)
    return 0


def _rows(trained: Trained, data: str, file: FileOptions) -> Samples:
    """Read the features."""
    if not is_table(data):
        return trained.samples(data, file).X
    options = trained.file_options(data, file)
    for of_others in ("data_dir", "drop_missing_target"):
        options.pop(of_others, None)
    options |= {"frame": trained.predictor.takes_frames, "categories": trained.categories}
    return read_features(data, trained.predictor.feature_names, **options)


def _outputs(predictor: Predictor, X: Samples) -> FloatArray:
    """Compute the outputs of all rows, some thousands at a time: a block of text is large."""
    blocks = []
    for rows in _blocks(len(X)):
        try:
            blocks.append(predictor.outputs(X[rows]))
        except ValueError:
            predictor.outputs(X[: rows.stop])  # This error counts the rows from the first one.
            raise
    return np.concatenate(blocks)


def _blocks(n_rows: int) -> Iterator[slice]:
    """Split rows into blocks of at least ROWS: NumPy might compute smaller ones."""
    starts = range(0, max(n_rows - ROWS, 1), ROWS)
    return (slice(start, n_rows if start == starts[-1] else start + ROWS) for start in starts)


def _document(
    predictor: Predictor, outputs: FloatArray, kept: Mapping[str, Column]
) -> dict[str, Any]:
    """Collect the predictions for JSON; long lists come in blocks."""
    blocks = [outputs[rows] for rows in _blocks(len(outputs))]
    document: dict[str, Any] = {}
    if kept:
        document["kept"] = {
            name: (texts(column, rows) for rows in _blocks(len(outputs)))
            for name, column in kept.items()
        }
    if predictor.classes is None:
        several = outputs.shape[1] > 1
        predictions = ((block if several else block[:, 0]).tolist() for block in blocks)
        return document | {"predictions": predictions}
    return document | {
        "predictions": (_names(predictor, block) for block in blocks),
        "classes": predictor.classes,
        "probabilities": (class_probabilities(block).tolist() for block in blocks),
    }


def _print_csv(
    predictor: Predictor, outputs: FloatArray, kept: Mapping[str, Column], safe: bool
) -> None:
    """Print a row for each row, kept columns first; numbers with all their digits."""
    header = ["prediction"]
    if predictor.classes is not None:
        header += [f"probability_{name}" for name in predictor.classes]
    elif outputs.shape[1] > 1:
        header = [f"prediction_{number}" for number in range(1, outputs.shape[1] + 1)]
    quoting: Any = csv.QUOTE_ALL if safe else csv.QUOTE_MINIMAL
    writer = csv.writer(SafeOutput(), lineterminator="\n", quoting=quoting)
    cells = for_spreadsheets if safe else list[str]
    writer.writerow(cells([*kept, *header]))
    for rows in _blocks(len(outputs)):
        columns = [texts(column, rows) for column in kept.values()]
        if predictor.classes is None:
            numbers = outputs[rows]
        else:
            columns.append(_names(predictor, outputs[rows]))
            numbers = class_probabilities(outputs[rows])
        before: Iterable[tuple[str, ...]] = zip(*columns, strict=True) if columns else repeat(())
        after = numbers.astype(str).tolist()
        writer.writerows(cells([*a, *b]) for a, b in zip(before, after, strict=False))


def for_spreadsheets(cells: Iterable[str]) -> list[str]:
    """Put an apostrophe before cells that a spreadsheet would compute.

    Examples
    --------
    >>> for_spreadsheets(["=1+1", "-1.5", "Rome"])
    ["'=1+1", '-1.5', 'Rome']
    """
    return [f"'{cell}" if _is_computed(cell) else cell for cell in cells]


def _is_computed(cell: str) -> bool:
    """Whether a spreadsheet takes a cell for a formula."""
    return cell.lstrip(" ").startswith(FORMULAS) and to_number(cell) is None


def _names(predictor: Predictor, outputs: FloatArray) -> list[str]:
    """Name the most probable class of each row."""
    assert predictor.classes is not None
    classes = predictor.classes
    return [classes[label] for label in class_probabilities(outputs).argmax(axis=1)]


def _describe(predictor: Predictor, outputs: FloatArray, X: Samples) -> None:
    """Name an image's class, and draw the image."""
    assert predictor.classes is not None and predictor.image_shape is not None
    shares = class_probabilities(outputs)[0]
    emit(words.guess(predictor.classes[shares.argmax()], float(shares.max())))
    emit(words.draw_image(X[0], predictor.image_shape))

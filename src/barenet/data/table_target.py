"""The column of a table that is to be predicted: as classes, or as numbers.

When a network is learned, the rule of `barenet.data.target` decides which; when it is judged, the
classes are those that it knows.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data.frame import Frame
from barenet.data.parsing import (
    MISSING,
    complete_numbers,
    is_code,
    to_number,
    unique_texts,
)
from barenet.data.target import WORDS, Task, are_classes, class_name, encode, is_number
from barenet.errors import some

__all__ = ["known_classes", "missing_targets", "read_target"]

#: Rows without a target that are named in an error.
_SHOWN = 5


def read_target(
    rows: Frame, target: str, task: Task | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Read the column to be predicted."""
    column = rows[target]
    if column.dtype.kind == "M":
        raise rows.fault(0, target, "classes or numbers")
    if column.dtype.kind == "T":
        return _written_target(rows, target, task)
    if column.dtype.kind == "b" and task != "regression":
        return encode(np.array(WORDS)[column.astype(np.int64)])
    _check_complete(rows, target, missing_targets(rows, target, task))
    return _numbers_or_classes(complete_numbers(rows, target), task)


def missing_targets(
    rows: Frame, target: str, task: Task | None, classes: Collection[str] = ()
) -> NDArray[np.bool_]:
    """Find the rows of which nothing can be learned."""
    column = rows[target]
    if column.dtype.kind == "T":
        missing = {"", *(() if task == "classification" else MISSING)} - {*classes}
        codes, texts = unique_texts(column)
        return np.array([text in missing for text in texts])[codes]
    if column.dtype.kind == "f":
        return np.isnan(column)
    return np.isnat(column) if column.dtype.kind == "M" else np.zeros(len(column), bool)


def _written_target(
    rows: Frame, target: str, task: Task | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    """Read a target of text."""
    codes, texts = unique_texts(rows[target])
    _check_complete(rows, target, missing_targets(rows, target, task))
    are_written = np.array([to_number(text) is not None for text in texts])
    if task == "regression" or are_written.all():
        numbers, classes = _numbers_or_classes(complete_numbers(rows, target), task)
        if classes is None or not any(map(is_code, texts)):
            return numbers, classes
    elif task is None and all(map(_has_decimal_comma, texts)):
        remedy = (
            "for a decimal comma, use {decimal}, without any separators of thousands; "
            "for classes, {task}"
        )
        expected = "a number with a point, or a class"
        raise rows.fault(0, target, expected, remedy, decimal=",", task="classification")
    elif task is None and are_written.any():
        row = int(np.argmin(are_written[codes]))
        remedy, expected = "for classes, use {task}", "a number, as in other rows"
        raise rows.fault(row, target, expected, remedy, task="classification")
    return encode(np.array(texts)[codes])


def _has_decimal_comma(text: str) -> bool:
    """Tell a number of those who write 2,5 or 1.234,5, or 1,234 for a thousand."""
    digits = text.lstrip("+-").replace(".", "").replace(",", "")
    return "," in text and digits.isdecimal()


def _numbers_or_classes(
    numbers: NDArray[np.float64], task: Task | None
) -> tuple[NDArray[Any], tuple[str, ...] | None]:
    is_classes = are_classes(numbers) if task is None else task == "classification"
    return encode(numbers) if is_classes else (numbers, None)


def _check_complete(rows: Frame, target: str, missing: NDArray[np.bool_]) -> None:
    """Refuse rows without a target, and name them."""
    holes = np.flatnonzero(missing)
    if not holes.size:
        return
    options: dict[str, object] = {"drop_missing_target": True}
    remedy = "leave such rows out by {drop_missing_target}"
    if str(rows[target][int(holes[0])]).strip() and rows[target].dtype.kind == "T":
        remedy += ", or use {task} if it is a class"
        options["task"] = "classification"
    if holes.size > 1:
        assert rows.origin is not None
        lines = ((row, rows.origin.locate(int(row), target)[0]) for row in holes[1:_SHOWN])
        places = ", ".join(f"row {row}" if line is None else str(line) for row, line in lines)
        more = ", …" if holes.size > _SHOWN else ""
        remedy += f"; there are {holes.size:,} (also {places}{more})"
    raise rows.fault(int(holes[0]), target, "a value to learn from", remedy, **options)


def known_classes(rows: Frame, target: str, classes: Sequence[str]) -> NDArray[np.int64]:
    """Look the labels of a table up among the classes of a network."""
    column = rows[target]
    if column.dtype.kind == "T":
        codes, labels = unique_texts(column)
        numbers = [to_number(label) for label in labels]
        # Where the classes are text, 01 is not 1.
        if all(map(is_number, classes)) and None not in numbers:
            labels = [class_name(number) for number in numbers if number is not None]
    elif column.dtype.kind == "b":
        codes, labels = column.astype(np.int64), list(WORDS)
    else:
        values, codes = np.unique(complete_numbers(rows, target), return_inverse=True)
        labels = [class_name(value) for value in values]
    index = {label: number for number, label in enumerate(classes)}
    y = np.array([index.get(label, -1) for label in labels])[codes]
    if (unknown := np.flatnonzero(y < 0)).size:
        raise rows.fault(int(unknown[0]), target, f"one of {some(classes)}")
    return y.astype(np.int64)

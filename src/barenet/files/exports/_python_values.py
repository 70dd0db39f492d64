"""Reads the values of table rows in exported Python files, which contain this module.

They need only Python 3.9 and NumPy. Values are read as by
`barenet.tables.reading._column_values`.
"""

import math
import warnings
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from barenet.tables.reading._missing_texts import is_absent
from barenet.tables.reading._parsing import canonical, number_of_token, truth_of


def columns_of(rows: Sequence[Sequence[Any]], names: Sequence[str]) -> list[tuple[Any, ...]]:
    """Split rows into columns; each row is a list of values, in the order of the names."""
    if len(rows) == 0 or any(len(row) != len(names) for row in rows):
        raise ValueError(f"expected rows of {len(names)} values")
    columns = list(zip(*rows))
    for name, values in zip(names, columns):
        for row, value in enumerate(values):
            if isinstance(value, bytes):
                problem = f"expected a number, a text or a date, got {value!r}"
                raise ValueError(f"row {row}: column {name!r}: {problem}")
    return columns


def numbers(
    values: Sequence[Any], name: str, markers: Sequence[str], read: Callable[[str], Any]
) -> np.ndarray:
    """Read a column of numbers; a missing one is NaN."""
    marks = [number_of_token(text) for text in markers]  # None for texts that are no numbers
    x = np.full(len(values), math.nan)
    unread = []
    for row, value in enumerate(values):
        if is_missing(value, markers):
            continue
        number = value
        if isinstance(value, str):
            number = read(value.strip())
            if number is None and is_absent(value.strip()):
                continue
        if number is None or isinstance(number, (date, np.datetime64)):
            unread.append(row)
        elif math.isinf(number) and number not in marks:
            raise ValueError(f"row {row}: column {name!r}: expected finite numbers, got {value!r}")
        # A float32 may equal a marker before its conversion, and a large integer after it.
        elif number not in marks and float(number) not in marks:
            x[row] = number
    check_unread(unread, values, name, "a number", are_all=bool(np.isnan(x).all()))
    return x


def truths(values: Sequence[Any], name: str, markers: Sequence[str]) -> np.ndarray:
    """Read a column of booleans, as 1 for true and 0 for false; a missing one is NaN."""
    x = np.full(len(values), math.nan)
    unread = []
    for row, value in enumerate(values):
        if is_missing(value, markers):
            continue
        text = str(value).strip()
        truth = truth_of(text)
        if truth is not None:
            x[row] = truth
        elif not is_absent(text):
            unread.append(row)
    check_unread(
        unread, values, name, "booleans, such as yes or no", are_all=bool(np.isnan(x).all())
    )
    return x


def labels(values: Sequence[Any], markers: Sequence[str]) -> np.ndarray:
    """Read a column of texts: equal ones, however written, are the same; a missing one is empty."""
    marks = {canonical(text.strip()) for text in markers}
    texts = []
    for value in values:
        label = canonical(str(value).strip())
        texts.append("" if label in marks or is_missing(value, markers) else label)
    return np.array(texts, object)


def indices(texts: np.ndarray, categories: Sequence[str], others: int, missing: int) -> np.ndarray:
    """Return the index of each text among the categories; of equal ones, the first counts."""
    places = {"": missing}
    for place, category in enumerate(categories):
        places.setdefault(canonical(category), place)
    return np.array([places.get(text, others) for text in texts])


def joined(inputs: Mapping[str, Sequence[np.ndarray]]) -> np.ndarray:
    """Put the inputs of all columns side by side; float32 must be able to represent them."""
    blocks = []
    for name, arrays in inputs.items():
        block = np.column_stack(arrays)
        for row, _ in np.argwhere(~(np.abs(block) <= np.finfo(np.float32).max)).tolist():
            problem = "expected a number nearer to those of the training"
            raise ValueError(f"row {row}: column {name!r}: {problem}")
        blocks.append(block)
    return np.hstack(blocks)


def is_missing(value: Any, markers: Sequence[str]) -> bool:
    """Return whether a value is missing: None, NaN, NaT, pandas' NA, or a marker text."""
    texts = markers if isinstance(value, str) else ("None", "nan", "NaT", "<NA>")
    return str(value).strip() in texts


def check_unread(
    unread: Sequence[int], values: Sequence[Any], name: str, expected: str, are_all: bool
) -> None:
    """Warn of values of another kind, which count as missing; without any other, refuse them."""
    if not unread:
        return
    first = unread[0]
    problem = f"row {first}: column {name!r}: expected {expected}, got {str(values[first])!r}"
    if are_all:
        raise ValueError(problem)
    n_unread = f"{len(unread)} of {len(values)} values count as missing"
    warnings.warn(f"{problem}; {n_unread}", stacklevel=2)

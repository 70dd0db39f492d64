"""Duplicate rows in the training set and the test set, which make the test score too good."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.data._dataset import Dataset


def count_duplicates(rows: Dataset, others: Dataset) -> int:
    """Count the rows with the same target and features as one of the other rows.

    >>> from barenet.data._datasets import load_dataset
    >>> iris = load_dataset("iris")  # contains one flower twice
    >>> count_duplicates(iris.take(np.array([142])), iris.take(np.arange(142)))
    1
    """
    numbers: dict[str, int] = {}
    known = {row.tobytes() for row in _codes(others, numbers)}
    return sum(row.tobytes() in known for row in _codes(rows, numbers))


def _codes(rows: Dataset, numbers: dict[str, int]) -> NDArray[np.int64]:
    """Encode rows so that equal ones have equal bytes; `numbers` are those of texts."""
    features = [*rows.X.T] if isinstance(rows.X, np.ndarray) else [*rows.X.columns.values()]
    return np.column_stack([_column(column, numbers) for column in [*features, rows.y]])


def _column(column: NDArray[Any], numbers: dict[str, int]) -> NDArray[np.int64]:
    if column.dtype.kind == "T":
        texts = (text.strip() for text in column.tolist())
        return np.array([numbers.setdefault(text, len(numbers)) for text in texts], np.int64)
    if column.dtype.kind == "f":  # one zero, and one NaN
        return np.where(np.isnan(column), np.nan, column.astype(np.float64) + 0.0).view(np.int64)
    return column.astype(np.int64)

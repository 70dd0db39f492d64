"""Test rows that also occur among the training rows, so that the scores are too good.

Rows are equal if all of their columns and their targets are. Tables of few categories have equal
rows by chance: with c_j for the probability that two rows agree in column j, a test row equals one
of n training rows with a probability of about n Π c_j, if the columns are independent. It is
estimated from the different rows, as copies agree in every column. Of a single column, copies can't
be told from equal values.
"""

import warnings
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.datasets._dataset import Dataset
from barenet.errors import caller_stacklevel
from barenet.tables.frames._coded_texts import CodedTexts, unique_texts
from barenet.tables.frames._frame import Frame

#: Minimum number of repeated test rows, and their minimum fraction of the test set.
MIN_ROWS = 5
MIN_FRACTION = 0.02
#: Minimum ratio of the fraction of repeated rows to the fraction that chance leads to.
MIN_RATIO = 10

#: An odd number that spreads the bits of a hash.
SPREAD = np.uint64(0x9E3779B97F4A7C15)
SHIFT = np.uint64(29)


def warn_of_repeated_rows(training: Dataset, test: Dataset | None) -> None:
    """Warn if more test rows than by chance also occur among the training rows."""
    if test is None or training.n_features < 2:
        return
    training_hashes = _hash_rows(_columns(training))
    n_repeated = int(np.isin(_hash_rows(_columns(test)), training_hashes).sum())
    fraction = n_repeated / test.n_samples
    if n_repeated < MIN_ROWS or fraction < MIN_FRACTION:
        return
    _, places = np.unique(training_hashes, return_index=True)
    if fraction < MIN_RATIO * training.n_samples * _agreement(_columns(training.take(places))):
        return
    problem = f"{n_repeated:,} of {test.n_samples:,} test rows also occur among the training rows"
    remedy = "if they are copies, leave them out, as scores on known rows are too good"
    warnings.warn(f"{problem}; {remedy}", UserWarning, stacklevel=caller_stacklevel())


def _columns(rows: Dataset) -> Iterator[NDArray[np.uint64]]:
    """Yield the hashes of the targets, and those of each column."""
    yield _hash_values(rows.y)
    columns: Iterable[NDArray[Any]]
    columns = rows.X.columns.values() if isinstance(rows.X, Frame) else rows.X.T
    for column in columns:
        yield _hash_values(column)


def _hash_values(column: NDArray[Any] | CodedTexts) -> NDArray[np.uint64]:
    """Return a number for each value of a column; equal values, and NaN, have equal numbers."""
    if isinstance(column, CodedTexts) or column.dtype.kind not in "fbiumM":
        codes, texts = unique_texts(column)
        hashes = np.fromiter(map(hash, texts), np.int64, len(texts)).view(np.uint64)
        return hashes[codes]
    if column.dtype.kind == "f":
        numbers = column.astype(np.float64) + 0.0  # not −0
        numbers[np.isnan(numbers)] = np.nan
        return numbers.view(np.uint64)
    return column.astype(np.int64).view(np.uint64)


def _hash_rows(columns: Iterable[NDArray[np.uint64]]) -> NDArray[np.uint64]:
    """Combine the hashes of columns to those of rows."""
    hashes: Any = np.uint64(0)
    for column in columns:
        mixed = (hashes ^ column) * SPREAD
        hashes = mixed ^ (mixed >> SHIFT)
    return np.asarray(hashes)


def _agreement(columns: Iterable[NDArray[np.uint64]]) -> float:
    """Estimate the probability that two rows are equal, if columns are independent: Π c_j."""
    probability = 1.0
    for column in columns:
        _, counts = np.unique(column, return_counts=True)
        n_pairs = len(column) * (len(column) - 1)
        probability *= float((counts * (counts - 1)).sum()) / max(n_pairs, 1)
    return probability

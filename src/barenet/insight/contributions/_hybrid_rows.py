"""Hybrid rows: the values of some columns are a row's, and all others a background row's.

A Shapley value is a mean of differences between predictions of such rows.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.model._arrays import FloatArray
from barenet.tables.frames._frame import Frame

Indices: TypeAlias = NDArray[np.intp]

#: Predicts the outputs of raw rows, shape (n_rows, n_outputs).
Predict: TypeAlias = Callable[[Any], NDArray[Any]]

#: Number of raw hybrid rows that are predicted at a time.
RAW_ROWS = 2**14


class Background(ABC):
    """Background rows of a model, prepared once, whose hybrids with other rows it predicts."""

    #: Whether hybrids may be predicted in several threads at once.
    is_threadable = False
    #: Number of networks whose mean is the prediction, if a hybrid may be predicted by one of them;
    #: otherwise 1.
    n_networks = 1
    #: The outputs that are predicted for hybrids: all, or only the second of two probabilities,
    #: where the first is 1 minus the second.
    hybrid_outputs = slice(None)

    @abstractmethod
    def encode(self, X: Any) -> Any:
        """Encode raw rows, some of which `mix` takes."""

    @abstractmethod
    def mix(self, encoded: Any) -> HybridRows:
        """Return the hybrids of some encoded rows and the background rows."""

    @abstractmethod
    def mix_background(self) -> HybridRows:
        """Return the hybrids of the background rows with each other."""


class HybridRows(ABC):
    """Predicts hybrids of rows and background rows.

    A group of columns takes its values from one of the two rows as a whole.
    """

    #: The outputs of each network for the rows and for the background rows, both of shape
    #: (n_networks, n_rows, n_outputs), if there are several networks.
    row_outputs: FloatArray
    background_outputs: FloatArray
    #: Number of hybrids that are predicted at a time.
    n_at_a_time: int

    def outputs(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        network: int | None = None,
    ) -> FloatArray:
        """Predict hybrids of pairs of a row and a background row.

        All pairs of a set have the same hybrids: the same groups of columns are the row's.

        Parameters
        ----------
        rows : ndarray of shape (n_sets, n_pairs)
            The row of each pair, counted from 0.
        background : ndarray of shape (n_sets, n_pairs) or (n_sets, 1)
            The background row of each pair, or that of all pairs of a set.
        from_row : ndarray of shape (n_sets, n_hybrids, n_groups), bool
            For each hybrid of a set, the groups of columns whose values are the row's.
        network : int, optional
            The network that predicts, if there are several; by default, the mean of all predicts.

        Returns
        -------
        ndarray of shape (n_sets, n_hybrids, n_pairs, n_outputs), float64
            The outputs of the hybrids.
        """
        n_sets, n_hybrids, _ = from_row.shape
        n_pairs = rows.shape[1]
        results: FloatArray | None = None
        for sets, hybrids, pairs in blocks(n_sets, n_hybrids, n_pairs, self.n_at_a_time):
            background_of_block = background[sets]
            if background.shape[1] > 1:
                background_of_block = background[sets, pairs]
            predicted = self.predict_block(
                rows[sets, pairs], background_of_block, from_row[sets, hybrids], network
            )
            if results is None:
                results = np.empty((n_sets, n_hybrids, n_pairs, predicted.shape[-1]))
            results[sets, hybrids, pairs] = predicted
        assert results is not None
        return results

    @abstractmethod
    def predict_block(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        network: int | None,
    ) -> NDArray[Any]:
        """Predict as `outputs` does, all at once."""


def blocks(
    n_sets: int, n_hybrids: int, n_pairs: int, n_at_a_time: int
) -> Iterator[tuple[slice, slice, slice]]:
    """Divide hybrids into blocks of sets, hybrids of a set, and pairs.

    >>> [block[2] for block in blocks(1, 4, 5, n_at_a_time=12)]
    [slice(0, 3, None), slice(3, 6, None)]
    >>> [block[0] for block in blocks(5, 4, 1, n_at_a_time=12)]
    [slice(0, 3, None), slice(3, 6, None)]
    """
    hybrids_of_block = min(n_hybrids, n_at_a_time)
    pairs_of_block = min(n_pairs, max(1, n_at_a_time // hybrids_of_block))
    sets_of_block = max(1, n_at_a_time // (hybrids_of_block * pairs_of_block))
    for first_set in range(0, n_sets, sets_of_block):
        sets = slice(first_set, first_set + sets_of_block)
        for first_pair in range(0, n_pairs, pairs_of_block):
            pairs = slice(first_pair, first_pair + pairs_of_block)
            for first in range(0, n_hybrids, hybrids_of_block):
                yield sets, slice(first, first + hybrids_of_block), pairs


class RawBackground(Background):
    """Raw background rows, for a model of which only the predictions are known."""

    def __init__(self, predict: Predict, background: Any, groups: Sequence[Sequence[int]]) -> None:
        self.predict = predict
        self.background = background
        n_columns = sum(len(columns) for columns in groups)
        self.group_of_column = np.empty(n_columns, np.intp)
        for number, columns in enumerate(groups):
            self.group_of_column[list(columns)] = number

    def encode(self, X: Any) -> Any:
        return X

    def mix(self, encoded: Any) -> HybridRows:
        rows = stacked(encoded, self.background)
        return RawHybrids(self.predict, rows, len(encoded), self.group_of_column)

    def mix_background(self) -> HybridRows:
        return self.mix(self.background)


class RawHybrids(HybridRows):
    """Hybrids of raw rows."""

    n_at_a_time = RAW_ROWS

    def __init__(self, predict: Predict, rows: Any, n_rows: int, group_of_column: Indices) -> None:
        self.predict = predict
        #: The rows to explain, and below them the background rows.
        self.rows = rows
        self.n_rows = n_rows
        self.group_of_column = group_of_column

    def predict_block(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        network: int | None,
    ) -> NDArray[Any]:
        n_sets, n_hybrids, _ = from_row.shape
        is_from_row = from_row[:, :, np.newaxis, self.group_of_column]
        row = rows[:, np.newaxis, :, np.newaxis]
        background_row = self.n_rows + background[:, np.newaxis, :, np.newaxis]
        sources = np.where(is_from_row, row, background_row)
        n_columns = len(self.group_of_column)
        outputs = np.asarray(self.predict(mixed(self.rows, sources.reshape(-1, n_columns))))
        return outputs.reshape(n_sets, n_hybrids, rows.shape[1], -1)


def stacked(X: Any, background: Any) -> Any:
    """Put the background rows under the rows, in a table of the same type."""
    if isinstance(X, Frame):
        columns = {}
        for name, column in X.columns.items():
            columns[name] = np.concatenate([column, background.columns[name]])
        return Frame(columns)
    return np.concatenate([X, background])


def mixed(rows: Any, sources: Indices) -> Any:
    """Take each value of a table from another row: `sources` has its number, by row and column."""
    if isinstance(rows, Frame):
        columns = {}
        for name, source in zip(rows.columns, sources.T, strict=True):
            columns[name] = rows.columns[name][source]
        return Frame(columns)
    return rows[sources, np.arange(rows.shape[1])]

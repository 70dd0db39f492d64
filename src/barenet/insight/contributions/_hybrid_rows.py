"""Hybrid rows: the values of some columns are a row's, and all others a background row's.

A Shapley value is a mean of differences between predictions of such rows.
"""

from __future__ import annotations

import importlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet.model._arrays import FloatArray
from barenet.tables._frame import Frame

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

    @abstractmethod
    def encode(self, X: Any) -> Any:
        """Encode raw rows, some of which `mix` takes."""

    @abstractmethod
    def mix(self, encoded: Any) -> HybridRows:
        """Return the hybrids of some encoded rows and the background rows."""


class HybridRows(ABC):
    """Predicts hybrids of rows and background rows.

    A group of columns takes its values from one of the two rows as a whole.
    """

    #: The outputs of each network for the rows and for the background rows, both of shape
    #: (n_networks, n_rows, n_outputs), if there are several networks.
    row_outputs: FloatArray
    background_outputs: FloatArray

    @abstractmethod
    def outputs(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        networks: Indices | None = None,
    ) -> FloatArray:
        """Predict hybrids of pairs of a row and a background row.

        Parameters
        ----------
        rows, background : ndarray of shape (n_pairs,)
            The row and the background row of each pair, both counted from 0.
        from_row : ndarray of shape (n_pairs, n_hybrids, n_groups), bool
            For each hybrid of a pair, the groups of columns whose values are the row's.
        networks : ndarray of shape (n_pairs,), optional
            The network that predicts the hybrids of a pair, if there are several; by default, the
            mean of all predicts them.

        Returns
        -------
        ndarray of shape (n_pairs, n_hybrids, n_outputs)
            The outputs of the hybrids.
        """


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


class RawHybrids(HybridRows):
    """Hybrids of raw rows."""

    def __init__(self, predict: Predict, rows: Any, n_rows: int, group_of_column: Indices) -> None:
        self.predict = predict
        #: The rows to explain, and below them the background rows.
        self.rows = rows
        self.n_rows = n_rows
        self.group_of_column = group_of_column

    def outputs(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        networks: Indices | None = None,
    ) -> FloatArray:
        n_pairs, n_hybrids, _ = from_row.shape
        results = []
        pairs_at_a_time = max(1, RAW_ROWS // n_hybrids)
        for first_pair in range(0, n_pairs, pairs_at_a_time):
            pairs = slice(first_pair, first_pair + pairs_at_a_time)
            for first in range(0, n_hybrids, RAW_ROWS):
                block = from_row[pairs, first : first + RAW_ROWS]
                results.append(self._predict_block(rows[pairs], background[pairs], block))
        return np.concatenate(results).reshape(n_pairs, n_hybrids, -1)

    def _predict_block(
        self, rows: Indices, background: Indices, from_row: NDArray[np.bool_]
    ) -> NDArray[Any]:
        """Predict some hybrids of some pairs, one row for each."""
        _, n_hybrids, n_groups = from_row.shape
        is_from_row = from_row.reshape(-1, n_groups)[:, self.group_of_column]
        row = np.repeat(rows, n_hybrids)[:, np.newaxis]
        background_row = self.n_rows + np.repeat(background, n_hybrids)[:, np.newaxis]
        sources = np.where(is_from_row, row, background_row)
        return np.asarray(self.predict(mixed(self.rows, sources)))


def stacked(X: Any, background: Any) -> Any:
    """Put the background rows under the rows, in a table of the same type."""
    if isinstance(X, Frame):
        columns = {}
        for name, column in X.columns.items():
            columns[name] = np.concatenate([column, background.columns[name]])
        return Frame(columns)
    if hasattr(X, "iloc"):
        pandas: Any = importlib.import_module("pandas")
        return pandas.concat([X, background], ignore_index=True)
    return np.concatenate([X, background])


def mixed(rows: Any, sources: Indices) -> Any:
    """Take each value of a table from another row: `sources` has its number, by row and column."""
    if isinstance(rows, Frame):
        columns = {}
        for name, source in zip(rows.columns, sources.T, strict=True):
            columns[name] = rows.columns[name][source]
        return Frame(columns)
    if hasattr(rows, "iloc"):
        pandas: Any = importlib.import_module("pandas")
        series = []
        for number, source in enumerate(sources.T):
            column = rows.iloc[:, number].take(source)
            series.append(column.reset_index(drop=True))
        return pandas.concat(series, axis=1)
    return rows[sources, np.arange(rows.shape[1])]

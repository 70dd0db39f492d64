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

from barenet.engines import Model, networks_of
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import Dense
from barenet.tables._frame import Frame

Indices: TypeAlias = NDArray[np.intp]

#: Predicts the outputs of raw rows, shape (n_rows, n_outputs).
Predict: TypeAlias = Callable[[Any], NDArray[Any]]

#: Number of raw hybrid rows that are predicted at a time.
RAW_ROWS = 2**14
#: Number of hybrids of which a network computes its layers at a time, so that they fit the cache.
HYBRIDS = 2**10


class HybridRows(ABC):
    """Predicts hybrids of rows and background rows.

    A group of columns takes its values from one of the two rows as a whole.
    """

    #: Whether `outputs` may be called in several threads at once.
    is_threadable = False

    @abstractmethod
    def outputs(
        self, rows: Indices, background: Indices, from_row: NDArray[np.bool_]
    ) -> FloatArray:
        """Predict hybrids of pairs of a row and a background row.

        Parameters
        ----------
        rows, background : ndarray of shape (n_pairs,)
            The row and the background row of each pair, both counted from 0. The numbers of rows
            that follow the last one stand for background rows.
        from_row : ndarray of shape (n_pairs, n_hybrids, n_groups), bool
            For each hybrid of a pair, the groups of columns whose values are the row's.

        Returns
        -------
        ndarray of shape (n_pairs, n_hybrids, n_outputs)
            The outputs of the hybrids.
        """


class RawHybrids(HybridRows):
    """Hybrids of raw rows, for a model of which only the predictions are known."""

    def __init__(
        self, predict: Predict, X: Any, background: Any, groups: Sequence[Sequence[int]]
    ) -> None:
        self.predict = predict
        self.n_rows = len(X)
        self.rows = stacked(X, background)
        n_columns = sum(len(columns) for columns in groups)
        self.group_of_column = np.empty(n_columns, np.intp)
        for number, columns in enumerate(groups):
            self.group_of_column[list(columns)] = number

    def outputs(
        self, rows: Indices, background: Indices, from_row: NDArray[np.bool_]
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


class FirstLayerHybrids(HybridRows):
    """Hybrids of encoded rows, for networks whose first layer is dense.

    The first layer is a sum: z = b + Σ_g x_g W_g over the groups g of columns, with the inputs x_g
    of a group and their rows W_g of the weights. So x_g W_g is computed once for each row, and a
    hybrid takes it from one row or from the other. Only the layers above are computed for each.
    """

    is_threadable = True

    def __init__(
        self,
        model: Model,
        inputs: FloatArray,
        background_inputs: FloatArray,
        groups: Sequence[Indices],
        convert: Callable[[FloatArray], FloatArray],
    ) -> None:
        self.networks = networks_of(model)
        self.groups = groups
        self.convert = convert
        self.inputs = np.concatenate([inputs, background_inputs]).astype(model.dtype, copy=False)
        self.background_terms = self._terms(self.inputs[len(inputs) :])
        #: The sums of the first layer for the background rows, by network.
        self.background_sums: list[FloatArray] = []
        for network, terms in zip(self.networks, self.background_terms, strict=True):
            self.background_sums.append(terms.sum(axis=1) + _first_layer(network).bias)

    def _terms(self, inputs: FloatArray) -> list[FloatArray]:
        """Compute x_g W_g for each network, shape (n_rows, n_groups, n_hidden)."""
        terms_of_networks: list[FloatArray] = []
        for network in self.networks:
            weights = _first_layer(network).weights
            terms = [inputs[:, group] @ weights[group] for group in self.groups]
            terms_of_networks.append(np.stack(terms, axis=1))
        return terms_of_networks

    def outputs(
        self, rows: Indices, background: Indices, from_row: NDArray[np.bool_]
    ) -> FloatArray:
        n_pairs, n_hybrids, n_groups = from_row.shape
        distinct, number_of_pair = np.unique(rows, return_inverse=True)
        row_terms = self._terms(self.inputs[distinct])
        pairs_at_a_time = max(1, HYBRIDS // n_hybrids)
        results = []
        for start in range(0, n_pairs, pairs_at_a_time):
            pairs = slice(start, start + pairs_at_a_time)
            # Z = z(b) + Σ_g (x_g W_g − b_g W_g) over the groups g whose values are the row's. This
            # is a product with a matrix of ones for these groups and for z(b), and zeros else.
            of_pairs = from_row[pairs]
            summed = np.ones((*of_pairs.shape[:2], n_groups + 1), self.inputs.dtype)
            summed[..., :n_groups] = of_pairs
            total: Any = 0
            for number, network in enumerate(self.networks):
                background_terms = self.background_terms[number][background[pairs]]
                terms = np.empty(
                    (len(of_pairs), n_groups + 1, background_terms.shape[2]), summed.dtype
                )
                changes = terms[:, :n_groups]
                np.take(row_terms[number], number_of_pair[pairs], axis=0, out=changes)
                changes -= background_terms
                terms[:, n_groups] = self.background_sums[number][background[pairs]]
                Z = np.matmul(summed, terms)
                total = total + _upper_layers(network, Z.reshape(-1, Z.shape[-1]))
            results.append(self.convert(total / len(self.networks)))
        return np.concatenate(results).reshape(n_pairs, n_hybrids, -1)


def _first_layer(network: Network) -> Dense:
    """Return the first layer of a network, which is dense."""
    layer = network.layers[0]
    assert isinstance(layer, Dense)
    return layer


def _upper_layers(network: Network, Z: FloatArray) -> FloatArray:
    """Compute the outputs of a network from the sums Z of its first layer."""
    values = _first_layer(network).activation.forward(Z)
    for layer in network.layers[1:]:
        if isinstance(layer, Dense):
            # Few columns one after the other, as a softmax adds them up; the bias in place.
            if layer.n_out < layer.n_in:
                Z = (layer.weights.T @ values.T).T
            else:
                Z = values @ layer.weights
            Z += layer.bias
            values = layer.activation.forward(Z)
        else:
            values, _ = layer.forward(values)
    return values

"""Hybrids of encoded rows, of which only the layers above the first one are computed for each.

The first layer is a sum: z = b + Σ_g x_g W_g over the groups g of columns, with the inputs x_g of a
group and their rows W_g of the weights. So x_g W_g is computed once for each row, and a hybrid
takes it from one row or from the other.

An input of a pair of columns is the product of an input of each, at most one of which is not 0 in a
column. Let w(p, q) be the product's value times its weights, for the inputs p and q of two columns,
with primes for the background row. The sum of a hybrid has one of the terms w(p, q), w(p, q′),
w(p′, q) and w(p′, q′), which is::

    w(p′, q′)  +  [w(p, q′) − w(p′, q′)] if p is the row's  +  [w(p′, q) − w(p′, q′)] if q is
        +  [w(p, q) − w(p, q′) − w(p′, q) + w(p′, q′)] if both are
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet.insight.contributions._hybrid_rows import Background, HybridRows, Indices
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model.layers import Dense

#: Number of hybrids of which a network computes its layers at a time, so that they fit the cache.
HYBRIDS = 2**11


class SideRows(NamedTuple):
    """A column of a pair, in some rows."""

    #: The place of the input that is not 0 among those that occur in pairs.
    inputs: Indices
    #: The value of this input, which is 1 for a category.
    values: FloatArray

    @classmethod
    def of(cls, encoded: FloatArray, places: Indices) -> Self:
        """Find the input of each row among those at these places."""
        return cls(active_inputs(encoded, places), encoded[:, places].sum(axis=1))

    def take(self, rows: Indices) -> Self:
        """Select rows."""
        return type(self)(self.inputs[rows], self.values[rows])


@dataclass(frozen=True)
class ColumnPair:
    """Two columns with inputs for pairs of theirs."""

    #: The inputs of both columns that occur in pairs; at most one of each column is not 0.
    first_inputs: Indices
    second_inputs: Indices
    #: The groups of columns that the two columns belong to.
    first_group: int
    second_group: int
    #: The row of `pair_inputs` for each input of the first and the second column; the last row and
    #: column are for rows in which all of the column's inputs are 0.
    table: Indices
    #: The inputs of the pairs.
    pair_inputs: Indices

    def terms(self, weights: FloatArray, first: SideRows, second: SideRows) -> FloatArray:
        """Compute w(p, q) of rows, from the weights of all pairs and a row of zeros."""
        products = first.values * second.values
        return products[..., np.newaxis] * weights[self.table[first.inputs, second.inputs]]


@dataclass(frozen=True)
class FirstLayerRows:
    """Rows in the first layer of all networks."""

    #: x_g W_g for each network, shape (n_groups, n_rows, n_neurons).
    terms: Sequence[FloatArray]
    #: The sums, with those of the pairs and the bias, shape (n_rows, n_neurons). The neurons of all
    #: networks are side by side.
    sums: FloatArray
    #: The first and the second column of each pair.
    pairs: Sequence[tuple[SideRows, SideRows]]


class FirstLayerBackground(Background):
    """Background rows for networks whose first layer is dense.

    Parameters
    ----------
    networks : sequence of Network
        The networks.
    encode : callable
        Converts raw rows to the inputs of the networks.
    background : rows that `encode` takes
        The background rows.
    groups : sequence of ndarray
        The inputs of each group of columns, without those of pairs.
    pairs : sequence of ColumnPair
        The pairs of columns.
    convert : callable
        Converts the outputs of some networks to their mean prediction on the scale of the
        contributions.
    is_mean : bool
        Whether this is the mean of the predictions of each network on that scale.
    hybrid_outputs : slice
        The outputs to compute, of those that `convert` returns.
    """

    is_threadable = True

    def __init__(
        self,
        networks: Sequence[Network],
        encode: Callable[[Any], FloatArray],
        background: Any,
        groups: Sequence[Indices],
        pairs: Sequence[ColumnPair],
        convert: Callable[[Sequence[FloatArray]], FloatArray],
        *,
        is_mean: bool,
        hybrid_outputs: slice,
    ) -> None:
        self.networks = networks
        self.dtype = networks[0].dtype
        self.encode_rows = encode
        self.groups = groups
        self.pairs = pairs
        self.convert = convert
        self.hybrid_outputs = hybrid_outputs
        if is_mean:
            self.n_networks = len(self.networks)
        layers = [_first_layer(network) for network in self.networks]
        weights = np.hstack([layer.weights for layer in layers])
        self.bias = np.concatenate([layer.bias for layer in layers])
        self.weights_of_groups = [weights[inputs] for inputs in groups]
        self.weights_of_pairs: list[FloatArray] = []
        for pair in pairs:
            none = np.zeros((1, weights.shape[1]), weights.dtype)  # for rows without a pair
            self.weights_of_pairs.append(np.concatenate([weights[pair.pair_inputs], none]))
        ends = np.cumsum([layer.n_out for layer in layers])
        #: The neurons of each network.
        self.neurons: list[slice] = []
        for layer, end in zip(layers, ends.tolist(), strict=True):
            self.neurons.append(slice(end - layer.n_out, end))
        self.rows = self.first_layer(self.encode(background))
        self.outputs = self.outputs_of_networks(self.rows)

    def encode(self, X: Any) -> FloatArray:
        return self.encode_rows(X).astype(self.dtype, copy=False)

    def mix(self, encoded: FloatArray) -> FirstLayerHybrids:
        return FirstLayerHybrids(self, self.first_layer(encoded))

    def mix_background(self) -> FirstLayerHybrids:
        return FirstLayerHybrids(self, self.rows)

    def first_layer(self, inputs: FloatArray) -> FirstLayerRows:
        """Compute the sums of the first layer for rows, and their terms."""
        n_rows = len(inputs)
        terms_of_networks = []
        for neurons in self.neurons:
            n_neurons = neurons.stop - neurons.start
            terms_of_networks.append(np.empty((len(self.groups), n_rows, n_neurons), self.dtype))
        sums = np.tile(self.bias, (n_rows, 1))
        for number, group in enumerate(self.groups):
            terms = inputs[:, group] @ self.weights_of_groups[number]
            sums += terms
            for of_network, neurons in zip(terms_of_networks, self.neurons, strict=True):
                of_network[number] = terms[:, neurons]
        pairs = []
        for pair, weights in zip(self.pairs, self.weights_of_pairs, strict=True):
            first = SideRows.of(inputs, pair.first_inputs)
            second = SideRows.of(inputs, pair.second_inputs)
            sums += pair.terms(weights, first, second)
            pairs.append((first, second))
        return FirstLayerRows(terms_of_networks, sums, pairs)

    def outputs_of_networks(self, rows: FirstLayerRows) -> FloatArray:
        """Compute the outputs of each network for rows, shape (n_networks, n_rows, n_outputs)."""
        outputs = []
        for network, neurons in zip(self.networks, self.neurons, strict=True):
            outputs.append(self.converted([_upper_layers(network, rows.sums[:, neurons])]))
        return np.stack(outputs).astype(np.float64)

    def converted(self, outputs: Sequence[FloatArray]) -> FloatArray:
        """Convert outputs of some networks to their mean on the scale of the contributions."""
        return self.convert(outputs)[:, self.hybrid_outputs]


class FirstLayerHybrids(HybridRows):
    """Hybrids of rows and background rows, as sums of the first layer."""

    n_at_a_time = HYBRIDS

    def __init__(self, background: FirstLayerBackground, rows: FirstLayerRows) -> None:
        self.background = background
        self.rows = rows
        self.row_outputs = background.outputs_of_networks(rows)
        self.background_outputs = background.outputs

    def predict_block(
        self,
        rows: Indices,
        background: Indices,
        from_row: NDArray[np.bool_],
        network: int | None,
    ) -> NDArray[Any]:
        """Predict hybrids by one network or by the mean of all.

        Z = z(b) + Σ_g (x_g W_g − b_g W_g) over the groups g whose values are the row's, and the
        terms of pairs of columns. This is a product with a matrix of ones for these groups, for
        pairs of columns whose values are both the row's, and for z(b), and zeros else. All pairs of
        a set have the same matrix, so their terms are side by side.
        """
        n_sets, n_hybrids, n_groups = from_row.shape
        n_pairs = rows.shape[1]
        column_pairs = self.background.pairs
        n_terms = n_groups + len(column_pairs) + 1
        summed = np.ones((n_sets, n_hybrids, n_terms), self.background.dtype)
        summed[..., :n_groups] = from_row
        for place, pair in enumerate(column_pairs, n_groups):
            first = from_row[..., pair.first_group]
            summed[..., place] = first & from_row[..., pair.second_group]
        numbers = [*range(len(self.background.networks))]
        if network is not None:
            numbers = [network]
        outputs_of_networks = []
        for number in numbers:
            terms = self._terms(rows, background, number)
            terms_of_sets = terms.reshape(n_terms, n_sets, -1).transpose(1, 0, 2)
            Z = np.matmul(summed, terms_of_sets)
            n_neurons = terms.shape[-1]
            of_number = self.background.networks[number]
            outputs_of_networks.append(_upper_layers(of_number, Z.reshape(-1, n_neurons)))
        outputs = self.background.converted(outputs_of_networks)
        return outputs.reshape(n_sets, n_hybrids, n_pairs, -1)

    def _terms(self, rows: Indices, background: Indices, number: int) -> FloatArray:
        """Compute the terms of a network's sums, shape (n_terms, n_sets, n_pairs, n_neurons)."""
        of_rows = self.rows.terms[number]
        of_background = self.background.rows.terms[number]
        n_groups, _, n_neurons = of_rows.shape
        neurons = self.background.neurons[number]
        n_terms = n_groups + len(self.background.pairs) + 1
        terms = np.empty((n_terms, *rows.shape, n_neurons), of_rows.dtype)
        np.subtract(
            np.take(of_rows, rows, axis=1),
            np.take(of_background, background, axis=1),
            out=terms[:n_groups],
        )
        terms[-1] = self.background.rows.sums[background, neurons]
        self._add_pairs(terms, rows, background, neurons)
        return terms

    def _add_pairs(
        self, terms: FloatArray, rows: Indices, background: Indices, neurons: slice
    ) -> None:
        """Add the terms of pairs of columns to those of their groups, and set those of both."""
        n_groups = len(self.background.groups)
        for place, pair in enumerate(self.background.pairs):
            weights = self.background.weights_of_pairs[place][:, neurons]
            row_first, row_second = self.rows.pairs[place]
            background_first, background_second = self.background.rows.pairs[place]
            first = row_first.take(rows)
            second = row_second.take(rows)
            other_first = background_first.take(background)
            other_second = background_second.take(background)
            neither = pair.terms(weights, other_first, other_second)
            only_first = pair.terms(weights, first, other_second) - neither
            only_second = pair.terms(weights, other_first, second) - neither
            both = pair.terms(weights, first, second) - neither
            terms[pair.first_group] += only_first
            terms[pair.second_group] += only_second
            terms[n_groups + place] = both - only_first - only_second


def active_inputs(inputs: NDArray[Any], places: Indices) -> Indices:
    """Find which of some inputs is not 0, for each row; their number if all of them are 0.

    >>> active_inputs(np.array([[0, 5, 1], [0, 5, 0]]), np.array([0, 2])).tolist()
    [1, 2]
    """
    are_active = inputs[:, places] != 0
    return np.where(are_active.any(axis=1), are_active.argmax(axis=1), len(places))


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
            Z = values @ layer.weights
            Z += layer.bias
            if layer.n_out < layer.n_in:
                Z = np.asfortranarray(Z)  # a softmax adds up few columns one after the other
            values = layer.activation.forward(Z)
        else:
            values, _ = layer.forward(values)
    return values

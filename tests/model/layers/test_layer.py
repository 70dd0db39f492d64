"""The layer contract, by a layer of one's own."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.model.layers import Dense, Layer
from barenet.model.network import Network


class Scale(Layer):
    """output = factor · X, with one factor for each column, and a count of the rows seen."""

    name = "scale"

    def __init__(self, n_in):
        self.n_in = n_in

    @property
    def parameter_shapes(self):
        return {"factor": (self.n_in,)}

    @property
    def statistic_shapes(self):
        return {"rows": (1,)}

    def forward(self, X, *, training=False, key=0):
        if training:
            self.rows = self.rows + len(X)
        return self.factor * X, X

    def backward(self, cache, d_output, out):
        np.sum(d_output * cache, axis=0, out=out["factor"])
        return d_output * self.factor

    def initialize(self, rng):
        self.factor, self.rows = 2, 0


def test_a_layer_of_ones_own_learns_in_a_network():
    network = Network([Dense(2, 3), Scale(3), Dense(3, 1)], dtype="float64")
    assert network.sizes == (2, 3, 1)
    assert network.n_parameters == 9 + 3 + 4
    assert network.parameters[9:12].tolist() == [2, 2, 2]
    X, y = [[1.0, 2.0], [3.0, -1.0]], [1.0, 0.0]
    _, gradient = network.value_and_gradient(X, y)
    step = 1e-6
    for i in range(network.n_parameters):
        values = []
        for sign in (1, -1):
            network.parameters[i] += sign * step
            values.append(network.value_and_gradient(X, y)[0])
            network.parameters[i] -= sign * step
        assert gradient[i] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)
    assert network.layers[1].rows.tolist() == [2 * (1 + 2 * network.n_parameters)]
    assert network.statistics.tolist() == network.layers[1].rows.tolist()


def test_what_a_layer_may_leave_out():
    class Negate(Layer):
        name = "negate"

        def forward(self, X, *, training=False, key=0):
            return -X, None

        def backward(self, cache, d_output, out):
            return -d_output

    layer = Negate()
    assert (layer.parameter_shapes, layer.statistic_shapes) == ({}, {})
    assert (layer.n_in, layer.n_out) == (None, None)
    assert layer.config() == {"layer": "negate"}
    assert repr(layer) == "Negate()"
    assert not layer.is_bound
    assert Network([layer], dtype="float64").predict([[1.0, -2.0]]).tolist() == [[-1, 2]]


def test_a_layer_without_its_two_methods_is_none():
    class Half(Layer):
        def forward(self, X, *, training=False, key=0):
            return X, None

    with pytest.raises(TypeError, match="backward"):
        Half()

"""The layer contract, by a layer of one's own."""

import copy
import pickle

import numpy as np
import pytest

from barenet.model._network import Network
from barenet.model.layers import Dense, Layer


class Scale(Layer):
    """output = factor · X, with one factor for each column, and a count of the rows seen."""

    name = "scale"

    def __init__(self, width):
        self.width = width

    @property
    def parameter_shapes(self):
        return {"factor": (self.width,)}

    @property
    def statistic_shapes(self):
        return {"rows": (1,)}

    def forward(self, X, *, training=False, rng_key=0):
        if training:
            self.rows = self.rows + len(X)
        return self.factor * X, X

    def backward(self, cache, d_output, out):
        np.sum(d_output * cache, axis=0, out=out["factor"])
        return d_output * self.factor

    def initialize(self, rng):
        self.factor, self.rows = 2, 0


def test_a_user_defined_layer_trains():
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


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_user_defined_layer_is_copied_with_its_network(twin_of):
    network = Network([Dense(2, 3), Scale(3)], dtype="float64")
    network.forward(np.ones((5, 2)), training=True)
    twin = twin_of(network)
    assert twin.layers[1].rows.tolist() == [5]
    twin.layers[1].factor = 7
    assert twin.parameters[-3:].tolist() == [7, 7, 7]
    assert network.parameters[-3:].tolist() == [2, 2, 2]


def test_parameters_do_not_exist_before_the_network():
    with pytest.raises(AttributeError, match=r"^Dense\(2, 3, 'identity'\) has no weights yet: "):
        print(Dense(2, 3).weights)
    with pytest.raises(AttributeError, match=r"no attribute 'wieghts'"):
        print(Dense(2, 3).wieghts)

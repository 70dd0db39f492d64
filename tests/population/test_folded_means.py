"""The means of groups as a part of the first weights."""

import numpy as np
import pytest
from numpy.testing import assert_allclose

from barenet import Network
from barenet.population._folded_means import fold_means


@pytest.mark.parametrize("hidden", ["relu", "tanh"])
def test_a_folded_network_predicts_what_the_network_predicts_from_the_means(hidden):
    """Rows of 7 inputs, of which the inputs 2 to 6 are those of a group, and 3 numbers."""
    rng = np.random.default_rng(0)
    network = Network.dense([10, 9, 8, 3], hidden=hidden, output="softmax", dtype="float64")
    network.parameters[...] = rng.normal(size=network.n_parameters)
    numbers_of_inputs = np.zeros((7, 3))
    numbers_of_inputs[2:] = rng.normal(size=(5, 3))
    group = rng.integers(-1, 5, 200)
    X = np.zeros((200, 7))
    X[:, :2] = rng.normal(size=(200, 2))
    has_group = group >= 0
    X[has_group, 2 + group[has_group]] = 1
    means = np.where(has_group[:, np.newaxis], numbers_of_inputs[2 + group], 0)
    folded = fold_means(network, numbers_of_inputs)
    assert folded.sizes == (7, 9, 8, 3)
    expected = network.predict(np.column_stack([X, means]))
    assert_allclose(folded.predict(X), expected, rtol=0, atol=1e-12)
    assert np.ptp(expected) > 0.5
    before = network.parameters.copy()
    folded.parameters[:] = 0
    assert np.array_equal(network.parameters, before), "the network is not changed"

"""ActivationLayer: an activation on its own is the same as at the end of a dense layer."""

import numpy as np
import pytest

from barenet.model._activations import ACTIVATIONS
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, Dense


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_an_activation_layer_at_the_end_equals_the_dense_layers_activation(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 3)), rng.dirichlet(np.ones(2), 5)
    one = Network([Dense(3, 2, name)], dtype="float64")
    other = Network([Dense(3, 2), ActivationLayer(name)], dtype="float64")
    other.parameters[:] = one.parameters
    assert one.output_activation == other.output_activation
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    for loss in (None, "squared_error"):
        value, gradient = one.value_and_gradient(X, y, loss)
        expected, oracle = other.value_and_gradient(X, y, loss)
        assert value == expected
        np.testing.assert_array_equal(gradient, oracle)

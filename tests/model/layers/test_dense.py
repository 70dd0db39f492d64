"""Dense: its initialization, and neurons that are never active."""

import numpy as np
import pytest

from barenet.model._activations import ACTIVATIONS, Rectifier
from barenet.model._initializers import GlorotUniform, HeUniform, LeCunNormal, Zeros
from barenet.model._network import Network
from barenet.model.layers import Dense


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_default_initializers(name):
    layer, rectifies = Dense(2, 3, name), issubclass(ACTIVATIONS[name], Rectifier)
    usual = {"selu": LeCunNormal()}.get(name, HeUniform() if rectifies else GlorotUniform())
    assert layer.init == usual
    assert layer.bias_init == Zeros()


def test_fault_89_dead_neurons_have_a_gradient_of_zero():
    network = Network.dense([2, 3, 1], hidden="relu", bias_init="zeros")
    network.layers[0].bias = -100
    _, gradient = network.value_and_gradient([[1.0, 2.0]], [1.0])
    assert np.isfinite(gradient).all()
    assert not gradient[:9].any()

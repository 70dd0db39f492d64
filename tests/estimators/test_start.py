"""Start: the layers that parameters ask for. The weights are compared in test_agreement.py."""

from __future__ import annotations

import numpy as np

from barenet import MLPClassifier
from barenet.estimators.start import dense_layers_of, make_network


def network_of(**settings):
    rng = np.random.RandomState(0)
    return make_network(MLPClassifier(**settings), 2, 3, "softmax", rng, "float64")


def test_an_activation_for_each_layer():
    network = network_of(hidden_layer_sizes=(4, 5), activation=["tanh", "leaky_relu:slope=0.1"])
    assert repr(network.layers) == (
        "[Dense(2, 4, 'tanh'), Dense(4, 5, 'leaky_relu:slope=0.1'), Dense(5, 3, 'softmax')]"
    )


def test_dropout_and_batch_norm_around_the_activations():
    network = network_of(hidden_layer_sizes=4, dropout=0.2, batch_norm=True)
    names = [layer.name for layer in network.layers]
    assert names == ["dense", "batch_norm", "activate", "dropout", "dense"]
    assert [layer.n_out for layer in dense_layers_of(network)] == [4, 3]


def test_the_bounds_go_by_the_activation_of_the_layer():
    network = network_of(hidden_layer_sizes=(300, 300), activation=["logistic", "relu"])
    bounds = [np.abs(layer.weights).max() for layer in dense_layers_of(network)]
    expected = [np.sqrt(2 / 302), np.sqrt(6 / 600), np.sqrt(6 / 303)]
    np.testing.assert_allclose(bounds, expected, rtol=0.01)

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout
from barenet.playground._network_layout import neuron_layers
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._prepared_data import prepare
from barenet.playground._run_setup import (
    batch_rows,
    build_network,
    check_settings,
    make_predictor,
)


@pytest.fixture(scope="module")
def prepared():
    return prepare(DataSettings())


@pytest.mark.parametrize(
    ("data", "n_outputs", "output"),
    [("circles", 1, "sigmoid"), ("iris", 3, "softmax"), ("plane", 1, "identity")],
)
def test_the_output_goes_with_the_data(data, n_outputs, output):
    network = build_network(NetworkSettings(), prepare(DataSettings(source=data)))
    assert (network.n_outputs, network.output_activation.name) == (n_outputs, output)


def test_the_network_is_the_one_that_the_library_makes(prepared):
    settings = NetworkSettings(hidden=(5, 3), activations=("relu", "tanh"), seed=4, dropout=0.1)
    expected = Network.dense(
        [2, 5, 3, 1], hidden=["relu", "tanh"], output="sigmoid", dropout=0.1, seed=4
    )
    made = build_network(settings, prepared)
    assert repr(made) == repr(expected)
    assert (made.parameters == expected.parameters).all()


def test_batch_norm_stands_before_the_activation(prepared):
    settings = NetworkSettings(hidden=(3,), activations=("relu",), batch_norm=True, dropout=0.2)
    kinds = [
        [type(layer) for layer in block]
        for block in neuron_layers(build_network(settings, prepared))
    ]
    assert kinds == [[Dense, BatchNorm, ActivationLayer, Dropout], [Dense]]


@pytest.mark.parametrize(
    ("changes", "argument"),
    [
        ({"optimizer": "lbfgs", "dropout": 0.1}, "optimizer"),
        ({"optimizer": "lbfgs", "schedule": "cosine"}, "schedule"),
        ({"batch_norm": True, "batch_size": 1}, "batch_size"),
        ({"batch_norm": True, "batch_size": 249}, "batch_size"),
        ({"loss": "huber"}, "loss"),
    ],
)
def test_settings_that_cannot_be_trained_are_rejected(prepared, changes, argument):
    with pytest.raises(ArgumentError, check=lambda error: error.argument == argument):
        check_settings(NetworkSettings().copy(**changes), prepared)


def test_a_network_with_too_many_weights_is_rejected(prepared):
    wide = replace(prepared.inputs, X=np.zeros((2, 2500)), feature_names=("x",) * 2500)
    with pytest.raises(ArgumentError, check=lambda error: error.argument == "hidden"):
        build_network(NetworkSettings(hidden=(256, 1)), replace(prepared, inputs=wide))


@pytest.mark.parametrize(("size", "rows"), [(0, 250), (1000, 250), (7, 7)])
def test_the_batch_size_is_at_most_all_rows(prepared, size, rows):
    assert batch_rows(NetworkSettings(batch_size=size), prepared) == rows


def test_the_predictor_takes_raw_rows(prepared):
    network = build_network(NetworkSettings(), prepared)
    found = make_predictor(network, prepared).outputs(prepared.dataset.X[:5])
    assert found == pytest.approx(
        network.predict(prepared.scaling.transform(prepared.dataset.X[:5]))
    )

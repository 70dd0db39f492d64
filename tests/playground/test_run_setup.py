from __future__ import annotations

import pytest

from barenet.model.layers import Activate, BatchNorm, Dense, Dropout
from barenet.model.network import Network
from barenet.playground.page_state import DataSettings
from barenet.playground.page_state import NetworkSettings
from barenet.playground.prepared_data import prepare
from barenet.playground.run_setup import (
    batch_size,
    build_network,
    check_settings,
    neuron_layers,
    penalties,
    predictor,
)


@pytest.fixture(scope="module")
def prepared():
    return prepare(DataSettings(), {})


@pytest.mark.parametrize(
    ("data", "n_outputs", "output"),
    [("circles", 1, "sigmoid"), ("iris", 3, "softmax"), ("plane", 1, "identity")],
)
def test_the_output_goes_with_the_data(data, n_outputs, output):
    network = build_network(NetworkSettings(), prepare(DataSettings(source=data), {}))
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
    assert kinds == [[Dense, BatchNorm, Activate, Dropout], [Dense]]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"optimizer": "lbfgs", "dropout": 0.1}, "dropout"),
        ({"optimizer": "lbfgs", "schedule": "cosine"}, "schedule"),
        ({"batch_norm": True, "batch_size": 1}, "2 rows or more"),
        ({"batch_norm": True, "batch_size": 249}, "last batch of 1 row"),
        ({"loss": "huber"}, "loss: unknown 'huber'"),
    ],
)
def test_what_could_not_be_trained_is_refused_at_once(prepared, changes, word):
    settings = NetworkSettings().copy(**changes)
    with pytest.raises(ValueError, match=word):
        check_settings(settings, prepared)


def test_a_network_too_large_to_be_watched_is_refused():
    digits = prepare(DataSettings(source="digits"), {})
    settings = NetworkSettings(hidden=(256,) * 8, activations=("relu",) * 8)
    assert build_network(settings, digits).n_parameters < 500_000
    many = NetworkSettings(hidden=(256,) * 8, activations=("relu",) * 8, dropout=0.5)
    assert build_network(many, digits).n_parameters < 500_000


def test_batches_and_penalties(prepared):
    assert batch_size(NetworkSettings(batch_size=0), prepared) == 250
    assert batch_size(NetworkSettings(batch_size=1000), prepared) == 250
    assert batch_size(NetworkSettings(batch_size=7), prepared) == 7
    assert penalties(NetworkSettings()) == []
    (penalty,) = penalties(NetworkSettings(penalty="l1", penalty_rate=0.5))
    assert (penalty.name, penalty.strength) == ("l1", 0.5)


def test_the_predictor_takes_raw_rows(prepared):
    network = build_network(NetworkSettings(), prepared)
    found = predictor(network, prepared).outputs(prepared.dataset.X[:5])
    assert found == pytest.approx(network.predict(prepared.scaling.apply(prepared.dataset.X[:5])))

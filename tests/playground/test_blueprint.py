from __future__ import annotations

import pytest

from barenet.model.layers import ActivationLayer, BatchNorm, Dense, Dropout
from barenet.model.network import Network
from barenet.playground.blueprint import batch_size, blocks, build, check_fit, penalties, predictor
from barenet.playground.design import Design
from barenet.playground.material import prepare
from barenet.playground.scene import Scene


@pytest.fixture(scope="module")
def material():
    return prepare(Scene(), {})


@pytest.mark.parametrize(
    ("data", "n_outputs", "output"),
    [("circles", 1, "sigmoid"), ("iris", 3, "softmax"), ("plane", 1, "identity")],
)
def test_the_output_goes_with_the_data(data, n_outputs, output):
    network = build(Design(), prepare(Scene(data=data), {}))
    assert (network.n_outputs, network.output_activation.name) == (n_outputs, output)


def test_the_network_is_the_one_that_the_library_makes(material):
    design = Design(hidden=(5, 3), activations=("relu", "tanh"), seed=4, dropout=0.1)
    expected = Network.dense(
        [2, 5, 3, 1], hidden=["relu", "tanh"], output="sigmoid", dropout=0.1, seed=4
    )
    made = build(design, material)
    assert repr(made) == repr(expected)
    assert (made.parameters == expected.parameters).all()


def test_batch_norm_stands_before_the_activation(material):
    design = Design(hidden=(3,), activations=("relu",), batch_norm=True, dropout=0.2)
    kinds = [[type(layer) for layer in block] for block in blocks(build(design, material))]
    assert kinds == [[Dense, BatchNorm, ActivationLayer, Dropout], [Dense]]


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
def test_what_could_not_be_trained_is_refused_at_once(material, changes, word):
    design = Design().copy(**changes)
    with pytest.raises(ValueError, match=word):
        check_fit(design, material)


def test_a_network_too_large_to_be_watched_is_refused():
    digits = prepare(Scene(data="digits"), {})
    design = Design(hidden=(256,) * 8, activations=("relu",) * 8)
    assert build(design, digits).n_parameters < 500_000
    many = Design(hidden=(256,) * 8, activations=("relu",) * 8, dropout=0.5)
    assert build(many, digits).n_parameters < 500_000


def test_batches_and_penalties(material):
    assert batch_size(Design(batch_size=0), material) == 250
    assert batch_size(Design(batch_size=1000), material) == 250
    assert batch_size(Design(batch_size=7), material) == 7
    assert penalties(Design()) == []
    (penalty,) = penalties(Design(penalty="l1", penalty_rate=0.5))
    assert (penalty.name, penalty.strength) == ("l1", 0.5)


def test_the_predictor_takes_raw_rows(material):
    network = build(Design(), material)
    found = predictor(network, material).outputs(material.dataset.X[:5])
    assert found == pytest.approx(
        network.predict(material.scaling.transform(material.dataset.X[:5]))
    )

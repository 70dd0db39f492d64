"""A neuron's view has the numbers of the whole, each with its formula and its check."""

import numpy as np
import pytest

from barenet import Network, explain, train
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.optimization.optimizers import OPTIMIZERS, as_optimizer

RNG = np.random.default_rng(0)
X = RNG.normal(size=(5, 3))
CLASSES = [0, 1, 1, 0, 1]


def normed() -> Network:
    layers = [
        *(Dense(3, 4), BatchNorm(4), ActivationLayer("silu"), Dropout(0.4)),
        *(Dense(4, 3, "softmax"), LayerNorm(3), Dense(3, 2, "softmax")),
    ]
    return Network(layers, seed=3, dtype="float64")


def check(view, whole):
    """Compare every number with the whole, and every formula with its numbers."""
    assert view.agrees and view.max_error < 1e-8
    for equation in view.equations:
        name, value = equation.result.name, equation.result.value
        if equation.formula is not None:
            found = equation.evaluate().reshape(value.shape)
            np.testing.assert_allclose(found, value, rtol=1e-9, atol=1e-12, err_msg=name.text)
    for name in {each.name for each in view.quantities}:
        key, _, number = name.key.partition(",")
        if number:
            np.testing.assert_array_equal(view[name.key], whole[key][..., int(number) - 1])


@pytest.mark.parametrize("neuron", [(1, 1), (1, 4), (5, 2), (7, 1)])
def test_every_kind_of_layer_is_explained(neuron):
    penalty = ["l1:strength=0.1", "l2:strength=0.2"]
    options = {"penalty": penalty, "clip": "norm:limit=0.3", "step": 7}
    whole = explain(normed(), X, CLASSES, **options)
    view = explain(normed(), X, CLASSES, neuron=neuron, **options)
    check(view, whole)
    turned = explain(normed(), X, CLASSES, neuron=neuron, notation="columns", **options)
    assert str(turned) == str(view.transposed()) and turned.agrees
    assert turned.title.startswith(f"Neuron {neuron[1]} of layer {neuron[0]} in one training step")


@pytest.mark.parametrize("name", sorted(set(OPTIMIZERS) - {"lbfgs"}))
def test_every_optimizer_continues_from_its_moments(name):
    network = Network.dense([3, 4, 2], hidden="tanh", dtype="float64")
    optimizer = as_optimizer(name)
    train(network, X, X[:, :2], optimizer=optimizer, epochs=3, batch_size=5, engine="reference")
    whole = explain(network, X, X[:, :2], optimizer=optimizer)
    check(explain(network, X, X[:, :2], optimizer=optimizer, neuron=(1, 2)), whole)


def test_only_the_chosen_neuron_is_computed():
    network = Network.dense([3, 4, 2], hidden="tanh", dtype="float64")
    view = explain(network, X, X[:, :2], neuron=(1, 2))
    found = [each.result.name.key for each in view.equations]
    assert found == ["Z1,2", "A1,2", "dA1,2", "dZ1,2", "dW1,2", "db1,2", "W1,2", "b1,2"]
    given = [each.name.key for step in view.steps for each in step.given]
    assert given == ["A0", "W1,2", "b1,2", "dZ2", "W2←2", "eta"]
    names = (
        "A₀ is the input X. W₁,₂ is the neuron's part of W₁. "
        "W₂←₂ are the weights from the neuron to the next layer."
    )
    assert names in " ".join(str(view).split())


def test_every_gradient_of_a_neuron_is_checked_in_a_large_layer():
    network = Network.dense([60, 200, 2], hidden="tanh", dtype="float64")
    rows = RNG.normal(size=(8, 60))
    view = explain(network, rows, rows[:, :2], neuron=(1, 150))
    checked = [each for each in view.equations if each.differences is not None]
    names = [each.result.name.key for each in checked]
    assert names == ["dA1,150", "dZ1,150", "dW1,150", "db1,150"]
    assert all(np.isfinite(each.differences).all() for each in checked)
    assert view.agrees


def test_the_step_number_only_affects_dropout():
    masks = [explain(normed(), X, CLASSES, step=step)["M4"] for step in (0, 0, 1)]
    assert np.array_equal(masks[0], masks[1]) and not np.array_equal(masks[0], masks[2])
    assert explain(normed(), X, CLASSES, step=1).agrees
    network = Network.dense([3, 4, 2], hidden="tanh", dtype="float64")
    first, later = (explain(network, X, X[:, :2], optimizer="adam", step=t) for t in (0, 7))
    assert str(first) == str(later)


def test_negative_numbers_are_in_brackets():
    one, two = (Network([Dense(1, n), Dense(n, 1)], seed=0, dtype="float64") for n in (1, 2))
    one.layers[0].bias = two.layers[0].bias = -0.25
    text = str(explain(two, [[1.0]], [1.0], neuron=(1, 2)))
    assert "+ (-0.25)" in text and "+ -0.25" not in text
    # A vector of one number has brackets of its own.
    assert "+ [-0.25]" in str(explain(one, [[1.0]], [1.0], neuron=(1, 1)))

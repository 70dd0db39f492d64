"""Backpropagation against finite differences: every layer, activation and loss in the registries.

The oracle knows nothing of derivatives: it moves one parameter by a small step to either side and
looks at the loss. All in float64; a relative error of 1e-6 is what the steps leave.
"""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet import Network
from barenet.activations import ACTIVATIONS
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.model.losses import LOSSES, Loss, SquaredError, as_loss, logits_form

#: The hidden part of a network of each kind, with an activation where it usually stands.
HIDDEN = {
    "dense": lambda n_in, n, f: [Dense(n_in, n, f)],
    "dropout": lambda n_in, n, f: [Dense(n_in, n, f), Dropout(0.4)],
    "batch_norm": lambda n_in, n, f: [Dense(n_in, n), BatchNorm(n), ActivationLayer(f)],
    "layer_norm": lambda n_in, n, f: [Dense(n_in, n), LayerNorm(n), ActivationLayer(f)],
    "prelu": lambda n_in, n, f: [Dense(n_in, n, f), PReLU(n)],
    "activate": lambda n_in, n, f: [Dense(n_in, n), ActivationLayer(f)],
}
#: A loss's options that are unlike its defaults, so that a forgotten one is seen.
SPECS = {"huber": "huber:delta=0.7", "quantile": "quantile:q=0.8"}
#: Every loss with every output activation that it can be computed from.
PAIRS = [
    (loss, output)
    for loss, kind in LOSSES.items()
    for output in kind.on_logits or kind.activations or ACTIVATIONS
]
#: Every pair of a layer, an activation and a loss, in as few triples as a Latin square needs.
TRIPLES = [
    (list(HIDDEN)[(i + j) % len(HIDDEN)], activation, loss)
    for i, activation in enumerate(ACTIVATIONS)
    for j, loss in enumerate(LOSSES)
]
#: Each layer, each activation and each loss at least once; the long tests take all triples.
FEW = [
    (list(HIDDEN)[i % len(HIDDEN)], activation, list(LOSSES)[i % len(LOSSES)])
    for i, activation in enumerate(ACTIVATIONS)
]
#: A central difference of a smooth function errs by step², and by rounding / step. The smaller
#: ones are for where a kink (of ReLU, |e|, …) or a sharp bend lies within the first step.
STEPS = (1e-5, 1e-6, 1e-7, 1e-8)


def make_network(kind, activation, output, *, n_in=3, n=4, n_out=4, seed=0) -> Network:
    layers = [*HIDDEN[kind](n_in, n, activation), Dense(n, n_out, output)]
    network = Network(layers, dtype="float64")
    rng = np.random.default_rng(seed)
    network.parameters[:] = rng.normal(scale=0.7, size=network.n_parameters)
    network.statistics[:] = rng.uniform(0.5, 1.5, network.statistics.size)
    return network


def make_data(loss: Loss, *, n_samples=4, n_in=3, n_out=4, seed=0):
    """Samples, targets that the loss has a meaning for, and weights of which one may be 0."""
    rng = np.random.default_rng([seed, 1])
    X = rng.normal(size=(n_samples, n_in))
    if "cross_entropy" in loss.name or "focal" in loss.name:
        y = rng.dirichlet(np.ones(n_out), n_samples)
    elif loss.name in ("poisson", "tweedie"):
        y = rng.poisson(1.5, (n_samples, n_out)).astype(np.float64)
    elif loss.name == "gamma":
        y = rng.gamma(2.0, size=(n_samples, n_out))
    else:
        y = rng.normal(size=(n_samples, n_out // loss.outputs_per_target))
    weight = rng.uniform(0.2, 2, n_samples)
    weight[1:2] = 0
    return X, y, weight


def assert_gradient(network, X, y, loss, weight, training):
    """Compare `value_and_gradient` with differences of the loss, parameter by parameter."""
    _, gradient = network.value_and_gradient(
        X, y, loss, sample_weight=weight, training=training, rng_key=3
    )
    stable, logits = logits_form(loss, network.output_activation)
    statistics = network.statistics.copy()

    def value() -> float:
        network.statistics[:] = statistics
        output, _ = network.forward(X, training=training, rng_key=3, logits=logits)
        return stable.value(output, np.tile(y, loss.outputs_per_target), weight)

    # Where the loss is flat, rounding is all there is: 1e-16 of the loss, over the step.
    scale = np.linalg.norm(gradient) + 1e-3 * abs(value()) + 1e-8
    differences = np.array([
        closest_difference(value, network.parameters, i, gradient[i], 1e-7 * scale)
        for i in range(len(gradient))
    ])  # fmt: skip
    problem = f"of {loss!r} of {network!r}: gradient {gradient}, differences {differences}"
    assert np.linalg.norm(gradient - differences) <= 1e-6 * scale, problem


def closest_difference(value, parameters, i, expected, tolerance) -> float:
    """Take smaller steps until the difference is as expected; for a wrong gradient none is."""
    middle, found = parameters[i], []
    for step in STEPS:
        parameters[i] = middle + step
        above = value()
        parameters[i] = middle - step
        below = value()
        parameters[i] = middle
        found.append((above - below) / (2 * step))
        if abs(found[-1] - expected) <= tolerance:
            break
    return min(found, key=lambda difference: abs(difference - expected))


def usual_output(loss: str) -> str:
    """An output activation for the loss, with a bend where it can have one."""
    return next(iter(LOSSES[loss].on_logits or LOSSES[loss].activations or ("tanh",)))


def test_the_sweep_covers_every_layer_and_every_pair():
    assert set(HIDDEN) == set(LAYERS)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        parts = [{triple[place] for triple in TRIPLES} for place in (one, other)]
        pairs = {(triple[one], triple[other]) for triple in TRIPLES}
        assert len(pairs) == len(parts[0]) * len(parts[1])
    for place, registry in enumerate((LAYERS, ACTIVATIONS, LOSSES)):
        assert {triple[place] for triple in FEW} == set(registry)


@pytest.mark.promise(2)
@pytest.mark.parametrize(
    ("kind", "activation", "loss"),
    [*FEW, *(pytest.param(*triple, marks=pytest.mark.slow) for triple in TRIPLES)],
)
def test_gradients_of_every_layer_activation_and_loss_are_finite_differences(
    kind, activation, loss
):
    """With weights while training and without in prediction; Hypothesis draws the other two."""
    output = usual_output(loss)
    chosen = as_loss(SPECS.get(loss, loss), ACTIVATIONS[output]())
    X, y, weight = make_data(chosen)
    for training, weights in ((True, weight), (False, None)):
        network = make_network(kind, activation, output)
        assert_gradient(network, X, y, chosen, weights, training)


@pytest.mark.case(188)
@pytest.mark.parametrize(
    ("loss", "output"),
    [
        # A loss without a form of its own for logits sees no difference between outputs.
        pytest.param(*pair, marks=() if pair[1] in LOSSES[pair[0]].on_logits else pytest.mark.slow)
        for pair in PAIRS
    ],
)
def test_every_loss_trains_on_every_output_that_it_is_defined_for(loss, output):
    """With weights while training and without in prediction, as for the usual output above."""
    chosen = as_loss(SPECS.get(loss, loss), ACTIVATIONS[output]())
    X, y, weight = make_data(chosen)
    for training, weights in ((True, weight), (False, None)):
        network = make_network("dense", "tanh", output)
        assert_gradient(network, X, y, chosen, weights, training)


@pytest.mark.promise(2)
@pytest.mark.parametrize("n_examples", [20, pytest.param(2_000, marks=pytest.mark.slow)])
def test_gradients_of_random_networks_are_finite_differences(n_examples):
    @settings(max_examples=n_examples)
    @given(data=st.data())
    def check(data):
        check_random_network(data)

    check()


def check_random_network(data):
    loss, output = data.draw(st.sampled_from(PAIRS))
    kind = data.draw(st.sampled_from(sorted(HIDDEN)))
    activation = data.draw(st.sampled_from(sorted(ACTIVATIONS)))
    n_samples, n_in, n, n_out = (data.draw(st.integers(1, most)) for most in (5, 3, 4, 3))
    seed, n_out = data.draw(st.integers(0, 2**20)), n_out * LOSSES[loss].outputs_per_target
    network = make_network(kind, activation, output, n_in=n_in, n=n, n_out=n_out, seed=seed)
    chosen = as_loss(SPECS.get(loss, loss), ACTIVATIONS[output]())
    X, y, weight = make_data(chosen, n_samples=n_samples, n_in=n_in, n_out=n_out, seed=seed)
    weights, training = data.draw(st.sampled_from([None, weight])), data.draw(st.booleans())
    assert_gradient(network, X, y, chosen, weights, training)


def test_several_quantiles():
    chosen = as_loss("quantile:levels=[0.1,0.4,0.5,0.9]", ACTIVATIONS["ascending"]())
    X, y, weight = make_data(chosen)
    assert y.shape == (4, 1)
    assert_gradient(make_network("dense", "tanh", "ascending"), X, y, chosen, weight, True)


def test_a_wrong_gradient_is_detected():
    network = make_network("dense", "tanh", "identity")
    loss = SquaredError()
    X, y, _ = make_data(loss)

    class Off(type(loss)):
        """A factor that the derivative does not have."""

        def per_sample(self, output, y):
            return 1.00001 * super().per_sample(output, y)

    with pytest.raises(AssertionError):
        assert_gradient(network, X, y, Off(), None, True)

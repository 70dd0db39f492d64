"""User-defined layers, losses and other parts: what is missing in one is an error that names it."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pytest

import barenet
from barenet import METRICS, Network, check_gradients, train
from barenet.activations import Activation
from barenet.initializers import Initializer
from barenet.layers import ActivationLayer, BatchNorm, Dense, Layer
from barenet.losses import Loss
from barenet.optimizers import Clipping, Optimizer
from barenet.penalties import Penalty
from barenet.schedules import Schedule

X = np.linspace(-1, 1, 12).reshape(6, 2)
Y = X.sum(axis=1)


class Linear(Layer):
    """A dense layer without a bias, whose methods others below replace."""

    name = "linear"

    def __init__(self, n_in=2, n_out=3):
        self.n_in, self.n_out = n_in, n_out
        self.parameter_shapes = {"weights": (n_in, n_out)}

    def initialize(self, rng):
        self.weights = rng.normal(size=(self.n_in, self.n_out))

    def forward(self, X, *, training=False, rng_key=0):
        return X @ self.weights, X

    def backward(self, cache, d_output, out):
        out["weights"][:] = cache.T @ d_output
        return d_output @ self.weights.T


class Undeclared(Linear):
    def __init__(self):
        self.n_in, self.n_out = 2, 3

    def backward(self, cache, d_output, out):
        return d_output @ self.weights.T


class UndeclaredKernel(Undeclared):
    def initialize(self, rng):
        self.kernel = rng.normal(size=(2, 3))


class UndeclaredFromTheStart(Undeclared):
    def __init__(self):
        self.n_in, self.n_out = 2, 3
        self.weights = np.ones((2, 3))

    initialize = Layer.initialize


class FilledLater(Undeclared):
    def __init__(self):
        self.n_in, self.n_out = 2, 3
        self.kernel = np.empty((2, 3))

    def initialize(self, rng):
        self.kernel[:] = rng.normal(size=(2, 3))


class Misspelt(Linear):
    def __init__(self):
        self.n_in, self.n_out = 2, 3
        self.parameters_shapes = {"weights": (2, 3)}


class NotInitialized(Linear):
    initialize = Layer.initialize


class PartlyInitialized(Linear):
    def __init__(self):
        super().__init__()
        self.parameter_shapes = {"weights": (2, 3), "bias": (3,)}


class StatisticsNotInitialized(Linear):
    statistic_shapes = MappingProxyType({"mean": (2,)})


class Replaces(Linear):
    def backward(self, cache, d_output, out):
        out["weights"] = cache.T @ d_output
        return d_output @ self.weights.T


class Updates(Linear):
    def backward(self, cache, d_output, out):
        out.update(weights=cache.T @ d_output)
        return d_output @ self.weights.T


class Adds(Linear):
    def backward(self, cache, d_output, out):
        out["weights"] += cache.T @ d_output
        return d_output @ self.weights.T


class WritesNothing(Linear):
    def backward(self, cache, d_output, out):
        return d_output @ self.weights.T


class WritesAnotherName(Linear):
    def backward(self, cache, d_output, out):
        out["weights"][:] = cache.T @ d_output
        out["kernel"] = cache.T @ d_output
        return d_output @ self.weights.T


class OutputAlone(Linear):
    def forward(self, X, *, training=False, rng_key=0):
        return X @ self.weights


class WrongColumns(Linear):
    def forward(self, X, *, training=False, rng_key=0):
        return (X @ self.weights)[:, :1], X


class NoInputGradient(Linear):
    def backward(self, cache, d_output, out):
        out["weights"][:] = cache.T @ d_output


class SumOfInputGradient(Linear):
    def backward(self, cache, d_output, out):
        out["weights"][:] = cache.T @ d_output
        return (d_output @ self.weights.T).sum(axis=0)


LAYERS = {
    Undeclared: "weights", UndeclaredKernel: "kernel", UndeclaredFromTheStart: "weights",
    FilledLater: "kernel", Misspelt: "weights", NotInitialized: "no initialize, which sets weights",
    PartlyInitialized: "its initialize doesn't set bias", StatisticsNotInitialized: "mean",
    Replaces: "weights", Updates: "weights", Adds: "weights", WritesNothing: "weights",
    WritesAnotherName: "kernel", OutputAlone: "forward", WrongColumns: r"\(6, 3\), got float64 of",
    NoInputGradient: "backward: .*got None", SumOfInputGradient: r"\(6, 2\), got float64 of",
}  # fmt: skip


@pytest.mark.case(229)
@pytest.mark.parametrize("kind", LAYERS)
@pytest.mark.parametrize("function", [train, check_gradients])
def test_a_layer_that_would_not_learn_is_refused(function, kind, refused):
    with refused("layers", rf"{kind.__name__}\b.*{LAYERS[kind]}"):
        network = Network([Dense(2, 2), kind(), Dense(3, 1)], dtype="float64")
        function(network, X, Y)


class Masked(Layer):
    """A fixed mask, a fixed projection and counters, which are not learned."""

    name = "masked"

    def __init__(self):
        self.n_in = self.n_out = 2
        self.mask = np.array([1.0, 0.5])
        self.W = np.random.default_rng(0).normal(size=(2, 2))
        self.scratch = None
        self.n_calls = 0

    def initialize(self, rng):
        self.n_calls = 0

    def forward(self, X, *, training=False, rng_key=0):
        self.n_calls += 1
        self.scratch = X * self.mask
        return self.scratch @ self.W, None

    def backward(self, cache, d_output, out):
        return d_output @ self.W.T * self.mask


class Zero(Linear):
    def initialize(self, rng):
        self.weights = 0.0


class FirstLayer(Linear):
    def backward(self, cache, d_output, out):
        out["weights"][:] = cache.T @ d_output  # nothing needs dL/dX


class WiderDense(Dense):
    name = "wider"


class Normed(BatchNorm):
    name = "normed"


class ColumnSums(Layer):
    """It takes any number of columns."""

    name = "sums"
    n_out = 1

    def forward(self, X, *, training=False, rng_key=0):
        return X.sum(axis=1, keepdims=True), X.shape

    def backward(self, cache, d_output, out):
        return np.broadcast_to(d_output, cache)


@pytest.mark.case(229)
@pytest.mark.parametrize("layers", [
    [Dense(2, 2), Masked(), Dense(2, 1)], [Zero(), Dense(3, 1)], [FirstLayer(), Dense(3, 1)],
    [WiderDense(2, 3), Normed(3), Dense(3, 1)], [Linear(), Linear(3, 1)],
    [Dense(2, 3), ColumnSums()],
])  # fmt: skip
def test_legitimate_layers_are_trained(layers):
    network = Network(layers, dtype="float64")
    before = network.parameters.copy()
    assert check_gradients(network, X, Y)
    train(network, X, Y, epochs=2)
    assert not np.array_equal(network.parameters, before)
    network.initialize(1)
    assert np.array_equal(network.copy().predict(X), network.predict(X))


@pytest.mark.case(229)
def test_a_gradient_that_becomes_nan_is_still_a_divergence():
    class Explodes(Linear):
        def backward(self, cache, d_output, out):
            out["weights"][:] = np.nan
            return d_output @ self.weights.T

    with pytest.raises(barenet.errors.DivergenceError):
        train(Network([Explodes(), Dense(3, 1)]), X, Y, epochs=2)


def returning(base, **methods):
    """A user's class whose methods return the results of functions."""
    members = {"name": "own"}
    for method, function in methods.items():
        members[method] = function
    return type("Own", (base,), members)


def squares(self, output, y):
    return ((output - y) ** 2).sum(axis=1)


def differences(self, output, y):
    return 2 * (output - y)


def own_loss(**methods):
    return returning(Loss, **{"per_sample": squares, "derivative": differences} | methods)()


LOSSES = {
    "scalar": ("per_sample", lambda self, output, y: ((output - y) ** 2).sum(), r"\(6,\), got"),
    "float": ("per_sample", lambda self, output, y: 0.5, r"\(6,\), got float64 of shape \(\)"),
    "column": ("per_sample", lambda self, output, y: (output - y) ** 2, r"\(6,\), .* \(6, 1\)"),
    "nothing": ("per_sample", lambda self, output, y: None, r"\(6,\), got None"),
    "complex": (
        "per_sample",
        lambda self, output, y: (output - y)[:, 0] * 1j,
        r"\(6,\), got complex",
    ),
    "vector": ("derivative", lambda self, output, y: (output - y)[:, 0], r"\(6, 1\), .* \(6,\)"),
    "mean": ("derivative", lambda self, output, y: (output - y).mean(), r"\(6, 1\), .* \(\)"),
    "other": ("derivative", lambda self, output, y: (output - y).T, r"\(6, 1\), .* \(1, 6\)"),
}


@pytest.mark.case(230)
@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("function", [train, check_gradients, "value and gradient", "regressor"])
def test_a_loss_of_the_wrong_shape_is_named(function, name, refused):
    method, wrong, shapes = LOSSES[name]
    loss = own_loss(**{method: wrong})
    network = Network([Dense(2, 1)], dtype="float64")
    with refused("loss", rf"Own.{method}: expected real numbers of shape {shapes}"):
        if function == "regressor":
            barenet.MLPRegressor(loss=loss, max_iter=1).fit(X, Y)
        elif function == "value and gradient":
            network.value_and_gradient(X, Y, loss)
        else:
            function(network, X, Y, loss=loss)


@pytest.mark.case(230)
def test_lists_and_whole_numbers_of_the_right_shape_are_taken():
    loss = own_loss(per_sample=lambda self, output, y: squares(self, output, y).tolist())
    network = Network([Dense(2, 1)], dtype="float64")
    assert check_gradients(network, X, Y, loss)
    assert train(network, X, Y, loss=loss, epochs=1).loss


def tanh(self, Z):
    return np.tanh(Z)


def slope(self, Z, A):
    return 1 - A**2


ACTIVATIONS = {
    "forward": {"forward": lambda self, Z: np.tanh(Z).sum(axis=1), "derivative": slope},
    "derivative": {"forward": tanh, "derivative": lambda self, Z, A: (1 - A**2).sum()},
    "backward": {"forward": tanh, "backward": lambda self, Z, A, d_A: d_A.sum(axis=0)},
}


@pytest.mark.case(230)
@pytest.mark.parametrize("method", ACTIVATIONS)
@pytest.mark.parametrize("separate", [False, True])
def test_an_activation_of_the_wrong_shape_is_named(method, separate, refused):
    activation = returning(Activation, **ACTIVATIONS[method])()
    layers = [Dense(2, 3, activation), Dense(3, 1)]
    if separate:
        layers = [Dense(2, 3), ActivationLayer(activation), Dense(3, 1)]
    with refused("activation", rf"Own.{method}: expected real numbers of shape \(6, 3\), got "):
        train(Network(layers), X, Y, engine="reference")


@pytest.mark.case(230)
def test_other_parts_that_return_the_wrong_thing_are_named(refused):
    def fit(**settings):
        train(Network([Dense(2, 1)]), X, Y, epochs=1, **settings)

    zeros = {"value": lambda *_: 0.0, "gradient": lambda self, parameters, _: parameters * 0}
    for method, wrong in {"value": lambda *_: np.zeros(3), "gradient": lambda *_: 0.0}.items():
        penalty = returning(Penalty, **zeros | {method: wrong})
        with refused("penalty", f"Own.{method}: expected"):
            fit(penalty=penalty(0.1))
    for factor in (np.ones(2), None, "1", np.nan, np.inf):
        with refused("schedule", "Own.factor: expected a "):
            fit(schedule=returning(Schedule, factor=lambda *_, factor=factor: factor)())
    for draw in (0.5, np.ones(2), np.ones((2, 1)), None):
        with refused("init", r"Own.draw: expected real numbers of shape \(1, 2\), got "):
            Network([Dense(2, 1, init=returning(Initializer, draw=lambda *_, r=draw: r)())])
    with refused("optimizer", "Own.update returned an array of shape"):
        update = returning(Optimizer, update=lambda self, theta, g, rate: theta - rate * g)
        fit(optimizer=update(0.1))
    with refused("clip", "Own.clip returned an array of shape"):
        fit(clip=returning(Clipping, clip=lambda self, gradient: gradient / 2)(1.0))


@pytest.mark.case(230)
@pytest.mark.parametrize("score", [np.ones(6), None, np.ones((1, 1))])
def test_a_metric_that_is_not_a_number_is_named(monkeypatch, score, refused):
    own = replace(METRICS["mae"], compute=lambda *_: score, title="largest error")
    monkeypatch.setitem(METRICS, "own", own)
    with refused("metrics", "largest error: expected a number, got "):
        train(Network([Dense(2, 1)]), X, Y, epochs=1, metrics="own")

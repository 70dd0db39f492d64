"""Hazards around kernels: infinite numbers, denormals, interruption."""

import os
import signal
import threading
import time
import warnings

import numpy as np
import pytest

from barenet import Network, train
from barenet.engines import ENGINES
from barenet.errors import DivergenceError
from barenet.layers import BatchNorm, Dense, LayerNorm

X64 = np.random.default_rng(0).normal(size=(64, 300))
X20, X40 = X64[:20, :5], X64[:40, :5]


def kinds_of(numbers):
    """NaN as 2, ±∞ as ±1, finite numbers as 0."""
    return np.where(np.isnan(numbers), 2, np.where(np.isinf(numbers), np.sign(numbers), 0))


def small(output="softmax", dtype="float32", hidden="tanh", n_inputs=5):
    return Network.dense([n_inputs, 7, 3], hidden=hidden, output=output, seed=1, dtype=dtype)


@pytest.fixture
def engines(request):
    """The reference, and another engine that is compared with it: usually the compiled one."""
    other = getattr(request, "param", "compiled")
    return {name: ENGINES[name] for name in ("reference", other)}


# Infinite numbers, and those that are close to them


@pytest.mark.parametrize(
    ("place", "bad", "hidden"),
    [  # every pair of two of them
        (("weights", "bias", "last bias")[(i + j) % 3], bad, hidden)
        for i, bad in enumerate((np.nan, np.inf, -np.inf))
        for j, hidden in enumerate(("relu", "tanh", "softplus"))
    ],
)
def test_a_non_finite_parameter(engines, place, bad, hidden, make_job):
    dtype = "float32"
    found = []
    for kind in engines.values():
        network = small("softmax", dtype, hidden)
        {"weights": network.layers[0].weights[2], "bias": network.layers[0].bias,
         "last bias": network.layers[1].bias}[place][1] = bad  # fmt: skip
        engine = kind(make_job(network, X20, np.arange(20) % 3))
        with np.errstate(all="ignore"):
            value, output = engine.evaluate(engine.job.rows)
            report = engine.run([np.arange(20)], 8, np.full(3, 0.1), 0)
        found.append((np.isfinite(value), np.isnan(output), *map(np.isfinite, report)))
    for expected, seen in zip(*found, strict=True):
        assert np.array_equal(expected, seen)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "exponential"])
@pytest.mark.parametrize("size", [1e2, 1e30])
def test_outputs_that_overflow(engines, size, output, make_job):
    dtype = "float32"
    found = []
    for kind in engines.values():
        network = small(output, dtype)
        network.layers[1].bias[:] = [size, -size, size / 2]
        engine = kind(make_job(network, X20))
        with np.errstate(all="ignore"):
            results = [*engine.value_and_gradient(), *engine.evaluate(engine.job.rows)]
            found.append([np.asarray(each).astype(dtype) for each in results])
    for expected, seen in zip(*found, strict=True):
        assert np.array_equal(kinds_of(expected), kinds_of(seen))
        finite = np.isfinite(expected)
        scale = np.abs(expected[finite]).max(initial=1e-30)
        np.testing.assert_allclose(seen[finite], expected[finite], rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"optimizer": "sgd:learning_rate=1e6"}, 1),
        ({"optimizer": "momentum:learning_rate=1e6"}, 1),
        ({"optimizer": "sgd:learning_rate=1", "loss": "squared_error"}, 1e18),
        ({"optimizer": "rmsprop:learning_rate=1e200"}, 1),
    ],
)
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_both_engines_diverge_at_the_same_batch(engines, settings, factor):
    dtype = "float32"
    X, y, ends = X64[:, :5], factor * X64[:, 5:8], []
    for engine in engines:
        network = small("identity", dtype, "relu")
        before = network.parameters.copy()
        with pytest.raises(DivergenceError) as caught:
            train(network, X, y, engine=engine, epochs=50, batch_size=8, **settings)
        ends.append((caught.value.epoch, caught.value.batch))
        assert np.isfinite(network.parameters).all()
        if caught.value.epoch == 1:
            assert np.array_equal(network.parameters, before)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad"])
def test_an_epsilon_that_underflows_keeps_norms_finite(engines, optimizer):
    """The padding of rows has a gradient of 0, and would be 0 / 0."""
    settings = {"optimizer": f"{optimizer}:epsilon=1e-50", "epochs": 2, "batch_size": 8}
    expected, found = (
        train(small("identity"), X40, X40[:, :3], engine=engine, **settings)["gradient_norm"]
        for engine in engines
    )
    assert found == pytest.approx(expected, rel=1e-3)


def test_gradient_norm_whose_squares_overflow(engines, make_job):
    norms, size = [], 1e25
    for kind in engines.values():
        network = small("identity")
        network.layers[1].bias[:] = size
        network.layers[1].weights[:] = 0
        engine = kind(make_job(network, X20, np.zeros((20, 3))))
        with np.errstate(over="ignore"):
            norms.append(engine.run([np.arange(20)], 20, np.zeros(1), 0).gradient_norms[0])
    assert norms[0] > size
    assert norms[1] == pytest.approx(norms[0], rel=1e-5)


@pytest.mark.parametrize("place", [0, 4])
@pytest.mark.parametrize("n_rows", [1, 4])
def test_the_norm_of_an_infinite_gradient_is_infinite(engines, n_rows, place, make_job):
    """Wherever its infinite numbers are; it isn't NaN, as ∞ · 0 would be."""
    y = np.zeros((n_rows, 5))
    y[:, place] = 1e10
    for kind in engines.values():
        network = Network.dense([1, 5], init="zeros", dtype="float64")
        engine = kind(make_job(network, np.full((n_rows, 1), 1e308), y))
        with np.errstate(all="ignore"):
            report = engine.run([np.arange(n_rows)], n_rows, np.zeros(1), 0)
        assert report.gradient_norms[0] == np.inf


@pytest.mark.parametrize(
    "engines", ["compiled", pytest.param("jax", marks=pytest.mark.jax)], indirect=True
)
def test_normalization_of_constant_and_huge_columns(engines, make_job):
    found = []
    for kind in engines.values():
        layers = [BatchNorm(5), Dense(5, 7, "tanh"), LayerNorm(7), Dense(7, 3, "softmax")]
        network = Network(layers, seed=1, dtype="float64")
        engine = kind(make_job(network, X40 * [0, 1e10, 1, 1e-10, 1], np.arange(40) % 3))
        found.append([*engine.run([np.arange(40)], 8, np.full(5, 0.1), 0), network.parameters])
    for expected, seen in zip(*found, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-8, atol=1e-9)


# Numbers close to 0


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "rmsprop"])
def test_moments_that_decay_to_denormals(engines, optimizer, dtype, make_job):
    """With hardly any gradient, they shrink by a factor in each of some hundred steps."""
    tiny, results = np.finfo(dtype).tiny, []
    for kind in engines.values():
        network = small("identity", dtype, "relu")
        job = make_job(network, np.zeros((8, 5)), np.zeros((8, 3)), optimizer=optimizer)
        job.optimizer.prepare(network.parameters)
        for moment in job.optimizer.moments.values():
            moment[:] = 1000 * tiny
        network.layers[1].weights[:] = 0
        network.layers[0].bias[:] = network.layers[1].bias[:] = 0
        report = kind(job).run([np.tile(np.arange(8), 400)], 8, np.full(400, 0.01), 0)
        results.append([network.parameters, *report, *job.optimizer.moments.values()])
        assert all(np.isfinite(each).all() for each in results[-1])
    for expected, seen in zip(*results, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=np.finfo(dtype).eps)


def assert_denormals_are_numbers():
    assert float(np.float32(1e-39) * np.float32(0.5)) == pytest.approx(5e-40, rel=1e-4)
    assert (np.full(64, 1e-310) * 0.5 == 5e-311).all()
    assert (np.full(64, 1e-39, np.float32) + np.float32(0) != 0).all()


@pytest.mark.parametrize("n_inputs", [5, 300])
@pytest.mark.parametrize("threads", [1, 2])
def test_denormals_are_restored_after_a_run_and_a_divergence(threads, n_inputs):
    X, settings = X64[:40, :n_inputs], {"engine": "compiled", "threads": threads}
    train(small(n_inputs=n_inputs), X, np.arange(40) % 3, epochs=2, **settings)
    assert_denormals_are_numbers()
    network, rate = small("identity", n_inputs=n_inputs), "sgd:learning_rate=1e30"
    with warnings.catch_warnings(), pytest.raises(DivergenceError):
        warnings.simplefilter("ignore", RuntimeWarning)
        train(network, X, X[:, :3], optimizer=rate, **settings)
    assert_denormals_are_numbers()


# Interruption


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("threads", [1, 2])
def test_an_interrupt_ends_a_long_run_soon(threads):
    X, y = np.tile(X64[:, :64], (64, 1)), np.arange(4096) % 3
    network = Network.dense([64, 128, 3], output="softmax", seed=0)
    settings = {"engine": "compiled", "threads": threads}
    train(network, X, y, epochs=1, **settings)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGINT))
    started = time.monotonic()
    try:
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            train(network, X, y, epochs=10**6, **settings)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - started < 60  # far less on a free machine

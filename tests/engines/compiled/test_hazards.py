"""What may go wrong around kernels: infinite numbers, denormals, interruption."""

import os
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import pytest

from barenet import Network, train
from barenet.engines import CompiledEngine, Job, ReferenceEngine
from barenet.errors import DivergenceError
from barenet.layers import BatchNorm, Dense, LayerNorm
from barenet.model._array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer

ENGINES = ("reference", "compiled")


# Infinite numbers, and those that are close to them


def job_for(network, X, y, optimizer="sgd"):
    loss = as_loss(None, network.output_activation)
    rows = validate_arrays(network, loss, X, y)
    return Job(network=network, rows=rows, loss=loss, optimizer=as_optimizer(optimizer), seed=5)


def kinds_of(numbers):
    """What sort of number each is, and whole numbers rounded."""
    numbers = np.asarray(numbers, float)
    return np.where(np.isnan(numbers), 2, np.where(np.isinf(numbers), np.sign(numbers), 0))


def small(output="softmax", dtype="float32", hidden="tanh", n_inputs=5):
    return Network.dense([n_inputs, 7, 3], hidden=hidden, output=output, seed=1, dtype=dtype)


@pytest.mark.parametrize("hidden", ["relu", "tanh", "sigmoid", "gelu", "softplus"])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("where", ["weights", "bias", "last bias"])
def test_a_parameter_that_is_no_number(where, bad, hidden, dtype):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 5)), np.arange(20) % 3
    found = []
    for spec in (ReferenceEngine, CompiledEngine):
        network = small("softmax", dtype, hidden)
        {"weights": network.layers[0].weights[2], "bias": network.layers[0].bias,
         "last bias": network.layers[1].bias}[where][1] = bad  # fmt: skip
        engine = spec(job_for(network, X, y))
        with np.errstate(all="ignore"):
            value, output = engine.evaluate(engine.job.rows)
            report = engine.run(np.arange(20), 8, np.full(3, 0.1), 0)
        found.append((np.isfinite(value), np.isnan(output), *map(np.isfinite, report)))
    for expected, seen in zip(*found, strict=True):
        assert np.array_equal(expected, seen)


@pytest.mark.parametrize("output", ["softmax", "sigmoid", "identity", "exponential"])
@pytest.mark.parametrize("size", [1e2, 1e4, 1e30])
def test_huge_outputs(size, output, dtype):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 5)), rng.integers(2, size=(20, 3))
    y = np.eye(3)[y[:, 0]] if output == "softmax" else y
    found = []
    for spec in (ReferenceEngine, CompiledEngine):
        network = small(output, dtype)
        network.layers[1].bias[:] = [size, -size, size / 2]
        engine = spec(job_for(network, X, y))
        with np.errstate(all="ignore"):
            value, gradient = engine.value_and_gradient()
            loss, said = engine.evaluate(engine.job.rows)
        found.append([np.asarray(each).astype(dtype) for each in (value, gradient, loss, said)])
    for expected, seen in zip(*found, strict=True):
        assert np.array_equal(kinds_of(expected), kinds_of(seen))
        finite = np.isfinite(expected)
        scale = np.abs(np.where(finite, expected, 0)).max(initial=1e-30)
        expected, seen = (np.where(finite, each, 0) for each in (expected, seen))
        np.testing.assert_allclose(seen, expected, rtol=1e-4, atol=1e-5 * scale)


@pytest.mark.parametrize(
    ("settings", "factor"),
    [
        ({"optimizer": "sgd:learning_rate=1e6"}, 1),
        ({"optimizer": "momentum:learning_rate=1e6"}, 1),
        ({"optimizer": "sgd:learning_rate=1", "loss": "squared_error"}, 1e18),
        ({"optimizer": "rmsprop:learning_rate=1e200"}, 1),
    ],
)
def test_a_run_that_diverges_does_so_at_the_same_batch(settings, factor, dtype):
    rng, ends = np.random.default_rng(0), []
    X, y = rng.normal(size=(64, 5)), factor * rng.normal(size=(64, 3))
    for engine in ENGINES:
        network = small("identity", dtype, "relu")
        before = network.parameters.copy()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            with pytest.raises(DivergenceError) as caught:
                train(network, X, y, engine=engine, epochs=50, batch_size=8, **settings)
        ends.append((caught.value.epoch, caught.value.batch))
        assert np.isfinite(network.parameters).all()
        if caught.value.epoch == 1:
            assert np.array_equal(network.parameters, before)
    assert ends[0] == ends[1]


@pytest.mark.parametrize("optimizer", ["adam", "rmsprop", "adagrad"])
def test_an_epsilon_that_is_0_in_the_dtype_spoils_no_norm(optimizer):
    """What pads rows has a gradient of 0, and would be 0 / 0."""
    X, norms = np.random.default_rng(0).normal(size=(40, 5)), []
    for engine in ENGINES:
        network = small("identity")
        settings = {"optimizer": f"{optimizer}:epsilon=1e-50", "epochs": 2, "batch_size": 8}
        norms.append(train(network, X, X[:, :3], engine=engine, **settings)["gradient_norm"])
    assert norms[1] == pytest.approx(norms[0], rel=1e-3)


def test_the_norm_of_a_gradient_whose_squares_do_not_fit_the_dtype():
    norms, size = [], 1e25
    for spec in (ReferenceEngine, CompiledEngine):
        network = small("identity")
        X = np.random.default_rng(0).normal(size=(20, 5))
        network.layers[1].bias[:] = size
        network.layers[1].weights[:] = 0
        engine = spec(job_for(network, X, np.zeros((20, 3))))
        with np.errstate(over="ignore"):
            norms.append(engine.run(np.arange(20), 20, np.zeros(1), 0).gradient_norms[0])
    assert norms[0] > size
    assert norms[1] == pytest.approx(norms[0], rel=1e-5)


def test_norms_of_constant_and_huge_columns():
    rng, found = np.random.default_rng(0), []
    X = rng.normal(size=(40, 5)) * [0, 1e10, 1, 1e-10, 1]
    for spec in (ReferenceEngine, CompiledEngine):
        layers = [BatchNorm(5), Dense(5, 7, "tanh"), LayerNorm(7), Dense(7, 3, "softmax")]
        network = Network(layers, seed=1, dtype="float64")
        engine = spec(job_for(network, X, np.arange(40) % 3))
        found.append([*engine.run(np.arange(40), 8, np.full(5, 0.1), 0), network.parameters])
    for expected, seen in zip(*found, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-8, atol=1e-9)


# Numbers close to 0


@pytest.mark.parametrize("optimizer", ["momentum", "adam", "rmsprop"])
def test_moments_that_decay_into_denormals(optimizer, dtype):
    """With hardly any gradient, they shrink by a factor in each of some hundred steps."""
    tiny, results = np.finfo(dtype).tiny, []
    for spec in (ReferenceEngine, CompiledEngine):
        network = small("identity", dtype, "relu")
        job = job_for(network, np.zeros((8, 5)), np.zeros((8, 3)), optimizer)
        job.optimizer.prepare(network.parameters)
        for moment in job.optimizer.moments.values():
            moment[:] = 1000 * tiny
        network.layers[1].weights[:] = 0
        network.layers[0].bias[:] = network.layers[1].bias[:] = 0
        report = spec(job).run(np.tile(np.arange(8), 400), 8, np.full(400, 0.01), 0)
        assert np.isfinite(network.parameters).all()
        assert np.isfinite(report).all()
        results.append([network.parameters, *job.optimizer.moments.values()])
    for expected, seen in zip(*results, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-5, atol=np.finfo(dtype).eps)


def assert_denormals_are_numbers():
    assert float(np.float32(1e-39) * np.float32(0.5)) == pytest.approx(5e-40, rel=1e-4)
    assert (np.full(64, 1e-310) * 0.5 == 5e-311).all()
    assert (np.full(64, 1e-39, np.float32) + np.float32(0) != 0).all()


@pytest.mark.parametrize("n_inputs", [5, 300])
@pytest.mark.parametrize("threads", [1, 2])
def test_denormals_are_numbers_again_after_a_run_and_a_divergence(threads, n_inputs):
    X, settings = np.random.default_rng(0).normal(size=(40, n_inputs)), {"engine": "compiled"}
    train(small(n_inputs=n_inputs), X, np.arange(40) % 3, epochs=2, threads=threads, **settings)
    assert_denormals_are_numbers()
    network, rate = small("identity", n_inputs=n_inputs), "sgd:learning_rate=1e30"
    with warnings.catch_warnings(), pytest.raises(DivergenceError):
        warnings.simplefilter("ignore", RuntimeWarning)
        train(network, X, X[:, :3], optimizer=rate, threads=threads, **settings)
    assert_denormals_are_numbers()


# Interruption

ENDLESS = """
import sys
import numpy as np
from barenet import Network, train
X = np.random.default_rng(0).normal(size=(4096, 64))
network = Network.dense([64, 128, 3], output="softmax", seed=0)
train(network, X, np.arange(4096) % 3, epochs=2, engine="compiled", threads=int(sys.argv[1]))
print("begun", flush=True)
train(network, X, np.arange(4096) % 3, epochs=10**6, engine="compiled", threads=int(sys.argv[1]))
"""


@pytest.mark.skipif(os.name != "posix", reason="needs signals")
@pytest.mark.parametrize("threads", ["1", "2"])
def test_an_interruption_ends_a_long_run_soon(threads):
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, threads], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    try:
        assert process.stdout.readline() == b"begun\n"
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        _, complaints = process.communicate(timeout=10)  # it needs far less, on a free machine
    finally:
        process.kill()
    assert b"KeyboardInterrupt" in complaints
    assert process.returncode in (1, -signal.SIGINT)

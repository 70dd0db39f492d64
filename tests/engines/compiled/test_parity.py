"""The compiled engine against the reference: every layer, activation, loss and rule that there is.

The reference was checked by finite differences, by hand and by PyTorch; here the two take the same
steps. The registries are swept, so what is added is in here, or is refused and so seen.
"""

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet import Network, train
from barenet.activations import ACTIVATIONS
from barenet.engines import CompiledEngine, Job, ReferenceEngine
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.losses import LOSSES
from barenet.model._array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS, ClipNorm, ClipValue
from barenet.penalties import L1, L2

TOLERANCE = {"float64": 1e-10, "float32": 1e-4}
STEPPING = [*sorted(set(OPTIMIZERS) - {"lbfgs"}), "adam:epsilon=0.1,epsilon_hat=0.2"]


def every_layer(dtype):
    layers = [
        LayerNorm(5),
        Dense(5, 18, "relu"),
        BatchNorm(18),
        ActivationLayer("silu"),
        Dropout(0.3),
        LayerNorm(18),
        Dense(18, 33, "gelu"),
        BatchNorm(33),
        Dense(33, 3, "softmax"),
    ]
    return Network(layers, seed=1, dtype=dtype)


def targets_for(loss, n_rows, n_outputs):
    rng = np.random.default_rng(2)
    if loss.name in ("categorical_cross_entropy", "categorical_focal"):
        return np.eye(n_outputs)[rng.integers(n_outputs, size=n_rows)]
    if loss.name in ("binary_cross_entropy", "binary_focal", "poisson"):
        return rng.integers(2, size=(n_rows, n_outputs))
    return rng.normal(size=(n_rows, n_outputs))


def job_for(network, spec=None, *, optimizer="sgd", n_rows=37, weighted=False, **settings):
    rng = np.random.default_rng(1)
    loss = as_loss(spec, network.output_activation)
    X = rng.normal(size=(n_rows, network.n_inputs))
    weight = rng.random(n_rows) * (rng.random(n_rows) > 0.2) if weighted else None
    rows = validate_arrays(network, loss, X, targets_for(loss, n_rows, network.n_outputs), weight)
    rule = as_optimizer(optimizer)
    return Job(network=network, rows=rows, loss=loss, optimizer=rule, seed=5, **settings)


def after_a_few_steps(engine_class, make, batch_size=8, **settings):
    """Ten steps and more: two visits of all rows, with a last batch that is not full."""
    job = job_for(make(), **settings)
    engine = engine_class(job)
    order = np.random.default_rng(4).permutation(len(job.rows.X))
    rates = np.full(-(-len(order) // batch_size), 0.001)
    reports = [engine.run(order, batch_size, rates, visit * len(rates)) for visit in range(2)]
    moments = list(job.optimizer.moments.values())
    vectors = [job.network.parameters, job.network.statistics, *moments]
    return [*vectors, *(np.concatenate(each) for each in zip(*reports, strict=True))]


def assert_equal(make, dtype="float64", **settings):
    pairs = zip(
        after_a_few_steps(ReferenceEngine, lambda: make(dtype), **settings),
        after_a_few_steps(CompiledEngine, lambda: make(dtype), **settings),
        strict=True,
    )
    for expected, found in pairs:
        assert found.dtype == expected.dtype
        scale = np.abs(expected).max(initial=1e-3)
        np.testing.assert_allclose(found, expected, rtol=0, atol=TOLERANCE[dtype] * scale)


def small(hidden="tanh", output="identity"):
    return lambda dtype: Network.dense([5, 7, 20, 3], hidden=hidden, output=output, dtype=dtype)


@pytest.mark.parametrize("batch_size", [1, 8, 37])
def test_promise_07_every_layer(dtype, batch_size):
    assert {layer.name for layer in every_layer(dtype).layers} == set(LAYERS)
    assert_equal(every_layer, dtype, batch_size=batch_size, optimizer="momentum")


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_promise_07_every_activation(name, dtype):
    make = small("tanh", name) if name == "exponential" else small(name)  # that one is for outputs
    assert_equal(make, dtype, spec="squared_error")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("loss", "output"),
    [
        (loss, output)
        for loss, spec in LOSSES.items()
        for output in (spec.outputs or ("identity", "tanh"))
    ],
)
def test_promise_07_every_loss_on_every_output(loss, output, dtype, weighted):
    assert_equal(small("tanh", output), dtype, spec=loss, weighted=weighted)


@pytest.mark.parametrize("gamma", [0, 0.5, 2])
@pytest.mark.parametrize("output", ["sigmoid", "softmax"])
@pytest.mark.parametrize("loss", ["binary_focal", "categorical_focal"])
def test_focal_losses_of_a_network_that_is_sure(loss, output, gamma, dtype):
    """Of one probability nothing is left beside 1: a power below 0 of that would be infinite."""

    def sure(dtype):
        network = Network.dense([5, 3], output=output, dtype=dtype, seed=1)
        network.parameters[-3:] = [60, 0, -60]
        return network

    assert_equal(sure, dtype, spec=f"{loss}:gamma={gamma}")


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"penalties": [L2([0.1, 0.2, 0.0]), L1(0.01)]},
        {
            "penalties": [
                L2(0.3, normalize_by_batch=True),
                L2(0.1),
                L1(0.2, normalize_by_batch=True),
            ]
        },
        {"clipping": ClipNorm(0.1), "penalties": [L2(0.1)]},
        {"clipping": ClipValue(0.01)},
    ],
    ids=["plain", "penalties", "shared", "norm", "value"],
)
@pytest.mark.parametrize("name", STEPPING)
def test_promise_07_every_optimizer(name, settings, dtype):
    assert_equal(small(), dtype, spec="squared_error", optimizer=name, **settings)


def test_a_shared_penalty_goes_by_the_weight_of_each_batch():
    penalties = [L2(0.3, normalize_by_batch=True)]
    assert_equal(small(), spec="squared_error", weighted=True, penalties=penalties)


@settings(max_examples=settings.default.max_examples * 3 // 5)
@given(
    sizes=st.lists(st.integers(1, 70), min_size=2, max_size=5),
    batch_size=st.integers(1, 40),
    hidden=st.sampled_from(["relu", "tanh", "sigmoid", "leaky_relu:slope=0.3", "elu:alpha=0.5"]),
)
def test_promise_07_any_architecture_and_batch_size(sizes, batch_size, hidden):
    def make(dtype):
        return Network.dense(sizes, hidden=hidden, dtype=dtype, seed=3)

    assert_equal(make, spec="huber:delta=0.5", batch_size=batch_size, optimizer="momentum")


#: Vectors and floats that are always tested, as each pair takes seconds to compile.
FEW = [(0, "float32"), (256, "float64")]


@pytest.mark.parametrize(
    ("bits", "dtype"),
    [
        pytest.param(bits, dtype, marks=[] if (bits, dtype) in FEW else pytest.mark.slow)
        for bits in (0, 128, 256, 512)
        for dtype in ("float32", "float64")
    ],
)
def test_narrower_vectors_down_to_plain_loops(bits, dtype, monkeypatch):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    assert_equal(every_layer, dtype, optimizer="momentum")


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", [None, "squared_error"])
def test_measuring_and_the_gradient_of_all_rows(loss, weighted):
    network = every_layer("float64")
    train(network, np.random.default_rng(0).normal(size=(50, 5)), np.arange(50) % 3, epochs=1)
    job = job_for(network, loss, n_rows=1300, weighted=weighted, penalties=[L2(0.1)])
    found = []
    for kind in (ReferenceEngine, CompiledEngine):
        twin = network.copy()
        engine = kind(Job(**{**vars(job), "network": twin}))
        value, output = engine.evaluate(job.rows)
        loss_of_all, gradient = engine.value_and_gradient()
        found.append([value, output, loss_of_all, gradient, twin.statistics])
    for expected, seen in zip(*found, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-11, atol=1e-12)

"""The compiled engine against the reference: every layer, activation, loss and optimizer.

The reference is checked by finite differences, by hand and against PyTorch. The registries are
swept, so an entry that is added is compared, or refused and so seen.
"""

from dataclasses import replace
from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet import Network, train
from barenet.activations import ACTIVATIONS
from barenet.engines import CompiledEngine, ReferenceEngine
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.losses import LOSSES
from barenet.optimizers import OPTIMIZERS, ClipNorm, ClipValue
from barenet.penalties import L1, L2

#: They alternate where a product of other parameters is swept.
DTYPES = ("float32", "float64")
STEPPING = [*sorted(set(OPTIMIZERS) - {"lbfgs"}), "adam:epsilon=0.1,epsilon_hat=0.2"]
STEPPING += ["sgd:average=0.8", "momentum:average=0.99", "adam:average=0.5", "muon:average=0.9"]


def every_layer(dtype):
    layers = [
        LayerNorm(5), Dense(5, 18, "relu"), BatchNorm(18), ActivationLayer("silu"), Dropout(0.3),
        LayerNorm(18), Dense(18, 33, "gelu"), BatchNorm(33), PReLU(33), Dense(33, 3, "softmax"),
    ]  # fmt: skip
    return Network(layers, seed=1, dtype=dtype)


def small(dtype, hidden="tanh", output="identity", n_out=3):
    return partial(Network.dense, [5, 7, 20, n_out], hidden=hidden, output=output, dtype=dtype)


@pytest.mark.promise(7)
@pytest.mark.parametrize("batch_size", [1, 8, 37])
def test_every_layer_agrees_on_both_engines(batch_size, dtype, assert_engines_agree):
    assert {layer.name for layer in every_layer(dtype).layers} == set(LAYERS)
    assert_engines_agree(partial(every_layer, dtype), batch_size, optimizer="momentum")


@pytest.mark.promise(7)
@pytest.mark.parametrize(
    ("name", "dtype"), [(name, DTYPES[i % 2]) for i, name in enumerate(ACTIVATIONS)]
)
def test_every_activation_agrees_on_both_engines(name, dtype, assert_engines_agree):
    only_output = name == "exponential"
    make = small(dtype, output=name) if only_output else small(dtype, name)
    assert_engines_agree(make, loss="squared_error")


@pytest.mark.promise(7)
@pytest.mark.parametrize(
    ("loss", "output", "weighted", "dtype"),
    [
        (*pair, i % 3 > 0, DTYPES[i % 2])
        for i, pair in enumerate([
            ("quantile:levels=[0.1,0.5,0.6]", "ascending"),
            ("squared_error", "tanh"),
            *((loss, output) for loss, kind in LOSSES.items()
              for output in (kind.on_logits or kind.activations or ("identity",))),
        ])
    ],
)  # fmt: skip
def test_every_loss_agrees_on_every_output_on_both_engines(
    loss, output, weighted, dtype, assert_engines_agree
):
    make = small(dtype, output=output, n_out=4 if loss == "gaussian_nll" else 3)
    assert_engines_agree(make, weighted=weighted, loss=loss)


@pytest.mark.parametrize("gamma", [0, 0.5])
@pytest.mark.parametrize(
    ("loss", "output"), [("binary_focal", "sigmoid"), ("categorical_focal", "softmax")]
)
def test_focal_losses_of_confident_predictions(loss, output, gamma, assert_engines_agree):
    """A probability is 0 beside 1, whose power below 0 would be infinite."""

    def sure():
        network = Network.dense([5, 3], output=output, dtype="float32", seed=1)
        network.parameters[-3:] = [60, 0, -60]
        return network

    assert_engines_agree(sure, loss=f"{loss}:gamma={gamma}")


SETTINGS = {
    "plain": {},
    "penalties": {"penalties": [L2([0.1, 0.2, 0.0]), L1(0.01)]},
    "shared": {
        "penalties": [L2(0.3, normalize_by_batch=True), L2(0.1), L1(0.2, normalize_by_batch=True)]
    },
    "norm": {"clipping": ClipNorm(0.1), "penalties": [L2(0.1)]},
    "value": {"clipping": ClipValue(0.01)},
}


@pytest.mark.promise(7)
@pytest.mark.parametrize(
    ("name", "settings", "dtype"),
    [
        # Each optimizer once, with the settings in turn; all pairs in the long tests.
        pytest.param(
            name, settings, DTYPES[(i + j) % 2],
            marks=() if i % len(SETTINGS) == j else pytest.mark.slow,
        )
        for i, name in enumerate(STEPPING)
        for j, settings in enumerate(SETTINGS)
    ],
)  # fmt: skip
def test_every_optimizer_agrees_on_both_engines(name, settings, dtype, assert_engines_agree):
    assert_engines_agree(small(dtype), optimizer=name, **SETTINGS[settings])


def test_a_shared_penalty_is_divided_by_the_weight_of_each_batch(assert_engines_agree):
    penalties = [L2(0.3, normalize_by_batch=True)]
    assert_engines_agree(small("float64"), weighted=True, penalties=penalties)


@pytest.mark.promise(7)
@settings(max_examples=settings.default.max_examples // 2)
@given(
    sizes=st.lists(st.integers(1, 70), min_size=2, max_size=5),
    batch_size=st.integers(1, 40),
    hidden=st.sampled_from(["relu", "tanh", "sigmoid", "leaky_relu:slope=0.3", "elu:alpha=0.5"]),
)
def test_any_architecture_and_batch_size_agrees_on_both_engines(
    sizes, batch_size, hidden, assert_engines_agree
):
    make = partial(Network.dense, sizes, hidden=hidden, dtype="float64", seed=3)
    assert_engines_agree(make, batch_size, loss="huber:delta=0.5", optimizer="momentum")


@pytest.mark.integration
@pytest.mark.parametrize(
    ("bits", "dtype"),
    [
        (0, "float64"),
        pytest.param(0, "float32", marks=pytest.mark.slow),
        pytest.param(128, "float32", marks=pytest.mark.slow),
        pytest.param(128, "float64", marks=pytest.mark.slow),
        pytest.param(256, "float32", marks=pytest.mark.slow),
        pytest.param(256, "float64", marks=pytest.mark.slow),
        pytest.param(512, "float32", marks=pytest.mark.slow),
        pytest.param(512, "float64", marks=pytest.mark.slow),
    ],
)
def test_every_vector_width_down_to_scalar_loops(bits, dtype, monkeypatch, assert_engines_agree):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    assert_engines_agree(partial(every_layer, dtype), optimizer="momentum")


@pytest.mark.parametrize(("loss", "weighted"), [(None, False), ("squared_error", True)])
def test_the_loss_and_the_gradient_of_many_rows(loss, weighted, make_job):
    network, weight = every_layer("float64"), np.arange(1300) % 7 if weighted else None
    train(network, np.random.default_rng(0).normal(size=(50, 5)), np.arange(50) % 3, epochs=1)
    job = make_job(network, loss=loss, n_rows=1300, sample_weight=weight, penalties=[L2(0.1)])
    found = []
    for kind in (ReferenceEngine, CompiledEngine):
        twin = network.copy()
        engine = kind(replace(job, network=twin))
        found.append([*engine.evaluate(job.rows), *engine.value_and_gradient(), twin.statistics])
    for expected, seen in zip(*found, strict=True):
        np.testing.assert_allclose(seen, expected, rtol=1e-11, atol=1e-12)


def test_a_gradient_of_all_rows_is_kept_by_its_caller(make_job):
    engine = CompiledEngine(make_job(Network.dense([5, 3, 2], seed=0), optimizer="muon"))
    _, gradient = engine.value_and_gradient()
    expected = gradient.copy()
    engine.run([np.arange(20)], 5, np.full(4, 0.1), 0)
    engine.value_and_gradient()
    assert np.array_equal(gradient, expected)

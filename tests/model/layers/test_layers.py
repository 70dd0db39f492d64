"""What every layer keeps to: one sweep over `LAYERS`, so that what is added is tested."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest

from barenet.model._network import Network
from barenet.model.layers import (
    LAYERS,
    ActivationLayer,
    BatchNorm,
    Dense,
    Dropout,
    Layer,
    LayerNorm,
    PReLU,
    layer_from,
)

#: One of each, for three columns.
EXAMPLES = {
    "dense": lambda: Dense(3, 3, "elu:alpha=2.0", init="orthogonal", bias_init="normal:std=0.2"),
    "dropout": lambda: Dropout(0.25),
    "batch_norm": lambda: BatchNorm(3, momentum=0.8, epsilon=1e-3),
    "layer_norm": lambda: LayerNorm(3, epsilon=1e-3),
    "prelu": lambda: PReLU(3, slope=-0.5),
    "activate": lambda: ActivationLayer("leaky_relu:slope=0.2"),
}
each = pytest.mark.parametrize("name", EXAMPLES)


def bound(name: str, dtype: str = "float64") -> tuple[Layer, Network]:
    layer = EXAMPLES[name]()
    return layer, Network([layer], dtype=dtype)


def test_the_sweep_covers_every_layer():
    assert set(EXAMPLES) == set(LAYERS)
    assert all(type(EXAMPLES[name]()) is kind for name, kind in LAYERS.items())


@each
def test_configuration_round_trip(name):
    layer = EXAMPLES[name]()
    twin = layer_from(layer.config())
    assert type(twin) is LAYERS[name]
    assert twin.config() == layer.config()
    assert twin.parameter_shapes == layer.parameter_shapes
    assert (twin.n_in, twin.n_out) == (layer.n_in, layer.n_out)


@each
@pytest.mark.parametrize("training", [False, True])
def test_dtype_and_shape_are_preserved(name, training, dtype):
    layer, network = bound(name, dtype)
    X = np.random.default_rng(0).normal(size=(5, 3)).astype(dtype)
    output, cache = layer.forward(X, training=training, rng_key=1)
    assert (output.dtype, output.shape) == (X.dtype, X.shape)
    gradient = np.full(network.n_parameters, np.nan, dtype)
    d_X = layer.backward(cache, np.ones_like(output), network.layout.views(gradient)[0])
    assert (d_X.dtype, d_X.shape) == (X.dtype, X.shape)
    assert np.isfinite(gradient).all()  # every entry is written
    assert network.parameters.dtype == network.statistics.dtype == dtype


@each
def test_passes_change_no_input_and_backward_is_repeatable(name):
    layer, network = bound(name)
    X = np.random.default_rng(0).normal(size=(5, 3))
    X.flags.writeable = False
    d_output = np.random.default_rng(1).normal(size=(5, 3))
    d_output.flags.writeable = False
    _, cache = layer.forward(X, training=True, rng_key=1)
    parameters = network.parameters.copy()
    first, second = np.empty(network.n_parameters), np.empty(network.n_parameters)
    d_X = layer.backward(cache, d_output, network.layout.views(first)[0])
    layer.forward(X[::-1] + 1, training=True, rng_key=2)  # changes nothing: all is in the cache
    again = layer.backward(cache, d_output, network.layout.views(second)[0])
    np.testing.assert_array_equal(d_X, again)
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(network.parameters, parameters)


@each
def test_predictions_do_not_depend_on_other_rows(name):
    layer, network = bound(name)
    network.parameters += 0.5
    X = np.random.default_rng(0).normal(size=(5, 3))
    together, _ = layer.forward(X)
    alone = np.vstack([layer.forward(X[[i]])[0] for i in range(5)])
    np.testing.assert_allclose(together, alone, rtol=1e-13)


@each
@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_copied_layer_can_join_another_network(name, twin_of):
    layer, network = bound(name)
    twin = twin_of(layer)
    assert not vars(twin).keys() & {**layer.parameter_shapes, **layer.statistic_shapes}
    assert twin.config() == layer.config()
    other = Network([twin])
    assert not np.shares_memory(other.parameters, network.parameters)


@each
def test_denormals_and_zeros(name, dtype):
    """Fault 88 for the layers: the smallest numbers there are, and none at all."""
    layer, _ = bound(name, dtype)
    tiny = np.full((4, 3), np.finfo(dtype).smallest_subnormal)
    for X in (tiny, np.zeros((4, 3), dtype)):
        for training in (False, True):
            output, _ = layer.forward(X, training=training, rng_key=1)
            assert np.isfinite(output).all()


NAN, INF = float("nan"), float("inf")
#: Layers, one of their arguments, values that it cannot have, and what is expected.
REFUSED = [
    *((make, "n_in", [0, -1, 2.5, "8", None, True, NAN], "a whole number of 1 or more")
      for make in (partial(Dense, n_out=2), BatchNorm, LayerNorm, PReLU)),
    (Dropout, "rate", [-0.1, 1, 1.5, NAN, INF, "0.5", None, True], "a number from 0 to below 1"),
    (partial(BatchNorm, 2), "momentum", [-0.1, 1, NAN, "x", None], "a number from 0 to below 1"),
    *((partial(kind, 2), "epsilon", [0, -1e-5, INF, "x"], "a number above 0")
      for kind in (BatchNorm, LayerNorm)),
    (partial(PReLU, 3), "slope", [NAN, "steep", None], "a number"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "argument", "values", "expected"), REFUSED)
def test_fault_28_33_an_argument_out_of_its_range(make, argument, values, expected, refused):
    for value in values:
        with refused(argument, f"expected {expected}, got"):
            make(**{argument: value})

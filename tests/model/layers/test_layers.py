"""The layer contract: a sweep over `LAYERS`, so that an added one is tested, and an own layer."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest

from barenet import Network
from barenet.activations import ACTIVATIONS
from barenet.initializers import GlorotUniform, HeUniform, LeCunNormal, Zeros
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.model._activations import Rectifier
from barenet.model.layers import Layer, layer_from

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
def test_dtype_and_shape_are_preserved(name):
    for training in (False, True):
        assert_preserved(name, training, "float32")


def assert_preserved(name, training, dtype):
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
def test_a_copied_layer_can_join_another_network(name):
    layer, network = bound(name)
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert not vars(twin).keys() & {**layer.parameter_shapes, **layer.statistic_shapes}
        assert twin.config() == layer.config()
        other = Network([twin])
        assert not np.shares_memory(other.parameters, network.parameters)


def test_default_initializers_of_a_dense_layer():
    for name, activation in ACTIVATIONS.items():
        layer = Dense(2, 3, name)
        default = HeUniform() if issubclass(activation, Rectifier) else GlorotUniform()
        assert layer.init == {"selu": LeCunNormal()}.get(name, default), name
        assert layer.bias_init == Zeros()


@pytest.mark.parametrize("name", ["softmax", "sigmoid", "tanh"])  # a loss on logits, or on outputs
def test_an_activation_layer_at_the_end_equals_the_dense_layers_activation(name):
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(5, 3)), rng.dirichlet(np.ones(2), 5)
    one = Network([Dense(3, 2, name)], dtype="float64")
    other = Network([Dense(3, 2), ActivationLayer(name)], dtype="float64")
    other.parameters[:] = one.parameters
    assert one.output_activation == other.output_activation
    np.testing.assert_array_equal(one.predict(X), other.predict(X))
    for loss in (None, "squared_error"):
        value, gradient = one.value_and_gradient(X, y, loss)
        expected, oracle = other.value_and_gradient(X, y, loss)
        assert value == expected
        np.testing.assert_array_equal(gradient, oracle)


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


@pytest.mark.case(28, 33)
@pytest.mark.parametrize(("make", "argument", "values", "expected"), REFUSED)
def test_an_argument_out_of_its_range_is_refused(make, argument, values, expected, refused):
    for value in values:
        with refused(argument, f"expected {expected}, got"):
            make(**{argument: value})


class Scale(Layer):
    """output = factor · X, with one factor for each column, and a count of the rows seen."""

    name = "scale"

    def __init__(self, width):
        self.width = width

    @property
    def parameter_shapes(self):
        return {"factor": (self.width,)}

    @property
    def statistic_shapes(self):
        return {"rows": (1,)}

    def forward(self, X, *, training=False, rng_key=0):
        if training:
            self.rows = self.rows + len(X)
        return self.factor * X, X

    def backward(self, cache, d_output, out):
        np.sum(d_output * cache, axis=0, out=out["factor"])
        return d_output * self.factor

    def initialize(self, rng):
        self.factor, self.rows = 2, 0


def test_a_user_defined_layer_trains():
    network = Network([Dense(2, 3), Scale(3), Dense(3, 1)], dtype="float64")
    assert network.sizes == (2, 3, 1)
    assert network.n_parameters == 9 + 3 + 4
    assert network.parameters[9:12].tolist() == [2, 2, 2]
    X, y = [[1.0, 2.0], [3.0, -1.0]], [1.0, 0.0]
    _, gradient = network.value_and_gradient(X, y)
    step = 1e-6
    for i in range(network.n_parameters):
        values = []
        for sign in (1, -1):
            network.parameters[i] += sign * step
            values.append(network.value_and_gradient(X, y)[0])
            network.parameters[i] -= sign * step
        assert gradient[i] == pytest.approx((values[0] - values[1]) / (2 * step), abs=1e-7)
    assert network.layers[1].rows.tolist() == [2 * (1 + 2 * network.n_parameters)]
    assert network.statistics.tolist() == network.layers[1].rows.tolist()


@pytest.mark.parametrize("twin_of", [copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_a_user_defined_layer_is_copied_with_its_network(twin_of):
    network = Network([Dense(2, 3), Scale(3)], dtype="float64")
    network.forward(np.ones((5, 2)), training=True)
    twin = twin_of(network)
    assert twin.layers[1].rows.tolist() == [5]
    twin.layers[1].factor = 7
    assert twin.parameters[-3:].tolist() == [7, 7, 7]
    assert network.parameters[-3:].tolist() == [2, 2, 2]


def test_parameters_do_not_exist_before_the_network():
    with pytest.raises(AttributeError, match=r"^Dense\(2, 3, 'identity'\) has no weights yet: "):
        print(Dense(2, 3).weights)
    with pytest.raises(AttributeError, match=r"no attribute 'wieghts'"):
        print(Dense(2, 3).wieghts)

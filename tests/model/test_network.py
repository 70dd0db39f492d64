"""The network: a case worked by hand, PyTorch's gradient, one vector with views, copies, seeds."""

import copy
import pickle
import subprocess
import sys

import joblib
import numpy as np
import pytest

import barenet
from barenet import Network
from barenet.activations import ACTIVATIONS
from barenet.engines import compiled_outputs
from barenet.layers import LAYERS, ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.model._network import _OUTPUT_FUNCTIONS, register_output_function
from barenet.model._randomness import derive_key

X = np.random.default_rng(0).normal(size=(6, 3))


def one_of_everything(**options) -> Network:
    """A network with every kind of layer, whose averages are not what they start from."""
    layers = [
        Dense(3, 4, "tanh"), BatchNorm(4), ActivationLayer("relu"), Dropout(0.3), LayerNorm(4),
        PReLU(4), Dense(4, 2, "softmax"),
    ]  # fmt: skip
    network = Network(layers, **{"seed": 7, "dtype": "float64", **options})
    network.forward(X, training=True, rng_key=1)
    assert {layer.name for layer in network.layers} == set(LAYERS)
    return network


# The case: 2 inputs, 2 ReLU neurons, 1 output, 2 samples; every number is exact in binary.
INPUTS = [[1.0, 2.0], [3.0, -1.0]]
TARGETS = [3.0, 7.0]
#: W₁ row by row, b₁, W₂, b₂.
PARAMETERS = [1, -1, 0.5, 2, 0.5, -1, 2, -1, 0.25]


def by_hand() -> Network:
    network = Network.dense([2, 2, 1], hidden="relu", dtype="float64")
    network.parameters[:] = PARAMETERS
    return network


def test_a_forward_pass_worked_by_hand():
    network = by_hand()
    output, (first, second) = network.forward(INPUTS)
    # Z₁ = X W₁ + b₁: row 1 is (1·1 + 2·½ + ½, −1·1 + 2·2 − 1), row 2 (3 − ½ + ½, −3 − 2 − 1)
    (_, Z, A, _), (*_, sums, activations, _) = first, second
    assert Z.tolist() == [[2.5, 2], [3, -6]]
    assert A.tolist() == [[2.5, 2], [3, 0]]
    # Z₂ = A₁ W₂ + b₂: 2½·2 − 2 + ¼ and 3·2 − 0 + ¼
    assert sums.tolist() == activations.tolist() == [[3.25], [6.25]]
    np.testing.assert_array_equal(output, network.predict(INPUTS))


def test_a_backward_pass_worked_by_hand():
    network = by_hand()
    value, gradient = network.value_and_gradient(INPUTS, TARGETS, "squared_error")
    # errors ¼ and −¾: L = ½ (1/16 + 9/16) / 2
    assert value == 0.15625
    # dZ₂ = error / 2 = (⅛, −⅜);  dW₂ = A₁ᵀ dZ₂ = (2½·⅛ − 3·⅜, 2·⅛ − 0);  db₂ = −¼
    assert gradient[6:].tolist() == [-0.8125, 0.25, -0.25]
    # dA₁ = dZ₂ W₂ᵀ = [[¼, −⅛], [−¾, ⅜]];  dZ₁ cuts the last one off, where z = −6
    # dW₁ = Xᵀ dZ₁ = [[1·¼ − 3·¾, −⅛], [2·¼ + 1·¾, −¼]];  db₁ = (¼ − ¾, −⅛)
    assert gradient[:6].tolist() == [-2, -0.125, 1.25, -0.25, -0.5, -0.125]
    # weights of 3 and 1 are fractions of ¾ and ¼, in place of ½ and ½
    value, gradient = network.value_and_gradient(INPUTS, TARGETS, sample_weight=[3, 1])
    assert value == 0.75 * 0.03125 + 0.25 * 0.28125
    assert gradient[-1] == 0.75 * 0.25 - 0.25 * 0.75


@pytest.mark.parametrize(
    ("loss", "output", "y"),
    [("squared_error", "identity", "targets"), ("categorical_cross_entropy", "softmax", "classes")],
)
def test_loss_and_gradient_agree_with_pytorch(pytorch, loss, output, y):
    """PyTorch's weights are (out, in), so here they are transposed, and so are their gradients."""
    figures = pytorch["network"]
    network = Network([Dense(3, 4, "tanh"), LayerNorm(4), Dense(4, 3, output)], dtype="float64")
    modules = (0, 2, 3)  # its tanh is module 1

    def flat(arrays):
        parts = [
            np.transpose(arrays[f"{modules[layer]}.{'bias' if name == 'bias' else 'weight'}"])
            for layer, name, *_ in network.layout.slots
        ]
        return np.concatenate([part.ravel() for part in parts])

    network.parameters[:] = flat(figures["parameters"])
    logits, _ = network.forward(figures["X"], logits=True)
    np.testing.assert_allclose(logits, figures["output"], rtol=1e-12)
    value, gradient = network.value_and_gradient(figures["X"], figures[y], loss)
    assert value == pytest.approx(figures[loss]["value"], rel=1e-13)
    np.testing.assert_allclose(gradient, flat(figures[loss]["gradients"]), rtol=1e-11, atol=1e-14)


def assert_views(network: Network) -> None:
    """Every array of every layer lies in the network's own vectors, one after the other."""
    assert network.parameters.flags.c_contiguous
    assert network.parameters.ndim == network.statistics.ndim == 1
    assert network.parameters.base is None or network.parameters.base.size == network.n_parameters
    network.parameters[:] = np.arange(network.n_parameters)
    seen = [getattr(network.layers[s.layer], s.name) for s in network.layout.slots]
    assert [array.shape for array in seen] == [s.shape for s in network.layout.slots]
    flat = np.concatenate([array.ravel() for array in seen])
    np.testing.assert_array_equal(flat, np.arange(network.n_parameters))
    network.statistics[:] = -1
    for slot in network.statistics_layout.slots:
        assert (getattr(network.layers[slot.layer], slot.name) == -1).all()


def test_the_parameters_are_one_vector(dtype):
    network = one_of_everything(dtype=dtype)
    assert network.n_parameters == (3 * 4 + 4) + 8 + 8 + 4 + (4 * 2 + 2) == network.parameters.size
    assert network.parameters.dtype == network.dtype == dtype
    assert_views(network)


def test_layer_views_write_to_the_vector():
    network = by_hand()
    network.layers[0].bias = 0
    network.layers[0].weights[1] = [7, 8]
    network.layers[1].weights *= 10
    with pytest.raises(ValueError, match="broadcast"):
        network.layers[0].bias = [1, 2, 3]
    assert network.parameters.tolist() == [1, -1, 7, 8, 0, 0, 20, -10, 0.25]
    network.parameters[-1] = 9
    assert network.layers[1].bias.tolist() == [9]


def test_assigned_parameters_are_copied_into_the_vector():
    """As from another optimizer: ``network.parameters = scipy.optimize.minimize(…).x``."""
    network = by_hand()
    network.parameters = np.arange(9.0)
    assert network.layers[1].bias.tolist() == [8]
    assert_views(network)


COPIES = {
    "copy": lambda network: network.copy(),
    "deepcopy": copy.deepcopy,
    "pickle": lambda network: pickle.loads(pickle.dumps(network)),
    "pickle_0": lambda network: pickle.loads(pickle.dumps(network, protocol=0)),
    "double": lambda network: network.copy(dtype="float64"),
}


@pytest.mark.parametrize("way", COPIES)
def test_a_copy_is_equal_and_independent(way):
    dtype = "float32"
    network = one_of_everything(dtype=dtype)
    parameters, statistics = network.parameters.copy(), network.statistics.copy()
    expected = network.predict(X)
    twin = COPIES[way](network)
    same = np.dtype(dtype) == twin.dtype
    tolerance = 0 if same else 1e-5
    np.testing.assert_allclose(twin.predict(X), expected, rtol=tolerance)
    np.testing.assert_allclose(twin.statistics, statistics, rtol=1e-7)
    assert twin.dtype == ("float64" if way == "double" else dtype)
    assert repr(twin.layers) == repr(network.layers)
    assert_views(twin)
    np.testing.assert_array_equal(network.parameters, parameters)
    np.testing.assert_array_equal(network.statistics, statistics)
    twin.layers[0].bias = 99
    np.testing.assert_array_equal(network.predict(X), expected)
    assert_views(network)


@pytest.mark.parametrize("engine", ["compiled", "reference"])
def test_a_memory_mapped_network_is_trained(tmp_path, engine):
    """joblib maps large arrays read-only for its processes, and kernels write without a check."""
    network, optimizer = one_of_everything(), barenet.optimizers.Adam()
    y = np.arange(len(X)) % network.n_outputs
    barenet.train(network, X, y, epochs=1, optimizer=optimizer, engine=engine)
    joblib.dump((network, optimizer), tmp_path / "dump")
    twin, own = joblib.load(tmp_path / "dump", mmap_mode="r")
    assert twin.parameters.flags.writeable
    assert not next(iter(own.moments.values())).flags.writeable
    for each, rule in ((network, optimizer), (twin, own)):
        barenet.train(each, X, y, epochs=1, optimizer=rule, engine=engine)
    np.testing.assert_array_equal(twin.parameters, network.parameters)


def test_the_repr_recreates_the_network():
    network = one_of_everything()
    twin = eval(repr(network), vars(barenet) | vars(barenet.layers))
    assert repr(twin) == repr(network)
    assert (twin.sizes, twin.dtype) == (network.sizes, network.dtype)
    small = "Network([Dense(2, 1, 'identity')], dtype='float32')"
    assert repr(Network.dense([2, 1])) == small


def test_initial_weights_come_from_random_state():
    """RandomState(1) begins 1.6243, −0.6118, −0.5282, −1.0730, 0.8654, −2.3015, 1.7448, …"""
    network = Network.dense(
        [2, 2, 1], init="normal:std=1", bias_init="normal:std=1", seed=1, dtype="float64"
    )
    # W₁ neuron by neuron, so (in, out) is its transpose; then b₁, W₂, b₂
    assert network.layers[0].weights.round(4).tolist() == [[1.6243, -0.5282], [-0.6118, -1.073]]
    assert network.layers[0].bias.round(4).tolist() == [0.8654, -2.3015]
    assert network.layers[1].weights.round(4).tolist() == [[1.7448], [-0.7612]]
    assert network.layers[1].bias.round(4).tolist() == [0.319]


def test_the_same_seed_gives_the_same_network():
    one, same, other = (one_of_everything(seed=seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(one.parameters, same.parameters)
    assert not np.array_equal(one.parameters, other.parameters)
    single = one_of_everything(seed=3, dtype="float32")
    np.testing.assert_array_equal(single.parameters, one.parameters.astype(np.float32))
    one.parameters[:] = 9
    one.initialize(4)
    np.testing.assert_array_equal(one.parameters, other.parameters)
    assert set(one.statistics) == {0, 1}
    with pytest.raises(ValueError, match=r"^seed: "):
        one.initialize(-1)


def test_dropout_is_determined_by_the_key():
    network = Network([Dropout(0.5), Dense(3, 3), Dropout(0.5)], dtype="float64")
    first, again, other = (network.forward(X, training=True, rng_key=k)[0] for k in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    anew = [network.forward(X, training=True)[0] for _ in range(2)]
    assert not np.array_equal(*anew)
    # each layer has a key of its own
    _, (mask, _, last) = network.forward(X, training=True, rng_key=1)
    assert not np.array_equal(mask, last)
    expected, _ = Dropout(0.5).forward(X, training=True, rng_key=derive_key(1, 0))
    np.testing.assert_array_equal(X * mask, expected)


def test_output_activations():
    tanh = ACTIVATIONS["tanh"]()
    assert Network.dense([2, 2], output="tanh").output_activation == tanh
    assert Network([Dense(2, 2), ActivationLayer("tanh")]).output_activation == tanh
    assert Network([Dense(2, 2, "tanh"), LayerNorm(2)]).output_activation.name == "identity"


def test_networks_without_parameters_or_fixed_widths():
    """Empty weights: nothing to learn is a network all the same."""
    network = Network([ActivationLayer("tanh"), Dropout(0.5)], dtype="float64")
    np.testing.assert_array_equal(network.predict(X), np.tanh(X))
    value, gradient = network.value_and_gradient(X, np.zeros_like(X), training=False)
    assert gradient.shape == (0,)
    assert value == pytest.approx(0.5 * (np.tanh(X) ** 2).sum() / 6)
    assert network.copy().n_parameters == 0


def test_predicting_changes_nothing():
    network = one_of_everything()
    parameters, statistics = network.parameters.copy(), network.statistics.copy()
    rows = X.copy()
    rows.flags.writeable = False
    output = network.predict(rows)
    output[:] = 0  # what comes out is the caller's
    np.testing.assert_array_equal(rows, X)
    np.testing.assert_array_equal(network.parameters, parameters)
    np.testing.assert_array_equal(network.statistics, statistics)


def test_a_network_predicts_with_the_function_that_an_engine_has_registered(monkeypatch):
    monkeypatch.delitem(_OUTPUT_FUNCTIONS, "compiled")
    network, other = by_hand(), by_hand()
    expected = network.predict(INPUTS)

    def twice_those_of_one(predicting, X):
        if predicting is network:
            return 2 * predicting.forward(X)[0]
        return None  # as an engine without kernels for it

    monkeypatch.setitem(_OUTPUT_FUNCTIONS, "test", None)  # removed at the end
    register_output_function("test", twice_those_of_one)
    assert np.array_equal(network.predict(INPUTS), 2 * expected)
    assert np.array_equal(other.predict(INPUTS), expected)


def test_the_compiled_engine_registers_its_function():
    assert _OUTPUT_FUNCTIONS["compiled"] is compiled_outputs


@pytest.mark.integration
def test_the_model_predicts_without_the_engines():
    code = """
import sys
from barenet.model._network import _OUTPUT_FUNCTIONS, Network
print(Network.dense([2, 1], init="zeros").predict([[1, 2]]), _OUTPUT_FUNCTIONS)
print("barenet.engines" in sys.modules, "numba" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[[0.]] {}\nFalse False\n"


@pytest.mark.parametrize("output", ["softplus", "exponential"])
def test_a_rate_rounded_to_zero_has_a_finite_gradient(output, dtype):
    """A very negative logit is a rate of 0 in the last digit, and a count says: go up."""
    network = Network.dense([1, 2], output=output, init="zeros", dtype=dtype)
    network.layers[0].bias = [-1000, 0]
    value, gradient = network.value_and_gradient([[1.0]], [[5.0, 1.0]], "poisson")
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()


@pytest.mark.case(88)
def test_denormal_inputs_and_weights_give_finite_results(dtype):
    tiny = np.finfo(dtype).smallest_subnormal
    network = Network.dense([1, 1], init="zeros", dtype=dtype)
    network.layers[0].weights = 2
    X, expected = np.array([[tiny], [4 * tiny]]), [[2 * tiny], [8 * tiny]]
    assert network.forward(X)[0].tolist() == expected
    np.testing.assert_allclose(network.predict(X), expected, rtol=0, atol=8 * tiny)  # kernels: 0
    network.layers[0].weights = tiny
    value, gradient = network.value_and_gradient([[tiny]], [tiny])
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()

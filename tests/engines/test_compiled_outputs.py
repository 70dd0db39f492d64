"""`Network.predict` computes many rows with the compiled engine, and few with NumPy."""

import gc
import multiprocessing
import weakref

import numpy as np
import pytest

from barenet import CompiledNetwork, MLPClassifier, MLPRegressor, Network, Predictor, Scaling
from barenet.engines import compiled_outputs
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm

RNG = np.random.default_rng(0)


def by_hand(network, X):
    """The outputs by `forward` alone, in float64, which no engine replaces."""
    return network.copy("float64").forward(np.asarray(X, np.float64))[0]


def every_layer(dtype):
    parts = [Dense(30, 40, "relu"), BatchNorm(40), Dropout(0.5), Dense(40, 50), LayerNorm(50)]
    network = Network(
        [*parts, ActivationLayer("tanh"), Dense(50, 4, "softmax")], dtype=dtype, seed=1
    )
    network.statistics[:] = RNG.uniform(0.5, 2, network.statistics.size)
    return network


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 2e-6), ("float64", 1e-13)])
@pytest.mark.parametrize("kind", ["float32", "float64", "uint8", "strided"])
def test_many_rows_are_those_of_the_forward_pass(dtype, tolerance, kind):
    X = RNG.integers(0, 4, size=(20_000, 30)).astype("float32" if kind == "strided" else kind)
    X = X[::-2] if kind == "strided" else X
    network = every_layer(dtype)
    assert compiled_outputs(network, X) is not None
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=tolerance)


def test_the_present_parameters_and_statistics_are_used():
    network, X = every_layer("float64"), RNG.normal(size=(300, 30))
    network.predict(X)
    network.parameters *= 1.5
    network.statistics += 0.5
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=1e-13)


def test_a_network_that_has_changed_its_structure_is_lowered_anew():
    network, X = Network.dense([50, 60, 3], hidden="tanh", dtype="float64"), np.ones((300, 50))
    network.predict(X)
    network.layers[0].activation = Dense(1, 1, "sigmoid").activation
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=1e-13)


def test_few_rows_and_layers_without_a_kernel_are_left_to_numpy():
    class Mine(Dense):
        name = "mine"

    many, few = np.ones((1000, 400)), np.ones((15, 400))
    assert compiled_outputs(Network.dense([400, 400]), few) is None
    assert compiled_outputs(Network.dense([400, 1]), np.ones((100, 400))) is None
    network = Network([Mine(400, 1)], dtype="float64")
    assert compiled_outputs(network, many) is None
    np.testing.assert_allclose(network.predict(many), by_hand(network, many))


def test_a_network_is_freed_though_it_has_predicted():
    network = Network.dense([400, 3])
    network.predict(np.ones((1000, 400)))
    gone = weakref.ref(network)
    del network
    gc.collect()
    assert gone() is None


def predict_in_a_child(network, X, queue):
    queue.put(network.predict(X))


@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
def test_fault_92_a_forked_child_predicts():
    network, X = every_layer("float32"), RNG.normal(size=(500, 30))
    expected, context = network.predict(X), multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=predict_in_a_child, args=(network, X, queue))
    child.start()
    assert np.array_equal(queue.get(timeout=60), expected)
    child.join()


def predictor_of(network):
    return Predictor(
        network=network, preprocessing=Scaling.fit("none", np.ones((2, 30))), classes=None,
        feature_names=tuple(f"x{i}" for i in range(30)), target_name="y", dataset="made up",
    )  # fmt: skip


@pytest.mark.parametrize("n_rows", [1, 10, 5000])
@pytest.mark.parametrize("owner", [Network.copy, CompiledNetwork, predictor_of])
@pytest.mark.parametrize("output", ["identity", "sigmoid", "tanh", "softmax"])
def test_fault_114_an_output_beyond_the_dtype_is_refused_wherever_it_is_predicted(
    owner, n_rows, output
):
    network = Network.dense([30, 20, 3], output=output, seed=0)
    network.parameters *= 1e3
    X = np.ones((n_rows, 30), "float32")
    X[-1] = 1e36
    with pytest.raises(ValueError, match=rf"^X: row {n_rows - 1} has values so large"):
        owner(network).predict(X)


@pytest.mark.parametrize("estimator", [MLPClassifier(), MLPRegressor()])
@pytest.mark.filterwarnings("ignore:not converged")
def test_estimators_predict_many_rows_compiled(estimator):
    X = RNG.normal(size=(10_000, 20))
    estimator.set_params(solver="lbfgs", max_iter=3).fit(X[:200], (X[:200, 0] > 0).astype(int))
    network = estimator.network_
    assert np.array_equal(compiled_outputs(network, X), network.predict(X))
    expected = by_hand(network, X)[:, 0]
    found = estimator.predict(X)
    if isinstance(estimator, MLPClassifier):
        expected = expected > 0.5
    np.testing.assert_allclose(found, expected, rtol=1e-10)

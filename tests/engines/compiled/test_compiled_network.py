"""Predictions from kernels: `CompiledNetwork`, and `Network.predict` where there are kernels."""

import copy
import gc
import multiprocessing
import pickle
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Event

import numpy as np
import pytest

from barenet import MLPClassifier, Network, Predictor, Scaling
from barenet.engines import compiled_outputs
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.typing import CompiledNetwork

RNG = np.random.default_rng(0)
X300 = RNG.normal(size=(300, 50))
OWNERS = pytest.mark.parametrize("owner", [CompiledNetwork, Network.copy])
TOLERANCE = {"float32": 2e-6, "float64": 1e-13}
DTYPES = [*TOLERANCE]


class UserDefined(Dense):
    name = "mine"


def by_hand(network, X):
    """The outputs by `forward` alone, in float64, which no engine replaces."""
    return network.copy("float64").forward(np.asarray(X, np.float64))[0]


def every_layer(dtype="float32"):
    layers = [
        Dense(30, 40, "relu"), BatchNorm(40), Dropout(0.5), Dense(40, 50), LayerNorm(50),
        PReLU(50), ActivationLayer("tanh"), Dense(50, 4, "softmax"),
    ]  # fmt: skip
    network = Network(layers, dtype=dtype, seed=1)
    network.statistics[:] = np.linspace(0.5, 2, network.statistics.size)
    return network


@pytest.mark.parametrize(
    ("dtype", "kind"),
    [("float32", "float64"), ("float64", "uint8"), ("float32", "strided")],
)
def test_a_network_predicts_many_rows_of_any_kind_with_kernels(dtype, kind):
    X = RNG.integers(0, 4, size=(4_000, 30)).astype("float32" if kind == "strided" else kind)
    X, network = X[::-2] if kind == "strided" else X, every_layer(dtype)
    assert compiled_outputs(network, X) is not None
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=TOLERANCE[dtype])


@pytest.mark.parametrize("row", [[[1, 2]], np.array([[1, 2]]), np.array([[1.0, 2.0]], "float16"),
                                 np.array([[1.0, 2.0]])[:, ::-1][:, ::-1],
                                 np.array([[1e25, -1e25]], "float32")])  # fmt: skip
def test_a_row_may_be_anything_that_holds_numbers(row):
    network = Network.dense([2, 4, 1], seed=0)
    expected = network.predict(row)
    np.testing.assert_allclose(CompiledNetwork(network).predict(row), expected, rtol=1e-5)


def test_outputs_belong_to_the_caller():
    compiled = CompiledNetwork(Network.dense([2, 3], seed=0))
    first = compiled.predict(np.ones((1, 2)))
    kept = first.copy()
    compiled.predict(np.zeros((1, 2)))
    assert np.array_equal(first, kept)
    first[:] = 7
    assert not np.array_equal(compiled.predict(np.ones((1, 2))), first)


def test_a_compiled_network_keeps_its_parameters_and_a_network_uses_the_present_ones():
    network, X = every_layer("float64"), X300[:, :30]
    compiled, before = CompiledNetwork(network), network.predict(X)
    network.parameters *= 1.5
    network.statistics += 0.5
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=1e-13)
    np.testing.assert_allclose(compiled.predict(X), before, atol=1e-13)
    np.testing.assert_allclose(compiled.predict(X[:1]), before[:1], atol=1e-13)


def test_a_network_whose_structure_has_changed_is_lowered_again():
    network = Network.dense([50, 60, 3], hidden="tanh", dtype="float64")
    network.predict(X300)
    network.layers[0].activation = Dense(1, 1, "sigmoid").activation
    np.testing.assert_allclose(network.predict(X300), by_hand(network, X300), atol=1e-13)


def test_layers_without_kernels_use_numpy():
    network, X = Network([UserDefined(400, 1)], dtype="float64"), np.ones((1000, 400))
    assert compiled_outputs(network, X) is None
    np.testing.assert_allclose(network.predict(X), by_hand(network, X))
    same_repr = Network([Dense(400, 1)], dtype="float64")
    assert compiled_outputs(same_repr, X) is not None
    assert compiled_outputs(network, X) is None


@pytest.mark.integration
def test_a_prediction_compiles_no_kernels_of_the_backward_pass():
    code = """
import numpy as np
from barenet import Network
from barenet.engines.kernels._kernel import KERNELS
from barenet.typing import CompiledNetwork
for sizes in ([4, 8, 3], [300, 8, 3], [64, 2048, 10]):
    network = Network.dense(sizes, output="softmax")
    network.predict(np.zeros((10, sizes[0])))
    CompiledNetwork(network).predict(np.zeros((1000, sizes[0])))
print(*{kernel.code.dispatcher.__name__ for kernel in KERNELS if kernel.places})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    forward = "dense_columns dense_join dense_parts emit gather layer_forward load multiply softmax"
    assert {*done.stdout.split()} == {*forward.split()}


#: The last two dense ones have weights that are used in place.
NETWORKS = [
    *(partial(Network.dense, sizes, output=output, seed=2) for sizes, output in (
        ([3, 5, 1], "sigmoid"), ([30, 100, 10], "softmax"), ([300, 40, 2], "exponential"),
        ([300, 20, 4], "identity"), ([64, 2048, 10], "softmax"), ([16, 1024, 64, 3], "softmax"),
    )),
    every_layer,
]  # fmt: skip


@pytest.mark.parametrize(
    ("dtype", "kind", "make"),
    [(DTYPES[i % 2], DTYPES[i // 2 % 2], make) for i, make in enumerate(NETWORKS)],
)
def test_the_bits_of_a_row_depend_neither_on_other_rows_nor_on_threads(dtype, kind, make):
    network = make(dtype=dtype)
    X = np.random.default_rng(1).normal(size=(2000, network.n_inputs)).astype(kind)
    expected, tolerance = CompiledNetwork(network, threads=1).predict(X), 5 * TOLERANCE[dtype]
    assert expected.dtype == dtype
    np.testing.assert_allclose(expected, by_hand(network, X), rtol=tolerance, atol=tolerance)
    compiled = CompiledNetwork(network, threads=2)
    for n_rows in (1, 2, 9, 511, 512, 513, 1025, 2000):
        for predict in (compiled.predict, network.predict):
            assert np.array_equal(predict(X[:n_rows]), expected[:n_rows])
            assert np.array_equal(predict(X[-n_rows:]), expected[-n_rows:])
    network.parameters *= 0.5  # at the same place
    for rows in (X[:3], X[:600]):
        found, expected = network.predict(rows), by_hand(network, rows)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)


def test_networks_of_one_structure_predict_in_turn():
    networks = [Network.dense([5, 4, 2], hidden="tanh", dtype="float64", seed=i) for i in range(4)]
    X = X300[:, :5]
    for n_rows in (1, 300, 1, 2) * 2:
        for network in networks:
            rows = X[:n_rows]
            np.testing.assert_allclose(network.predict(rows), by_hand(network, rows), atol=1e-13)


@pytest.mark.parametrize(
    "X",
    [
        *([[1.0, bad]] for bad in (np.nan, np.inf, 1e300)),
        *(np.ones(shape) for shape in [(1, 3), 2, (0, 2)]),
        [["a", "b"]],
    ],
)
def test_inputs_are_validated_like_the_networks(X, refused):
    network = Network.dense([2, 3], seed=0)
    with refused("X") as expected:
        network.predict(X)
    with refused("X") as found:
        CompiledNetwork(network).predict(X)
    assert str(found.value) == str(expected.value)


@pytest.mark.integration
@OWNERS
@pytest.mark.parametrize("way", ["copy", "deepcopy", "pickle"])
def test_copies_and_pickles_outlive_the_original(way, owner):
    compiled, X = owner(every_layer()), X300[:, :30]
    expected, of_one = compiled.predict(X), compiled.predict(X[:1])
    content = pickle.dumps(compiled)
    twin = pickle.loads(content) if way == "pickle" else getattr(copy, way)(compiled)
    del compiled
    gc.collect()
    others = [np.full(300, 9.0) for _ in range(3000)]  # use the memory that was freed
    assert np.array_equal(twin.predict(X), expected) and len(others) == 3000
    assert np.array_equal(twin.predict(X[:1]), of_one)


@pytest.mark.integration
def test_a_network_that_has_predicted_is_freed():
    network = Network.dense([400, 3])
    network.predict(np.ones((1000, 400)))
    reference = weakref.ref(network)
    del network
    gc.collect()
    assert reference() is None


@OWNERS
def test_threads_can_share_a_compiled_network(owner):
    compiled = owner(Network.dense([64, 256, 3], output="softmax", seed=0))
    rows = np.random.default_rng(0).normal(size=(16, 1, 64)).astype("float32")
    inputs = [*rows, *(np.tile(row, (600, 1)) for row in rows)] * 8
    expected = [compiled.predict(X) for X in inputs]
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(8) as pool:
            found = list(pool.map(compiled.predict, inputs))
    finally:
        sys.setswitchinterval(interval)
    assert all(map(np.array_equal, found, expected))


def test_a_thread_does_not_wait_for_one_that_predicts():
    compiled, X = CompiledNetwork(every_layer()), X300[:, :30]
    expected, busy = compiled.predict(X), compiled._programs.programs.pop()
    assert np.array_equal(compiled.predict(X), expected)
    assert busy not in compiled._programs.programs and len(compiled._programs.programs) == 1


def predict_in_a_child(network, X, queue):
    queue.put(network.predict(X))


@pytest.mark.integration
@pytest.mark.case(92)
@pytest.mark.skipif(
    "fork" not in multiprocessing.get_all_start_methods(), reason="this system cannot fork"
)
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*:DeprecationWarning")
@OWNERS
def test_a_forked_child_predicts(owner):
    """Also if a thread of its parent is predicting at that moment."""
    network, X = owner(every_layer()), X300[:, :30]
    expected, context, ended = network.predict(X), multiprocessing.get_context("fork"), Event()
    queue = context.Queue()

    def predict_until_the_end():
        while not ended.is_set():
            network.predict(X[:200])

    with ThreadPoolExecutor(1) as pool:
        pool.submit(predict_until_the_end)
        for _ in range(3):
            child = context.Process(target=predict_in_a_child, args=(network, X, queue))
            child.start()
            assert np.array_equal(queue.get(timeout=100), expected)
            child.join()
        ended.set()


@pytest.mark.filterwarnings("ignore:not converged")
@pytest.mark.parametrize("kind", ["uint8", "float64", "memmap", "fortran"])
def test_a_large_input_is_never_copied_as_a_whole(kind, tmp_path, peak_memory):
    X = np.random.default_rng(0).integers(0, 255, size=(100_000, 40))
    X = X.astype("float64" if kind in ("memmap", "fortran") else kind)
    if kind == "memmap":
        X.tofile(tmp_path / "X")
        X = np.memmap(tmp_path / "X", mode="r").view("float64").reshape(X.shape)
    X = np.asfortranarray(X) if kind == "fortran" else X
    network, estimator = Network.dense([40, 3], seed=0), MLPClassifier((), max_iter=1)
    estimator.fit(X[:20].astype(float), np.arange(20) % 3)
    estimator.network_ = network
    ways = network.predict, CompiledNetwork(network).predict, predictor_of(network).outputs
    outputs = []
    for predict in (*ways, estimator.predict_proba):
        predict(X[:2])
        peak = peak_memory(lambda predict=predict: outputs.append(predict(X)))
        assert peak - outputs[-1].nbytes < X.size * 3  # a copy in float32 is X.size * 4
        assert np.array_equal(outputs[-1], outputs[0])


@pytest.mark.parametrize(
    ("argument", "arguments"),
    [
        *(("network", [network]) for network in ("net", None, 3, Network)),
        ("network", [Network([UserDefined(2, 1)])]),
        ("network", [Network([ActivationLayer("relu")])]),
        *(("threads", [Network.dense([2, 3]), threads]) for threads in (0, -5, "a")),
    ],
)
def test_wrong_arguments_are_refused(argument, arguments, refused):
    with refused(argument):
        CompiledNetwork(*arguments)


def predictor_of(network):
    n_inputs = network.n_inputs
    return Predictor(
        network=network, preprocessing=Scaling.fit("none", np.ones((2, n_inputs))), classes=None,
        feature_names=tuple(f"x{i}" for i in range(n_inputs)), target_name="y", dataset="made up",
    )  # fmt: skip


@pytest.mark.case(114)
@pytest.mark.parametrize("owner", [Network.copy, CompiledNetwork, predictor_of])
@pytest.mark.parametrize("output", ["identity", "sigmoid", "softmax"])
def test_an_output_beyond_the_dtype_is_refused(owner, output, refused):
    network = Network.dense([30, 20, 3], output=output, seed=0)
    network.parameters *= 1e3
    for n_rows in (1, 10, 1000):
        X = np.ones((n_rows, 30), "float32")
        X[-1] = 1e36
        with refused("X", f"row {n_rows - 1} has values so large"):
            owner(network).predict(X)


@pytest.mark.parametrize(
    ("n_inputs", "value", "dtype"),
    [(3, np.nan, "float32"), (40, np.inf, "float64"), (300, -np.inf, "float32")],
)
@OWNERS
def test_numbers_that_are_not_finite_are_found_in_any_row(owner, n_inputs, value, dtype):
    network = owner(Network.dense([n_inputs, 4, 2], hidden="tanh", seed=0, dtype=dtype))
    for n_rows in (1, 5, 3000):
        X = np.ones((n_rows, n_inputs), dtype)
        for row, column in ((0, 0), (n_rows // 2, n_inputs - 1), (n_rows - 1, 1)):
            X[row, column] = value
            with pytest.raises(ValueError, match=rf"X: {value} at \({row}, {column}\)"):
                network.predict(X)
            X[row, column] = 1
        network.predict(X)


@pytest.mark.parametrize("n_rows", [3, 700])
@OWNERS
def test_masked_entries_are_refused_and_an_unused_mask_is_ignored(owner, n_rows):
    network = Network.dense([4, 3, 2], seed=0)
    X = np.ma.masked_array(RNG.normal(size=(n_rows, 4)), mask=False)
    np.testing.assert_array_equal(owner(network).predict(X), network.predict(X.data))
    X[1, 2] = np.ma.masked
    with pytest.raises(ValueError, match=r"^X: has masked entries"):
        owner(network).predict(X)

"""Predictions with a row in each lane: the bits of those with a row of the batch in each row."""

import subprocess
import sys

import numpy as np
import pytest
from scipy.sparse import csr_array

from barenet import Network
from barenet._sparse_rows import SparseRows
from barenet.engines import _threads
from barenet.engines.compiled import _output_program
from barenet.engines.compiled._compiled_network import _prediction_job
from barenet.engines.compiled._lane_lowering import MAX_WEIGHTS, suits_lanes
from barenet.engines.compiled._lowering import WIDE
from barenet.engines.compiled._output_program import OutputProgram
from barenet.layers import BatchNorm, Dense, LayerNorm, PReLU
from barenet.model._activations import ENTRYWISE
from barenet.model._array_dataset import ArrayDataset

RNG = np.random.default_rng(0)
TOLERANCE = {"float32": 1e-5, "float64": 1e-13}
#: Rows around the length of a tile (32 or 64), of a batch (512), and of a vector.
COUNTS = [1, 31, 33, 65, 511, 513]


def rows_of(X, network):
    return ArrayDataset(X, np.empty((1, network.n_outputs)), None)


def outputs_in_lanes(network, X):
    """The outputs of a program with a row in each lane, which is used for many rows."""
    assert suits_lanes(_prediction_job(network), rows_of(X, network))
    return OutputProgram([_prediction_job(network)])._outputs_of_many(X)[0]


def outputs_in_rows(network, X, monkeypatch):
    """The outputs of a program with a row of the batch in each row of a matrix."""
    with monkeypatch.context() as patched:
        patched.setattr(_output_program, "suits_lanes", lambda job, rows: False)
        return OutputProgram([_prediction_job(network)])._outputs_of_many(X)[0]


def by_hand(network, X):
    output, _ = network.copy("float64").forward(np.asarray(X, np.float64))
    return output


@pytest.fixture
def assert_same_bits(monkeypatch):
    """Compare the outputs of both kinds of program, and with those of NumPy in float64."""

    def check(network, X):
        found = outputs_in_lanes(network, X)
        np.testing.assert_array_equal(found, outputs_in_rows(network, X, monkeypatch))
        tolerance = TOLERANCE[network.dtype.name]
        expected = by_hand(network, X)
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)

    return check


@pytest.mark.parametrize("activation", [*ENTRYWISE, "softmax"])
def test_every_activation_has_the_same_bits(activation, assert_same_bits):
    layers = [Dense(9, 11, activation), Dense(11, 3, activation)]
    network = Network(layers, dtype="float32", seed=1)
    assert_same_bits(network, RNG.normal(size=(100, 9)).astype("float32"))


@pytest.mark.parametrize(("sizes", "dtype"), [
    ([1, 1], "float64"), ([3, 5, 1], "float32"), ([17, 16, 15, 10], "float64"),
    ([20, 100, 1], "float32"), ([255, 12, 1], "float64"), ([2, 900, 2], "float32"),
])  # fmt: skip
def test_layers_of_any_size_have_the_same_bits(sizes, dtype, assert_same_bits):
    network = Network.dense(sizes, hidden="tanh", dtype=dtype, seed=2)
    network.parameters[:] = RNG.normal(size=network.parameters.size) / 4  # biases, too
    for n_rows in COUNTS:
        assert_same_bits(network, RNG.normal(size=(n_rows, sizes[0])).astype(dtype))


@pytest.mark.parametrize("kind", ["uint8", "float32", "float64", "reversed", "columns", "fortran"])
@pytest.mark.parametrize(("n_inputs", "dtype"), [(16, "float32"), (37, "float64")])
def test_rows_of_any_kind_have_the_same_bits(n_inputs, dtype, kind, assert_same_bits):
    network = Network.dense([n_inputs, 10, 2], dtype=dtype, seed=3)
    X = RNG.integers(0, 9, size=(600, n_inputs)).astype(dtype)
    if kind == "reversed":
        X = X[::-1]
    elif kind == "columns":
        X = np.repeat(X, 2, axis=1)[:, ::2]
    elif kind == "fortran":
        X = np.asfortranarray(X)
    else:
        X = X.astype(kind)
    assert_same_bits(network, X)


@pytest.mark.integration
@pytest.mark.parametrize(
    ("bits", "dtype"),
    [
        (0, "float32"),
        *(
            pytest.param(bits, dtype, marks=pytest.mark.slow)
            for bits in (128, 256, 512)
            for dtype in ("float32", "float64")
        ),
    ],
)
def test_every_vector_width_down_to_scalar_loops(bits, dtype, monkeypatch, assert_same_bits):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    for sizes in ([20, 33, 1], [5, 8, 8, 3]):
        network = Network.dense(sizes, output="softplus", dtype=dtype, seed=4)
        assert_same_bits(network, RNG.normal(size=(700, sizes[0])).astype(dtype))


@pytest.mark.parametrize(("n_cores", "n_threads"), [(2, 1), (2, 2), (40, 3)])
def test_threads_share_the_tiles(n_cores, n_threads, monkeypatch):
    monkeypatch.setattr(_threads, "allowed_cores", lambda: n_cores)  # batches of up to 40 tiles
    network = Network.dense([20, 100, 3], output="softmax", seed=5)
    X = RNG.normal(size=(2000, 20)).astype("float32")
    program = OutputProgram([_prediction_job(network)], threads=n_threads)
    np.testing.assert_array_equal(program._outputs_of_many(X)[0], outputs_in_lanes(network, X))


def test_dropout_is_the_identity(assert_same_bits):
    network = Network.dense([5, 8, 2], dropout=0.5, dtype="float64", seed=6)
    assert_same_bits(network, RNG.normal(size=(70, 5)))


@pytest.mark.parametrize("layers", [
    [Dense(5, 4), BatchNorm(4)], [Dense(5, 4), LayerNorm(4)], [Dense(5, 4), PReLU(4)],
    [Dense(5, 3, "ascending")], [Dense(WIDE, 4)], [Dense(64, MAX_WEIGHTS // 64 + 1)],
])  # fmt: skip
def test_other_networks_keep_a_row_of_the_batch_in_a_row(layers):
    network = Network(layers, dtype="float64", seed=7)
    X = RNG.normal(size=(600, network.n_inputs))
    assert not suits_lanes(_prediction_job(network), rows_of(X, network))
    np.testing.assert_allclose(network.predict(X), by_hand(network, X), atol=1e-12)


def test_sparse_rows_are_looked_up():
    network = Network.dense([5, 3])
    X = SparseRows.of(csr_array(np.eye(5, dtype="float32")), np.dtype("float32"))
    assert not suits_lanes(_prediction_job(network), rows_of(X, network))


@pytest.mark.integration
def test_many_rows_are_predicted_in_lanes():
    """The tests above compare bits, so they would pass without the kernels for lanes, too."""
    code = """
import numpy as np
from barenet import Network
from barenet.engines.kernels._kernel import KERNELS
Network.dense([9, 7, 3], output="softmax").predict(np.zeros((10000, 9)))
print(*{kernel.code.dispatcher.__name__ for kernel in KERNELS if kernel.places})
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    expected = {
        "gather_in_lanes",
        "multiply_in_lanes",
        "activate_in_lanes",
        "softmax_in_place",
        "emit_from_lanes",
    }
    assert expected <= {*done.stdout.split()}


def test_an_overflow_of_lanes_without_a_row_is_no_error(dtype):
    """The last tile is filled with zeros, for which this network's output is infinite."""
    network = Network.dense([2, 1], output="exponential", dtype=dtype)
    network.parameters[:] = [-1000, 0, 1000]  # exp(1000 − 1000 x)
    X = np.ones((513, 2), dtype)
    np.testing.assert_array_equal(outputs_in_lanes(network, X), np.ones((513, 1)))
    program = OutputProgram([_prediction_job(network)])
    assert program._compute(X, np.empty((1, 513, 1), dtype))
    assert not program._compute(np.zeros_like(X), np.empty((1, 513, 1), dtype))


@pytest.mark.integration
def test_nothing_is_read_beyond_the_rows():
    """X ends where the process may not read any more, so a number too many would kill it."""
    code = """
import ctypes, mmap
import numpy as np
from barenet import Network
from barenet.engines.compiled._compiled_network import _prediction_job
from barenet.engines.compiled._output_program import OutputProgram

def program_of(network):
    return OutputProgram([_prediction_job(network)])

page = mmap.PAGESIZE
memory = mmap.mmap(-1, 64 * page)
start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.mprotect(ctypes.c_void_p(start + 63 * page), ctypes.c_size_t(page), 0) == 0
for n_inputs in (1, 3, 8, 13, 16, 21):
    network = Network.dense([n_inputs, 5, 2])
    for n_rows in (1344, 1345):  # whole tiles, and a row of another one
        size = n_rows * n_inputs
        offset = 63 * page - size * network.dtype.itemsize
        X = np.frombuffer(memory, network.dtype, size, offset).reshape(n_rows, n_inputs)
        assert not program_of(network)._outputs_of_many(X).any()
print("done")
"""
    if sys.platform == "win32":
        pytest.skip("Windows has no mprotect")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout == "done\n", done.stderr

"""Wide inputs, which the first layer takes in parts: the reference's steps, for every split."""

import ctypes

import numba as nb
import numpy as np
import pytest

from barenet import Network, train
from barenet.engines import CompiledEngine, Job, ReferenceEngine
from barenet.engines.compiled._lowering import Lowering
from barenet.engines.compiled._workspace import Workspace
from barenet.engines.kernels._dense import BLOCK, multiply
from barenet.engines.kernels._records import LAYER, STEP
from barenet.engines.simd._calls import invoke
from barenet.engines.simd._views import kernel_spec
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.model._array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import ClipNorm
from barenet.penalties import L1

TOLERANCE = {"float64": 1e-10, "float32": 2e-4}
N_INPUTS = [255, 256, 257, 300, 512, 784, 1000]
N_HIDDEN = [1, 10, 16, 17, 64, 65, 100, 256]


def job_for(network, n_rows, weighted=False, **settings):
    rng = np.random.default_rng(1)
    loss = as_loss(None, network.output_activation)
    X, y = rng.normal(size=(n_rows, network.n_inputs)), rng.integers(3, size=n_rows)
    weight = rng.random(n_rows) if weighted else None
    rows = validate_arrays(network, loss, X, y, weight)
    rule = as_optimizer("momentum")
    return Job(network=network, rows=rows, loss=loss, optimizer=rule, seed=5, **settings)


def dense(*sizes, dtype, hidden="tanh"):
    return lambda: Network.dense(sizes, hidden=hidden, output="softmax", seed=1, dtype=dtype)


def all_that_an_engine_does(spec, network, batch_size, n_rows, threads=1, **settings):
    """A gradient, an epoch with a last batch that is not full, and what is then predicted."""
    job = job_for(network, n_rows, **settings)
    engine = spec(job, threads)
    loss, gradient = engine.value_and_gradient()
    order = np.random.default_rng(4).permutation(n_rows)
    report = engine.run(order, batch_size, np.full(-(-n_rows // batch_size), 0.01), 0)
    value, output = engine.evaluate(job.rows)
    return [loss, gradient, *report, network.parameters, network.statistics, value, output]


def assert_equal(make, batch_size, n_rows, dtype, **settings):
    expected, found = (
        all_that_an_engine_does(spec, make(), batch_size, n_rows, **settings)
        for spec in (ReferenceEngine, CompiledEngine)
    )
    for one, other in zip(expected, found, strict=True):
        scale = np.abs(one).max(initial=1e-3)
        np.testing.assert_allclose(other, one, rtol=0, atol=TOLERANCE[dtype] * scale)


@pytest.mark.parametrize("n_hidden", N_HIDDEN)
@pytest.mark.parametrize("n_inputs", N_INPUTS)
def test_wide_inputs_into_narrow_and_wide_layers(n_inputs, n_hidden, dtype):
    assert_equal(dense(n_inputs, n_hidden, 3, dtype=dtype), 33, 70, dtype)


@pytest.mark.parametrize("batch_size", [1, 7, 8, 31, 32, 33, 64])
def test_every_batch_size(batch_size):
    make = dense(300, 16, 3, dtype="float64")
    assert_equal(make, batch_size, 70, "float64", weighted=True)


@pytest.mark.parametrize(
    "first",
    [
        lambda: [Dense(300, 20, "tanh"), BatchNorm(20), Dropout(0.4)],
        lambda: [Dense(300, 20), LayerNorm(20), ActivationLayer("tanh")],
        lambda: [Dropout(0.4), Dense(300, 20, "tanh")],
        lambda: [BatchNorm(300), Dense(300, 20, "tanh")],
        lambda: [LayerNorm(300), Dense(300, 20, "tanh")],
        lambda: [ActivationLayer("tanh"), Dense(300, 20, "softmax")],
        lambda: [Dense(300, 300, "tanh"), Dense(300, 20, "tanh")],
    ],
)
def test_other_layers_first_or_after(first, dtype):
    def make():
        return Network([*first(), Dense(20, 3, "softmax")], seed=1, dtype=dtype)

    assert_equal(make, 32, 70, dtype, penalties=[L1(0.01)], clipping=ClipNorm(0.5))


@pytest.mark.parametrize(
    "bits", [256, *(pytest.param(b, marks=pytest.mark.slow) for b in (0, 128))]
)
def test_narrower_vectors(bits, monkeypatch):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    for sizes in [(256, 65), (257, 1), (784, 16), (320, 3)]:
        make = dense(*sizes, 3, hidden="relu", dtype="float32")
        assert_equal(make, 33, 70, "float32")


@pytest.mark.parametrize("batch_size", [1, 2, 3, 4, 5])
def test_few_rows_and_layers_of_one_vector(batch_size, dtype):
    """Those are done row by row, with whatever comes before and after."""
    for sizes in ([1, 1, 3], [5, 8, 3], [17, 16, 16, 3], [40, 33, 2, 3], [300, 10, 70, 3]):
        make = dense(*sizes, dtype=dtype)
        assert_equal(make, batch_size, 4, dtype, weighted=True)
        assert_equal(make, batch_size, 11, dtype, clipping=ClipNorm(0.1))


def test_batches_that_grow_and_shrink():
    """A program has room for the largest batch so far, and parts that do not depend on it."""
    make = dense(300, 16, 3, dtype="float64")
    expected, found = make(), make()
    for spec, network in ((ReferenceEngine, expected), (CompiledEngine, found)):
        engine = spec(job_for(network, 70))
        for step, size in enumerate((3, 40, 1, 70, 33)):
            engine.run(np.arange(size), size, np.full(1, 0.01), step)
    np.testing.assert_allclose(found.parameters, expected.parameters, rtol=0, atol=1e-12)


@nb.njit
def call(function, step, operands, start, stop):
    invoke(function, step, operands, start, stop)


def test_rows_that_the_last_batch_does_not_have_are_nobodys():
    """The thread that has their block may come while another one gathers the rows there are."""
    network = Network.dense([300, 6, 3], output="softmax", seed=1, dtype="float64")
    job, spec, order = job_for(network, 2), kernel_spec(network.dtype), np.arange(2)
    memory, step = Workspace(spec, network.dtype), np.zeros((), STEP)
    lowering = Lowering(job, job.rows, memory, 2 * BLOCK, "learn")
    kernel, operands = lowering.parts[0].instructions[0]
    layer = np.frombuffer((ctypes.c_char * LAYER.itemsize).from_address(operands), LAYER)[0]
    products = np.ctypeslib.as_array(
        ctypes.cast(int(layer["partial"]), ctypes.POINTER(ctypes.c_double)),
        (2 * BLOCK, int(layer["stride"])),
    )
    step["x"], step["batch"] = job.rows.X.ctypes.data, order.ctypes.data
    step["x_row"], step["x_column"], step["scale"] = 300, 1, 1
    step["n_rows"], step["capacity"], step["multiply"] = 2, 2 * BLOCK, multiply.address(spec)
    for block, seen in ((1, [9, 9, 9]), (0, [0, 0, 9])):  # all weights here are 0, as nothing loads
        products[:3] = 9
        call(kernel, step.ctypes.data, operands, block, block + 1)
        assert products[:3, 0].tolist() == seen


def test_bytes_with_a_scale():
    rng = np.random.default_rng(0)
    X, y = rng.integers(256, size=(50, 300), dtype=np.uint8), np.arange(50) % 3
    networks = [dense(300, 16, 3, dtype="float32")() for _ in "ab"]
    for network, engine in zip(networks, ("reference", "compiled"), strict=True):
        train(network, X, y, epochs=3, scale=1 / 255, engine=engine)
    assert networks[1].parameters == pytest.approx(networks[0].parameters, abs=1e-4)

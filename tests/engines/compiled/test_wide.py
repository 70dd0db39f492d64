"""Wide inputs, which the first layer splits into parts: the reference's steps, for every split."""

import ctypes
from functools import partial
from itertools import chain

import numpy as np
import pytest

from barenet import Network
from barenet.engines import CompiledEngine, ReferenceEngine
from barenet.engines.compiled import _lowering
from barenet.engines.compiled._lowering import Lowering
from barenet.engines.compiled._program_builder import NEVER
from barenet.engines.compiled._workspace import Workspace
from barenet.engines.kernels._dense import WIDE_ROWS, multiply
from barenet.engines.kernels._records import LAYER, STEP
from barenet.engines.simd._views import kernel_spec
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.optimizers import ClipNorm
from barenet.penalties import L1

#: Optimizers whose steps are taken in kernels.
IN_KERNELS = sorted(set(OPTIMIZERS) - {"lbfgs", "muon"})


@pytest.fixture
def agree(assert_engines_agree):
    """Compare the engines, by default with two batches that leave some rows for a third."""
    return partial(assert_engines_agree, n_rows=70, optimizer="momentum")


def dense(*sizes, dtype, hidden="tanh"):
    return partial(Network.dense, sizes, hidden=hidden, output="softmax", seed=1, dtype=dtype)


#: Around the widths from which an input is split, and around the widths of vectors and blocks.
WIDTHS = [(255, 1), (256, 16), (257, 10), (300, 17), (512, 65), (784, 100), (1000, 64), (256, 256)]


@pytest.mark.parametrize(
    ("n_inputs", "n_hidden", "dtype"),
    [(*widths, ("float32", "float64")[i % 2]) for i, widths in enumerate(WIDTHS)],
)
def test_wide_inputs_into_narrow_and_wide_layers(n_inputs, n_hidden, dtype, agree):
    agree(dense(n_inputs, n_hidden, 3, dtype=dtype), 33)


@pytest.mark.parametrize(
    ("sizes", "dtype"),
    [
        ((20, 1040, 512, 5), "float32"),
        ((512, 512, 1024), "float64"),
        pytest.param((1300, 1100, 3), "float32", marks=pytest.mark.slow),
    ],
)
def test_wide_layers_with_rows_of_any_stride(sizes, dtype, agree):
    make = dense(*sizes, 3, dtype=dtype, hidden="relu")
    agree(make, 33, clipping=ClipNorm(0.5), penalties=[L1(0.001)])
    agree(make, 3, n_rows=4, penalties=[L1(0.001)])


@pytest.mark.parametrize("batch_size", [1, 9, 150])
def test_weights_that_are_transposed_where_they_are_used(batch_size, agree, monkeypatch):
    monkeypatch.setattr(_lowering, "WEIGHTS_PER_ROW", 1)
    for sizes in ([1, 1, 3], [17, 33, 16, 3], [40, 70, 300, 3]):
        agree(dense(*sizes, dtype="float32"), batch_size)


@pytest.mark.parametrize(
    ("optimizer", "batch_size", "dtype"),
    [
        (optimizer, (1, 7, 40)[i % 3], ("float32", "float64")[i % 2])
        for i, optimizer in enumerate([*IN_KERNELS, "adam:average=0.9"])
    ],
)
def test_weights_in_place_and_their_copies_give_the_same_bits(
    optimizer, batch_size, dtype, make_job, agree, monkeypatch
):
    make = dense(16, 64, 128, 3, dtype=dtype, hidden="relu")
    agree(make, batch_size, optimizer=optimizer)
    found, extras = [], {"penalties": [L1(0.001)], "clipping": ClipNorm(0.1)}
    for large in (1, NEVER):
        monkeypatch.setattr(_lowering, "WEIGHTS_PER_ROW", large)
        for given in ({}, extras):
            network, rates = make(), np.full(2, 0.01)
            engine = CompiledEngine(make_job(network, n_rows=80, optimizer=optimizer, **given))
            reports = [
                engine.run([np.arange(2 * batch_size)], batch_size, rates, step) for step in (0, 2)
            ]
            loss, outputs = engine.evaluate(engine.job.rows)
            moments = engine.job.optimizer.moments.values()
            found.append([network.parameters, *moments, *reports[0], *reports[1], loss, outputs])
            in_place = [len(each.in_place) for each in engine._programs.programs.values()]
            assert in_place == ([2, 2] if large == 1 else [0, 0])
    for one, two in zip(chain(*found[:2]), chain(*found[2:]), strict=True):
        np.testing.assert_array_equal(one, two)


def test_memory_of_a_wide_training_does_not_grow_with_its_weights(make_job):
    engine = CompiledEngine(make_job(dense(64, 1024, 1024, 3, dtype="float32")(), n_rows=8))
    engine.run([np.arange(8)], 8, np.full(1, 0.01), 0)
    (program,) = engine._programs.programs.values()
    assert program.workspace.n_bytes < engine.job.network.parameters.nbytes


@pytest.mark.parametrize("optimizer", [*sorted(set(OPTIMIZERS) - {"lbfgs"}), "sgd:average=0.9"])
def test_steps_of_one_row(optimizer, agree):
    if optimizer == "rmsprop":
        optimizer = "rmsprop:epsilon=1e-4"  # else, it divides rounding errors by their size
    agree(
        dense(300, 64, 64, 3, dtype="float32", hidden="relu"), 1, n_rows=5, optimizer=optimizer,
        clipping=ClipNorm(0.1),
    )  # fmt: skip


@pytest.mark.parametrize("sizes", [[70, 64, 128], [5, 1024, 64]])
def test_steps_of_one_row_through_layers_of_any_width(sizes, dtype, agree):
    agree(dense(*sizes, 3, dtype=dtype, hidden="relu"), 1, n_rows=5, optimizer="adamw")


def test_the_norm_of_a_gradient_of_one_row_whose_squares_overflow(make_job):
    X, y = np.full((1, 64), 1e12, np.float32), np.zeros((1, 64), np.float32)
    engine = CompiledEngine(make_job(Network.dense([64, 64], seed=0), X, y))
    expected = np.linalg.norm(engine.value_and_gradient()[1].astype(float))
    found = engine.run([np.array([0])], 1, np.array([1e-30]), 0).gradient_norms
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@pytest.mark.parametrize("batch_size", [1, 7, 32, 33])
def test_every_batch_size(batch_size, agree):
    agree(dense(300, 16, 3, dtype="float64"), batch_size, weighted=True)


@pytest.mark.parametrize(
    "first",
    [
        lambda: [Dense(300, 20, "tanh"), BatchNorm(20), Dropout(0.4)],
        lambda: [Dense(300, 20), LayerNorm(20), ActivationLayer("tanh")],
        lambda: [Dropout(0.4), Dense(300, 20, "tanh")],
        lambda: [BatchNorm(300), Dense(300, 20, "tanh")],
        lambda: [LayerNorm(300), Dense(300, 20, "tanh")],
        lambda: [ActivationLayer("tanh"), Dense(300, 20, "softmax")],
        lambda: [Dense(300, 512), BatchNorm(512), LayerNorm(512), Dropout(0.4), Dense(512, 20)],
        lambda: [Dense(300, 300, "tanh"), Dense(300, 20, "tanh")],
    ],
)
def test_other_layers_before_and_after_a_wide_one(first, agree):
    def make():
        return Network([*first(), Dense(20, 3, "softmax")], seed=1, dtype="float64")

    agree(make, 32, penalties=[L1(0.01)], clipping=ClipNorm(0.5))


@pytest.mark.integration
@pytest.mark.parametrize(
    "bits", [0, *(pytest.param(bits, marks=pytest.mark.slow) for bits in (128, 256))]
)
def test_narrower_vectors(bits, monkeypatch, agree):
    monkeypatch.setenv("BARENET_SIMD_BITS", str(bits))
    for sizes in [(256, 65), (257, 1), (784, 16), (320, 3)]:
        agree(dense(*sizes, 3, hidden="relu", dtype="float64"), 33)


@pytest.mark.parametrize(("batch_size", "dtype"), [(1, "float64"), (3, "float32"), (5, "float64")])
def test_few_rows_and_layers_of_one_vector_width(batch_size, dtype, agree):
    """Those are computed row by row, with any layers before and after."""
    for sizes in ([1, 1, 3], [17, 16, 16, 3], [300, 10, 70, 3]):
        make = dense(*sizes, dtype=dtype)
        agree(make, batch_size, n_rows=4, weighted=True)
        agree(make, batch_size, n_rows=11, clipping=ClipNorm(0.1))


def test_batches_of_changing_size(make_job):
    """A program has memory for the largest batch so far, and parts that do not depend on it."""
    make = dense(300, 16, 3, dtype="float64")
    expected, found = make(), make()
    for spec, network in ((ReferenceEngine, expected), (CompiledEngine, found)):
        engine = spec(make_job(network, n_rows=70))
        for step, size in enumerate((3, 40, 1, 70, 33)):
            engine.run([np.arange(size)], size, np.full(1, 0.01), step)
    np.testing.assert_allclose(found.parameters, expected.parameters, rtol=0, atol=1e-12)


def test_rows_that_the_last_batch_does_not_have_are_left_alone(make_job, call):
    """The thread that has their block may come while another one gathers the rows there are."""
    network = Network.dense([300, 6, 3], output="softmax", seed=1, dtype="float64")
    job, spec, order = make_job(network, n_rows=2), kernel_spec(network.dtype), np.arange(2)
    memory, step = Workspace(spec, network.dtype), np.zeros((), STEP)
    lowering = Lowering(job, job.rows, memory, 2 * WIDE_ROWS, "learn")
    kernel, operands = lowering.before_rows[0].instructions[0]
    layer = np.frombuffer((ctypes.c_char * LAYER.itemsize).from_address(operands), LAYER)[0]
    products = np.ctypeslib.as_array(
        ctypes.cast(int(layer["partial"]), ctypes.POINTER(ctypes.c_double)),
        (2 * WIDE_ROWS, int(layer["stride"])),
    )
    step["x"], step["batch"] = job.rows.X.ctypes.data, order.ctypes.data
    step["x_row"], step["x_column"], step["scale"] = 300, 1, 1
    step["n_rows"], step["capacity"], step["multiply"] = 2, 2 * WIDE_ROWS, multiply.address(spec)
    for block, seen in ((1, [9, 9, 9]), (0, [0, 0, 9])):  # all weights here are 0, as nothing loads
        products[:3] = 9
        call(kernel, step.ctypes.data, operands, block, block + 1)
        assert products[:3, 0].tolist() == seen

"""Softmax with a row in each lane: the bits of one row after the other."""

import numpy as np
import pytest
from numba import from_dtype
from scipy.special import softmax as softmax_of_scipy

from barenet.engines.kernels._activations import MAX_CLASSES, softmax
from barenet.engines.kernels._records import LAYER, STEP
from barenet.engines.simd._views import KernelSpec

N_ROWS = 37


@pytest.fixture(params=[("float32", 16), ("float64", 8)])
def compute(request, call):
    """Probabilities of rows of logits, computed together or one by one."""
    dtype, count = request.param
    spec = KernelSpec(from_dtype(np.dtype(dtype)), count, "softmax")

    def run(logits, rows_at_a_time):
        n_classes = logits.shape[1]
        stride = -(-n_classes // count) * count
        z = np.full((N_ROWS + 1, stride), 9, dtype)
        a = np.full((N_ROWS + 1, stride), 9, dtype)
        z[:N_ROWS, :n_classes] = logits
        step = np.zeros((), STEP)
        layer = np.zeros((), LAYER)
        layer["z"] = z.ctypes.data
        layer["a"] = a.ctypes.data
        layer["n_out"] = n_classes
        layer["stride"] = stride
        for start in range(0, N_ROWS, rows_at_a_time):
            stop = min(start + rows_at_a_time, N_ROWS)
            call(softmax.address(spec), step.ctypes.data, layer.ctypes.data, start, stop)
        assert (a[-1] == 9).all()
        assert not a[:N_ROWS, n_classes:].any()
        return a[:N_ROWS, :n_classes]

    return run


def logits_of(n_classes):
    """Logits of usual and of enormous size."""
    rng = np.random.default_rng(n_classes)
    exponents = rng.integers(-3, 4, size=(N_ROWS, 1))
    return rng.normal(size=(N_ROWS, n_classes)) * 10.0**exponents


@pytest.mark.parametrize("n_classes", [1, 10, 17, MAX_CLASSES, MAX_CLASSES + 1])
def test_rows_in_lanes_have_the_bits_of_single_rows(n_classes, compute):
    logits = logits_of(n_classes)
    together = compute(logits, N_ROWS)
    np.testing.assert_array_equal(together, compute(logits, 1))
    expected = softmax_of_scipy(logits.astype(together.dtype), axis=1)
    tolerance = 100 * np.finfo(together.dtype).eps
    np.testing.assert_allclose(together, expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_one_extreme_logit_changes_its_own_row_alone(bad, compute):
    usual = compute(logits_of(10), N_ROWS)
    for place in (0, 5, 9):
        logits = logits_of(10)
        logits[3, place] = bad
        together = compute(logits, N_ROWS)
        np.testing.assert_array_equal(together, compute(logits, 1))
        np.testing.assert_array_equal(np.delete(together, 3, 0), np.delete(usual, 3, 0))
        assert not np.array_equal(together[3], usual[3])

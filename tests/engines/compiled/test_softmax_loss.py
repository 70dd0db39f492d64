"""Softmax cross-entropy with a row in each lane: the bits of one row after the other."""

import numpy as np
import pytest
from numba import from_dtype
from scipy.special import log_softmax, softmax

from barenet.engines.kernels._losses import MAX_CLASSES, softmax_loss
from barenet.engines.kernels._records import LAYER, STEP
from barenet.engines.simd._views import KernelSpec

N_ROWS = 37


@pytest.fixture(params=[("float32", 16), ("float64", 8)])
def compute(request, call):
    """Losses and padded derivatives of rows of logits, computed together or one by one."""
    dtype, count = request.param
    spec = KernelSpec(from_dtype(np.dtype(dtype)), count, "softmax_cross_entropy")

    def run(logits, y, weight, order, by):
        n, stride = logits.shape[1], -(-logits.shape[1] // count) * count
        z, d = (np.full((N_ROWS + 1, stride), 9, dtype) for _ in "zd")
        z[:N_ROWS, :n] = logits
        losses, y, weight = np.full(N_ROWS + 1, 9.0), y.astype(dtype), weight.astype(dtype)
        step, layer, address = np.zeros((), STEP), np.zeros((), LAYER), lambda x: x.ctypes.data
        step["losses"], step["y"], step["sample_weight"] = map(address, (losses, y, weight))
        step["batch"], step["n_rows"], step["row_weight"] = address(order), N_ROWS, 0.125
        layer["a"], layer["d"], layer["n_out"], layer["stride"] = address(z), address(d), n, stride
        for row in range(0, N_ROWS, by):
            stop = min(row + by, N_ROWS)
            call(softmax_loss.address(spec), address(step), address(layer), row, stop)
        assert losses[-1] == 9
        assert (d[-1] == 9).all()
        assert not d[:N_ROWS, n:].any()
        return losses[:N_ROWS], d[:N_ROWS, :n]

    return run


def batch(n_classes):
    """Logits of usual and of enormous size, soft targets, weights, and the order of the rows."""
    rng = np.random.default_rng(n_classes)
    z = rng.normal(size=(N_ROWS, n_classes)) * 10.0 ** rng.integers(-3, 4, size=(N_ROWS, 1))
    y = rng.dirichlet(np.ones(n_classes), N_ROWS)
    y[::2] = np.eye(n_classes)[rng.integers(n_classes, size=len(y[::2]))]
    return z, y, rng.random(N_ROWS), rng.permutation(N_ROWS)


@pytest.mark.parametrize("n_classes", [1, 10, 17, MAX_CLASSES, MAX_CLASSES + 1])
def test_rows_in_lanes_have_the_bits_of_single_rows(n_classes, compute):
    z, y, weight, order = batch(n_classes)
    losses, d = compute(z, y, weight, order, N_ROWS)
    for found, expected in zip((losses, d), compute(z, y, weight, order, 1), strict=True):
        np.testing.assert_array_equal(found, expected)
    y, weight, tolerance = y[order], 0.125 * weight[order], 100 * np.finfo(d.dtype).eps
    expected = -weight * (y * log_softmax(z, axis=1)).sum(axis=1)
    np.testing.assert_allclose(losses, expected, rtol=tolerance, atol=tolerance)
    slopes = weight[:, None] * (softmax(z.astype(d.dtype), axis=1) - y)
    np.testing.assert_allclose(d, slopes, rtol=0, atol=tolerance)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e30, -1e30])
def test_one_extreme_logit_changes_its_own_row_alone(bad, compute):
    for place in (0, 5, 9):
        z, y, weight, order = batch(10)
        usual = compute(z, y, weight, order, N_ROWS)
        z[3, place] = bad
        together, alone = (compute(z, y, weight, order, by) for by in (N_ROWS, 1))
        for found, expected, before in zip(together, alone, usual, strict=True):
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_array_equal(np.delete(found, 3, 0), np.delete(before, 3, 0))
            assert not np.array_equal(found[3], before[3])

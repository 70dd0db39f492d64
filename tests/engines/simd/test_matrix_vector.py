"""Products of a matrix and a vector against NumPy, in blocks of four rows and in the rest."""

import numpy as np
import pytest

from barenet.engines.simd._matrix_vector import multiply_rows


def multiply(spec, step, op, start, stop):
    multiply_rows(spec, op.a, op.row, op.x, op.y, op.first, op.last)


@pytest.mark.parametrize(("dtype", "count"), [("float32", 8), ("float32", 4), ("float64", 4)])
@pytest.mark.parametrize("bad", [0.5, np.inf, -np.inf])
def test_products_of_some_rows(dtype, count, bad, call_kernel):
    A = np.random.default_rng(0).normal(size=(11, 3 * count)).astype(dtype)
    x = np.random.default_rng(1).normal(size=3 * count).astype(dtype)
    x[0] = bad
    for start, stop in ((0, 11), (2, 9), (8, 11), (3, 3)):
        y = np.full(12, 7, dtype)
        call_kernel(multiply, dtype, count, a=A, x=x, y=y, row=3 * count, first=start, last=stop)
        expected = np.full(12, 7, dtype)
        expected[start:stop] = A[start:stop].astype(float) @ x.astype(float)
        np.testing.assert_allclose(y, expected, rtol=1e-5)

"""Blocks against NumPy: transposition, and matrix products of every size around a block's."""

import numpy as np
import pytest
from numba import from_dtype

from barenet.engines.compiled._workspace import up
from barenet.engines.kernels._dense import COLUMNS, DEEP, DEPTH, multiply
from barenet.engines.kernels._records import PRODUCT, STEP
from barenet.engines.simd._register_blocks import block_product
from barenet.engines.simd._views import KernelSpec


@pytest.fixture(scope="module")
def product(call):
    """A function that computes C = S + A B by the kernel, with 99 in the other rows of C."""

    def compute(dtype, count, A, B, S, *, transposed=False, rows=None):
        spec = KernelSpec(from_dtype(np.dtype(dtype)), count)
        (n, depth), width = A.shape, up(B.shape[1], count)
        A_ = np.ascontiguousarray(A.T if transposed else A)
        B_, S_ = np.zeros((depth, width), dtype), np.zeros(width, dtype)
        B_[:, : B.shape[1]], S_[: B.shape[1]] = B, S
        C = np.full((n + 17, width), 99, dtype)
        step, op = np.zeros((), STEP), np.zeros((), PRODUCT)
        # A depth of 0 is the number of the batch's rows, as in a gradient.
        step["n_rows"], op["depth"] = (depth, 0) if transposed else (0, depth)
        for name, values in {"a": A_, "b": B_, "s": S_, "c": C}.items():
            op[name] = values.ctypes.data
        op["a_row"], op["a_step"] = (1, n) if transposed else (depth, 1)
        op["b_step"] = op["c_row"] = op["width"] = width
        start, stop = rows or (0, n)
        call(multiply.address(spec), step.ctypes.data, op.ctypes.data, start, stop)
        return C, width

    return compute


@pytest.mark.integration
@pytest.mark.parametrize(
    ("dtype", "count"),
    [
        ("float32", 16),
        ("float64", 1),
        *(pytest.param("float32", n, marks=pytest.mark.slow) for n in (1, 4, 8)),
        *(pytest.param("float64", n, marks=pytest.mark.slow) for n in (2, 4, 8)),
    ],
)
@pytest.mark.parametrize("transposed", [False, True])
def test_products_of_all_sizes(dtype, count, transposed, product):
    rng = np.random.default_rng(1)
    tolerance = 50 * np.finfo(dtype).eps
    for n in (1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 15, 16, 17, 20, 31, 33):
        for columns in (1, count, count + 1, 2 * count, 3 * count, 4 * count + 1):
            depth = int(rng.integers(1, 40))
            A, B = rng.normal(size=(n, depth)), rng.normal(size=(depth, columns))
            A, B, S = (x.astype(dtype) for x in (A, B, rng.normal(size=columns)))
            C, width = product(dtype, count, A, B, S, transposed=transposed)
            expected = S.astype(float) + A.astype(float) @ B.astype(float)
            assert np.abs(C[:n, :columns] - expected).max() <= tolerance * depth
            assert not C[:n, columns:width].any()
            assert (C[n:] == 99).all()


@pytest.mark.parametrize(
    ("height", "n_vectors"),
    [
        (6, 2),
        (16, 1),
        *(pytest.param(*block, marks=pytest.mark.slow) for block in ((8, 2), (12, 1))),
    ],
)
def test_blocks_for_any_processor_have_the_same_bits(height, n_vectors, call_kernel, product):
    """Those for 16 registers and those for 32, of which the processor at hand uses one kind."""
    blocks, rng = block_product(height, n_vectors), np.random.default_rng(5)

    def multiply_whole_blocks(spec, step, op, start, stop):
        blocks(spec, op, start, stop, 0, 0, op.depth)

    for n in (height - 1, height, 2 * height + 1, 3 * height - 1):
        A, B = rng.normal(size=(n, 20)).astype("f4"), rng.normal(size=(20, 4 * n_vectors))
        B, S = B.astype("f4"), rng.normal(size=4 * n_vectors).astype("f4")
        C, width = np.full((n, len(S)), 99, "f4"), len(S)
        strides = {"a_row": 20, "a_step": 1, "b_step": width, "c_row": width, "depth": 20}
        call_kernel(multiply_whole_blocks, "float32", 4, n, a=A, b=B, s=S, c=C, **strides)
        done = n - n % height
        assert np.array_equal(C[:done], product("float32", 4, A, B, S)[0][:done])
        assert (C[done:] == 99).all()


@pytest.mark.parametrize(
    ("height", "n_vectors"), [(6, 2), pytest.param(2, 4, marks=pytest.mark.slow)]
)
def test_blocks_whose_sums_start_from_a_number_of_each_row(height, n_vectors, call_kernel):
    blocks, rng = block_product(height, n_vectors, "rows"), np.random.default_rng(6)

    def multiply_whole_blocks(spec, step, op, start, stop):
        blocks(spec, op, start, stop, 0, 0, op.depth)

    width = 4 * n_vectors
    for n in (height - 1, height, 2 * height + 1):
        A, B, S = rng.normal(size=(n, 20)), rng.normal(size=(20, width)), rng.normal(size=n)
        A, B, S = A.astype("f4"), B.astype("f4"), S.astype("f4")
        C = np.full((n, width), 99, "f4")
        transposed = np.ascontiguousarray(A.T)
        strides = {"a_row": 1, "a_step": n, "b_step": width, "c_row": width, "depth": 20}
        arrays = {"a": transposed, "b": B, "s": S, "c": C}
        call_kernel(multiply_whole_blocks, "float32", 4, n, **arrays, **strides)
        done = n - n % height
        expected = S[:, None] + A.astype(float) @ B
        np.testing.assert_allclose(C[:done], expected[:done], rtol=1e-5, atol=1e-5)
        assert (C[done:] == 99).all()


@pytest.mark.parametrize(
    ("dtype", "count", "transposed"), [("float32", 16, False), ("float64", 8, True)]
)
def test_deep_products_are_summed_in_the_order_of_the_depth(dtype, count, transposed, product):
    """In parts that stay in the cache, with the bits of shallow products, one after the other."""
    rng, n_columns = np.random.default_rng(4), COLUMNS + 3 * count
    for depth in (DEEP + 1, 5 * DEPTH, 5 * DEPTH + 3):
        A, B = rng.normal(size=(9, depth)).astype(dtype), rng.normal(size=(depth, n_columns))
        B, S = B.astype(dtype), rng.normal(size=n_columns).astype(dtype)
        whole, width = product(dtype, count, A, B, S, transposed=transposed)
        assert np.abs(whole[:9, :n_columns] - (S + A.astype(float) @ B)).max() < 1e-3
        for i, row in enumerate(A):
            total = S
            for k in range(0, depth, 200):
                parts = row[None, k : k + 200], B[k : k + 200]
                total = product(dtype, count, *parts, total, transposed=transposed)[0][0, :width]
            assert np.array_equal(whole[i], total)

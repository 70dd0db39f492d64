"""SIMD: the matrix product of one block, in registers. All LLVM code of the engine is here.

A block of C is held in registers while the depth is walked through once: each step loads the
vectors of a row of B, and multiplies them with one number of A for each row of the block.

Vectors are as wide as the processor's, and rows of B and C are padded to whole vectors, so there
are no masks and no special cases. Each element is summed in the order of the depth, whatever block
it falls into: the bits do not depend on how the work is split.

The width in bytes travels as the *type* of an argument, a tuple of that many zeros: Numba then
compiles, and keeps on disk, one kernel for each width.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from llvmlite.binding import get_host_cpu_features
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

INT = ir.IntType(64)


def host_width() -> tuple[int, ...]:
    """Zeros, as many as a vector register of this processor has groups of 16 bytes."""
    features = get_host_cpu_features()
    groups = 4 if features.get("avx512f") else 2 if features.get("avx2") else 1
    return (0,) * groups


@intrinsic
def lanes(typing_context: Any, width: Any, array: Any) -> Any:
    """Count the numbers in a vector: a constant when the kernel is compiled."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, count_lanes(width, array.dtype))

    return types.intp(width, array), emit


def count_lanes(width: Any, dtype: Any) -> int:
    """Count the numbers of a dtype in a vector."""
    return 16 * len(width) * 8 // dtype.bitwidth


@intrinsic
def stretch(typing_context: Any, array: Any, start: Any, length: Any) -> Any:
    """See a stretch of a 1-D array, as ``array[start : start + length]`` does, but for free.

    Numba counts who refers to an array's memory, with an atomic operation for each slice; a kernel
    of tiny layers would do little else. A stretch does not count: its array must outlive it.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        source = context.make_array(array)(context, builder, arguments[0])
        view = context.make_array(array)(context, builder)
        size = context.get_constant(types.intp, array.dtype.bitwidth // 8)
        populate_array(
            view,
            data=builder.gep(source.data, [arguments[1]]),
            shape=[arguments[2]],
            strides=[size],
            itemsize=size,
            meminfo=None,
        )
        return view._getvalue()

    return array(array, types.intp, types.intp), emit


@intrinsic
def times_power_of_two(typing_context: Any, number: Any, exponent: Any) -> Any:
    """Multiply by 2ⁿ, for a whole n within the dtype's range, by adding to the exponent's bits."""
    bits, mantissa = (32, 23) if number == types.float32 else (64, 52)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        whole = ir.IntType(bits)
        n = builder.fptosi(arguments[1], whole)
        n = builder.shl(n, ir.Constant(whole, mantissa))
        raised = builder.add(builder.bitcast(arguments[0], whole), n)
        return builder.bitcast(raised, arguments[0].type)

    return number(number, exponent), emit


def block_product(rows: int, vectors: int) -> Callable[..., None]:
    """Make the kernel for blocks of some rows and vectors: C = start + A B.

    Its arguments are the width, the memory that holds all, and for each matrix its place and
    strides there:

        a, a_row, a_step   A[i, k] is at a + i·a_row + k·a_step
        b, b_step          row k of the block of B starts at b + k·b_step
        s                  the row that each sum starts from: zeros, or a bias
        c, c_row           row i of the block of C starts at c + i·c_row
        depth              how many k there are
    """

    @intrinsic
    def kernel(
        typing_context: Any,
        width: Any,
        memory: Any,
        a: Any, a_row: Any, a_step: Any,
        b: Any, b_step: Any,
        s: Any,
        c: Any, c_row: Any,
        depth: Any,
    ) -> Any:  # fmt: skip
        signature = types.void(width, memory, *[types.intp] * 9)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            block = _Block(context, builder, signature.args, values, rows, vectors)
            block.multiply()
            return context.get_dummy_value()

        return signature, emit

    return kernel


class _Block:
    """The code of one block, while it is written."""

    def __init__(
        self, context: Any, builder: Any, kinds: Any, values: Any, rows: int, vectors: int
    ) -> None:
        self.builder, self.rows, self.vectors = builder, rows, vectors
        array = cgutils.create_struct_proxy(kinds[1])(context, builder, value=values[1])
        self.memory, dtype = array.data, kinds[1].dtype
        self.a, self.a_row, self.a_step, self.b, self.b_step, self.s = values[2:8]
        self.c, self.c_row, self.depth = values[8:]
        self.lanes = count_lanes(kinds[0], dtype)
        number = ir.FloatType() if dtype.bitwidth == 32 else ir.DoubleType()
        self.vector = ir.VectorType(number, self.lanes)
        self.align = dtype.bitwidth // 8
        name = f"llvm.fma.v{self.lanes}f{dtype.bitwidth}"
        kind = ir.FunctionType(self.vector, [self.vector] * 3)
        self.fma = cgutils.get_or_insert_function(builder.module, kind, name)

    def multiply(self) -> None:
        builder = self.builder
        sums = [
            [cgutils.alloca_once_value(builder, self._load(self.s, j)) for j in range(self.vectors)]
            for _ in range(self.rows)
        ]  # LLVM keeps them in registers
        with cgutils.for_range(builder, self.depth) as loop:
            k = loop.index
            b = builder.add(self.b, builder.mul(k, self.b_step))
            row = [self._load(b, j) for j in range(self.vectors)]
            for i in range(self.rows):
                a = builder.add(self._row(self.a, i, self.a_row), builder.mul(k, self.a_step))
                factor = self._splat(builder.load(builder.gep(self.memory, [a])))
                for j in range(self.vectors):
                    total = sums[i][j]
                    builder.store(
                        builder.call(self.fma, [factor, row[j], builder.load(total)]), total
                    )
        for i in range(self.rows):
            c = self._row(self.c, i, self.c_row)
            for j in range(self.vectors):
                builder.store(builder.load(sums[i][j]), self._at(c, j), align=self.align)

    def _row(self, first: Any, i: int, stride: Any) -> Any:
        return self.builder.add(first, self.builder.mul(ir.Constant(INT, i), stride))

    def _at(self, offset: Any, j: int) -> Any:
        offset = self.builder.add(offset, ir.Constant(INT, j * self.lanes))
        return self.builder.bitcast(
            self.builder.gep(self.memory, [offset]), self.vector.as_pointer()
        )

    def _load(self, offset: Any, j: int) -> Any:
        return self.builder.load(self._at(offset, j), align=self.align)

    def _splat(self, number: Any) -> Any:
        index = ir.IntType(32)
        undefined = ir.Constant(self.vector, ir.Undefined)
        first = self.builder.insert_element(undefined, number, ir.Constant(index, 0))
        zeros = ir.Constant(ir.VectorType(index, self.lanes), [0] * self.lanes)
        return self.builder.shuffle_vector(first, undefined, zeros)


block_8x2 = block_product(8, 2)
block_4x2 = block_product(4, 2)
block_1x2 = block_product(1, 2)
block_16x1 = block_product(16, 1)
block_4x1 = block_product(4, 1)
block_1x1 = block_product(1, 1)

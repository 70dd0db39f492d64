"""Blocks of matrices, in registers: products and transposition."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from barenet.engines.simd.lanes import multiply_add, shuffle, splat
from barenet.engines.simd.memory import INT, load, pointer, store


@intrinsic
def transpose_block(
    typing_context: Any, kind: Any, source: Any, first: Any, row: Any, n: Any,
    target: Any, first_target: Any, row_target: Any,
) -> Any:  # fmt: skip
    """Transpose a square of as many rows as a vector has lanes; those from the n-th on are 0.

    It begins at the source's number `first`, and its rows are so many numbers apart.

    Zipping row i with row i + L/2, for all i, moves a bit of the row's number to the column's; so
    log₂ L times do it.
    """

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        L, vector = kind.count, kind.lanes.vector
        _, source, first, row, n, target, first_target, row_target = values

        def place(address: Any, first: Any, i: int, stride: Any) -> Any:
            return pointer(
                builder, kind.dtype, address, builder.add(first, builder.mul(INT(i), stride))
            )

        rows = [load(builder, place(source, first, i, row), vector) for i in range(L)]
        zero = ir.Constant(vector, [0.0] * L)
        rows = [
            builder.select(builder.icmp_signed("<", INT(i), n), x, zero) for i, x in enumerate(rows)
        ]
        for _ in range(L.bit_length() - 1):
            zipped = [[half + i // 2 + i % 2 * L for i in range(L)] for half in (0, L // 2)]
            pairs = zip(rows[: L // 2], rows[L // 2 :], strict=True)
            rows = [shuffle(builder, a, b, order) for a, b in pairs for order in zipped]
        for i, x in enumerate(rows):
            store(builder, x, place(target, first_target, i, row_target))
        return context.get_dummy_value()

    return types.void(kind, *[types.intp] * 7), emit


def block_product(n_rows: int, n_vectors: int) -> Callable[..., None]:
    """Make the code for blocks of some rows and vectors: C = S + A B.

    The block is held in registers while the depth is walked through once: each step loads the
    vectors of a row of B, and multiplies them with one number of A for each row of the block. Rows
    of B and C are padded to whole vectors, so there are no masks. Each element is summed in the
    order of the depth, whatever block it falls into: the bits do not depend on how work is split.

    The kernel takes the kind, the operation, which is a record like `records.PRODUCT`, where the
    rows of A come from, the block's first row and column in C, and the depth:

        A[i, k] is at a + i·a_row + k·a_step
        row k of B starts at b + k·b_step, row i of C at c + i·c_row
        each sum starts from what stands at s, in its column: a bias, or zero
    """

    @intrinsic
    def kernel(
        typing_context: Any, kind: Any, op: Any, a: Any, a_row: Any, a_step: Any,
        row: Any, column: Any, depth: Any,
    ) -> Any:  # fmt: skip
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            _, record, *rest = values
            _Block(builder, kind, op, record, n_rows, n_vectors).multiply(*rest)
            return context.get_dummy_value()

        return types.void(kind, op, *[types.intp] * 6), emit

    return kernel


class _Block:
    """The code of one block."""

    def __init__(
        self, builder: Any, kind: Any, op: Any, record: Any, n_rows: int, n_vectors: int
    ) -> None:
        self.builder, self.kind, self.rows, self.vectors = (
            builder,
            kind,
            range(n_rows),
            range(n_vectors),
        )

        def field(name: str) -> Any:
            place = builder.gep(record, [INT(0), INT(op.offset(name))])
            return builder.load(builder.bitcast(place, INT.as_pointer()))

        self.b, self.b_step, self.s, self.c, self.c_row = map(
            field, ("b", "b_step", "s", "c", "c_row")
        )

    def multiply(
        self, a: Any, a_row: Any, a_step: Any, first: Any, column: Any, depth: Any
    ) -> None:
        builder, one = self.builder, INT(1)
        start = self.load_vectors(self.at(self.s, (column, one)))
        sums = [[cgutils.alloca_once_value(builder, x) for x in start] for _ in self.rows]
        a, b = self.at(a, (first, a_row)), self.at(self.b, (column, one))
        with cgutils.for_range(builder, depth) as loop:
            row_of_b = self.load_vectors(builder.gep(b, [builder.mul(loop.index, self.b_step)]))
            place = builder.gep(a, [builder.mul(loop.index, a_step)])
            for row in sums:
                factor = splat(builder, builder.load(place), self.kind.count)
                place = builder.gep(place, [a_row])
                for total, part in zip(row, row_of_b, strict=True):
                    added = multiply_add(builder, factor, part, builder.load(total))
                    builder.store(added, total)  # LLVM keeps the sums in registers
        place = self.at(self.c, (first, self.c_row), (column, one))
        for row in sums:
            for j, total in enumerate(row):
                target = builder.gep(place, [INT(j * self.kind.count)])
                store(builder, builder.load(total), target)
            place = builder.gep(place, [self.c_row])

    def at(self, address: Any, *terms: tuple[Any, Any]) -> Any:
        """Point to where so many strides lead."""
        offset = INT(0)
        for count, stride in terms:
            offset = self.builder.add(offset, self.builder.mul(count, stride))
        return pointer(self.builder, self.kind.dtype, address, offset)

    def load_vectors(self, place: Any) -> list[Any]:
        places = [self.builder.gep(place, [INT(j * self.kind.count)]) for j in self.vectors]
        return [load(self.builder, each, self.kind.lanes.vector) for each in places]

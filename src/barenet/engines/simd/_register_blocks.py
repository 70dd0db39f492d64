"""Blocks of matrices, in registers: products and transposition."""

from collections.abc import Callable
from typing import Any

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from barenet.engines.simd import _llvm as llvm
from barenet.engines.simd._lanes import Lanes
from barenet.engines.simd._processor import n_registers

#: Rows of the largest blocks of one vector and of two, whose sums and factors fill the registers.
TALL, HALF = (16, 8) if n_registers() == 32 else (8, 6)


@intrinsic
def transpose_block(
    typing_context: Any, spec: Any, source: Any, first: Any, row: Any, n: Any,
    target: Any, first_target: Any, row_target: Any,
) -> Any:  # fmt: skip
    """Transpose a square of as many rows as a vector has lanes; rows from the n-th on become 0.

    The square begins at index `first` of the source, with rows a stride apart. Zipping row i with
    row i + L/2, for all i, moves a bit of the row's index to the column's, so log₂ L passes do it.
    """
    L, vector = spec.count, spec.lanes.vector

    def write(builder: Any, _: Any, *operands: Any) -> None:
        source, first, row, n, target, first_target, row_target = operands

        def place(address: Any, first: Any, i: int, stride: Any) -> Any:
            number = builder.add(first, builder.mul(llvm.INT(i), stride))
            return llvm.pointer(builder, spec.dtype, address, number)

        rows = [llvm.load(builder, place(source, first, i, row), vector) for i in range(L)]
        rows = [
            builder.select(builder.icmp_signed("<", llvm.INT(i), n), x, vector([0.0] * L))
            for i, x in enumerate(rows)
        ]
        for _ in range(L.bit_length() - 1):
            zipped = [[half + i // 2 + i % 2 * L for i in range(L)] for half in (0, L // 2)]
            pairs = zip(rows[: L // 2], rows[L // 2 :], strict=True)
            rows = [llvm.shuffle(builder, a, b, order) for a, b in pairs for order in zipped]
        for i, x in enumerate(rows):
            llvm.store(builder, x, place(target, first_target, i, row_target))

    return types.void(spec, *[types.intp] * 7), llvm.emitter(write)


def block_product(n_rows: int, n_vectors: int) -> Callable[..., int]:
    """Make the code for C = S + A B in blocks of some rows and vectors.

    A block stays in registers while a loop goes over the depth: each step loads the vectors of a
    row of B, as a long one that LLVM splits, and multiplies it by one number of A for each row of
    the block. Rows of B and C are padded to whole vectors, so there are no masks. Each element is
    summed in the order of the depth in any block, so the bits do not depend on the partition of the
    work.

    The code takes the spec, the product (a record of type `PRODUCT`), the first row, the end of the
    rows, the first column, the first step k, and how many steps there are::

        A[i, k] is at a + i·a_row + k·a_step
        row k of B starts at b + k·b_step, row i of C at c + i·c_row
        each sum starts from the value at s in its column, a bias or zero; if k > 0, from C

    It returns the next row, from which on there are too few rows for a block.
    """

    @intrinsic
    def multiply_blocks(
        typing_context: Any, spec: Any, product: Any, first: Any, last: Any, column: Any,
        k: Any, depth: Any,
    ) -> Any:  # fmt: skip
        row = Lanes(spec.dtype, n_vectors * spec.count).vector

        def write(builder: Any, _: Any, record: Any, *operands: Any) -> Any:
            first, last, column, k, depth = operands

            def field(name: str) -> Any:
                place = builder.gep(record, [llvm.INT(0), llvm.INT(product.offset(name))])
                return builder.load(builder.bitcast(place, llvm.INT.as_pointer()))

            end = builder.sub(last, llvm.INT(n_rows - 1))
            with cgutils.for_range_slice(builder, first, end, llvm.INT(n_rows), llvm.INT) as (i, _):
                # Read here, so only for blocks that exist: few rows need one or two.
                b, s, c = (llvm.pointer(builder, spec.dtype, field(name), column) for name in "bsc")
                a_row, b_step, c_row = (field(name) for name in ("a_row", "b_step", "c_row"))
                a_step, of_c = field("a_step"), builder.gep(c, [builder.mul(i, c_row)])
                a = llvm.pointer(builder, spec.dtype, field("a"), builder.mul(i, a_row))
                A = (builder.gep(a, [builder.mul(k, a_step)]), a_row, a_step)
                B = (builder.gep(b, [builder.mul(k, b_step)]), b_step)
                C = _rows(builder, of_c, c_row, n_rows)
                sums = [cgutils.alloca_once(builder, row) for _ in C]
                with builder.if_else(builder.icmp_signed(">", k, llvm.INT(0))) as branches:
                    for branch, places in zip(branches, (C, [s] * n_rows), strict=True):
                        with branch:
                            for place, total in zip(places, sums, strict=True):
                                builder.store(llvm.load(builder, place, row), total)
                _add_products(builder, row, sums, A, B, depth)
                for place, total in zip(C, sums, strict=True):
                    llvm.store(builder, builder.load(total), place)
            return builder.sub(last, builder.srem(builder.sub(last, first), llvm.INT(n_rows)))

        return types.intp(spec, product, *[types.intp] * 5), llvm.emitter(write)

    return multiply_blocks


def _rows(builder: Any, place: Any, stride: Any, n_rows: int) -> list[Any]:
    """Pointers to rows that are a stride apart."""
    pointers = [place]
    while len(pointers) < n_rows:
        pointers.append(builder.gep(pointers[-1], [stride]))
    return pointers


def _add_products(builder: Any, row: Any, sums: list[Any], A: Any, B: Any, depth: Any) -> None:
    """Add the products over the depth to the sums, variables that LLVM keeps in registers."""
    (a, a_row, a_step), (b, b_step), two = A, B, builder.add(A[1], A[1])
    of_b, n_rows, rows = cgutils.alloca_once_value(builder, b), len(sums), [llvm.INT(0), a_row, two]
    # Three rows are read by one pointer: x86 adds a register, or twice one, at no cost.
    pointers = [
        cgutils.alloca_once_value(builder, each)
        for each in _rows(builder, a, builder.add(a_row, two), -(-n_rows // 3))
    ]
    with cgutils.for_range(builder, depth):
        place = builder.load(of_b)
        row_of_b = llvm.load(builder, place, row)
        builder.store(builder.gep(place, [b_step]), of_b)
        for first, pointer in zip(range(0, n_rows, 3), pointers, strict=True):
            at = builder.load(pointer)
            builder.store(builder.gep(at, [a_step]), pointer)
            for total, offset in zip(sums[first : first + 3], rows, strict=False):
                number = builder.load(builder.gep(at, [offset]))
                factor = llvm.splat(builder, number, row.count)
                builder.store(
                    llvm.multiply_add(builder, factor, row_of_b, builder.load(total)), total
                )

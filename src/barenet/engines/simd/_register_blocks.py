"""Blocks of matrices, in registers: products and transposition."""

import math
from collections.abc import Callable, Iterator
from typing import Any, Literal

from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from barenet.engines.simd import _llvm as llvm
from barenet.engines.simd._lanes import Lanes
from barenet.engines.simd._processor import IS_X86, n_registers

#: Number of rows of the largest blocks that are one vector wide, which fill the registers.
TALL = 8
#: The same for blocks that are two vectors wide.
HALF = 6
if n_registers() == 32:
    TALL = 16
    HALF = 8

#: Number of rows up to which x86 may compute each row's address from the one before. Each addition
#: takes a cycle, so a longer chain takes more time than the multiplications of a block.
LONGEST_CHAIN = 6


@intrinsic
def transpose_block(
    typing_context: Any, spec: Any, source: Any, first: Any, row: Any, n: Any,
    target: Any, first_target: Any, row_target: Any,
) -> Any:  # fmt: skip
    """Transpose a square block, as wide as a vector; rows from the n-th on become 0.

    The square begins at index `first` of the source, with rows a stride apart. Zipping row i with
    row i + L/2, for all i, moves a bit of the row's index to the column's, so log₂ L passes do it.
    """
    L = spec.count
    vector = spec.lanes.vector

    def write(builder: Any, _: Any, *operands: Any) -> None:
        source, first, row, n, target, first_target, row_target = operands

        def place(address: Any, first: Any, i: int, stride: Any) -> Any:
            offset = builder.mul(llvm.INT(i), stride)
            number = builder.add(first, offset)
            return llvm.pointer(builder, spec.dtype, address, number)

        loaded = []
        for i in range(L):
            row_of_source = place(source, first, i, row)
            loaded.append(llvm.load(builder, row_of_source, vector))
        zeros = llvm.repeated(vector, 0.0)
        rows = []
        for i, x in enumerate(loaded):
            is_row = builder.icmp_signed("<", llvm.INT(i), n)
            rows.append(builder.select(is_row, x, zeros))
        # The numbers of a and b alternate, first from their left halves, then from the right.
        # Number i of a has the place i, and number i of b the place L + i.
        zipped = []
        for i in range(L):
            zipped += [i, L + i]
        for _ in range(L.bit_length() - 1):
            first_half = rows[: L // 2]
            second_half = rows[L // 2 :]
            rows = []
            for a, b in zip(first_half, second_half, strict=True):
                rows.append(llvm.shuffle(builder, a, b, zipped[:L]))
                rows.append(llvm.shuffle(builder, a, b, zipped[L:]))
        for i, x in enumerate(rows):
            row_of_target = place(target, first_target, i, row_target)
            llvm.store(builder, x, row_of_target)

    operands = [types.intp] * 7  # all of them are addresses or numbers of elements
    return types.void(spec, *operands), llvm.emitter(write)


def block_product(
    n_rows: int, n_vectors: int, starts: Literal["columns", "rows"] = "columns"
) -> Callable[..., int]:
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

    With `starts="rows"`, each sum starts from the value at s in its row, and k is 0.

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
                offset = llvm.INT(product.offset(name))
                place = builder.gep(record, [llvm.INT(0), offset])
                return builder.load(builder.bitcast(place, llvm.INT.as_pointer()))

            end = builder.sub(last, llvm.INT(n_rows - 1))
            with cgutils.for_range_slice(builder, first, end, llvm.INT(n_rows), llvm.INT) as (i, _):
                # Vectors are read here, so only for blocks that exist: few rows need only one or
                # two.
                b = llvm.pointer(builder, spec.dtype, field("b"), column)
                c = llvm.pointer(builder, spec.dtype, field("c"), column)
                a_row = field("a_row")
                b_step = field("b_step")
                c_row = field("c_row")
                a_step = field("a_step")
                of_c = builder.gep(c, [builder.mul(i, c_row)])
                a = llvm.pointer(builder, spec.dtype, field("a"), builder.mul(i, a_row))
                of_a = builder.gep(a, [builder.mul(k, a_step)])
                A = (of_a, a_row, a_step)
                of_b = builder.gep(b, [builder.mul(k, b_step)])
                B = (of_b, b_step)
                C = _rows(builder, of_c, c_row, n_rows)
                sums = [cgutils.alloca_once(builder, row) for _ in C]
                if starts == "rows":
                    of_s = llvm.pointer(builder, spec.dtype, field("s"), i)
                    _start_from_rows(builder, sums, of_s)
                else:
                    s = llvm.pointer(builder, spec.dtype, field("s"), column)
                    _start_from_columns(builder, sums, s, C, k)
                _add_products(builder, row, sums, A, B, depth)
                for place, total in zip(C, sums, strict=True):
                    llvm.store(builder, builder.load(total), place)
            rows = builder.sub(last, first)
            left_over = builder.srem(rows, llvm.INT(n_rows))
            return builder.sub(last, left_over)

        n_integers = 5  # first, last, column, k and depth
        integers = [types.intp] * n_integers
        signature = types.intp(spec, product, *integers)
        return signature, llvm.emitter(write)

    return multiply_blocks


def _rows(builder: Any, place: Any, stride: Any, n_rows: int) -> list[Any]:
    """Pointers to rows that are a stride apart."""
    pointers = [place]
    while len(pointers) < n_rows:
        pointers.append(builder.gep(pointers[-1], [stride]))
    return pointers


def _start_from_columns(builder: Any, sums: list[Any], s: Any, C: list[Any], k: Any) -> None:
    """Start the sums of each row from the vectors at s; if k > 0, from those in C."""
    row = sums[0].type.pointee
    continues = builder.icmp_signed(">", k, llvm.INT(0))
    with builder.if_else(continues) as (from_C, from_s):
        with from_C:
            for place, total in zip(C, sums, strict=True):
                builder.store(llvm.load(builder, place, row), total)
        with from_s:
            for total in sums:
                builder.store(llvm.load(builder, s, row), total)


def _start_from_rows(builder: Any, sums: list[Any], s: Any) -> None:
    """Start the sums of each row from one number, those at s in turn."""
    row = sums[0].type.pointee
    for i, total in enumerate(sums):
        number = builder.load(builder.gep(s, [llvm.INT(i)]))
        builder.store(llvm.splat(builder, number, row.count), total)


def _add_products(builder: Any, row: Any, sums: list[Any], A: Any, B: Any, depth: Any) -> None:
    """Add the products over the depth to the sums, variables that LLVM keeps in registers."""
    b, b_step = B
    of_b = cgutils.alloca_once_value(builder, b)
    if IS_X86:
        read_column = _column_on_x86(builder, A, len(sums))
    else:
        read_column = _column_elsewhere(builder, A, len(sums))
    with cgutils.for_range(builder, depth):
        place = builder.load(of_b)
        row_of_b = llvm.load(builder, place, row)
        builder.store(builder.gep(place, [b_step]), of_b)
        for total, number in zip(sums, read_column(), strict=True):
            factor = llvm.splat(builder, number, row.count)
            total_before = builder.load(total)
            builder.store(llvm.multiply_add(builder, factor, row_of_b, total_before), total)


def _column_on_x86(builder: Any, A: Any, n_rows: int) -> Callable[[], Iterator[Any]]:
    """Make a function that loads the numbers of a column of A, and moves on to the next column.

    Three rows are read by one pointer: x86 adds a register, or twice one, at no cost.
    """
    a, a_row, a_step = A
    two = builder.add(a_row, a_row)
    offsets = [llvm.INT(0), a_row, two]
    n_pointers = math.ceil(n_rows / 3)
    pointers = []
    for pointer in _rows(builder, a, builder.add(a_row, two), n_pointers):
        place = llvm.of_unknown_origin(builder, pointer) if n_rows > LONGEST_CHAIN else pointer
        pointers.append(cgutils.alloca_once_value(builder, place))

    def read_column() -> Iterator[Any]:
        for first, pointer in zip(range(0, n_rows, 3), pointers, strict=True):
            at = builder.load(pointer)
            builder.store(builder.gep(at, [a_step]), pointer)
            n_rows_of_pointer = min(3, n_rows - first)  # the last pointer may read fewer rows
            for offset in offsets[:n_rows_of_pointer]:
                yield builder.load(builder.gep(at, [offset]))

    return read_column


def _column_elsewhere(builder: Any, A: Any, n_rows: int) -> Callable[[], Iterator[Any]]:
    """Make the same function for other processors: a pointer to each row, and one offset for all.

    ARM adds a register to an address at no cost, but not twice one. A number that is loaded alone
    then needs no vector instruction to be repeated, as `fmla` takes one element of a register.
    """
    a, a_row, a_step = A
    pointers = [
        llvm.of_unknown_origin(builder, pointer) for pointer in _rows(builder, a, a_row, n_rows)
    ]
    offset_of_column = cgutils.alloca_once_value(builder, llvm.INT(0))

    def read_column() -> Iterator[Any]:
        offset = builder.load(offset_of_column)
        builder.store(builder.add(offset, a_step), offset_of_column)
        for pointer in pointers:
            yield builder.load(builder.gep(pointer, [offset]))

    return read_column

"""SIMD: memory by its address, the product of one block in registers, and calls of kernels.

All arithmetic on addresses is here. What a kernel sees are views that do not count who refers to
them, as Numba's own do with an atomic operation for each slice; whoever hands out an address keeps
the memory alive. An address counts bytes, a stride numbers.
"""

from __future__ import annotations

import operator
import platform
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from llvmlite.binding import get_host_cpu_features
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin
from numba.np.arrayobj import populate_array

from barenet.engines.compiled.lanes import (
    INDEX,
    NUMBERS,
    Lanes,
    in_lanes,
    multiply_add,
    shuffle,
    splat,
)

INT, BYTE = ir.IntType(64), ir.IntType(8).as_pointer()
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # the bits for: denormal results are 0, and denormal operands are 0


class Kind(types.Type):
    """What a kernel is compiled for; it travels as the type of an argument that has no value.

    That is the dtype of the numbers, how many fill a vector, and, where the kernel has a choice, by
    which formula it computes, or from which dtype it reads.
    """

    def __init__(self, dtype: Any, count: int, formula: str = "") -> None:
        self.dtype, self.count, self.formula = dtype, count, formula
        self.lanes = Lanes(dtype, count)
        super().__init__(name=f"Kind({dtype}, {count}, {formula!r})")


class Vectors(types.Type):
    """Numbers in memory; item i is the vector that begins at the i-th of them."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        super().__init__(name=f"Vectors({lanes})")


register_default(Kind)(models.OpaqueModel)


@register_default(Vectors)
class _VectorsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vectors: Vectors) -> None:
        super().__init__(manager, vectors, NUMBERS[vectors.lanes.dtype].as_pointer())


def host_bits() -> int:
    """Say how wide a vector register of this processor is."""
    features = get_host_cpu_features()
    return 512 if features.get("avx512f") else 256 if features.get("avx2") else 128


def kind_of(dtype: Any) -> Kind:
    """Make the kind of kernels for a NumPy dtype on this processor."""
    return Kind(from_dtype(dtype), host_bits() // (8 * dtype.itemsize))


@intrinsic
def lanes(typing_context: Any, kind: Any) -> Any:
    """Count the numbers in a vector: a constant when the kernel is compiled."""
    return types.intp(kind), lambda _, builder, *rest: INT(kind.count)


@intrinsic
def plain(typing_context: Any, kind: Any) -> Any:
    """The kind without its formula, for what does not need it and is to be compiled once."""
    return Kind(kind.dtype, kind.count)(kind), lambda _, builder, __, values: values[0]


@intrinsic
def vectors(typing_context: Any, kind: Any, address: Any, first: Any) -> Any:
    """See memory as vectors, from the number counted `first`."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return _pointer(builder, kind.dtype, values[1], values[2])

    return Vectors(kind.lanes)(kind, types.intp, types.intp), emit


@infer_global(operator.getitem)
class _GetVector(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _: Any) -> Any:
        if isinstance(arguments[0], Vectors):
            return signature(arguments[0].lanes, arguments[0], types.intp)
        return None


@infer_global(operator.setitem)
class _SetVector(AbstractTemplate):  # type: ignore[misc]
    def generic(self, arguments: Any, _: Any) -> Any:
        if isinstance(arguments[0], Vectors):
            return signature(types.none, arguments[0], types.intp, arguments[0].lanes)
        return None


@lower_builtin(operator.getitem, Vectors, types.Integer)
def _get_vector(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    return load(builder, builder.gep(values[0], [values[1]]), signature.return_type.vector)


@lower_builtin(operator.setitem, Vectors, types.Integer, Lanes)
def _set_vector(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    store(builder, values[2], builder.gep(values[0], [values[1]]))


def load(builder: Any, pointer: Any, vector: Any) -> Any:
    """Write the code that loads a vector."""
    align = 4 if vector.element == ir.FloatType() else 8
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=align)


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Write the code that stores a vector."""
    align = 4 if value.type.element == ir.FloatType() else 8
    builder.store(value, builder.bitcast(pointer, value.type.as_pointer()), align=align)


def _pointer(builder: Any, dtype: Any, address: Any, first: Any) -> Any:
    size = dtype.bitwidth // 8
    place = builder.add(address, builder.mul(first, INT(size)))
    number = NUMBERS.get(dtype) or ir.IntType(dtype.bitwidth)
    return builder.inttoptr(place, number.as_pointer())


def _viewer(dtype_of: Callable[[Any], Any]) -> Any:
    @intrinsic
    def view(typing_context: Any, kind: Any, address: Any, first: Any, length: Any) -> Any:
        dtype = dtype_of(kind)
        array = types.Array(dtype, 1, "C")

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            result = context.make_array(array)(context, builder)
            populate_array(
                result,
                data=_pointer(builder, dtype, values[1], values[2]),
                shape=[values[3]],
                strides=[INT(dtype.bitwidth // 8)],
                itemsize=INT(dtype.bitwidth // 8),
                meminfo=None,
            )
            return result._getvalue()

        return array(kind, types.intp, types.intp, types.intp), emit

    return view


#: See memory as an array of numbers, one by one, from the one counted `first`: numbers of the kind,
#: or of NumPy's type if that is given; and numbers of the type that the kind's formula names.
array = _viewer(lambda kind: kind.dtype)
source = _viewer(lambda kind: getattr(types, kind.formula))


def record_at(dtype: Any) -> Callable[[int], Any]:
    """Make the code that sees a record at an address."""
    record = from_dtype(dtype)

    @intrinsic
    def see(typing_context: Any, address: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            return builder.inttoptr(values[0], context.get_value_type(record))

        return record(types.intp), emit

    return see


@intrinsic
def invoke(typing_context: Any, kernel: Any, step: Any, op: Any, start: Any, stop: Any) -> Any:
    """Run the kernel at an address on units from start to stop; see `kernel` for its arguments."""
    kinds = (types.none, types.voidptr, types.voidptr, types.intp, types.intp)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        convention = context.call_conv
        function = convention.get_function_type(types.none, kinds).as_pointer()
        callee = builder.inttoptr(values[0], function)
        records = [builder.inttoptr(address, BYTE) for address in values[1:3]]
        arguments = [ir.Constant(BYTE, None), *records, *values[3:]]
        convention.call_function(builder, callee, types.none, kinds, arguments)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), emit


@intrinsic
def flush_denormals(typing_context: Any) -> Any:
    """Take numbers close to 0, which are slow, as 0; return the processor's setting before."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        before = _exchange_control(builder, lambda before: builder.or_(before, INDEX(FLUSH)))
        return builder.zext(before, INT)

    return types.intp(), emit


@intrinsic
def restore_denormals(typing_context: Any, before: Any) -> Any:
    """Put the setting back that `flush_denormals` gave."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        _exchange_control(builder, lambda _: builder.trunc(values[0], INDEX))
        return context.get_dummy_value()

    return types.void(types.intp), emit


def _exchange_control(builder: Any, change: Callable[[Any], Any]) -> Any:
    """Change the control register of vector arithmetic, on processors that have this one."""
    if not IS_X86:
        return INDEX(0)
    kind, place = ir.FunctionType(ir.VoidType(), [BYTE]), cgutils.alloca_once(builder, INDEX)
    get, put = (
        cgutils.get_or_insert_function(builder.module, kind, f"llvm.x86.sse.{verb}mxcsr")
        for verb in ("st", "ld")
    )
    builder.call(get, [builder.bitcast(place, BYTE)])
    before = builder.load(place)
    builder.store(change(before), place)
    builder.call(put, [builder.bitcast(place, BYTE)])
    return before


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
            return _pointer(builder, kind.dtype, address, builder.add(first, builder.mul(INT(i), stride)))

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
            _, record, a, a_row, a_step, first, column, depth = values
            b, b_step, s, c, c_row = (
                _field(builder, op, record, name) for name in ("b", "b_step", "s", "c", "c_row")
            )

            def at(address: Any, *terms: Any) -> Any:
                """Point to the number that so many strides lead to."""
                offset = INT(0)
                for count, stride in terms:
                    offset = builder.add(offset, builder.mul(count, stride))
                return _pointer(builder, kind.dtype, address, offset)

            def load_row(pointer: Any) -> list[Any]:
                places = [builder.gep(pointer, [INT(j * kind.count)]) for j in range(n_vectors)]
                return [load(builder, place, kind.lanes.vector) for place in places]

            start = load_row(at(s, (column, INT(1))))
            sums = [[cgutils.alloca_once_value(builder, x) for x in start] for _ in range(n_rows)]
            a, b = at(a, (first, a_row)), at(b, (column, INT(1)))
            with cgutils.for_range(builder, depth) as loop:
                k = loop.index
                loaded = load_row(builder.gep(b, [builder.mul(k, b_step)]))
                column_of_a = builder.gep(a, [builder.mul(k, a_step)])
                for i, row in enumerate(sums):
                    place = builder.gep(column_of_a, [builder.mul(INT(i), a_row)])
                    factor = splat(builder, builder.load(place), kind.count)
                    for total, part in zip(row, loaded, strict=True):
                        added = multiply_add(builder, factor, part, builder.load(total))
                        builder.store(added, total)
            for i, row in enumerate(sums):
                target = at(c, (builder.add(first, INT(i)), c_row), (column, INT(1)))
                for j, total in enumerate(row):
                    store(builder, builder.load(total), builder.gep(target, [INT(j * kind.count)]))
            return context.get_dummy_value()

        return types.void(kind, op, *[types.intp] * 6), emit

    return kernel


def _field(builder: Any, record: Any, pointer: Any, name: str) -> Any:
    place = builder.gep(pointer, [INT(0), INT(record.offset(name))])
    return builder.load(builder.bitcast(place, INT.as_pointer()))

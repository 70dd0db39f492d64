"""SIMD: memory by its address, and the matrix product of one block, in registers.

All LLVM code of the engine is here, and all arithmetic on addresses: a kernel sees vectors and
matrices. They are views that do not count who refers to them, as Numba's own do with an atomic
operation for each slice; whoever hands out an address keeps the memory alive.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from llvmlite.binding import get_host_cpu_features
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.extending import intrinsic, overload
from numba.np.arrayobj import populate_array

INT, INDEX = ir.IntType(64), ir.IntType(32)
IS_X86 = platform.machine().lower() in ("x86_64", "amd64")
FLUSH = 0x8040  # denormal results, and denormal operands, are 0


class Kind(types.Type):
    """What a kernel is compiled for; it travels as the type of an argument that has no value.

    Parameters
    ----------
    dtype : numba type
        Of the numbers: float32 or float64.
    lanes : int
        Numbers in a vector.
    formula : str
        Which activation, loss or type of data the kernel is for, where it is for one.
    """

    def __init__(self, dtype: Any, lanes: int, formula: str = "") -> None:
        self.dtype, self.lanes, self.formula = dtype, lanes, formula
        super().__init__(name=f"Kind({dtype}, {lanes}, {formula!r})")


@register_default(Kind)
class _NoValue(models.OpaqueModel):
    """A null pointer."""


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

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, kind.lanes)

    return types.intp(kind), emit


@intrinsic
def itemsize(typing_context: Any, kind: Any) -> Any:
    """Count the bytes of a number."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        return context.get_constant(types.intp, kind.dtype.bitwidth // 8)

    return types.intp(kind), emit


def real(kind: Any, x: Any) -> Any:
    """Turn a number into one of the kind, as Python's own would make Numba compute in float64."""
    return kind.dtype(x)


@overload(real)
def _real(kind, x):
    dtype = kind.dtype
    return lambda kind, x: dtype(x)


@intrinsic
def vector(typing_context: Any, kind: Any, address: Any, first: Any, length: Any) -> Any:
    """See numbers in memory as an array, from the one numbered `first`."""
    view = types.Array(kind.dtype, 1, "C")

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, address, first, length = arguments
        data = _pointer(context, builder, kind, address, first)
        return _view(context, builder, view, data, [length])

    return view(kind, types.intp, types.intp, types.intp), emit


@intrinsic
def source(typing_context: Any, kind: Any, address: Any, first: Any, length: Any) -> Any:
    """The same for numbers of the type that is the kind's formula."""
    view = types.Array(getattr(types, kind.formula), 1, "C")

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, address, first, length = arguments
        data = _pointer(context, builder, view, address, first)
        return _view(context, builder, view, data, [length])

    return view(kind, types.intp, types.intp, types.intp), emit


@intrinsic
def matrix(typing_context: Any, kind: Any, address: Any, rows: Any, columns: Any) -> Any:
    """See numbers in memory as a matrix, row after row."""
    view = types.Array(kind.dtype, 2, "C")

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, address, rows, columns = arguments
        data = _pointer(context, builder, kind, address, ir.Constant(INT, 0))
        return _view(context, builder, view, data, [rows, columns])

    return view(kind, types.intp, types.intp, types.intp), emit


def _pointer(context: Any, builder: Any, kind: Any, address: Any, first: Any) -> Any:
    data = builder.inttoptr(address, context.get_data_type(kind.dtype).as_pointer())
    return builder.gep(data, [first])


def _view(context: Any, builder: Any, kind: Any, data: Any, shape: list[Any]) -> Any:
    array = context.make_array(kind)(context, builder)
    size = context.get_constant(types.intp, kind.dtype.bitwidth // 8)
    strides = [builder.mul(shape[1], size), size] if len(shape) == 2 else [size]
    populate_array(array, data=data, shape=shape, strides=strides, itemsize=size, meminfo=None)
    return array._getvalue()


@intrinsic
def invoke(
    typing_context: Any, kernel: Any, step: Any, operands: Any, start: Any, stop: Any
) -> Any:
    """Run the kernel at an address on units from start to stop; see `kernel` for its arguments."""
    argument_types = (types.none, types.voidptr, types.voidptr, types.intp, types.intp)

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        convention, byte = context.call_conv, ir.IntType(8).as_pointer()
        kind = convention.get_function_type(types.none, argument_types).as_pointer()
        callee = builder.inttoptr(arguments[0], kind)
        step, operands = (builder.inttoptr(address, byte) for address in arguments[1:3])
        values = [ir.Constant(byte, None), step, operands, *arguments[3:]]
        convention.call_function(builder, callee, types.none, argument_types, values)
        return context.get_dummy_value()

    return types.void(*[types.intp] * 5), emit


def record_at(dtype: Any) -> Callable[[int], Any]:
    """Make the code that sees a record at an address."""
    record = from_dtype(dtype)

    @intrinsic
    def see(typing_context: Any, address: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
            return builder.inttoptr(arguments[0], context.get_value_type(record))

        return record(types.intp), emit

    return see


@intrinsic
def flush_denormals(typing_context: Any) -> Any:
    """Take numbers close to 0, which are slow, as 0; give back the processor's setting before."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if not IS_X86:
            return ir.Constant(INT, 0)
        place = cgutils.alloca_once(builder, INDEX)
        byte = builder.bitcast(place, ir.IntType(8).as_pointer())
        _control(builder, "st", byte)
        before = builder.load(place)
        builder.store(builder.or_(before, ir.Constant(INDEX, FLUSH)), place)
        _control(builder, "ld", byte)
        return builder.zext(before, INT)

    return types.intp(), emit


@intrinsic
def restore_denormals(typing_context: Any, before: Any) -> Any:
    """Put the setting back that `flush_denormals` gave."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        if IS_X86:
            place = cgutils.alloca_once(builder, INDEX)
            builder.store(builder.trunc(arguments[0], INDEX), place)
            _control(builder, "ld", builder.bitcast(place, ir.IntType(8).as_pointer()))
        return context.get_dummy_value()

    return types.void(types.intp), emit


def _control(builder: Any, verb: str, place: Any) -> None:
    """Load or store the control register of vector arithmetic."""
    kind = ir.FunctionType(ir.VoidType(), [ir.IntType(8).as_pointer()])
    name = f"llvm.x86.sse.{verb}mxcsr"
    builder.call(cgutils.get_or_insert_function(builder.module, kind, name), [place])


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


@intrinsic
def sum_of_squares(typing_context: Any, kind: Any, address: Any, first: Any, length: Any) -> Any:
    """Σ x² of whole vectors, in float64 and always in the same order."""

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, address, first, length = arguments
        vectors = _Vectors(context, builder, kind)
        base = _pointer(context, builder, kind, address, first)
        wide = ir.VectorType(ir.DoubleType(), kind.lanes)
        total = cgutils.alloca_once_value(builder, ir.Constant(wide, [0.0] * kind.lanes))
        with cgutils.for_range_slice(builder, INT(0), length, INT(kind.lanes)) as (i, _):
            x = vectors.load(builder.gep(base, [i]))
            x = x if x.type == wide else builder.fpext(x, wide)
            builder.store(vectors.multiply_add(x, x, builder.load(total)), total)
        reduce = ir.FunctionType(ir.DoubleType(), [ir.DoubleType(), wide])
        name = f"llvm.vector.reduce.fadd.v{kind.lanes}f64"
        function = cgutils.get_or_insert_function(builder.module, reduce, name)
        arguments = [ir.Constant(ir.DoubleType(), 0.0), builder.load(total)]
        return builder.call(function, arguments, fastmath=["reassoc"])

    return types.float64(kind, types.intp, types.intp, types.intp), emit


@intrinsic
def transpose_block(
    typing_context: Any, kind: Any, source: Any, source_row: Any, n: Any, target: Any, target_row: Any
) -> Any:
    """Transpose a square of as many rows as a vector has lanes; those from the n-th on are 0.

    Zipping row i with row i + L/2, for all i, moves one bit of the row's number to the column's; so
    log₂ L times do it.
    """

    def emit(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
        _, source, source_row, n, target, target_row = arguments
        vectors, L = _Vectors(context, builder, kind), kind.lanes
        source, target = (_pointer(context, builder, kind, place, INT(0)) for place in (source, target))
        zero = ir.Constant(vectors.type, [0.0] * L)
        rows = [
            builder.select(
                builder.icmp_signed("<", INT(i), n), vectors.load(vectors.row(source, i, source_row)), zero
            )
            for i in range(L)
        ]
        for _ in range(L.bit_length() - 1):
            pairs = zip(rows[: L // 2], rows[L // 2 :], strict=True)
            rows = [vectors.zip(a, b, half) for a, b in pairs for half in (0, L // 2)]
        for i, row in enumerate(rows):
            vectors.store(row, vectors.row(target, i, target_row))
        return context.get_dummy_value()

    return types.void(kind, *[types.intp] * 5), emit


def block_product(rows: int, vectors: int) -> Callable[..., None]:
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
            fields = [_field(builder, op, values[1], name) for name in ("b", "b_step", "s", "c", "c_row")]
            _Block(context, builder, kind, rows, vectors).multiply(*fields, *values[2:])
            return context.get_dummy_value()

        return types.void(kind, op, *[types.intp] * 6), emit

    return kernel


def _field(builder: Any, record: Any, pointer: Any, name: str) -> Any:
    place = builder.gep(pointer, [ir.Constant(INT, 0), ir.Constant(INT, record.offset(name))])
    return builder.load(builder.bitcast(place, INT.as_pointer()))


class _Vectors:
    """Writes code that moves vectors."""

    def __init__(self, context: Any, builder: Any, kind: Any) -> None:
        self.builder, self.lanes = builder, kind.lanes
        self.number = context.get_data_type(kind.dtype)
        self.type = ir.VectorType(self.number, kind.lanes)
        self.align = kind.dtype.bitwidth // 8

    def row(self, base: Any, i: int, stride: Any) -> Any:
        """Point to row i."""
        return self.builder.gep(base, [self.builder.mul(INT(i), stride)])

    def at(self, base: Any, j: int = 0) -> Any:
        """Point to vector j of a row."""
        return self.builder.bitcast(self.builder.gep(base, [INT(j * self.lanes)]), self.type.as_pointer())

    def load(self, base: Any, j: int = 0) -> Any:
        return self.builder.load(self.at(base, j), align=self.align)

    def store(self, value: Any, base: Any, j: int = 0) -> None:
        self.builder.store(value, self.at(base, j), align=self.align)

    def splat(self, number: Any) -> Any:
        """Repeat a number."""
        undefined = ir.Constant(self.type, ir.Undefined)
        first = self.builder.insert_element(undefined, number, INDEX(0))
        return self.builder.shuffle_vector(first, undefined, self.mask([0] * self.lanes))

    def splat_constant(self, number: float) -> Any:
        return ir.Constant(self.type, [number] * self.lanes)

    def zip(self, a: Any, b: Any, half: int) -> Any:
        """Take the entries of half of a and of b in turn."""
        order = [half + i // 2 + i % 2 * self.lanes for i in range(self.lanes)]
        return self.builder.shuffle_vector(a, b, self.mask(order))

    def multiply_add(self, a: Any, b: Any, c: Any) -> Any:
        """Write a·b + c."""
        bits = 32 if a.type.element == ir.FloatType() else 64
        signature = ir.FunctionType(a.type, [a.type] * 3)
        name = f"llvm.fmuladd.v{self.lanes}f{bits}"
        return self.builder.call(cgutils.get_or_insert_function(self.builder.module, signature, name), [a, b, c])

    def mask(self, order: list[int]) -> Any:
        return ir.Constant(ir.VectorType(INDEX, self.lanes), order)


class _Block(_Vectors):
    """Writes the code of one block."""

    def __init__(self, context: Any, builder: Any, kind: Any, rows: int, vectors: int) -> None:
        super().__init__(context, builder, kind)
        self.rows, self.vectors = rows, vectors
        self.parts = 4 if rows == 1 else 1

    def multiply(
        self, b: Any, b_step: Any, s: Any, c: Any, c_row: Any,
        a: Any, a_row: Any, a_step: Any, first: Any, column: Any, depth: Any,
    ) -> None:  # fmt: skip
        builder = self.builder
        a, b, s, c = (builder.inttoptr(place, self.number.as_pointer()) for place in (a, b, s, c))
        a = builder.gep(a, [builder.mul(first, a_row)])
        c = builder.gep(c, [builder.add(builder.mul(first, c_row), column)])
        b, s = builder.gep(b, [column]), builder.gep(s, [column])
        sums = [
            [cgutils.alloca_once_value(builder, self.load(s, j)) for j in range(self.vectors)]
            for _ in range(self.rows)
        ]  # LLVM keeps them in registers
        extra = [
            [cgutils.alloca_once_value(builder, self.splat_constant(0)) for _ in range(self.vectors)]
            for _ in range(self.parts - 1)
        ]

        def add_products(k: Any, sums: list[list[Any]]) -> None:
            row = builder.gep(b, [builder.mul(k, b_step)])
            loaded = [self.load(row, j) for j in range(self.vectors)]
            step = builder.gep(a, [builder.mul(k, a_step)])
            for i, totals in enumerate(sums):
                factor = self.splat(builder.load(self.row(step, i, a_row)))
                for total, part in zip(totals, loaded, strict=True):
                    builder.store(self.multiply_add(factor, part, builder.load(total)), total)

        whole = builder.and_(depth, INT(-self.parts))
        with cgutils.for_range_slice(builder, INT(0), whole, INT(self.parts)) as (k, _):
            for part in range(self.parts):
                add_products(builder.add(k, INT(part)), [extra[part - 1]] if part else sums)
        if self.parts > 1:
            with cgutils.for_range_slice(builder, whole, depth, INT(1)) as (k, _):
                add_products(k, sums)
        for i in range(self.rows):
            row = self.row(c, i, c_row)
            for j in range(self.vectors):
                total = builder.load(sums[i][j])
                for part in extra:
                    total = builder.fadd(total, builder.load(part[j]))
                self.store(total, row, j)

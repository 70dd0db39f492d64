"""Views of memory at an address: as vectors, as an array of numbers, or as a record.

A view has no reference count, which would cost Numba an atomic operation for each slice; the owner
of an address has to keep the memory alive. Addresses count bytes; strides and indices count
numbers.
"""

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import from_dtype, types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from barenet.engines.simd import _llvm as llvm
from barenet.engines.simd._lanes import Lanes
from barenet.engines.simd._processor import vector_bits


class KernelSpec(types.Type):
    """Type for which a kernel is compiled, passed as the type of an argument without a value.

    It has the dtype of the numbers, their count in a vector, and, for some kernels, a variant:
    the name of a formula, or of the dtype that they read.
    """

    def __init__(self, dtype: Any, count: int, variant: str = "") -> None:
        self.dtype = dtype
        self.count = count
        self.variant = variant
        self.lanes = Lanes(dtype, count)
        super().__init__(name=f"KernelSpec({dtype}, {count}, {variant!r})")


class Vectors(types.Type):
    """Type of numbers in memory; item i is the vector that begins at index i."""

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        super().__init__(name=f"Vectors({lanes})")


register_default(KernelSpec)(models.OpaqueModel)


@register_default(Vectors)
class _VectorsModel(models.PrimitiveModel):
    def __init__(self, manager: Any, vectors: Vectors) -> None:
        number = llvm.NUMBERS[vectors.lanes.dtype]
        super().__init__(manager, vectors, number.as_pointer())


def kernel_spec(dtype: Any) -> KernelSpec:
    """Spec of kernels for a NumPy dtype on this processor."""
    count = vector_bits() // (8 * dtype.itemsize)
    return KernelSpec(from_dtype(dtype), max(1, count))


@intrinsic
def lanes(typing_context: Any, spec: Any) -> Any:
    """Count the numbers in a vector: a constant when the kernel is compiled."""

    def write(builder: Any, _: Any) -> Any:
        return llvm.INT(spec.count)

    return types.intp(spec), llvm.emitter(write)


@intrinsic
def itemsize(typing_context: Any, spec: Any) -> Any:
    """Count the bytes of a number."""

    def write(builder: Any, _: Any) -> Any:
        return llvm.INT(spec.dtype.bitwidth // 8)

    return types.intp(spec), llvm.emitter(write)


def _other_spec(change: Callable[[KernelSpec], KernelSpec]) -> Any:
    @intrinsic
    def other(typing_context: Any, spec: Any) -> Any:
        def write(context: Any, *_: Any) -> Any:
            return context.get_dummy_value()  # a spec exists only as a type

        changed = change(spec)
        return changed(spec), write

    return other


#: The spec of vectors of as many float64 numbers; and of vectors four times as long.
widened = _other_spec(lambda spec: KernelSpec(types.float64, spec.count))
fourfold = _other_spec(lambda spec: KernelSpec(spec.dtype, 4 * spec.count))


@intrinsic
def vectors(typing_context: Any, spec: Any, address: Any, first: Any) -> Any:
    """View memory as vectors, from index `first`."""

    def write(builder: Any, _: Any, address: Any, first: Any) -> Any:
        return llvm.pointer(builder, spec.dtype, address, first)

    return Vectors(spec.lanes)(spec, types.intp, types.intp), llvm.emitter(write)


@infer_global(operator.getitem)
@infer_global(operator.setitem)
class _VectorItem(AbstractTemplate):
    def generic(self, arguments: Any, _: Any) -> Any:
        vectors, _, *stored = arguments
        if not isinstance(vectors, Vectors):
            return None
        if stored:
            return signature(types.none, vectors, types.intp, vectors.lanes)
        return signature(vectors.lanes, vectors, types.intp)


@lower_builtin(operator.getitem, Vectors, types.Integer)
def _get_vector(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    vectors, index = values
    place = builder.gep(vectors, [index])
    return llvm.load(builder, place, signature.return_type.vector)


@lower_builtin(operator.setitem, Vectors, types.Integer, Lanes)
def _set_vector(context: Any, builder: Any, signature: Any, values: Any) -> Any:
    vectors, index, vector = values
    place = builder.gep(vectors, [index])
    llvm.store(builder, vector, place)


def _viewer(dtype_of: Callable[[Any], Any]) -> Any:
    @intrinsic
    def view(typing_context: Any, spec: Any, address: Any, first: Any, length: Any) -> Any:
        dtype = dtype_of(spec)
        array = types.Array(dtype, 1, "C")
        size = llvm.INT(dtype.bitwidth // 8)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            # imported here, as a kernel on disk doesn't need it
            from numba.np.arrayobj import populate_array

            result = context.make_array(array)(context, builder)
            _, address, first, length = values
            data = llvm.pointer(builder, dtype, address, first)
            shape = [length]
            populate_array(result, data, shape, strides=[size], itemsize=size, meminfo=None)
            return result._getvalue()

        return array(spec, types.intp, types.intp, types.intp), emit

    return view


#: View memory as an array from index `first`: of the spec's dtype, or of a NumPy dtype; and of the
#: dtype that the spec's variant names.
array = _viewer(lambda spec: spec.dtype)
source = _viewer(lambda spec: getattr(types, spec.variant))


def record_at(dtype: Any) -> Callable[[int, int], Any]:
    """Make a function that views the record at an index of a table at an address."""
    record = from_dtype(dtype)
    size = llvm.INT(dtype.itemsize)

    @intrinsic
    def see(typing_context: Any, address: Any, index: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            first, number = values
            place = builder.add(first, builder.mul(number, size))
            return builder.inttoptr(place, context.get_value_type(record))

        return record(types.intp, types.intp), emit

    return see


@intrinsic
def copied(typing_context: Any, record: Any) -> Any:
    """Copy a record for the current call, which may change it."""

    def write(builder: Any, values: Any) -> Any:
        place = cgutils.alloca_once(builder, values.type.pointee)
        place.align = 8
        cgutils.raw_memcpy(builder, place, values, llvm.INT(record.size), 1)
        return place

    return record(record), llvm.emitter(write)


def on_stack(n_vectors: int) -> Callable[[Any], int]:
    """Make a function that returns the address of memory for vectors, for the current call."""

    @intrinsic
    def reserve(typing_context: Any, spec: Any) -> Any:
        def write(builder: Any, _: Any) -> Any:
            with builder.goto_entry_block():  # without zeros, which `alloca_once` would write
                place = builder.alloca(ir.ArrayType(spec.lanes.vector, n_vectors))
            return builder.ptrtoint(place, llvm.INT)

        return types.intp(spec), llvm.emitter(write)

    return reserve


@llvm.operation(lambda address: types.void(types.intp))
def prefetch(builder: Any, address: Any) -> None:
    """Start to load the cache line at an address."""
    integer = ir.IntType(32)
    to_read = integer(0)
    keep_in_cache = integer(3)
    of_data = integer(1)  # not of instructions
    place = builder.inttoptr(address, llvm.BYTE)
    llvm.call(builder, "llvm.prefetch.p0i8", llvm.VOID, place, to_read, keep_in_cache, of_data)

"""Memory by its address: as vectors, as an array of numbers, or as a record.

A view does not count who refers to its memory, as Numba's own do with an atomic operation for each
slice; whoever hands out an address keeps the memory alive. An address counts bytes, a stride
numbers; who sees memory through these names a place by its number, and need not count bytes.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import from_dtype, types
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin
from numba.np.arrayobj import populate_array

from barenet.engines.simd.code import (
    BYTE,
    INT,
    NUMBERS,
    VOID,
    call,
    load,
    pointer,
    store,
    written_by,
)
from barenet.engines.simd.lanes import Lanes
from barenet.engines.simd.processor import vector_bits


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


def kind_of(dtype: Any) -> Kind:
    """Make the kind of kernels for a NumPy dtype on this processor."""
    return Kind(from_dtype(dtype), max(1, vector_bits() // (8 * dtype.itemsize)))


@intrinsic
def lanes(typing_context: Any, kind: Any) -> Any:
    """Count the numbers in a vector: a constant when the kernel is compiled."""
    return types.intp(kind), written_by(lambda builder, _: INT(kind.count))


@intrinsic
def itemsize(typing_context: Any, kind: Any) -> Any:
    """Count the bytes of a number."""
    return types.intp(kind), written_by(lambda builder, _: INT(kind.dtype.bitwidth // 8))


@intrinsic
def vectors(typing_context: Any, kind: Any, address: Any, first: Any) -> Any:
    """See memory as vectors, from the number counted `first`."""
    return Vectors(kind.lanes)(kind, types.intp, types.intp), written_by(
        lambda builder, _, address, first: pointer(builder, kind.dtype, address, first)
    )


@infer_global(operator.getitem)
class _GetVector(AbstractTemplate):
    def generic(self, arguments: Any, _: Any) -> Any:
        if isinstance(arguments[0], Vectors):
            return signature(arguments[0].lanes, arguments[0], types.intp)
        return None


@infer_global(operator.setitem)
class _SetVector(AbstractTemplate):
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


def _viewer(dtype_of: Callable[[Any], Any]) -> Any:
    @intrinsic
    def view(typing_context: Any, kind: Any, address: Any, first: Any, length: Any) -> Any:
        dtype = dtype_of(kind)
        array, size = types.Array(dtype, 1, "C"), INT(dtype.bitwidth // 8)

        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            result = context.make_array(array)(context, builder)
            populate_array(
                result,
                data=pointer(builder, dtype, values[1], values[2]),
                shape=[values[3]],
                strides=[size],
                itemsize=size,
                meminfo=None,
            )
            return result._getvalue()

        return array(kind, types.intp, types.intp, types.intp), emit

    return view


#: See memory as an array of numbers, one by one, from the one counted `first`: numbers of the kind,
#: or of NumPy's type if that is given; and numbers of the type that the kind's formula names.
array = _viewer(lambda kind: kind.dtype)
source = _viewer(lambda kind: getattr(types, kind.formula))


def record_at(dtype: Any) -> Callable[[int, int], Any]:
    """Make the code that sees a record in a table at an address, by its index."""
    record, size = from_dtype(dtype), INT(dtype.itemsize)

    @intrinsic
    def see(typing_context: Any, address: Any, index: Any) -> Any:
        def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            place = builder.add(values[0], builder.mul(values[1], size))
            return builder.inttoptr(place, context.get_value_type(record))

        return record(types.intp, types.intp), emit

    return see


@intrinsic
def prefetch(typing_context: Any, address: Any) -> Any:
    """Bring the line of memory at an address into the cache, if it is there; do not wait for it."""
    to_read_keep_data = [ir.IntType(32)(number) for number in (0, 3, 1)]

    def write(builder: Any, address: Any) -> Any:
        place = builder.inttoptr(address, BYTE)
        return call(builder, "llvm.prefetch.p0i8", VOID, place, *to_read_keep_data)

    return types.void(types.intp), written_by(write)

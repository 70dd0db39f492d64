"""LLVM: helpers for operations written in the code of the compiler below Numba."""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INT = ir.IntType(64)
BYTE = ir.IntType(8).as_pointer()
VOID = ir.VoidType()
NUMBERS = {types.float32: ir.FloatType(), types.float64: ir.DoubleType()}


def emitter(write: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function that Numba calls for an operation, from one that emits its result."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        result = write(builder, *values)
        return context.get_dummy_value() if signature.return_type == types.void else result

    return emit


def operation(typed: Callable[..., Any]) -> Callable[[Callable[..., Any]], Any]:
    """Decorator that turns a function that emits code into one for kernels, typed by its types."""

    def define(write: Callable[..., Any]) -> Any:
        @functools.wraps(write)  # Numba reads the parameters' names
        def typed_and_emitted(typing_context: Any, *arguments: Any) -> Any:
            return typed(*arguments), emitter(write)

        return intrinsic(typed_and_emitted)

    return define


def call(builder: Any, name: str, result: Any, *arguments: Any, **options: Any) -> Any:
    """Call a function by its name: LLVM's own, or the system's."""
    signature = ir.FunctionType(result, [argument.type for argument in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, **options)


def pointer(builder: Any, dtype: Any, address: Any, first: Any) -> Any:
    """Pointer to the number at index `first` from an address."""
    offset = builder.mul(first, INT(dtype.bitwidth // 8))
    place = builder.add(address, offset)
    number = NUMBERS.get(dtype) or ir.IntType(dtype.bitwidth)
    return builder.inttoptr(place, number.as_pointer())


def of_unknown_origin(builder: Any, pointer: Any) -> Any:
    """Return a pointer that LLVM can't trace to another one, so it keeps a register for it.

    The assembly is empty, so it is no instruction, and needs no assembler. LLVM would otherwise
    compute each of some equidistant pointers from the one before, in one long chain for each load.
    """
    signature = ir.FunctionType(pointer.type, [pointer.type])
    return builder.asm(signature, "", "=r,0", [pointer], side_effect=False)


def load(builder: Any, pointer: Any, vector: Any) -> Any:
    """Load a vector, which may begin at any index."""
    place = builder.bitcast(pointer, vector.as_pointer())
    return builder.load(place, align=alignment(vector))


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Store a vector."""
    place = builder.bitcast(pointer, value.type.as_pointer())
    builder.store(value, place, align=alignment(value.type))


def alignment(vector: Any) -> int:
    """Alignment of a vector in memory: the bytes of one number."""
    return 4 if vector.element == ir.FloatType() else 8


def shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    """Take numbers of two concatenated vectors by their indices."""
    indices = ir.VectorType(ir.IntType(32), len(order))(order)
    return builder.shuffle_vector(a, b, indices)


def splat(builder: Any, number: Any, count: int) -> Any:
    """Repeat a number in a vector."""
    vector = ir.VectorType(number.type, count)
    undefined = ir.Constant(vector, ir.Undefined)
    first = builder.insert_element(undefined, number, ir.IntType(32)(0))
    order = [0] * count
    return shuffle(builder, first, undefined, order)


def repeated(vector: Any, number: float) -> Any:
    """A constant vector of equal numbers."""
    return vector([number for _ in range(vector.count)])


def on_vectors(builder: Any, name: str, *arguments: Any) -> Any:
    """Call a function of LLVM from vectors to a vector of the same type."""
    vector = arguments[0].type
    full_name = f"llvm.{name}.{in_name(vector)}"
    return call(builder, full_name, vector, *arguments)


def in_name(vector: Any) -> str:
    """The type of a vector in the names of LLVM's functions."""
    return f"v{vector.count}f{8 * alignment(vector)}"


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Compute a·b + c, rounded once if the processor can."""
    return on_vectors(builder, "fmuladd", a, b, c)

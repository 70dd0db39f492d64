"""LLVM: helpers for operations written in the code of the compiler below Numba."""

import functools
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

INT, BYTE, VOID = ir.IntType(64), ir.IntType(8).as_pointer(), ir.VoidType()
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
    signature = ir.FunctionType(result, [each.type for each in arguments])
    function = cgutils.get_or_insert_function(builder.module, signature, name)
    return builder.call(function, arguments, **options)


def pointer(builder: Any, dtype: Any, address: Any, first: Any) -> Any:
    """Pointer to the number at index `first` from an address."""
    place = builder.add(address, builder.mul(first, INT(dtype.bitwidth // 8)))
    number = NUMBERS.get(dtype) or ir.IntType(dtype.bitwidth)
    return builder.inttoptr(place, number.as_pointer())


def load(builder: Any, pointer: Any, vector: Any) -> Any:
    """Load a vector, which may begin at any index."""
    return builder.load(builder.bitcast(pointer, vector.as_pointer()), align=alignment(vector))


def store(builder: Any, value: Any, pointer: Any) -> None:
    """Store a vector."""
    place = builder.bitcast(pointer, value.type.as_pointer())
    builder.store(value, place, align=alignment(value.type))


def alignment(vector: Any) -> int:
    """Alignment of a vector in memory: the bytes of one number."""
    return 4 if vector.element == ir.FloatType() else 8


def shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    """Take numbers of two concatenated vectors by their indices."""
    return builder.shuffle_vector(a, b, ir.VectorType(ir.IntType(32), len(order))(order))


def splat(builder: Any, number: Any, count: int) -> Any:
    """Repeat a number in a vector."""
    undefined = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
    first = builder.insert_element(undefined, number, ir.IntType(32)(0))
    return shuffle(builder, first, undefined, [0] * count)


def on_vectors(builder: Any, name: str, *arguments: Any) -> Any:
    """Call a function of LLVM from vectors to a vector of the same type."""
    vector = arguments[0].type
    return call(builder, f"llvm.{name}.{in_name(vector)}", vector, *arguments)


def in_name(vector: Any) -> str:
    """The type of a vector in the names of LLVM's functions."""
    return f"v{vector.count}f{8 * alignment(vector)}"


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Compute a·b + c, rounded once if the processor can."""
    return on_vectors(builder, "fmuladd", a, b, c)

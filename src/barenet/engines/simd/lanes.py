"""Lanes: as many numbers as a vector register holds, which formulas treat like one number.

``m = beta * m + g`` is the same line for lanes as for numbers. What a formula would decide by `if`,
it takes lane by lane with `where`; a plain number is repeated in all lanes, whatever its type. A
product and a sum may be fused, and so be rounded once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

NUMBERS = {
    types.float32: ir.FloatType(),
    types.float64: ir.DoubleType(),
    types.boolean: ir.IntType(1),
}
INDEX = ir.IntType(32)


class Lanes(types.Type):
    """A vector of numbers, or of truth values."""

    def __init__(self, dtype: Any, count: int) -> None:
        self.dtype, self.count = dtype, count
        self.vector = ir.VectorType(NUMBERS[dtype], count)
        super().__init__(name=f"Lanes({dtype}, {count})")


@register_default(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


def splat(builder: Any, number: Any, count: int) -> Any:
    """Repeat a number in all lanes."""
    undefined = ir.Constant(ir.VectorType(number.type, count), ir.Undefined)
    first = builder.insert_element(undefined, number, INDEX(0))
    return shuffle(builder, first, undefined, [0] * count)


def shuffle(builder: Any, a: Any, b: Any, order: list[int]) -> Any:
    """Take numbers of two vectors, counted through both, in some order."""
    return builder.shuffle_vector(a, b, ir.Constant(ir.VectorType(INDEX, len(order)), order))


def multiply_add(builder: Any, a: Any, b: Any, c: Any) -> Any:
    """Write a·b + c, rounded once where the processor can."""
    return call(builder, "fmuladd", a, b, c)


def call(builder: Any, name: str, *arguments: Any) -> Any:
    """Call one of LLVM's own functions on vectors."""
    kind = arguments[0].type
    full = f"llvm.{name}.v{kind.count}f{32 if kind.element == ir.FloatType() else 64}"
    function = ir.FunctionType(kind, [kind] * len(arguments))
    return builder.call(cgutils.get_or_insert_function(builder.module, function, full), arguments)


def lanes_of(arguments: Any) -> Any:
    """Find the operand that has lanes."""
    return next((each for each in arguments if isinstance(each, Lanes)), None)


def in_lanes(context: Any, builder: Any, kinds: Any, values: Any) -> list[Any]:
    """Bring all operands into lanes."""
    lanes = lanes_of(kinds)
    return [
        value
        if isinstance(kind, Lanes)
        else splat(builder, context.cast(builder, value, kind, lanes.dtype), lanes.count)
        for value, kind in zip(values, kinds, strict=True)
    ]


def define(operation: Any, emit: Callable[..., Any], dtype: Any = None) -> None:
    """Teach Numba an operator, by its code for vectors; its result may be of another dtype."""

    class Template(AbstractTemplate):
        def generic(self, arguments: Any, _: Any) -> Any:
            lanes = lanes_of(arguments)
            return lanes and signature(Lanes(dtype or lanes.dtype, lanes.count), *arguments)

    def lower(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return emit(builder, *in_lanes(context, builder, signature.args, values))

    infer_global(operation)(Template)
    for kinds in ((Lanes,), (Lanes, Lanes), (Lanes, types.Number), (types.Number, Lanes)):
        lower_builtin(operation, *kinds)(lower)


def _arithmetic(code: str) -> Callable[..., Any]:
    return lambda builder, a, b: getattr(builder, code)(a, b, flags=("contract",))


def _comparison(sign: str) -> Callable[..., Any]:
    return lambda builder, a, b: builder.fcmp_ordered(sign, a, b)


for _name, _code in {"add": "fadd", "sub": "fsub", "mul": "fmul", "truediv": "fdiv"}.items():
    define(getattr(operator, _name), _arithmetic(_code))
    define(getattr(operator, f"i{_name}"), _arithmetic(_code))
for _name, _sign in {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}.items():
    define(getattr(operator, _name), _comparison(_sign), types.boolean)
define(operator.neg, lambda builder, a: builder.fneg(a))


def _function(name: str) -> Any:
    """Make a function of lanes of what LLVM has by itself."""

    @intrinsic
    def function(typing_context: Any, x: Any) -> Any:
        return x(x), lambda context, builder, signature, values: call(builder, name, *values)

    return function


floor, sqrt, absolute = (_function(name) for name in ("floor", "sqrt", "fabs"))


@intrinsic
def where(typing_context: Any, mask: Any, a: Any, b: Any) -> Any:
    """Take a where the mask is true, and b elsewhere."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.select(values[0], *in_lanes(context, builder, (a, b), values[1:]))

    return lanes_of((a, b))(mask, a, b), emit


@intrinsic
def get_lane(typing_context: Any, x: Any, lane: Any) -> Any:
    """Take one of the numbers."""
    return x.dtype(x, types.intp), lambda _, builder, __, values: builder.extract_element(*values)


@intrinsic
def set_lane(typing_context: Any, x: Any, lane: Any, number: Any) -> Any:
    """Replace one of the numbers."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return builder.insert_element(values[0], values[2], values[1])

    return x(x, types.intp, x.dtype), emit


@intrinsic
def sum_lanes(typing_context: Any, x: Any) -> Any:
    """Add up all numbers in float64, always in the same order."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        kind = ir.VectorType(ir.DoubleType(), x.count)
        wide = values[0] if x.dtype == types.float64 else builder.fpext(values[0], kind)
        function = ir.FunctionType(ir.DoubleType(), [ir.DoubleType(), kind])
        name = f"llvm.vector.reduce.fadd.v{x.count}f64"
        reduce = cgutils.get_or_insert_function(builder.module, function, name)
        return builder.call(reduce, [ir.DoubleType()(0), wide], fastmath=["reassoc"])

    return types.float64(x), emit


@intrinsic
def widen(typing_context: Any, x: Any) -> Any:
    """Turn all numbers into float64."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return (
            values[0]
            if x.dtype == types.float64
            else builder.fpext(values[0], signature.return_type.vector)
        )

    return Lanes(types.float64, x.count)(x), emit


@intrinsic
def times_power_of_two(typing_context: Any, x: Any, n: Any) -> Any:
    """Multiply by 2ⁿ, for a whole n within the dtype's range, by adding to the exponent's bits."""
    bits, mantissa = (32, 23) if x.dtype == types.float32 else (64, 52)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        whole = ir.VectorType(ir.IntType(bits), x.count)
        n = builder.shl(builder.fptosi(values[1], whole), ir.Constant(whole, [mantissa] * x.count))
        return builder.bitcast(builder.add(builder.bitcast(values[0], whole), n), x.vector)

    return x(x, n), emit

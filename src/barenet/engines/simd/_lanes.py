"""Lanes: the numbers in a vector register, which formulas use like one number.

``m = beta * m + g`` is the same line for lanes as for numbers. `where` replaces `if`, lane by lane;
a plain number of any type is repeated in all lanes. A product and a sum may be fused, and are then
rounded only once.
"""

import operator
from collections.abc import Callable
from typing import Any

import llvmlite.ir as ir
from numba import types
from numba.core.datamodel import models, register_default
from numba.core.typing.templates import AbstractTemplate, infer_global, signature
from numba.extending import intrinsic, lower_builtin

from barenet.engines.simd._llvm import (
    NUMBERS,
    call,
    emitter,
    in_name,
    on_vectors,
    operation,
    repeated,
    splat,
)


class Lanes(types.Type):
    """Type of a vector of numbers, or of a mask for one."""

    def __init__(self, dtype: Any, count: int, mask: bool = False) -> None:
        self.dtype = dtype
        self.count = count
        if mask:
            self.vector = ir.VectorType(ir.IntType(1), count)
            super().__init__(name=f"Lanes({dtype}, {count}, mask)")
        else:
            self.vector = ir.VectorType(NUMBERS[dtype], count)
            super().__init__(name=f"Lanes({dtype}, {count})")


@register_default(Lanes)
class _Model(models.PrimitiveModel):
    def __init__(self, manager: Any, lanes: Lanes) -> None:
        super().__init__(manager, lanes, lanes.vector)


def in_lanes(context: Any, builder: Any, lanes: Lanes, arguments: Any, values: Any) -> list[Any]:
    """Convert all operands to lanes."""
    operands = []
    for operand, operand_type in zip(values, arguments, strict=True):
        if isinstance(operand_type, Lanes):
            operands.append(operand)
        else:
            number = context.cast(builder, operand, operand_type, lanes.dtype)
            operands.append(splat(builder, number, lanes.count))
    return operands


def define(operation: Any, emit: Callable[..., Any], mask: bool = False) -> None:
    """Define an operator for Numba by its code for vectors; its result may be a mask."""

    def lanes_of(arguments: Any) -> Any:
        for argument in arguments:
            if isinstance(argument, Lanes):
                return argument
        return None

    class Template(AbstractTemplate):
        def generic(self, arguments: Any, _: Any) -> Any:
            lanes = lanes_of(arguments)
            if lanes is None:
                return None
            return signature(Lanes(lanes.dtype, lanes.count, mask), *arguments)

    def lower(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        arguments = signature.args
        operands = in_lanes(context, builder, lanes_of(arguments), arguments, values)
        return emit(builder, *operands)

    infer_global(operation)(Template)
    # One operand, or two of which one may be a number.
    operand_types: list[tuple[Any, ...]] = [
        (Lanes,),
        (Lanes, Lanes),
        (Lanes, types.Number),
        (types.Number, Lanes),
    ]
    for types_of_operation in operand_types:
        lower_builtin(operation, *types_of_operation)(lower)


def _arithmetic(code: str) -> Callable[..., Any]:
    def emit(builder: Any, a: Any, b: Any) -> Any:
        instruction = getattr(builder, code)
        return instruction(a, b, flags=("contract",))

    return emit


def _comparison(sign: str) -> Callable[..., Any]:
    def emit(builder: Any, a: Any, b: Any) -> Any:
        return builder.fcmp_ordered(sign, a, b)

    return emit


define(operator.add, _arithmetic("fadd"))
define(operator.iadd, _arithmetic("fadd"))
define(operator.sub, _arithmetic("fsub"))
define(operator.isub, _arithmetic("fsub"))
define(operator.mul, _arithmetic("fmul"))
define(operator.imul, _arithmetic("fmul"))
define(operator.truediv, _arithmetic("fdiv"))
define(operator.itruediv, _arithmetic("fdiv"))
define(operator.lt, _comparison("<"), mask=True)
define(operator.le, _comparison("<="), mask=True)
define(operator.gt, _comparison(">"), mask=True)
define(operator.ge, _comparison(">="), mask=True)
define(operator.neg, lambda builder, a: builder.fneg(a))


def _function(name: str) -> Any:
    """Make a function of lanes from one that LLVM has."""

    @intrinsic
    def function(typing_context: Any, x: Any) -> Any:
        def write(builder: Any, x: Any) -> Any:
            return on_vectors(builder, name, x)

        return x(x), emitter(write)

    return function


floor = _function("floor")
sqrt = _function("sqrt")
absolute = _function("fabs")


@intrinsic
def repeat(typing_context: Any, spec: Any, number: Any) -> Any:
    """A number in all lanes."""

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        return in_lanes(context, builder, spec, (number,), values[1:])[0]

    return spec.lanes(spec, number), emit


@intrinsic
def where(typing_context: Any, mask: Any, a: Any, b: Any) -> Any:
    """a where the mask is true, b elsewhere."""
    lanes = Lanes(mask.dtype, mask.count)

    def emit(context: Any, builder: Any, signature: Any, values: Any) -> Any:
        choices = in_lanes(context, builder, lanes, (a, b), values[1:])
        return builder.select(values[0], *choices)

    return lanes(mask, a, b), emit


@operation(lambda x, index: x.dtype(x, types.intp))
def extract_element(builder: Any, x: Any, index: Any) -> Any:
    """Take one of the numbers."""
    return builder.extract_element(x, index)


@operation(lambda x, index, number: x(x, types.intp, x.dtype))
def insert_element(builder: Any, x: Any, index: Any, number: Any) -> Any:
    """Replace one of the numbers."""
    return builder.insert_element(x, number, index)


@operation(lambda x: Lanes(types.float64, x.count)(x))
def widen(builder: Any, x: Any) -> Any:
    """Turn all numbers into float64."""
    wide = ir.VectorType(ir.DoubleType(), x.type.count)
    return x if x.type == wide else builder.fpext(x, wide)


@operation(lambda x, other: other(x, other))
def narrow(builder: Any, x: Any, other: Any) -> Any:
    """Turn all numbers into those of the type of other lanes."""
    return x if x.type == other.type else builder.fptrunc(x, other.type)


@operation(lambda a, b: a(a, b))
def rounded_product(builder: Any, a: Any, b: Any) -> Any:
    """Multiply, and round before any addition, as in the code for single numbers."""
    return builder.fmul(a, b)


@operation(lambda x: x.dtype(x))
def sum_lanes(builder: Any, x: Any) -> Any:
    """Add up all numbers, always in the same order."""
    number = x.type.element
    name = f"llvm.vector.reduce.fadd.{in_name(x.type)}"
    return call(builder, name, number, number(0), x, fastmath=["reassoc"])


@operation(lambda x, n: x(x, n))
def times_power_of_two(builder: Any, x: Any, n: Any) -> Any:
    """Multiply by 2ⁿ, for a whole n within the dtype's range, by adding to the exponent's bits.

    n is added to a number so large that its last bit is worth 1, so the last bits of the sum are n.
    """
    bits = 64
    mantissa = 52
    if x.type.element == ir.FloatType():
        bits = 32
        mantissa = 23
    whole = ir.VectorType(ir.IntType(bits), x.type.count)
    n = builder.fadd(n, repeated(x.type, 1.5 * 2.0**mantissa))
    bits_of_n = builder.bitcast(n, whole)
    shifted = builder.shl(bits_of_n, repeated(whole, mantissa))
    sum_of_bits = builder.add(builder.bitcast(x, whole), shifted)
    return builder.bitcast(sum_of_bits, x.type)

"""Activations: the formulas of `barenet.model._activations`, for lanes or for a whole row.

The formulas for lanes are generated from the expressions that the activations declare. A kernel's
spec names its formula, so each is compiled separately.
"""

import ast
import math
from collections.abc import Callable
from copy import deepcopy
from typing import Any

from barenet._constraints import option_values
from barenet._expressions import Expression, Printer, formula_steps
from barenet.engines.kernels._kernel import chosen_by, kernel
from barenet.engines.kernels._records import row_numbers, row_vectors
from barenet.engines.simd._calls import compiled, inlined
from barenet.engines.simd._lanes import absolute, sqrt, where
from barenet.engines.simd._mathematics import erfc, exp, expm1, log, log1p, tanh
from barenet.engines.simd._register_blocks import transpose_block
from barenet.engines.simd._views import array, lanes, on_stack, vectors
from barenet.model._activations import ENTRYWISE


@inlined
def logistic(z):
    """σ(z) = 1 / (1 + e⁻ᶻ)."""
    return 1 / (1 + exp(-z))


@inlined
def normal(z):
    """Φ(z) = ½ erfc(−z / √2)."""
    return 0.5 * erfc(z * -0.7071067811865476)


@inlined
def density(z):
    """φ(z) = exp(−z²/2) / √(2π)."""
    return 0.3989422804014327 * exp(-0.5 * z * z)


@inlined
def mish_gate(z):
    """tanh(ln(1 + eᶻ)) = (n² − 1) / (n² + 1) with n = 1 + eᶻ, from e⁻ᶻ for z above 0."""
    w = exp(-absolute(z))
    above = where(z > 0, 1 + 2 * w, w * (w + 2))  # n² − 1, times e⁻²ᶻ for z above 0
    two = where(z > 0, 2 * w * w, 2)
    return above / (above + two)


@inlined
def softplus(z):
    """ln(1 + eᶻ), without overflow."""
    return where(z > 0, z, 0) + log1p(exp(-absolute(z)))


@kernel(["softmax"])
def softmax(spec, step, layer, start, stop):
    """Apply softmax to each row, where possible with a row in each lane."""
    first = softmax_in_lanes(spec, layer, start, stop)
    for row in range(first, stop):
        softmax_row(spec, layer, layer.z, layer.a, row)


@kernel(["softmax"])
def softmax_back(spec, step, layer, start, stop):
    """dL/dZⱼ = aⱼ (dL/daⱼ − Σᵢ dL/daᵢ · aᵢ), in place of dL/dA."""
    for row in range(start, stop):
        a = row_numbers(spec, layer, layer.a, row)
        d = row_numbers(spec, layer, layer.d, row)
        total = a[0] - a[0]
        for j in range(layer.n_out):
            total += d[j] * a[j]
        for j in range(layer.n_out):
            difference = d[j] - total
            d[j] = a[j] * difference


@kernel(["ascending"])
def ascending(spec, step, layer, start, stop):
    """aⱼ = aⱼ₋₁ + ln(1 + exp zⱼ) for each row."""
    for row in range(start, stop):
        z = row_numbers(spec, layer, layer.z, row)
        a = row_numbers(spec, layer, layer.a, row)
        a[0] = z[0]
        for j in range(1, layer.n_out):
            softplus = max(z[j], 0.0) + math.log1p(math.exp(-abs(z[j])))
            a[j] = a[j - 1] + softplus


@kernel(["ascending"])
def ascending_back(spec, step, layer, start, stop):
    """dL/dZⱼ = σ(zⱼ) Σ dL/daᵢ for i ≥ j, in place of dL/dA."""
    for row in range(start, stop):
        z = row_numbers(spec, layer, layer.z, row)
        d = row_numbers(spec, layer, layer.d, row)
        for j in range(layer.n_out - 1, 0, -1):
            d[j - 1] += d[j]
            d[j] /= 1 + math.exp(-z[j])


#: Functions of a whole row: their kernels, forward and backward.
BY_ROW = {"softmax": (softmax, softmax_back), "ascending": (ascending, ascending_back)}

#: The functions of formulas in terms of lanes; other functions are replaced by their definitions.
#: `max` and `min` return a NaN that is their second operand, as in C.
LANES_CODE = {
    "abs": "absolute({})",
    "density": "density({})",
    "erfc": "erfc({})",
    "exp": "exp({})",
    "expm1": "expm1({})",
    "ln": "log({})",
    "log1p": "log1p({})",
    "max": "where({1} <= {0}, {0}, {1})",
    "min": "where({1} >= {0}, {0}, {1})",
    "normal": "normal({})",
    "sigmoid": "logistic({})",
    "softplus": "softplus({})",
    "sqrt": "sqrt({})",
    "tanh": "tanh({})",
    "where": "where({}, {}, {})",
}

#: The functions that generated formulas call.
LANES_FUNCTIONS: dict[str, Any] = {
    "__name__": __name__,
    "absolute": absolute,
    "density": density,
    "erfc": erfc,
    "exp": exp,
    "expm1": expm1,
    "log": log,
    "log1p": log1p,
    "logistic": logistic,
    "mish_gate": mish_gate,
    "normal": normal,
    "softplus": softplus,
    "sqrt": sqrt,
    "tanh": tanh,
    "where": where,
}

#: Operands, and calls that are replaced by faster ones for lanes.
LANES_PARTS = {
    "Z": "z",
    "A": "a",
    "tanh(softplus(Z))": "mish_gate(z)",
    "expm1(min(0, Z))": "expm1(z)",  # the other branch is taken where z > 0
}

#: Derivatives that are faster in another form for lanes: that of ReLU reads A, which is still in
#: the processor's cache, and that of SiLU has one product fewer.
FASTER_DERIVATIVES = {"relu": "1 if A > 0 else 0", "silu": "sigmoid(Z) * (1 + Z - A)"}


class LanesPrinter(Printer):
    """Prints formulas in terms of lanes, which have products in place of whole powers."""

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            base = node.left
            product = base
            for _ in range(1, ast.literal_eval(node.right)):
                product = ast.BinOp(product, ast.Mult(), deepcopy(base))
            return super().visit(product)
        return super().visit(node)


def value_formula(name: str) -> Callable[..., Any]:
    """Print the value a = f(z) of an activation, from z and its option c."""
    (text,) = formula_steps(ENTRYWISE[name](), "stable_formula", "formula")
    return eval(f"lambda z, c: {lanes_code(name, text)}", LANES_FUNCTIONS)


def slope_formula(name: str) -> Callable[..., Any]:
    """Print the derivative f′(z) of an activation, from z, a and its option c."""
    text = FASTER_DERIVATIVES.get(name, ENTRYWISE[name].backward_formula)
    return eval(f"lambda z, a, c: {lanes_code(name, text)}", LANES_FUNCTIONS)


def lanes_code(name: str, text: str) -> str:
    """Print a formula of an activation, which has one option at most, in terms of lanes."""
    parts = dict(LANES_PARTS)
    options = list(option_values(ENTRYWISE[name]()))
    if options:
        (option,) = options
        parts[option] = "c"
    formula = Expression.parse(text, dA=1).expanded(LANES_CODE)
    return formula.printed(LanesPrinter(LANES_CODE, parts))


#: Maximum number of classes for which each lane takes a row; the stack has room for as many
#: vectors.
MAX_CLASSES = 128

panel = on_stack(MAX_CLASSES)

value = chosen_by(value_formula)
slope = chosen_by(slope_formula)


@compiled
def softmax_row(spec, layer, source, target, row):
    """Softmax of a row of one matrix, in another; the padding becomes 0."""
    z = row_numbers(spec, layer, source, row)
    a = row_numbers(spec, layer, target, row)
    Z = row_vectors(spec, layer, source, row)
    A = row_vectors(spec, layer, target, row)
    top = z[0]
    total = z[0] - z[0]
    n = layer.n_out
    for j in range(1, n):
        top = max(top, z[j])
    for j in range(0, n, lanes(spec)):
        A[j] = exp(Z[j] - top)
    for j in range(n):
        total += a[j]
    for j in range(0, n, lanes(spec)):
        A[j] = A[j] / total
    end = row * layer.stride + n
    padding = array(spec, target, end, -n % lanes(spec))
    padding[:] = 0
    return top, total


@compiled
def softmax_in_lanes(spec, layer, start, stop):
    """Softmax with a row in each lane, in whole vectors; return the next row.

    The operations on a row and their order are those of `softmax_row`, and so are the bits.
    """
    L = lanes(spec)
    n = layer.n_out
    stride = layer.stride
    by_class = panel(spec)
    P = vectors(spec, by_class, 0)
    while n <= MAX_CLASSES and start + L <= stop:
        first = start * stride
        for j in range(0, n, L):
            transpose_block(
                spec,
                layer.z, first + j, stride, L,  # from the layer, in which a row is one of the batch
                by_class, j * L, L,  # to the panel, in which a row is a class
            )  # fmt: skip
        softmax_of_lanes(P, L, n)
        for j in range(0, n, L):
            n_classes_left = n - j
            transpose_block(
                spec,
                by_class, j * L, L, n_classes_left,  # from the panel; the padding becomes 0
                layer.a, first + j, stride,
            )  # fmt: skip
        start += L
    return start


@inlined
def softmax_of_lanes(P, step, n):
    """Softmax in each lane of n vectors, which are a step apart, in their place."""
    top = P[0]
    total = P[0] - P[0]  # 0, or NaN for an infinite logit, as in `softmax_row`
    for j in range(step, n * step, step):
        top = where(top > P[j], top, P[j])
    for j in range(0, n * step, step):
        power = exp(P[j] - top)
        P[j] = power
        total = total + power
    for j in range(0, n * step, step):
        P[j] = P[j] / total

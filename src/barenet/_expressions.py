"""Expressions: formulas that are written once, and evaluated and printed in any language.

An expression is written as Python would compute it, ``"X @ W + b"``. `explain` prints it in
mathematical notation, the exports print it as code, and tests compare it with the class that
declares it.
"""

import ast
import importlib
import inspect
import math
import operator
from collections.abc import Callable, Container, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._messages import suggestion
from barenet.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Expression:
    """An expression of matrices that all have the samples along the same axis.

    ``*``, ``/`` and functions work entry by entry; ``@`` is the matrix product, and ``.T`` the
    transpose; ``a if c else b`` chooses entry by entry. ``over_samples`` and ``over_outputs`` are
    sums along an axis, ``mean_samples`` and ``mean_outputs`` are means, and ``max_outputs`` is the
    maximum; ``sum_outputs`` is the cumulative sum over the outputs, ``index_outputs`` the index of
    each output, from 0, and ``total`` the sum of all entries.

    Examples
    --------
    >>> import numpy as np
    >>> rows = Expression.parse("X @ W + b")
    >>> X, W, b = np.array([[1.0, 2.0]]), np.array([[1.0], [10.0]]), np.array([[0.5]])
    >>> rows.evaluate({"X": X, "W": W, "b": b})
    array([[21.5]])
    >>> ast.unparse(rows.transposed().tree)
    'W @ X + b'
    """

    tree: ast.expr
    #: 0 if samples are rows, 1 if they are columns.
    samples_axis: int = 0

    @classmethod
    def parse(cls, text: str, **numbers: float) -> Self:
        """Parse an expression, replacing some names by numbers."""
        constants = {name: ast.Constant(number) for name, number in numbers.items()}
        return cls(_Simplified(constants).visit(_parse(text)))

    def transposed(self) -> Self:
        """Return the expression for transposed operands, with samples along the other axis."""
        tree = _Transposed().visit(_parse(ast.unparse(self.tree)))
        return replace(self, tree=tree, samples_axis=1 - self.samples_axis)

    def expanded(self, known: Container[str]) -> Self:
        """Return the expression with unknown functions replaced by their definitions."""
        return replace(self, tree=_Expanded(known).visit(deepcopy(self.tree)))

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of the operands, without the functions."""
        nodes = list(ast.walk(self.tree))
        functions = [node.func for node in nodes if isinstance(node, ast.Call)]
        names = set()
        for node in nodes:
            if isinstance(node, ast.Name) and node not in functions:
                names.add(node.id)
        return frozenset(names)

    @property
    def has_product(self) -> bool:
        """Whether the expression has a matrix product."""
        return any(isinstance(node, ast.MatMult) for node in ast.walk(self.tree))

    def printed(self, printer: "Printer") -> str:
        """Print the expression in a language."""
        return ast.unparse(printer.visit(deepcopy(self.tree)))

    def evaluate(self, values: Mapping[str, Any]) -> NDArray[Any]:
        """Compute the value of the expression."""
        return np.asarray(self._value(self.tree, values))

    def _value(self, node: ast.expr, values: Mapping[str, Any]) -> Any:
        match node:
            case ast.Constant(value=value):
                return value
            case ast.Name(id=name):
                return values[name]
            case ast.Attribute(value=inner):
                return self._value(inner, values).T
        name, operands = operation(node)
        function = self._function(name)
        return function(*[self._value(operand, values) for operand in operands])

    def _function(self, name: str) -> Callable[..., Any]:
        """Look up a function; reductions depend on the axis of the samples."""
        if name not in OPERATIONS:
            raise unsupported(ast.Name(name))
        compute = OPERATIONS[name].compute
        _, _, axis = name.partition("_")
        if axis not in ("samples", "outputs"):
            return compute
        along = 1 - self.samples_axis if axis == "outputs" else self.samples_axis
        return lambda array: compute(array, axis=along, keepdims=True)


def operation(node: ast.expr) -> tuple[str, list[ast.expr]]:
    """Return the name of the function or operator of a part of an expression, and its operands.

    An operator is named after its class in the syntax tree, such as Add; a choice is named "where".
    """
    match node:
        case ast.UnaryOp(op=op, operand=inner):
            return type(op).__name__, [inner]
        case (
            ast.BinOp(left=left, op=op, right=right)
            | ast.Compare(left=left, ops=[op], comparators=[right])
        ):
            return type(op).__name__, [left, right]
        case ast.IfExp(test=test, body=body, orelse=other):
            return "where", [test, body, other]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
            return name, arguments
    raise unsupported(node)


def declared(thing: object, attribute: str) -> Any:
    """Return a class attribute, or None if a subclass has methods that may contradict it."""
    for base in type(thing).__mro__:
        attributes = vars(base)
        if attribute in attributes:
            return attributes[attribute]
        for name, value in attributes.items():
            if inspect.isfunction(value) and not name.startswith("__"):
                return None
    return None


def unsupported(node: ast.expr) -> ArgumentError:
    """Return an error about a part that formulas may not have."""
    remedy = f"a formula may have + - * / **, `a if c else b`, < <= > >=, {', '.join(FUNCTIONS)}"
    return ArgumentError(f"{ast.unparse(node)!r} is not supported", remedy=remedy)


def formula_steps(activation: object, *attributes: str) -> tuple[str, ...]:
    """Return the steps of the first of several formulas that an activation declares."""
    for attribute in attributes:
        steps = declared(activation, attribute)
        if isinstance(steps, str) and steps:
            return (steps,)
        if steps:
            return tuple(steps)
    return ()


def check_formulas(activation: Any, argument: str, *attributes: str) -> None:
    """Reject a formula that some language lacks, or that contradicts the method that it repeats."""
    for attribute in attributes:
        try:
            steps = formula_steps(activation, attribute)
            if steps:
                _check_values(activation, steps, backward=attribute == "backward_formula")
        except ArgumentError as error:
            error.argument = argument
            error.problem = f"`{attribute}` of {type(activation).__name__}: {error.problem}"
            raise


def _check_values(activation: Any, steps: tuple[str, ...], *, backward: bool) -> None:
    """Compare a formula with `forward` or `backward` for some numbers."""
    Z = np.linspace(-8, 8, 20).reshape(4, 5)
    method = "forward"
    with np.errstate(all="ignore"):
        values = {"Z": Z}
        expected = activation.forward(Z)
        if backward:
            method = "backward"
            values["A"] = expected
            values["dA"] = np.cos(Z)
            expected = activation.backward(Z, values["A"], values["dA"])
        for text in steps:
            formula = _checked(text, list(values), option_values(activation))
            values["Z"] = formula.evaluate(values)
    result = values["Z"]
    has_shape = backward or result.shape == expected.shape
    if not (has_shape and np.allclose(result, expected, rtol=1e-5, atol=1e-6, equal_nan=True)):
        raise ArgumentError(f"it differs from `{method}`", remedy="correct one of them")


def _checked(text: str, operands: list[str], options: Mapping[str, float]) -> Expression:
    """Parse a formula; its names must be known, and every language must have its operations."""
    try:
        formula = Expression(_parse(text))
    except SyntaxError as error:
        raise ArgumentError(f"{text!r} is not an expression: {error.msg}") from None
    names = [*operands, *options]
    for name in sorted(formula.names - set(names)):
        problem = f"unknown name {name!r}{suggestion(name, names)}"
        raise ArgumentError(problem, remedy=f"it may have {', '.join(names)}")
    _check_operations(formula.tree)
    return Expression.parse(text, **options)


def _check_operations(node: ast.expr) -> None:
    """Reject operations that some language lacks, and comparisons that are not conditions."""
    is_number = isinstance(node, ast.Constant) and type(node.value) in (int, float)
    if isinstance(node, ast.Name) or is_number:
        return
    name, operands = operation(node)
    is_known = name in OPERATIONS and name != "MatMult"
    if isinstance(node, ast.Call):
        is_known = FUNCTIONS.get(name) == len(operands)
    if not is_known:
        raise unsupported(node)
    for place, operand in enumerate(operands):
        is_comparison = isinstance(operand, ast.Compare)
        needs_condition = name == "where" and place == 0
        if is_comparison != needs_condition:
            raise unsupported(node)
    for operand in operands:
        _check_operations(operand)


def _parse(text: str) -> ast.expr:
    return ast.parse(text, mode="eval").body


class _Substituted(ast.NodeTransformer):
    """Replaces names."""

    def __init__(self, nodes: Mapping[str, ast.expr]) -> None:
        self.nodes = nodes

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return self.nodes.get(node.id, node)


class _Simplified(_Substituted):
    """Replaces names by numbers, and removes redundant operations."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left = self.visit(node.left)
        right = self.visit(node.right)
        left_number = _number_of(left)
        right_number = _number_of(right)
        if left_number is not None and right_number is not None:
            operation = OPERATIONS[type(node.op).__name__]
            return ast.Constant(operation.compute(left_number, right_number))
        match node.op, left_number, right_number:
            case ast.Mult(), 1, _:  # 1 * x
                return right
            case ast.Mult() | ast.Div(), 0, _:  # 0 * x, or 0 / x
                return ast.Constant(0)
            case (ast.Add(), _, 0) | (ast.Div(), _, 1):  # x + 0, or x / 1
                return left
        return ast.BinOp(left, node.op, right)


def _number_of(node: ast.expr) -> Any:
    """Return the number that a node is; None if it is none."""
    return node.value if isinstance(node, ast.Constant) else None


class _Transposed(ast.NodeTransformer):
    """Swaps the operands of every matrix product."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        left = self.visit(node.left)
        right = self.visit(node.right)
        if isinstance(node.op, ast.MatMult):
            return ast.BinOp(right, node.op, left)
        return ast.BinOp(left, node.op, right)


class _Expanded(ast.NodeTransformer):
    """Replaces calls of functions by the definitions of the functions."""

    def __init__(self, known: Container[str]) -> None:
        self.known = known

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        name = ast.unparse(node.func)
        if name in self.known or not OPERATIONS[name].definition:
            return node
        definition = _parse(OPERATIONS[name].definition)
        expanded = self.visit(definition)  # it may call other functions
        parameters = ("x", "low", "high")  # most functions have only the first
        arguments = dict(zip(parameters, node.args, strict=False))
        body: ast.expr = _Substituted(arguments).visit(expanded)
        return body


class Printer(ast.NodeTransformer):
    """Replaces an expression by the code of a language.

    Code is put into the syntax tree as names, and `ast.unparse` joins them with the right
    parentheses, because the operators of the languages have the same precedence as in Python.

    Parameters
    ----------
    code : mapping
        Code of functions and operators by their names, with ``{}`` for each operand.
    parts : mapping
        Code of other parts, such as names or calls, by their text.
    """

    def __init__(self, code: Mapping[str, str], parts: Mapping[str, str]) -> None:
        self.code = code
        self.parts = parts

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name | ast.Call):
            part = ast.unparse(node)
            if part in self.parts:
                return ast.Name(self.parts[part])
        if not isinstance(node, ast.BinOp | ast.IfExp | ast.Call):
            return super().visit(node)
        name, operands = operation(node)
        if name in self.code:
            texts = [ast.unparse(self.visit(operand)) for operand in operands]
            return ast.Name(self.code[name].format(*texts))
        return self.generic_visit(node)


def _special(name: str) -> Callable[..., Any]:
    """Return a function of SciPy, which is imported at the first call."""

    def compute(*operands: Any) -> Any:
        function = getattr(importlib.import_module("scipy.special"), name)
        return function(*operands)

    return compute


def _defined(name: str) -> Callable[..., Any]:
    """Return a function that evaluates its definition."""

    def compute(x: Any) -> Any:
        return Expression.parse(OPERATIONS[name].definition).evaluate({"x": x})

    return compute


class Operation(NamedTuple):
    """A function or an operator: its computation, and its code in each language that has it."""

    compute: Callable[..., Any]
    #: Empty for operators, which are written as in Python.
    python: str = ""
    c: str = ""
    #: The name of the ONNX operator.
    onnx: str = ""
    #: Simpler functions of its arguments x, low and high, for languages without the function.
    definition: str = ""


#: Operators and functions, including reductions along an axis.
OPERATIONS = {
    "Add": Operation(operator.add, onnx="Add"),
    "Sub": Operation(operator.sub, onnx="Sub"),
    "Mult": Operation(operator.mul, onnx="Mul"),
    "Div": Operation(operator.truediv, onnx="Div"),
    "Pow": Operation(operator.pow, c="powf({}, {})", onnx="Pow"),
    "USub": Operation(operator.neg, onnx="Neg"),
    "MatMult": Operation(operator.matmul),
    "Lt": Operation(operator.lt, onnx="Less"),
    "LtE": Operation(operator.le, onnx="LessOrEqual"),
    "Gt": Operation(operator.gt, onnx="Greater"),
    "GtE": Operation(operator.ge, onnx="GreaterOrEqual"),
    "abs": Operation(np.abs, "np.abs({})", c="fabsf({})", onnx="Abs"),
    "clip": Operation(np.clip, "np.clip({}, {}, {})", definition="min(high, max(low, x))"),
    "density": Operation(
        _defined("density"), definition=f"exp(-0.5 * x * x) / {math.sqrt(2 * math.pi)!r}"
    ),
    "erf": Operation(
        _special("erf"),
        c="erff({})",
        onnx="Erf",
        definition=f"2 * normal({math.sqrt(2)!r} * x) - 1",
    ),
    "erfc": Operation(_special("erfc"), c="erfcf({})", definition="1 - erf(x)"),
    "exp": Operation(np.exp, "np.exp({})", c="expf({})", onnx="Exp"),
    "expm1": Operation(np.expm1, "np.expm1({})", c="expm1f({})", definition="exp(x) - 1"),
    "ln": Operation(np.log, "np.log({})", c="logf({})", onnx="Log"),
    "log1p": Operation(np.log1p, "np.log1p({})", c="log1pf({})", definition="ln(1 + x)"),
    # On processors without an instruction for them, fmaxf and fminf are calls. A NaN is propagated
    # if it is the second operand, so formulas have Z there.
    "max": Operation(np.maximum, "np.maximum({}, {})", c="({0} > {1} ? {0} : {1})", onnx="Max"),
    "min": Operation(np.minimum, "np.minimum({}, {})", c="({0} < {1} ? {0} : {1})", onnx="Min"),
    "normal": Operation(
        _special("ndtr"), "normal({})", definition=f"0.5 * erfc({-math.sqrt(0.5)!r} * x)"
    ),
    "sigmoid": Operation(
        _defined("sigmoid"), "sigmoid({})", onnx="Sigmoid", definition="1 / (1 + exp(-x))"
    ),
    "sign": Operation(
        np.sign, "np.sign({})", onnx="Sign", definition="1 if x > 0 else -1 if x < 0 else 0"
    ),
    "softplus": Operation(
        _defined("softplus"), "softplus({})", definition="max(x, 0) + log1p(exp(-abs(x)))"
    ),
    "sqrt": Operation(np.sqrt, "np.sqrt({})", c="sqrtf({})", onnx="Sqrt"),
    "tanh": Operation(np.tanh, "np.tanh({})", c="tanhf({})", onnx="Tanh"),
    "where": Operation(np.where, "np.where({}, {}, {})", c="({} ? {} : {})", onnx="Where"),
    "max_outputs": Operation(np.max, "np.max({}, axis=1, keepdims=True)"),
    "over_outputs": Operation(np.sum, "np.sum({}, axis=1, keepdims=True)"),
    "sum_outputs": Operation(lambda x, axis, keepdims: np.cumsum(x, axis), "np.cumsum({}, axis=1)"),
    "index_outputs": Operation(
        lambda x, axis, keepdims: np.indices(x.shape)[axis],
        "np.arange(np.shape({})[1], dtype=np.float32)",
        c="(float)i",
    ),
    "over_samples": Operation(np.sum),
    "total": Operation(np.sum),
    "mean_outputs": Operation(np.mean),
    "mean_samples": Operation(np.mean),
    "times_ln": Operation(_special("xlogy")),
    "sin": Operation(np.sin),
}

#: The functions that the formula of an activation may use, and their numbers of arguments.
FUNCTIONS: dict[str, int] = {}
for _name, _operation in OPERATIONS.items():
    if _operation.python or _operation.definition:
        FUNCTIONS[_name] = max(1, _operation.python.count("{}"))

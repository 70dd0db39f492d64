"""Activations as code: the expressions that they declare, printed in C, in Python and as ONNX.

Code is put into the syntax tree as names, which `ast.unparse` joins with the right brackets: the
operators of C have the same precedence as those of Python.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, declared, formula_steps, operation
from barenet.files.exports._source_text import decimal, identifier
from barenet.model._activations import Activation

#: Code of functions and operators, by their names; others are printed by their definitions.
C_CODE = {name: each.c for name, each in OPERATIONS.items() if each.c}
NUMPY_CODE = {name: each.python for name, each in OPERATIONS.items() if each.python}
ONNX_OPERATORS = {name: each.onnx for name, each in OPERATIONS.items() if each.onnx}

#: Reductions over a row in C: the name of the total, and the statement for the next entry x.
C_REDUCTIONS = {
    "max_outputs": ("max", "{total} = {total} > {x} ? {total} : {x}"),
    "over_outputs": ("sum", "{total} += {x}"),
    "sum_outputs": ("sum", "{total} += {x}"),
}


def c_activation(activation: Activation) -> str:
    """Function of C that applies an activation to a vector in place."""
    options = "".join(f", float {option}" for option in option_values(activation))
    lines = [f"static void apply_{identifier(activation.name)}(float *a, int n{options})", "{"]
    for expression in _steps(activation, C_CODE):
        printer = _CPrinter(len(lines) // 5 + 1)
        value = ast.unparse(printer.visit(expression.tree))
        lines += [*printer.lines, "    for (int i = 0; i < n; i++)", f"        a[i] = {value};"]
    formula = ast.unparse(Expression.parse(activation.formula).tree)
    return "\n".join([f"/* {formula} */", *lines, "}\n"])


def python_activation(activation: Activation) -> list[str]:
    """Expressions of NumPy that an activation assigns to X, one after the other."""
    printer = _Printer(NUMPY_CODE, "X")
    steps = _steps(activation, NUMPY_CODE, **option_values(activation))
    return [ast.unparse(printer.visit(step.tree)) for step in steps]


def _steps(activation: Activation, known: Any, **numbers: float) -> Iterator[Expression]:
    for text in formula_steps(activation, "stable_formula", "formula"):
        yield Expression.parse(text, **numbers).expanded(known)


class _Printer(ast.NodeTransformer):
    """Replaces an expression by the code of a language, with the code of Z."""

    def __init__(self, code: Mapping[str, str], operand: str) -> None:
        self.code, self.operand = code, operand

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Name) and node.id == "Z":
            return ast.parse(self.operand, mode="eval").body
        if not isinstance(node, ast.BinOp | ast.IfExp | ast.Call):
            return super().visit(node)
        name, operands = operation(node)
        if name in self.code:
            code = (ast.unparse(self.visit(operand)) for operand in operands)
            return ast.Name(self.code[name].format(*code))
        return self.generic_visit(node)


class _CPrinter(_Printer):
    """Replaces an expression by C, in which a[i] is an entry of Z."""

    def __init__(self, number: int) -> None:
        super().__init__(C_CODE, "a[i]")
        self.number = number
        #: Loops that compute the reductions.
        self.lines: list[str] = []

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            return ast.Name(f"{decimal(np.float32(ast.unparse(node)))}f")
        if not (isinstance(node, ast.Call) and (name := operation(node)[0]) in C_REDUCTIONS):
            return super().visit(node)
        kind, code = C_REDUCTIONS[name]
        total, x = f"{kind}_{self.number}", ast.unparse(self.visit(node.args[0]))
        self.number += 1
        if name == "sum_outputs":  # up to each entry, in the loop that writes the results
            self.lines.append(f"    float {total} = 0.0f;\n")
            return ast.Name(f"({code.format(total=total, x=x)})")
        self.lines += [
            f"    float {total} = {x.replace('a[i]', 'a[0]')};\n",
            "    for (int i = 1; i < n; i++)",
            f"        {code.format(total=total, x=x)};",
        ]
        return ast.Name(total)


class Graph(Protocol):
    """Collector of ONNX operators and constants, each added under a name of its own."""

    def add(self, operator: str, *inputs: str, output: str | None = None, **options: Any) -> str:
        """Add an operator of the standard set."""

    def constant(self, values: NDArray[Any]) -> str:
        """Add numbers or strings."""


def add_activation(graph: Graph, activation: Activation, X: str, dtype: np.dtype[Any]) -> str:
    """Add the operators of an activation to a graph of ONNX."""
    if onnx_operator := declared(activation, "onnx_operator"):
        return graph.add(onnx_operator, X)
    for expression in _steps(activation, ONNX_OPERATORS, **option_values(activation)):
        X = _add(graph, expression.tree, X, dtype)
    return X


def _add(graph: Graph, node: ast.expr, X: str, dtype: np.dtype[Any]) -> str:
    if isinstance(node, ast.Name):
        return X
    if isinstance(node, ast.Constant):
        return graph.constant(np.array(node.value, dtype))
    name, nodes = operation(node)
    operands = [_add(graph, each, X, dtype) for each in nodes]
    if name == "max_outputs":
        return graph.add("ReduceMax", *operands, axes=[-1], keepdims=1)
    if name == "sum_outputs":
        return graph.add("CumSum", *operands, graph.constant(np.array(1)))
    if name == "index_outputs":
        zero, one = (graph.constant(np.array(number)) for number in (0, 1))
        width = graph.add("Gather", graph.add("Shape", *operands), one)
        kind = 1 if dtype == np.float32 else 11
        return graph.add("Cast", graph.add("Range", zero, width, one), to=kind)
    if name == "over_outputs":
        return graph.add("ReduceSum", *operands, graph.constant(np.array([-1])))
    if name == "erf" and dtype == np.float64:  # ONNX Runtime has an Erf of float32 alone
        erf = graph.add("Erf", graph.add("Cast", *operands, to=1))
        return graph.add("Cast", erf, to=11)
    return graph.add(ONNX_OPERATORS[name], *operands)

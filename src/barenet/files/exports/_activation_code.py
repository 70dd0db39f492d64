"""Activations as code: the expressions that they declare, printed in C and in Python.

Code is put into the syntax tree as names, which `ast.unparse` joins with the right brackets: the
operators of C have the same precedence as those of Python.
"""

import ast
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, formula_steps, operation
from barenet.files.exports._source_text import decimal, identifier
from barenet.model._activations import Activation

#: Code of functions and operators, by their names; others are printed by their definitions.
C_CODE = {name: each.c for name, each in OPERATIONS.items() if each.c}
NUMPY_CODE = {name: each.python for name, each in OPERATIONS.items() if each.python}

#: Reductions over a row in C: the name of the total, and the statement for the next entry x.
C_REDUCTIONS = {
    "max_outputs": ("max", "{total} = {total} > {x} ? {total} : {x}"),
    "over_outputs": ("sum", "{total} += {x}"),
    "sum_outputs": ("sum", "{total} += {x}"),
}


def c_activation(activation: Activation) -> str:
    """Function of C that applies an activation to a vector in place."""
    options = "".join(f", float {option}" for option in option_values(activation))
    formula = ast.unparse(Expression.parse(activation.formula).tree)
    head = f"static void apply_{identifier(activation.name)}(float *a, int n{options})"
    printer = _CPrinter()
    for expression in expressions(activation, C_CODE):
        value = ast.unparse(printer.visit(expression.tree))
        printer.lines += ["    for (int i = 0; i < n; i++)", f"        a[i] = {value};"]
    return "\n".join([f"/* {formula} */", head, "{", *printer.lines, "}\n"])


def python_activation(activation: Activation) -> list[str]:
    """Expressions of NumPy that an activation assigns to X, one after the other."""
    printer = _Printer(NUMPY_CODE, "X")
    steps = expressions(activation, NUMPY_CODE, **option_values(activation))
    return [ast.unparse(printer.visit(step.tree)) for step in steps]


def expressions(activation: Activation, known: Any, **numbers: float) -> Iterator[Expression]:
    """The steps of an activation, with the definitions of functions that are not known."""
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

    def __init__(self) -> None:
        super().__init__(C_CODE, "a[i]")
        #: The number of reductions, and the loops that compute them and the results.
        self.number, self.lines = 0, list[str]()

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            return ast.Name(f"{decimal(np.float32(ast.unparse(node)))}f")
        if not (isinstance(node, ast.Call) and (name := operation(node)[0]) in C_REDUCTIONS):
            return super().visit(node)
        kind, code = C_REDUCTIONS[name]
        self.number += 1
        total, x = f"{kind}_{self.number}", ast.unparse(self.visit(node.args[0]))
        update = code.format(total=total, x=x)
        if name == "sum_outputs":  # up to each entry, in the loop that writes the results
            self.lines.append(f"    float {total} = 0.0f;\n")
            return ast.Name(f"({update})")
        first = x.replace("a[i]", "a[0]")
        self.lines += [f"    float {total} = {first};\n", "    for (int i = 1; i < n; i++)"]
        self.lines.append(f"        {update};")
        return ast.Name(total)

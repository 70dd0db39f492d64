"""Activations as code: the expressions that they declare, printed in C and in Python.

Code is put into the syntax tree as names, which `ast.unparse` joins with the right brackets: the
operators of C have the same precedence as those of Python.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, formula_steps, operation
from barenet.files.exports._source_text import check_single, decimal, identifier
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
    printer = _CPrinter(option_values(activation))
    formula = ast.unparse(Expression.parse(activation.formula).tree)
    given = "".join(f", float {option}" for option in printer.options.values())
    for expression in expressions(activation, C_CODE):
        value = ast.unparse(printer.visit(expression.tree))
        printer.add_loop(f"a[i] = {value}")
    head = f"static void {function_name(activation)}(float *a, int n{given})"
    return "\n".join([f"/* {formula} */", head, "{", *printer.lines, "}\n"])


def function_name(activation: Activation) -> str:
    """Name of the function of C that applies an activation."""
    return identifier(f"apply {activation.name}")


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

    def __init__(self, options: Iterable[str]) -> None:
        super().__init__(C_CODE, "a[i]")
        #: Names of the options in C, which are no keywords and none of the names beside them.
        self.options = {name: identifier(f"option {name} {at}") for at, name in enumerate(options)}
        #: The loops that compute reductions and the results, and the number of reductions.
        self.lines, self.number = list[str](), 0
        #: Statements of the next loop, which add to the sums up to each entry.
        self.sums: list[str] = []

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            check_single("constant", np.asarray(node.value))
            return ast.Name(f"{decimal(np.float32(ast.unparse(node)))}f")
        if isinstance(node, ast.Name) and node.id in self.options:
            return ast.Name(self.options[node.id])
        if not (isinstance(node, ast.Call) and (name := operation(node)[0]) in C_REDUCTIONS):
            return super().visit(node)
        kind, code = C_REDUCTIONS[name]
        self.number += 1
        total, sums, self.sums = f"{kind}_{self.number}", self.sums, []
        x = ast.unparse(self.visit(node.args[0]))
        update = code.format(total=total, x=x)
        if name == "sum_outputs":  # up to each entry
            self.lines.append(f"    float {total} = 0.0f;\n")
            self.sums = [*sums, *self.sums, update]
            return ast.Name(total)
        first = re.sub(r"\bi\b", "0", "; ".join([*self.sums, f"float {total} = {x}"]))
        self.lines.append(f"    {first};\n")
        self.add_loop(update, start=1)
        self.sums = sums
        return ast.Name(total)

    def add_loop(self, statement: str, start: int = 0) -> None:
        """Add a loop over the entries, with the sums up to each that a statement reads."""
        body = [f"        {each};" for each in (*self.sums, statement)]
        head = f"    for (int i = {start}; i < n; i++)"
        self.lines += [f"{head} {{", *body, "    }"] if self.sums else [head, *body]
        self.sums = []

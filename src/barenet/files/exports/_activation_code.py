"""Activations as code: their declared expressions, printed in C and in Python."""

import ast
import re
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, Printer, formula_steps, operation
from barenet.files.exports._source_text import check_single, decimal, identifier
from barenet.model._activations import Activation

#: Code of functions and operators, by their names; other functions are expanded.
C_CODE = {name: entry.c for name, entry in OPERATIONS.items() if entry.c}
NUMPY_CODE = {name: entry.python for name, entry in OPERATIONS.items() if entry.python}

#: Reductions over a row in C: the name of the total, and the statement that adds an entry x.
C_REDUCTIONS = {
    "max_outputs": ("max", "{total} = {total} > {x} ? {total} : {x}"),
    "over_outputs": ("sum", "{total} += {x}"),
    "sum_outputs": ("sum", "{total} += {x}"),
}


def c_activation(activation: Activation) -> str:
    """Write a C function that applies an activation to a vector in place."""
    options: dict[str, str] = {}
    parameters = ""
    for number, name in enumerate(numeric_options(activation)):
        # The name itself may be a keyword of C, or not ASCII.
        options[name] = identifier(f"option {name} {number}")
        parameters += f", float {options[name]}"
    formula = ast.unparse(Expression.parse(activation.formula).tree)
    printer = _CPrinter(options)
    for expression in expressions(activation, C_CODE):
        value = ast.unparse(printer.visit(expression.tree))
        statement = ", ".join([*printer.sums, f"a[i] = {value}"])
        printer.lines.append("    for (int i = 0; i < n; i++)")
        printer.lines.append(f"        {statement};")
        printer.sums = []
    function = identifier(f"apply {activation.name}")
    head = f"static void {function}(float *a, int n{parameters})"
    return "\n".join([f"/* {formula} */", head, "{", *printer.lines, "}\n"])


def numeric_options(activation: Activation) -> dict[str, Any]:
    """Return the options of an activation that a formula can use, which are the numbers."""
    options = {}
    for name, value in option_values(activation).items():
        if isinstance(value, int | float | np.number):
            options[name] = value
    return options


def python_activation(activation: Activation) -> list[str]:
    """Write the NumPy expressions that are assigned to X one after the other."""
    printer = Printer(NUMPY_CODE, {"Z": "X"})
    return [
        step.printed(printer)
        for step in expressions(activation, NUMPY_CODE, **option_values(activation))
    ]


def expressions(activation: Activation, known: Any, **numbers: float) -> Iterator[Expression]:
    """Parse the steps of an activation, with the definitions of functions that are not known."""
    for text in formula_steps(activation, "stable_formula", "formula"):
        yield Expression.parse(text, **numbers).expanded(known)


class _CPrinter(Printer):
    """Replaces an expression by C code, in which a[i] is an entry of Z."""

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(C_CODE, {"Z": "a[i]", **options})
        #: The number of reductions so far.
        self.number = 0
        #: The loops that compute the totals and the results.
        self.lines: list[str] = []
        #: The updates of running sums, which the next loop begins with.
        self.sums: list[str] = []

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.Constant):
            check_single("constant", np.asarray(node.value))
            single = np.float32(ast.unparse(node))
            return ast.Name(f"{decimal(single)}f")
        if isinstance(node, ast.Call):
            name, _ = operation(node)
            if name in C_REDUCTIONS:
                return self._visit_reduction(name, node)
        return super().visit(node)

    def _visit_reduction(self, name: str, node: ast.Call) -> ast.Name:
        """Write the loop of a reduction, and return the name of its total."""
        prefix, code = C_REDUCTIONS[name]
        self.number += 1
        total = f"{prefix}_{self.number}"
        sums_of_outer = self.sums
        self.sums = []  # those of the operand
        operand = self.visit(node.args[0])
        x = ast.unparse(operand)
        update = ", ".join([*self.sums, code.format(total=total, x=x)])
        if name == "sum_outputs":  # a running sum, updated in the loop that reads it
            self.lines.append(f"    float {total} = 0.0f;\n")
            sums_of_outer = [*sums_of_outer, update]
        else:
            entry = "; ".join([*self.sums, f"float {total} = {x}"])
            first = re.sub(r"\bi\b", "0", entry)
            self.lines.append(f"    {first};\n")
            self.lines.append("    for (int i = 1; i < n; i++)")
            self.lines.append(f"        {update};")
        self.sums = sums_of_outer
        return ast.Name(total)

"""Activations in JavaScript: a module of the page, printed from the library's formulas."""

from barenet._constraints import option_values
from barenet._expressions import Expression, Printer, formula_steps
from barenet.model._activations import ENTRYWISE

#: The functions of formulas in JavaScript; other functions are replaced by their definitions.
JAVASCRIPT_CODE = {
    "Pow": "Math.pow({}, {})",
    "abs": "Math.abs({})",
    "exp": "Math.exp({})",
    "expm1": "Math.expm1({})",
    "ln": "Math.log({})",
    "log1p": "Math.log1p({})",
    "max": "Math.max({}, {})",
    "min": "Math.min({}, {})",
    "normal": "normal({})",
    "sign": "Math.sign({})",
    "sqrt": "Math.sqrt({})",
    "tanh": "Math.tanh({})",
    "where": "({} ? {} : {})",
}


def activation_script() -> str:
    """Print the elementwise activations as functions of a number z."""
    printer = Printer(JAVASCRIPT_CODE, {"Z": "z"})
    lines = []
    for name, activation_class in ENTRYWISE.items():
        activation = activation_class()
        (text,) = formula_steps(activation, "stable_formula", "formula")
        formula = Expression.parse(text, **option_values(activation)).expanded(JAVASCRIPT_CODE)
        lines.append(f"  {name}: (z) => {formula.printed(printer)},\n")
    table = "".join(lines)
    return (
        'import { normal } from "./normal-distribution.js";\n\n'
        f"export const ACTIVATIONS = {{\n{table}}};\n"
    )

"""The update rule of an optimizer, printed from its declared equations.

What an equation computes from numbers alone, such as 1 − β₂ᵗ, is a factor: it is computed in
float64 for each step before the steps are taken, as float32 has too few digits for it. The rest is
computed for all parameters on the device. So a program depends on no option of the optimizer.
"""

import ast
import functools
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import Expression
from barenet.engines._engine import Rates
from barenet.engines.jax._printed_functions import function_of
from barenet.optimization.optimizers import Optimizer


class UpdateRule:
    """The equations of a class of optimizers; `update_rule` makes them once.

    Attributes
    ----------
    moments : dict of str to str
        The name of the moment that each letter stands for.
    factors : dict of str to Expression
        The parts that are computed from numbers alone, by the names that replace them.
    """

    def __init__(self, kind: type[Optimizer]) -> None:
        formula = kind.formula
        assert formula is not None
        letters = [letter for letter in formula.updates if letter != "theta"]
        self.moments = dict(zip(letters, kind.moment_names, strict=True))
        splitter = _FactorSplitter({"theta", "g", *letters})
        trees = {}
        for letter, text in formula.updates.items():
            trees[letter] = splitter.visit(Expression.parse(text).tree)
        self.factors = splitter.factors
        self.settings = formula.settings
        names = ["theta", "g", *letters, *self.factors]
        self.updates = {}
        for letter, tree in trees.items():
            self.updates[letter] = function_of(Expression(tree), names)

    def factors_of(self, optimizer: Optimizer, rates: Rates) -> dict[str, NDArray[np.float64]]:
        """Compute the factors of the next steps, each of shape (n_steps,)."""
        first = optimizer.n_steps + 1
        numbers: dict[str, Any] = dict(option_values(optimizer))
        for letter, option in self.settings.items():
            numbers[letter] = getattr(optimizer, option)
        numbers["eta"] = rates
        numbers["t"] = np.arange(first, first + len(rates), dtype=float)
        factors = {}
        for name, expression in self.factors.items():
            factor = np.empty(len(rates))
            factor[:] = expression.evaluate(numbers)
            factors[name] = factor
        return factors

    def step(self, parameters: Any, moments: Any, gradient: Any, factors: Any) -> tuple[Any, Any]:
        """Apply the equations in their order; return the parameters and the moments."""
        values = {"theta": parameters, "g": gradient, **factors}
        for letter, name in self.moments.items():
            values[letter] = moments[name]
        for letter, update in self.updates.items():
            values[letter] = update(**values)
        new_moments = {name: values[letter] for letter, name in self.moments.items()}
        return values["theta"], new_moments


@functools.cache
def update_rule(kind: type[Optimizer]) -> UpdateRule:
    """Return the rule of a class of optimizers, whose equations are read only once."""
    return UpdateRule(kind)


class _FactorSplitter(ast.NodeTransformer):
    """Replaces the largest parts without vectors by the names of factors."""

    def __init__(self, vectors: set[str]) -> None:
        self.vectors = vectors
        self.factors: dict[str, Expression] = {}

    def visit(self, node: ast.AST) -> Any:
        if isinstance(node, ast.expr) and not isinstance(node, ast.Constant):
            expression = Expression(deepcopy(node))
            if not expression.names & self.vectors:
                return ast.Name(self._name_of(expression))
        return super().visit(node)

    def visit_Call(self, node: ast.Call) -> ast.expr:
        node.args = [self.visit(argument) for argument in node.args]
        return node

    def _name_of(self, expression: Expression) -> str:
        """Return the name of a factor, which is the same for the same expression."""
        text = ast.unparse(expression.tree)
        for name, factor in self.factors.items():
            if ast.unparse(factor.tree) == text:
                return name
        name = f"factor_{len(self.factors)}"
        self.factors[name] = expression
        return name

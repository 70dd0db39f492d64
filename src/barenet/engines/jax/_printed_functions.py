"""Printed functions: the formulas of activations, losses and rules as functions of JAX arrays."""

import ast
import functools
from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, Printer, declared, formula_steps
from barenet.engines._engine import Rates
from barenet.engines.jax import _jax_library as library
from barenet.model._activations import Activation
from barenet.model.losses import Loss
from barenet.model.losses._regression import GaussianNLL, Quantile
from barenet.optimization.optimizers import Optimizer

#: Code of functions by their names. `jax.numpy` has the functions of NumPy under the same names;
#: any other function is replaced by its definition.
CODE = {
    "erf": "special.erf({})",
    "erfc": "special.erfc({})",
    "times_ln": "special.xlogy({}, {})",
    "total": "np.sum({})",
}
for _name, _operation in OPERATIONS.items():
    if _operation.python.startswith("np."):
        CODE[_name] = _operation.python


def function_of(expression: Expression, names: Sequence[str]) -> Callable[..., Any]:
    """Make a function of JAX arrays, which are the operands with these names."""
    code = expression.expanded(CODE).printed(Printer(CODE, {}))
    modules = {"np": library.jnp, "special": library.special}
    return eval(f"lambda {', '.join(names)}: {code}", modules)


def printed_function(text: str, *names: str, **numbers: float) -> Callable[..., Any]:
    """Make a function from a formula, in which some names are replaced by numbers."""
    return function_of(Expression.parse(text, **numbers), names)


def activation_function(activation: Activation) -> Callable[[Any], Any]:
    """Make the function A = f(Z) of an activation, with its declared derivative.

    JAX's own derivative would differ where f has a corner, such as that of ReLU at 0.
    """
    options = option_values(activation)
    steps = [
        printed_function(text, "Z", **options)
        for text in formula_steps(activation, "stable_formula", "formula")
    ]
    backward_text = declared(activation, "backward_formula")
    backward = printed_function(backward_text, "Z", "A", "dA", **options)

    def forward(Z: Any) -> Any:
        for step in steps:
            Z = step(Z)
        return Z

    def forward_with_cache(Z: Any) -> tuple[Any, tuple[Any, Any]]:
        A = forward(Z)
        return A, (Z, A)

    def backward_from_cache(cache: tuple[Any, Any], dA: Any) -> tuple[Any]:
        Z, A = cache
        dZ = library.jnp.broadcast_to(backward(Z, A, dA), Z.shape)
        return (dZ.astype(Z.dtype),)

    function = library.jax.custom_vjp(forward)
    function.defvjp(forward_with_cache, backward_from_cache)
    return function


def loss_function(loss: Loss) -> Callable[[Any, Any], Any]:
    """Make the function of outputs and targets that computes ℓᵢ for each row, shape (n_rows,).

    Its derivative is the declared one. A loss on logits is a function of these.
    """
    value_text = declared(loss, "logits_formula") or declared(loss, "formula")
    slope_text = declared(loss, "logits_derivative_formula")
    slope_text = slope_text or declared(loss, "derivative_formula")
    numbers = {}
    if not isinstance(loss, Quantile):  # its level differs by output, and is the operand q
        for name, number in option_values(loss).items():
            if isinstance(number, float):
                numbers[name] = number
    names = ("Z", "A", "Y", "M", "S", "k", "q")
    value = printed_function(value_text, *names, **numbers)
    slope = printed_function(slope_text, *names, **numbers)

    def operands(output: Any, y: Any) -> dict[str, Any]:
        values = dict.fromkeys(names)
        values["Z"] = output
        values["A"] = output
        values["Y"] = y
        n_outputs = output.shape[1]
        if isinstance(loss, GaussianNLL):
            mean, log_variance = library.jnp.hsplit(output, 2)
            values["M"] = library.jnp.tile(mean, 2)
            values["S"] = library.jnp.tile(log_variance, 2)
            values["k"] = n_outputs // 2
        if isinstance(loss, Quantile):
            levels = np.resize(loss.levels or loss.q, n_outputs)
            values["q"] = levels.astype(output.dtype)
        return values

    def per_row(output: Any, y: Any) -> Any:
        return value(**operands(output, y)).sum(axis=1)

    def per_row_with_cache(output: Any, y: Any) -> tuple[Any, tuple[Any, Any]]:
        return per_row(output, y), (output, y)

    def backward(cache: tuple[Any, Any], d_rows: Any) -> tuple[Any, Any]:
        output, y = cache
        derivative = slope(**operands(output, y)).astype(output.dtype)
        d_output = d_rows[:, None] * derivative
        return d_output, library.jnp.zeros_like(y)

    function = library.jax.custom_vjp(per_row)
    function.defvjp(per_row_with_cache, backward)
    return function


class UpdateRule:
    """The equations of a class of optimizers; `update_rule` makes them once.

    What an equation computes from numbers alone, such as 1 − β₂ᵗ, is a factor: it is computed in
    float64 for each step before the steps are taken, as float32 has too few digits for it. The rest
    is computed for all parameters on the device. So a program depends on no option of the
    optimizer.

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

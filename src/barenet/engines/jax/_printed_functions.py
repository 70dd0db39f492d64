"""Printed functions: the formulas of activations, losses and rules as functions of JAX arrays."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from barenet._constraints import option_values
from barenet._expressions import OPERATIONS, Expression, Printer, declared, formula_steps
from barenet.engines.jax import _jax_library as library
from barenet.model._activations import Activation
from barenet.model.losses import Loss
from barenet.model.losses._regression import GaussianNLL, Quantile

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

"""The formulas of everything that has a name: activations, losses, optimizers, penalties, clipping.

Each is what the class computes. The tests evaluate every one beside the class that it belongs to,
and fail for a class without one.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, TypeVar

__all__ = [
    "ACTIVATION_FORMULAS",
    "CLIPPING_FORMULAS",
    "LOSS_FORMULAS",
    "OPTIMIZER_FORMULAS",
    "PENALTY_FORMULAS",
    "Bend",
    "Distance",
    "Price",
    "Rule",
    "formula_of",
]

T = TypeVar("T")


class Bend(NamedTuple):
    """An activation: A from Z, and dZ from dA, Z and A."""

    forward: str
    backward: str


class Distance(NamedTuple):
    """A loss: that of one output, and its derivative, from the network's output A and the target Y.

    For a loss with the output activation inside, the derivative is by what it takes, before it.
    """

    value: str
    derivative: str


class Price(NamedTuple):
    """A penalty on the weights W with the strength λ, and its derivative."""

    value: str
    derivative: str


class Rule(NamedTuple):
    """An optimizer: what it does to its moments and to a parameter θ, with its gradient g.

    Its settings are Greek letters, by the names that the class has for them; `text` tells what all
    its letters are, with a setting's in braces, for a page may have another letter for it.
    """

    updates: Mapping[str, str]
    moments: Mapping[str, str] = {}
    settings: Mapping[str, str] = {}
    text: str = ""


ACTIVATION_FORMULAS: dict[str, Bend] = {
    "identity": Bend("Z", "dA"),
    "relu": Bend("max(0, Z)", "dA if Z > 0 else 0"),
    "leaky_relu": Bend("Z if Z > 0 else slope * Z", "dA if Z > 0 else slope * dA"),
    "elu": Bend("Z if Z > 0 else alpha * (exp(Z) - 1)", "dA if Z > 0 else dA * (A + alpha)"),
    "gelu": Bend("Z * normal(Z)", "dA * (normal(Z) + Z * density(Z))"),
    "silu": Bend("Z * sigmoid(Z)", "dA * (sigmoid(Z) + A * (1 - sigmoid(Z)))"),
    "tanh": Bend("tanh(Z)", "dA * (1 - A**2)"),
    "sigmoid": Bend("1 / (1 + exp(-Z))", "dA * A * (1 - A)"),
    "softplus": Bend("ln(1 + exp(Z))", "dA * sigmoid(Z)"),
    "exponential": Bend("exp(Z)", "dA * A"),
    "softmax": Bend("exp(Z) / over_outputs(exp(Z))", "A * (dA - over_outputs(dA * A))"),
}

# Of focal losses: a yes, a no, and A times the derivative of a class by A.
_YES, _NO = "(1 - A)**gamma * ln(A)", "A**gamma * ln(1 - A)"
_G = "Y * (gamma * (1 - A)**(gamma - 1) * A * ln(A) - (1 - A)**gamma)"
_G_BOTH = f"{_G} + (1 - Y) * (A**(gamma + 1) / (1 - A) - gamma * A**gamma * ln(1 - A))"

LOSS_FORMULAS: dict[str, Distance] = {
    "squared_error": Distance("factor * (A - Y)**2", "2 * factor * (A - Y)"),
    "absolute_error": Distance("abs(A - Y)", "sign(A - Y)"),
    "huber": Distance(
        "0.5 * (A - Y)**2 if abs(A - Y) <= delta else delta * (abs(A - Y) - 0.5 * delta)",
        "clip(A - Y, -delta, delta)",
    ),
    "quantile": Distance(
        "q * (Y - A) if A < Y else (1 - q) * (A - Y)",
        "-q if A < Y else 1 - q if A > Y else 0",
    ),
    "poisson": Distance("A - Y + times_ln(Y, Y / A)", "1 - Y / A"),
    "binary_cross_entropy": Distance(
        "-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))", "(A - Y) / (A * (1 - A))"
    ),
    "categorical_cross_entropy": Distance("-times_ln(Y, A)", "-Y / A"),
    "sigmoid_cross_entropy": Distance("-(times_ln(Y, A) + times_ln(1 - Y, 1 - A))", "A - Y"),
    "softmax_cross_entropy": Distance("-times_ln(Y, A)", "A - Y"),
    "exponential_poisson": Distance("A - Y + times_ln(Y, Y / A)", "A - Y"),
    "softplus_poisson": Distance("A - Y + times_ln(Y, Y / A)", "(1 - exp(-A)) * (1 - Y / A)"),
    "sigmoid_poisson": Distance("A - Y + times_ln(Y, Y / A)", "(1 - A) * (A - Y)"),
    "softmax_poisson": Distance("A - Y + times_ln(Y, Y / A)", "A - Y - A * over_outputs(A - Y)"),
    "binary_focal": Distance(
        f"-(Y * {_YES} + (1 - Y) * {_NO})",
        "Y * (gamma * (1 - A)**(gamma - 1) * ln(A) - (1 - A)**gamma / A)"
        " - (1 - Y) * (gamma * A**(gamma - 1) * ln(1 - A) - A**gamma / (1 - A))",
    ),
    "categorical_focal": Distance(
        f"-(Y * {_YES})", "Y * (gamma * (1 - A)**(gamma - 1) * ln(A) - (1 - A)**gamma / A)"
    ),
    "sigmoid_focal": Distance(
        f"-(Y * {_YES} + (1 - Y) * {_NO})",
        "(1 - Y) * A**gamma * (A - gamma * (1 - A) * ln(1 - A))"
        " - Y * (1 - A)**gamma * (1 - A - gamma * A * ln(A))",
    ),
    "softmax_focal": Distance(f"-(Y * {_YES})", f"{_G} - A * over_outputs({_G})"),
    "softmax_binary_focal": Distance(
        f"-(Y * {_YES} + (1 - Y) * {_NO})", f"{_G_BOTH} - A * over_outputs({_G_BOTH})"
    ),
}

PENALTY_FORMULAS: dict[str, Price] = {
    "l1": Price("lam * total(abs(W))", "lam * sign(W)"),
    "l2": Price("0.5 * lam * total(W**2)", "lam * W"),
}

#: What becomes of a gradient g, whose Euclidean norm over all layers is ‖g‖, at the limit c.
CLIPPING_FORMULAS: dict[str, str] = {
    "value": "clip(g, -c, c)",
    "norm": "g * c / norm if norm > c else g",
}

_RATE = {"eta": "learning_rate"}
_SPEED = _RATE | {"beta": "beta"}
_ADAM = _RATE | {"beta1": "beta1", "beta2": "beta2", "eps": "epsilon"}
_ADAM_MEAN = "beta1 * m + (1 - beta1) * g"
_ADAM_SQUARES = "beta2 * v + (1 - beta2) * g**2"
_ADAM_STEP = "eta * (m / (1 - beta1**t)) / (sqrt(v / (1 - beta2**t)) + eps)"

_ETA = "{eta} is the learning rate"
_EPS = "{eps} avoids a division by 0"
_VELOCITY = _ETA + ", v the velocity, of which {beta} is kept at each step."
_MOMENTS = (
    _ETA + ", m a running mean of gradients and v one of their squares, of which {beta1} and "
    "{beta2} are kept, t the number of the step; " + _EPS
)

OPTIMIZER_FORMULAS: dict[str, Rule] = {
    "sgd": Rule({"theta": "theta - eta * g"}, {}, _RATE, _ETA + "."),
    "momentum": Rule(
        {"v": "beta * v - eta * g", "theta": "theta + v"},
        {"v": "velocity"},
        _SPEED,
        _VELOCITY,
    ),
    "nesterov": Rule(
        {"v": "beta * v - eta * g", "theta": "theta + beta * v - eta * g"},
        {"v": "velocity"},
        _SPEED,
        _VELOCITY,
    ),
    "adagrad": Rule(
        {"s": "s + g**2", "theta": "theta - eta * g / (sqrt(s) + eps)"},
        {"s": "squares"},
        _RATE | {"eps": "epsilon"},
        _ETA + ", s the sum of all squared gradients so far; " + _EPS + ".",
    ),
    "rmsprop": Rule(
        {"s": "rho * s + (1 - rho) * g**2", "theta": "theta - eta * g / (sqrt(s) + eps)"},
        {"s": "squares"},
        _RATE | {"rho": "decay", "eps": "epsilon"},
        _ETA + ", s a running mean of squared gradients, of which {rho} is kept; " + _EPS + ".",
    ),
    "adam": Rule(
        {
            "m": _ADAM_MEAN,
            "v": _ADAM_SQUARES,
            "theta": f"theta - {_ADAM_STEP[:-1]} + epsilon_hat / sqrt(1 - beta2**t))",
        },
        {"m": "mean", "v": "squares"},
        _ADAM,
        _MOMENTS + ".",
    ),
    "adamw": Rule(
        {
            "m": _ADAM_MEAN,
            "v": _ADAM_SQUARES,
            "theta": f"theta * (1 - eta * lam) - {_ADAM_STEP}",
        },
        {"m": "mean", "v": "squares"},
        _ADAM | {"lam": "weight_decay"},
        _MOMENTS + "; {lam} makes every parameter a little smaller.",
    ),
    "lbfgs": Rule({}),
}


def formula_of(formulas: Mapping[str, T], thing: Any) -> T | None:
    """Look up the formula of an activation, a loss, an optimizer and so on."""
    ours = type(thing).__module__.startswith("barenet.")
    return formulas.get(thing.name) if ours else None

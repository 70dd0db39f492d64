"""Activations: the functions that layers end with. `ACTIVATIONS` holds every one by its name."""

from __future__ import annotations

from barenet.model.activations.activation import Activation
from barenet.model.activations.rectifiers import ELU, Identity, LeakyReLU, ReLU
from barenet.model.activations.smooth import (
    GELU,
    Exponential,
    Sigmoid,
    SiLU,
    Softplus,
    Tanh,
    sigmoid,
)
from barenet.model.activations.softmax import Softmax
from barenet.registry import build

__all__ = [
    "ACTIVATIONS",
    "ELU",
    "GELU",
    "Activation",
    "Exponential",
    "Identity",
    "LeakyReLU",
    "ReLU",
    "SiLU",
    "Sigmoid",
    "Softmax",
    "Softplus",
    "Tanh",
    "as_activation",
    "sigmoid",
]

#: Every activation by its name.
ACTIVATIONS: dict[str, type[Activation]] = {
    kind.name: kind
    for kind in (
        Identity, ReLU, LeakyReLU, ELU, GELU, SiLU, Tanh, Sigmoid, Softplus, Exponential, Softmax,
    )
}  # fmt: skip


def as_activation(spec: str | Activation, argument: str = "activation") -> Activation:
    """Turn a name such as ``"leaky_relu:slope=0.2"`` into the activation."""
    return build(Activation, ACTIVATIONS, spec, argument)

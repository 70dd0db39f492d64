"""Activation functions; `ACTIVATIONS` has them by name."""

from barenet.model._activations import (
    ACTIVATIONS as ACTIVATIONS,
    ELU as ELU,
    GELU as GELU,
    Activation as Activation,
    Exponential as Exponential,
    Identity as Identity,
    LeakyReLU as LeakyReLU,
    ReLU as ReLU,
    Sigmoid as Sigmoid,
    SiLU as SiLU,
    Softmax as Softmax,
    Softplus as Softplus,
    Tanh as Tanh,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]

"""Optimizers and gradient clipping; `OPTIMIZERS` has the optimizers by name."""

from barenet.optimization._clipping import ClipNorm, Clipping, ClipValue
from barenet.optimization.optimizers import (
    LBFGS,
    OPTIMIZERS,
    SGD,
    AdaGrad,
    Adam,
    AdamW,
    Momentum,
    Nesterov,
    Optimizer,
    RMSProp,
)

__all__ = [
    "LBFGS",
    "OPTIMIZERS",
    "SGD",
    "AdaGrad",
    "Adam",
    "AdamW",
    "ClipNorm",
    "ClipValue",
    "Clipping",
    "Momentum",
    "Nesterov",
    "Optimizer",
    "RMSProp",
]

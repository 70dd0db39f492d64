"""Optimizers: the rules that update the parameters. `OPTIMIZERS` holds each by its name."""

from typing import Any

from barenet._registry import build, by_name
from barenet.optimization.optimizers._adaptive import AdaGrad, Adam, AdamW, Lion, RMSProp
from barenet.optimization.optimizers._descent import SGD, Momentum, Nesterov
from barenet.optimization.optimizers._lbfgs import LBFGS
from barenet.optimization.optimizers._muon import Muon
from barenet.optimization.optimizers._optimizer import ClipNorm, Clipping, ClipValue, Optimizer

__all__ = [
    "LBFGS", "OPTIMIZERS", "SGD", "AdaGrad", "Adam", "AdamW", "ClipNorm", "ClipValue", "Clipping",
    "Lion", "Momentum", "Muon", "Nesterov", "Optimizer", "RMSProp",
]  # fmt: skip

#: Every optimizer by its name.
OPTIMIZERS: dict[str, type[Any]] = by_name(
    SGD, Momentum, Nesterov, AdaGrad, RMSProp, Adam, AdamW, Lion, Muon, LBFGS
)


def as_optimizer(spec: str | Optimizer | LBFGS) -> Optimizer | LBFGS:
    """Turn a name such as ``"adam:beta1=0.8"`` into the optimizer."""
    return build(Optimizer | LBFGS, OPTIMIZERS, spec, "optimizer")

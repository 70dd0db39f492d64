"""Optimizers and gradient clipping; `OPTIMIZERS` has the optimizers by name."""

from barenet.optimization.optimizers import (
    LBFGS as LBFGS,
    OPTIMIZERS as OPTIMIZERS,
    SGD as SGD,
    AdaGrad as AdaGrad,
    Adam as Adam,
    AdamW as AdamW,
    Momentum as Momentum,
    Nesterov as Nesterov,
    Optimizer as Optimizer,
    RMSProp as RMSProp,
)
from barenet.optimization.optimizers._optimizer import (
    ClipNorm as ClipNorm,
    Clipping as Clipping,
    ClipValue as ClipValue,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]

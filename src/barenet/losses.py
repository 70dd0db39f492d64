"""Losses; `LOSSES` has them by name."""

from barenet.model.losses import (
    LOSSES as LOSSES,
    AbsoluteError as AbsoluteError,
    BinaryCrossEntropy as BinaryCrossEntropy,
    BinaryFocal as BinaryFocal,
    CategoricalCrossEntropy as CategoricalCrossEntropy,
    CategoricalFocal as CategoricalFocal,
    Huber as Huber,
    Loss as Loss,
    Poisson as Poisson,
    Quantile as Quantile,
    SquaredError as SquaredError,
)
from barenet.model.losses._classification import (
    SigmoidCrossEntropy as SigmoidCrossEntropy,
    SoftmaxCrossEntropy as SoftmaxCrossEntropy,
)

__all__ = [name for name in list(globals()) if not name.startswith("_")]

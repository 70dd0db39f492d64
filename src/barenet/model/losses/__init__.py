"""Losses: what training makes small. `LOSSES` holds every one by its name."""

from __future__ import annotations

from barenet.model.activations import Activation
from barenet.model.losses.cross_entropy import (
    BinaryCrossEntropy,
    CategoricalCrossEntropy,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from barenet.model.losses.focal import (
    BinaryFocal,
    CategoricalFocal,
    SigmoidFocal,
    SoftmaxBinaryFocal,
    SoftmaxFocal,
)
from barenet.model.losses.loss import Loss
from barenet.model.losses.poisson import (
    ExponentialPoisson,
    Poisson,
    SigmoidPoisson,
    SoftmaxPoisson,
    SoftplusPoisson,
)
from barenet.model.losses.regression import AbsoluteError, Huber, Quantile, SquaredError
from barenet.registry import build

__all__ = [
    "LOSSES",
    "AbsoluteError",
    "BinaryCrossEntropy",
    "BinaryFocal",
    "CategoricalCrossEntropy",
    "CategoricalFocal",
    "ExponentialPoisson",
    "Huber",
    "Loss",
    "Poisson",
    "Quantile",
    "SigmoidCrossEntropy",
    "SigmoidFocal",
    "SigmoidPoisson",
    "SoftmaxBinaryFocal",
    "SoftmaxCrossEntropy",
    "SoftmaxFocal",
    "SoftmaxPoisson",
    "SoftplusPoisson",
    "SquaredError",
    "as_loss",
    "loss_on",
]

#: Every loss by its name. Those on logits are not chosen but found: see `loss_on`.
LOSSES: dict[str, type[Loss]] = {
    kind.name: kind
    for kind in (
        SquaredError, AbsoluteError, Huber, Quantile, Poisson,
        BinaryCrossEntropy, CategoricalCrossEntropy, BinaryFocal, CategoricalFocal,
    )
}  # fmt: skip

#: The loss that goes with an output activation, where none is asked for.
USUAL_LOSS: dict[str, type[Loss]] = {
    "softmax": CategoricalCrossEntropy,
    "sigmoid": BinaryCrossEntropy,
    "exponential": Poisson,
    "softplus": Poisson,
}


def as_loss(spec: str | Loss | None, activation: Activation) -> Loss:
    """Turn a name into a loss, or choose the usual one, and check that it fits the output.

    Examples
    --------
    >>> from barenet.model.activations import Identity, Softmax
    >>> as_loss(None, Softmax())
    CategoricalCrossEntropy()
    >>> as_loss("huber:delta=2", Identity())
    Huber(delta=2.0)
    """
    if spec is None:
        usual = USUAL_LOSS.get(activation.name, SquaredError)
        return usual()
    loss = build(Loss, LOSSES, spec, "loss")
    if loss.outputs is not None and activation.name not in loss.outputs:
        raise ValueError(
            f"loss: {loss.name} needs an output activation of {' or '.join(loss.outputs)}, "
            f"and the network's is {activation.name}"
        )
    return loss


def loss_on(loss: Loss, activation: Activation) -> tuple[Loss, bool]:
    """Choose how a loss is computed: from the logits where that has a stable form.

    Examples
    --------
    >>> from barenet.model.activations import Sigmoid, Softmax
    >>> loss_on(CategoricalCrossEntropy(), Softmax())
    (SoftmaxCrossEntropy(), True)
    >>> loss_on(SquaredError(), Sigmoid())
    (SquaredError(factor=0.5), False)
    """
    stable = loss.on_logits(activation)
    return (loss, False) if stable is None else (stable, True)

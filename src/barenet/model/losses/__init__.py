"""Losses: the functions that training minimizes. `LOSSES` holds every one by its name."""

from barenet._registry import build, by_name
from barenet.errors import ArgumentError
from barenet.model._activations import Activation
from barenet.model.losses._classification import (
    BinaryCrossEntropy,
    BinaryFocal,
    CategoricalCrossEntropy,
    CategoricalFocal,
    SigmoidCrossEntropy,
    SoftmaxCrossEntropy,
)
from barenet.model.losses._loss import Loss
from barenet.model.losses._regression import (
    AbsoluteError,
    Gamma,
    GaussianNLL,
    Huber,
    Poisson,
    Quantile,
    SquaredError,
    Tweedie,
)

__all__ = [
    "LOSSES", "AbsoluteError", "BinaryCrossEntropy", "BinaryFocal", "CategoricalCrossEntropy",
    "CategoricalFocal", "Gamma", "GaussianNLL", "Huber", "Loss", "Poisson", "Quantile",
    "SigmoidCrossEntropy", "SoftmaxCrossEntropy", "SquaredError", "Tweedie",
]  # fmt: skip

#: Every loss by its name. The forms on logits are found by `logits_form`.
LOSSES: dict[str, type[Loss]] = by_name(
    SquaredError, AbsoluteError, Huber, Quantile, GaussianNLL, Poisson, Gamma, Tweedie,
    BinaryCrossEntropy, CategoricalCrossEntropy, BinaryFocal, CategoricalFocal,
)  # fmt: skip

#: The default loss of an output activation; the squared error for any other.
DEFAULT_LOSSES: dict[str, type[Loss]] = {
    "exponential": Poisson,
    "softplus": Poisson,
    "softmax": CategoricalCrossEntropy,
    "sigmoid": BinaryCrossEntropy,
}


#: Losses whose name fits two output activations: softmax, for mutually exclusive classes ...
EXCLUSIVE_CLASSES: dict[str, type[Loss]] = {
    "log_loss": CategoricalCrossEntropy,
    "focal": CategoricalFocal,
}
#: ... and sigmoid, for yes-or-no outputs.
YES_OR_NO: dict[str, type[Loss]] = {"log_loss": BinaryCrossEntropy, "focal": BinaryFocal}


def as_loss(spec: str | Loss | None, activation: Activation) -> Loss:
    """Build a loss from its name, or the activation's default, and check that it fits."""
    if spec is None:
        default_loss = DEFAULT_LOSSES.get(activation.name, SquaredError)
        return default_loss()
    if isinstance(spec, Loss):
        loss = spec
    else:
        losses = dict(LOSSES)
        if activation.name == "sigmoid":
            losses.update(YES_OR_NO)
        else:
            losses.update(EXCLUSIVE_CLASSES)
        loss = build(Loss, losses, spec, "loss")
    fitting = loss.on_logits or loss.activations
    if fitting and activation.name not in fitting:
        needed = f"{loss.name} needs an output activation of {' or '.join(fitting)}"
        problem = f"{needed}, and the network's is {activation.name}"
        raise ArgumentError(problem, argument="loss", value=loss.name)
    return loss


def logits_form(loss: Loss, activation: Activation) -> tuple[Loss, bool]:
    """Return the loss as a function of the logits and True, or the loss itself and False."""
    if activation.name not in loss.on_logits:
        return loss, False
    loss_on_logits = loss.on_logits[activation.name]
    options = vars(loss)
    return loss_on_logits(**options), True

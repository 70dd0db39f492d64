"""Trouble: what goes wrong in a training, in words that say what to do."""

from __future__ import annotations

import math

from barenet.errors import DivergenceError

__all__ = [
    "CHANGED",
    "DEAD",
    "NO_ROWS",
    "ONLY_SHOWN",
    "back_at",
    "divergence",
    "growth",
    "remedy",
]

#: Why a run ends whose settings the page has changed.
CHANGED = "its settings were changed"

#: What is said where nothing moves.
DEAD = (
    "Every gradient was 0, so nothing is learned: all neurons may be dead. "
    "Reset with other initial weights, or take leaky ReLU or tanh."
)

#: What is said where a model came alone.
NO_ROWS = "There are no rows here to learn from: choose the table that the model was trained on."

#: What is said where no table would go with a model.
ONLY_SHOWN = "A model that predicts several numbers is only shown: it does not learn here."


#: The first words where a training diverged.
DIVERGED = "It diverged"


def remedy(words: str) -> str:
    """Find the remedy that the page offers."""
    return "rate" if words.startswith(DIVERGED) else "weights" if words == DEAD else ""


def growth(guess: float, loss: float, epoch: int) -> str:
    """Report a loss that explodes, while it is still finite.

    Examples
    --------
    >>> growth(0.5, 1e7, 12)
    'It diverged: the loss after epoch 12 was 1e+07 (a constant prediction has 0.5).'
    """
    return (
        f"{DIVERGED}: the loss after epoch {epoch:,} was {loss:.3g} (a constant "
        f"prediction has {guess:.3g})."
    )


def divergence(error: DivergenceError, epoch: int) -> str:
    """Report a loss that is infinite or NaN, or has run away."""
    what = "grew beyond every number" if not math.isfinite(error.loss) else "ran away"
    return f"{DIVERGED}: the loss {what} in the epoch after {epoch:,}."


def back_at(epoch: int) -> str:
    """Report the moment at which the network has been restored."""
    return (
        f" The steps are too long. The network is back at epoch {epoch:,}, where its training loss "
        "was lowest. Go on from there with a smaller learning rate."
    )

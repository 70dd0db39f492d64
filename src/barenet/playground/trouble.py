"""Trouble: what goes wrong in a training, in words that say what to do."""

from __future__ import annotations

import math

from barenet.errors import DivergenceError

__all__ = ["CHANGED", "DEAD", "NO_ROWS", "ONLY_SHOWN", "divergence", "growth"]

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


def growth(first: float, loss: float) -> str:
    """Say that a loss explodes, while it is a number still.

    Parameters
    ----------
    first, loss : float
        That of the first epoch, and that of the last.

    Returns
    -------
    str
        Two sentences.

    Examples
    --------
    >>> growth(0.5, 1e7)
    'The loss has grown from 0.5 to 1e+07. A smaller learning rate may help.'
    """
    return f"The loss has grown from {first:.3g} to {loss:.3g}. A smaller learning rate may help."


def divergence(error: DivergenceError, epoch: int) -> str:
    """Say in words what NaN would not.

    Parameters
    ----------
    error : DivergenceError
        What ended the training.
    epoch : int
        Epochs done.

    Returns
    -------
    str
        Some sentences.
    """
    what = "grew beyond every number" if not math.isfinite(error.loss) else "ran away"
    return (
        f"It diverged: the loss {what} in the epoch after {epoch:,}. The steps are too long. "
        "The weights are those from before that epoch; take a smaller learning rate and go on, "
        "or reset."
    )

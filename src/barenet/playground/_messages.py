"""Messages for the page about problems of a training or a table, with their remedies."""

from __future__ import annotations

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from barenet.errors import ArgumentError, DataError, DivergenceError

#: A remedy that the page offers as a button: a smaller learning rate, or other initial weights.
SMALLER_RATE, NEW_WEIGHTS = "rate", "weights"


@dataclass(frozen=True)
class Problem:
    """A problem of a training, and the name of the remedy that the page offers."""

    message: str
    remedy: str = ""
    #: Whether the training cannot continue as it is.
    failed: bool = False


#: No problem.
NO_PROBLEM = Problem("")
#: Message if no gradient changes any weight.
ALL_DEAD = Problem(
    "Every gradient was 0, so nothing is learned: all neurons may be dead. "
    "Reset with other initial weights, or choose leaky ReLU or tanh.",
    NEW_WEIGHTS,
)
#: Message for a model without its training data.
NO_ROWS = Problem(
    "There are no rows here to learn from: choose the table that the model was trained on.",
    failed=True,
)
#: Message for a model with several outputs, which no table of the page has as targets.
MODEL_ONLY = Problem(
    "A model that predicts several numbers is only shown: it does not learn here.", failed=True
)
#: Message if the trainer's process has ended.
TRAINER_ENDED = Problem(
    "The process that trains has ended. Start barenet play again; this address remains valid.",
    failed=True,
)


def exploded(constant_loss: float, loss: float, epoch: int, best_epoch: int) -> Problem:
    """Report a loss that explodes while it is still finite."""
    how = f"after epoch {epoch:,} was {loss:.3g} (a constant prediction has {constant_loss:.3g})"
    return _divergence(how, best_epoch)


def diverged(error: DivergenceError, epoch: int, best_epoch: int) -> Problem:
    """Report a loss that is infinite or NaN, or has run away."""
    how = "ran away" if math.isfinite(error.loss) else "grew beyond every number"
    return _divergence(f"{how} in the epoch after {epoch:,}", best_epoch)


def _divergence(how: str, best_epoch: int) -> Problem:
    message = (
        f"It diverged: the loss {how}. The steps are too long. The network is back at epoch "
        f"{best_epoch:,}, where its training loss was lowest. Continue from there with a smaller "
        "learning rate."
    )
    return Problem(message, SMALLER_RATE, failed=True)


#: Remedies on the page, by the argument that the error recommends.
PAGE_REMEDIES = {
    "encoding": "save it as UTF-8",
    "delimiter": "its values seem to be separated by {!r}",
    "header": "add a first line that names the columns",
    "drop_missing_target": "take such rows out of the file",
    "decimal": "write numbers with a decimal point",
    "task": "choose to predict it as classes",
}


@contextmanager
def named_in_errors(name: str, path: Path) -> Iterator[None]:
    """Describe errors of a file by its own name and with the page's remedies.

    Examples
    --------
    >>> from barenet.errors import DataError
    >>> path = Path("/tmp/1.csv")
    >>> with named_in_errors("mine.csv", path):
    ...     raise DataError("1 column", path=path, line=1, remedy="try {delimiter}", delimiter=";")
    Traceback (most recent call last):
    barenet.errors.DataError: mine.csv:1: 1 column; its values seem to be separated by ';'
    """
    try:
        yield
    except ArgumentError as original:
        error = copy.copy(original)
        error.problem = error.problem.replace(str(path), name)
        if isinstance(error, DataError) and error.path is not None:
            error.path = name
        if error.options:
            options = {option.rstrip("_"): value for option, value in error.options.items()}
            remedies = (PAGE_REMEDIES[option].format(value) for option, value in options.items())
            error.remedy, error.options = ", or ".join(remedies), {}
        raise error from None

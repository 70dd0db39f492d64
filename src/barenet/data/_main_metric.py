"""The main metric of a target: the score that is shown first, and by which models are compared."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError

#: The names of all of them.
Name = Literal["accuracy", "auc", "f1", "balanced_accuracy", "log_loss", "r2", "rmse", "mae"]

#: The metrics of classes and of numbers, with their titles, the usual one of each first.
CLASS_TITLES: dict[str, str] = {
    "accuracy": "accuracy",
    "auc": "AUC",
    "f1": "F1",
    "balanced_accuracy": "balanced accuracy",
    "log_loss": "log loss",
}
NUMBER_TITLES: dict[str, str] = {"r2": "R²", "rmse": "RMSE", "mae": "MAE"}

#: From this fraction of the rows in one class on, the accuracy hides how the others are predicted.
IMBALANCED = 0.75


class MainMetric(NamedTuple):
    """A metric by its name, and why it is the default, if that is not the usual one."""

    name: str
    reason: str = ""


def main_metric(given: str | None, y: NDArray[Any], classes: Sequence[str] | None) -> MainMetric:
    """Check a metric against the target, or choose the accuracy or R², or one for rare classes.

    >>> main_metric(None, np.array([0, 0, 0, 0, 1]), ("no", "yes"))
    MainMetric(name='auc', reason="80 % of the rows are of class 'no'")
    """
    titles = NUMBER_TITLES if classes is None else CLASS_TITLES
    if given is not None and given not in titles:
        target = "numbers" if classes is None else "classes"
        problem = f"{given} is not a metric of {target}; expected {', '.join(titles)}"
        raise ArgumentError(problem, argument="metric", value=given)
    if given is not None or classes is None or len(classes) < 2 or not len(y):
        return MainMetric(given or next(iter(titles)))
    counts = np.bincount(y)
    if (share := counts.max() / len(y)) < IMBALANCED:
        return MainMetric("accuracy")
    reason = f"{100 * share:.0f} % of the rows are of class {classes[int(counts.argmax())]!r}"
    return MainMetric("auc" if len(classes) == 2 else "balanced_accuracy", reason)

"""Limits of scores, beyond which a command fails: ``--fail-below accuracy=.9``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from barenet._metrics import METRICS, score_text
from barenet._registry import lookup
from barenet.errors import ArgumentError, BarenetError
from barenet.tables.reading._parsing import to_number

#: The loss of the training, which is a score, too.
LOSS = "loss"


@dataclass(frozen=True)
class ScoreLimit:
    """The worst value of a score that is accepted."""

    #: The option, ``"fail_below"`` or ``"fail_above"``.
    option: str
    metric: str
    value: float

    def failure(self, score: float) -> str:
        """Describe a score that is worse than the limit, or undefined; else an empty text."""
        name = self.metric
        if not isfinite(score):
            return f"{name} is undefined on these rows"
        if self.option == "fail_below" and score < self.value:
            return f"{name} is {_exact_text(name, score, self.value)}, below {self.value:g}"
        if self.option == "fail_above" and score > self.value:
            return f"{name} is {_exact_text(name, score, self.value)}, above {self.value:g}"
        return ""


def read_limits(
    below: Sequence[str], above: Sequence[str], *, of_classes: bool
) -> list[ScoreLimit]:
    """Read the limits of scores, and refuse those on the wrong side.

    >>> read_limits(["accuracy=.9"], [], of_classes=True)
    [ScoreLimit(option='fail_below', metric='accuracy', value=0.9)]
    """
    limits: list[ScoreLimit] = []
    for option, texts in {"fail_below": below, "fail_above": above}.items():
        limits.extend(_read_limit(option, text, of_classes=of_classes) for text in texts)
    return limits


def _read_limit(option: str, text: str, *, of_classes: bool) -> ScoreLimit:
    """Read a limit such as accuracy=.9."""
    metrics: dict[str, Any] = {LOSS: None}
    for name, metric in METRICS.items():
        if metric.of_classes == of_classes:
            metrics[name] = metric
    name, equals, number = text.partition("=")
    if not equals:
        example = "accuracy=.9" if of_classes else "r2=.8"
        raise ArgumentError.of(option, text, f"a score and its limit, such as {example}")
    lookup(metrics, name, option)
    value = to_number(number)
    if value is None or not isfinite(value):
        raise ArgumentError.of(option, number, "a number", part=name)
    is_error = name == LOSS or METRICS[name].is_error
    if is_error and option == "fail_below":
        problem = f"smaller values of {name} are better"
        remedy = "use {fail_above}"
        raise ArgumentError(problem, argument=option, remedy=remedy, fail_above=text)
    if not is_error and option == "fail_above":
        problem = f"larger values of {name} are better"
        remedy = "use {fail_below}"
        raise ArgumentError(problem, argument=option, remedy=remedy, fail_below=text)
    return ScoreLimit(option, name, value)


def check_limits(limits: Sequence[ScoreLimit], scores: Mapping[str, float], rows: str) -> None:
    """Raise an error that lists the scores worse than their limits, if there are any."""
    failures = []
    options = []
    for limit in limits:
        failure = limit.failure(scores[limit.metric])
        if failure:
            failures.append(failure)
            options.append(limit.option)
    if failures:
        raise BarenetError(f"{options[0]}: {', '.join(failures)}, on {rows}")


def _exact_text(name: str, score: float, limit: float) -> str:
    """Write a score, with all digits if it would look like its limit otherwise."""
    text = score_text(name, score)
    return repr(float(score)) if float(text) == limit else text

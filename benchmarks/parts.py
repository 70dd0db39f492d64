"""The parts of the benchmarks, in the order of the page, and one run of them."""

import datetime
import time
from collections.abc import Callable, Iterable
from typing import Any

from benchmarks import (
    accuracy,
    cluster,
    epochs,
    estimators,
    populations,
    scores,
    speed_map,
    start,
    stream,
    training_command,
)
from benchmarks.suite import Part, Suite

__all__ = ["PARTS", "measure"]

PARTS: dict[str, Part] = {
    "map": speed_map.PART,
    "population": populations.PART,
    "estimators": estimators.PART,
    "scores": scores.PART,
    "epochs": epochs.PART,
    "accuracy": accuracy.PART,
    "start": start.PART,
    "command": training_command.PART,
    "cluster": cluster.PART,
    "stream": stream.PART,
}


def measure(
    suite: Suite, parts: Iterable[str], keep: Callable[[dict[str, Any]], None]
) -> dict[str, Any]:
    """Measure some parts; one that crashes is left out.

    Parameters
    ----------
    suite : Suite
        The options.
    parts : iterable of str
        Names in `PARTS`.
    keep : callable
        Called with all results so far after each part.

    Returns
    -------
    dict
        By part, "date", "seconds", "results" and "left_out", the lines about missing figures.
    """
    found: dict[str, Any] = {}
    suite.note_missing()
    for name in parts:
        of_the_run, suite.left_out = suite.left_out, []
        begun = time.monotonic()
        try:
            results = PARTS[name].measure(suite)
        except Exception as error:  # noqa: BLE001 - the other parts are measured all the same
            message = " ".join(f"{type(error).__name__}: {error}".split())
            of_the_run.append(f"{name} is left out: {message}")
        else:
            spent = time.monotonic() - begun
            suite.say(f"{name}: measured in {spent:.0f} s")
            found[name] = {
                "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
                "seconds": round(spent),
                "results": results,
                "left_out": suite.left_out,
            }
        suite.left_out = of_the_run
        keep(found)
    return found

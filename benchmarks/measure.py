"""Measure: all parts of a suite, one after the other, into one dictionary that JSON can hold."""

import datetime
from typing import Any

from benchmarks.accuracy import accuracy
from benchmarks.compare import compare
from benchmarks.machine import machine, versions
from benchmarks.roofline import roofline
from benchmarks.scaling import scaling
from benchmarks.start import start
from benchmarks.suite import Suite
from benchmarks.turns import Measured, fastest
from benchmarks.works import WORKS

__all__ = ["measure"]


def measure(suite: Suite) -> dict[str, Any]:
    """Measure what the suite asks for.

    Parameters
    ----------
    suite : Suite
        Which parts, and how.

    Returns
    -------
    dict
        The results; the parts that were not asked for are empty.
    """
    suite.miss()
    suite.say("the roofline")
    peaks = roofline()
    works = [compare(suite, work) for work in WORKS if work.name in suite.parts]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "settings": {
            "rounds": suite.rounds,
            "turn": suite.turn,
            "quick": suite.quick,
            "engine": suite.engine,
            "parts": list(suite.parts),
        },
        "roofline": peaks,
        "works": works,
        "start": start(suite) if "start" in suite.parts else {},
        "accuracy": accuracy(suite, _threads(works)) if "accuracy" in suite.parts else [],
        "scaling": scaling(suite) if "scaling" in suite.parts else {},
        "left_out": suite.left_out,
    }


def _threads(works: list[dict[str, Any]]) -> dict[str, str]:
    """Each peer's better choice of threads for the network whose accuracy is measured."""
    for entry in works:
        if entry["work"]["name"] == "mnist-256":
            best = fastest(Measured(**one) for one in entry["measured"])
            return {name: one.threads for name, one in best.items()}
    return {}

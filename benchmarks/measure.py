"""Measure: all parts of a session, one after the other, into one dictionary that JSON can hold."""

from __future__ import annotations

import datetime
from typing import Any

from benchmarks.accuracy import accuracy
from benchmarks.compare import compare
from benchmarks.machine import machine, versions
from benchmarks.roofline import roofline
from benchmarks.scaling import scaling
from benchmarks.session import Session
from benchmarks.start import start
from benchmarks.turns import Measured, fastest
from benchmarks.works import WORKS

__all__ = ["measure"]


def measure(session: Session) -> dict[str, Any]:
    """Measure what the session asks for.

    Parameters
    ----------
    session : Session
        Which parts, and how.

    Returns
    -------
    dict
        The results; the parts that were not asked for are empty.
    """
    session.miss()
    session.say("the roofline")
    peaks = roofline()
    works = [compare(session, work) for work in WORKS if work.name in session.parts]
    return {
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
        "machine": machine(),
        "versions": versions(),
        "settings": {
            "rounds": session.rounds,
            "turn": session.turn,
            "quick": session.quick,
            "engine": session.engine,
            "parts": list(session.parts),
        },
        "roofline": peaks,
        "works": works,
        "start": start(session) if "start" in session.parts else {},
        "accuracy": accuracy(session, _threads(works)) if "accuracy" in session.parts else [],
        "scaling": scaling(session) if "scaling" in session.parts else {},
        "left_out": session.left_out,
    }


def _threads(works: list[dict[str, Any]]) -> dict[str, str]:
    """Each peer's better choice of threads for the network whose accuracy is measured."""
    for entry in works:
        if entry["work"]["name"] == "mnist-256":
            best = fastest(Measured(**one) for one in entry["measured"])
            return {name: one.threads for name, one in best.items()}
    return {}

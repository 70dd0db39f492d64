"""Scaling: the seconds of an epoch, as the network gets wider, deeper, or sees more rows."""

import contextlib
import dataclasses
from collections.abc import Callable
from typing import Any

from benchmarks.child import Child
from benchmarks.suite import Suite
from benchmarks.turns import candidates, fastest, take_turns, warm_up
from benchmarks.works import BASE, Work

__all__ = ["SWEEPS", "scaling"]

#: Seconds of a turn, how many there are, and of an epoch that is not measured a second time.
TURN, ROUNDS, SLOW = 0.1, 3, 1.0


def _wide(width: int) -> Work:
    return dataclasses.replace(BASE, sizes=(BASE.sizes[0], width, width, BASE.sizes[-1]))


def _deep(depth: int) -> Work:
    hidden = (BASE.sizes[1],) * depth
    return dataclasses.replace(BASE, sizes=(BASE.sizes[0], *hidden, BASE.sizes[-1]))


def _long(n_rows: int) -> Work:
    return dataclasses.replace(BASE, n_rows=n_rows)


#: What is changed: how a value makes a work, all values, and the few of a quick run.
SWEEPS: dict[str, tuple[Callable[[int], Work], tuple[int, ...], tuple[int, ...]]] = {
    "width": (_wide, (16, 32, 64, 128, 256, 512, 1024, 2048), (16, 128, 256)),
    "depth": (_deep, (1, 2, 3, 4, 6, 8), (1, 2, 4)),
    "rows": (_long, (1_000, 3_000, 10_000, 30_000, 100_000), (1_000, 10_000)),
}


def scaling(suite: Suite) -> dict[str, Any]:
    """Measure all sweeps.

    Parameters
    ----------
    suite : Suite
        How thoroughly, and with which engine.

    Returns
    -------
    dict
        For each sweep a list of "value" and "seconds", which are by peer.
    """
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(Child(*one)) for one in candidates(suite.peers, BASE)]
        return {
            sweep: [
                {"value": value, "seconds": _point(suite, children, sweep, make(value), value)}
                for value in (few if suite.quick else values)
            ]
            for sweep, (make, values, few) in SWEEPS.items()
        }


def _point(
    suite: Suite, children: list[Child], sweep: str, work: Work, value: int
) -> dict[str, float]:
    """One work, all peers; who fails once is not asked again."""
    suite.say(f"scaling: {sweep} {value:,}")
    request = {"work": work.to_dict(), "rows": None, "engine": suite.engine}
    contestants = warm_up(children, request, TURN, suite.leave_out)
    slow = any(one.turns[0] > SLOW for one in contestants)
    rounds = 0 if slow else 1 if suite.quick else ROUNDS
    measured = take_turns(contestants, rounds, suite.leave_out)
    alive = {(one.peer, one.threads) for one in measured}
    children[:] = [child for child in children if (child.peer.name, child.threads) in alive]
    return {name: one.seconds for name, one in fastest(measured).items()}

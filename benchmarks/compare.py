"""Compare: one work, all peers, in turns."""

import contextlib
from dataclasses import asdict
from typing import Any

from benchmarks.child import Child
from benchmarks.rows import make_rows
from benchmarks.suite import Suite
from benchmarks.turns import candidates, take_turns, warm_up
from benchmarks.works import Work

__all__ = ["compare"]


def compare(suite: Suite, work: Work) -> dict[str, Any]:
    """Measure a work.

    Parameters
    ----------
    suite : Suite
        How long, and with which engine.
    work : Work
        What is done.

    Returns
    -------
    dict
        "work", "origin" of its rows, and "measured", a `Measured` for each peer and each choice
        of threads.
    """
    suite.say(f"{work.name}: the rows")
    rows = make_rows(work)
    path = rows.save(suite.folder / f"{work.name}.npz")
    request = {"work": work.to_dict(), "rows": str(path), "engine": suite.engine}
    with contextlib.ExitStack() as stack:
        who = candidates(suite.peers, work)
        suite.say(f"{work.name}: {len(who)} processes start, and compile")
        children = [stack.enter_context(Child(*one)) for one in who]
        contestants = warm_up(children, request, suite.turn, suite.leave_out)
        suite.say(f"{work.name}: {suite.rounds} rounds of {len(contestants)} turns")
        measured = take_turns(contestants, suite.rounds, suite.leave_out)
    return {
        "work": work.to_dict(),
        "origin": rows.origin,
        "measured": [asdict(one) for one in measured],
    }

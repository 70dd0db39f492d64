"""Compare: one work, all peers, in turns."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Any

from benchmarks.child import Child
from benchmarks.rows import make_rows
from benchmarks.session import Session
from benchmarks.turns import candidates, take_turns, warm_up
from benchmarks.works import Work

__all__ = ["compare"]


def compare(session: Session, work: Work) -> dict[str, Any]:
    """Measure a work.

    Parameters
    ----------
    session : Session
        How long, and with which engine.
    work : Work
        What is done.

    Returns
    -------
    dict
        "work", "origin" of its rows, and "measured", a `Measured` for each peer and each choice
        of threads.
    """
    session.say(f"{work.name}: the rows")
    rows = make_rows(work)
    path = rows.save(session.folder / f"{work.name}.npz")
    request = {"work": work.to_dict(), "rows": str(path), "engine": session.engine}
    with contextlib.ExitStack() as stack:
        who = candidates(session.peers, work)
        session.say(f"{work.name}: {len(who)} processes start, and compile")
        children = [stack.enter_context(Child(*one)) for one in who]
        contestants = warm_up(children, request, session.turn, session.leave_out)
        session.say(f"{work.name}: {session.rounds} rounds of {len(contestants)} turns")
        measured = take_turns(contestants, session.rounds, session.leave_out)
    return {
        "work": work.to_dict(),
        "origin": rows.origin,
        "measured": [asdict(one) for one in measured],
    }

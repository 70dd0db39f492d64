"""Start: what a user waits for before anything is learned, each time in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from benchmarks.peers import PEERS, Peer
from benchmarks.rows import Rows, make_rows
from benchmarks.session import Session
from benchmarks.works import Work

__all__ = ["start"]

#: The network that is fitted first, for one epoch.
FIRST = Work(name="first-fit", data="digits", sizes=(64, 32, 10), n_rows=1_437, batch_size=32)


def start(session: Session) -> dict[str, Any]:
    """Measure imports and first fits.

    Parameters
    ----------
    session : Session
        How often, and with which engine.

    Returns
    -------
    dict
        "import": seconds of a process that imports, by library, and of a bare one. "fit": for each
        peer, "process", from its start to its end, and the "fit" alone; for barenet, "ever" is the
        very first on a machine.
    """
    times = 3 if session.quick else 7
    path = make_rows(FIRST).save(session.folder / "first-fit.npz")
    session.say("start: importing")
    libraries = dict.fromkeys(peer.library for peer in session.peers)
    imports = {"python": min(_process("pass") for _ in range(times))}
    for library in libraries:
        imports[library] = min(_process(f"import {library}") for _ in range(times))
    fits = {}
    for peer in session.peers:
        if not peer.works:
            session.say(f"start: {peer.name}'s first fit")
            fits[peer.name] = _fits(session, peer, path, 2 if session.quick else 4)
    return {"import": imports, "fit": {name: fit for name, fit in fits.items() if fit}}


def _fits(session: Session, peer: Peer, path: Path, times: int) -> dict[str, Any] | None:
    """Fit in process after process; the first finds no compiled code of barenet's anywhere."""
    cache = session.folder / "numba"
    done = []
    for _ in range(times + 1):
        command = [sys.executable, "-m", "benchmarks.start", peer.name, str(path), session.engine]
        begun = time.perf_counter()
        child = subprocess.run(
            command,
            cwd=Path(__file__).parents[1],
            env={**os.environ, "NUMBA_CACHE_DIR": str(cache)},
            capture_output=True,
            text=True,
            check=False,
        )
        if child.returncode:
            reason = (child.stderr.strip().splitlines() or ["it said nothing"])[-1]
            session.leave_out(f"{peer.name}'s first fit is left out: {reason}")
            return None
        done.append({"process": time.perf_counter() - begun, "fit": json.loads(child.stdout)})
    best = min(done[1:], key=lambda one: one["fit"])
    return {**best, "ever": done[0]} if peer.library == "barenet" else best


def _process(code: str) -> float:
    """Seconds that a process takes from its start to its end."""
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


def main(peer: str, path: str, engine: str) -> None:
    """Fit, and print the seconds of it."""
    trainer = PEERS[peer].trainer(FIRST, Rows.load(path), engine)
    begun = time.perf_counter()
    trainer.run(1)
    print(time.perf_counter() - begun)


if __name__ == "__main__":
    main(*sys.argv[1:])

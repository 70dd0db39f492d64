"""A peer's own process: it reads one request a line from standard input, and answers each with one.

    python -m benchmarks.worker PyTorch

Only the work itself is timed, by the clock of the process that does it.
"""

import json
import os
import re
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from benchmarks.peers import PEERS
from benchmarks.peers.trainer import Trainer
from benchmarks.rows import Rows, make_rows
from benchmarks.works import Work

__all__ = ["Worker", "serve"]

#: Epochs that a network has learned before it predicts single rows.
FITTED = 20


class Worker:
    """One peer, and what it works on. Each public method answers the request of its name."""

    def __init__(self, peer: str) -> None:
        self._peer = PEERS[peer]
        self._trainer: Trainer

    def prepare(self, work: dict[str, Any], rows: str | None, engine: str) -> dict[str, Any]:
        """Make a trainer, on rows that lie in a file or else are made up here."""
        self._work = Work.from_dict(work)
        self._rows = Rows.load(rows) if rows else make_rows(self._work)
        self._trainer = self._peer.trainer(self._work, self._rows, engine)
        return {}

    def first(self) -> dict[str, Any]:
        """Do the unit of work once, compiling what is to be compiled; then get ready for more."""
        if self._work.unit == "epoch":
            return {"seconds": _seconds(lambda: self._trainer.run(1))}
        self._trainer.run(FITTED)
        self._trainer.settle()
        return self.turn(1)

    def turn(self, times: int) -> dict[str, Any]:
        """Do the unit of work so many times."""
        if self._work.unit == "epoch":
            return {"seconds": _seconds(lambda: self._trainer.run(times))}
        row, predict = self._rows.X_test[:1], self._trainer.predict
        return {"seconds": _seconds(lambda: [predict(row) for _ in range(times)])}

    def reset(self) -> dict[str, Any]:
        """Start over with new weights."""
        self._trainer.reset()
        return {}

    def advance(self) -> dict[str, Any]:
        """Learn for one more epoch; the accuracy on the test rows is measured off the clock."""
        seconds = _seconds(self._trainer.advance)
        right = self._trainer.predict(self._rows.X_test) == self._rows.y_test
        return {"seconds": seconds, "accuracy": float(np.mean(right))}

    def about(self) -> dict[str, Any]:
        """How it ran, and the most memory that the process has held, in MiB."""
        return {"about": self._trainer.about(), "peak": _peak()}


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer until there are no more requests; a failure is an answer, too."""
    for line in requests:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001 - whatever a peer raises is told to the parent
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), file=answers, flush=True)


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _peak() -> float:
    """Most memory held, in MiB. What getrusage says begins with the parent's on Linux."""
    status = Path("/proc/self/status")
    if status.exists() and (held := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(held[1]) / 2**10
    unit = 1 if sys.platform == "darwin" else 2**10  # macOS counts bytes, others KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


if __name__ == "__main__":
    # What a library prints must not get among the answers.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(Worker(sys.argv[1]), sys.stdin, channel)

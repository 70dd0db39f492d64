"""The process of one library: it reads a request a line from standard input, and answers each.

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

from benchmarks.peers import DEVICE_PEERS, PEERS
from benchmarks.peers.job import Job
from benchmarks.processes import descendants
from benchmarks.rows import Rows, make_rows
from benchmarks.works import Work

__all__ = ["Worker", "serve"]


class Worker:
    """One library and its job. Each public method answers the request of its name."""

    def __init__(self, peer: str) -> None:
        self._peer = {**PEERS, **DEVICE_PEERS}[peer]
        self._job: Job

    def prepare(self, work: dict[str, Any], rows: str | None, engine: str) -> dict[str, Any]:
        """Make a job, with the rows in a file, or made here."""
        wanted = Work.from_dict(work)
        self._rows = Rows.load(rows) if rows else make_rows(wanted)
        self._job = self._peer.job(wanted, self._rows, engine)
        return {}

    def turn(self, times: int) -> dict[str, Any]:
        """Do the unit of work so many times."""
        return {"seconds": _seconds(lambda: self._job.run(times)) / self._job.share}

    def reset(self) -> dict[str, Any]:
        """Start over with new weights."""
        self._job.reset()
        return {}

    def advance(self) -> dict[str, Any]:
        """Train for one more epoch; the accuracy on the test rows is measured off the clock."""
        seconds = _seconds(self._job.advance)
        correct = self._job.predict(self._rows.X_test) == self._rows.y_test
        return {"seconds": seconds, "accuracy": float(np.mean(correct))}

    def about(self) -> dict[str, Any]:
        """Return the job's remark and the peak memory of the process and its own, in MiB."""
        return {"about": self._job.about(), "peak": _peak()}


def serve(worker: Worker, requests: TextIO, answers: TextIO) -> None:
    """Answer until there are no more requests; a failure is an answer, too."""
    for line in requests:
        request = json.loads(line)
        try:
            answer = getattr(worker, request.pop("do"))(**request)
        except Exception as error:  # noqa: BLE001 - the parent reports whatever a library raises
            message = " ".join(f"{type(error).__name__}: {error}".split())
            answer = {"error": message[:200]}
        print(json.dumps(answer), file=answers, flush=True)


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _peak() -> float:
    """Peak resident memory in MiB; of child processes, such as joblib's, as well on Linux."""
    held = [_high_water(number) for number in (os.getpid(), *descendants())]
    if held[0]:
        return sum(held)
    # On Linux, this figure would begin with the parent's.
    unit = 1 if sys.platform == "darwin" else 2**10  # macOS counts bytes, others KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 2**20


def _high_water(process: int) -> float:
    try:
        status = Path(f"/proc/{process}/status").read_text()
    except OSError:
        return 0.0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) / 2**10 if found else 0.0


if __name__ == "__main__":
    # Whatever a library prints goes to standard error, not among the answers.
    channel = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    serve(Worker(sys.argv[1]), sys.stdin, channel)

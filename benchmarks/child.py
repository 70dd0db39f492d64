"""The parent's end of a worker: it asks, waits for the answer, and ends the process."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.peers import Peer
from benchmarks.threads import environment

__all__ = ["Child", "PeerError"]

ROOT = Path(__file__).parents[1]

#: A peer that has not answered after so many seconds is given up.
PATIENCE = 300.0


class PeerError(Exception):
    """A peer could not do what it was asked; the message says why in one line."""


class Child:
    """A worker process, which does nothing unless it is asked.

    Parameters
    ----------
    peer : Peer
        Who it is.
    threads : {"one", "all"}
        How many threads it may use.
    """

    def __init__(self, peer: Peer, threads: str) -> None:
        self.peer, self.threads = peer, threads
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer.name],
            cwd=ROOT,
            env=environment(threads),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
        )

    def ask(self, do: str, **details: Any) -> dict[str, Any]:
        """Send a request, and wait for its answer.

        Raises
        ------
        PeerError
            If the peer failed, died, or took too long.
        """
        watch = threading.Timer(PATIENCE, self._process.kill)
        watch.start()
        try:
            print(json.dumps({"do": do, **details}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        answer = json.loads(line) if line else {"error": self._last_words()}
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    def _last_words(self) -> str:
        """Why there is no answer: the last line that the process left behind."""
        status = self._process.wait()
        self._said.seek(0)
        lines = self._said.read().strip().splitlines() or ["it said nothing"]
        return f"it ended with status {status}: {lines[-1]}"

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process: without requests it ends by itself, and if not, it is killed."""
        with contextlib.suppress(BrokenPipeError):  # what it did not read any more
            self._process.stdin.close()
        try:
            self._process.wait(10 if kind is None else 0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._said.close()

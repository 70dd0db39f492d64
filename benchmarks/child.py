"""The parent's end of a worker: it sends requests, waits for answers, and ends the process.

Between its turns a worker is stopped (SIGSTOP), because the threads of some libraries keep spinning
after their work and would take a core from the next library.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.peers import Peer
from benchmarks.threads import environment

__all__ = ["Child", "Crew", "PeerError"]

ROOT = Path(__file__).parents[1]

#: A library that has not answered after so many seconds is given up.
PATIENCE = 300.0


class PeerError(Exception):
    """A library could not do its work; the message is one line."""


class Child:
    """A worker process.

    Parameters
    ----------
    peer : Peer
        The library.
    threads : {"one", "all"}
        How many threads it may use.
    """

    def __init__(self, peer: Peer, threads: str) -> None:
        self.peer, self.threads = peer, threads
        self._stderr = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed in __exit__
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.worker", peer.name],
            cwd=ROOT,
            env=environment(threads, on_device=peer.on_device),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._stderr,
            text=True,
        )

    @property
    def name(self) -> str:
        """The library and its threads, for a line about it."""
        return f"{self.peer.name} on {'one thread' if self.threads == 'one' else 'all threads'}"

    def ask(self, do: str, *, patience: float = PATIENCE, **details: Any) -> dict[str, Any]:
        """Let the process run, send a request, and wait for its answer.

        Raises
        ------
        PeerError
            If the library failed, died, or took too long.
        """
        watch = threading.Timer(patience, self._process.kill)
        watch.start()
        begun = time.perf_counter()
        try:
            self._signal("SIGCONT")
            print(json.dumps({"do": do, **details}), file=self._process.stdin, flush=True)
            line = self._process.stdout.readline()
        except BrokenPipeError:
            line = ""
        finally:
            watch.cancel()
        if not line:
            late = time.perf_counter() - begun >= patience
            raise PeerError(f"no answer in {patience:.0f} s" if late else self._last_words())
        self._signal("SIGSTOP")
        answer = json.loads(line)
        if "error" in answer:
            raise PeerError(answer["error"])
        return answer

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def _signal(self, name: str) -> None:
        """Stop the process or let it continue, where the system can."""
        if hasattr(signal, name):
            self._process.send_signal(getattr(signal, name))

    def _last_words(self) -> str:
        """Describe the end of the process by its last line."""
        status = self._process.wait()
        self._stderr.seek(0)
        lines = self._stderr.read().strip().splitlines() or ["it printed nothing"]
        return f"it ended with status {status}: {lines[-1]}"

    def __enter__(self) -> Child:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the process: it ends by itself without requests, and is killed otherwise."""
        with contextlib.suppress(BrokenPipeError):  # a request that it did not read
            self._process.stdin.close()
        self._signal("SIGCONT")
        try:
            self._process.wait(10 if kind is None else 0.2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()
        self._stderr.close()


class Crew:
    """Workers that stay for many works; one that died is started again for the next work."""

    def __init__(self) -> None:
        self._children: dict[tuple[str, str], Child] = {}

    def child(self, peer: Peer, threads: str) -> Child:
        """Return the worker of a library, a new one if need be."""
        key = peer.name, threads
        found = self._children.get(key)
        if found is None or not found.alive:
            if found is not None:
                found.__exit__(None, None, None)
            self._children[key] = found = Child(peer, threads)
        return found

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *failure: Any) -> None:
        with contextlib.ExitStack() as stack:
            for child in self._children.values():
                stack.push(child)

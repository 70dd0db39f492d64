"""A cluster of Dask: processes of this machine, started once, as they take seconds to start."""

import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

#: Seconds until a killed worker must be back.
RESTARTING = 60.0


class SharedCluster:
    """Two workers for the tests of a session, and a client of theirs."""

    def __init__(self) -> None:
        self._open = ExitStack()
        self._client: Any = None

    def ready_client(self) -> Any:
        """Return the client once both workers run; start others if one doesn't come back.

        Dask doesn't restart a worker that is killed a second time before its start has ended. It
        has registered by then, so the scheduler's list alone doesn't show it.
        """
        if self._client is not None and not self._await_workers():
            self.close()
        if self._client is None:
            self._start()
        return self._client

    def close(self) -> None:
        self._open.close()
        self._client = None

    def _start(self) -> None:
        from barenet.distributed._cluster import open_client

        self._client = self._open.enter_context(open_client(2, None))
        logging.disable(logging.NOTSET)  # for the tests of messages while it is open

    def _await_workers(self) -> bool:
        end = time.monotonic() + RESTARTING
        while time.monotonic() < end:
            nannies = self._client.cluster.workers.values()
            running = [nanny for nanny in nannies if nanny.status.name == "running"]
            if len(running) == 2 and len(self._client.nthreads()) == 2 and self._all_answer():
                return True
            time.sleep(0.01)
        return False

    def _all_answer(self) -> bool:
        """Return whether both workers answer: one just killed is listed as running for a moment."""
        answers = self._client.run(os.getpid, on_error="return")
        return len(answers) == 2 and all(isinstance(answer, int) for answer in answers.values())


@pytest.fixture(scope="session")
def shared_cluster() -> Iterator[SharedCluster]:
    cluster = SharedCluster()
    yield cluster
    cluster.close()


@pytest.fixture
def client(shared_cluster: SharedCluster) -> Any:
    """A client with two workers, each a process with one thread, which are restarted if killed."""
    return shared_cluster.ready_client()


@pytest.fixture
def cluster_processes(tmp_path) -> Iterator[tuple[str, Any]]:
    """The file of a scheduler with a worker, and its process, which a test may kill."""
    file = str(tmp_path / "scheduler.json")
    where = ["--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1"]
    options = {"scheduler": ["--port", "0"], "worker": ["--no-nanny", "--nthreads", "1"]}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    started = [
        subprocess.Popen([sys.executable, "-m", "dask", kind, *where, *own], **quiet)
        for kind, own in options.items()
    ]
    yield file, started[0]
    for each in started:
        each.kill()
        each.wait()

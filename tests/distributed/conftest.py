"""A cluster of Dask: processes of this machine, started once, as they take seconds to start."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest


@pytest.fixture(scope="session")
def client() -> Iterator[Any]:
    """A client with two workers, each a process with one thread, which are restarted if killed."""
    from barenet.distributed._cluster import open_client

    with open_client(2, None) as client:
        logging.disable(logging.NOTSET)  # for the tests of messages while it is open
        yield client


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

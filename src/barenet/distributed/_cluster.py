"""Cluster: a client of Dask for a command, with workers of this machine or with a scheduler."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from barenet._constraints import check_count
from barenet._extras import require
from barenet.errors import ArgumentError, in_a_line

if TYPE_CHECKING:
    from distributed import Client


#: Runs in each worker, which Ctrl-C in a terminal reaches, too: the command ends them.
IGNORE_CTRL_C = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"


@contextmanager
def open_client(workers: int | None, scheduler: str | None) -> Iterator[Client | None]:
    """Start workers, or connect to a scheduler, for as long as the context lasts.

    The workers are processes with one thread each, which listen to this machine alone and end with
    it. Whether connections are encrypted is up to the configuration of Dask.
    """
    if workers is None and scheduler is None:
        yield None
        return
    if workers is not None and scheduler is not None:
        problem, remedy = "the scheduler has its own workers", "leave one of the two out"
        raise ArgumentError(problem, argument="workers, scheduler", remedy=remedy)
    distributed = require("distributed", extra="distributed", purpose="work on workers")
    if scheduler is not None:
        try:
            client = distributed.Client(scheduler, set_as_default=False)
        except (OSError, ValueError) as error:
            problem = f"can't connect: {in_a_line(error)}"
            raise ArgumentError(problem, argument="scheduler", value=scheduler) from error
        with client:
            yield client
        return
    count = check_count(workers, "workers")
    size = {"n_workers": count, "threads_per_worker": 1, "memory_limit": 0}
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    others = {"scheduler_kwargs": {"dashboard": False}, "preload": IGNORE_CTRL_C}
    with (
        distributed.LocalCluster(**size, **here, **others) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):
        yield client

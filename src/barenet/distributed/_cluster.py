"""Cluster: a client of Dask for a command, with workers of this machine or with a scheduler."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
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
            asyncio.run(check_answer(scheduler))
            client = distributed.Client(scheduler, set_as_default=False)
        except (OSError, TypeError, ValueError) as error:  # TypeError: TLS without a certificate
            problem = f"can't connect: {in_a_line(error) or 'it does not answer'}"
            raise ArgumentError(problem, argument="scheduler", value=scheduler) from error
        with client:
            yield client
        return
    size = {"n_workers": check_count(workers, "workers"), "threads_per_worker": 1}
    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0"}
    others = {"scheduler_kwargs": {"dashboard": False}, "preload": IGNORE_CTRL_C, "memory_limit": 0}
    with ExitStack() as stack:
        with delayed_ctrl_c():  # Dask cannot end workers that start, nor do they end without words
            cluster = stack.enter_context(distributed.LocalCluster(**size, **here, **others))
            client = stack.enter_context(distributed.Client(cluster, set_as_default=False))
        yield client


@contextmanager
def delayed_ctrl_c() -> Iterator[None]:
    """Handle Ctrl-C at the end, a second one at once; processes that start here never do."""
    if sys.platform == "win32":  # which has no masks
        yield
        return
    resource_tracker.ensure_running()  # which unblocks the signal where it starts
    received, handler = list[object](), signal.getsignal(signal.SIGINT)
    signal.signal(signal.SIGINT, lambda n, _: received.append(signal.signal(n, handler)))
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        signal.signal(signal.SIGINT, handler)
        if received:
            signal.raise_signal(signal.SIGINT)


async def check_answer(scheduler: str) -> None:
    """Connect to a scheduler: Dask's own client waits for the first answer without an end."""
    from dask import config
    from dask.utils import parse_timedelta
    from distributed import Security
    from distributed.comm.core import connect

    limit = parse_timedelta(config.get("distributed.comm.timeouts.connect"))
    security = Security().get_connection_args("client")
    async with asyncio.timeout(limit):
        await (await connect(scheduler, **security)).close()

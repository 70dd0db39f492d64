"""Cluster: a Dask client for a command, with workers on this machine or a scheduler."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from multiprocessing import resource_tracker
from typing import TYPE_CHECKING

from barenet._constraints import check_count
from barenet._extras import require
from barenet._messages import in_a_line
from barenet.errors import ArgumentError

if TYPE_CHECKING:
    from distributed import Client, LocalCluster


PURPOSE = "work on workers"
#: Runs in each worker. Ctrl-C in a terminal reaches workers, too, but the command ends them, and
#: their messages about lost connections are useless.
PRELOAD = """
import logging, signal
logging.disable(logging.ERROR)
signal.signal(signal.SIGINT, signal.SIG_IGN)
"""

#: By default, workers release memory at once, so each step waits for new pages, and spend 4 % of
#: the time on a profile, which can't be seen without a dashboard.
DASK_SETTINGS = {
    "distributed.nanny.pre-spawn-environ.MALLOC_TRIM_THRESHOLD_": None,
    "distributed.worker.profile.enabled": False,
}


def open_client(
    workers: int | None, scheduler: str | None
) -> AbstractContextManager[Client | None]:
    """Start workers, or connect to a scheduler, for as long as the context lasts.

    The workers are processes with one thread each, which listen only to this machine and end with
    the context. Dask's configuration determines whether connections are encrypted.
    """
    if workers is not None and scheduler is not None:
        problem = "the scheduler has its own workers"
        remedy = "leave one of the two out"
        raise ArgumentError(problem, argument="workers, scheduler", remedy=remedy)
    if workers is not None:
        return start_workers(workers)
    if scheduler is not None:
        return connect_client(scheduler)
    return nullcontext()


@contextmanager
def connect_client(scheduler: str) -> Iterator[Client]:
    """Connect to a scheduler, for as long as the context lasts."""
    distributed = require("distributed", extra="distributed", purpose=PURPOSE)
    try:
        # In a thread of its own: this one may run an event loop, as in a notebook.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, check_reachable(scheduler)).result()
        client = distributed.Client(scheduler, set_as_default=False)
    except (OSError, TypeError, ValueError) as error:
        reason = "it does not answer"
        if isinstance(error, TypeError):
            reason = "it needs a certificate, which distributed.comm.tls of Dask's settings names"
        elif str(error):
            reason = in_a_line(error)
        problem = f"can't connect to {scheduler}: {reason}"
        raise ArgumentError(problem, argument="scheduler", value=scheduler) from error
    # A command ends with one line; Dask would log a lost scheduler in about thirty.
    logger = logging.getLogger("distributed.client")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with client:
            yield client
    finally:
        logger.setLevel(level)


@contextmanager
def start_workers(n_workers: int) -> Iterator[Client]:
    """Start workers, which end with the context or at a signal."""
    require("distributed", extra="distributed", purpose=PURPOSE)
    from dask import config

    n_workers = check_count(n_workers, "workers")
    with ExitStack() as stack:
        handler = signal.signal(signal.SIGTERM, exit_now)
        stack.callback(signal.signal, signal.SIGTERM, handler)
        disabled_before = logging.root.manager.disable
        stack.callback(logging.disable, disabled_before)
        logging.disable(logging.ERROR)
        # Use a thread, as Dask can't end workers while they start; after a signal, wait for it.
        with ThreadPoolExecutor(1) as starter, config.set(DASK_SETTINGS):
            client = starter.submit(start_client, stack, n_workers).result()
        yield client


def start_client(stack: ExitStack, n_workers: int) -> Client:
    """Start workers that end with a stack; their processes inherit that Ctrl-C is blocked."""
    from distributed import Client, LocalCluster

    if sys.platform != "win32":  # Windows has no signal masks
        resource_tracker.ensure_running()  # its start unblocks the signal, so it comes first
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    cluster = LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        host="127.0.0.1",
        dashboard_address="127.0.0.1:0",
        scheduler_kwargs={"dashboard": False},
        preload=PRELOAD,
        memory_limit=0,
    )
    stack.callback(close, cluster)
    return stack.enter_context(Client(cluster, set_as_default=False))


def close(cluster: LocalCluster) -> None:
    """End the workers of a cluster."""
    # Dask has ended them, but fails on a killed worker that it has forgotten
    with suppress(KeyError):
        cluster.close()
    cluster.status = type(cluster.status).closed  # otherwise, Dask closes it again at exit


def exit_now(number: int, frame: object) -> None:
    """Exit after a signal like after an error, which also ends the workers."""
    raise SystemExit(128 + number)


async def check_reachable(scheduler: str) -> None:
    """Connect to a scheduler with a timeout, as Dask's client waits forever for the first reply."""
    from dask import config
    from dask.utils import parse_timedelta
    from distributed import Security
    from distributed.comm.core import connect

    limit = parse_timedelta(config.get("distributed.comm.timeouts.connect"))
    security = Security().get_connection_args("client")
    async with asyncio.timeout(limit):
        connection = await connect(scheduler, **security)
        await connection.close()

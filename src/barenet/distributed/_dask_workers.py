"""Workers: the processes of a Dask cluster, which share some data and take tasks on it.

Dask sends, schedules and repeats the tasks. This file splits them by their costs, and turns what
goes wrong in a cluster into errors of one line.
"""

from __future__ import annotations

import asyncio
import pickle
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from barenet._extras import require
from barenet._version import __version__
from barenet.errors import ArgumentError, WorkersError, in_a_line

if TYPE_CHECKING:
    from distributed import Client

#: Parts for each thread of a worker: a lost one costs little, and the last ones end together.
PARTS = 16
#: Seconds in which all workers must answer; a firewall may drop a connection silently.
CONNECTING = 2.0


Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(Generic[Shared]):
    """The workers of a client, to each of which the shared data are sent once.

    Their method `stop` ends the tasks that run. `needed` is a sample of what the tasks need, which
    each worker must be able to load.
    """

    def __init__(self, client: Client, shared: Shared, needed: object = None) -> None:
        self.client = check_client(client)
        with work_on(client):
            check_workers(client, needed)
            [self.shared] = client.scatter([shared], broadcast=True, hash=False)
            self.n_parts = PARTS * sum(client.nthreads().values())

    def map(
        self,
        task: Callable[[Shared, Item], Result],
        items: Sequence[Item],
        costs: Sequence[float],
        receive: Callable[[int, Result], object],
    ) -> None:
        """Do a task for each item, the costliest first; receive each result and its place."""
        from distributed import as_completed

        client, futures = self.client, dict[Any, list[int]]()
        with work_on(client):
            try:
                for places in split_by_cost(costs, self.n_parts):
                    # An item is a part of its task, which Dask can repeat if its worker is lost.
                    part = [items[place] for place in places]
                    future = client.submit(do_part, task, self.shared, part, pure=False)
                    futures[future] = places
                for future in as_completed([*futures], loop=client.loop):
                    for place, result in zip(futures.pop(future), future.result(), strict=True):
                        receive(place, result)
            except BaseException:
                with suppress(Exception):  # the first error counts
                    client.cancel([*futures])
                    if client.status == "running":
                        client.run(stop, self.shared.key, on_error="ignore")
                raise


def do_part(
    task: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
) -> list[Result]:
    """Do the tasks of a part of the items, in a worker."""
    return [task(shared, item) for item in items]


def stop(key: str, dask_worker: Any) -> None:
    """Stop the tasks that run with these shared data, in a worker, which Dask passes."""
    if key in dask_worker.data:
        dask_worker.data[key].stop()


def split_by_cost(costs: Sequence[float], n_parts: int) -> list[list[int]]:
    """Split places into parts of about the same cost, the costliest first.

    Examples
    --------
    >>> split_by_cost([1, 9, 2, 1, 3], 4)
    [[1], [4], [2, 0, 3]]
    """
    parts, most, filled = list[list[int]](), sum(costs) / n_parts, float("inf")
    for place in sorted(range(len(costs)), key=lambda each: -costs[each]):
        if filled + costs[place] > most:
            parts.append([])
            filled = 0.0
        parts[-1].append(place)
        filled += costs[place]
    return parts


def check_client(client: Client) -> Client:
    """Refuse anything but a client of Dask that is connected to its scheduler."""
    kind = require("distributed", extra="distributed", purpose="work on other machines").Client
    if not isinstance(client, kind) or client.asynchronous:
        raise ArgumentError.of("client", client, "a dask.distributed.Client, not asynchronous")
    if client.status != "running":
        problem = f"is not connected to a scheduler; its status is {client.status!r}"
        raise ArgumentError(problem, argument="client", remedy="make a new client")
    return client


def check_workers(client: Client, needed: object) -> None:
    """Refuse workers of another version of barenet, or that can't load what the training needs."""
    from distributed.protocol.pickle import dumps

    found = client.run(pkgutil.resolve_name, "barenet:__version__", on_error="return")
    if not found:
        remedy = "start some, and wait for them: client.wait_for_workers(1); "
        remedy += "an adaptive cluster needs a minimum of 1"
        raise WorkersError(f"the scheduler has no workers; {remedy}")
    for address, theirs in found.items():
        if theirs != __version__ and not isinstance(theirs, OSError):  # of a worker that has died
            version = in_a_line(theirs) if isinstance(theirs, Exception) else f"barenet {theirs}"
            ours = f"and here is barenet {__version__}; install this version there"
            raise WorkersError(f"the worker {address} has another version: {version}, {ours}")
    for address, problem in client.run(problem_of, dumps(needed), on_error="return").items():
        if isinstance(problem, Exception) and not isinstance(problem, OSError):
            reason = f"can't load the network, the loss or the optimizer: {in_a_line(problem)}"
            remedy = "send it the file of the module: client.upload_file('module.py')"
            raise WorkersError(f"the worker {address} {reason}; {remedy}")


def problem_of(needed: bytes) -> Exception | None:
    """The error of loading a pickle, in a worker, which would log it if it were raised."""
    try:
        pickle.loads(needed)
    except (AttributeError, ImportError) as error:
        return error
    return None


async def reaches(client: Client, addresses: Iterable[str]) -> bool:
    """Whether the client can connect to these workers; by the scheduler, all bytes travel twice."""
    try:
        async with asyncio.timeout(CONNECTING):
            await asyncio.gather(*(client.rpc(address).identity() for address in addresses))
    except (OSError, RuntimeError, TypeError, ValueError):  # of one transport or another
        return False
    return True


@contextmanager
def work_on(client: Client) -> Iterator[None]:
    """Turn the errors of a cluster into one of a single line; tasks may have data of any size."""
    from dask import config
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        with config.set({"distributed.admin.large-graph-warning-threshold": "1PB"}):
            yield
    except (CancelledError, CommClosedError, KilledWorker, TimeoutError) as error:
        address = getattr(client.scheduler, "address", "the scheduler")
        raise WorkersError(f"{address}: the cluster has lost tasks: {in_a_line(error)}") from error

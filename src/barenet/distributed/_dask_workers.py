"""Workers: the processes of a Dask cluster, which share some data and work on tasks.

Dask sends, schedules and repeats the tasks. This module splits the tasks by their costs, and turns
failures of a cluster into one-line errors.
"""

from __future__ import annotations

import asyncio
import math
import pickle
import pkgutil
import time
import warnings
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, TypeVar

from barenet._extras import require
from barenet._logging import LOGGER
from barenet._messages import count_of, in_a_line
from barenet._version import __version__
from barenet.errors import ArgumentError, WorkersError, caller_stacklevel

if TYPE_CHECKING:
    from distributed import Client, Future

#: Number of parts for each thread of a worker, so that a lost part costs little and the last parts
#: end together.
PARTS = 16
#: Seconds without a sign of life after which a worker counts as silent, and seconds between two
#: checks.
SILENCE = 20.0
LOOKING = 5.0
#: Seconds in which all workers must respond, because a firewall may silently drop a connection.
CONNECTING = 2.0


Shared = TypeVar("Shared")
Item = TypeVar("Item")
Result = TypeVar("Result")


class Workers(Generic[Shared]):
    """The workers of a client; each of them receives the shared data once.

    The method `stop` ends the running tasks. `needed` is a sample of the objects that tasks need,
    which each worker must be able to load, and `n_bytes` is the memory that each worker needs for
    the data.
    """

    def __init__(
        self, client: Client, shared: Shared, needed: object = None, n_bytes: int = 0
    ) -> None:
        self.client = check_client(client)
        self.memory = WorkerMemory(client, n_bytes)

        def share() -> Awaitable[list[Future[Shared]]]:
            return client.scatter([shared], broadcast=True, hash=False)

        with work_on(client, self.memory):
            check_workers(client, needed)
            [self.shared] = wait_for_all(client, share)
            self.n_parts = PARTS * sum(client.nthreads().values())

    def map(
        self,
        task: Callable[[Shared, Item], Result],
        items: Sequence[Item],
        costs: Sequence[float],
        receive: Callable[[int, Result], object],
    ) -> None:
        """Run a task for each item, the costliest first; pass on each result with its index."""
        client = self.client
        futures: dict[Any, list[int]] = {}

        def stop_tasks() -> Awaitable[object]:
            return client.run(stop, self.shared.key, on_error="ignore")

        with work_on(client, self.memory):
            try:
                for places in split_by_cost(costs, self.n_parts):
                    # Items are part of their task, so that Dask can repeat the task if its worker
                    # is lost.
                    part = [items[place] for place in places]
                    future = client.submit(do_part, task, self.shared, part, pure=False)
                    futures[future] = places
                for future in ended(client, [*futures]):
                    places = futures.pop(future)
                    for place, result in zip(places, future.result(), strict=True):
                        receive(place, result)
            except BaseException:
                with suppress(Exception):  # only the first error counts
                    client.cancel([*futures])
                    if client.status == "running":
                        wait_for_all(client, stop_tasks)
                raise


def ended(client: Client, futures: Sequence[Future[Any]]) -> Iterator[Future[Any]]:
    """Yield tasks as they end, and warn of silent workers meanwhile."""
    from distributed import as_completed

    silent = SilentWorkers(client)
    waiting = set(futures)
    while waiting:
        try:
            for future in as_completed([*waiting], loop=client.loop, timeout=LOOKING):
                waiting.remove(future)
                yield future
        except TimeoutError:
            silent.look()


def wait_until_ended(client: Client, futures: Sequence[Future[Any]]) -> None:
    """Wait for tasks, including those that fail, and warn of silent workers meanwhile."""
    for _ in ended(client, futures):
        pass


def wait_for_all(client: Client, call: Callable[[], Awaitable[Result]]) -> Result:
    """Make a call of the client that needs all workers, and warn of silent workers.

    The call runs in the client's thread, where methods of the client return awaitables.
    """

    async def start() -> Result:
        return await call()

    silent = SilentWorkers(client)
    loop: Any = client.loop
    waiting = asyncio.run_coroutine_threadsafe(start(), loop.asyncio_loop)
    try:
        wait([waiting], timeout=LOOKING)
        while not waiting.done():
            silent.look()
            wait([waiting], timeout=LOOKING)
    except BaseException:
        waiting.cancel()
        raise
    return waiting.result()


def do_part(
    task: Callable[[Shared, Item], Result], shared: Shared, items: Sequence[Item]
) -> list[Result]:
    """Run the tasks for some of the items on a worker."""
    return [task(shared, item) for item in items]


def stop(key: str, dask_worker: Any) -> None:
    """Stop the tasks with these shared data on a worker, which Dask passes."""
    if key in dask_worker.data:
        dask_worker.data[key].stop()


def split_by_cost(costs: Sequence[float], n_parts: int) -> list[list[int]]:
    """Split indices into parts of about the same cost, the costliest first.

    Examples
    --------
    >>> split_by_cost([1, 9, 2, 1, 3], 4)
    [[1], [4], [2, 0, 3]]
    """
    parts: list[list[int]] = []
    most = sum(costs) / n_parts
    filled = math.inf  # the cost of the last part; infinite at first, so that a part begins

    def cost_of(place: int) -> float:
        return costs[place]

    costliest_first = sorted(range(len(costs)), key=cost_of, reverse=True)
    for place in costliest_first:
        if filled + costs[place] > most:
            parts.append([])
            filled = 0.0
        parts[-1].append(place)
        filled += costs[place]
    return parts


def check_client(client: Client) -> Client:
    """Reject anything but a Dask client that is connected to its scheduler."""
    distributed = require("distributed", extra="distributed", purpose="work on other machines")
    if not isinstance(client, distributed.Client) or client.asynchronous:
        raise ArgumentError.of("client", client, "a dask.distributed.Client, not asynchronous")
    if client.status != "running":
        problem = f"is not connected to a scheduler; its status is {client.status!r}"
        raise ArgumentError(problem, argument="client", remedy="make a new client")
    return client


def check_workers(client: Client, needed: object) -> None:
    """Reject workers with another version of barenet, or that can't load the needed objects."""
    _check_versions(client)
    _check_loading(client, needed)


def _check_versions(client: Client) -> None:
    """Reject workers with another version of barenet, and a scheduler without workers."""

    def find_versions() -> Awaitable[dict[str, Any]]:
        return client.run(pkgutil.resolve_name, "barenet:__version__", on_error="return")

    versions = wait_for_all(client, find_versions)
    if not versions:
        remedy = "start some, and wait for them: client.wait_for_workers(1); "
        remedy += "an adaptive cluster needs a minimum of 1"
        raise WorkersError(f"the scheduler has no workers; {remedy}")
    for address, answer in versions.items():
        if answer == __version__ or isinstance(answer, OSError):  # the worker has died
            continue
        version = in_a_line(answer) if isinstance(answer, Exception) else f"barenet {answer}"
        ours = f"and here is barenet {__version__}; install this version there"
        raise WorkersError(f"the worker {address} has another version: {version}, {ours}")


def _check_loading(client: Client, needed: object) -> None:
    """Reject workers that can't load the needed objects."""
    from distributed.protocol.pickle import dumps

    pickled = dumps(needed)

    def find_problems() -> Awaitable[dict[str, Exception | None]]:
        return client.run(problem_of, pickled, on_error="return")

    for address, problem in wait_for_all(client, find_problems).items():
        if isinstance(problem, Exception) and not isinstance(problem, OSError):
            reason = f"can't load the network, the loss or the optimizer: {in_a_line(problem)}"
            remedy = "send it the file of the module: client.upload_file('module.py')"
            raise WorkersError(f"the worker {address} {reason}; {remedy}")


def problem_of(needed: bytes) -> Exception | None:
    """Return the error of loading a pickle on a worker, which would log a raised one."""
    try:
        pickle.loads(needed)
    except (AttributeError, ImportError) as error:
        return error
    return None


async def reaches(client: Client, addresses: Iterable[str]) -> bool:
    """Return whether the client can connect to these workers; otherwise, all bytes travel twice."""
    try:
        async with asyncio.timeout(CONNECTING):
            calls = [client.rpc(address).identity() for address in addresses]
            await asyncio.gather(*calls)
    # the class of the error depends on the transport
    except (OSError, RuntimeError, TypeError, ValueError):
        return False
    return True


@contextmanager
def work_on(client: Client, memory: WorkerMemory) -> Iterator[None]:
    """Turn errors of a cluster into one-line errors, and allow tasks with data of any size."""
    from dask import config
    from distributed import CancelledError, KilledWorker
    from distributed.comm.core import CommClosedError

    try:
        with config.set({"distributed.admin.large-graph-warning-threshold": "1PB"}):
            yield
        return
    except KilledWorker as error:
        cause: Exception = error
        count = count_of(error.allowed_failures + 1, "worker")
        problem = f"the same task has ended {count}; {memory.advice()}"
    except (CancelledError, OSError) as error:
        cause = error
        if has_lost_scheduler(client):
            problem = "the scheduler is lost"
        elif isinstance(error, CancelledError | CommClosedError | TimeoutError):
            problem = in_a_line(error)
        else:  # an error of a task, such as a missing file
            raise
    address = getattr(client.scheduler, "address", "the scheduler")
    LOGGER.debug("%s: the cluster has lost tasks", address, exc_info=cause)
    # Hide Dask's own error, whose traceback has about sixty lines on connections.
    raise WorkersError(f"{address}: the cluster has lost tasks: {problem}") from None


def address_of(client: Client) -> str:
    """Return the address of the scheduler of a connected client."""
    assert client.scheduler is not None
    return str(client.scheduler.address)


def has_lost_scheduler(client: Client) -> bool:
    """Return whether the scheduler of a client no longer responds."""
    if client.status != "running":
        return True
    try:
        return not client.sync(reaches, client, [address_of(client)])
    except (OSError, RuntimeError):  # the client has been closed meanwhile
        return True


class WorkerMemory:
    """The memory that each worker needs for its share of the data, and the workers' limits.

    The limits are recorded while the workers are alive, because the scheduler forgets dead ones.
    """

    def __init__(self, client: Client, n_bytes: int = 0) -> None:
        #: The bytes that each worker needs; 0 if they are unknown.
        self.n_bytes = n_bytes
        #: The memory limits of the workers that have one, in bytes.
        self.limits: list[int] = []
        self.note_limits(client)

    def note_limits(self, client: Client) -> None:
        """Record the limits of the workers that are alive, if any."""
        workers = workers_of(client)
        if not workers:
            return
        self.limits.clear()
        for worker in workers.values():
            limit = worker.get("memory_limit")
            if limit:
                self.limits.append(int(limit))

    def advice(self) -> str:
        """Describe the memory that each worker needs and has, and suggest a remedy."""
        advice = "often their memory is full"
        if self.n_bytes:
            advice += f": each needs about {in_megabytes(self.n_bytes)} for its share of the data"
        if self.limits:
            advice += f", and the smallest limit is {in_megabytes(min(self.limits))}"
        remedy = "use workers with more memory or fewer threads"
        return f"{advice}; {remedy}, or smaller partitions on more workers"


def workers_of(client: Client) -> dict[str, Any]:
    """Return the scheduler's information on workers, by address; empty if it doesn't respond."""
    if client.status != "running":
        return {}
    try:
        workers: dict[str, Any] = client.sync(ask_for_workers, client)
    except (OSError, RuntimeError):
        return {}
    return workers


async def ask_for_workers(client: Client) -> dict[str, Any]:
    """Request the list of workers; `Client.scheduler_info` would wait for a lost scheduler.

    Raises
    ------
    TimeoutError
        If the scheduler has not responded in time.
    """
    async with asyncio.timeout(CONNECTING):
        identity = await client.rpc(address_of(client)).identity(n_workers=-1)
    workers: dict[str, Any] = identity["workers"]
    return workers


def in_megabytes(n_bytes: float) -> str:
    """Write a number of bytes.

    Examples
    --------
    >>> in_megabytes(2.5e9), in_megabytes(3_210_000), in_megabytes(1)
    ('2,500 MB', '3.2 MB', '0.1 MB')
    """
    megabytes = max(n_bytes / 1e6, 0.1)
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:,.0f} MB"


class Sign(NamedTuple):
    """The last sign of life of a worker."""

    #: The time on the clock of the scheduler.
    sent_at: float
    #: The time on the local clock when it was first seen.
    seen_at: float


class SilentWorkers:
    """Warns of silent workers, which are connected but send no sign of life.

    A worker sends a sign of life to the scheduler every few seconds, even while it computes. Dask
    gives up a silent worker after the time in its setting ``distributed.scheduler.worker-ttl``,
    five minutes by default.
    """

    def __init__(self, client: Client) -> None:
        self.client = client
        #: The last sign of each worker, by its address.
        self._signs: dict[str, Sign] = {}
        self._warned: set[str] = set()

    def look(self) -> None:
        """Check for signs, and warn of each worker that has sent none for `SILENCE` seconds.

        Raises
        ------
        CommClosedError
            If the client has lost the scheduler. Its tasks are then lost, too, but later tasks
            would wait until it gives up, thirty seconds by default.
        """
        from distributed.comm.core import CommClosedError

        if self.client.status != "running":
            raise CommClosedError("the client has lost the scheduler")
        now = time.monotonic()
        for address, worker in workers_of(self.client).items():
            sent_at = worker["last_seen"]
            last = self._signs.get(address)
            if last is None or sent_at != last.sent_at:
                self._signs[address] = Sign(sent_at, seen_at=now)
                self._warned.discard(address)
            elif now - last.seen_at >= SILENCE and address not in self._warned:
                self._warned.add(address)
                problem = f"the worker {address} has sent no sign of life for {SILENCE:.0f} s"
                text = f"{problem}; Dask waits for it for up to {waiting_time()}, or until it ends"
                warnings.warn(text, UserWarning, stacklevel=caller_stacklevel())


def waiting_time() -> str:
    """Return the time after which Dask gives up a silent worker, from this process's settings."""
    from dask import config

    return str(config.get("distributed.scheduler.worker-ttl") or "an unlimited time")

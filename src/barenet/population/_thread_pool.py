"""Thread pool: threads that take networks from a queue, the costliest first."""

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import TypeAlias, TypeVar

import numpy as np

from barenet.engines.jax._device_rows import DeviceRows
from barenet.engines.jax._jax_engine import run_together
from barenet.population._network_run import NetworkRun, SpareEngine, Stop
from barenet.population._population import Population
from barenet.training._loop import IGNORED

T = TypeVar("T")

#: Advances the networks of a population until an epoch, and shows the progress.
Advance: TypeAlias = Callable[[Population, int | None, Callable[[], None]], None]

#: Seconds between two updates of the progress.
PROGRESS_SECONDS = 0.1

#: Maximum number of networks that the JAX engine computes together.
MOST_TOGETHER = 512


def advance_in_threads(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
    """Advance networks until an epoch; Ctrl-C ends all of them at their next chunk."""
    runs = [population.runs[index] for index in population.active]
    n_threads = min(population.make.n_threads, len(runs))
    # The most costly runs come first, so that no thread is left with one of them in the end.
    queue = deque(sorted(runs, key=lambda run: -run.cost))
    stop = population.make.stop
    run_threads(queue, n_threads, lambda run, spare: run.advance(epoch, spare), stop, show)


def advance_together(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
    """Advance networks until an epoch on the JAX engine, one group after the other."""
    groups = deque(similar_runs(population.runs))
    stop = population.make.stop
    run_threads(groups, 1, lambda group, _: advance_group(group, epoch), stop, show)


def similar_runs(runs: Sequence[NetworkRun]) -> list[list[NetworkRun]]:
    """Divide runs into groups whose chunks are computed by the same program on the same data."""
    groups: dict[Hashable, list[NetworkRun]] = {}
    for run in runs:
        rows = run.job.rows
        arrays = (id(rows.X), id(rows.y), id(rows.sample_weight))
        size = min(run.config.batch_size, rows.n_rows)
        key = (run.job.structure, run.arguments["engine"], size, arrays)
        groups.setdefault(key, []).append(run)
    parts: list[list[NetworkRun]] = []
    for group in groups.values():
        starts = range(0, len(group), MOST_TOGETHER)
        parts.extend(group[start : start + MOST_TOGETHER] for start in starts)
    return parts


def advance_group(runs: Sequence[NetworkRun], epoch: int | None) -> None:
    """Advance networks of one group: their chunks together, if the engine takes the steps."""
    active = [run for run in runs if not run.is_ended]
    first = runs[0]
    if getattr(first.job.optimizer, "elementwise", False):
        device_rows = first.device_rows or DeviceRows(first.network.dtype)
        for run in active:
            run.device_rows = device_rows
    with np.errstate(**IGNORED):
        for run in active:
            run.advance(epoch)
        waiting = [run for run in active if run.chunk]
        while waiting:
            error = None
            try:
                run_together([run.chunk for run in waiting if run.chunk], n_places=len(runs))
            except Exception as failure:  # noqa: BLE001  # it is that of each network
                error = failure
            for run in waiting:
                run.advance_chunk(epoch, error)
            waiting = [run for run in waiting if run.chunk]


def run_threads(
    queue: deque[T],
    n_threads: int,
    advance: Callable[[T, SpareEngine], None],
    stop: Stop,
    show: Callable[[], None],
) -> None:
    """Advance the networks of a queue, or groups of them, in threads.

    `advance` gets an item of the queue, and the place for the spare engine of its thread.
    """
    threads: list[Future[None]] = []
    ready = Event()

    def work() -> None:
        ready.wait()
        spare = SpareEngine()
        try:
            while not stop.is_set:
                try:
                    index = queue.popleft()
                except IndexError:  # no network is left
                    return
                advance(index, spare)
        except BaseException:
            stop.is_set = True
            raise
        finally:
            spare.close()

    with ThreadPoolExecutor(n_threads, "barenet") as pool:
        try:
            while len(threads) < n_threads:
                threads.append(pool.submit(work))
            ready.set()
            while wait(threads, PROGRESS_SECONDS).not_done:
                show()
        finally:
            stop.is_set |= not ready.is_set()  # one more thread may have started after Ctrl-C
            ready.set()
            while not all(thread.done() for thread in threads):
                stop.is_set = True
                with suppress(KeyboardInterrupt):  # all threads release their networks
                    wait(threads)  # an interrupted join would take its thread for ended
    for thread in threads:
        thread.result()

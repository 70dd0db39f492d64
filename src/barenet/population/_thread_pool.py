"""Thread pool: threads that take networks from a queue, the costliest first."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import TypeAlias

from barenet.engines.jax._joint_calls import JointCalls
from barenet.population._network_run import NetworkRun, Stop
from barenet.population._population import Population
from barenet.population._spare_engine import SpareEngine

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


def advance_together() -> Advance:
    """Return a function that advances networks on the JAX engine, similar ones together.

    Each network has a thread of its own, which mostly waits for the others.
    """
    joint_calls = JointCalls()

    def advance_one(run: NetworkRun, epoch: int | None) -> None:
        with joint_calls.joined():
            run.advance(epoch)

    def advance(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
        count_similar(population, joint_calls)
        stop = population.make.stop
        runs = [population.runs[index] for index in population.active]
        runs.sort(key=lambda run: repr(run.job.structure))
        for first in range(0, len(runs), MOST_TOGETHER):
            if stop.is_set:
                return
            queue = deque(runs[first : first + MOST_TOGETHER])
            for run in queue:
                run.joint_calls = joint_calls
            n_threads = len(queue)
            joint_calls.begin(n_threads)
            run_threads(
                queue,
                n_threads,
                lambda run, _: advance_one(run, epoch),
                stop,
                show,
                left_out=joint_calls.leave,
            )

    return advance


def count_similar(population: Population, joint_calls: JointCalls) -> None:
    """Set the number of places of a program: that of all similar networks, also of ended ones."""
    joint_calls.widths.clear()
    for run in population.runs:
        joint_calls.widths[run.job.structure] += 1
    for structure, width in joint_calls.widths.items():
        joint_calls.widths[structure] = min(width, MOST_TOGETHER)


def run_threads(
    queue: deque[NetworkRun],
    n_threads: int,
    advance: Callable[[NetworkRun, SpareEngine], None],
    stop: Stop,
    show: Callable[[], None],
    *,
    left_out: Callable[[], None] | None = None,
) -> None:
    """Advance the networks of a queue in threads; `left_out` is called for those left by a stop.

    `advance` gets a network, and the place for the spare engine of its thread.
    """
    threads: list[Future[None]] = []
    ready = Event()

    def work() -> None:
        ready.wait()
        spare = SpareEngine()
        try:
            while not stop.is_set:
                advance(queue.popleft(), spare)
            while left_out is not None:
                queue.popleft()
                left_out()
        except IndexError:  # no network is left; each network keeps its own errors
            return
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

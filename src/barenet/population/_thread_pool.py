"""Thread pool: threads that take networks from a queue, the costliest first."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from threading import Event
from typing import TypeAlias

from barenet.population._population import Population

#: Advances the networks of a population until an epoch, and shows the progress.
Advance: TypeAlias = Callable[[Population, int | None, Callable[[], None]], None]

#: Seconds between two updates of the progress.
PROGRESS_SECONDS = 0.1


def advance_in_threads(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
    """Advance networks until an epoch; Ctrl-C ends all of them at their next chunk."""
    runs = [population.runs[index] for index in population.active]
    stop = population.make.stop
    n_threads = min(population.make.n_threads, len(runs))
    # The most costly runs come first, so that no thread is left with one of them in the end.
    queue = deque(sorted(runs, key=lambda run: -run.cost))

    threads: list[Future[None]] = []
    ready = Event()

    def work() -> None:
        ready.wait()
        try:
            while not stop.is_set:
                queue.popleft().advance(epoch)
        except IndexError:  # no network is left; each network keeps its own errors
            return
        except BaseException:
            stop.is_set = True
            raise

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

"""Workers: threads that take whole networks from a queue, the costliest first."""

from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait

from barenet.population._population import Population

#: Seconds between two looks at the progress.
INTERVAL = 0.1


def advance_all(population: Population, epoch: int | None, show: Callable[[], None]) -> None:
    """Advance networks until an epoch; Ctrl-C ends all of them at their next chunk."""
    runs, stop = [population.runs[i] for i in population.active], population.make.stop
    n_threads = min(population.make.n_threads, len(runs))
    queue = deque(sorted(runs, key=lambda each: -each.cost))

    def work() -> None:
        while queue and not stop.is_set:
            try:
                each = queue.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                each.advance(epoch)
            except BaseException:
                stop.is_set = True
                raise

    with ThreadPoolExecutor(n_threads, "barenet") as pool:
        try:
            threads = [pool.submit(work) for _ in range(n_threads)]
            while wait(threads, INTERVAL).not_done:
                show()
        except BaseException:
            stop.is_set = True
            raise
    for thread in threads:
        thread.result()

"""Workers: threads that take whole networks from a queue, the costliest first."""

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from barenet.population._member import Member
from barenet.training._callbacks import Callback, Run

#: Seconds between two looks at the progress.
INTERVAL = 0.1


class Stop(Callback):
    """Ends the runs of all networks, to be resumed later, once it is set."""

    history_only = True

    def __init__(self) -> None:
        self.is_set = False

    def on_chunk(self, run: Run) -> None:
        if self.is_set:
            run.stop("interrupted", resumable=True)


def advance_all(
    members: Sequence[Member],
    epoch: int | None,
    n_threads: int,
    stop: Stop,
    show: Callable[[], None],
) -> None:
    """Advance networks until an epoch; Ctrl-C ends all of them at their next chunk."""
    queue = deque(sorted(members, key=lambda member: -member.cost))

    def work() -> None:
        while queue and not stop.is_set:
            try:
                member = queue.popleft()
            except IndexError:  # another thread took the last one
                return
            try:
                member.advance(epoch)
            except BaseException:
                stop.is_set = True
                raise

    with ThreadPoolExecutor(n_threads, "barenet") as pool:
        try:
            threads = [pool.submit(work) for _ in range(min(n_threads, len(members)))]
            while wait(threads, INTERVAL).not_done:
                show()
        except BaseException:
            stop.is_set = True
            raise
    for thread in threads:
        thread.result()

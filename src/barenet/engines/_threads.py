"""Threads: the number of threads, the helper threads of kernels, and the threads of BLAS."""

import contextlib
import functools
import importlib
import math
import os
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from barenet._constraints import check_count
from barenet._messages import brief

#: Minimum number of multiplications in a step for a second thread to save time.
WORTHWHILE = 800_000
#: Number of multiplications that take as long as starting one more thread for a call.
START = 3_000_000

#: Held by the thread that has limited NumPy's BLAS, until it has set its threads back.
NUMPY_LIMITED = threading.Lock()


def worth_starting(in_step: float, in_call: float) -> int:
    """Compute how many threads save time, from the multiplications in a step and in a whole call.

    A call with k threads takes about in_call / k + START · k, which is least at k = √(in_call /
    START).
    """
    return 1 if in_step < WORTHWHILE else max(1, int(math.sqrt(in_call / START)))


def choose_threads(requested: int | None, worth: int) -> int:
    """Choose the number of threads: the requested one, or else as many as save time."""
    requested = _or_environment(requested)
    if requested == 1 or (requested is None and worth == 1):
        return 1
    numba: Any = importlib.import_module("numba")
    most = min(allowed_cores(), numba.config.NUMBA_NUM_THREADS)  # loky sets it in its workers
    if requested is None:
        return min(most, fair_share(), worth)
    return min(most, check_count(requested, "threads"))


def available_threads(requested: int | None) -> int:
    """Return the number of threads for independent work."""
    requested = _or_environment(requested)
    if requested is not None:
        return check_count(requested, "threads")
    return min(allowed_cores(), fair_share())


def allowed_cores() -> int:
    """Count the cores that this process may use: by its affinity, and by its control group."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = os.cpu_count() or 1 if affinity is None else len(affinity(0))
    return max(1, min(cores, _quota()))


def fair_share() -> int:
    """Return a number of threads that respects other processes and limits.

    A worker of joblib gets one thread, so that there are no more threads than cores, unless loky
    has set a number for its workers. A limit on BLAS or OpenMP, set by threadpoolctl or in the
    environment, also applies to the kernels, which replace BLAS here.
    """
    if _is_a_worker():
        return 1
    limits = [count for count in _limits() if count]
    return min(limits, default=sys.maxsize)


class _Helpers:
    """Helper threads, and the queue of calls that wait until one of them is free."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.count = 0

    def call(self, function: Callable[[], object], count: int) -> None:
        """Have some threads call a function, each as soon as it is free."""
        while self.count < count:
            threading.Thread(target=self.work, daemon=True).start()
            self.count += 1
        for _ in range(count):
            self.calls.put(function)

    def work(self) -> None:
        """Run the calls in the queue, one after the other."""
        while True:
            function = self.calls.get()
            function()
            del function  # frees everything that it refers to


@functools.cache
def helpers() -> _Helpers:
    """Return the helper threads of this process; after a fork, the child starts its own."""
    return _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=helpers.cache_clear)


def _is_a_worker() -> bool:
    """Return whether this is a worker of joblib whose number of threads is not set."""
    joblib = sys.modules.get("joblib")
    if joblib is None:
        return False
    backend, _ = joblib.parallel.get_active_backend()
    if not backend.nesting_level:
        return False
    from multiprocessing import current_process

    is_worker_of_loky = current_process().name.startswith("LokyProcess")
    return not (is_worker_of_loky and backend.nesting_level == 1)


def _limits() -> list[int]:
    """List the numbers of threads of BLAS and OpenMP, if loaded, and those in the environment."""
    largest: dict[str, int] = {}  # the largest BLAS pool, and the largest OpenMP pool
    for pool in _pools().lib_controllers:
        n_threads = pool.num_threads or 0
        largest[pool.user_api] = max(n_threads, largest.get(pool.user_api, 0))
    limits = list(largest.values())
    for name in ("OMP_NUM_THREADS", "NUMBA_NUM_THREADS"):
        text = os.environ.get(name, "").split(",")[0]
        if text.isdecimal():
            limits.append(int(text))
    return limits


@functools.cache
def _pools() -> Any:
    """Find the thread pools once, as a search takes milliseconds."""
    return importlib.import_module("threadpoolctl").ThreadpoolController()


@contextlib.contextmanager
def numpy_on_one_thread() -> Iterator[None]:
    """Limit NumPy's BLAS to one thread, for many small products in threads of the caller.

    A product of matrices may have other bits on several threads. A second call waits until the
    first one has set the number of threads back.

    Examples
    --------
    >>> with numpy_on_one_thread():
    ...     pass
    """
    if sys.platform == "emscripten":  # a browser has one thread, and no threadpoolctl
        yield
        return
    with NUMPY_LIMITED, _pools().limit(limits=1, user_api="blas"):
        yield


def _or_environment(requested: int | None) -> int | None:
    """Return the requested number of threads, from an argument or the environment."""
    if requested is not None:
        return requested
    text = os.environ.get("BARENET_THREADS")
    if not text:
        return None
    with contextlib.suppress(ValueError):  # int refuses thousands of digits
        if text.isdecimal() and int(text) >= 1:
            return int(text)
    raise ValueError(f"BARENET_THREADS: expected a whole number of 1 or more, got {brief(text)}")


@functools.cache
def _quota() -> int:
    """Return the number of cores that the control group allows, rounded up."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return os.cpu_count() or 1

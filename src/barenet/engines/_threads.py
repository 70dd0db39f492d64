"""Threads: their number, those that help the callers of kernels, and those of BLAS."""

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
from barenet.errors import brief

#: Multiplications in a step from which on a second thread can save more time than it costs.
WORTHWHILE = 800_000
#: Multiplications that take as long as it takes to start one more thread for a call.
START = 3_000_000

#: Held by the thread that has limited SciPy's BLAS, as OpenBLAS may not let another one reset it.
LIMITED = threading.Lock()


def worth_starting(in_step: float, in_call: float) -> int:
    """Number of threads that save time, by the multiplications in a step and in a whole call.

    A call takes about in_call / k + START · k with k threads, least with k = √(in_call / START).
    """
    if in_step < WORTHWHILE:
        return 1
    return max(1, int(math.sqrt(in_call / START)))


def choose_threads(requested: int | None, worth: int) -> int:
    """Choose a number of threads: as many as are requested, or else as are worth starting."""
    requested = _or_environment(requested)
    if requested == 1 or (requested is None and worth == 1):
        return 1
    numba: Any = importlib.import_module("numba")
    most = min(allowed_cores(), numba.config.NUMBA_NUM_THREADS)  # loky sets it in its workers
    if requested is None:
        return min(most, fair_share(), worth)
    return min(most, check_count(requested, "threads"))


def available_threads(requested: int | None) -> int:
    """Number of threads for work that does not share anything."""
    requested = _or_environment(requested)
    if requested is not None:
        return check_count(requested, "threads")
    return min(allowed_cores(), fair_share())


def allowed_cores() -> int:
    """Count the cores that this process may use: by its affinity, and by its control group."""
    affinity = getattr(os, "sched_getaffinity", None)
    if affinity is None:
        cores = os.cpu_count() or 1
    else:
        cores = len(affinity(0))
    return max(1, min(cores, _quota()))


def fair_share() -> int:
    """Number of threads that respects other processes and limits.

    A worker of joblib has one thread, so that there are no more threads than cores; but loky sets
    the number for its workers. A limit of BLAS or OpenMP by threadpoolctl or by the environment
    applies to the kernels, too, which replace BLAS here.
    """
    if _is_a_worker():
        return 1
    limits = [count for count in _limits() if count]
    return min(limits, default=sys.maxsize)


class _Helpers:
    """Threads that help others, and the calls that wait until one of them is free."""

    def __init__(self) -> None:
        self.calls: SimpleQueue[Callable[[], object]] = SimpleQueue()
        self.count = 0

    def call(self, function: Callable[[], object], count: int) -> None:
        """Let some threads call a function, each as soon as it is free."""
        while self.count < count:
            threading.Thread(target=self.work, daemon=True).start()
            self.count += 1
        for _ in range(count):
            self.calls.put(function)

    def work(self) -> None:
        """Take one call after the other."""
        while True:
            function = self.calls.get()
            function()
            del function  # with all that it refers to, while this thread waits


@functools.cache
def helpers() -> _Helpers:
    """The helping threads of this process; a fork's child has none, and starts its own."""
    return _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=helpers.cache_clear)


def _is_a_worker() -> bool:
    """Whether this is a worker of joblib whose number of threads is not set."""
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
    """Numbers of threads of BLAS and OpenMP, if they are loaded, and those of the environment."""
    largest: dict[str, int] = {}  # of the pools for BLAS, and of those for OpenMP
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
    """The thread pools; a search for them takes milliseconds."""
    return importlib.import_module("threadpoolctl").ThreadpoolController()


@contextlib.contextmanager
def scipy_on_one_thread() -> Iterator[None]:
    """Limit SciPy's own BLAS to one thread while L-BFGS runs; NumPy's is unchanged.

    L-BFGS solves systems of about 20 equations many times per iteration; starting all BLAS threads
    for each takes longer than solving it. Besides, sums over the parameters then have the same bits
    on any number of cores.

    Examples
    --------
    >>> with scipy_on_one_thread():
    ...     pass
    """
    if not LIMITED.acquire(blocking=False):
        yield
        return
    try:
        with scipy_pools().limit(limits=1):
            yield
    finally:
        LIMITED.release()


@functools.cache
def scipy_pools() -> Any:
    """The BLAS that only SciPy uses; none if it shares NumPy's or the system's."""
    import scipy.optimize  # loads it
    from threadpoolctl import ThreadpoolController

    package = Path(scipy.__file__).resolve().parent
    pools = ThreadpoolController()
    folders = {package, package.with_name("scipy.libs")}  # in wheels
    files = []
    for pool in pools.info():
        file = pool["filepath"]
        if folders.intersection(Path(file).parents):
            files.append(file)
    return pools.select(filepath=files)


def _or_environment(requested: int | None) -> int | None:
    """The number of threads that is requested, by an argument or by the environment."""
    text = os.environ.get("BARENET_THREADS")
    if requested is not None or not text:
        return requested
    with contextlib.suppress(ValueError):  # of a number with thousands of digits
        if text.isdecimal() and int(text) >= 1:
            return int(text)
    raise ValueError(f"BARENET_THREADS: expected a whole number of 1 or more, got {brief(text)}")


@functools.cache
def _quota() -> int:
    """Cores that the control group allows, rounded up."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return os.cpu_count() or 1

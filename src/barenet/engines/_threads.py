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
    return max(1, int(math.sqrt(in_call / START))) if in_step >= WORTHWHILE else 1


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
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota()))


def fair_share() -> int:
    """Number of threads that respects other processes and limits.

    A worker of joblib has one thread, so that there are no more threads than cores; but loky sets
    the number for its workers. A limit of BLAS or OpenMP by threadpoolctl or by the environment
    applies to the kernels, too, which replace BLAS here.
    """
    limits = [1] if _is_a_worker() else [count for count in _limits() if count]
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
            self.calls.get()()


@functools.cache
def helpers() -> _Helpers:
    """The helping threads of this process; a fork's child has none, and starts its own."""
    return _Helpers()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=helpers.cache_clear)


def _is_a_worker() -> bool:
    """Whether this is a worker of joblib whose number of threads is not set."""
    joblib = sys.modules.get("joblib")
    level = joblib.parallel.get_active_backend()[0].nesting_level if joblib else 0
    if not level:
        return False
    from multiprocessing import current_process

    return not (current_process().name.startswith("LokyProcess") and level == 1)


def _limits() -> list[int]:
    """Numbers of threads of BLAS and OpenMP, if they are loaded, and those of the environment."""
    kinds: dict[str, int] = {}
    for pool in _pools().lib_controllers:
        kinds[pool.user_api] = max(pool.num_threads or 0, kinds.get(pool.user_api, 0))
    texts = [os.environ.get(f"{name}_NUM_THREADS", "").split(",")[0] for name in ("OMP", "NUMBA")]
    return [*kinds.values(), *(int(text) for text in texts if text.isdecimal())]


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

    package, pools = Path(scipy.__file__).resolve().parent, ThreadpoolController()
    folders = {package, package.with_name("scipy.libs")}  # in wheels
    files = [pool["filepath"] for pool in pools.info()]
    return pools.select(filepath=[file for file in files if folders & {*Path(file).parents}])


def _or_environment(requested: int | None) -> int | None:
    """The number of threads that is requested, by an argument or by the environment."""
    text = os.environ.get("BARENET_THREADS")
    if requested is not None or not text:
        return requested
    with contextlib.suppress(ValueError):
        if text.isdecimal() and (count := int(text)) >= 1:
            return count
    raise ValueError(f"BARENET_THREADS: expected a whole number of 1 or more, got {brief(text)}")


@functools.cache
def _quota() -> int:
    """Cores that the control group allows, rounded up."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return os.cpu_count() or 1

"""Threads: how many there may be, and the library that shares the work among them.

TBB is the one that Numba can use from several Python threads at once and after a fork. Its wheel
puts the library where Numba does not look, so it is loaded by its path first.
"""

from __future__ import annotations

import contextlib
import ctypes
import functools
import importlib
import math
import multiprocessing
import os
import sys
from pathlib import Path
from typing import Any

from barenet.constraints import check_count
from barenet.errors import brief

__all__ = [
    "allowed_cores",
    "choose_threads",
    "fair_share",
    "load_tbb",
    "pool_size",
    "shares_by_tbb",
]

#: Multiplications in a step from which on a second thread pays for the waiting at its two ends.
WORTHWHILE = 400_000


def choose_threads(asked: int | None, multiplications: float) -> int:
    """Choose a number of threads."""
    if asked is None and os.environ.get("BARENET_THREADS"):
        asked = _from_environment(os.environ["BARENET_THREADS"])
    most = min(allowed_cores(), pool_size()) if load_tbb() and shares_by_tbb() else 1
    if asked is not None:
        return min(check_count(asked, "threads"), most)
    return min(most, fair_share()) if multiplications >= WORTHWHILE else 1


def allowed_cores() -> int:
    """Count the cores that this process may use: by its affinity, and by its control group."""
    affinity = getattr(os, "sched_getaffinity", None)
    cores = len(affinity(0)) if affinity else os.cpu_count() or 1
    return max(1, min(cores, _quota()))


def pool_size() -> int:
    """Size of Numba's thread pool: ``NUMBA_NUM_THREADS``, which loky sets in its workers."""
    numba: Any = importlib.import_module("numba")
    return int(numba.config.NUMBA_NUM_THREADS)


def fair_share() -> int:
    """Tell how many threads are left where others work at the same time, or a limit is set.

    A worker of joblib has one, so that workers times threads are no more than the cores; but loky
    has told its workers how many they may use. Where threadpoolctl, or the environment, limits
    BLAS or OpenMP, the kernels that are here in their place are limited as well.
    """
    limits = [1] if _is_a_worker() else [count for count in _limits() if count]
    return min(limits, default=sys.maxsize)


def shares_by_tbb() -> bool:
    """Tell if Numba shares work by TBB in this process, or will when it first does.

    Another library, or the environment, may have chosen another way: OpenMP ends a process that
    forks, and Numba's own pool one that enters it from two threads.
    """
    numba: Any = importlib.import_module("numba")
    try:
        return bool(numba.threading_layer() == "tbb")
    except ValueError:  # nothing has been shared yet
        return numba.config.THREADING_LAYER in ("default", "safe", "tbb")


@functools.cache
def load_tbb() -> bool:
    """Load TBB where its wheel has put it."""
    from importlib import metadata

    try:
        files = metadata.files("tbb") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name in ("libtbb.so.12", "tbb12.dll", "libtbb.12.dylib"):
            ctypes.CDLL(str(Path(str(file.locate())).resolve()), mode=ctypes.RTLD_GLOBAL)
    try:
        importlib.import_module("numba.np.ufunc.tbbpool")
    except ImportError:
        return False
    return True


def _is_a_worker() -> bool:
    """Whether joblib has called this, in a worker that was not told how many threads it has."""
    joblib = sys.modules.get("joblib")
    level = joblib.parallel.get_active_backend()[0].nesting_level if joblib else 0
    told = multiprocessing.current_process().name.startswith("LokyProcess")
    return bool(level) and not (told and level == 1)


def _limits() -> list[int]:
    """The threads that BLAS and OpenMP have, of those that are loaded."""
    if "threadpoolctl" not in sys.modules:  # then nobody can have asked it for a limit
        return []
    kinds: dict[str, int] = {}
    for pool in _pools().info():
        kinds[pool["user_api"]] = max(pool["num_threads"] or 0, kinds.get(pool["user_api"], 0))
    return list(kinds.values())


@functools.cache
def _pools() -> Any:
    """The pools of threads; to find them takes milliseconds."""
    return importlib.import_module("threadpoolctl").ThreadpoolController()


def _from_environment(text: str) -> int:
    with contextlib.suppress(ValueError):
        if text.isdecimal() and (count := int(text)) >= 1:
            return count
    raise ValueError(f"BARENET_THREADS: expected a whole number of 1 or more, got {brief(text)}")


def _quota() -> int:
    """Cores that the control group grants, rounded up."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return math.ceil(int(quota) / int(period))
    except (OSError, ValueError):
        return os.cpu_count() or 1

"""Threads: how many a process may use is said in its environment, before it imports anything."""

import os

__all__ = ["environment", "n_cores"]

#: What tells NumPy, PyTorch and JAX to use one thread.
ONE_THREAD = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NPROC": "1",  # the size of XLA's pool
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false",
}


def environment(threads: str) -> dict[str, str]:
    """The environment of a process that uses "one" thread, or as many as its libraries choose."""
    settings = (*ONE_THREAD, "BARENET_THREADS", "OPENBLAS_CORETYPE")
    rest = {key: value for key, value in os.environ.items() if key not in settings}
    return {**rest, **(ONE_THREAD if threads == "one" else {})}


def n_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1

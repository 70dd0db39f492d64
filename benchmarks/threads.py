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


#: What hides GPUs from PyTorch and JAX.
NO_GPU = {"CUDA_VISIBLE_DEVICES": "", "JAX_PLATFORMS": "cpu"}


def environment(threads: str, *, on_device: bool = False) -> dict[str, str]:
    """The environment of a process that uses "one" thread, or as many as its libraries choose.

    A process on a device sees the GPUs; the others compute on the processor, as they are compared
    there.
    """
    settings = (*ONE_THREAD, "BARENET_THREADS", "OPENBLAS_CORETYPE")
    variables = {key: value for key, value in os.environ.items() if key not in settings}
    if threads == "one":
        variables |= ONE_THREAD
    if not on_device:
        variables |= NO_GPU
    return variables


def n_cores() -> int:
    """Cores that this process may use."""
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1

"""Kernels of the compiled engine: where they are kept, and all of them built ahead of their need.

What is built ahead, as when an image of a machine is made, nobody has to wait for later.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from barenet.cli.console import progress_bar
from barenet.errors import BarenetError

__all__ = ["WHERE_TO_KEEP", "build_kernels", "kernel_folder"]

#: What helps where no folder can be written to.
WHERE_TO_KEEP = "set NUMBA_CACHE_DIR to a folder that can be written to"


def kernel_folder() -> str | None:
    """Say where kernels are kept."""
    from barenet.engines.kernels.dense import multiply

    statistics = getattr(multiply.dispatcher, "stats", None)  # none where Numba is switched off
    return statistics.cache_path if statistics else None


def build_kernels() -> dict[str, Any]:
    """Build every kernel that is not kept yet, and what runs them, with a bar on a terminal."""
    folder, start = kernel_folder(), time.perf_counter()
    if folder is None:
        raise BarenetError(f"there is no folder to keep kernels in; {WHERE_TO_KEEP}")
    builders, built, files = _every_builder(), _count_built(), _count_files(folder)
    # One thread and two are two programs, which are compiled as they are first run.
    runs: list[Callable[[], Any]] = [
        functools.partial(_train_one_neuron, threads) for threads in (1, 2)
    ]
    for do in progress_bar([*builders, *runs], "kernels"):
        do()
    built = _count_built() - built
    if _count_files(folder) - files < built:
        raise BarenetError(f"{folder} has not kept the kernels that were built: is the disk full?")
    return {
        "kernels": len(builders),
        "built": built,
        "seconds": round(time.perf_counter() - start, 3),
        "folder": folder,
    }


def _every_builder() -> list[Callable[[], int]]:
    import barenet.engines.compiled.kernel_program  # noqa: F401  # imports every module with kernels
    from barenet.engines.kernels.kernel import every_kernel
    from barenet.engines.simd.views import kernel_spec

    specs = [kernel_spec(np.dtype(name)) for name in ("float32", "float64")]
    return [build for spec in specs for build in every_kernel(spec)]


def _count_built() -> int:
    """Count the kernels that this process has looked for on disk in vain."""
    from barenet.engines.kernels.kernel import KERNELS

    return sum(sum(kernel.dispatcher.stats.cache_misses.values()) for kernel in KERNELS)


def _count_files(folder: str) -> int:
    return sum(1 for _ in Path(folder).glob("*.nbc"))


def _train_one_neuron(threads: int) -> None:
    from barenet import Network, train

    network = Network.dense([1, 1])
    train(network, [[1.0]], [1.0], epochs=1, engine="compiled", threads=threads)

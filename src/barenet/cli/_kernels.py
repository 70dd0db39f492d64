"""Building all kernels of the compiled engine in advance, such as for an image of a machine."""

import functools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from barenet.cli._console import progress_bar
from barenet.errors import BarenetError

CACHE_ADVICE = "set NUMBA_CACHE_DIR to a folder that can be written to"


def kernel_folder() -> str | None:
    """The folder of the cached kernels."""
    from barenet.engines.kernels._dense import multiply

    statistics = getattr(multiply.dispatcher, "stats", None)  # none where Numba is switched off
    return statistics.cache_path if statistics else None


def build_kernels() -> dict[str, Any]:
    """Build every kernel that is not cached yet, with a progress bar on a terminal."""
    folder, start = kernel_folder(), time.perf_counter()
    if folder is None:
        raise BarenetError(f"there is no folder to keep kernels in; {CACHE_ADVICE}")
    builders, built, files = _builders(), _count_built(), len([*Path(folder).glob("*.nbc")])
    # One thread and two have programs of their own, which are compiled when they first run.
    runs: list[Callable[[], Any]] = [functools.partial(_train_one_neuron, n) for n in (1, 2)]
    for build in progress_bar([*builders, *runs], "kernels"):
        build()
    built = _count_built() - built
    if len([*Path(folder).glob("*.nbc")]) - files < built:
        raise BarenetError(f"{folder} has not kept the kernels that were built: is the disk full?")
    return {
        "kernels": len(builders),
        "built": built,
        "seconds": round(time.perf_counter() - start, 3),
        "folder": folder,
    }


def _builders() -> list[Callable[[], int]]:
    import barenet.engines.compiled._kernel_program  # noqa: F401  # imports every module with kernels
    from barenet.engines.kernels._kernel import every_kernel
    from barenet.engines.simd._views import kernel_spec

    specs = [kernel_spec(np.dtype(name)) for name in ("float32", "float64")]
    return [build for spec in specs for build in every_kernel(spec)]


def _count_built() -> int:
    """Count the kernels that this process has not found in the cache."""
    from barenet.engines.kernels._kernel import KERNELS

    return sum(sum(kernel.dispatcher.stats.cache_misses.values()) for kernel in KERNELS)


def _train_one_neuron(threads: int) -> None:
    from barenet import Network, train

    network = Network.dense([1, 1])
    train(network, [[1.0]], [1.0], epochs=1, engine="compiled", threads=threads)

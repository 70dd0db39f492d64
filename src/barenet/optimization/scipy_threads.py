"""SciPy's threads: one, while L-BFGS runs.

It solves systems of some 20 equations, many times an iteration, and SciPy's BLAS wakes all of its
threads for each: that takes longer than the work, and much longer where the cores are busy. And
sums over many parameters have the same bits on any number of cores.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Held by who has set a limit, and is to lift it: OpenBLAS may not let another thread do so.
LIMITED = threading.Lock()


@contextmanager
def scipy_on_one_thread() -> Iterator[None]:
    """Let the BLAS that came with SciPy use one thread; NumPy's own keeps what it has.

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
    """The BLAS that only SciPy uses: none where it shares NumPy's, or the system's."""
    import scipy.optimize  # loads it
    from threadpoolctl import ThreadpoolController

    package, pools = Path(scipy.__file__).resolve().parent, ThreadpoolController()
    folders = {package, package.with_name("scipy.libs")}  # where wheels have it
    files = [pool["filepath"] for pool in pools.info()]
    return pools.select(filepath=[file for file in files if folders & {*Path(file).parents}])

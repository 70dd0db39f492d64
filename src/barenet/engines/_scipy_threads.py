"""SciPy's BLAS threads: one while L-BFGS runs.

L-BFGS solves systems of about 20 equations many times per iteration; starting all BLAS threads for
each takes longer than solving it. Besides, sums over the parameters then have the same bits on any
number of cores.
"""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: Held by the thread that has set the limit, as OpenBLAS may not let another thread reset it.
LIMITED = threading.Lock()


@contextmanager
def scipy_on_one_thread() -> Iterator[None]:
    """Limit SciPy's own BLAS to one thread; NumPy's is unchanged.

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

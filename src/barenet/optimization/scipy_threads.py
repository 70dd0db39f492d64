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

__all__ = ["scipy_on_one_thread"]

LOCK = threading.Lock()
#: For each who works at this moment: how many threads each library had before.
BEFORE: list[list[int]] = []


@contextmanager
def scipy_on_one_thread() -> Iterator[None]:
    """Let the BLAS that came with SciPy use one thread; NumPy's own keeps what it has.

    Yields
    ------
    None
        While it does. The last one to leave, of several Python threads, gives back what was.

    Examples
    --------
    >>> with scipy_on_one_thread():
    ...     pass
    """
    libraries = scipy_libraries()
    with LOCK:
        BEFORE.append(BEFORE[0] if BEFORE else [each.num_threads for each in libraries])
        for library in libraries:
            library.set_num_threads(1)
    try:
        yield
    finally:
        with LOCK:
            before = BEFORE.pop()
            for library, count in zip(libraries, before, strict=True):
                library.set_num_threads(1 if BEFORE else count)


@functools.cache
def scipy_libraries() -> list[Any]:
    """The BLAS that only SciPy uses: none where it shares NumPy's, or the system's.

    Returns
    -------
    list of threadpoolctl.LibController
        They tell and set the number of threads.
    """
    import scipy.optimize  # loads it
    from threadpoolctl import ThreadpoolController

    package = Path(scipy.__file__).resolve().parent
    folders = (package, package.with_name("scipy.libs"))  # where wheels have it
    libraries = ThreadpoolController().lib_controllers
    return [each for each in libraries if {*folders} & {*Path(each.filepath).parents}]

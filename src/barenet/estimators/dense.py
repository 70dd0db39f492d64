"""Dense: sparse matrices as arrays, if there is the memory for them.

A network multiplies with every feature of a row, so an engine takes rows that are whole. What is
mostly zeros may be thousands of times larger then, and a system may grant memory that it has not
got, and end the process when it is used. So it is looked at before.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

__all__ = ["as_dense", "free_memory"]


def as_dense(array: Any, argument: str) -> NDArray[Any]:
    """Turn a sparse matrix into an array.

    Examples
    --------
    >>> import scipy.sparse
    >>> as_dense(scipy.sparse.csr_array([[0, 2]]), "X")
    array([[0, 2]])
    """
    if not hasattr(array, "toarray"):
        return array
    size, free = array.dtype.itemsize * array.shape[0] * array.shape[1], free_memory()
    if free is not None and size > free:
        shape = " × ".join(f"{count:,}" for count in array.shape)
        raise ValueError(
            f"{argument}: this sparse matrix of {shape} takes {_shown(size)} when it is dense, and "
            f"{_shown(free)} of memory are free; take float32, fewer features "
            "(TruncatedSVD, SelectKBest), or some rows at a time by partial_fit"
        )
    return array.toarray()


def free_memory() -> int | None:
    """Tell how much memory is free, by the system and by the control group."""
    limits = [limit for limit in (_free_of_system(), _free_of_group()) if limit is not None]
    return min(limits, default=None)


def _free_of_system() -> int | None:
    told = re.search(r"^MemAvailable:\s+(\d+) kB", _read("/proc/meminfo"), re.MULTILINE)
    if told:
        return 1024 * int(told[1])
    try:  # else what there is at all
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def _free_of_group() -> int | None:
    most, used = _read("/sys/fs/cgroup/memory.max"), _read("/sys/fs/cgroup/memory.current")
    if not (most.strip().isdecimal() and used.strip().isdecimal()):
        return None
    told = re.search(r"^inactive_file (\d+)$", _read("/sys/fs/cgroup/memory.stat"), re.MULTILINE)
    cached = int(told[1]) if told else 0  # pages of files, that are given up when needed
    return max(0, int(most) - int(used) + cached)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _shown(size: int) -> str:
    return f"{size / 2**30:,.1f} GiB" if size >= 2**30 else f"{size / 2**20:,.1f} MiB"

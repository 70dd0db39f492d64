"""Entry: the kernels that Python calls, compiled once for a machine and kept on disk.

Numba notices a change of the file that a kernel stands in, and not of those that it calls. So the
kept ones are stamped with all files of this folder; and where no folder can be written to, they are
compiled anew in each process.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

__all__ = ["entry"]


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile a function when it is first called, without the GIL, and keep the result."""
    kernel: Any = numba.njit(nogil=True, error_model="numpy")(function)
    try:
        kernel.enable_caching()
    except RuntimeError:  # no folder for it
        return kernel
    kernel._cache._cache_file._source_stamp = _stamp()
    return kernel


def _stamp() -> str:
    """A fingerprint of all kernels, and of what compiles them."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sources:
        digest.update(source.read_bytes())
    return digest.hexdigest()

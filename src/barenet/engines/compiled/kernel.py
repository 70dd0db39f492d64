"""Kernel: a function of the engine in machine code, built when it is first needed, kept on disk.

Kernels are called by their addresses, so each is compiled once, by itself, and a network's program
is a list of them. Numba notices a change of the file that a function stands in, and not of those
that it calls: what is kept is stamped with all files of this folder. Where no folder can be
written to, kernels are compiled anew in each process.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba import types

from barenet.engines.compiled.records import STEP
from barenet.engines.compiled.simd import Kind

OPTIONS = {"nogil": True, "error_model": "numpy", "no_cpython_wrapper": True,
           "no_cfunc_wrapper": True}  # fmt: skip

INLINE = {**OPTIONS, "forceinline": True}


class Kernel:
    """A function of (kind, step, operands, start, stop), for the units from start to stop.

    Parameters
    ----------
    function : callable
        To be compiled.
    operands : numpy.dtype
        The record that it reads, besides `STEP`.
    """

    def __init__(self, function: Callable[..., None], operands: np.dtype[Any]) -> None:
        self.dispatcher = cached(numba.njit(**OPTIONS)(function))
        self.records = (numba.from_dtype(STEP), numba.from_dtype(operands))

    def address(self, kind: Kind) -> int:
        """Build the kernel for a kind, or find it, and say where it is."""
        signature = (kind, *self.records, types.intp, types.intp)
        self.dispatcher.compile(signature)
        built = self.dispatcher.overloads[signature]
        return int(built.library.get_pointer_to_function(built.fndesc.llvm_func_name))


def kernel(operands: np.dtype[Any]) -> Callable[[Callable[..., None]], Kernel]:
    """Make a kernel of a function."""
    return functools.partial(Kernel, operands=operands)


def entry(function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function that Python calls, compiled when it first does."""
    return cached(numba.njit(nogil=True, error_model="numpy")(function))


def cached(dispatcher: Any) -> Any:
    """Keep on disk what a dispatcher compiles, if there is a folder for it."""
    try:
        dispatcher.enable_caching()
    except RuntimeError:
        return dispatcher
    dispatcher._cache._cache_file._source_stamp = _stamp()
    return dispatcher


@functools.cache
def _stamp() -> str:
    """A fingerprint of all kernels, and of what compiles them."""
    digest = hashlib.sha256(numba.__version__.encode())
    for source in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(source.read_bytes())
    return digest.hexdigest()

"""Kernel: a function of the engine in machine code, built when it is first needed, kept on disk.

Kernels are called by their addresses, so each is compiled once, by itself, and a network's program
is a list of them.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numba
import numpy as np
from numba import types

from barenet.engines.kept import keep
from barenet.engines.kernels.records import LAYER, STEP
from barenet.engines.simd.calls import INLINE, OPTIONS, address_of, by_type
from barenet.engines.simd.memory import Kind

__all__ = ["Kernel", "chosen", "entry", "every_kernel", "kernel"]

KERNELS: list[Kernel] = []


class Kernel:
    """A function of (kind, step, operands, start, stop), for the units from start to stop.

    `formulas` are those of its kind, `operands` is the record that it reads besides `records.STEP`.
    """

    def __init__(
        self, function: Callable[..., None], formulas: Iterable[str], operands: np.dtype[Any]
    ) -> None:
        self.dispatcher, self.formulas = keep(numba.njit(**OPTIONS)(function)), formulas
        self.records = (numba.from_dtype(STEP), numba.from_dtype(operands))
        self.places: dict[Kind, int] = {}
        KERNELS.append(self)

    def address(self, kind: Kind) -> int:
        """Build the kernel for a kind, or find it, and say where it is."""
        if kind not in self.places:
            signature = (kind, *self.records, types.intp, types.intp)
            self.places[kind] = address_of(self.dispatcher, signature)
            if self.dispatcher.stats.cache_misses:
                say_once("building kernels for this processor, which takes some seconds, once")
        return self.places[kind]


def kernel(
    formulas: Iterable[str] = ("",), operands: np.dtype[Any] = LAYER
) -> Callable[[Callable[..., None]], Kernel]:
    """Make a kernel of a function."""
    return functools.partial(Kernel, formulas=formulas, operands=operands)


def every_kernel(kind: Kind) -> Iterator[Callable[[], int]]:
    """What builds each kernel there is, for a dtype and every formula."""
    for each in KERNELS:
        for formula in each.formulas:
            yield functools.partial(each.address, Kind(kind.dtype, kind.count, formula))


def chosen(functions: dict[str, Callable[..., Any]]) -> Callable[[Any], Any]:
    """Make a function of a kind that gives the one that it names as its formula."""
    compiled = {name: numba.njit(**INLINE)(function) for name, function in functions.items()}

    def constant(function: Callable[..., Any]) -> Callable[[Any], Callable[..., Any]]:
        return lambda x: function

    return by_type(lambda x: constant(compiled[x.formula]))


def entry(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """Make a function that Python calls, compiled when it first does."""
    compiled = numba.njit(nogil=True, error_model="numpy", **options)
    return lambda function: keep(compiled(function))


@functools.cache
def say_once(text: str) -> None:
    """Tell somebody who waits at a terminal why."""
    if sys.stderr is not None and sys.stderr.isatty():
        print(f"barenet: {text}", file=sys.stderr)  # noqa: T201

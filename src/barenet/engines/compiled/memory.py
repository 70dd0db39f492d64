"""Memory: what a program works in, held as long as the program is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.compiled.kernel import Kernel
from barenet.engines.compiled.records import INSTRUCTION, LAYER
from barenet.engines.simd.memory import Kind

__all__ = ["Memory", "address", "up"]

Record = NDArray[Any]

#: Bytes that a vector may span at most; memory begins at a multiple of them.
ALIGNMENT = 64


class Memory:
    """Hands out memory, in rows padded to whole vectors, and records of what is where.

    Parameters
    ----------
    kind : Kind
        Of the kernels.
    dtype : numpy.dtype
        The network's.
    """

    def __init__(self, kind: Kind, dtype: np.dtype[Any]) -> None:
        self.kind, self.dtype = kind, dtype
        self.held: list[Any] = []

    def pad(self, n: int) -> int:
        """Round up to whole vectors."""
        return up(n, self.kind.count)

    def take(self, n_rows: int, width: int, fill: float = 0) -> int:
        """Reserve rows of numbers; return their address."""
        n = n_rows * self.pad(width) + ALIGNMENT // self.dtype.itemsize
        block = np.zeros(n, self.dtype)
        if fill:
            block[:] = fill
        self.held.append(block)
        return up(address(block), ALIGNMENT)

    def record(self, dtype: np.dtype[Any], **fields: float) -> Record:
        """Write a record; fields that are not named are 0."""
        record = np.zeros((), dtype)
        for name, value in fields.items():
            record[name] = value
        self.held.append(record)
        return record

    def table(self, dtype: np.dtype[Any], rows: list[tuple[int, ...]]) -> int:
        """Write records of whole numbers one after the other; return their address."""
        table = np.array(rows, dtype)
        self.held.append(table)
        return address(table)

    def instruction(self, kernel: Kernel, operands: Record, formula: str = "") -> tuple[int, int]:
        """Name a kernel, and what it works on."""
        kind = Kind(self.kind.dtype, self.kind.count, formula)
        return kernel.address(kind), address(operands)


def address(array: NDArray[Any]) -> int:
    """Say where an array's first number is."""
    return int(array.__array_interface__["data"][0])


def up(n: int, multiple: int) -> int:
    """Round up to a multiple."""
    return -(-n // multiple) * multiple

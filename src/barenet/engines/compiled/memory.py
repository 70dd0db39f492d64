"""Memory: what a program works in, held as long as the program is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.simd.memory import Kind

__all__ = ["Matrix", "Memory", "Record", "address", "up"]

Matrix = NDArray[Any]
Record = NDArray[Any]

#: Bytes that a vector may span at most; memory begins at a multiple of them.
ALIGNMENT = 64


class Memory:
    """Hands out memory for kernels of a kind, and writes records of what is where."""

    def __init__(self, kind: Kind, dtype: np.dtype[Any]) -> None:
        self.kind, self.dtype = kind, dtype
        self.held: list[Any] = []

    def matrix(self, n_rows: int, width: int) -> Matrix:
        """Reserve rows of zeros, each padded to whole vectors."""
        row, size = self.pad(width), self.dtype.itemsize
        block = np.zeros(n_rows * row + ALIGNMENT // size, self.dtype)
        self.held.append(block)
        first = -address(block) % ALIGNMENT // size
        return block[first : first + n_rows * row].reshape(n_rows, row)

    def pad(self, n: int) -> int:
        """Round up to whole vectors."""
        return up(n, self.kind.count)

    def record(self, dtype: np.dtype[Any], **fields: float | NDArray[Any] | None) -> Record:
        """Write a record: numbers, and where arrays are; 0 for what is not named or not there."""
        record = np.zeros((), dtype)
        for name, value in fields.items():
            record[name] = address(value) if isinstance(value, np.ndarray) else value or 0
        self.held += [record, *fields.values()]
        return record

    def table(self, dtype: np.dtype[Any], rows: Sequence[tuple[int, ...]]) -> int:
        """Write records of whole numbers one after the other; return where the first one is."""
        table = np.array(rows, dtype)
        self.held.append(table)
        return address(table)


def address(array: NDArray[Any]) -> int:
    """Say where an array's first number is."""
    return array.ctypes.data


def up(n: int, multiple: int) -> int:
    """Round up to a multiple."""
    return -(-n // multiple) * multiple

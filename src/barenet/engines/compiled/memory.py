"""Memory: what a program works in, held as long as the program is."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines.simd.memory import Kind

__all__ = ["Matrix", "Memory", "Record", "address", "up"]

Record = NDArray[Any]

#: Bytes that a vector may span at most; memory begins at a multiple of them.
ALIGNMENT = 64


class Matrix(NamedTuple):
    """Where a matrix is: entry (i, j) stands i rows and j columns after the first one."""

    address: int
    row: int
    column: int
    size: int

    @property
    def T(self) -> Matrix:  # noqa: N802
        """The same memory, with rows for columns."""
        return Matrix(self.address, self.column, self.row, self.size)

    def at(self, i: int, j: int = 0) -> Matrix:
        """The part that begins with entry (i, j)."""
        return self._replace(address=self.address + (i * self.row + j * self.column) * self.size)


class Memory:
    """Hands out memory for kernels of a kind, and writes records of what is where."""

    def __init__(self, kind: Kind, dtype: np.dtype[Any]) -> None:
        self.kind, self.dtype = kind, dtype
        self.held: list[Any] = []

    def matrix(self, n_rows: int, width: int) -> Matrix:
        """Reserve rows of numbers, each padded with zeros to whole vectors."""
        row, size = self.pad(width), self.dtype.itemsize
        block = np.zeros(n_rows * row + ALIGNMENT // size, self.dtype)
        self.held.append(block)
        return Matrix(up(address(block), ALIGNMENT), row, 1, size)

    def pad(self, n: int) -> int:
        """Round up to whole vectors."""
        return up(n, self.kind.count)

    def record(
        self, dtype: np.dtype[Any], **fields: float | Matrix | NDArray[Any] | None
    ) -> Record:
        """Write a record: numbers, and where others are; 0 for what is not named or not there."""
        record = np.zeros((), dtype)
        for name, value in fields.items():
            if isinstance(value, np.ndarray):
                record[name] = address(value)
            else:
                record[name] = value.address if isinstance(value, Matrix) else value or 0
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

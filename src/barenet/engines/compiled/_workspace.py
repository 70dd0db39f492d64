"""Workspace: the memory of a program, which lives as long as the program."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.engines.kernels._records import PRODUCT, address
from barenet.engines.simd._views import KernelSpec

Matrix = NDArray[Any]
Record = NDArray[Any]

#: C, A, B, S and the depth of a product C = S + A B.
MatrixProduct = tuple[Matrix, Matrix, Matrix, Matrix, int]

#: Maximum number of bytes of a vector; memory begins at a multiple of it.
ALIGNMENT = 64

#: Rows of LONG bytes or more whose stride is a multiple of ALIASED are padded by EXTRA bytes, to
#: avoid cache aliasing.
LONG = 1024
ALIASED = 512
#: Sums of squares take whole groups of four vectors, so that padding with zeros changes no sum.
EXTRA = 4 * ALIGNMENT


class Workspace:
    """Allocates memory for kernels of a spec, and writes records with addresses."""

    def __init__(self, spec: KernelSpec, dtype: np.dtype[Any]) -> None:
        self.spec = spec
        self.dtype = dtype
        self.held: list[Any] = []
        self.n_bytes = 0

    def matrix(self, n_rows: int, width: int, row: int = 0) -> Matrix:
        """Allocate rows of zeros, each of whole vectors, with an optional stride."""
        if not row:
            row = self.stride(width)
        size = self.dtype.itemsize
        length = n_rows * row
        block = np.zeros(length + ALIGNMENT // size, self.dtype)
        self.held.append(block)
        self.n_bytes += block.nbytes
        n_bytes_to_skip = -address(block) % ALIGNMENT
        first = n_bytes_to_skip // size  # the first aligned number
        matrix = block[first : first + length].reshape(n_rows, row)
        return matrix[:, : self.pad(width)]

    def pad(self, n: int) -> int:
        """Round up to whole vectors."""
        return up(n, self.spec.count)

    def stride(self, width: int) -> int:
        """Return the stride of a matrix, in numbers.

        Multiples of a large power of two are avoided, because a column would use only a few cache
        sets.
        """
        row = self.pad(width)
        size = self.dtype.itemsize
        n_bytes = row * size
        if n_bytes >= LONG and n_bytes % ALIASED == 0:
            row += EXTRA // size
        return row

    def record(self, dtype: np.dtype[Any], **fields: float | NDArray[Any] | None) -> Record:
        """Write a record of numbers and addresses of arrays; missing fields are 0."""
        record = np.zeros((), dtype)
        for name, value in fields.items():
            if isinstance(value, np.ndarray):
                record[name] = address(value)
            else:
                record[name] = value or 0
        self.held += [record, *fields.values()]
        return record

    def table(self, dtype: np.dtype[Any], rows: Sequence[tuple[int, ...]]) -> int:
        """Write a table of records of integers; return its address."""
        table = np.array(rows, dtype)
        self.held.append(table)
        return address(table)

    def products(self, products: Iterable[MatrixProduct]) -> int:
        """Write a table of products."""
        rows = []
        for C, A, B, S, depth in products:
            product = {
                "a": address(A),
                "a_row": stride_of(A),
                "a_step": A.strides[1] // A.itemsize,
                "b": address(B),
                "b_step": stride_of(B),
                "s": address(S),
                "c": address(C),
                "c_row": stride_of(C),
                "width": C.shape[1],
                "depth": depth,
            }
            row = [product[name] for name in PRODUCT.names or ()]
            rows.append(tuple(row))
        return self.table(PRODUCT, rows)


def stride_of(matrix: Matrix) -> int:
    """Return the stride of an array, in numbers."""
    return matrix.strides[0] // matrix.itemsize


def up(n: int, multiple: int) -> int:
    """Round up to a multiple."""
    return math.ceil(n / multiple) * multiple

"""The fingerprint of data, which identifies the rows that a model was trained on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._sparse_rows import SparseRows
from barenet.errors import ArgumentError
from barenet.tables.frames._frame import Frame
from barenet.tables.frames._to_frame import as_frame, column_names

#: Number of bytes that a checksum reads at a time.
BLOCK = 2**24


def fingerprint(X: ArrayLike | Frame, y: ArrayLike) -> str:
    """Compute the SHA-256 of rows and their targets.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), Frame or DataFrame
        The raw rows, in order. A table with several kinds of columns has the same fingerprint as a
        `Frame` with them.
    y : array-like of shape (n_samples,)
        Class indices, or numbers.

    Returns
    -------
    str
        64 hexadecimal digits, which depend on the values, the shapes and the types, but not on the
        names of the columns or the byte order.

    Raises
    ------
    ValueError
        If a value is not a number, a boolean, a date or text, an entry is masked, or there are no
        rows.

    Examples
    --------
    >>> one, same = fingerprint([[1.0, 2.0]], [0]), fingerprint(np.array([[1, 2]], float), [0])
    >>> one == same, one == fingerprint([[1.0, 2.5]], [0])
    (True, False)
    """
    for argument, values in (("X", X), ("y", y)):
        if np.ma.is_masked(values):
            remedy = "fill them, or leave their rows out"
            raise ArgumentError("has masked entries", argument=argument, remedy=remedy)
    arrays = [("X", column) for column in _columns(X)]
    arrays.append(("y", np.asarray(y)))
    lines: list[str] = []
    for argument, array in arrays:
        lines.extend(
            f"{part.shape} {part.dtype} {checksum(part)}" for part in _parts(array, argument)
        )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _columns(X: ArrayLike | Frame) -> list[NDArray[Any]]:
    """Return the columns of a table with several kinds of columns, or a single array."""
    if not isinstance(X, Frame):
        array = np.asarray(X)
        if column_names(X) is None or not array.dtype.hasobject:
            return [array]
    frame = as_frame(X)
    return [frame[name] for name in frame]


def _parts(column: NDArray[Any], argument: str) -> Iterator[NDArray[Any]]:
    """Split text into lengths and bytes, so that different texts have different bytes."""
    if column.ndim == 0:
        raise ArgumentError.of(argument, column.item(), "an array")
    if column.dtype.kind not in "TU":
        if column.dtype.hasobject:
            remedy = "convert it, such as by .astype(str)"
            problem = f"expected numbers or text, got {column.dtype}"
            raise ArgumentError(problem, argument=argument, remedy=remedy)
        yield column.astype(column.dtype.newbyteorder("="), copy=False)
        return
    texts = []
    for value in column.ravel().tolist():
        if not isinstance(value, str):
            raise ArgumentError.of(argument, value, "text", remedy="fill in a text")
        texts.append(value.encode("utf-8", "surrogatepass"))
    lengths = [len(text) for text in texts]
    yield np.array(lengths, np.int64).reshape(column.shape)
    yield np.array(bytearray(b"".join(texts)), np.uint8)


def checksum(array: NDArray[Any] | SparseRows) -> str:
    """Compute the SHA-256 of an array's values in C order, or of a sparse matrix's entries.

    It reads some rows at a time, as X may be larger than memory.
    """
    digest = hashlib.sha256()
    n_bytes = max(1, array.nbytes)
    n_rows = max(1, BLOCK * len(array) // n_bytes)
    for start in range(0, len(array), n_rows):
        block: Any = array[start : start + n_rows]
        if isinstance(block, SparseRows):
            block = np.add(block.entries, (start, 0, 0))
        digest.update(np.ascontiguousarray(block).view(np.uint8).data)
    return digest.hexdigest()

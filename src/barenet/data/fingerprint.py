"""The fingerprint of data: whether two tables hold the same rows, told without either of them.

A model carries that of the rows it was trained on, so that whoever measures it later can be told
that they are the same.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet.data.frame import Frame
from barenet.data.to_frame import as_frame, column_names
from barenet.errors import brief
from barenet.training.run_identity import checksum

__all__ = ["fingerprint"]


def fingerprint(X: ArrayLike | Frame, y: ArrayLike) -> str:
    """Compute the SHA-256 of rows and their targets.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features), Frame or DataFrame
        The rows, in their order, as they were before anything was done to them. A table of columns
        of several kinds is that of a `Frame` of them.
    y : array-like of shape (n_samples,)
        Class indices, or numbers.

    Returns
    -------
    str
        64 hexadecimal digits. They depend on the values, the shapes and the types, and not on the
        columns' names or the order of the bytes in a number.

    Raises
    ------
    ValueError
        If a value is neither a number, a truth value, a date nor text, an entry is masked, or there
        are no rows.

    Examples
    --------
    >>> one, same = fingerprint([[1.0, 2.0]], [0]), fingerprint(np.array([[1, 2]], float), [0])
    >>> one == same, one == fingerprint([[1.0, 2.5]], [0])
    (True, False)
    """
    for argument, values in (("X", X), ("y", y)):
        if np.ma.is_masked(values):
            raise ValueError(f"{argument}: has masked entries; fill them, or leave their rows out")
    arrays = [("X", column) for column in _columns(X)] + [("y", np.asarray(y))]
    lines = [
        f"{part.shape} {part.dtype} {checksum(part)}"
        for argument, array in arrays
        for part in _parts(array, argument)
    ]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _columns(X: ArrayLike | Frame) -> list[NDArray[Any]]:
    """Take a table of several kinds apart, which as one array would be of objects."""
    if not isinstance(X, Frame):
        array = np.asarray(X)
        if column_names(X) is None or not array.dtype.hasobject:
            return [array]
    return list(as_frame(X).columns.values())


def _parts(column: NDArray[Any], argument: str) -> Iterator[NDArray[Any]]:
    """Part text into its lengths and its bytes: so no two columns of it are written alike."""
    if column.ndim == 0:
        raise ValueError(f"{argument}: expected an array, got {brief(column.item())}")
    if column.dtype.kind not in "TU":
        if column.dtype.hasobject:
            raise ValueError(
                f"{argument}: expected numbers or text, got {column.dtype}; convert it, "
                "such as by .astype(str)"
            )
        yield column.astype(column.dtype.newbyteorder("="), copy=False)
        return
    values = column.ravel().tolist()
    if missing := [value for value in values if not isinstance(value, str)]:
        raise ValueError(f"{argument}: expected text, got {brief(missing[0])}; fill in a text")
    texts = [text.encode("utf-8", "surrogatepass") for text in values]
    yield np.array([len(text) for text in texts], np.int64).reshape(column.shape)
    yield np.array(bytearray(b"".join(texts)), np.uint8)

"""The arrays of a safetensors file: their entries in the header, and their numbers.

The entries are checked before any number is read, and only requested arrays are read, so a file
can't take more memory than its reader allows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import brief

#: The data types by their names in a safetensors header; all are little-endian.
TYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "BOOL": "?",
    "C64": "<c8",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U64": "<u8",
    "U32": "<u4",
    "U16": "<u2",
    "U8": "u1",
}

#: Maximum number of dimensions of an array.
MOST_DIMENSIONS = 32

#: Bytes that are read at a time of arrays that are only hashed.
BLOCK = 2**20


class TensorEntry(NamedTuple):
    """An array of a file; `start` and `stop` are byte offsets from the end of the header."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


def tensor_entries(header: dict[str, Any], size: int) -> list[TensorEntry]:
    """The entries of a header; they must fill the file without gaps and overlaps."""
    entries = [_entry(name, value) for name, value in header.items() if name != "__metadata__"]
    entries.sort(key=lambda entry: (entry.start, entry.stop))
    end = 0
    for entry in entries:
        if entry.start != end:
            raise ValueError(f"{brief(entry.name)} begins at byte {entry.start:,}, not at {end:,}")
        end = entry.stop
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, and the file has {size:,}")
    return entries


def _entry(name: str, value: Any) -> TensorEntry:
    try:
        dtype, shape = np.dtype(TYPES[value["dtype"]]), tuple(value["shape"])
        start, stop = value["data_offsets"]
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{brief(name)} is not the entry of an array: {brief(value)}") from error
    numbers = (*shape, start, stop)
    valid = all(type(number) is int and 0 <= number < 2**63 for number in numbers)
    if not valid or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{brief(name)} is not the entry of an array: {brief(value)}")
    if (needed := math.prod(shape) * dtype.itemsize) != stop - start:
        raise ValueError(
            f"{brief(name)}: its shape takes {needed:,} bytes, and its entry has {stop - start:,}"
        )
    return TensorEntry(name, dtype, shape, start, stop)


def read_tensors(
    stream: BinaryIO, entries: Iterable[TensorEntry], names: Collection[str] | None, digest: Any
) -> dict[str, NDArray[Any]]:
    """Read the named arrays, or all, and hash all bytes."""
    tensors: dict[str, NDArray[Any]] = {}
    for entry in entries:
        if names is None or entry.name in names:
            array = tensors[entry.name] = np.empty(entry.shape, entry.dtype)
            content = array.reshape(-1).view(np.uint8)
            stream.readinto(content)  # type: ignore[attr-defined]
            digest.update(content)
            continue
        for at in range(entry.start, entry.stop, BLOCK):
            digest.update(stream.read(min(BLOCK, entry.stop - at)))
    return tensors

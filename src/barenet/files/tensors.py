"""The arrays of a model file: their places, which the header lists, and their numbers.

The places are checked before any number is read, and only requested arrays are read, so a file
can't take more memory than its reader allows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import brief

#: The types of numbers, by their names in a safetensors header; all are little-endian.
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

#: Bytes read at a time of arrays that are only hashed.
BLOCK = 2**20


class Place(NamedTuple):
    """The place of an array in the file.

    Attributes
    ----------
    name : str
        The name of the array.
    dtype : dtype
        The type of its numbers.
    shape : tuple of int
        Its shape.
    start, stop : int
        The range of its bytes, counted from the end of the header.
    """

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


def places_of(header: dict[str, Any], size: int) -> list[Place]:
    """Read the places of the arrays from a header, and refuse gaps and overlaps."""
    places = [_place(name, entry) for name, entry in header.items() if name != "__metadata__"]
    places.sort(key=lambda place: (place.start, place.stop))
    end = 0
    for place in places:
        if place.start != end:
            raise ValueError(f"{brief(place.name)} begins at byte {place.start:,}, not at {end:,}")
        end = place.stop
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, and the file has {size:,}")
    return places


def _place(name: str, entry: Any) -> Place:
    """Read one entry of a header."""
    try:
        dtype, shape = np.dtype(TYPES[entry["dtype"]]), tuple(entry["shape"])
        start, stop = entry["data_offsets"]
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{brief(name)} is not the place of an array: {brief(entry)}") from error
    numbers = (*shape, start, stop)
    whole = all(type(number) is int and 0 <= number < 2**63 for number in numbers)
    if not whole or len(shape) > MOST_DIMENSIONS:
        raise ValueError(f"{brief(name)} is not the place of an array: {brief(entry)}")
    if (claimed := math.prod(shape) * dtype.itemsize) != stop - start:
        raise ValueError(
            f"{brief(name)}: its shape takes {claimed:,} bytes, and its place has {stop - start:,}"
        )
    return Place(name, dtype, shape, start, stop)


def read_tensors(
    stream: BinaryIO, places: Iterable[Place], names: Collection[str] | None, digest: Any
) -> dict[str, NDArray[Any]]:
    """Read arrays, and hash all bytes."""
    tensors: dict[str, NDArray[Any]] = {}
    for place in places:
        if names is None or place.name in names:
            array = tensors[place.name] = np.empty(place.shape, place.dtype)
            content = array.reshape(-1).view(np.uint8)
            stream.readinto(content)  # type: ignore[attr-defined]
            digest.update(content)
            continue
        for at in range(place.start, place.stop, BLOCK):
            digest.update(stream.read(min(BLOCK, place.stop - at)))
    return tensors

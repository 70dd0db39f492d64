"""The container of model files: named arrays, and texts about them.

This is the format of the safetensors package, which has no build for browsers. A file has the
length of the header in 8 bytes; the header as JSON, with the type, the shape and the position of
each array; and the numbers of one array after the other. Reading a file never runs code from it.
"""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._messages import brief

Arrays = dict[str, NDArray[Any]]

#: Types of numbers, little-endian, in the order of the arrays of a file. As no type is larger than
#: the one before it, every array is aligned.
KINDS = {
    "U64": "<u8", "I64": "<i8", "F64": "<f8", "F32": "<f4", "U32": "<u4", "I32": "<i4",
    "F16": "<f2", "U16": "<u2", "I16": "<i2", "I8": "|i1", "U8": "|u1", "BOOL": "|b1",
}  # fmt: skip
_ORDER = {np.dtype(code): position for position, code in enumerate(KINDS.values())}


def serialize(arrays: Arrays, metadata: dict[str, str]) -> bytes:
    """Write arrays and texts as the same bytes that the safetensors package writes.

    >>> arrays, texts = deserialize(serialize({"weights": np.ones(2)}, {"author": "Ada"}))
    >>> arrays["weights"], texts
    (array([1., 1.]), {'author': 'Ada'})
    """
    header: dict[str, Any] = {"__metadata__": metadata}
    parts: list[bytes] = []
    end = 0
    names = list(KINDS)

    def position(name: str) -> tuple[int, str]:
        return _ORDER[arrays[name].dtype], name

    for name in sorted(arrays, key=position):
        array = arrays[name]
        dtype = names[_ORDER[array.dtype]]
        start = end
        end += array.nbytes
        header[name] = {"dtype": dtype, "shape": array.shape, "data_offsets": [start, end]}
        parts.append(array.astype(KINDS[dtype], copy=False).tobytes())
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    n_padding = -len(text) % 8  # the arrays begin at a multiple of 8 bytes
    text += b" " * n_padding
    return b"".join([len(text).to_bytes(8, "little"), text, *parts])


def deserialize(data: bytes) -> tuple[Arrays, dict[str, str]]:
    """Read arrays and texts; the arrays must fill the file.

    Raises
    ------
    AttributeError, LookupError, TypeError, ValueError
        If the file does not have this format, or is damaged.
    """
    start = end_of_header(data)
    if not 8 < start <= len(data):
        raise ValueError("it is cut off, or its first bytes are not the length of a header")
    header = json.loads(data[8:start])
    metadata = header.pop("__metadata__", {})
    offsets = sorted(part["data_offsets"] for part in header.values())
    size = len(data) - start
    filled = 0
    for begin, end in offsets:
        if begin != filled:
            raise ValueError("its arrays do not fill it")
        filled = end
    if filled != size:
        raise ValueError("its arrays do not fill it")
    arrays = {name: _read_array(data, start, **part) for name, part in header.items()}
    return arrays, metadata


def read_metadata(path: Path) -> dict[str, str]:
    """Read the texts of a file without its arrays.

    Raises
    ------
    AttributeError, LookupError, TypeError, ValueError
        If the file does not have this format.
    OSError
        If the file can't be read.
    """
    with path.open("rb") as stream:
        start = end_of_header(stream.read(8))
        if not 8 < start <= path.stat().st_size:
            raise ValueError("its first bytes are not the length of a header")
        header = json.loads(stream.read(start - 8))
    metadata: dict[str, str] = header.get("__metadata__", {})
    return metadata


def _read_array(
    data: bytes, start: int, dtype: str, shape: list[int], data_offsets: list[int]
) -> NDArray[Any]:
    """Copy an array, and check that its number of bytes matches its shape and type."""
    stored = np.dtype(KINDS[dtype])
    begin, end = data_offsets
    n_bytes = end - begin
    are_lengths = all(type(length) is int and length >= 0 for length in shape)
    if not are_lengths or math.prod(shape) * stored.itemsize != n_bytes:
        raise ValueError(f"{n_bytes} bytes are not {dtype} of shape {brief(shape)}")
    array = np.frombuffer(data, stored, math.prod(shape), start + begin)
    return array.reshape(shape).astype(stored.newbyteorder("="))


def end_of_header(data: bytes) -> int:
    """Return the offset of the first array."""
    return 8 + int.from_bytes(data[:8], "little")

"""The reader and writer of safetensors files with a description and a checksum.

The description is JSON in the metadata of the header, the checksum that of the whole file. Header
and entries are checked before any number is read, and only requested arrays are read, so a file
can't take more memory than its reader allows.
"""

import hashlib
import json
import math
import os
import re
from collections.abc import Collection
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError, ModelFileError, brief

Arrays = dict[str, NDArray[Any]]

#: Maximum number of bytes of a header, which has no numbers.
MAX_HEADER = 2**20

#: Bytes that are read at a time of arrays that are only hashed.
BLOCK = 2**20

#: The data types by their names in a header; all are little-endian.
TYPES = {
    "F64": "<f8", "F32": "<f4", "F16": "<f2", "C64": "<c8", "BOOL": "?",
    "I64": "<i8", "I32": "<i4", "I16": "<i2", "I8": "i1",
    "U64": "<u8", "U32": "<u4", "U16": "<u2", "U8": "u1",
}  # fmt: skip

#: Replaces the checksum while it is computed.
_NO_CHECKSUM = "0" * 64


def metadata(description: dict[str, Any]) -> dict[str, str]:
    """The metadata of a header, without a checksum."""
    return {"barenet": json.dumps({**description, "sha256": _NO_CHECKSUM})}


def to_bytes(description: dict[str, Any], arrays: Arrays) -> bytes:
    """The content of a file."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    data = save(contiguous, metadata=metadata(description))
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    check_size(len(header))
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + checksum + data[at + len(checksum) :]


def check_size(size: int) -> None:
    """Refuse a header of more bytes than a file has room for."""
    if size > MAX_HEADER:
        problem = f"its layers and names take {size:,} bytes, and a model file has room for "
        raise ArgumentError(f"{problem}{MAX_HEADER:,}", argument="network")


class Entry(NamedTuple):
    """An array of a file; `start` and `stop` are byte offsets from the end of the header."""

    name: str
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    start: int
    stop: int


class Reader:
    """An open file, whose header has been read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        start = stream.read(8)
        length, left = int.from_bytes(start, "little"), os.fstat(stream.fileno()).st_size - 8
        if len(start) < 8 or length > min(left, MAX_HEADER):
            allowed = f"{max(left, 0):,} in the file and {MAX_HEADER:,} allowed"
            raise ValueError(f"it claims a header of {length:,} bytes, of {allowed}")
        self._head = start + stream.read(length)
        header = parse_json(self._head[8:])
        if self._head[8:9] != b"{":
            raise ValueError("no header")
        self._metadata = header.pop("__metadata__", None)
        #: The entries by name, in the order of their bytes.
        self.entries = _entries(header, left - length)

    def description(self) -> dict[str, Any]:
        """The description of the content, with the checksum."""
        if not isinstance(self._metadata, dict) or "barenet" not in self._metadata:
            raise ModelFileError("a safetensors file, but not one of barenet's models")
        return dict(parse_json(self._metadata["barenet"]))

    def arrays(self, names: Collection[str], checksum: object) -> Arrays:
        """Read the named arrays, and check all bytes."""
        digest, arrays = hashlib.sha256(self._without(checksum)), {}
        for entry in self.entries.values():
            if entry.name in names:
                array = arrays[entry.name] = np.empty(entry.shape, entry.dtype)
                content = array.reshape(-1).view(np.uint8)
                self._stream.readinto(content)  # type: ignore[attr-defined]
                digest.update(content.data)
                continue
            for at in range(entry.start, entry.stop, BLOCK):
                digest.update(self._stream.read(min(BLOCK, entry.stop - at)))
        if digest.hexdigest() != checksum:
            raise ModelFileError("damaged: its checksum does not match")
        return arrays

    def _without(self, checksum: object) -> bytes:
        """The head of the file before its checksum was inserted."""
        if not isinstance(checksum, str) or not re.fullmatch(r"[0-9a-f]{64}", checksum):
            return b""
        at = self._head.rfind(checksum.encode(), 8)
        return self._head[:at] + _NO_CHECKSUM.encode() + self._head[at + len(_NO_CHECKSUM) :]


def parse_json(text: str | bytes) -> Any:
    """Read JSON; refuse a repeated name of an object, of which Python would keep the last."""
    text = text if isinstance(text, str) else text.decode()
    return json.loads(text, object_pairs_hook=_unique_names)


def _unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name occurs twice")
    return result


def _entries(header: dict[str, Any], size: int) -> dict[str, Entry]:
    """The entries of a header; they must fill the file without gaps and overlaps."""
    entries = [_entry(name, value) for name, value in header.items()]
    entries.sort(key=lambda entry: (entry.start, entry.stop))
    end = 0
    for entry in entries:
        if entry.start != end:
            raise ValueError(f"{brief(entry.name)} begins at byte {entry.start:,}, not at {end:,}")
        end = entry.stop
    if end != size:
        raise ValueError(f"its arrays take {end:,} bytes, and the file has {size:,}")
    return {entry.name: entry for entry in entries}


def _entry(name: str, value: Any) -> Entry:
    try:
        dtype, shape = np.dtype(TYPES[value["dtype"]]), tuple(value["shape"])
        start, stop = value["data_offsets"]
        if not all(type(number) is int and 0 <= number < 2**63 for number in (*shape, start, stop)):
            raise ValueError("expected whole numbers")
        if math.prod(shape) * dtype.itemsize != stop - start:
            raise ValueError("expected as many bytes as the shape takes")
    except (LookupError, TypeError, ValueError) as error:
        raise ValueError(f"{brief(name)} is not the entry of an array: {brief(value)}") from error
    return Entry(name, dtype, shape, start, stop)

"""The reader and writer of safetensors files with a description and a checksum.

The description is JSON in the metadata of the header, the checksum that of the whole file. Header
and entries are checked before any number is read, and only requested arrays are read, so a file
can't take more memory than its reader allows.
"""

import hashlib
import json
import os
import re
from collections.abc import Collection
from typing import Any, BinaryIO, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open

from barenet.errors import ArgumentError, ModelFileError

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


def to_bytes(description: dict[str, Any], arrays: Arrays, reserved: int = 0) -> bytes:
    """The content of a file; refuse a header without room for the reserved bytes."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps({**description, "sha256": _NO_CHECKSUM})
    data = save(contiguous, metadata={"barenet": text})
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    if (size := len(header) + reserved) > MAX_HEADER:
        problem = f"its layers and names take {size:,} bytes, and a model file has room for "
        raise ArgumentError(f"{problem}{MAX_HEADER:,}", argument="network")
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + checksum + data[at + len(checksum) :]


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
            remedy = "a model is written by `barenet train` or barenet.save()"
            raise ValueError(f"it does not begin as a safetensors file does; {remedy}")
        self._head = start + stream.read(length)
        header = parse_json(self._head[8:])
        try:
            with safe_open(stream.name, "numpy"):  # the arrays must fill the file without gaps
                pass
        except SafetensorError as error:
            raise ValueError(str(error)) from error
        self._metadata = header.pop("__metadata__", None)
        entries = (
            Entry(name, np.dtype(TYPES[each["dtype"]]), tuple(each["shape"]), *each["data_offsets"])
            for name, each in header.items()
        )
        #: The entries by name, in the order of their bytes.
        self.entries = {each.name: each for each in sorted(entries, key=lambda each: each.start)}

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

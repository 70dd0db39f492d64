"""The header of a model file: names and layers as JSON, with a checksum of the whole file.

It precedes the numbers. It is validated before they are read, and is at most a megabyte.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from typing import Any, BinaryIO

from barenet.errors import ArgumentError, ModelFileError, brief
from barenet.model._network import Network

#: Increased when the version before could not read a file. Files that version 1 can read are
#: written as 1; 2 adds the encoding of a table, classes that are always text, and robust scaling.
FORMAT_VERSION = 2

#: Maximum number of bytes of a header, which has no numbers.
MAX_HEADER = 2**20

#: Maximum number of bytes for the entries of a predictor's arrays and the end of its history.
_RESERVED = 4096

#: Replaces the checksum while it is computed.
_NO_CHECKSUM = "0" * 64


def check_header(network: Network, extra: dict[str, Any]) -> None:
    """Refuse names and layers that a model file has no room for."""
    _check_size(_size(network, extra))


def has_room(network: Network, extra: dict[str, Any]) -> bool:
    """Whether names and layers fit into a model file."""
    return _size(network, extra) <= MAX_HEADER


def _check_size(size: int) -> None:
    if size > MAX_HEADER:
        problem = f"its layers and names take {size:,} bytes, and a model file has room for "
        raise ArgumentError(f"{problem}{MAX_HEADER:,}", argument="network")


def _size(network: Network, extra: dict[str, Any]) -> int:
    """The maximum number of bytes of a header."""
    return len(json.dumps(metadata(network, extra, FORMAT_VERSION))) + _RESERVED


def metadata(network: Network, extra: dict[str, Any], version: int) -> dict[str, str]:
    """The metadata of a header, without a checksum."""
    description = {
        "format_version": version,
        "network": {"layers": [layer.config() for layer in network.layers]},
        "extra": extra,
        "sha256": _NO_CHECKSUM,
    }
    return {"barenet": json.dumps(description)}


def add_checksum(data: bytes) -> bytes:
    """Insert the checksum of a file into its header."""
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    _check_size(len(header))
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + checksum + data[at + len(checksum) :]


def without_checksum(head: bytes, checksum: object) -> bytes:
    """The head of a file before its checksum was inserted."""
    if not isinstance(checksum, str) or not re.fullmatch(r"[0-9a-f]{64}", checksum):
        return b""
    at = head.rfind(checksum.encode(), 8)
    return head[:at] + _NO_CHECKSUM.encode() + head[at + len(_NO_CHECKSUM) :]


def read_header(stream: BinaryIO) -> tuple[bytes, dict[str, Any], int]:
    """Read the head of a file, its header as JSON, and the number of bytes after it."""
    start = stream.read(8)
    length, left = int.from_bytes(start, "little"), os.fstat(stream.fileno()).st_size - 8
    if len(start) < 8 or length > min(left, MAX_HEADER):
        raise ValueError(
            f"it claims a header of {length:,} bytes, of {max(left, 0):,} in the file and "
            f"{MAX_HEADER:,} allowed"
        )
    text = stream.read(length)
    header = json.loads(text.decode(), object_pairs_hook=unique_names)
    if not text.startswith(b"{"):
        raise ValueError("no header")
    return start + text, header, left - length


def unique_names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a repeated name of a JSON object, of which Python would keep the last."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name is there twice")
    return result


def check_version(version: object) -> None:
    """Refuse the format of a later version."""
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise ModelFileError(
            f"has format version {brief(version)}, and this barenet reads up to "
            f"{FORMAT_VERSION}; install a newer barenet"
        )

"""The header of a model file: names and layers as JSON, with a checksum of the whole file.

It is in front of the numbers, and read before them: what it claims is not believed before it is
checked, and it is never larger than a megabyte.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from os import PathLike
from typing import Any, BinaryIO

from barenet.errors import ModelFileError, brief, in_a_line
from barenet.model.network import Network

#: Raised when a file of this version could not be read by the version before. What that one could
#: read is written as 1 still; 2 is a predictor with the encoding of a table, with classes that are
#: text whatever they look like, or scaled by quartiles.
FORMAT_VERSION = 2

#: Most bytes of a header: names and layers, no numbers.
MAX_HEADER = 2**20

#: Bytes of a header that the places of a predictor's arrays, and how its training ended, take at
#: most.
_ROOM = 4096

#: Stands where the checksum will, while the checksum is computed.
_NO_CHECKSUM = "0" * 64

#: A SHA-256 in hexadecimal.
CHECKSUM = re.compile(r"[0-9a-f]{64}")


def check_header(network: Network, extra: dict[str, Any]) -> None:
    """Refuse names and layers that a model file has no room for."""
    _check_room(_size(network, extra))


def has_room(network: Network, extra: dict[str, Any]) -> bool:
    """Tell if names and layers fit into a model file."""
    return _size(network, extra) <= MAX_HEADER


def _check_room(size: int) -> None:
    if size > MAX_HEADER:
        raise ValueError(
            f"network: its layers and names take {size:,} bytes, "
            f"and a model file has room for {MAX_HEADER:,}"
        )


def _size(network: Network, extra: dict[str, Any]) -> int:
    """How many bytes a header takes, at most."""
    return len(json.dumps(metadata(network, extra, FORMAT_VERSION))) + _ROOM


def metadata(network: Network, extra: dict[str, Any], version: int) -> dict[str, str]:
    """Write down all of a header but the places of the arrays; `sealed` puts the checksum in."""
    description = {
        "format_version": version,
        "network": {"layers": [layer.config() for layer in network.layers]},
        "extra": extra,
        "sha256": _NO_CHECKSUM,
    }
    return {"barenet": json.dumps(description)}


def sealed(data: bytes) -> bytes:
    """Put the checksum of a file into its header."""
    header = data[8 : 8 + int.from_bytes(data[:8], "little")]
    _check_room(len(header))
    at = 8 + header.rindex(_NO_CHECKSUM.encode())
    checksum = hashlib.sha256(data).hexdigest().encode()
    return data[:at] + checksum + data[at + len(checksum) :]


def read_header(path: str | PathLike[str], stream: BinaryIO) -> tuple[bytes, dict[str, Any], int]:
    """Read the header of a file, after checking its length."""
    start = stream.read(8)
    length, left = int.from_bytes(start, "little"), os.fstat(stream.fileno()).st_size - 8
    if len(start) < 8 or length > min(left, MAX_HEADER):
        raise ModelFileError(
            f"{path}: not a model file, or a damaged one: it claims a header of {length:,} "
            f"bytes, of {max(left, 0):,} in the file and {MAX_HEADER:,} allowed"
        )
    text = stream.read(length)
    try:
        header = json.loads(text.decode(), object_pairs_hook=without_repeats)
    except (ValueError, RecursionError) as error:
        raise ModelFileError(
            f"{path}: not a model file, or a damaged one: its header is no JSON: {in_a_line(error)}"
        ) from error
    if not text.startswith(b"{"):
        raise ModelFileError(f"{path}: not a model file, or a damaged one: no header")
    return start + text, header, left - length


def without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse a name that is there twice, of which JSON would keep the last."""
    result = dict(pairs)
    if len(result) < len(pairs):
        raise ValueError("a name is there twice")
    return result


def unsealed(head: bytes, checksum: object) -> bytes:
    """Return the head of a file as it was before its checksum was inserted."""
    if not isinstance(checksum, str) or not CHECKSUM.fullmatch(checksum):
        return b""
    at = head.rfind(checksum.encode(), 8)
    return head[:at] + _NO_CHECKSUM.encode() + head[at + len(_NO_CHECKSUM) :]


def check_version(path: str | PathLike[str], version: object) -> None:
    """Refuse what a later barenet has written."""
    if type(version) is not int or not 1 <= version <= FORMAT_VERSION:
        raise ModelFileError(
            f"{path}: has format version {brief(version)}, and this barenet reads up to "
            f"{FORMAT_VERSION}; install a newer barenet"
        )

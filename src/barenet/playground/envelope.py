"""Envelope: a binary message of the socket, a header in JSON and arrays behind it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["pack", "unpack"]

#: What a type is called in the header; the page has an array for each.
KINDS = {"float32": "f4", "int8": "i1", "uint8": "u1"}


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Put a header and arrays into one message.

    The first four bytes say how long the header is, little-endian; it ends on a multiple of four,
    as does every array, so that a browser reads them where they lie.

    Examples
    --------
    >>> header, arrays = unpack(pack({"type": "scene"}, {"y": np.array([1], np.int8)}))
    >>> header["type"], arrays["y"]
    ('scene', array([1], dtype=int8))
    """
    places, pieces, offset = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        places[name] = [KINDS[array.dtype.name], offset, array.size]
        pieces.append(data + bytes(-len(data) % 4))
        offset += len(pieces[-1])
    text = json.dumps({**header, "arrays": places}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *pieces])


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Take a message apart, as the page does."""
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    body = message[4 + size :]
    arrays = {
        name: np.frombuffer(body, np.dtype(kind), count, offset)
        for name, (kind, offset, count) in header["arrays"].items()
    }
    return header, arrays

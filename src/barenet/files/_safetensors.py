"""Safetensors files with a description and a checksum.

The description is JSON in the metadata of the header, the checksum that of the whole file. The
library of safetensors checks the header; it runs no code of a file.
"""

import hashlib
import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ModelFileError

Arrays = dict[str, NDArray[Any]]

#: Replaces the checksum while it is computed.
_NO_CHECKSUM = "0" * 64


def to_bytes(description: dict[str, Any], arrays: Arrays) -> bytes:
    """The content of a file."""
    from safetensors.numpy import save

    contiguous = {name: np.ascontiguousarray(array) for name, array in arrays.items()}
    text = json.dumps({**description, "sha256": _NO_CHECKSUM})
    data = save(contiguous, metadata={"barenet": text})
    return _replaced(data, _NO_CHECKSUM, hashlib.sha256(data).hexdigest())


def from_bytes(data: bytes) -> tuple[dict[str, Any], Arrays]:
    """The description and the arrays of a file, whose checksum is compared."""
    from safetensors.numpy import load

    arrays = load(data)
    metadata = json.loads(data[8 : _end_of_header(data)]).get("__metadata__") or {}
    if "barenet" not in metadata:
        raise ModelFileError("a safetensors file, but not one of barenet's models")
    description = dict(json.loads(metadata["barenet"]))
    checksum = str(description["sha256"])
    if hashlib.sha256(_replaced(data, checksum, _NO_CHECKSUM)).hexdigest() != checksum:
        raise ModelFileError("damaged: its checksum does not match")
    return description, arrays


def _replaced(data: bytes, checksum: str, other: str) -> bytes:
    """Replace the checksum, which is the last one in the header."""
    at = data.rfind(checksum.encode(), 8, _end_of_header(data))
    return data[:at] + other.encode() + data[at + len(checksum) :]


def _end_of_header(data: bytes) -> int:
    return 8 + int.from_bytes(data[:8], "little")

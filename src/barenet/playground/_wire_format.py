"""Messages between the page and the server: JSON in, JSON and arrays out.

Messages from the page are untrusted input: only JSON of bounded size and depth, only known fields.
"""

from __future__ import annotations

import json
import types
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, Literal, NoReturn, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number
from barenet._registry import lookup
from barenet.errors import ArgumentError

__all__ = ["MAX_MESSAGE_BYTES", "decode", "pack", "read_json", "restricted", "unpack"]

#: Maximum size of a message: the whole state of a page is a fraction of it.
MAX_MESSAGE_BYTES = 2**16
#: Maximum nesting: the page's own messages nest three deep.
MAX_DEPTH = 8
MAX_TEXT_LENGTH = 300

#: Names of the arrays' types in the header, as JavaScript's typed arrays are chosen by them.
DTYPES = {"float32": "f4", "int8": "i1", "uint8": "u1"}

T = TypeVar("T")


def read_json(text: str) -> dict[str, Any]:
    """Parse a message.

    Examples
    --------
    >>> read_json('{"type": "step"}')
    {'type': 'step'}
    >>> read_json('{"rate": NaN}')
    Traceback (most recent call last):
    barenet.errors.ArgumentError: message: NaN is not valid JSON
    """
    try:
        message = json.loads(text, parse_constant=_reject_constant)
    except json.JSONDecodeError as error:
        raise ArgumentError(f"not JSON: {error}", argument="message") from None
    except RecursionError:
        raise ArgumentError("too deeply nested", argument="message") from None
    if not isinstance(message, dict):
        raise ArgumentError.of("message", message, "an object")
    _check_depth(message, MAX_DEPTH)
    return message


def restricted(default: Any, **limits: Any) -> Any:
    """Declare a field's limits: those of `check_number`, ``choices`` or ``max_items``."""
    return field(default=default, metadata=limits)


def decode(kind: type[T], value: Any, name: str) -> T:
    """Convert a JSON object to a frozen dataclass by its annotations and limits.

    Examples
    --------
    >>> from barenet.playground._page_state import DataSettings
    >>> decode(DataSettings, {"source": "moons", "test_size": 2}, "data")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: test_size: expected a number from 0.05 to 0.95, got 2
    """
    if not isinstance(value, dict):
        raise ArgumentError.of(name, value, "an object")
    known: dict[str, Any] = {each.name: each.metadata for each in fields(kind)}  # type: ignore[arg-type]
    hints = get_type_hints(kind)
    for key in value:
        lookup(known, _text(key, name), f"{name}: field")
    return kind(**{key: _decode(hints[key], each, key, known[key]) for key, each in value.items()})


def _decode(kind: Any, value: Any, name: str, limits: Mapping[str, Any]) -> Any:
    if isinstance(kind, types.UnionType):
        kind, _ = get_args(kind)
        return None if value is None else _decode(kind, value, name, limits)
    if is_dataclass(kind):
        return decode(kind, value, name)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        each = dict(limits)
        if not isinstance(value, list | tuple) or len(value) > (each.pop("max_items")):
            raise ArgumentError.of(name, value, f"a list of at most {limits['max_items']} entries")
        return tuple(_decode(get_args(kind)[0], item, name, each) for item in value)
    if kind is bool:
        if not isinstance(value, bool):
            raise ArgumentError.of(name, value, "true or false")
        return value
    if get_origin(kind) is Literal:
        kind, limits = str, {"choices": get_args(kind)}
    if kind is str:
        text = _text(value, name)
        return lookup({c: c for c in limits["choices"]}, text, name) if limits else text
    return check_number(value, name, integer=kind is int, **limits)


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > MAX_TEXT_LENGTH:
        raise ArgumentError.of(name, value, f"a text of at most {MAX_TEXT_LENGTH} characters")
    return value


def _reject_constant(constant: str) -> NoReturn:
    raise ArgumentError(f"{constant} is not valid JSON", argument="message")


def _check_depth(value: Any, depth: int) -> None:
    if depth == 0:
        raise ArgumentError("too deeply nested", argument="message")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _check_depth(each, depth - 1)


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack a header and arrays into one message.

    The first four bytes are the header's length, little-endian. The header and each array are
    padded to a multiple of four bytes, so that a browser can view the arrays without copying.

    Examples
    --------
    >>> header, arrays = unpack(pack({"type": "points"}, {"y": np.array([1], np.int8)}))
    >>> header["type"], arrays["y"]
    ('points', array([1], dtype=int8))
    """
    layout, pieces, offset = {}, [], 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        layout[name] = [DTYPES[array.dtype.name], offset, array.size]
        pieces.append(data + bytes(-len(data) % 4))
        offset += len(pieces[-1])
    text = json.dumps({**header, "arrays": layout}, allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    return b"".join([len(text).to_bytes(4, "little"), text, *pieces])


def unpack(message: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Split a message into its header and arrays, as the page does."""
    size = int.from_bytes(message[:4], "little")
    header = json.loads(message[4 : 4 + size])
    body = message[4 + size :]
    arrays = {
        name: np.frombuffer(body, np.dtype(dtype), count, offset)
        for name, (dtype, offset, count) in header["arrays"].items()
    }
    return header, arrays

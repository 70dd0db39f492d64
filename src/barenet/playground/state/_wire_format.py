"""Messages between the page and the server: JSON from the page, and JSON and arrays to it.

Messages from the page are untrusted: only known fields, and only JSON of limited size and depth.
"""

import json
from collections.abc import Mapping
from dataclasses import field, fields, is_dataclass
from typing import Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_number, convert
from barenet._registry import lookup
from barenet.errors import ArgumentError

#: Maximum size of a message; the whole state of a page takes a fraction of it.
MAX_MESSAGE_BYTES = 2**16

T = TypeVar("T")


def restricted(default: Any, **limits: Any) -> Any:
    """Declare the limits of a field: those of `check_number`, ``choices`` or ``max_items``."""
    return field(default=default, metadata=limits)


def decode(kind: type[T], value: Any, name: str) -> T:
    """Convert a JSON object to a frozen dataclass by its annotations and limits.

    Examples
    --------
    >>> from barenet.playground.state._page_state import DataSettings
    >>> decode(DataSettings, {"source": "moons", "test_size": 2}, "data")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: test_size: expected a number from 0.05 to 0.95, got 2
    """
    if not isinstance(value, dict):
        raise ArgumentError.of(name, value, "an object")
    limits: dict[str, Any] = {}
    for declared in fields(kind):  # type: ignore[arg-type]
        limits[declared.name] = declared.metadata
    hints = get_type_hints(kind)
    for key in value:
        lookup(limits, key, f"{name}: field")
    decoded = {key: _decode(hints[key], entry, key, limits[key]) for key, entry in value.items()}
    return kind(**decoded)


def _decode(kind: Any, value: Any, name: str, limits: Mapping[str, Any]) -> Any:
    if is_dataclass(kind):
        return decode(kind, value, name)  # type: ignore[arg-type]
    if get_origin(kind) is tuple:
        item_limits = dict(limits)
        most = item_limits.pop("max_items")
        if not isinstance(value, list | tuple) or len(value) > most:
            raise ArgumentError.of(name, value, f"a list of at most {most} entries")
        item_type = get_args(kind)[0]  # of tuple[item_type, ...]
        return tuple(_decode(item_type, item, name, item_limits) for item in value)
    if kind in (int, float):
        return check_number(value, name, integer=kind is int, **limits)
    choices = limits.get("choices", get_args(kind))  # the choices of a Literal
    if choices:
        return lookup(dict(zip(choices, choices, strict=True)), value, name)
    if kind is Any:
        return value
    return convert(value, kind, name)


def finite(values: ArrayLike) -> Any:
    """Convert an array to lists, replacing numbers that JSON can't represent by None.

    Examples
    --------
    >>> finite([[0.5, float("nan")]])
    [[0.5, None]]
    """
    is_finite = np.isfinite(values)
    return np.where(is_finite, values, np.array(None)).tolist()


def rounded(values: NDArray[Any], digits: int = 5) -> list[float | None]:
    """Round each number to a number of significant digits, for JSON.

    Examples
    --------
    >>> rounded(np.array([[1 / 3, 2e-9]]))
    [0.33333, 2e-09]
    """
    shortened = [float(f"{value:.{digits}g}") for value in np.ravel(values)]
    return finite(shortened)


def _n_padding(data: bytes) -> int:
    """Return the number of bytes that are missing to a multiple of four."""
    return -len(data) % 4


def pack(header: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Pack a header and arrays into a single message.

    The first four bytes are the length of the header, little-endian. The header and each array are
    padded to a multiple of four bytes, so that browsers can view the arrays without copying.

    Examples
    --------
    >>> message = pack({"type": "points"}, {"y": np.array([1], np.int8)})
    >>> message[4:-4].strip()
    b'{"type": "points", "arrays": {"y": ["i1", 0, 1]}}'
    """
    layout = {}
    chunks = []
    offset = 0
    for name, array in arrays.items():
        data = np.ascontiguousarray(array).tobytes()
        padding = bytes(_n_padding(data))
        number_type = array.dtype.str[1:]  # without the byte order
        layout[name] = [number_type, offset, array.size]
        chunks.append(data + padding)
        offset += len(data) + len(padding)
    text = json.dumps({**header, "arrays": layout}, allow_nan=False).encode()
    text += b" " * _n_padding(text)
    size = len(text).to_bytes(4, "little")
    return b"".join([size, text, *chunks])

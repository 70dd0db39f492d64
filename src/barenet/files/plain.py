"""Plain data of a model file, looked at as what a stranger may have written.

Text that can be shown, whole numbers that fit into 64 bits, numbers: what is anything else is
refused by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from typing import Any

import numpy as np

from barenet.constraints import check_number
from barenet.errors import ArgumentError, brief

__all__ = [
    "as_tuple",
    "check_list",
    "check_mapping",
    "check_names",
    "check_setting",
    "check_text",
    "check_whole",
]

#: Most characters of a text.
MOST_CHARACTERS = 10_000


def check_text(value: object, what: str, most: int = MOST_CHARACTERS) -> str:
    """Refuse what is no text, too long, or can't be written in UTF-8."""
    if not isinstance(value, str) or len(value) > most:
        raise ValueError(f"{what}: expected text of up to {most:,} characters, got {brief(value)}")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"{what}: half of a character is no text: {brief(value)}") from error
    return value


def check_names(argument: str, names: Any, number: int, purpose: str, most: int) -> None:
    """Refuse anything but a tuple of a number of texts."""
    if not isinstance(names, tuple):
        raise ArgumentError.of(argument, names, "a tuple of text")
    for name in names:
        check_text(name, argument, most)
    if len(names) != number:
        raise ArgumentError(f"expected {number} for {purpose}, got {len(names)}", argument=argument)


def check_whole(value: object, what: str, least: int = 0) -> int:
    """Refuse what is no whole number of 63 bits at most."""
    return int(check_number(value, what, ge=least, lt=2**63, integer=True))


def check_setting(value: object, what: str) -> Any:
    """Refuse what is no setting: text, a number, a truth value, or a list of those."""
    value = as_tuple(value)
    if isinstance(value, tuple):
        return tuple(_check_one(entry, what) for entry in value)
    return _check_one(value, what)


def _check_one(value: object, what: str) -> Any:
    if isinstance(value, str):
        return check_text(value, what)
    if isinstance(value, bool | np.bool_):
        return bool(value)
    if isinstance(value, Integral):
        return int(check_number(value, what, ge=-(2**63), lt=2**63, integer=True))
    if not isinstance(value, Real):
        raise ValueError(
            f"{what}: expected text, a number, True or False, or a list of them, got {brief(value)}"
        )
    return check_number(value, what)


def as_tuple(value: Any) -> Any:
    """Make a tuple of a list, as JSON knows lists alone."""
    return tuple(value) if isinstance(value, list) else value


def check_list(value: object, what: str, length: int | None = None) -> tuple[Any, ...]:
    """Refuse what is no list, or one of another length."""
    of = "" if length is None else f" of {length:,} numbers"
    if isinstance(value, str) or not isinstance(value, Sequence | np.ndarray):
        raise ValueError(f"{what}: expected a list{of}, got {brief(value)}")
    if length not in (None, len(value)):
        raise ValueError(f"{what}: expected a list{of}, got {len(value):,}")
    return tuple(value)


def check_mapping(value: object, what: str) -> Mapping[str, Any]:
    """Refuse what does not have values by names."""
    if not isinstance(value, Mapping):
        raise ValueError(f"{what}: expected values by names, got {brief(value)}")
    for name in value:
        check_text(name, what)
    return value

"""Reading: how text and data from outside are taken apart, and refused with a word on why.

Whatever a page sends was written by a program nobody has seen, so it is read as if by an enemy:
no numbers that JSON does not have, no depth that exhausts the stack, no field that is not known.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn

from barenet.errors import brief
from barenet.registry import lookup

__all__ = [
    "MOST_BYTES",
    "check_choice",
    "check_list",
    "check_object",
    "check_text",
    "known_fields",
    "read_json",
]

#: Most bytes of a message: the whole state of a page is a fraction of it.
MOST_BYTES = 2**16

#: A page nests three deep.
MOST_DEPTH = 8

MOST_LETTERS = 300


def read_json(text: str) -> dict[str, Any]:
    """Read a message.

    Examples
    --------
    >>> read_json('{"type": "step"}')
    {'type': 'step'}
    >>> read_json('{"rate": NaN}')
    Traceback (most recent call last):
    ValueError: message: NaN is no number of JSON
    """
    try:
        message = json.loads(text, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        raise ValueError(f"message: not JSON: {error}") from None
    except RecursionError:
        raise ValueError("message: too deeply nested") from None
    message = check_object(message, "message")
    _check_depth(message, MOST_DEPTH)
    return message


def check_object(value: Any, what: str) -> dict[str, Any]:
    """Make sure of a JSON object."""
    if not isinstance(value, dict):
        raise ValueError(f"{what}: expected an object, got {brief(value)}")
    return value


def check_text(value: Any, what: str) -> str:
    """Make sure of a short text."""
    if not isinstance(value, str) or len(value) > MOST_LETTERS:
        raise ValueError(f"{what}: expected a short text, got {brief(value)}")
    return value


def check_list(value: Any, what: str, *, most: int) -> list[Any]:
    """Make sure of a list that is not too long."""
    if not isinstance(value, list) or len(value) > most:
        raise ValueError(f"{what}: expected a list of {most} entries at most, got {brief(value)}")
    return value


def check_choice(value: Any, choices: Sequence[str], what: str) -> str:
    """Make sure of one of some names."""
    return lookup({choice: choice for choice in choices}, check_text(value, what), what)


def known_fields(said: Mapping[str, Any], defaults: Mapping[str, Any], what: str) -> dict[str, Any]:
    """Lay what was said over the defaults, and refuse what has no name there."""
    for name in said:
        lookup(defaults, check_text(name, what), f"{what}: field")
    lists = {name: list(v) if isinstance(v, tuple) else v for name, v in defaults.items()}
    return {**lists, **said}


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"message: {constant} is no number of JSON")


def _check_depth(value: Any, depth: int) -> None:
    if depth == 0:
        raise ValueError("message: too deeply nested")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for each in inner:
        _check_depth(each, depth - 1)

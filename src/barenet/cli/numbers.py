"""Whole numbers on the command line: never rounded, where 1.5 epochs are more likely a slip."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import Any, get_args, get_origin

from cyclopts import Token

__all__ = ["whole"]


def whole(kind: Any, tokens: Sequence[Token]) -> Any:
    """Turn what was typed into a whole number, or several."""
    words = [word for part in get_args(kind) for word in get_args(part)]
    values = tuple(_whole(token, words) for token in tokens)
    return values if get_origin(kind) is tuple else values[0]


def _whole(token: Token, words: list[str]) -> int | str:
    if token.value in words:
        return token.value
    with contextlib.suppress(ValueError):
        return int(token.value)  # A float would round it from 2⁵³ on.
    with contextlib.suppress(ValueError):
        if (number := float(token.value)).is_integer():
            return int(number)
    or_words = "".join(f" or {word}" for word in words)
    raise ValueError(f"expected a whole number{or_words}, got {token.value!r}")

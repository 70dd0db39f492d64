"""How a command is called, in one line: for its help, and for an error where a part is missing."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from cyclopts.exceptions import MissingArgumentError

__all__ = ["missing", "usage"]


def usage(name: str, command: Callable[..., Any]) -> str:
    """Write how a command is called.

    Examples
    --------
    >>> def draw(kind, data="", /, *, out=None): ...
    >>> usage("draw", draw)
    'barenet draw KIND [DATA] [OPTIONS]'
    """
    parameters = inspect.signature(command).parameters.values()
    parts = [
        each.name.upper() if each.default is each.empty else f"[{each.name.upper()}]"
        for each in parameters
        if each.kind is not each.KEYWORD_ONLY
    ]
    return " ".join(["barenet", name, *parts, "[OPTIONS]"])


def missing(error: MissingArgumentError, how: str) -> str:
    """Say what is missing in what was typed."""
    name = error.keyword or (error.argument.name if error.argument else "an argument")
    if name.startswith("-"):
        return f"{name}: expected a value, got none"
    return f"{name} is missing: {how}"

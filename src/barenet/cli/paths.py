"""Paths on the command line: an empty one is a slip, such as a variable that is not set.

Python takes it for the folder that one is in, and files would be written right there.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from cyclopts import App, ArgumentCollection, CycloptsError

__all__ = ["refuse_empty"]


def refuse_empty(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse a path that is empty, before anything is made of it.

    Parameters
    ----------
    app : App
        The command line.
    commands : tuple of str
        The command.
    arguments : ArgumentCollection
        Its options; those that are paths are looked at, and where results go.

    Raises
    ------
    CycloptsError
        If one is empty; names it.
    """
    for argument in arguments:
        kinds = (argument.hint, *get_args(argument.hint))
        path = Path in kinds or argument.name == "--out"
        if path and any(not token.value.strip() for token in argument.tokens):
            name = argument.name.lstrip("-").lower().replace("-", "_")
            raise CycloptsError(msg=f"{name}: expected a file or a folder, got an empty name")

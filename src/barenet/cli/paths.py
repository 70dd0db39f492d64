"""Names on the command line: an empty one is a slip, such as a variable that is not set.

Of a path Python takes it for the folder that one is in, and files would be written right there; of
rows it would be those that are taken where none are named.
"""

from __future__ import annotations

from pathlib import Path
from typing import get_args

from cyclopts import App, ArgumentCollection
from cyclopts.exceptions import CoercionError

from barenet.cli.flags import NAMED

__all__ = ["refuse_empty"]


def refuse_empty(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse a name that is empty, before anything is made of it."""
    for argument in arguments:
        kinds = (argument.hint, *get_args(argument.hint))
        marks = getattr(argument.field_info.annotation, "__metadata__", ())
        named = Path in kinds or NAMED in marks
        if named and any(not token.value.strip() for token in argument.tokens):
            raise CoercionError(
                msg="expected a file, a folder or a data set, got an empty name", argument=argument
            )

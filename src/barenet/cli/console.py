"""Where words go: results to standard output, talk to standard error.

A result can be piped into a file or another program; what is said besides is for the person who
watches.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable, Sequence
from typing import Any

__all__ = ["say", "show", "show_json", "show_table"]


def say(text: str = "") -> None:
    """Tell the person who watches.

    Parameters
    ----------
    text : str
        A line, or several.
    """
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def show(text: str = "") -> None:
    """Put out a result.

    Parameters
    ----------
    text : str
        A line, or several.
    """
    sys.stdout.write(f"{text}\n")


def show_json(document: dict[str, Any] | list[Any]) -> None:
    """Put out a result for programs: one JSON document in one line.

    Parameters
    ----------
    document : dict or list
        Plain data. JSON has no NaN and no infinity: they become null.
    """
    show(json.dumps(_finite(document), allow_nan=False))


def show_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: bool = False
) -> None:
    """Put out a result for people, in columns; on a terminal long texts are wrapped to its width.

    Parameters
    ----------
    headings : sequence of str
        One for each column.
    rows : iterable of sequence of str
        The cells.
    numbers : bool, default=False
        True to align all columns but the first to the right.
    """
    from rich.console import Console
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if numbers and index else "left")
    for row in rows:
        table.add_row(*row)
    console = Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else 10_000, markup=False, emoji=False
    )
    with console.capture() as captured:
        console.print(table, highlight=False)
    show("\n".join(line.rstrip() for line in captured.get().splitlines()))


def _finite(value: Any) -> Any:
    """Replace what JSON cannot write, at any depth."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value

"""Where words go: results to standard output, talk to standard error.

A result can be piped into a file or another program; what is said besides is for the person who
watches.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, Literal, TextIO

from barenet.training.history import finite_or_none

__all__ = ["Talk", "forget", "plain", "say", "show", "show_json", "show_table"]

#: What would move a terminal's cursor or change its colours, and how it is written instead.
CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
}
#: What breaks a line, or turns the direction of the text after it.
CONTROLS |= {
    code: f"\\u{code:04x}"
    for code in (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}


class Talk:
    """A stream that is written to as well as it can be: talk that is lost stops no work.

    Parameters
    ----------
    stream : text file
        Where to. Once it fails, nothing more is said.
    """

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        try:
            return self.stream.write(text)
        except (OSError, ValueError):
            forget(self.stream)
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError):
            forget(self.stream)


def forget(stream: TextIO) -> None:
    """Throw away what a stream holds and will hold, so that Python does not complain at its exit.

    Parameters
    ----------
    stream : text file
        One that cannot be written to; one without a descriptor is left alone.
    """
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plain(text: str) -> str:
    r"""Write what a terminal would obey as something to read.

    Parameters
    ----------
    text : str
        May hold names that come from a file.

    Returns
    -------
    str
        With its control characters and marks of direction spelled out; tabs and ends of lines stay.

    Examples
    --------
    >>> print(plain(chr(27) + "[2J"))
    \x1b[2J
    """
    return text.translate(CONTROLS)


def say(text: str = "") -> None:
    """Tell the person who watches.

    Parameters
    ----------
    text : str
        A line, or several.
    """
    sys.stderr.write(f"{plain(text)}\n")
    sys.stderr.flush()


def show(text: str = "") -> None:
    """Put out a result.

    Parameters
    ----------
    text : str
        A line, or several.
    """
    sys.stdout.write(f"{plain(text)}\n")


def show_json(document: dict[str, Any] | list[Any]) -> None:
    """Put out a result for programs: one JSON document in one line.

    Parameters
    ----------
    document : dict or list
        Plain data. JSON has no NaN and no infinity: they become null.
    """
    show(json.dumps(_finite(document), allow_nan=False))


def show_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int | None = None
) -> None:
    """Put out a result for people, in columns; on a terminal long texts are wrapped to its width.

    Parameters
    ----------
    headings : sequence of str
        One for each column; none for a table without.
    rows : iterable of sequence of str
        The cells.
    numbers : int, optional
        The first column that is aligned to the right, as all after it are.
    """
    from rich.console import Console
    from rich.table import Table

    style: dict[str, Any] = {"box": None, "pad_edge": False, "padding": (0, 2, 0, 0)}
    table = Table(**style, header_style="bold", show_header=bool(headings))
    for index, heading in enumerate(headings):
        table.add_column(_in_line(heading), justify=_side(index, numbers))
    for row in rows:
        table.add_row(*map(_in_line, row))
    sys.stdout.flush()  # Rich would end the process where the reader has closed the pipe.
    console = Console(
        file=sys.stdout, width=None if sys.stdout.isatty() else 10_000, markup=False, emoji=False
    )
    with console.capture() as captured:
        console.print(table, highlight=False)
    lines = captured.get().split("\n")[:-1]
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)  # with the terminal's own codes


def _side(index: int, numbers: int | None) -> Literal["left", "right"]:
    return "left" if numbers is None or index < numbers else "right"


def _in_line(text: str) -> str:
    """Keep a cell in its line."""
    return plain(text).replace("\n", "\\n")


def _finite(value: Any) -> Any:
    """Replace what JSON cannot write, at any depth."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    return finite_or_none(value) if isinstance(value, float) else value

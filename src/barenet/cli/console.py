"""Where words go: results to standard output, talk to standard error.

A result can be piped into a file or another program; what is said besides is for the person who
watches.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, TextIO

from barenet.training.history import finite_or_none

__all__ = [
    "Output",
    "Talk",
    "complain",
    "forget",
    "hush",
    "plain",
    "say",
    "show",
    "show_json",
    "show_table",
]

#: What would move a terminal's cursor or change its colours, and how it is written instead.
CONTROLS = {
    code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160)) if code not in (9, 10)
}
#: What breaks a line, or turns the direction of the text after it.
CONTROLS |= {
    code: f"\\u{code:04x}"
    for code in (0x61C, 0x200E, 0x200F, *range(0x2028, 0x202F), *range(0x2066, 0x206A))
}

#: Styles of errors and warnings on a terminal.
COLOURS = {"error": "bold red", "warning": "yellow"}


class Talk:
    """A stream that is written to as well as it can be: talk that is lost stops no work.

    Attributes
    ----------
    quiet : bool
        Whether everything except errors and warnings is dropped.
    """

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self.stream = stream
        self.colour = colour
        self.quiet = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        return len(text) if self.quiet else self.insist(text)

    def insist(self, text: str) -> int:
        """Write even if `quiet` is set."""
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


class Output:
    """Standard output for data: unchanged, except that a terminal gets no control characters."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()

    def write(self, text: str) -> int:
        return sys.stdout.write(plain(text) if self.is_terminal else text)


def forget(stream: TextIO) -> None:
    """Discard what a stream holds, so that Python does not complain when it exits."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def plain(text: str) -> str:
    r"""Write what a terminal would obey as something to read.

    Examples
    --------
    >>> print(plain(chr(27) + "[2J"))
    \x1b[2J
    """
    return text.translate(CONTROLS)


def say(text: str = "") -> None:
    """Tell the person who watches."""
    sys.stderr.write(f"{plain(text)}\n")
    sys.stderr.flush()


def hush() -> None:
    """Drop everything written to standard error from now on, except errors and warnings."""
    if isinstance(sys.stderr, Talk):
        sys.stderr.quiet = True


def complain(kind: str, text: str, *, of: str = "") -> None:
    """Write an error or a warning, its first word in colour on a terminal."""
    before = f"{of}: " if of else ""
    talk: Any = sys.stderr if isinstance(sys.stderr, Talk) else Talk(sys.stderr)
    if talk.colour and talk.isatty():
        before, kind = plain(before), _colour(kind, talk.stream)
        talk.insist(f"{before}{kind} {plain(text)}\n")
    else:
        talk.insist(plain(f"{before}{kind}: {text}\n"))
    talk.flush()


def _colour(kind: str, terminal: TextIO) -> str:
    """Colour an error or a warning; NO_COLOR and TERM=dumb leave it plain."""
    from rich.console import Console
    from rich.text import Text

    console = Console(file=terminal)
    if console.no_color:  # Rich would leave it bold.
        return f"{kind}:"
    with console.capture() as captured:
        console.print(Text(f"{kind}:", style=COLOURS[kind]), end="")
    return captured.get()


def show(text: str = "") -> None:
    """Put out a result."""
    sys.stdout.write(f"{plain(text)}\n")


def show_json(document: dict[str, Any] | list[Any]) -> None:
    """Put out a result for programs: one JSON document in one line."""
    for text in _as_json(document):
        sys.stdout.write(text.replace("\x7f", "\\u007f"))
    sys.stdout.write("\n")


def _as_json(value: Any) -> Iterator[str]:
    """Write JSON piece by piece."""
    if isinstance(value, Iterator):
        yield "["
        for at, part in enumerate(filter(None, value)):
            yield (", " if at else "") + _dumped(part)[1:-1]
        yield "]"
    elif isinstance(value, dict) and value:
        between = "{"
        for key, entry in value.items():
            yield f"{between}{_dumped({key: 0})[1:-4]}: "
            yield from _as_json(entry)
            between = ", "
        yield "}"
    else:
        yield _dumped(value)


def _dumped(value: Any) -> str:
    """Write plain data as JSON, with null for NaN and infinity."""
    return json.dumps(_finite(value), allow_nan=False)


def show_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int | None = None
) -> None:
    """Print a result in columns for people; on a terminal, long texts wrap at its width."""
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

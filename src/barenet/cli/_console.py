"""Output of the commands: results on standard output, everything else on standard error.

This lets a result be piped into a file or another program.
"""

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any, TextIO, TypeVar

from barenet._messages import with_addresses, without_secrets
from barenet.training._history import finite_or_none

T = TypeVar("T")

#: Control characters but tab and newline, which move a terminal's cursor or change its colours;
#: and characters that break a line or change the direction of text.
CONTROLS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]")

#: Columns of a small terminal.
MAX_COLUMNS = 79

#: Codes of bold red and yellow on a terminal.
COLOURS = {"error": "1;31", "warning": "33"}


class SafeStream:
    """A text stream whose failures are ignored, so that a closed terminal stops no training."""

    def __init__(self, stream: TextIO, *, colour: bool = True) -> None:
        self.stream = stream
        self.colour = colour
        #: Whether to drop everything except errors and warnings.
        self.quiet = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        return len(text) if self.quiet else self.write_always(text)

    def write_always(self, text: str) -> int:
        """Write even if `quiet` is set."""
        try:
            return self.stream.write(text)
        except (OSError, ValueError):
            discard(self.stream)
            return len(text)

    def flush(self) -> None:
        try:
            self.stream.flush()
        except (OSError, ValueError):
            discard(self.stream)


class SafeOutput:
    """Standard output for data: unchanged, except that a terminal gets no control characters."""

    def __init__(self) -> None:
        self.is_terminal = sys.stdout.isatty()

    def write(self, text: str) -> int:
        if self.is_terminal:
            text = escape_controls(text)
        return sys.stdout.write(text)


def discard(stream: TextIO) -> None:
    """Discard the buffer of a stream, so that Python does not complain when it exits."""
    with suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def closable_output() -> Iterator[None]:
    """Continue when the reader of standard output has closed the pipe."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        discard(sys.stdout)


def escape_controls(text: str) -> str:
    r"""Replace the control characters of a terminal with readable escape sequences.

    Examples
    --------
    >>> print(escape_controls(chr(27) + "[2J"))
    \x1b[2J
    """

    def escaped(match: re.Match[str]) -> str:
        return match[0].encode("unicode_escape").decode()

    return CONTROLS.sub(escaped, text)


def log(text: str = "") -> None:
    """Print a message to standard error."""
    sys.stderr.write(f"{escape_controls(with_addresses(text))}\n")
    sys.stderr.flush()


def log_problem(kind: str, text: str, *, source: str = "") -> None:
    """Print an error or a warning, its first word in colour on a terminal."""
    stream: Any = sys.stderr  # a `SafeStream`
    label = f"{kind}:"
    has_no_colour = bool(os.environ.get("NO_COLOR"))
    is_plain = has_no_colour or os.environ.get("TERM") == "dumb"
    if stream.colour and stream.isatty() and not is_plain:
        label = f"\x1b[{COLOURS[kind]}m{label}\x1b[0m"
    before = f"{source}: " if source else ""
    text = without_secrets(with_addresses(text))
    stream.write_always(f"{escape_controls(before)}{label} {escape_controls(text)}\n")
    stream.flush()


def emit(text: str = "") -> None:
    """Print a result."""
    sys.stdout.write(f"{escape_controls(with_addresses(text))}\n")


def emit_json(document: dict[str, Any] | list[Any]) -> None:
    """Print a result as JSON in one line, with null for NaN and infinity."""
    sys.stdout.write(dump_json(document).replace("\x7f", "\\u007f") + "\n")


def as_list(array: Any) -> list[Any]:
    """Convert an array of NumPy or Arrow to a list, or copy a list."""
    if hasattr(array, "tolist"):
        return list(array.tolist())
    if hasattr(array, "to_pylist"):
        return list(array.to_pylist())
    return list(array)


def dump_json(value: Any) -> str:
    """Write JSON, with null for NaN and infinity."""

    def convert(array: Any) -> Any:
        return _finite(as_list(array))

    return json.dumps(_finite(value), allow_nan=False, default=convert)


def _finite(value: Any) -> Any:
    """Replace NaN and infinity by None, and paths of copies by addresses, at any depth."""
    if isinstance(value, dict):
        return {key: _finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(entry) for entry in value]
    if isinstance(value, str):
        return with_addresses(value)
    if isinstance(value, float):
        return finite_or_none(value)
    return value


def emit_table(
    headings: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: int = sys.maxsize
) -> None:
    """Print a result in columns, with the columns from index `numbers` on aligned right."""
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table

    titles = [_in_line(heading) for heading in headings]
    table = Table.grid(*titles, padding=(0, 2, 0, 0))
    table.show_header = bool(headings)
    table.header_style = "bold"
    for column in table.columns[numbers:]:
        column.justify = "right"
    for row in rows:
        cells = [_in_line(cell) for cell in row]
        table.add_row(*cells)
    for column in table.columns:  # a narrow terminal breaks lines between words
        texts = [str(column.header)]
        texts.extend(str(cell) for cell in column.cells)
        words = " ".join(texts).split()
        column.min_width = max(map(cell_len, words), default=0)
        # By default, Rich cuts a word of wide characters, because it doesn't strip the space after
        # it.
        column.overflow = "fold"
    sys.stdout.flush()  # Rich would end the process if the reader had closed the pipe.
    width: int | None = 10_000
    if sys.stdout.isatty():
        width = None  # the width of the terminal
    console = Console(file=sys.stdout, width=width, markup=False, emoji=False)
    with console.capture() as captured:
        console.print(table, highlight=False, crop=False)
    lines = captured.get().split("\n")[:-1]
    # the lines may contain codes of bold text
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in lines)


def _in_line(text: str) -> str:
    """Escape the line breaks in a cell."""
    return escape_controls(with_addresses(text)).replace("\n", "\\n")

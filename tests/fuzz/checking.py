"""One input, one look at what becomes of it: read, or refused in one line that names the file.

Anything else is a `Fault`: another error, a warning, more memory or time than so small an input is
worth. An input is a function of the seed and its number, so a fault is found again by its number.
"""

import contextlib
import io
import random
import re
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from format import Format

from barenet.cli._main import main

#: Seconds of the processor's time that an input may take.
SECONDS = 5

#: Bytes that it may take beside those that are taken already. Readers allow a file more, unless the
#: environment's BARENET_MEMORY is set to this.
MEMORY = 2**26

#: One input in so many goes through the command line.
COMMANDS = 200


class Fault(Exception):  # noqa: N818
    """What an input must not do."""


class Hang(BaseException):
    """An input takes too long; no code between may take this for an error of its own."""


def check(form: Format, seed: int, number: int, commands: int = COMMANDS) -> str:
    """Make an input, have it read, and return the outcome; one in so many goes to a command."""
    rng = random.Random(f"{seed} {form.name} {number}")
    path = form.write(rng)
    try:
        with _limited(path):
            if number % commands == 0:
                return _command(form.command(path, rng), form.statuses)
            return _read(form, path, rng)
    except Fault as fault:
        raise Fault(f"{form.name} {number} of seed {seed}, {path.name}: {fault}") from None
    except (Exception, Hang) as error:  # noqa: BLE001
        where = "".join(traceback.format_exception(error))
        raise Fault(f"{form.name} {number} of seed {seed}, {path.name}: {where}") from None


def _read(form: Format, path: Path, rng: random.Random) -> str:
    """Read it as the library does."""
    try:
        form.read(path, rng)
    except form.refusals as error:
        text = str(error)
        named = str(path) in text or text.startswith("resume: ")
        if not named or len(text.splitlines()) != 1:
            raise Fault(f"refused by {type(error).__name__}, but not in a line: {text!r}") from None
        return "refused"
    return "read"


def _command(arguments: list[str], statuses: tuple[int, ...]) -> str:
    """Give it to the command line."""
    err = io.StringIO()
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out:  # Long output takes no memory.
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(arguments)
        out.seek(0)
        printed = out.read(1000)
    said, name = err.getvalue(), arguments[0]
    errors = re.findall(rf"^barenet {name}: error: .+$", said, re.MULTILINE)
    if status not in statuses or "Traceback" in said or len(errors) != (status != 0):
        raise Fault(f"barenet {' '.join(arguments)} ended with {status}, and said {said!r}")
    if status and printed:
        raise Fault(f"barenet {' '.join(arguments)} failed, and had put out {printed!r}")
    return f"{'refused' if status else 'read'} by barenet {name}"


@contextlib.contextmanager
def _limited(path: Path) -> Iterator[None]:
    """Watch the time and the memory; and let a warning be an error, as it would be a line."""

    def end(*_: Any) -> None:
        raise Hang(f"it takes more than {SECONDS} s")

    usual = signal.signal(signal.SIGPROF, end)
    _forget_the_peak()
    before = _peak()
    signal.setitimer(signal.ITIMER_PROF, SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, usual)
    if (more := _peak() - before) > MEMORY:
        raise Fault(f"{path.stat().st_size:,} bytes took {more:,} of memory")


def _peak() -> int:
    """The most memory that this process has had, in bytes."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def _forget_the_peak() -> None:
    """Let the peak be what there is now, where the system can; else a larger one may hide one."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_bytes(b"5")

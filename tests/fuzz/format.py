"""A format that is fuzzed, and one look at what becomes of an input: read, or refused in a line.

Anything else is a `Fault`: another error, a warning, more memory or time than so small an input is
worth. An input is a function of the seed and its number, so a fault is found again by its number.
"""

import contextlib
import io
import os
import random
import re
import resource
import signal
import sys
import tempfile
import traceback
import warnings
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from mutations import mutated
from predictors import predictor_of

from barenet import Network, save
from barenet.cli._main import main
from barenet.errors import DataError, RemedyWarning

#: Seconds of the processor's time that an input may take.
SECONDS = 5

#: Bytes that it may take beside those that are taken already. Readers allow a file more, unless the
#: environment's BARENET_MEMORY is set to this.
MEMORY = 2**26

#: One input in so many goes through the command line.
COMMANDS = 200


@contextlib.contextmanager
def folder_in_memory() -> Iterator[Path]:
    """Work in a folder in memory, where there is one: a disk is too slow for a million files.

    Commands write below the working directory, so those of two processes never meet.
    """
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    with tempfile.TemporaryDirectory(prefix="fuzz-", dir=memory) as place, contextlib.chdir(place):
        yield Path(place)


def save_model(path: Path, inputs: Any, n_outputs: int = 2, **more: Any) -> Path:
    """Save a model of columns with these numbers or this encoding."""
    n_inputs = getattr(inputs, "n_inputs", None) or len(inputs.offset)
    network = Network.dense([n_inputs, n_outputs], output="softmax")
    given = {"classes": ("no", "yes"), "target_name": "y", **more}
    save(predictor_of(network, inputs, **given), path)
    return path


class Format(ABC):
    """A format of files; the folder, empty at first, is for inputs and their readers' files."""

    name: ClassVar[str]
    #: Valid files, and words of the format.
    SEEDS: Sequence[bytes] = ()
    WORDS: Sequence[bytes] = ()
    #: The name of an input's file.
    file: ClassVar[str] = ""
    #: The number of inputs in the tests.
    in_tests: ClassVar[int] = 10_000
    #: The errors that refuse a file.
    refusals: tuple[type[Exception], ...] = (DataError,)
    #: Statuses with which a command may end: success, or a refused input.
    statuses: ClassVar[tuple[int, ...]] = (0, 2)
    #: The model that predicts the rows of a file.
    model: Path

    def __init__(self, folder: Path) -> None:
        self.folder, self.path, self.data = folder, folder, b""
        self.seeds = self.SEEDS

    def write(self, rng: random.Random) -> Path:
        """Make an input and write its file."""
        return self.put(self.file, self.make(rng))

    def make(self, rng: random.Random) -> bytes:
        """Damage a valid file."""
        return mutated(rng.choice(self.seeds), rng, self.WORDS, self.seeds)

    @abstractmethod
    def read(self, path: Path, rng: random.Random) -> None:
        """Read it in one of the ways in which the library does."""

    def command(self, path: Path, rng: random.Random) -> list[str]:
        """Give a command that reads it; it may take a hundred times as long."""
        return ["predict", str(self.model), str(path)]

    def put(self, name: str, data: bytes) -> Path:
        """Write a file."""
        self.path, self.data = self.folder / name, data
        self.path.write_bytes(data)
        return self.path


class Fault(Exception):  # noqa: N818
    """What an input must not do."""


class Hang(BaseException):
    """An input takes too long; no code between may take this for an error of its own."""


def check(form: Format, seed: int, number: int) -> str:
    """Make an input, read it, and return the outcome."""
    rng = random.Random(f"{seed} {form.name} {number}")
    path = form.write(rng)
    try:
        with _limited(path):
            if number % COMMANDS == 0:
                return _command(form.command(path, rng), form.statuses)
            return _read(form, path, rng)
    except (Exception, Hang) as error:  # noqa: BLE001
        is_fault = isinstance(error, Fault)
        text = str(error) if is_fault else "".join(traceback.format_exception(error))
        raise Fault(f"{form.name} {number} of seed {seed}, {path.name}: {text}") from None


def _read(form: Format, path: Path, rng: random.Random) -> str:
    """Read it as the library does."""
    try:
        form.read(path, rng)
    except form.refusals as error:
        text = str(error)
        if not (str(path) in text or text.startswith("resume: ")) or len(text.splitlines()) != 1:
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
    stderr, name = err.getvalue(), arguments[0]
    errors = re.findall(rf"^barenet {name}: error: .+$", stderr, re.MULTILINE)
    if status not in statuses or "Traceback" in stderr or len(errors) != (status != 0):
        raise Fault(f"barenet {' '.join(arguments)} ended with {status}, and stderr {stderr!r}")
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
            warnings.simplefilter("ignore", RemedyWarning)  # of values that count as missing
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

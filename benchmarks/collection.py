"""Collections of public tables, each listed in a file, from a folder or a download.

The files lie in the folder as PACKAGE/NAME.csv, and are downloaded into it where they are missing.
"""

import tomllib
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from barenet.storage._atomic_write import write_atomically
from benchmarks.results import FOLDER
from benchmarks.table_data import Table, read_csv, table_of
from benchmarks.table_models import MODELS

__all__ = ["CACHE", "Collection", "Entry", "Rdatasets", "frequent", "listed"]

#: The folder of the downloads, with a folder for each collection.
CACHE = Path.home() / ".cache" / "barenet"

#: Where the tables of Rdatasets are published.
ADDRESS = "https://raw.githubusercontent.com/vincentarelbundock/Rdatasets/master/csv"

#: Classes with fewer rows are dropped, with their rows.
FEWEST = 5

#: The first column of every file of Rdatasets numbers its rows.
COUNTER = "rownames"

#: Seconds to wait for a download.
PATIENCE = 60


@dataclass(frozen=True)
class Entry:
    """A line of the list.

    Attributes
    ----------
    target : str
        The column to predict.
    task : {"classification", "regression"}
        Whether the target has classes.
    drop : tuple of str
        Columns that give the target away.
    remark : str
        Why they are dropped.
    left_out : str
        Why the table is not measured; empty if it is.
    address : str
        Where the file is published; empty if it follows from the table's name.
    encoding : str
        Character encoding of the file.
    dates : dict of str to str
        The format of each column of dates.
    refusal : str
        barenet's message where it refuses the table; empty if it takes it.
    options : dict
        The options of barenet that the message recommends.
    time : str
        The column of dates in whose order the rows of events are split; empty for other rows.
    """

    target: str
    task: str
    drop: tuple[str, ...] = ()
    remark: str = ""
    left_out: str = ""
    address: str = ""
    encoding: str = "utf-8"
    dates: Mapping[str, str] = field(default_factory=dict)
    refusal: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    time: str = ""


def listed(file: Path) -> dict[str, Entry]:
    """The entries of a list by the names of the tables, PACKAGE/NAME."""
    return {name: Entry(**entry) for name, entry in tomllib.loads(file.read_text("utf-8")).items()}


class Collection(ABC):
    """The tables of a list.

    Parameters
    ----------
    folder : Path
        Where the files are, or are written by the download.
    file : Path, optional
        Another list than the collection's.
    """

    #: The list, the folder of the downloads, and the folder of the published results.
    FILE: ClassVar[Path]
    CACHE: ClassVar[Path]
    RESULTS: ClassVar[Path]

    def __init__(self, folder: Path, file: Path | None = None) -> None:
        self._folder = folder
        self._entries = listed(file or self.FILE)

    @property
    def names(self) -> list[str]:
        """The names of the tables that are measured."""
        return [name for name, entry in self._entries.items() if not entry.left_out]

    @property
    @abstractmethod
    def models(self) -> list[str]:
        """The names of the models that can be measured on the tables."""

    @property
    def notes(self) -> list[str]:
        """A line about each table that is left out."""
        entries = self._entries.items()
        return [
            f"{name} is left out: {entry.left_out}" for name, entry in entries if entry.left_out
        ]

    @property
    def refusals(self) -> list[str]:
        """A line about each table that barenet refuses without options."""
        lines = []
        for name, entry in self._entries.items():
            if entry.refusal:
                remedies = [f"{key}={value!r}" for key, value in entry.options.items()]
                lines.append(f"{name}, measured with {', '.join(remedies)}: {entry.refusal}")
        return lines

    def read(self, name: str) -> Table:
        """Read a table, without rare classes and the columns that give its target away."""
        return self._read(name, self._entries[name], self.file(name))

    @abstractmethod
    def _read(self, name: str, entry: Entry, path: Path) -> Table:
        """Read the file of a table."""

    @abstractmethod
    def _address(self, name: str, entry: Entry) -> str:
        """The address of the file of a table."""

    def fetch(self, names: Sequence[str]) -> None:
        """Download the files that are missing."""
        for name in names:
            self.file(name)

    def file(self, name: str) -> Path:
        """The file of a table, which is downloaded if it is missing.

        Raises
        ------
        OSError
            If the download fails.
        """
        path = self._folder / f"{name}.csv"
        if not path.exists():
            content = _downloaded(self._address(name, self._entries[name]), path)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        return path


class Rdatasets(Collection):
    """Tables of Rdatasets, as collection.toml lists them."""

    FILE = Path(__file__).with_name("collection.toml")
    CACHE = CACHE / "rdatasets"
    RESULTS = FOLDER

    @property
    def models(self) -> list[str]:
        """All models."""
        return list(MODELS)

    def _read(self, name: str, entry: Entry, path: Path) -> Table:
        frame = read_csv(path)
        frame = frame[frame[entry.target].notna()]
        if entry.task == "classification":
            frame = frequent(frame, entry.target)
        dropped = [COUNTER, *entry.drop, entry.target]
        X = frame.drop(columns=dropped).reset_index(drop=True)
        return table_of(name, X, frame[entry.target], entry.task == "classification")

    def _address(self, name: str, entry: Entry) -> str:
        return f"{ADDRESS}/{name}.csv"


def _downloaded(address: str, path: Path) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            content: bytes = answer.read()
    except OSError as error:
        raise OSError(f"{address} was not downloaded ({error}); write it to {path}") from error
    return content


def frequent(frame: Any, target: str) -> Any:
    """The rows of classes that have enough of them."""
    return frame[frame.groupby(target)[target].transform("size") >= FEWEST]

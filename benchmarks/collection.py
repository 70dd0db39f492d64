"""The collection: tables of Rdatasets, as collection.toml lists them, from a folder or a download.

The files lie in the folder as PACKAGE/NAME.csv, and are downloaded into it where they are missing.
"""

import tomllib
import urllib.request
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from barenet.storage._atomic_write import write_atomically
from benchmarks.table_data import Table, read_csv, table_of

__all__ = ["CACHE", "COLLECTION", "Collection", "Entry", "listed"]

#: The file with the list, and the folder of the tables.
COLLECTION = Path(__file__).with_name("collection.toml")
CACHE = Path.home() / ".cache" / "barenet" / "rdatasets"

#: Where the tables are published.
ADDRESS = "https://raw.githubusercontent.com/vincentarelbundock/Rdatasets/master/csv"

#: Classes with fewer rows are dropped, with their rows.
FEWEST = 5

#: The first column of every file numbers its rows.
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
    """

    target: str
    task: str
    drop: tuple[str, ...] = ()
    remark: str = ""
    left_out: str = ""


def listed() -> dict[str, Entry]:
    """The entries of the list by the names of the tables, PACKAGE/NAME."""
    return {name: Entry(**entry) for name, entry in tomllib.loads(COLLECTION.read_text()).items()}


class Collection:
    """The tables of the list.

    Parameters
    ----------
    folder : Path
        Where the files are, or are written by the download.
    address : str
        Address of the folder of all tables.
    """

    def __init__(self, folder: Path = CACHE, address: str = ADDRESS) -> None:
        self._folder, self._address = folder, address
        self._entries = listed()

    @property
    def names(self) -> list[str]:
        """The names of the tables that are measured."""
        return [name for name, entry in self._entries.items() if not entry.left_out]

    @property
    def notes(self) -> list[str]:
        """A line about each table that is left out."""
        entries = self._entries.items()
        return [
            f"{name} is left out: {entry.left_out}" for name, entry in entries if entry.left_out
        ]

    def read(self, name: str) -> Table:
        """Read a table, without rare classes and the columns that give its target away."""
        entry = self._entries[name]
        frame = read_csv(self.file(name))
        frame = frame[frame[entry.target].notna()]
        if entry.task == "classification":
            frame = _frequent(frame, entry.target)
        dropped = [COUNTER, *entry.drop, entry.target]
        X = frame.drop(columns=dropped).reset_index(drop=True)
        return table_of(name, X, frame[entry.target], entry.task == "classification")

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
            content = _downloaded(f"{self._address}/{name}.csv", path)
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(path, content)
        return path


def _downloaded(address: str, path: Path) -> bytes:
    try:
        with urllib.request.urlopen(address, timeout=PATIENCE) as answer:
            content: bytes = answer.read()
    except OSError as error:
        raise OSError(f"{address} was not downloaded ({error}); write it to {path}") from error
    return content


def _frequent(frame: Any, target: str) -> Any:
    """The rows of classes that have enough of them."""
    return frame[frame.groupby(target)[target].transform("size") >= FEWEST]

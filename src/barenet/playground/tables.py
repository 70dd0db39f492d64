"""Tables: the CSV files that the page was started with or has sent, read as it asks for them."""

from __future__ import annotations

import contextlib
import csv
import dataclasses
import tempfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data.dataset import Dataset
from barenet.data.table import Table, read_table
from barenet.data.tabular import load_table
from barenet.playground.scene import Scene

__all__ = ["MOST_TABLE_BYTES", "PREFIX", "Tables"]

#: How the name of a table starts among the data sets.
PREFIX = "table:"
MOST_TABLE_BYTES = 5 * 2**20
MOST_TABLES = 16
#: More rows are no better to look at, and slower to learn from.
MOST_ROWS = 5000
REDUCED = "numbers.csv"


class Tables:
    """Files, by a key that the page calls them by."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory(prefix="barenet-play-")
        self.paths: OrderedDict[str, tuple[str, Path]] = OrderedDict()
        self.count = 0

    def add(self, name: str, content: bytes) -> str:
        """Keep a table that was sent; the oldest is forgotten where there are too many.

        Parameters
        ----------
        name : str
            What it is called.
        content : bytes
            The file.

        Returns
        -------
        str
            Its key.

        Raises
        ------
        DataError
            If it is no table.
        """
        self.count += 1
        path = Path(self.folder.name) / f"{self.count}.csv"
        path.write_bytes(content)
        try:
            key = self.open(name, path)
        except ValueError:
            path.unlink()
            raise
        if len(self.paths) > MOST_TABLES:
            _, (_, oldest) = self.paths.popitem(last=False)
            if oldest.is_relative_to(self.folder.name):
                oldest.unlink(missing_ok=True)
        return key

    def open(self, name: str, path: Path) -> str:
        """Take a file of the user's own.

        Parameters
        ----------
        name : str
            What it is called.
        path : Path
            Where it is.

        Returns
        -------
        str
            Its key.

        Raises
        ------
        DataError
            If it is no table.
        """
        with _by_its_name(name, path):
            read_table(path)
        key = f"{PREFIX}{len(self.paths) + self.count}-{Path(name).stem[:40]}"
        self.paths[key] = (name, path)
        return key

    def columns(self, key: str) -> dict[str, bool]:
        """List the columns of a table.

        Parameters
        ----------
        key : str
            From `add`.

        Returns
        -------
        dict of str to bool
            Whether each column holds numbers.
        """
        table = read_table(self.paths[key][1])
        return {name: _is_of_numbers(table, name) for name in table.names}

    def load(self, scene: Scene) -> dict[str, Dataset]:
        """Read the table that a scene names.

        Parameters
        ----------
        scene : Scene
            Names the table, the target and the task.

        Returns
        -------
        dict of str to Dataset
            The table by its key; empty where the scene names none.

        Raises
        ------
        ValueError
            If there is no such table here, or no such column in it.
        DataError
            If a value in it cannot be used.
        """
        if not scene.data.startswith(PREFIX):
            return {}
        if scene.data not in self.paths:
            raise ValueError(
                f"data: the table {scene.data.removeprefix(PREFIX)!r} is not here; load it again"
            )
        name, path = self.paths[scene.data]
        with _by_its_name(name, path):
            table = read_table(path)
            target = scene.target or table.names[-1]
            task: Any = scene.task or None
            dataset = load_table(self._of_numbers(table, path, target), target, task=task)
        dataset = dataclasses.replace(dataset, name=name)
        if dataset.n_samples > MOST_ROWS:
            kept, _ = dataset.split(1 - MOST_ROWS / dataset.n_samples)
            dataset = kept
        return {scene.data: dataset}

    def close(self) -> None:
        """Remove what was sent."""
        self.folder.cleanup()

    def _of_numbers(self, table: Table, path: Path, target: str) -> Path:
        """Leave out columns of text, such as names and remarks, that no axis can be."""
        kept = [n for n in table.names if n == target or _is_of_numbers(table, n)]
        if kept == list(table.names) or target not in kept:
            return path
        reduced = Path(self.folder.name) / REDUCED
        with reduced.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(kept)
            writer.writerows(zip(*(table.column(n).to_pylist() for n in kept), strict=True))
        return reduced


def _is_of_numbers(table: Table, name: str) -> bool:
    """Whether a column can be an axis: a number in every row."""
    column = table.frame([name])[name]
    return column.dtype == np.float64 and bool(np.isfinite(column).all())


@contextlib.contextmanager
def _by_its_name(name: str, path: Path) -> Iterator[None]:
    """Call a file what its owner calls it, in what is said of its faults."""
    try:
        yield
    except ValueError as error:
        reduced = path.with_name(REDUCED)
        words = str(error).replace(str(path), name).replace(str(reduced), name)
        raise type(error)(words) from None

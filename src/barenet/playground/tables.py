"""Tables: the CSV files that the page was started with or has sent, read as it asks for them."""

from __future__ import annotations

import dataclasses
import tempfile
from collections import OrderedDict
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from barenet.data.dataset import Dataset
from barenet.data.frame import Frame
from barenet.data.table_loading import load_table, read_samples
from barenet.errors import DataError, some
from barenet.files.predictor import Predictor
from barenet.playground.advice import by_its_name
from barenet.playground.own_table import OwnTable, look_at
from barenet.playground.scene import Scene

__all__ = ["MOST_ROWS", "MOST_TABLE_BYTES", "PREFIX", "Tables"]

#: How the name of a table starts among the data sets.
PREFIX = "table:"
MOST_TABLE_BYTES = 20 * 2**20
MOST_TABLES = 16
#: More rows are no better to look at, and slower to learn from.
MOST_ROWS = 5000
#: More cannot be told apart in a picture.
MOST_DRAWN_CLASSES = 100


class Tables:
    """Files, by a key that the page calls them by."""

    def __init__(self) -> None:
        self._kept: OrderedDict[str, OwnTable] = OrderedDict()
        self.count = 0

    @cached_property
    def folder(self) -> tempfile.TemporaryDirectory[str]:
        """Where what is sent is kept: made for the first, as until then a signal may end all."""
        return tempfile.TemporaryDirectory(prefix="barenet-play-")

    def __len__(self) -> int:
        return len(self._kept)

    def __contains__(self, key: str) -> bool:
        return key in self._kept

    def add(self, name: str, content: bytes) -> str:
        """Keep a table that was sent; the oldest is forgotten where there are too many."""
        self.count += 1
        path = Path(self.folder.name) / f"{self.count}.csv"
        path.write_bytes(content)
        try:
            key = self.open(name, path)
        except ValueError:
            path.unlink()
            raise
        if len(self._kept) > MOST_TABLES:
            _, oldest = self._kept.popitem(last=False)
            if oldest.path.is_relative_to(self.folder.name):
                oldest.path.unlink(missing_ok=True)
        return key

    def open(self, name: str, path: Path, header: bool | None = None) -> str:
        """Take a file of the user's own."""
        table = look_at(name, path, header)
        key = f"{PREFIX}{len(self._kept) + self.count}-{Path(name).stem[:40]}"
        self._kept[key] = table
        return key

    def columns(self, key: str) -> dict[str, bool]:
        """List the columns of a table."""
        return self._find(key).numbers

    def is_mixed(self, key: str, target: str) -> bool:
        """Tell if what is learned from is not all numbers, one in each row."""
        kept = self._find(key)
        return any(name and name not in (*kept.whole, target) for name in kept.numbers)

    def is_cut(self, key: str) -> bool:
        """Tell if some rows are left out."""
        return self._find(key).n_rows > MOST_ROWS

    def has_holes(self, key: str, names: Sequence[str]) -> bool:
        """Tell if some row has no number in one of some columns."""
        return not set(names) <= set(self._find(key).whole)

    def fills(self, key: str) -> dict[str, float]:
        """Tell what stands for the numbers that are missing."""
        medians = self._find(key).medians
        return medians if self.has_holes(key, [*medians]) else {}

    def with_words(self, key: str, target: str) -> list[str]:
        """Write the commands that learn from the columns that are no numbers, too."""
        return self._find(key).with_words(target)

    def options(self, key: str) -> dict[str, Any]:
        """Tell how a table is read."""
        return self._find(key).options

    def load(self, scene: Scene) -> dict[str, Dataset]:
        """Read the table that a scene names."""
        if not scene.data.startswith(PREFIX):
            return {}
        kept = self._find(scene.data)
        return {scene.data: cut(_of_numbers(self._load(scene, kept), kept))}

    def count_holed(self, scene: Scene, names: Sequence[str]) -> int:
        """Count the columns of which some training rows have no number."""
        if not self.has_holes(scene.data, names):
            return 0
        dataset = self._load(scene, self._find(scene.data))
        assert isinstance(dataset.X, Frame)
        training, _ = dataset.split(scene.test_size)
        return sum(bool(np.isnan(training.X[name]).any()) for name in names)

    def samples(self, key: str, predictor: Predictor) -> Dataset:
        """Read a table as a model takes it."""
        kept, model = self._find(key), predictor
        names = model.feature_names, model.target_name, model.classes
        options: dict[str, Any] = {"frame": model.takes_frames, **kept.options}
        with by_its_name(kept.name, kept.path):
            X, y = read_samples(kept.path, *names, **options)
        dataset = Dataset(
            name=kept.name,
            X=X,
            y=y,
            classes=model.classes,
            feature_names=model.feature_names,
            target_name=model.target_name,
            description=f"{len(y):,} rows",
        )
        return cut(dataset)

    def _find(self, key: str) -> OwnTable:
        """Find a table, or say that it is not here."""
        if key not in self._kept:
            raise ValueError(
                f"data: the table {key.removeprefix(PREFIX)!r} is not here; load it again"
            )
        return self._kept[key]

    def _load(self, scene: Scene, kept: OwnTable) -> Dataset:
        """Read all columns."""
        options: dict[str, Any] = {"task": scene.task or None, **kept.options}
        with by_its_name(kept.name, kept.path):
            dataset = load_table(kept.path, scene.target or kept.target, **options)
        return dataclasses.replace(dataset, name=kept.name)

    def close(self) -> None:
        """Remove what was sent."""
        if "folder" in vars(self):
            self.folder.cleanup()


def cut(dataset: Dataset) -> Dataset:
    """Take as many rows as can be watched; where there are more, a share that chance chooses."""
    if dataset.n_samples <= MOST_ROWS:
        return dataset
    kept, _ = dataclasses.replace(dataset, stratify=False).split(1 - MOST_ROWS / dataset.n_samples)
    said = f"{MOST_ROWS:,} of {dataset.description}"
    return dataclasses.replace(kept, stratify=dataset.stratify, description=said)


def _of_numbers(dataset: Dataset, kept: OwnTable) -> Dataset:
    """Leave out columns of text, that no axis can be, and fill what is missing in the others."""
    if len(dataset.classes or ()) > MOST_DRAWN_CLASSES:
        raise DataError(
            f"{kept.name}: column {dataset.target_name!r} has {len(dataset.classes or ()):,} "
            f"classes, and {MOST_DRAWN_CLASSES} can be told apart at most; predict another column"
        )
    names = [name for name in dataset.feature_names if kept.numbers[name]]
    if not names:
        raise DataError(
            f"{kept.name}: no column of numbers to learn {dataset.target_name!r} from; there is "
            f"{some(dataset.feature_names)}; barenet train learns from words, too"
        )
    if not isinstance(dataset.X, Frame):
        return dataset
    X = np.column_stack([dataset.X[name] for name in names])
    said = dataset.description
    if left_out := [name for name in dataset.feature_names if name not in names]:
        said += f"; without {some(left_out, 4)}, which are no numbers"
    if holes := int(np.isnan(X).sum()):
        said += f"; holes filled by the median: {holes:,}"
        X = np.where(np.isnan(X), [kept.medians[name] for name in names], X)
    return dataclasses.replace(dataset, X=X, feature_names=tuple(names), description=said)

"""The tables of the comparison: a folder of CSV files, or scikit-learn's own data sets.

A folder has a file TARGETS.md with a Markdown table whose first three columns are the file, the
target, and "classification" or "regression".
"""

import importlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from benchmarks.preparation import Preparation
from benchmarks.table_models import MODELS

__all__ = [
    "BUILT_IN",
    "Folder",
    "Table",
    "n_earlier",
    "read",
    "read_csv",
    "split",
    "table_of",
    "target_of",
    "targets",
]

#: scikit-learn's data sets for the first fit of a model, and whether they have classes.
BUILT_IN = {"iris": True, "diabetes": False}

#: The fraction of the rows in the test set, and how missing values are written in the files.
TEST, MISSING = 0.2, ["?", "NA"]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        Name of the table.
    X : DataFrame
        Numbers and categories (of dtype object), with missing values; of a mixed table, all columns
        as pandas reads them.
    y : ndarray of shape (n_rows,)
        Numbers, or classes from 0.
    classes : int
        Number of classes; 0 for a numeric target.
    preparation : Preparation or None
        How the columns of a mixed table are prepared for libraries without dates or texts.
    options : dict
        Options of barenet for a mixed table.
    is_in_order : bool
        Whether the rows are in the order of time, so that the last ones are the test set.
    """

    name: str
    X: Any
    y: NDArray[Any]
    classes: int
    preparation: Preparation | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    is_in_order: bool = False


def targets(folder: Path) -> dict[str, tuple[Path, str, bool]]:
    """Files, targets and whether they have classes, by the names of the tables in a folder."""
    found = {}
    for file, target, task in _listed(folder):
        found[file.partition(".")[0]] = folder / file, target, task == "classification"
    return found


def _listed(folder: Path) -> Iterator[tuple[str, str, str]]:
    for line in (folder / "TARGETS.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 2 and cells[2] in ("classification", "regression"):
            yield cells[0], cells[1], cells[2]


def read(name: str, folder: Path | None = None) -> Table:
    """Read a table.

    Parameters
    ----------
    name : str
        Name of a file in the folder without its ending, or of one of scikit-learn's data sets.
    folder : Path, optional
        The folder.

    Returns
    -------
    Table
        Without the rows that have no target, and the columns that are empty or free text.
    """
    if folder is None:
        data = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(as_frame=True)
        return table_of(name, data.data, data.target, BUILT_IN[name])
    path, target, has_classes = targets(folder)[name]
    frame = read_csv(path)
    frame = frame[frame[target].notna()].reset_index(drop=True)
    return table_of(name, frame.drop(columns=target), frame[target], has_classes)


def read_csv(path: Path) -> Any:
    """Read a file; semicolons between its columns go with decimal commas."""
    import pandas

    heading = str(pandas.read_csv(path, sep="\0", header=None, nrows=1, engine="python").iloc[0, 0])
    marks = {"sep": ";", "decimal": ","} if heading.count(";") > heading.count(",") else {}
    frame = pandas.read_csv(path, na_values=MISSING, skipinitialspace=True, **marks)
    return frame.rename(columns=str.strip)


def table_of(name: str, X: Any, y: Any, has_classes: bool) -> Table:
    """Make a table, without the columns that are empty or free text."""
    import pandas

    for column in X.columns:
        if not pandas.api.types.is_numeric_dtype(X[column]):
            X[column] = X[column].astype(object).where(X[column].notna(), np.nan)
            if X[column].nunique() > len(X) / 2:
                X = X.drop(columns=column)
    X = X.dropna(axis=1, how="all")
    return Table(name, X, *target_of(y, has_classes))


def target_of(y: Any, has_classes: bool) -> tuple[NDArray[Any], int]:
    """Numbers, or classes from 0; and the number of classes."""
    if not has_classes:
        return np.asarray(y, np.float64), 0
    names, codes = np.unique(np.asarray(y), return_inverse=True)
    return codes, len(names)


def split(table: Table, seed: int, most: int | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Indices of the training and the test rows, with all classes in both unless by time.

    Parameters
    ----------
    table : Table
        The table.
    seed : int
        The seed of the split.
    most : int, optional
        The most training rows; of more, a random sample is taken.

    Returns
    -------
    tuple of ndarray
        The training and the test rows.
    """
    classes = table.y if table.classes else None
    rows = np.arange(len(table.y))
    if table.is_in_order:
        classes = None
        train, test = np.split(rows, [n_earlier(len(rows))])
    else:
        train, test = train_test_split(rows, test_size=TEST, random_state=seed, stratify=classes)
    if most is not None and len(train) > most:
        kept = None if classes is None else classes[train]
        train, _ = train_test_split(train, train_size=most, random_state=seed, stratify=kept)
    return train, test


def n_earlier(n_rows: int) -> int:
    """Count the training rows of a table in the order of time."""
    return n_rows - round(TEST * n_rows)


class Folder:
    """The tables of a folder with a TARGETS.md, to develop on.

    Parameters
    ----------
    folder : Path
        The folder.
    """

    notes: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()
    models: tuple[str, ...] = tuple(MODELS)

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @property
    def names(self) -> list[str]:
        """The names of the tables."""
        return list(targets(self._folder))

    def fetch(self, names: Sequence[str]) -> None:
        """Do nothing: the files are there."""

    def read(self, name: str) -> Table:
        """Read a table."""
        return read(name, self._folder)

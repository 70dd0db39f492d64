"""The tables of the comparison: those of rdatasets.csv, or a folder of CSV files.

rdatasets.csv lists tables of https://github.com/vincentarelbundock/Rdatasets, and columns that give
the target away, which are dropped. None of these tables was used to choose anything in barenet. The
files are downloaded once.

Another folder has a file TARGETS.md with a Markdown table whose first three columns are the file,
the target, and "classification" or "regression".
"""

import csv
import importlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from barenet.files._atomic import write_atomically

__all__ = ["Listed", "Table", "built_in", "read", "split", "targets"]

#: The address of the collection's files, and the folder for them.
ADDRESS = "https://raw.githubusercontent.com/vincentarelbundock/Rdatasets/master/csv"
CACHE = Path.home() / ".cache" / "barenet" / "rdatasets"

#: The fraction of the rows in the test set, and how missing values are written in the files.
TEST, MISSING = 0.2, ["?", "NA"]

#: Classes of fewer rows are left out.
FEWEST_ROWS = 5


@dataclass(frozen=True)
class Listed:
    """A table in a list.

    Attributes
    ----------
    path : Path
        The file.
    target : str
        The column to predict.
    has_classes : bool
        Whether the target has classes.
    dropped : tuple of str
        Columns that are left out.
    """

    path: Path
    target: str
    has_classes: bool
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    name : str
        Name of the table.
    X : DataFrame
        Numbers and categories (of dtype object), with missing values.
    y : ndarray of shape (n_rows,)
        Numbers, or classes from 0.
    classes : int
        Number of classes; 0 for a numeric target.
    """

    name: str
    X: Any
    y: NDArray[Any]
    classes: int


def targets(folder: Path | None = None) -> dict[str, Listed]:
    """List the tables by their names.

    Parameters
    ----------
    folder : Path, optional
        A folder with a TARGETS.md; another one, by default `CACHE`, is for the files of the
        collection.

    Returns
    -------
    dict of str to Listed
        The files, which need not be there yet.
    """
    if folder is not None and (folder / "TARGETS.md").exists():
        return dict(_described(folder))
    found = {}
    with Path(__file__).with_name("rdatasets.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            path = (folder or CACHE) / f"{row['table']}.csv"
            dropped = ("rownames", *row["dropped"].split())
            is_class = row["task"] == "classification"
            found[row["table"]] = Listed(path, row["target"], is_class, dropped)
    return found


def _described(folder: Path) -> Iterator[tuple[str, Listed]]:
    """The tables of a TARGETS.md."""
    for line in (folder / "TARGETS.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) > 2 and cells[2] in ("classification", "regression"):
            listed = Listed(folder / cells[0], cells[1], cells[2] == "classification")
            yield cells[0].partition(".")[0], listed


def read(name: str, folder: Path | None = None, address: str = ADDRESS) -> Table:
    """Read a table; download it if it is not there.

    Parameters
    ----------
    name : str
        Name of a table in the list.
    folder : Path, optional
        As for `targets`.
    address : str
        The address of the collection.

    Returns
    -------
    Table
        Without the rows that have no target or are of a class with few, and without the columns
        that are empty or free text.
    """
    listed = targets(folder)[name]
    if not listed.path.exists():
        with urlopen(f"{address}/{name}.csv", timeout=60) as answer:
            content = answer.read()
        listed.path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(listed.path, content)
    frame = _frame(listed.path)
    y = frame[listed.target]
    is_used = y.notna()
    if listed.has_classes:
        is_used &= y.map(y.value_counts()) >= FEWEST_ROWS
    frame = frame[is_used].reset_index(drop=True)
    others = [column for column in listed.dropped if column in frame]
    X = frame.drop(columns=[listed.target, *others])
    return _table(name, X, frame[listed.target], listed.has_classes)


def built_in(name: str, has_classes: bool) -> Table:
    """One of scikit-learn's own data sets as a table, such as iris."""
    data = getattr(importlib.import_module("sklearn.datasets"), f"load_{name}")(as_frame=True)
    return _table(name, data.data, data.target, has_classes)


def _frame(path: Path) -> Any:
    """Read a file; semicolons between its columns go with decimal commas."""
    import pandas

    heading = str(pandas.read_csv(path, sep="\0", header=None, nrows=1, engine="python").iloc[0, 0])
    marks = {"sep": ";", "decimal": ","} if heading.count(";") > heading.count(",") else {}
    frame = pandas.read_csv(path, na_values=MISSING, skipinitialspace=True, **marks)
    return frame.rename(columns=str.strip)


def _table(name: str, X: Any, y: Any, has_classes: bool) -> Table:
    """Convert columns of text to objects, and classes to numbers."""
    import pandas

    for column in X.columns:
        if not pandas.api.types.is_numeric_dtype(X[column]):
            X[column] = X[column].astype(object).where(X[column].notna(), np.nan)
            if X[column].nunique() > len(X) / 2:
                X = X.drop(columns=column)
    X = X.dropna(axis=1, how="all")
    if not has_classes:
        return Table(name, X, np.asarray(y, np.float64), 0)
    names, codes = np.unique(np.asarray(y), return_inverse=True)
    return Table(name, X, codes, len(names))


def split(table: Table, seed: int, most: int | None = None) -> tuple[NDArray[Any], NDArray[Any]]:
    """Indices of the training and the test rows, with all classes in both.

    Parameters
    ----------
    table : Table
        The table.
    seed : int
        The seed of the split.
    most : int, optional
        The most training rows, drawn at random.

    Returns
    -------
    tuple of ndarray
        The training and the test rows.
    """
    classes = table.y if table.classes else None
    rows = np.arange(len(table.y))
    train, test = train_test_split(rows, test_size=TEST, random_state=seed, stratify=classes)
    return train[:most], test

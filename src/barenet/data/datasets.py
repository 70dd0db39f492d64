"""Every named data set in one dictionary, and the one way to load those or a file."""

from __future__ import annotations

import os
from collections.abc import Collection
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from barenet.data.dataset import Dataset
from barenet.data.embedded import EMBEDDED
from barenet.data.file_io import CSV_SUFFIXES, PARQUET_SUFFIXES, plain_name
from barenet.data.generated import GENERATED
from barenet.data.images import IMAGES
from barenet.data.named import NamedDataset
from barenet.data.npz import load_arrays
from barenet.data.target import Task
from barenet.errors import DataError
from barenet.registry import lookup

__all__ = ["DATASETS", "canonical_name", "load_dataset"]

#: The named data sets.
DATASETS: dict[str, NamedDataset] = {**EMBEDDED, **GENERATED, **IMAGES}

#: What others call some of them.
ALSO_CALLED = {
    "circle": "circles",
    "gaussian": "gaussians",
    "multi_gaussian": "hills",
    "spiral": "spirals",
}

#: How the name of a table ends, that of what packed it aside.
TABLE_SUFFIXES = (*CSV_SUFFIXES, *PARQUET_SUFFIXES)

_TABLE_OPTIONS = (
    *("target", "task", "delimiter", "encoding", "decimal", "header", "categories"),
    *("frame", "drop_missing_target"),
)


def load_dataset(
    name_or_path: str | PathLike[str],
    *,
    target: str | None = None,
    task: Task | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    categories: Collection[str] | None = None,
    frame: bool | None = None,
    drop_missing_target: bool | None = None,
    data_dir: str | PathLike[str] | None = None,
    samples: int | None = None,
    noise: float | None = None,
    data_seed: int | None = None,
) -> Dataset:
    """Load a named data set, or a file.

    Parameters
    ----------
    name_or_path : str or path-like
        A key of `DATASETS`, or what others call it (circle, gaussian, multi_gaussian, spiral); or a
        table that ends in ``.csv``, ``.tsv`` or ``.txt``, plain or packed (``.gz``, ``.bz2``,
        ``.xz``, ``.zst``), or in ``.parquet`` or ``.pq``; or arrays X and y in an ``.npz``.
    target : str
        For a table, and needed there: the column to be predicted.
    task : {"classification", "regression"}, optional
        For a file: what is to be predicted, where `load_table`'s rule decides otherwise.
    delimiter : str, optional
        For a table: what stands between two values.
    encoding : str, optional
        For a table: how its text is encoded.
    decimal : {".", ","}, optional
        For a table: what stands before the digits after the point.
    header : bool, optional
        For a CSV file: whether its first line names the columns, as for `load_table`.
    categories : collection of str, optional
        For a table: columns that hold names, or will be left out.
    frame : bool, optional
        For a table: whether X is a frame even where all columns are numbers.
    drop_missing_target : bool, optional
        For a table: whether rows without a target are left out, instead of being an error.
    data_dir : str or path-like, optional
        For MNIST and Fashion-MNIST: the folder of the IDX files.
    samples : int, optional
        For a generated set: how many rows to make.
    noise : float, optional
        For a generated set: the noise's standard deviation.
    data_seed : int, optional
        For a generated set: fixes the rows.

    Returns
    -------
    Dataset
        The rows, and the settings that they are usually trained with.

    Raises
    ------
    DataError
        If the data cannot be used; names the file and the line.
    ValueError
        If the name is unknown, or an option is wrong or does not go with the data set.

    Examples
    --------
    >>> load_dataset("moons", samples=50).X.shape
    (50, 2)
    """
    given: dict[str, Any] = {"target": target, "task": task, "delimiter": delimiter}
    given |= {"encoding": encoding, "decimal": decimal, "frame": frame, "data_dir": data_dir}
    given |= {"drop_missing_target": drop_missing_target, "categories": categories}
    given |= {"header": header, "samples": samples, "noise": noise, "data_seed": data_seed}
    options = {option: value for option, value in given.items() if value is not None}
    text = canonical_name(_check_path(name_or_path, "data: expected a name or a path"))
    if data_dir is not None:
        _check_path(data_dir, "data_dir: expected a folder")
    ending = plain_name(text)
    if ending.endswith(TABLE_SUFFIXES):
        from barenet.data.table_loading import load_table

        _check_options(text, options, _TABLE_OPTIONS)
        return load_table(text, **{"target": None, **options})
    if ending.endswith(".npz"):
        _check_options(text, options, ("task",))
        return load_arrays(text, **options)
    if text not in DATASETS:
        _refuse_path(text)
    named = lookup(DATASETS, text, "data")
    _check_options(text, options, named.options)
    return named.load(text, **options)


def canonical_name(name: str) -> str:
    """Tell what a data set is called here.

    Examples
    --------
    >>> canonical_name("multi-gaussian"), canonical_name("spirals"), canonical_name("my.csv")
    ('hills', 'spirals', 'my.csv')
    """
    return ALSO_CALLED.get(name.replace("-", "_"), name)


def _check_path(path: object, expected: str) -> str:
    """Return a path as text, or say what came instead."""
    if not isinstance(path, str | PathLike):
        raise ValueError(f"{expected}, got {path!r}")
    return str(fspath(path))


def _refuse_path(text: str) -> None:
    """Refuse what is no data set's name, and looks like a path to something else."""
    if os.path.isdir(text):  # noqa: PTH112  no error of names too long
        raise DataError("is a folder, expected a file", path=text)
    if Path(text).suffix:
        known = ", ".join((*TABLE_SUFFIXES, ".npz"))
        raise ValueError(f"data: {text!r} is a file of an unknown kind (known: {known})")


def _check_options(name: str, options: dict[str, Any], allowed: tuple[str, ...]) -> None:
    """Refuse an option that would be passed over in silence."""
    if wrong := [option for option in options if option not in allowed]:
        takes = ", ".join(allowed) or "none"
        raise ValueError(f"{', '.join(wrong)}: no option of {name} (its options: {takes})")

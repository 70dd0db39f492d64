"""All named data sets, and the function that loads one of them, or a file."""

import os
from collections.abc import Callable, Collection
from functools import partial
from inspect import signature
from os import PathLike, fspath
from pathlib import Path

from barenet._registry import lookup
from barenet.data._dataset import Dataset
from barenet.data._file_io import CSV_SUFFIXES, PARQUET_SUFFIXES, plain_name
from barenet.data._images import IMAGES
from barenet.data._named import EMBEDDED, GENERATED, NamedDataset
from barenet.data._npz import load_arrays
from barenet.data._target import Task
from barenet.errors import ArgumentError, DataError

#: The named data sets.
DATASETS: dict[str, NamedDataset] = {**EMBEDDED, **GENERATED, **IMAGES}

#: Suffixes of tables, without that of their compression.
TABLE_SUFFIXES = (*CSV_SUFFIXES, *PARQUET_SUFFIXES)


def load_dataset(
    name_or_path: str | PathLike[str],
    *,
    target: str | None = None,
    task: Task | None = None,
    delimiter: str | None = None,
    encoding: str | None = None,
    decimal: str | None = None,
    header: bool | None = None,
    date_format: str | None = None,
    categories: Collection[str] | None = None,
    split_by: str | None = None,
    frame: bool | None = None,
    data_dir: str | PathLike[str] | None = None,
    samples: int | None = None,
    noise: float | None = None,
    data_seed: int | None = None,
) -> Dataset:
    """Load a named data set, or a file.

    Parameters
    ----------
    name_or_path : str or path-like
        A key of `DATASETS`; or a table that ends in ``.csv``, ``.tsv`` or ``.txt``, compressed
        (``.gz``, ``.bz2``, ``.xz``, ``.zst``) or not, or in ``.parquet`` or ``.pq``; or arrays X
        and y in an ``.npz``.
    target : str
        For a table, where it is required: the column to predict.
    task : {"classification", "regression"}, optional
        For a file: the kind of the target, where the rule of `load_table` decides otherwise.
    delimiter : str, optional
        For a CSV file: the separator of values.
    encoding : str, optional
        For a CSV file: the encoding of its text.
    decimal : {".", ","}, optional
        For a CSV file: the decimal separator.
    header : bool, optional
        For a CSV file: whether its first line has the names of the columns, as for `load_table`.
    date_format : str, optional
        For a CSV file: the format of its dates, as for `load_table`.
    categories : collection of str, optional
        For a table: columns of names, or columns that are left out later.
    split_by : str, optional
        For a table: the column by which the rows are split, as for `load_table`.
    frame : bool, optional
        For a table: whether X is a frame even where all columns are numbers.
    data_dir : str or path-like, optional
        For MNIST and Fashion-MNIST: the folder of the IDX files.
    samples : int, optional
        For a generated set: the number of rows.
    noise : float, optional
        For a generated set: the standard deviation of the noise.
    data_seed : int, optional
        For a generated set: the seed of the rows.

    Returns
    -------
    Dataset
        The rows, and their default settings for training.

    Raises
    ------
    DataError
        If the data cannot be used; names the file and the line.
    ValueError
        If the name is unknown, or an option is wrong or not one of the data set.

    Examples
    --------
    >>> load_dataset("moons", samples=50).X.shape
    (50, 2)
    """
    options = {key: value for key, value in locals().items() if value is not None}
    options.pop("name_or_path", None)
    name = _check_path(name_or_path, "data", "a name or a path")
    if data_dir is not None:
        _check_path(data_dir, "data_dir", "a folder")
    load: Callable[..., Dataset]
    if plain_name(name).endswith((*TABLE_SUFFIXES, ".npz")):
        from barenet.data._table_loading import load_table

        is_table = not plain_name(name).endswith(".npz")
        load = partial(load_table if is_table else load_arrays, name)
        allowed = tuple(signature(load).parameters)
    else:
        if name not in DATASETS:
            _refuse_path(name)
        named = lookup(DATASETS, name, "data")
        load, allowed = named.load, named.options
    if wrong := [option for option in options if option not in allowed]:
        problem = f"not an option of {name} (its options: {', '.join(allowed) or 'none'})"
        raise ArgumentError(problem, argument=", ".join(wrong))
    return load(**options)


def _check_path(path: object, argument: str, expected: str) -> str:
    """Return a path as text."""
    if not isinstance(path, str | PathLike):
        raise ArgumentError.of(argument, path, expected)
    return str(fspath(path))


def _refuse_path(text: str) -> None:
    """Refuse a path to a file that is neither a table nor arrays."""
    if os.path.isdir(text):  # noqa: PTH112  no error of names too long
        raise DataError("is a folder, expected a file", path=text)
    if Path(text).suffix:
        known = ", ".join((*TABLE_SUFFIXES, ".npz"))
        problem = f"{text!r} is a file of an unknown kind (known: {known})"
        raise ArgumentError(problem, argument="data", value=text)

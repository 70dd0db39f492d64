"""All named data sets, and the function that loads one of them, or a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Mapping
from inspect import signature
from os import PathLike, fspath
from pathlib import Path
from typing import Any, Literal, Unpack

from barenet._constraints import lists_options
from barenet._registry import lookup, parse_options
from barenet.datasets._dataset import Dataset
from barenet.datasets._images import IMAGES
from barenet.datasets._named_datasets import EMBEDDED, GENERATED, GeneratorOptions, NamedDataset
from barenet.datasets._npz import load_arrays
from barenet.errors import ArgumentError, DataError
from barenet.storage._file_io import CSV_SUFFIXES, PARQUET_SUFFIXES, plain_name
from barenet.storage._working_copy import download
from barenet.tables.files._delimited import CsvFields
from barenet.tables.reading._column_words import ColumnRequest

#: The named data sets.
DATASETS: dict[str, NamedDataset] = {**EMBEDDED, **GENERATED, **IMAGES}

#: Suffixes of tables, without the suffix of a compression.
TABLE_SUFFIXES = (*CSV_SUFFIXES, *PARQUET_SUFFIXES)

#: Suffixes of spreadsheets, which are not read.
SPREADSHEETS = (".xlsx", ".xls", ".xlsm", ".xlsb", ".ods")


def set_name(data: str) -> str:
    """Return the name of a named data set, without its options; empty for other data.

    >>> set_name("moons:samples=500,noise=0.2"), set_name("moons.csv")
    ('moons', '')
    """
    name, _, _ = data.partition(":")
    return name if name in DATASETS else ""


class DatasetOptions(CsvFields, GeneratorOptions, total=False):
    """The options of `load_dataset`, for tables and for named data sets."""

    target: str | None
    task: Literal["classification", "regression"] | None
    columns: Mapping[str, str | ColumnRequest] | None
    categories: Collection[str] | None
    drop: Collection[str] | None
    missing: Collection[str] | None
    split_by_time: str | None
    split_by_group: str | None
    split_by: str | None
    weight: str | None
    frame: bool | None
    data_dir: str | PathLike[str] | None


@lists_options(DatasetOptions)
def load_dataset(name_or_path: str | PathLike[str], **options: Unpack[DatasetOptions]) -> Dataset:
    """Load a named data set, or a file.

    Parameters
    ----------
    name_or_path : str or path-like
        A key of `DATASETS`, possibly with options, such as ``"moons:samples=500,noise=0.2"``; or a
        table that ends in ``.csv``, ``.tsv`` or ``.txt``, compressed (``.gz``, ``.bz2``, ``.xz``,
        ``.zst``) or not, or in ``.parquet`` or ``.pq``; or arrays X and y in an ``.npz``. A file
        may be at an address, such as ``"s3://bucket/rows.csv"``.
    **options : object
        For a table ``target``, the column to predict, which is required; ``task``,
        ``split_by_time``, ``split_by_group``, ``weight``, ``columns``, ``categories``, ``drop``,
        ``missing`` and the options of files, as for `Task.open`; and ``frame``, whether to keep the
        columns of a table of numbers alone. For an ``.npz`` file ``task``, ``"classification"`` or
        ``"regression"``. For MNIST and Fashion-MNIST ``data_dir``, the folder of the IDX files. For
        a generated set ``samples``, ``noise`` and ``data_seed``, the seed of the rows. None is the
        same as no option.

    Returns
    -------
    Dataset
        The rows, and their default settings for training.

    Raises
    ------
    DataError
        If the data cannot be used; the message names the file and the line.
    ValueError
        If the name is unknown, or an option is wrong or does not apply to the data set.

    Examples
    --------
    >>> load_dataset("moons", samples=50).X.shape
    (50, 2)
    >>> load_dataset("moons:samples=50").X.shape
    (50, 2)
    """
    chosen: dict[str, Any] = {}
    for option, value in options.items():
        if value is not None:
            chosen[option] = value
    if not isinstance(name_or_path, str | PathLike):
        raise ArgumentError.of("data", name_or_path, "a name or a path")
    folder = chosen.get("data_dir", "")
    if not isinstance(folder, str | PathLike):
        raise ArgumentError.of("data_dir", folder, "a folder")
    if folder:
        chosen["data_dir"] = download(folder)
    name = str(fspath(name_or_path))
    if plain_name(name).endswith((*TABLE_SUFFIXES, ".npz")):
        from barenet.datasets._table_loading import load_table

        load: Callable[..., Dataset] = load_table
        if plain_name(name).endswith(".npz"):
            load = load_arrays
        _, *parameters = signature(load).parameters  # the path comes before the options
        allowed = [parameter for parameter in parameters if parameter != "options"]
        _check_options(chosen, allowed, name)
        return load(name, **chosen)
    if set_name(name):
        name, _, text = name.partition(":")
        try:
            chosen = parse_options(text, DATASETS[name].options) | chosen
        except ArgumentError as error:
            error.argument = "data"
            raise
    else:
        _refuse_path(name)
    try:
        named = lookup(DATASETS, name, "data")
    except ArgumentError as error:
        error.remedy = "the name of a file ends in .csv, .tsv, .txt, .parquet or .npz"
        raise
    _check_options(chosen, named.options, name)
    return named.load(**chosen)


def _check_options(options: Collection[str], allowed: Collection[str], name: str) -> None:
    """Reject options that a data set or a file does not have."""
    wrong = [option for option in options if option not in allowed]
    if wrong:
        listed = ", ".join(allowed) or "none"
        problem = f"not an option of {name} (its options: {listed})"
        raise ArgumentError(problem, argument=", ".join(wrong))


def _refuse_path(text: str) -> None:
    """Reject a path to a file that is neither a table nor arrays."""
    if os.path.isdir(text):  # noqa: PTH112  no error of names too long
        raise DataError("is a folder, expected a file", path=text)
    if Path(text).suffix:
        suffixes = ", ".join((*TABLE_SUFFIXES, ".npz"))
        problem = f"{text!r} is a file of an unknown kind (known: {suffixes})"
        remedy = ""
        if Path(text).suffix.lower() in SPREADSHEETS:
            remedy = f"save the sheet as CSV, or pass pandas.read_excel({text!r}) to Task.open"
        raise ArgumentError(problem, argument="data", value=text, remedy=remedy)

"""Columns of a table that stand beside its predictions, so that each row is known again.

They are shown as they are written: a key such as 00123 is none of the numbers that a network takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

from barenet.cli.settings import FileOptions, is_table
from barenet.cli.trained import Trained
from barenet.data.csv_table import read_table
from barenet.data.file_io import PARQUET_SUFFIXES, plain_name
from barenet.data.parquet import open_parquet
from barenet.data.parsing import as_labels
from barenet.errors import DataError, some

__all__ = ["Column", "read_kept", "texts"]

#: The values of a column as they were read: a NumPy or an Arrow array.
Column: TypeAlias = Any


def texts(column: Column, rows: slice) -> list[str]:
    """Take some values of a column."""
    part = column[rows]
    found: list[str] = part.tolist() if hasattr(part, "tolist") else part.to_pylist()
    return found


def read_kept(
    trained: Trained, data: str, names: Sequence[str], file: FileOptions
) -> dict[str, Column]:
    """Read columns as text."""
    if not names:
        return {}
    if not is_table(data):
        raise ValueError(f"keep: this is an option for tables, and {data} is none")
    if plain_name(data).endswith(PARQUET_SUFFIXES):
        parquet = open_parquet(Path(data))
        _check(names, parquet.names, data)
        frame = parquet.frame(names)
        is_text = {name: frame[name].dtype.kind == "T" for name in names}
        return {
            name: frame[name] if is_text[name] else as_labels(frame, name, ()) for name in names
        }
    known = trained.file_options(data, file)
    names_of_options = ("delimiter", "encoding", "decimal", "header")
    table = read_table(Path(data), **{name: known.get(name) for name in names_of_options})
    _check(names, table.names, data)
    return {name: table.column(name) for name in names}


def _check(names: Sequence[str], known: Sequence[str], data: str) -> None:
    """Refuse columns that are not there."""
    if missing := [name for name in names if name not in known]:
        raise DataError(
            f"keep: {data} has no column {some(missing)}; its columns are {some(known)}"
        )

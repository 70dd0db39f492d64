"""Columns of a table that are printed beside the predictions, as they are written in the table.

A key such as 00123 is not a number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from barenet.cli._run_settings import FileOptions, is_table
from barenet.cli._trained_model import TrainedModel
from barenet.data._parsing import as_labels
from barenet.errors import ArgumentError, some

#: The values of a column as they were read: a NumPy or an Arrow array.
Column: TypeAlias = Any


def texts(column: Column, rows: slice) -> list[str]:
    """Convert some values of a column to a list."""
    part = column[rows]
    found: list[str] = part.tolist() if hasattr(part, "tolist") else part.to_pylist()
    return found


def passthrough_columns(
    trained: TrainedModel, data: str, names: Sequence[str], file: FileOptions
) -> dict[str, Column]:
    """Read columns as text."""
    if not names:
        return {}
    if not is_table(data):
        raise ArgumentError(f"this is an option for tables, and {data} is none", argument="keep")
    table = FileOptions(**trained.file_options(data, file)).open_table(data)
    if missing := [name for name in names if name not in table.names]:
        raise ArgumentError(
            f"{data} has no column {some(missing)}; its columns are {some(table.names)}",
            argument="keep",
        )
    if hasattr(table, "columns"):
        return {name: table.columns[name] for name in names}
    frame = table.frame(names)  # of a Parquet file
    return {
        name: frame[name] if frame[name].dtype.kind == "T" else as_labels(frame, name, ())
        for name in names
    }

"""``barenet columns``: print what the columns of a table are, as lines that ``--columns`` reads."""

from typing import Any

import tomli_w

from barenet._messages import printable
from barenet.cli._console import emit
from barenet.cli._flags import Data, DataOptions
from barenet.cli._run_file import COLUMNS
from barenet.cli._spelling import Spelling
from barenet.errors import ArgumentError
from barenet.settings._task_settings import TaskSettings, is_table, without_none
from barenet.storage._file_io import is_pattern
from barenet.tables.reading._date_formats import format_of_others
from barenet.tasks._column_lines import ColumnLine, lines_of_table


def columns(data: Data, /, *, options: DataOptions = DataOptions()) -> None:
    """Print what each column of a table is understood as, in the words of --columns.

    The output is TOML: the options of the file, and a line for each column, with an example and
    what it is read as. A column that would
    be left out has the word drop and the reason. A column whose kind is undecided has a ?, which
    one of the listed words must replace. Change the words where they are wrong, and train:

    - barenet columns prices.csv --target price > columns.toml
    - barenet train prices.csv --target price --columns columns.toml

    Parameters
    ----------
    data : str
        A .csv, .tsv, .txt or .parquet file; - reads CSV from standard input.
    """
    if not is_table(data) or is_pattern(data):
        raise ArgumentError.of("data", data, "a table, which is one file")
    settings = TaskSettings(data=data, **vars(options))
    lines = lines_of_table(settings)
    reading = _options_of_reading(settings)
    if reading:
        emit(tomli_w.dumps(reading))
    emit(f"[{COLUMNS}]")
    for line in lines:
        emit(_toml(line))


def _options_of_reading(settings: TaskSettings) -> dict[str, Any]:
    """Return the options that the values were read with, by their names in run files."""
    options = dict(vars(settings.file))
    # The lines have the formats of single columns.
    options["date_format"] = format_of_others(settings.file.date_format)
    options["missing"] = settings.missing
    return without_none(options)


def _toml(line: ColumnLine) -> str:
    """Write the words for a column, and a comment."""
    text = tomli_w.dumps({line.name: line.words}).strip()
    comment = printable(" ".join(line.details(Spelling().spell).split()))
    if not line.details():
        return text
    return f"{text}  # {comment}"

"""Run files: TOML files with the settings of a run, or with words for the columns of a table.

Flags override the settings. The folder of a run contains its settings as a run file, which repeats
the run.
"""

import os
import tomllib
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection
from cyclopts.config import Dict

from barenet import ModelCard
from barenet._messages import in_a_line
from barenet.errors import ArgumentError, DataError
from barenet.settings import _task_settings as task_settings
from barenet.storage._file_io import as_address, open_file, read_exactly
from barenet.storage._remote_file import hide_secrets
from barenet.tables.reading._column_words import as_columns, as_texts

#: The run file in the folder of a run.
SETTINGS = "settings.toml"

#: The key of the words for columns in a run file, and in a file of them.
COLUMNS = "columns"

#: Maximum size of a run file in bytes.
MAX_BYTES = 2**20


def settings_of_card(card: ModelCard | None) -> task_settings.TaskSettings | None:
    """Read the settings of a run from a model card; None if the card has other settings."""
    if card is None or not {"data", "test_size"} <= card.settings.keys():
        return None
    try:
        values = task_settings.without_folders(card.settings)
        # no file name may contain this character
        if any("\0" in str(value) for value in values.values()):
            return None
        return parse_settings(values, Path())
    except (TypeError, ValueError):
        return None


def apply_run_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Set the options that no flag sets to the values in the file of ``--config``."""
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = Path(os.path.expanduser(argument.tokens[-1].value))  # noqa: PTH111
            try:
                document = _read(path)
            except DataError as error:
                if (path / SETTINGS).is_file():
                    error.remedy = f"name {path / SETTINGS}"
                raise error.renamed("config") from error
            document = task_settings.with_new_names(document)
            if COLUMNS in document:
                document[COLUMNS] = as_texts(document[COLUMNS])
            Dict(document, source=str(path.absolute()))(app, (), arguments)


def read_columns_files(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Replace a TOML file in the values of ``--columns`` by its lines; words beside it prevail.

    Above its table of columns, the file may have options, such as ``decimal``, which apply unless
    they are set already.
    """
    for argument in arguments:
        if argument.name != "--columns":
            continue
        files = [token for token in argument.tokens if _is_toml(token.value)]
        if not files:
            continue
        others = [token for token in argument.tokens if not _is_toml(token.value)]
        stated = as_columns([token.value for token in others])
        tokens = []
        for token in files:
            path = Path(os.path.expanduser(token.value))  # noqa: PTH111
            columns = _load(path)
            if isinstance(columns.get(COLUMNS), dict):  # or else the line of a column of this name
                options = columns
                columns = options.pop(COLUMNS)
                Dict(options, source=str(path.absolute()))(app, (), arguments)
            columns = {name: words for name, words in columns.items() if name not in stated}
            tokens += [token.evolve(value=text) for text in as_texts(as_columns(columns))]
        argument.tokens[:] = [*tokens, *others]


def _is_toml(text: str) -> bool:
    """Return whether a value of ``--columns`` is the name of a file."""
    return text.lower().endswith(".toml")


def read_run_file(path: Path) -> task_settings.TaskSettings:
    """Read the settings of a run."""
    return parse_settings(_read(path), path)


def parse_settings(document: dict[str, Any], path: Path) -> task_settings.TaskSettings:
    """Convert a document with the settings of a run; the path is that of its file."""
    try:
        if "data" not in document:
            raise ArgumentError("expected a file or the name of a data set", argument="data")
        return task_settings.TaskSettings.from_fields(document)
    except ArgumentError as error:
        raise DataError(in_a_line(error), path=path) from error


def _read(path: Path) -> dict[str, Any]:
    """Read a file of settings, which has no tables but that of columns."""
    document = _load(path)
    values: list[Any] = []
    for name, value in document.items():
        if name != COLUMNS:
            values.append(value)
        if isinstance(value, list):
            values += value
    if any(isinstance(value, dict) for value in values):
        raise DataError("expected settings such as epochs = 10, got a table", path=path)
    address = as_address(document.get("data", ""))
    if address:
        document["data"] = hide_secrets(address)
    return document


def _load(path: Path) -> dict[str, Any]:
    """Read a TOML file, which has a limited size."""
    with open_file(path) as file:
        data = read_exactly(file, MAX_BYTES + 1)
    try:
        if len(data) > MAX_BYTES:
            raise ValueError(f"expected {MAX_BYTES:,} bytes at most")
        return tomllib.loads(data.decode())
    except (ValueError, RecursionError) as error:
        raise DataError(in_a_line(error), path=path) from error

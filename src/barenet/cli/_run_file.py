"""Run files: settings in TOML, which flags override.

The folder of a run has its settings as a run file, which repeats the run.
"""

import dataclasses
import itertools
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection, CycloptsError
from cyclopts.config import Dict

from barenet.cli._flags import PARAMETER
from barenet.cli._run_settings import NO_SETTINGS, RunSettings
from barenet.cli._spelling import usage_error
from barenet.data._file_io import open_file, read_exactly
from barenet.errors import DataError, in_a_line

#: The run file in the folder of a run.
SETTINGS = "settings.toml"

#: Settings of earlier versions that have become the default.
REMOVED = ("drop_missing_target",)

#: Maximum size of a run file in bytes, and maximum depth of its dotted keys, arrays and tables.
MAX_BYTES, MAX_DEPTH = 2**20, 8
#: Maximum number of entries of all its lists: the parser's time grows with their square.
MAX_ENTRIES = 5_000

#: Strings and comments of TOML; unclosed ones end with the line, or with the file.
_STRINGS = re.compile(
    r'''"""(?:\\.|(?!""")[^\\])*+(?:"""|\Z)|"(?:\\.|[^"\\\n])*+"?|#[^\n]*'''
    r"""|'''(?:(?!''').)*+(?:'''|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)


def apply_run_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Set the options that no flag sets to the values in the file named by ``--config``."""
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = Path(os.path.expanduser(argument.tokens[-1].value))  # noqa: PTH111
            try:
                document = _read(path)
            except DataError as error:
                if (path / SETTINGS).is_file():
                    error.remedy = f"name {path / SETTINGS}"
                raise error.renamed("config") from error
            Dict(_known(document), source=str(path.absolute()))(app, (), arguments)


def read_run_file(path: Path) -> RunSettings:
    """Read the settings of a run."""
    return parse_settings(_read(path), path)


def parse_settings(document: Mapping[str, Any], path: Path) -> RunSettings:
    """Convert a document with the settings of a run; the path is that of its file."""
    if "data" not in document:
        raise DataError("data: expected a value, got none", path=path)
    config = Dict(_known(document), source=path.name)
    app = App(default_parameter=PARAMETER, config=config, result_action="return_value")

    @app.default
    def read(data: str, *, settings: RunSettings = NO_SETTINGS) -> RunSettings:
        return dataclasses.replace(settings, data=data)

    try:
        settings: RunSettings = app([], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        raise DataError(in_a_line(ValueError(usage_error(error))), path=path) from error
    return settings


def _known(document: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in document.items() if name not in REMOVED}


def _read(path: Path) -> dict[str, Any]:
    """Read a file of settings."""
    with open_file(path) as file:
        data = read_exactly(file, MAX_BYTES + 1)
    try:
        return _parse(data)
    except (ValueError, RecursionError) as error:
        raise DataError(in_a_line(error), path=path) from error


def _parse(data: bytes) -> dict[str, Any]:
    """Parse a document without tables, of a limited size, depth and length."""
    if len(data) > MAX_BYTES:
        raise ValueError(f"expected {MAX_BYTES:,} bytes at most")
    text = data.decode()
    if _depth(text) > MAX_DEPTH:
        raise ValueError(f"too deeply nested for settings; expected {MAX_DEPTH} levels at most")
    document = tomllib.loads(text)
    lists = [value for value in document.values() if isinstance(value, list)]
    if any(isinstance(each, dict) for each in itertools.chain(document.values(), *lists)):
        raise ValueError("expected settings such as epochs = 10, got a table")
    if (entries := sum(map(len, lists))) > MAX_ENTRIES:
        raise ValueError(f"{entries:,} entries of lists; expected {MAX_ENTRIES:,} at most")
    return document


def _depth(text: str) -> int:
    """Depth of the keys and brackets; the time of the parser grows with its square."""
    bare = _STRINGS.sub("''", text).replace(" ", "").replace("\t", "")
    dots = max((key.count(".") for key in re.findall(r"[^\n=,\[\]{}]+", bare)), default=0)
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[\[\]{}]", bare))
    return max(dots, *itertools.accumulate(steps), 0)

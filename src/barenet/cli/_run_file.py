"""Run files: settings in TOML, which flags override.

The folder of a run has its settings as a run file, which repeats the run.
"""

from __future__ import annotations

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
from barenet.errors import DataError, in_a_line

__all__ = ["apply_run_file", "parse_settings", "parse_toml", "read_run_file"]

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
            path = argument.tokens[-1].value
            try:
                document = _read(path)
            except DataError as error:
                raise error.renamed("config") from error
            Dict(document, source=str(Path(path).absolute()))(app, (), arguments)


def read_run_file(path: Path) -> RunSettings:
    """Read the settings of a run."""
    return parse_settings(_read(str(path)), path)


def parse_settings(document: Mapping[str, Any], path: Path) -> RunSettings:
    """Convert a document with the settings of a run; the path is that of its file."""
    if "data" not in document:
        raise DataError("data: expected a value, got none", path=path)
    config = Dict(dict(document), source=str(path))
    app = App(default_parameter=PARAMETER, config=config, result_action="return_value")

    @app.default
    def read(data: str, *, settings: RunSettings = NO_SETTINGS) -> RunSettings:
        return dataclasses.replace(settings, data=data)

    try:
        settings: RunSettings = app([], exit_on_error=False, print_error=False)
    except CycloptsError as error:
        problem = in_a_line(ValueError(usage_error(error)))
        raise DataError(problem, path=None if str(path) in problem else path) from error
    return settings


def _read(path: str) -> dict[str, Any]:
    """Read a file that has settings and nothing else."""
    try:
        return parse_toml(_read_text(os.path.expanduser(path)), path)  # noqa: PTH111
    except IsADirectoryError as error:
        inside = Path(path) / "settings.toml"
        expected = f"file such as {inside}" if inside.is_file() else "run file"
        raise DataError(f"is a folder, expected a {expected}", path=path) from error
    except OSError as error:
        raise DataError(error.strerror or str(error), path=path) from error
    except UnicodeDecodeError as error:
        raise DataError(f"expected UTF-8: {error}", path=path) from error


def _read_text(path: str) -> str:
    """Read a regular file that is small enough for settings."""
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH110, PTH112, PTH113
        raise DataError("expected a regular file", path=path)
    with open(path, "rb") as file:  # noqa: PTH123
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise DataError(f"expected {MAX_BYTES:,} bytes at most", path=path)
    return data.decode()


def parse_toml(text: str, path: str | Path) -> dict[str, Any]:
    """Parse a document without tables, of a limited depth and length."""
    if _depth(text) > MAX_DEPTH:
        raise DataError(
            f"too deeply nested for settings; expected {MAX_DEPTH} levels at most", path=path
        )
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{type(error).__name__}: {error}", path=path) from error
    for name, value in document.items():
        if isinstance(value, dict) or _has_tables(value):
            raise DataError(
                f"expected settings outside of tables, such as epochs = 10; got the table [{name}]",
                path=path,
            )
    entries = sum(len(value) for value in document.values() if isinstance(value, list))
    if entries > MAX_ENTRIES:
        raise DataError(
            f"{entries:,} entries of lists; expected {MAX_ENTRIES:,} at most", path=path
        )
    return document


def _depth(text: str) -> int:
    """Depth of the keys and brackets; the time of the parser grows with its square."""
    bare = _STRINGS.sub("''", text).replace(" ", "").replace("\t", "")
    dots = max((key.count(".") for key in re.findall(r"[^\n=,\[\]{}]+", bare)), default=0)
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[\[\]{}]", bare))
    return max(dots, *itertools.accumulate(steps), 0)


def _has_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)

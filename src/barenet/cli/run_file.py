"""Run files: settings in TOML, which flags go over.

What a run was trained with is kept in its folder as a run file, and trains it again.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import re
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from cyclopts import App, ArgumentCollection, CycloptsError
from cyclopts.config import Dict

from barenet.cli.flags import PARAMETER
from barenet.cli.settings import NOTHING_SAID, Settings
from barenet.cli.spelling import usage_error
from barenet.errors import in_a_line

__all__ = ["apply_run_file", "parse_run_file", "read_run_file"]

#: Maximum size of a run file in bytes, and maximum depth of its dotted keys, arrays and tables.
MOST_BYTES, DEEPEST = 2**20, 8
#: Maximum number of entries of all its lists.
MOST_ENTRIES = 5_000

#: Strings and comments of TOML; unclosed ones end with the line, or with the file.
_STRINGS = re.compile(
    r'''"""(?:\\.|(?!""")[^\\])*+(?:"""|\Z)|"(?:\\.|[^"\\\n])*+"?|#[^\n]*'''
    r"""|'''(?:(?!''').)*+(?:'''|\Z)|'[^'\n]*+'?""",
    re.DOTALL,
)


def apply_run_file(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Let the run file that ``--config`` names say what the flags leave open."""
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = argument.tokens[-1].value
            said = _settings(path)
            for name in said:  # The command line takes these for sections, and would skip them.
                if name in app.app_stack.current_frame[0]:
                    raise CycloptsError(msg=f"config: {path}: unknown setting {name}")
            source = str(Path(path).absolute())
            Dict(said, source=source, use_commands_as_keys=False)(app, commands, arguments)


def _settings(path: str) -> dict[str, Any]:
    """Read a file that has settings and nothing else."""
    try:
        text = _read_text(os.path.expanduser(path))  # noqa: PTH111
        _check_depth(text, path)
        document = tomllib.loads(text)
    except IsADirectoryError as error:
        inside = Path(path) / "settings.toml"
        such = f"file such as {inside}" if inside.is_file() else "run file"
        raise CycloptsError(msg=f"config: {path}: is a folder, expected a {such}") from error
    except OSError as error:
        raise CycloptsError(msg=f"config: {path or repr(path)}: {error.strerror}") from error
    except RecursionError as error:
        raise CycloptsError(msg=f"config: {path}: too deeply nested for settings") from error
    except ValueError as error:
        raise CycloptsError(msg=f"config: {path}: {type(error).__name__}: {error}") from error
    for name, value in document.items():
        if isinstance(value, dict) or _holds_tables(value):
            raise CycloptsError(
                msg=f"config: {path}: expected settings outside of tables, such as epochs = 10; "
                f"got the table [{name}]"
            )
    entries = sum(len(value) for value in document.values() if isinstance(value, list))
    if entries > MOST_ENTRIES:  # The parser's time grows with their square.
        raise CycloptsError(
            msg=f"config: {path}: {entries:,} entries of lists; expected {MOST_ENTRIES:,} at most"
        )
    return document


def _read_text(path: str) -> str:
    """Read a regular file that is small enough for settings."""
    if os.path.exists(path) and not (os.path.isfile(path) or os.path.isdir(path)):  # noqa: PTH110, PTH112, PTH113
        raise CycloptsError(msg=f"config: {path}: expected a regular file")
    with open(path, "rb") as file:  # noqa: PTH123
        data = file.read(MOST_BYTES + 1)
    if len(data) > MOST_BYTES:
        raise CycloptsError(msg=f"config: {path}: a run file has {MOST_BYTES:,} bytes at most")
    return data.decode()


def _check_depth(text: str, path: str) -> None:
    """Refuse deep nesting: the time of the parser grows with the square of the depth."""
    bare = _STRINGS.sub("''", text).replace(" ", "").replace("\t", "")
    dots = max((key.count(".") for key in re.findall(r"[^\n=,\[\]{}]+", bare)), default=0)
    steps = (1 if bracket in "[{" else -1 for bracket in re.findall(r"[\[\]{}]", bare))
    if max(dots, *itertools.accumulate(steps), 0) > DEEPEST:
        raise CycloptsError(
            msg=f"config: {path}: too deeply nested for settings; expected {DEEPEST} levels at most"
        )


def _holds_tables(value: Any) -> bool:
    return isinstance(value, list) and any(isinstance(entry, dict) for entry in value)


def read_run_file(path: Path) -> Settings:
    """Read the settings of a run."""
    try:
        settings: Settings = _reader(
            ["--config", str(path)],
            exit_on_error=False,
            print_error=False,
            result_action="return_value",
        )
    except CycloptsError as error:
        problem = in_a_line(ValueError(usage_error(error))).removeprefix("config: ")
        place = "" if str(path) in problem else f"{path}: "
        raise CycloptsError(msg=f"{place}{problem}") from error
    return settings


def parse_run_file(text: str) -> Settings:
    """Read the settings of a run that lie somewhere else than in a file of their own."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "settings.toml"
        path.write_text(text, "utf-8")
        try:
            return read_run_file(path)
        except CycloptsError as error:  # The file is gone by then: it is not to be named.
            raise CycloptsError(msg=str(error).replace(f"{path}: ", "")) from error


_reader = App(default_parameter=PARAMETER, config=apply_run_file, result_action="return_value")


@_reader.default
def _read(data: str, *, settings: Settings = NOTHING_SAID, config: Path) -> Settings:
    return dataclasses.replace(settings, data=data)

"""Run files: settings in TOML, which flags go over.

What a run was trained with is kept in its folder as a run file, and trains it again.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

from cyclopts import App, ArgumentCollection, CycloptsError
from cyclopts.config import Toml

from barenet.cli.flags import PARAMETER
from barenet.cli.settings import NOTHING_SAID, Settings

__all__ = ["fill_in", "read_run_file"]


def fill_in(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Let the run file that ``--config`` names say what the flags leave open.

    Parameters
    ----------
    app : App
        The command line.
    commands : tuple of str
        The command.
    arguments : ArgumentCollection
        Its options; filled in here.

    Raises
    ------
    CycloptsError
        If the file is missing, or is no TOML.
    """
    for argument in arguments:
        if argument.name == "--config" and argument.tokens:
            path = argument.tokens[-1].value
            read = Toml(path, must_exist=True, use_commands_as_keys=False)
            try:
                read.config  # noqa: B018  # reads the file, and so finds its faults
            except OSError as error:
                raise CycloptsError(msg=f"config: {path}: {error.strerror}") from error
            except CycloptsError as error:
                raise CycloptsError(msg=f"config: {path}: {error}") from error
            read(app, commands, arguments)


def read_run_file(path: Path) -> Settings:
    """Read the settings of a run.

    Parameters
    ----------
    path : Path
        A run file.

    Returns
    -------
    Settings
        What it says.

    Raises
    ------
    CycloptsError
        If it cannot be read, or says what no setting is.
    """
    settings: Settings = _reader(
        ["--config", str(path)],
        exit_on_error=False,
        print_error=False,
        result_action="return_value",
    )
    return settings


_reader = App(default_parameter=PARAMETER, config=fill_in, result_action="return_value")


@_reader.default
def _read(data: str, *, settings: Settings = NOTHING_SAID, config: Path) -> Settings:
    return dataclasses.replace(settings, data=data)

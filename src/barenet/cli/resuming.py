"""``barenet train --resume``: find a run that is not finished, and prepare it again."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path

from barenet.cli.console import emit_json, log
from barenet.cli.experiment import Experiment, prepare
from barenet.cli.run_file import read_run_file
from barenet.cli.run_folder import RunFolder
from barenet.cli.settings import Settings
from barenet.data.file_io import STANDARD_INPUT
from barenet.training.identity import changes

__all__ = ["find_run", "take_up", "tell_finished"]


def find_run(path: Path, out: Path | None) -> RunFolder:
    """Find the folder of a run."""
    folder = RunFolder(path.parent if path.is_file() else path)
    if not (folder.unfinished.exists or folder.model.is_file()):
        raise FileNotFoundError(
            f"resume: {path}: there is no run to resume; start it without --resume"
        )
    if out is not None and out.resolve() != folder.path.resolve():
        raise ValueError(f"out: a run goes on in its own folder, {folder.path}; leave --out away")
    return folder


def take_up(folder: RunFolder, said: Settings) -> Experiment:
    """Prepare a run that is resumed."""
    settings = folder.unfinished.read_settings()
    if settings.data == STANDARD_INPUT and sys.stdin is not None and sys.stdin.isatty():
        raise ValueError(
            "resume: this run learns from standard input; give it the same rows again, as in "
            f"barenet train --resume {folder.path} < rows.csv"
        )
    resumed = folder.unfinished.has_checkpoint()
    # A checkpoint has the weights; the model that they started from may have been replaced since.
    experiment = prepare(dataclasses.replace(settings, start_from=None) if resumed else settings)
    started = dataclasses.replace(experiment.settings, start_from=settings.start_from)
    if changed := _changes(started, said):
        others = f"for others, once it has ended, {_start_from(folder)}"
        raise ValueError(f"resume: a run goes on with its own settings: {changed}; {others}")
    if not resumed:
        folder.unfinished.begin(started)
    return dataclasses.replace(experiment, settings=started)


def tell_finished(folder: RunFolder, said: Settings, json: bool) -> int:
    """Say that there is nothing to go on with."""
    known = read_run_file(folder.settings) if folder.settings.is_file() else None
    if known and (changed := _changes(known, said)):
        others = f"for others, --config {shlex.quote(str(folder.settings))} {_start_from(folder)}"
        raise ValueError(f"resume: the run is finished: {changed}; {others}")
    log(f"{folder.path}: the run is finished, and its model is {folder.model}")
    if json:
        emit_json({"finished": True, "model": str(folder.model)})
    return 0


def _changes(before: Settings, said: Settings) -> str:
    """Say what is said otherwise than before, but for what is printed."""
    now, settings = said.set_fields(), before.set_fields()
    now.pop("verbose_epoch", None)
    return changes({name: settings.get(name) for name in now}, now)


def _start_from(folder: RunFolder) -> str:
    """The option that starts another run, and what it does."""
    return f"--start-from {shlex.quote(str(folder.path))} starts a new run from its weights"

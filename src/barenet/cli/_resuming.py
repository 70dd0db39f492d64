"""``barenet train --resume``: find an unfinished run, and prepare it again."""

import dataclasses
import shlex
from pathlib import Path

from barenet.cli._console import emit_json, log
from barenet.cli._experiment import Experiment, prepare
from barenet.cli._run_file import read_run_file
from barenet.cli._run_folder import RunFolder
from barenet.cli._run_settings import RunSettings
from barenet.errors import ArgumentError
from barenet.training._checkpointing import changes


def find_run(path: Path, out: Path | None) -> RunFolder:
    """Find the folder of a run."""
    folder = RunFolder(path.parent if path.is_file() else path)
    if not (folder.is_unfinished or folder.model.is_file()):
        raise FileNotFoundError(
            f"resume: no run found in {path}; start the run again without --resume"
        )
    if out is not None and out.resolve() != folder.path.resolve():
        raise ArgumentError(
            f"a run is resumed in its own folder, {folder.path}",
            argument="out",
            remedy="leave it out",
        )
    return folder


def prepare_resume(folder: RunFolder, given: RunSettings) -> Experiment:
    """Prepare a run to be resumed; settings given must be those of the run."""
    settings, resumed = folder.read_unfinished(), folder.has_checkpoint()
    # A checkpoint has the weights; the model that they started from may have been replaced since.
    experiment = prepare(dataclasses.replace(settings, start_from=None) if resumed else settings)
    started = dataclasses.replace(experiment.settings, start_from=settings.start_from)
    _check_unchanged(
        started, given, folder, "a run is resumed with its own settings", "once it has ended, "
    )
    if not resumed:
        folder.start(started)
    return dataclasses.replace(experiment, settings=started)


def report_finished(folder: RunFolder, given: RunSettings, json: bool) -> int:
    """Report that a run is finished, and return the exit status."""
    if folder.settings.is_file():
        config = f"--config {shlex.quote(str(folder.settings))} "
        settings = read_run_file(folder.settings)
        _check_unchanged(settings, given, folder, "the run is finished", config)
    log(f"{folder.path}: the run is finished, and its model is {folder.model}")
    if json:
        emit_json({"finished": True, "model": str(folder.model)})
    return 0


def _check_unchanged(
    settings: RunSettings, given: RunSettings, folder: RunFolder, problem: str, before: str
) -> None:
    """Refuse settings other than those of the run, except for what is printed."""
    now, known = given.set_fields(), settings.set_fields()
    now.pop("verbose_epoch", None)
    if changed := changes({name: known.get(name) for name in now}, now):
        start_from = f"--start-from {shlex.quote(str(folder.path))}"
        raise ArgumentError(
            f"{problem}: {changed}",
            argument="resume",
            remedy=f"for others, {before}{start_from} starts a new run from its weights",
        )

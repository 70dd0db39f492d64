"""An unfinished run: its settings and its checkpoint, from which it can be resumed.

The settings are written before anything else, the checkpoint during the training, and both are
removed once all results of the run are on the disk.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from barenet.cli._run_file import parse_settings, parse_toml, read_run_file
from barenet.cli._run_settings import HEADER, RunSettings
from barenet.errors import ModelFileError, in_a_line
from barenet.files._atomic import sync_folder, write_atomically
from barenet.files._checkpoint import FILE_NAME, Checkpoint, read_notes
from barenet.training._checkpointing import StateDict
from barenet.training._run import Run

__all__ = ["RunCheckpoint", "UnfinishedRun"]

#: The key of the run's settings in a checkpoint.
NOTE = "settings"


class RunCheckpoint(Checkpoint):
    """A checkpoint that remembers why it could not be written at the end of its run.

    A model is smaller, and may be written nevertheless.
    """

    def __init__(self, *arguments: Any, at_once: bool = False, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.at_once = at_once
        self.failure: OSError | None = None

    def should_save(self, run: Run) -> bool:
        return self.at_once or super().should_save(run)

    def save(self, run: Run, state: StateDict) -> None:
        try:
            super().save(run, state)
            self.at_once = False
        except OSError as error:
            if run.stop_reason is None and not run.finished:
                raise
            self.failure = error


class UnfinishedRun:
    """The state of a run that is not finished, in the files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.settings, self.checkpoint = folder / "unfinished.toml", folder / FILE_NAME

    @property
    def exists(self) -> bool:
        return self.settings.exists() or self.checkpoint.exists()

    @contextmanager
    def started(self, settings: RunSettings) -> Iterator[None]:
        """Start a new run, and undo that if it fails before its first checkpoint."""
        before = self.settings.read_bytes() if self.settings.exists() else None
        self.start(settings)
        try:
            yield
        except Exception:
            if not self.has_checkpoint():
                self.settings.unlink()
                if before is not None:
                    write_atomically(self.settings, before)
            raise

    def start(self, settings: RunSettings) -> None:
        """Write the settings of a run, which can be resumed from now on."""
        run = f"# Run {secrets.token_hex(8)}: `barenet train --resume` completes it.\n"
        write_atomically(self.settings, settings.to_toml() + run.encode())

    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint of this run, not of an earlier one in the folder."""
        if not (self.settings.exists() and self.checkpoint.exists()):
            return self.checkpoint.exists()
        return _run_id(self.saved_settings()) == _run_id(self.settings.read_text("utf-8"))

    def read_settings(self) -> RunSettings:
        """Read the settings, from the checkpoint where only that is left."""
        if self.settings.exists():
            return read_run_file(self.settings)
        text = self.saved_settings()
        try:
            settings = parse_settings(parse_toml(text, self.checkpoint), self.checkpoint)
        except ValueError as error:
            raise ModelFileError(
                f"{self.checkpoint}: its settings are damaged: {in_a_line(error)}"
            ) from error
        write_atomically(self.settings, text.encode())
        return settings

    def make_checkpoint(self, every: str, settings: RunSettings) -> RunCheckpoint:
        """Make the callback that saves the checkpoints."""
        notes = {NOTE: self.settings.read_text("utf-8")}
        at_once = settings.start_from is not None
        return RunCheckpoint(self.checkpoint, every, notes=notes, at_once=at_once)

    def remove(self) -> None:
        """Remove the files, once all results of the run are on the disk."""
        sync_folder(self.settings.parent)
        self.settings.unlink(missing_ok=True)
        self.checkpoint.unlink(missing_ok=True)  # last: a run resumed from it alone repeats little

    def saved_settings(self) -> str:
        """Read the settings in the checkpoint, which only a run of the command line has."""
        text = read_notes(self.checkpoint).get(NOTE)
        if not isinstance(text, str) or not text.startswith(HEADER):
            raise ModelFileError(
                f"{self.checkpoint} was not written by a run of the command line; choose another "
                "folder with --out"
            )
        return text


def _run_id(settings: str) -> str:
    """The line that identifies a run: see `UnfinishedRun.start`."""
    return settings.splitlines()[-1]

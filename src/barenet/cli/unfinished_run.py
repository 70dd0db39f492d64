"""An unfinished run: its settings and its checkpoint, from which it can be resumed.

The settings are written before anything else, the checkpoint while the run goes on, and both are
removed once all results of the run are on the disk.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cyclopts import CycloptsError

from barenet.cli.last_checkpoint import LastCheckpoint
from barenet.cli.run_file import parse_run_file, read_run_file
from barenet.cli.settings import HEADER, Settings
from barenet.errors import ModelFileError, in_a_line
from barenet.files.atomic import sync_folder, write_atomically
from barenet.files.checkpoint import FILE_NAME, read_notes

__all__ = ["UnfinishedRun"]

#: The key of the run's settings in a checkpoint.
NOTE = "settings"


class UnfinishedRun:
    """The state of a run that is not finished.

    Attributes
    ----------
    settings, checkpoint : Path
        Its files; each may be missing.
    """

    def __init__(self, folder: Path) -> None:
        self.settings, self.checkpoint = folder / "unfinished.toml", folder / FILE_NAME

    @property
    def exists(self) -> bool:
        """Whether there is a run to resume."""
        return self.settings.exists() or self.checkpoint.exists()

    @contextmanager
    def begun(self, settings: Settings) -> Iterator[None]:
        """Begin a new run, and undo that if it fails before its first checkpoint."""
        before = self.settings.read_bytes() if self.settings.exists() else None
        self.begin(settings)
        try:
            yield
        except Exception:
            if not self.has_checkpoint():
                self.settings.unlink()
                if before is not None:
                    write_atomically(self.settings, before)
            raise

    def begin(self, settings: Settings) -> None:
        """Write the settings of a run, which can be resumed from now on."""
        run = f"# Run {secrets.token_hex(8)}: `barenet train --resume` completes it.\n"
        write_atomically(self.settings, settings.to_toml() + run.encode())

    def has_checkpoint(self) -> bool:
        """Return whether the checkpoint belongs to the run of the settings."""
        if not (self.settings.exists() and self.checkpoint.exists()):
            return self.checkpoint.exists()
        return _run_of(self.noted()) == _run_of(self.settings.read_text("utf-8"))

    def read_settings(self) -> Settings:
        """Read the settings."""
        if self.settings.exists():
            return read_run_file(self.settings)
        text = self.noted()  # The run was killed while its state was removed.
        try:
            settings = parse_run_file(text)
        except (CycloptsError, ValueError) as error:
            raise ModelFileError(
                f"{self.checkpoint}: its settings are damaged: {in_a_line(error)}"
            ) from error
        write_atomically(self.settings, text.encode())
        return settings

    def keeper(self, every: str, settings: Settings) -> LastCheckpoint:
        """Make the callback that writes the checkpoints."""
        notes = {NOTE: self.settings.read_text("utf-8")}
        at_once = settings.start_from is not None
        return LastCheckpoint(self.checkpoint, every, notes=notes, at_once=at_once)

    def remove(self) -> None:
        """Remove the files, once all results of the run are on the disk."""
        sync_folder(self.settings.parent)
        self.settings.unlink(missing_ok=True)
        self.checkpoint.unlink(missing_ok=True)  # last: a run resumed from it alone repeats little

    def noted(self) -> str:
        """Read the settings that are stored in the checkpoint."""
        noted = read_notes(self.checkpoint).get(NOTE)
        if not isinstance(noted, str) or not noted.startswith(HEADER):
            raise ModelFileError(
                f"{self.checkpoint} was not written by a run of the command line; choose another "
                "folder with --out"
            )
        return noted


def _run_of(settings: str) -> str:
    """Return the line that identifies the run: see `UnfinishedRun.begin`."""
    return settings.splitlines()[-1]

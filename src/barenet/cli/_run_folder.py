"""The folder of a run, with its model, history, settings and plots.

The results of an earlier run are replaced when all new ones are on the disk; its plots are
removed. RunSettings are beside their own model, or nowhere. The state of a run stays until all its
results are written. Other files are never touched.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shlex
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from barenet.cli._output_file import make_folder, remove_empty
from barenet.cli._run_plots import KINDS
from barenet.cli._run_settings import HEADER, RunSettings
from barenet.cli._trained_model import MODEL, SETTINGS
from barenet.cli._unfinished_run import UnfinishedRun
from barenet.errors import ArgumentError, DataError
from barenet.files._atomic import check_replaceable, remove_leftovers, write_atomically
from barenet.files._lock import locked
from barenet.files._model_io import save
from barenet.files._predictor import Predictor
from barenet.files.exports._exporting import SUFFIXES
from barenet.files.exports._writing import HEAD, is_export
from barenet.training._history import History

__all__ = ["HISTORY", "RunFolder", "read_history"]

HISTORY = "history.jsonl"

#: Start of the name of a temporary folder, from which files are moved when all are written.
SAVING = ".saving-"

#: Name of the lock file of a folder.
LOCK = ".lock"


class RunFolder:
    """A folder that a run writes into."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model, self.settings, self.history = path / MODEL, path / SETTINGS, path / HISTORY
        self.plots = [path / f"{kind}.png" for kind in ("history", *KINDS)]
        self.files = [self.model, self.history, self.settings, *self.plots]
        self.unfinished = UnfinishedRun(path)

    @property
    def resume_command(self) -> str:
        return shlex.join(["barenet", "train", "--resume", str(self.path)])

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the folder for one run, from before the training until all is written."""
        made = self._make_writable()
        try:
            with locked(self.path / LOCK, "another run"):
                self._check_overwritable()
                self._remove_leftovers()
                yield
        finally:
            remove_empty(made)

    def save(self, predictor: Predictor, history: History, settings: RunSettings) -> OSError | None:
        """Write the results of a run; returns the error where the history cannot be written."""
        failure = None
        with tempfile.TemporaryDirectory(dir=self.path, prefix=SAVING) as folder:
            new = RunFolder(Path(folder))
            save(predictor, new.model)
            write_atomically(new.settings, settings.to_toml())
            try:
                write_atomically(new.history, history.to_jsonl().encode())
            except OSError as error:
                failure = OSError(error.errno, error.strerror or str(error), str(self.history))
            stale = [] if failure is None else [self.history]
            for old in (self.settings, *stale, *self.plots):
                old.unlink(missing_ok=True)
            # The settings come last: killed before, a run leaves a model without settings, which
            # is better than a model with the settings of another.
            new.model.replace(self.model)
            if failure is None:
                new.history.replace(self.history)
            new.settings.replace(self.settings)
        return failure

    def checksum(self) -> str | None:
        """The checksum of the model, if there is one."""
        if not self.model.is_file():
            return None
        with self.model.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def exports(self) -> list[Path]:
        """The files here that `barenet export` has written."""
        suffixes = (*SUFFIXES.values(), ".h")
        files = (path for path in self.path.iterdir() if path.suffix in suffixes and path.is_file())
        return sorted(path for path in files if is_export(path.suffix, _head(path)))

    def results(self) -> list[Path]:
        """The results of the last run."""
        return [path for path in self.files if path.exists()]

    def _make_writable(self) -> list[Path]:
        """Make the folder and write to it, to fail before the training instead of after it."""
        try:
            made = make_folder(self.path)
            with tempfile.TemporaryFile(dir=self.path):
                return made
        except OSError as error:
            if not error.strerror or error.errno == errno.ENAMETOOLONG:
                raise
            raise OSError(f"out: {self.path} cannot be written to: {error.strerror}") from error

    def _check_overwritable(self) -> None:
        """Refuse to overwrite files that no run has written."""
        for file in (self.unfinished.checkpoint, self.unfinished.settings, *self.files):
            if os.path.lexists(file):
                check_replaceable(file, f"out: {file}")
        if self.unfinished.checkpoint.exists():
            self.unfinished.saved_settings()
            return
        if any(
            _head(file).startswith(HEADER.encode())
            for file in (self.settings, self.unfinished.settings)
        ):
            return
        for path in sorted(self.path.iterdir()):  # a log that a shell has just opened is empty
            if not path.name.startswith(".") and (path.is_dir() or path.lstat().st_size):
                raise ArgumentError(
                    f"{self.path} holds {path.name}, which no run has written",
                    argument="out",
                    remedy="choose a folder of its own, such as {out}",
                    out=str(self.path / "run"),
                )

    def _remove_leftovers(self) -> None:
        """Remove temporary files of runs that were killed."""
        for file in (self.unfinished.settings, *self.files):
            remove_leftovers(file)
        for folder in self.path.glob(f"{SAVING}*"):
            shutil.rmtree(folder, ignore_errors=True)


def read_history(path: Path) -> History:
    """Read the learning curves of a run."""
    if not path.is_file():
        problem = "is a folder" if path.is_dir() else "there is no such file"
        raise FileNotFoundError(
            f"{path}: {problem}, expected the history of a run, which `barenet train` writes "
            "beside the model"
        )
    try:
        return History.from_jsonl(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"not the history of a run: {error}", path=path) from error


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of one that cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        return stream.read(HEAD)
    return b""

"""The folder of a run: where its model, its history and its settings go.

What an earlier run left there is replaced once all that comes in its place is on the disk; its
pictures go, as they are of another network. Settings lie beside the model that they belong to, or
not at all. The state of a run is kept until all its results are written. Other files are never
touched.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from barenet.cli.pictures import KINDS
from barenet.cli.place import make_folder
from barenet.cli.settings import HEADER, Settings
from barenet.cli.trained import MODEL, SETTINGS
from barenet.cli.unfinished_run import UnfinishedRun
from barenet.errors import DataError
from barenet.files.atomic import check_replaceable, remove_leftovers, write_atomically
from barenet.files.exports.export import SUFFIXES
from barenet.files.exports.writing import HEAD, is_export
from barenet.files.lock import locked_folder
from barenet.files.model_io import save
from barenet.files.predictor import Predictor
from barenet.training.history import History

__all__ = ["HISTORY", "RunFolder", "read_history"]

HISTORY = "history.jsonl"

#: How the folder begins that a run writes into before it replaces anything.
SAVING = ".saving-"

#: How the names of exports end.
EXPORTED = (*SUFFIXES.values(), ".h")


class RunFolder:
    """A folder that a run writes into.

    Attributes
    ----------
    model, settings, history : Path
        The run's files.
    unfinished : UnfinishedRun
        The state of the run that is going on, or was killed.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.model, self.settings = path / MODEL, path / SETTINGS
        self.history, self.unfinished = path / HISTORY, UnfinishedRun(path)

    @contextmanager
    def claimed(self) -> Iterator[None]:
        """Hold the folder for one run, from before the training until all is written."""
        made = [path for path in (self.path, *self.path.parents) if not path.exists()]
        self._check_writable()
        with locked_folder(self.path, "another run"):
            try:
                self._check_files()
                self._check_owner()
                self._remove_leftovers()
                yield
            finally:
                with contextlib.suppress(OSError):
                    for path in made:
                        path.rmdir()  # Works while it is empty: if nothing came of the run.

    def save(self, predictor: Predictor, history: History, settings: Settings) -> OSError | None:
        """Write what a run has come to."""
        failure = None
        with tempfile.TemporaryDirectory(dir=self.path, prefix=SAVING) as place:
            new = RunFolder(Path(place))
            save(predictor, new.model)
            write_atomically(new.settings, settings.to_toml())
            try:
                write_atomically(new.history, history.to_jsonl().encode())
            except OSError as error:
                failure = OSError(error.errno, error.strerror or str(error), str(self.history))
            stale = [] if failure is None else [self.history]
            for old in (self.settings, *stale, *self._pictures()):
                old.unlink(missing_ok=True)
            # Whoever is stopped between two of these leaves a model without settings, which says
            # less; a model with the settings of another would say what is wrong.
            new.model.replace(self.model)
            if failure is None:
                new.history.replace(self.history)
            new.settings.replace(self.settings)
        return failure

    def complete(self, predictor: Predictor) -> None:
        """Write the model once more, with what has been found out about it since."""
        save(predictor, self.model)

    def checksum(self) -> str | None:
        """Tell one model from another."""
        if not self.model.is_file():
            return None
        with self.model.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def exports(self) -> list[Path]:
        """Find what `barenet export` has written here."""
        files = (path for path in self.path.iterdir() if path.suffix in EXPORTED and path.is_file())
        return sorted(path for path in files if is_export(path.suffix, _head(path)))

    def results(self) -> list[Path]:
        """Find the results of the last run."""
        return [path for path in self._results() if path.exists()]

    def _results(self) -> list[Path]:
        """List the paths of the results of a run."""
        return [self.model, self.history, self.settings, *self._pictures()]

    def _remove_leftovers(self) -> None:
        """Take away what runs have left that were killed while they wrote."""
        for file in (self.unfinished.settings, *self._results()):
            remove_leftovers(file)
        for folder in self.path.glob(f"{SAVING}*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _pictures(self) -> list[Path]:
        """Where pictures of a run are."""
        return [self.path / f"{kind}.png" for kind in ("history", *KINDS)]

    def _check_writable(self) -> None:
        """Make the folder and try it: better now than after an hour of training."""
        try:
            make_folder(self.path)
            with tempfile.TemporaryFile(dir=self.path):
                pass
        except OSError as error:
            if not error.strerror:  # it says all itself
                raise
            raise OSError(f"out: {self.path} cannot be written to: {error.strerror}") from error

    def _check_files(self) -> None:
        """Refuse what cannot be replaced: a folder, a pipe or a device in the place of a file."""
        for file in (self.unfinished.checkpoint, self.unfinished.settings, *self._results()):
            if os.path.lexists(file):
                check_replaceable(file, f"out: {file}")

    def _check_owner(self) -> None:
        """Refuse to replace what looks like somebody else's."""
        if self.unfinished.checkpoint.exists():
            self.unfinished.noted()
            return
        settings = (self.settings, self.unfinished.settings)
        if any(_head(file).startswith(HEADER.encode()) for file in settings):
            return
        missing = "" if self.settings.exists() else f", as {self.settings} is missing"
        for file in self._results():
            if os.path.lexists(file):
                raise ValueError(
                    f"out: {file} was not written by a run{missing}; choose another folder with "
                    "--out"
                )
        if foreign := self._first_foreign():
            raise ValueError(
                f"out: {self.path} holds {foreign.name}, so it is not the folder of a run; name "
                f"one of its own, such as --out {self.path / 'run'}"
            )

    def _first_foreign(self) -> Path | None:
        """Find what somebody else keeps here; a log that a shell has just opened is empty."""
        for path in sorted(self.path.iterdir()):
            if not path.name.startswith(".") and (path.is_dir() or path.lstat().st_size):
                return path
        return None


def read_history(path: Path) -> History:
    """Read the epochs of a run."""
    if not path.is_file():
        what = "is a folder" if path.is_dir() else "there is no such file"
        raise FileNotFoundError(
            f"{path}: {what}, expected the epochs of a run, as `barenet train` leaves them beside "
            "the model"
        )
    try:
        return History.from_jsonl(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"{path}: not the history of a run: {error}") from error


def _head(path: Path) -> bytes:
    """The first bytes of a file; none of one that cannot be read."""
    with contextlib.suppress(OSError), path.open("rb") as stream:
        return stream.read(HEAD)
    return b""

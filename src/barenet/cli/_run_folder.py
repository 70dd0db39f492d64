"""The folder of a run, with its model, history, settings and plots.

A new run takes a new or empty folder, so that it never replaces another one. Until all results are
written, the folder contains what is needed to resume the run: its settings, which are written
first, and its checkpoint.
"""

import errno
import math
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from barenet import Predictor, save
from barenet.cli._console import log_problem
from barenet.cli._run_file import SETTINGS, read_run_file
from barenet.cli._trained_model import HISTORY
from barenet.errors import ArgumentError, DivergenceError, ModelFileError
from barenet.files._checkpoint import COMMAND, FILE_NAME, Checkpoint, check_owner, read_notes
from barenet.files._model_path import MODEL, UNFINISHED, resume_command
from barenet.settings._task_settings import HEADER, TaskSettings
from barenet.storage import _atomic_write as atomic
from barenet.storage._folders import first_file, make_folder, remove_empty
from barenet.tasks._pictures import KINDS

#: File names in the folder of a run.
LOCK = ".lock"
REPORT = "report.html"

#: The key of the run's settings in a checkpoint.
NOTE = "settings"


class RunFolder:
    """A folder that a run writes into."""

    def __init__(self, path: Path, note: str = "") -> None:
        self.path = path
        #: The reason that the name of the folder ends in a number.
        self.note = note
        self.model = path / MODEL
        self.settings = path / SETTINGS
        self.history = path / HISTORY
        self.plots = [path / f"{name}.png" for name in ("history", *KINDS)]
        self.plots.append(path / REPORT)
        self.files = [self.model, self.history, self.settings, *self.plots]
        self.unfinished = path / UNFINISHED
        self.checkpoint = path / FILE_NAME

    @property
    def is_unfinished(self) -> bool:
        return self.unfinished.exists() or self.checkpoint.exists()

    @property
    def contents(self) -> str:
        """A description of the run in the folder, if there is one."""
        if self.is_unfinished:
            command = resume_command(self.path)
            return f"{self.path} holds an unfinished run, which `{command}` resumes"
        is_finished = self.settings.exists() and self.model.exists()
        return f"{self.path} holds a finished run" if is_finished else ""

    def show_note(self) -> None:
        """Print the reason of a number in the name, also with `--quiet`: scripts use the name."""
        if self.note:
            log_problem("warning", self.note)

    @contextmanager
    def numbered(self) -> Iterator["RunFolder"]:
        """Lock the folder, or a new numbered one if a run is in it or is writing to it."""
        number = 1
        folder = self
        reason = ""
        with ExitStack() as stack:
            while True:
                reason = reason or self.contents
                if reason:
                    number = self._next_free_number(number + 1)
                    path = self._numbered_path(number)
                    folder = RunFolder(path, f"{reason}; this one is saved in {path}\n")
                try:
                    stack.enter_context(folder.locked())
                    break
                except BlockingIOError as error:  # another run has locked it first
                    reason = reason or str(error)
                except ArgumentError:
                    if not folder.contents:  # otherwise, another run has taken it since
                        raise
            yield folder

    def _numbered_path(self, number: int) -> Path:
        """Return the path with a number after its name."""
        return self.path.with_name(f"{self.path.name}-{number}")

    def _next_free_number(self, number: int) -> int:
        """Return the first number from here on whose path does not exist."""
        while os.path.lexists(self._numbered_path(number)):
            number += 1
        return number

    @contextmanager
    def locked(self, *, resuming: bool = False) -> Iterator["RunFolder"]:
        """Lock the folder for one run, from before training until everything is written."""
        made = self._make_writable()
        try:
            with atomic.locked(self.path / LOCK, "another run"):
                self._check_checkpoint()
                if not resuming:
                    self._check_new()
                for file in (self.unfinished, self.checkpoint, *self.files):
                    atomic.remove_leftovers(file)
                yield self
        finally:
            remove_empty(made)

    @contextmanager
    def running(self, new: TaskSettings | None) -> Iterator[None]:
        """Start a new run, and undo that if it fails before its first checkpoint."""
        if new is not None:
            atomic.write_atomically(self.unfinished, new.to_toml())
        try:
            yield
        except Exception as error:
            has_checkpoint = self.checkpoint.exists()
            if isinstance(error, DivergenceError) and has_checkpoint:
                note = f"the checkpoint {self.checkpoint} is kept"
                error.add_note(f"{note}, and resuming it diverges again")
            elif new is not None and not has_checkpoint:
                with suppress(OSError):  # at an address
                    atomic.remove(self.unfinished)
            raise

    def new_checkpoint(self, every: str, settings: TaskSettings) -> Checkpoint:
        """Make the checkpoint of a run in this folder.

        The model is smaller than a checkpoint, and may fit on a disk where the last checkpoint does
        not. The first checkpoint is saved immediately if the run started from the weights of a
        model, because that file may be removed.
        """
        notes = {NOTE: self.unfinished.read_text("utf-8")}
        saved_at = -math.inf if settings.start_from is not None else None
        return Checkpoint(
            self.checkpoint,
            every,
            notes=notes,
            saved_at=saved_at,
            raises_at_end=False,
            owner=COMMAND,
        )

    def read_unfinished(self) -> TaskSettings:
        """Read the settings of the run to resume, from its checkpoint if only that is left."""
        if not self.unfinished.exists():
            settings = self._saved_settings().encode(errors="surrogatepass")
            atomic.write_atomically(self.unfinished, settings)
        return read_run_file(self.unfinished)

    def save(self, predictor: Predictor, settings: TaskSettings) -> None:
        """Write the model of a run and its settings."""
        save(predictor, self.model)
        atomic.write_atomically(self.settings, settings.to_toml())

    def finish(self) -> None:
        """Remove the state of the run, once all its results are on the disk."""
        atomic.sync_folder(self.path)
        atomic.remove(self.unfinished)
        atomic.remove(self.checkpoint)  # removed last, as it is enough to resume the run

    def _saved_settings(self) -> str:
        """Read the settings in the checkpoint, which only runs of the command line contain."""
        text = read_notes(self.checkpoint).get(NOTE)
        if not isinstance(text, str) or not text.startswith(HEADER):
            problem = "was not written by a run of the command line"
            raise ModelFileError(f"{self.checkpoint} {problem}; choose another folder with --out")
        return text

    def _make_writable(self) -> list[Path]:
        """Create the folder and write to it, to fail before training rather than after it."""
        try:
            made = make_folder(self.path, "out")
            with tempfile.TemporaryFile(dir=self.path):
                return made
        except OSError as error:
            if not error.strerror or error.errno == errno.ENAMETOOLONG:
                raise
            raise OSError(f"out: {self.path} cannot be written to: {error.strerror}") from error

    def _check_checkpoint(self) -> None:
        """Refuse a checkpoint that a run of the command line hasn't written."""
        check_owner(self.checkpoint, COMMAND, "out")
        if self.checkpoint.exists():
            self._saved_settings()  # a checkpoint of barenet 0.3.0 names no owner

    def _check_new(self) -> None:
        """Refuse a folder that holds a run or other files."""
        contents = self.contents
        if contents:
            remedy = "choose another name with --out"
            raise ArgumentError(contents, argument="out", remedy=remedy)
        other = first_file(self.path)
        if other is not None:
            problem = f"{self.path} holds {other.name}, which no run has written"
            remedy = "choose a separate folder, such as {out}"
            out = str(self.path / "run")
            raise ArgumentError(problem, argument="out", remedy=remedy, out=out)

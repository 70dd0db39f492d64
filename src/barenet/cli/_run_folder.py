"""The folder of a run, with its model, history, settings and plots.

A run with a model or a checkpoint is replaced only with ``--overwrite``, once all new results are
on the disk. The model is replaced first: if that fails, the earlier run stays intact. Then the
plots and the exports of the earlier model are removed; a warning names those that another program
has open on Windows. The folder never contains the settings of another model. Until all results are
written, the folder also contains what is needed to resume the run: its settings, which are written
first, and its checkpoint. Other files are never changed.
"""

import errno
import math
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from barenet import Predictor, save
from barenet._messages import some
from barenet.cli._console import log, log_problem
from barenet.cli._run_file import SETTINGS, read_run_file
from barenet.cli._trained_model import HISTORY
from barenet.errors import ArgumentError, DivergenceError, ModelFileError
from barenet.files._checkpoint import COMMAND, FILE_NAME, Checkpoint, check_owner, read_notes
from barenet.files._model_path import MODEL, UNFINISHED, resume_command
from barenet.files.exports._exporting import is_export
from barenet.settings._task_settings import HEADER, TaskSettings
from barenet.storage import _atomic_write as atomic
from barenet.storage._folders import first_file, make_folder, remove_empty
from barenet.tasks._pictures import KINDS

#: File names in the folder of a run.
LOCK = ".lock"
REPORT = "report.html"

#: Prefix of the name of a temporary folder, from which files are moved once all are written.
SAVING = ".saving-"

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
        """A description of the run in the folder; empty without a model and a checkpoint."""
        if not (self.model.exists() or self.checkpoint.exists()):
            return ""
        if not self.is_unfinished:
            return f"{self.path} holds a finished run"
        command = resume_command(self.path)
        return f"{self.path} holds an unfinished run, which `{command}` resumes"

    def show_note(self) -> None:
        """Print the reason of a number in the name, also with `--quiet`: scripts use the name."""
        if self.note:
            log_problem("warning", self.note)

    @contextmanager
    def numbered(self) -> Iterator["RunFolder"]:
        """Lock the folder, or a new numbered one if a run is in it or is writing to it."""
        number = 1
        folder = self
        reason = self.contents
        with ExitStack() as stack:
            while True:
                if reason:
                    number = self._next_free_number(number + 1)
                    path = self._numbered_path(number)
                    folder = RunFolder(path, f"{reason}; this one is saved in {path}\n")
                try:
                    stack.enter_context(folder.locked())
                    break
                except BlockingIOError as error:  # another run has locked it first
                    reason = reason or str(error)
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
    def locked(self, *, overwrite: bool = False) -> Iterator["RunFolder"]:
        """Lock the folder for one run, from before training until everything is written."""
        made = self._make_writable()
        try:
            with atomic.locked(self.path / LOCK, "another run"):
                self._check_overwritable()
                if self.contents and not overwrite:
                    remedy = "replace it with --overwrite, or choose another name with --out"
                    raise ArgumentError(self.contents, argument="out", remedy=remedy)
                for file in (self.unfinished, self.checkpoint, *self.files):
                    atomic.remove_leftovers(file)
                for folder in self.path.glob(f"{SAVING}*"):
                    shutil.rmtree(folder, ignore_errors=True)
                yield self
        finally:
            remove_empty(made)

    @contextmanager
    def running(self, new: TaskSettings | None) -> Iterator[None]:
        """Start a new run, and undo that if it fails before its first checkpoint."""
        earlier = self.unfinished.read_bytes() if self.unfinished.exists() else None
        if new is not None:
            self.start(new)
        try:
            yield
        except Exception as error:
            if isinstance(error, DivergenceError) and self.has_checkpoint():
                note = f"the checkpoint {self.checkpoint} is kept"
                error.add_note(f"{note}, and resuming it diverges again")
            elif new is not None and not self.has_checkpoint():
                with suppress(OSError):  # at an address
                    if earlier is None:
                        atomic.remove(self.unfinished)
                    else:
                        atomic.write_atomically(self.unfinished, earlier)
            raise

    def start(self, settings: TaskSettings) -> None:
        """Write the settings of a run, so that it can be resumed."""
        run = f"# Run {secrets.token_hex(8)}: `barenet train --resume` completes it.\n"
        atomic.write_atomically(self.unfinished, settings.to_toml() + run.encode())

    def has_checkpoint(self) -> bool:
        """Return whether there is a checkpoint of this run, not of an earlier run in the folder."""
        if not self.checkpoint.exists():
            return False
        # The last line is a comment with the token of the run.
        return self._saved_settings() == self.unfinished.read_text("utf-8")

    def new_checkpoint(self, every: str, settings: TaskSettings) -> Checkpoint:
        """Make the checkpoint of a run in this folder.

        The model is smaller than a checkpoint, and may fit on a disk where the last checkpoint does
        not. The first checkpoint is saved immediately if the run started from the weights of a
        model, because that file may be replaced.
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
        """Write the model of a run and its settings, and remove the results of an earlier one."""
        with tempfile.TemporaryDirectory(dir=self.path, prefix=SAVING) as folder:
            new = RunFolder(Path(folder))
            save(predictor, new.model)
            atomic.write_atomically(new.settings, settings.to_toml())
            with _restored_at_error(self.settings, self.history):
                atomic.remove(self.settings)
                atomic.remove(self.history)
                atomic.replace(new.model, self.model)
            # The settings are written last: a run that is killed before leaves a model without
            # settings, which is better than a model with the settings of another one.
            atomic.replace(new.settings, self.settings)
        for old in (*self.plots, *self._stale_exports()):
            try:
                atomic.remove(old)
            except OSError as error:  # on Windows, another program has it open
                reason = f"it cannot be removed ({error.strerror})"
                log_problem("warning", f"{old} is still that of the earlier run: {reason}")

    def _stale_exports(self) -> list[Path]:
        """List exports of the folder's earlier model, which would contradict the new model."""
        exports = [path for path in self.path.iterdir() if is_export(path)]
        if exports:
            names = some(sorted(path.name for path in exports))
            log(f"removing {names}: exported from the model that is replaced")
        return exports

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

    def _check_overwritable(self) -> None:
        """Refuse to overwrite files that were not written by a run."""
        for file in (self.unfinished, *self.files):
            if os.path.lexists(file):
                atomic.check_replaceable(file, f"out: {file}")
        check_owner(self.checkpoint, COMMAND, "out")
        if self.checkpoint.exists():
            self._saved_settings()  # a checkpoint of barenet 0.3.0 names no owner
            return
        is_finished = _is_run_file(self.settings) and self.model.exists()
        if is_finished or _is_run_file(self.unfinished):
            return
        other = first_file(self.path)
        if other is not None:
            problem = f"{self.path} holds {other.name}, which no run has written"
            remedy = "choose a separate folder, such as {out}"
            out = str(self.path / "run")
            raise ArgumentError(problem, argument="out", remedy=remedy, out=out)


@contextmanager
def _restored_at_error(*files: Path) -> Iterator[None]:
    """Restore files if the model beside them can't be replaced, such as an open file on Windows.

    A run that cannot be saved thus leaves the earlier run intact.
    """
    contents: dict[Path, bytes] = {file: file.read_bytes() for file in files if file.exists()}
    try:
        yield
    except OSError:
        for file, content in contents.items():
            with suppress(OSError):
                atomic.write_atomically(file, content)
        raise


def _is_run_file(path: Path) -> bool:
    """Return whether barenet has written a run file."""
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(len(HEADER)) == HEADER.encode()
    return False

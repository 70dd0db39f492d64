"""The folder of a run, with its model, history, settings and plots.

A run that has a model or a checkpoint is replaced only with ``--overwrite``, and when all new
results are on the disk. The model comes first: if it cannot be replaced, the earlier run stays
whole. Then the plots and the exports of the earlier model are removed; a warning names those that
another program of Windows shows. The folder never has the settings of another model. Until all
results are written, the folder also holds what is needed to resume the run: its settings, written
before anything else, and its checkpoint. Other files are never touched.
"""

import errno
import math
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path

from barenet import Predictor, save
from barenet.cli._console import log, log_problem
from barenet.cli._output_file import check_overwritable, make_folder, remove_empty
from barenet.cli._run_settings import SETTINGS, read_run_file
from barenet.cli._trained_model import HISTORY
from barenet.errors import ArgumentError, DivergenceError, ModelFileError, some
from barenet.files._checkpoint import FILE_NAME, Checkpoint, read_notes
from barenet.files._model_path import MODEL, UNFINISHED, resume_command
from barenet.files.exports._exporting import is_export
from barenet.settings._task_settings import HEADER, TaskSettings
from barenet.storage import _atomic_write as atomic
from barenet.tasks._pictures import KINDS

#: File names in the folder of a run.
LOCK = ".lock"
REPORT = "report.html"

#: The start of a report, by which a file is recognized.
REPORT_MARK = re.compile(rb"\A<!doctype html>.*?<title>barenet report: ", re.DOTALL)

#: Start of the name of a temporary folder, from which files are moved when all are written.
SAVING = ".saving-"

#: The key of the run's settings in a checkpoint.
NOTE = "settings"


class RunFolder:
    """A folder that a run writes into."""

    def __init__(self, path: Path, note: str = "") -> None:
        self.path = path
        #: Why the name of the folder ends in a number.
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
        """A sentence about the run in the folder; empty without a model and a checkpoint."""
        if not (self.model.exists() or self.checkpoint.exists()):
            return ""
        if not self.is_unfinished:
            return f"{self.path} holds a finished run"
        command = resume_command(self.path)
        return f"{self.path} holds an unfinished run, which `{command}` resumes"

    @contextmanager
    def numbered(self) -> Iterator["RunFolder"]:
        """Lock the folder, or a new one with a number if a run is in it or is writing there."""
        paths = (self.path.with_name(f"{self.path.name}-{number}") for number in count(2))
        folder = self
        reason = self.contents
        with ExitStack() as stack:
            while True:
                if reason:
                    path = next(paths)
                    while os.path.lexists(path):
                        path = next(paths)
                    folder = RunFolder(path, f"{reason}; this one is saved in {path}\n")
                try:
                    stack.enter_context(folder.locked())
                    break
                except BlockingIOError as error:  # another run has locked it first
                    reason = reason or str(error)
            yield folder

    @contextmanager
    def locked(self, *, overwrite: bool = False) -> Iterator["RunFolder"]:
        """Lock the folder for one run, from before the training until all is written."""
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
        """Start a run if it is new, and undo that if it fails before its first checkpoint."""
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
                    atomic.remove(self.unfinished)
            raise

    def start(self, settings: TaskSettings) -> None:
        """Write the settings of a run, which can be resumed from now on."""
        run = f"# Run {secrets.token_hex(8)}: `barenet train --resume` completes it.\n"
        atomic.write_atomically(self.unfinished, settings.to_toml() + run.encode())

    def has_checkpoint(self) -> bool:
        """Whether there is a checkpoint of this run, not of an earlier one in the folder."""
        if not self.checkpoint.exists():
            return False
        return self._saved_settings() == self.unfinished.read_text("utf-8")  # with its token

    def new_checkpoint(self, every: str, settings: TaskSettings) -> Checkpoint:
        """The checkpoint of a run in this folder.

        The model is smaller than a checkpoint, and can perhaps be written where the last one
        cannot. The first one is saved at once if the run has started from the weights of a model,
        as that file may be replaced.
        """
        notes = {NOTE: self.unfinished.read_text("utf-8")}
        saved_at = None
        if settings.start_from is not None:
            saved_at = -math.inf
        return Checkpoint(
            self.checkpoint, every, notes=notes, saved_at=saved_at, raises_at_end=False
        )

    def read_unfinished(self) -> TaskSettings:
        """Read the settings of the run to resume, from the checkpoint if only that is left."""
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
            # The settings come last: killed before, a run leaves a model without settings, which
            # is better than a model with the settings of another.
            atomic.replace(new.settings, self.settings)
        for old in (*self.plots, *self._stale_exports()):
            try:
                atomic.remove(old)
            except OSError as error:  # on Windows, another program shows it
                reason = f"it cannot be removed ({error.strerror})"
                log_problem("warning", f"{old} is still that of the earlier run: {reason}")

    def _stale_exports(self) -> list[Path]:
        """Exports of the earlier model of the folder, which its new model would contradict."""
        exports = [path for path in self.path.iterdir() if is_export(path)]
        if exports:
            names = some(sorted(path.name for path in exports))
            log(f"removing {names}: exported from the model that is replaced")
        return exports

    def finish(self) -> None:
        """Remove the state of the run, once all its results are on the disk."""
        atomic.sync_folder(self.path)
        atomic.remove(self.unfinished)
        atomic.remove(self.checkpoint)  # last, as a run can be resumed from it alone

    def _saved_settings(self) -> str:
        """Read the settings in the checkpoint, which only a run of the command line has."""
        text = read_notes(self.checkpoint).get(NOTE)
        if not isinstance(text, str) or not text.startswith(HEADER):
            problem = "was not written by a run of the command line"
            raise ModelFileError(f"{self.checkpoint} {problem}; choose another folder with --out")
        return text

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
        for file in (self.checkpoint, self.unfinished, *self.files):
            if os.path.lexists(file):
                atomic.check_replaceable(file, f"out: {file}")
        check_overwritable(self.path / REPORT, REPORT_MARK, "a report")
        if self.checkpoint.exists():
            self._saved_settings()
            return
        if _is_run_file(self.settings) or _is_run_file(self.unfinished):
            return
        for path in sorted(self.path.iterdir()):  # a log that a shell has just opened is empty
            if not path.name.startswith(".") and (path.is_dir() or path.lstat().st_size):
                problem = f"{self.path} holds {path.name}, which no run has written"
                remedy = "choose a separate folder, such as {out}"
                out = str(self.path / "run")
                raise ArgumentError(problem, argument="out", remedy=remedy, out=out)


@contextmanager
def _restored_at_error(*files: Path) -> Iterator[None]:
    """Write files again if the model beside them could not be replaced: on Windows, if it is open.

    So a run that cannot be saved leaves the earlier one whole.
    """
    contents: dict[Path, bytes] = {}
    for file in files:
        if file.exists():
            contents[file] = file.read_bytes()
    try:
        yield
    except OSError:
        for file, content in contents.items():
            with suppress(OSError):
                atomic.write_atomically(file, content)
        raise


def _is_run_file(path: Path) -> bool:
    """Whether barenet has written a run file."""
    with suppress(OSError), path.open("rb") as stream:
        return stream.read(len(HEADER)) == HEADER.encode()
    return False

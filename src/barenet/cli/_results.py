"""Results of a run: prints the scores, and writes the files into the run's folder.

The run is finished once all files are on the disk. Until then, its state is kept, and ``--resume``
writes the missing files.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from copy import copy
from dataclasses import dataclass, field, replace
from functools import cached_property
from glob import has_magic
from pathlib import Path
from typing import Any

from cyclopts import Parameter

from barenet import Predictor, TableEncoding, _shell as shell, plots, save
from barenet._messages import in_a_line, some, with_addresses
from barenet.cli._console import closable_output, emit, emit_json, log, log_problem
from barenet.cli._flags import OUTPUT, Off, On
from barenet.cli._interruption import Interruption
from barenet.cli._run_folder import REPORT, RunFolder
from barenet.cli._score_tables import ScoreLine, emit_measurement
from barenet.cli._text_graphics import emit_image
from barenet.cli._trained_model import HISTORY
from barenet.datasets._dataset_loading import set_name
from barenet.errors import BarenetError, MissingExtraError
from barenet.files._model_card import rows_name
from barenet.files._model_path import MODEL, resume_command
from barenet.storage._atomic_write import write_atomically
from barenet.storage._file_io import STANDARD_INPUT, name_of
from barenet.tasks._column_lines import lines_of_model
from barenet.tasks._description import describe_columns
from barenet.tasks._fit import EnsembleFit, Fit
from barenet.tasks._measurement import Measurement, with_results
from barenet.tasks._pictures import default_kind, draw
from barenet.tasks._report_page import Report
from barenet.training._epoch import MAX_MULTIPLICATIONS
from barenet.training._history import History

#: Errors that resuming the run can't fix, unlike errors of the disk.
OTHER_ERRORS = (ArithmeticError, LookupError, RuntimeError, TypeError, ValueError)

#: The kinds of rows in the JSON document.
CARD_ROWS = ("training", "validation", "held_out")

#: Maximum length of the name of a folder that is named after a file.
MAX_NAME = 60


@Parameter(name="*", group=OUTPUT)
@dataclass(frozen=True, kw_only=True)
class OutputOptions:
    """The results of a run that are saved and printed.

    Attributes
    ----------
    out : Path
        A new folder for the run; by default runs/ and the name of the data, with a number such as
        -2 if that holds an earlier run. Or an address in an object store, such as s3://bucket/run.
    baselines : bool
        Compare with a constant and a linear model on the same rows.
    plots : bool
        Draw plots, if matplotlib is installed.
    json : bool
        Print the result as JSON, for programs.
    """

    out: Path | None = None
    baselines: On = True
    plots: On = True
    json: Off = False

    def folder(self, data: str) -> AbstractContextManager[RunFolder]:
        """Lock the folder of the run, by default named after its data, without suffixes."""
        file = Path(set_name(data) or name_of(data).removesuffix(".gz"))
        name = file.stem.strip(".")[:MAX_NAME]
        if has_magic(name):  # a pattern
            name = Path(data).parent.name
        if not name:
            name = "data"
        folder = RunFolder(self.out or Path("runs") / name)
        return folder.locked() if self.out else folder.numbered()


@dataclass(eq=False, kw_only=True)
class Results:
    """The results of a run, and the files that could not be written, by reason."""

    fit: Fit
    history: History
    folder: RunFolder
    options: OutputOptions
    interruption: Interruption
    #: Additional entries of the JSON document.
    extra: Mapping[str, Any] | None = None
    missing: dict[str, list[str]] = field(default_factory=dict)
    #: Whether a resumed run can write the missing files.
    can_be_completed: bool = False

    @cached_property
    def measured(self) -> dict[str, Measurement]:
        """The network on the test set, if there is one, and on the training set."""
        return self.fit.measurements(baselines=self.options.baselines)

    @property
    def main(self) -> Measurement:
        """The network on the test set; without one, on the training set."""
        return next(iter(self.measured.values()))

    def write(self) -> int:
        """Write and print the results, name the missing files, and return the exit status.

        After a signal, there are no baselines and plots; a later Ctrl-C names the command that
        writes the missing files.
        """
        if self.interruption.signal is not None:
            self.options = replace(self.options, baselines=False, plots=False)
        try:
            self.save()
            self.print_scores()
            if self.options.plots:
                self.plot()
        except KeyboardInterrupt as error:
            remedy = f"`{resume_command(self.folder.path)}` writes the results that are missing"
            problem = "interrupted after the training had ended"
            raise KeyboardInterrupt(f"{problem}; {remedy}") from error
        if not (self.history.resumable or self.can_be_completed):
            self.folder.finish()
        self._log_end()
        self._check_complete()
        return self.interruption.status

    def save(self) -> None:
        """Write the model, the settings and the history, before measuring anything."""
        try:
            self.folder.save(self._predictor(), self.fit.settings)
        except OSError as error:
            problem = "the training is over, and none of its results could be saved"
            raise BarenetError(f"{problem}: {_reason(error)}; {self._remedy()}") from error
        data = self.history.to_jsonl().encode()
        self._try(HISTORY, lambda: write_atomically(self.folder.history, data))

    def _predictor(self, **measured: Measurement) -> Predictor:
        """Make the predictor, whose model card has the scores once they are measured."""
        predictor = with_results(self.fit.predictor, self.history, measured)
        return self.fit.with_background(predictor)

    def print_scores(self) -> None:
        """Compute the scores, add them to the model file, and print them."""
        n_rows = sum(measured.rows.n_samples for measured in self.measured.values())
        is_slow = n_rows * self.fit.predictor.network.n_parameters > MAX_MULTIPLICATIONS
        if is_slow and self.interruption.signal is not None and not self.options.json:
            log("\nthe scores would take a while; `barenet evaluate` computes them")
            return
        path = self.folder.model  # write the model again, with the scores

        def save_with_scores() -> None:
            save(self._predictor(**self.measured), path)

        self._try(f"the scores in {MODEL}", save_with_scores)
        with closable_output():  # the plots are still missing
            if self.options.json:
                emit_json({**self._document(), **(self.extra or {})})
            else:
                log()
                self._emit()
                log()

    def _emit(self) -> None:
        """Print the scores, the confusion matrix, and an image with its prediction."""
        config = self.fit.settings.config
        predictor = self.fit.predictor
        rows = self.main.rows
        included = []
        if config.make_penalties():
            included.append("penalty")
        if config.class_weight:
            included.append("class weights")
        if config.label_smoothing:
            included.append("label smoothing")
        note = f"(the loss of the epochs includes the {' and '.join(included)})" if included else ""
        training = f"{self.fit.training.n_samples:,} {rows_name(self.fit.measured_training)}"
        if self.fit.rows.test is None:
            emit_measurement(self.main, f"{training}, no test rows", "the same", note=note)
        else:
            on_training = self.measured[self.fit.measured_training]
            test = f"{rows.n_samples:,} test"
            line = ScoreLine((on_training.title, training), on_training.scores)
            emit_measurement(self.main, test, test, more=[line], note=note)
        if predictor.classes is not None and predictor.image_shape is not None:
            emit()
            outputs = predictor.outputs(rows.X[:1])
            emit_image(predictor, rows.X[0], outputs, predictor.classes[rows.y[0]])

    def _document(self) -> dict[str, Any]:
        """The JSON document."""
        fit = self.fit
        history = self.history
        evaluated_on = "test rows" if fit.rows.test else "training rows"
        metrics = {"evaluated_on": evaluated_on, "main": fit.metric, **self.main.scores}
        training_scores = self.measured[fit.measured_training].scores
        for name, score in training_scores.items():
            metrics[f"train_{name}"] = score
        n_rows = {name: fit.n_rows.get(name, 0) for name in CARD_ROWS}
        return {
            "dataset": fit.training.name,
            "columns": describe_columns(fit.predictor.preprocessing),
            "layers": fit.predictor.network.sizes,
            "engine": history.engine,
            "seed": history.seed,
            "rows": n_rows,
            "stopped_because": history.stop_reason,
            "best_epoch": history.best_epoch,
            "history": history.to_dict(),
            "metrics": metrics,
            "baselines": self.main.baselines_document(),
            "model": str(self.folder.model),
        }

    def plot(self) -> None:
        """Plot the history and the predictions of the network, if matplotlib is installed."""
        kind = default_kind(self.fit.predictor)
        try:
            self._try("history.png", self._plot_history)
            self._try(f"{kind}.png", self._plot_predictions)
            if self.fit.settings.is_table:
                self._try(REPORT, self._write_report)
        except MissingExtraError as error:
            log(f"no plots: {error}")

    def _plot_history(self) -> None:
        figure = plots.plot_history(self.history, title=self.main.rows.name)
        self._save_plot("history", figure)

    def _plot_predictions(self) -> None:
        predictor = self.fit.predictor
        kind = default_kind(predictor)
        figure = draw(kind, predictor, self.main.rows)
        self._save_plot(kind, figure)

    def _save_plot(self, kind: str, figure: Any) -> None:
        path = self.folder.path / f"{kind}.png"
        try:
            plots.save_figure(figure, path)
        except PermissionError as error:  # on Windows, another program has it open
            log_problem("warning", f"{path} cannot be replaced: {_reason(error)}")

    def _write_report(self) -> None:
        fit = self.fit
        measured = copy(self.main)
        rows = fit.rows.test or fit.rows.training
        # like `barenet report`
        if measured.rows is not rows or not measured.has_baselines:
            n_seen = 0 if fit.rows.test else rows.n_samples
            measured = replace(measured, rows=rows, n_seen=n_seen, has_baselines=True)
        measured.predictor = self._predictor(**self.measured)
        texts = None if fit.rows.stream else fit.rows.texts
        lines = lines_of_model(fit.predictor, fit.rows.dataset, texts)
        Report(measured, self.history, lines).write(self.folder.path / REPORT)

    def _log_end(self) -> None:
        """Name the files, the reason for an early end, and the command that resumes the run."""
        history = self.history
        settings = self.fit.settings
        folder = self.folder
        address = with_addresses(folder.path)
        names = [path.name for path in folder.files if path.exists()]
        log(f"saved in {folder.path}:\n  {', '.join(names)}")
        if REPORT in names:
            preprocessing = self.fit.predictor.preprocessing
            export_format = "onnx"
            if isinstance(preprocessing, TableEncoding):
                kinds = {column.kind for column in preprocessing.columns}
                if kinds & {"date", "words"}:  # ONNX neither has dates nor splits texts into words
                    export_format = "python"
            command = shell.join(["barenet", "export", address, "--to", export_format])
            log(f"`{command}` makes a file that predicts without barenet")
        if history.stop_reason == "completed":
            if isinstance(self.fit, EnsembleFit) and history.best_epoch == len(history):
                more = f"--epochs {2 * len(history)}"
                log(f"the out-of-fold loss still improved in the last epoch; consider {more}")
            return
        epochs = f"{len(history)} of {settings.config.epochs or 0} epochs"
        best = ""
        if history.best_epoch is not None:
            best = f"; kept the best, epoch {history.best_epoch}"
        log(f"stopped after {epochs}: {history.stop_reason}{best}")
        if history.resumable:
            command = resume_command(folder.path)
            if settings.data == STANDARD_INPUT:
                command += " < the same rows"
            log(f"to resume it: {command}")

    def _check_complete(self) -> None:
        """Raise an error that names all files that are missing."""
        if not self.missing:
            return
        parts = [f"{some(names)}: {reason}" for reason, names in self.missing.items()]
        if self.can_be_completed:
            parts.append(self._remedy())
        raise BarenetError(f"the model is saved in {self.folder.path}, but not {'; '.join(parts)}")

    def _try(self, name: str, write: Callable[[], None]) -> None:
        """Write a file, or remember that it is missing."""
        try:
            write()
        except (OSError, *OTHER_ERRORS) as error:
            self.miss(name, error)

    def miss(self, name: str, error: Exception) -> None:
        """Remember that a file could not be written."""
        self.missing.setdefault(_reason(error), []).append(name)
        if isinstance(error, OSError):
            self.can_be_completed = True

    def _remedy(self) -> str:
        return f"once that is corrected, `{resume_command(self.folder.path)}` completes the run"


def _reason(error: Exception) -> str:
    """Return the reason for an error in one line, without the system's number and path."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return in_a_line(error)

"""``barenet train``: learn from data, say how good it is, and keep what came of it."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet.cli.columns import tell_columns
from barenet.cli.console import log
from barenet.cli.experiment import Experiment, prepare
from barenet.cli.flags import DATA, LEARNING, NAMED, OUTPUT, Json
from barenet.cli.interruption import INTERRUPTED, Interruption
from barenet.cli.last_checkpoint import LastCheckpoint
from barenet.cli.numbers import whole
from barenet.cli.outcome import Outcome
from barenet.cli.results import Results, resume_command
from barenet.cli.resuming import find_run, take_up, tell_finished
from barenet.cli.run_folder import RunFolder
from barenet.cli.settings import NOTHING_SAID, Settings, is_table
from barenet.cli.unfinished_run import UnfinishedRun
from barenet.data.file_io import STANDARD_INPUT
from barenet.errors import DivergenceError, some
from barenet.files.checkpoint import parse_interval
from barenet.training.callbacks import Callback
from barenet.training.history import History
from barenet.training.progress import Progress
from barenet.training.run import Run

__all__ = ["train"]

#: Maximum length of the name of a folder that is named after a file.
LONGEST_NAME = 60


def train(
    data: Annotated[str, Parameter(group=DATA, show_default=False), NAMED] = "",
    *,
    settings: Settings = NOTHING_SAID,
    config: Annotated[Path | None, Parameter(group=DATA)] = None,
    resume: Annotated[Path | None, Parameter(group=DATA)] = None,
    threads: Annotated[int | None, Parameter(group=LEARNING, converter=whole)] = None,
    checkpoint_every: Annotated[str, Parameter(group=OUTPUT)] = "30s",
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    baselines: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
    plots: Annotated[bool, Parameter(group=OUTPUT, show_default=False)] = True,
    json: Json = False,
) -> int:
    """Train a network on a named data set or a file.

    A named data set has default settings (barenet datasets --json lists them). A run file
    overrides them, and options override both; the defaults below hold for the rest. If you
    choose another optimizer or output activation than the data set's, its default learning rate or
    loss is used, unless you give one.

    The default settings of a table depend on its number of rows: two hidden layers of 64 and 32
    units with tanh, an L2 penalty of 3 / rows, and with 1,000 training rows or more, early
    stopping on a tenth of them with a patience of 30 epochs. The test rows decide nothing.

    The model, its history, its settings and pictures are saved in the folder of the run. An
    earlier run there is replaced; a folder with other files is refused. Ctrl-C stops
    the training early and keeps the model as it is then. Checkpoints are saved during the
    training, so that `--resume` can continue a run that was interrupted or killed, with a
    bit-identical result.

    Parameters
    ----------
    data : str
        A named data set (see `barenet datasets`), or a .csv, .tsv, .txt, .parquet or .npz file; -
        reads CSV from standard input.
    config : Path
        A TOML file with any of these options, such as the settings.toml of an earlier run.
    resume : Path
        Folder of a run that was interrupted or killed, to continue it. Its settings are those that
        it was started with.
    threads : int
        Maximum number of threads of the compiled engine, by default as many as are useful. The
        result does not depend on it, and it is not saved with the settings.
    checkpoint_every : str
        How often a checkpoint is saved: a number of epochs, a time such as 30s or 5m, or never,
        which saves one only when a signal ends the run.
    out : Path
        Folder of the run, by default runs/ and the name of the data.
    baselines : bool
        Compare with a constant and a linear model on the same rows.
    plots : bool
        Draw plots, if matplotlib is installed.
    json : bool
        Print the result as JSON, for programs.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    settings = dataclasses.replace(settings, data=data)
    parse_interval(checkpoint_every, "checkpoint_every")
    folder = RunFolder(out or _usual_folder(settings)) if resume is None else find_run(resume, out)
    run = folder.unfinished
    if resume is not None and not run.exists:
        return tell_finished(folder, settings, json)
    with folder.claimed():
        _tell_what_is_lost(folder, anew=resume is None)
        before = folder.checksum()
        with run.begun(settings) if resume is None else nullcontext():
            experiment = _prepare(run, settings) if resume is None else take_up(folder, settings)
            keeper = run.keeper(checkpoint_every, experiment.settings)
            with Interruption() as interruption:
                callbacks = [*_progress(settings, experiment, json), interruption]
                history = _run(experiment, callbacks, threads, keeper, run.has_checkpoint())
        # After a signal, the run ends without fitting the baselines.
        compared = baselines and not interruption.signal
        results = Results(Outcome(experiment, history, compared), folder)
        _write(results, plots=plots, json=json, in_a_hurry=bool(interruption.signal))
        _finish(results, keeper)
    log(f"saved in {folder.path}:\n  {', '.join(path.name for path in folder.results())}")
    _tell_what_is_stale(folder, before)
    _tell_how_it_ended(history, experiment, folder)
    results.check_complete()
    return interruption.status


def _write(results: Results, *, plots: bool, json: bool, in_a_hurry: bool) -> None:
    """Write and print the results of a run; after a signal, without plots."""
    with _after_the_training(results.folder):
        results.save()
        results.show(json=json, in_a_hurry=in_a_hurry)
        if plots and not in_a_hurry:
            results.draw()


def _finish(results: Results, keeper: LastCheckpoint) -> None:
    """Remove the state of a finished run; for an interrupted one, note a missing checkpoint."""
    if not _can_go_on(results.outcome.history):
        results.finish()
    elif keeper.failure is not None:
        results.missing[keeper.path.name] = keeper.failure


def _usual_folder(settings: Settings) -> Path:
    """Name the default folder of a run after its data, without suffixes."""
    name = Path(settings.data).name.removesuffix(".gz")
    return Path("runs") / (Path(name).stem.strip(".")[:LONGEST_NAME] or "data")


def _prepare(run: UnfinishedRun, settings: Settings) -> Experiment:
    """Prepare a new run, and write its settings, including the defaults."""
    experiment = prepare(settings)
    run.begin(experiment.settings)
    return experiment


class Introduction(Callback):
    """Prints the data and the network, once all settings are valid."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def on_start(self, run: Run) -> None:
        training, held_out = self.experiment.training, self.experiment.held_out
        parts = [f"{training.n_samples:,} training rows"]
        if self.experiment.validation is not None:
            parts.append(f"{self.experiment.validation.n_samples:,} validation rows")
        parts.append(f"{held_out.n_samples:,} test rows" if held_out else "no test rows")
        what = f"{len(training.classes)} classes" if training.classes else "a number to predict"
        log(f"{training.name}: {training.description}")
        log(f"{', '.join(parts)}\n{self._features()}, {what}\n")
        if is_table(self.experiment.settings.data):
            preprocessing = self.experiment.predictor.preprocessing
            log(f"{tell_columns(preprocessing, training.feature_names)}\n")
        if run.history.loss or run.batch:
            log(f"going on after {len(run.history):,} epochs\n")
        log(f"{run.network.summary()}\n")

    def _features(self) -> str:
        """Count the features, and the inputs of the network if these are more."""
        features = self.experiment.training.n_features
        inputs = self.experiment.predictor.preprocessing.n_outputs
        counted = f"{features:,} feature{'s' * (features != 1)}"
        return counted if inputs == features else f"{counted} that become {inputs:,} numbers"


def _run(
    experiment: Experiment,
    callbacks: list[Callback],
    threads: int | None,
    keeper: LastCheckpoint,
    resume: bool,
) -> History:
    """Train the network; describe a divergence in the terms of the command line."""
    try:
        return experiment.run([Introduction(experiment), *callbacks], threads, keeper, resume)
    except DivergenceError as error:
        raise DivergenceError(
            f"the loss became {error.loss:.4g} in epoch {error.epoch}, and nothing is saved; "
            "try a smaller --learning-rate, another --scaling, or --clip-norm 1",
            epoch=error.epoch,
            batch=error.batch,
            loss=error.loss,
        ) from error


def _tell_what_is_lost(folder: RunFolder, *, anew: bool) -> None:
    """Print that a new run will replace a checkpoint, if there is one."""
    if anew and folder.unfinished.checkpoint.exists():
        log(
            f"this is a new run, which will replace an unfinished one in {folder.path}; "
            f"to resume that one instead: {resume_command(folder)}\n"
        )


def _tell_what_is_stale(folder: RunFolder, before: str | None) -> None:
    """Print which exports in the folder are of another network than its model."""
    replaced = before not in (None, folder.checksum())
    if replaced and (stale := [path.name for path in folder.exports()]):
        again = shlex.join(["barenet", "export", str(folder.path)])
        log(f"{some(stale)} are exports of the previous network; write them again with {again}")


@contextmanager
def _after_the_training(folder: RunFolder) -> Iterator[None]:
    """On Ctrl-C after the training, name the command that writes the missing results."""
    try:
        yield
    except KeyboardInterrupt as error:
        raise KeyboardInterrupt(
            f"interrupted after the training had ended; `{resume_command(folder)}` writes the "
            "results that are missing"
        ) from error


def _progress(given: Settings, experiment: Experiment, json: bool) -> list[Callback]:
    """Lines, or a bar on a terminal; a program that reads JSON needs no lines."""
    every = given.config.verbose_epoch or experiment.settings.config.verbose_epoch
    return [] if json and not sys.stderr.isatty() else [Progress(every)]


def _tell_how_it_ended(history: History, experiment: Experiment, folder: RunFolder) -> None:
    """Print why the run stopped before the last epoch, and how to resume it."""
    epochs = experiment.settings.config.epochs or 0
    if history.stop_reason == "completed":
        return
    done = f"stopped after {len(history)} of {epochs} epochs: {history.stop_reason}"
    kept = f"; kept the best, epoch {history.best_epoch}" if history.best_epoch is not None else ""
    log(done + kept)
    if _can_go_on(history):
        again = " < the same rows" if experiment.settings.data == STANDARD_INPUT else ""
        log(f"to resume it: {resume_command(folder)}{again}")


def _can_go_on(history: History) -> bool:
    """Whether the run was interrupted, so that it can be resumed."""
    return history.stop_reason == INTERRUPTED

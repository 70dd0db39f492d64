"""``barenet train``: learn from data, say how good it is, and keep what came of it."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet.cli.columns import tell_columns
from barenet.cli.console import say
from barenet.cli.experiment import Experiment, prepare
from barenet.cli.flags import DATA, LEARNING, NAMED, OUTPUT, Json
from barenet.cli.interruption import INTERRUPTED, Interruption
from barenet.cli.last_checkpoint import LastCheckpoint
from barenet.cli.numbers import whole
from barenet.cli.outcome import Outcome
from barenet.cli.resuming import find_run, take_up, tell_finished
from barenet.cli.run_folder import RunFolder
from barenet.cli.settings import NOTHING_SAID, Settings, is_table
from barenet.data.source import STANDARD_INPUT
from barenet.errors import BarenetError, DivergenceError, MissingExtraError, some
from barenet.files.checkpoint import parse_interval
from barenet.training.callbacks import Callback
from barenet.training.history import History
from barenet.training.progress import Progress
from barenet.training.run import Run

__all__ = ["train"]


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
    overrides them, and options override both; the defaults below hold for the rest. Another
    optimizer than the data set's own has its own learning rate, and another output its own loss,
    unless you give one.

    The default settings of a table depend on its number of rows: two hidden layers of 64 and 32
    units with tanh, an L2 penalty of 3 / rows, and with 1,000 training rows or more, early
    stopping on a tenth of them with a patience of 30 epochs. The test rows decide nothing.

    The model, its history, its settings and pictures are saved in a folder of their own. An
    earlier run there is replaced; a folder that holds other things is refused. Ctrl-C stops
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
        Maximum number of threads of the compiled engine, by default as many as are worth it. The
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
    earlier = None if resume is None else find_run(resume, out)
    if earlier is not None and not earlier.checkpoint.exists():
        return tell_finished(earlier, settings, json)
    experiment = prepare(settings) if earlier is None else take_up(earlier, settings)
    folder = earlier or RunFolder(out or Path("runs") / _stem(experiment.training.name))
    with folder.claimed():
        _tell_what_is_lost(folder, anew=resume is None)
        before = folder.checksum()
        keeper = folder.keeper(checkpoint_every, experiment.settings)
        with Interruption() as interruption:
            callbacks = [*_progress(experiment, json), interruption]
            history = _run(experiment, callbacks, threads, keeper, resume is not None)
            # Who has sent a signal does not wait for other models.
            outcome = Outcome(experiment, history, baselines and not interruption.signal)
            failures = _save(folder, outcome, keeper)
        written = [*filter(Path.exists, (folder.model, folder.history, folder.settings))]
        with _after_the_training(folder):
            _tell(outcome, folder, json, bool(interruption.signal))
            if plots and not interruption.signal:
                written += _draw(experiment, history, folder)
    say(f"saved in {folder.path}:\n  {', '.join(path.name for path in written)}")
    _tell_what_is_stale(folder, before)
    _tell_how_it_ended(history, experiment, folder)
    _check_complete(failures)
    return interruption.status


class Introduction(Callback):
    """Say what is learned, and by what network, once all settings are found to be right."""

    def __init__(self, experiment: Experiment) -> None:
        self.experiment = experiment

    def on_start(self, run: Run) -> None:
        training, held_out = self.experiment.training, self.experiment.held_out
        parts = [f"{training.n_samples:,} training rows"]
        if self.experiment.validation is not None:
            parts.append(f"{self.experiment.validation.n_samples:,} validation rows")
        parts.append(f"{held_out.n_samples:,} test rows" if held_out else "no test rows")
        what = f"{len(training.classes)} classes" if training.classes else "a number to predict"
        say(f"{training.name}: {training.description}")
        say(f"{', '.join(parts)}\n{self._features()}, {what}\n")
        if is_table(self.experiment.settings.data):
            preprocessing = self.experiment.predictor.preprocessing
            say(f"{tell_columns(preprocessing, training.feature_names)}\n")
        if run.history.loss or run.batch:
            say(f"going on after {len(run.history):,} epochs\n")
        say(f"{run.network.summary()}\n")

    def _features(self) -> str:
        """Count what the rows have, and what that becomes, if it is more."""
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
    """Train the network, and say in the terms of the command line if it comes to nothing."""
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
    """Say whose checkpoint a new run will replace."""
    if anew and folder.checkpoint.exists():
        say(
            f"this run starts anew, and will replace what {folder.path} has of one that was not "
            f"finished; to go on with that: {_resume(folder)}\n"
        )


def _tell_what_is_stale(folder: RunFolder, before: str | None) -> None:
    """Say which exports are of another network than the one that is here now."""
    replaced = before not in (None, folder.checksum())
    if replaced and (stale := [path.name for path in folder.exports()]):
        again = shlex.join(["barenet", "export", str(folder.path)])
        say(f"of the network that was here before are {some(stale)}; {again} writes exports anew")


def _tell(outcome: Outcome, folder: RunFolder, json: bool, in_a_hurry: bool) -> None:
    """Put out the result at once: it is there, whatever becomes of the pictures."""
    if in_a_hurry and outcome.takes_long and not json:
        say("\nhow good it is takes a while to find out; `barenet evaluate` does")
        return
    # Once more, now that the network is safe: what is measured belongs on its card.
    folder.complete(outcome.predictor(scored=True))
    if json:
        outcome.show_json(str(folder.model))
    else:
        say()
        outcome.show()
        say()
    sys.stdout.flush()


@contextmanager
def _after_the_training(folder: RunFolder) -> Iterator[None]:
    """Say, to who interrupts what comes after the training, that nothing of it is lost."""
    try:
        yield
    except KeyboardInterrupt as error:
        again = shlex.join(["barenet", "evaluate", str(folder.path)])
        raise KeyboardInterrupt(
            f"interrupted after the training had ended: {folder.model} is saved, and `{again}` "
            "tells how good it is"
        ) from error


def _stem(name: str) -> str:
    """What the data are called, without the suffixes of a file: always a folder of its own."""
    return Path(name.removesuffix(".gz")).stem.strip(".") or "data"


def _progress(experiment: Experiment, json: bool) -> list[Callback]:
    """Lines, or a bar on a terminal; a program that reads JSON needs no lines."""
    if json and not sys.stderr.isatty():
        return []
    return [Progress(experiment.settings.recipe.verbose_epoch)]


def _draw(experiment: Experiment, history: History, folder: RunFolder) -> list[Path]:
    """Draw how it learned, and what it has learned."""
    from barenet.cli.pictures import draw, literal, usual_kind
    from barenet.insight.plots import plot_history, save_figure

    kind = usual_kind(experiment.predictor)
    rows = experiment.held_out or experiment.training
    try:
        pictures = {"history": plot_history(history, title=literal(rows.name))}
        pictures[kind] = draw(kind, experiment.predictor, rows)
        paths = [folder.path / f"{name}.png" for name in pictures]
        for figure, path in zip(pictures.values(), paths, strict=True):
            save_figure(figure, path)
    except MissingExtraError as error:
        say(f"no pictures: {error}")
        return []
    except (ArithmeticError, LookupError, OSError, RuntimeError, TypeError, ValueError) as error:
        raise BarenetError(f"{folder.path} has the run, but not its pictures: {error}") from error
    return paths


def _tell_how_it_ended(history: History, experiment: Experiment, folder: RunFolder) -> None:
    """Say why it stopped before the last epoch, and how to go on from there."""
    epochs = experiment.settings.recipe.epochs or 0
    if history.stopped_because == "completed":
        return
    done = f"stopped after {len(history)} of {epochs} epochs: {history.stopped_because}"
    kept = f"; kept the best, epoch {history.best_epoch}" if history.best_epoch is not None else ""
    say(done + kept)
    if _can_go_on(history) and folder.checkpoint.exists():
        again = " < the same rows" if experiment.settings.data == STANDARD_INPUT else ""
        say(f"go on with it: {_resume(folder)}{again}")


def _save(folder: RunFolder, outcome: Outcome, keeper: LastCheckpoint) -> list[OSError]:
    """Save what was learned; give back why something beside the model could not be written."""
    history = outcome.history
    failures = [folder.save(outcome.predictor(scored=False), history, outcome.experiment.settings)]
    if _can_go_on(history):
        failures.append(keeper.failure)
    else:
        folder.checkpoint.unlink(missing_ok=True)
    return [failure for failure in failures if failure is not None]


def _check_complete(failures: list[OSError]) -> None:
    """Raise an error for what is not there beside the model."""
    if failures:
        lost = "; ".join(f"{each.filename}: {each.strerror}" for each in failures)
        raise BarenetError(f"the model is saved, but not all beside it: {lost}")


def _can_go_on(history: History) -> bool:
    """Tell if the run was only interrupted."""
    return history.stopped_because == INTERRUPTED


def _resume(folder: RunFolder) -> str:
    """The command that goes on with a run."""
    return shlex.join(["barenet", "train", "--resume", str(folder.path)])

"""``barenet train``: learn from data, say how good it is, and keep what came of it."""

from __future__ import annotations

import dataclasses
import shlex
import sys
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from barenet.cli import report, words
from barenet.cli.console import print_json, say
from barenet.cli.experiment import Experiment, prepare
from barenet.cli.interruption import Interruption
from barenet.cli.run_folder import RunFolder
from barenet.cli.settings import DATA, OUTPUT, Settings
from barenet.errors import MissingExtraError
from barenet.training.history import History
from barenet.training.progress import Progress

__all__ = ["train"]


def train(
    data: Annotated[str, Parameter(group=DATA, show_default=False)] = "",
    *,
    settings: Settings = Settings(),
    config: Annotated[Path | None, Parameter(group=DATA)] = None,
    out: Annotated[Path | None, Parameter(group=OUTPUT)] = None,
    plots: Annotated[bool, Parameter(group=OUTPUT)] = True,
    json: Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)] = False,
) -> int:
    """Train a network on a named data set or a file.

    A named data set brings the settings that it is usually trained with; a run file goes over
    them, and options over both. Where nobody says anything, the defaults below hold. Changing the
    optimizer or the output of a named data set leaves its learning rate or its loss behind.

    The model, the history, the settings and pictures go into a folder. What an earlier run left
    there is replaced, other files never are. Ctrl-C stops the training and keeps what is learned.

    Parameters
    ----------
    data : str
        What to learn from: a named data set (see `barenet datasets`), or a .csv, .tsv, .txt or
        .npz file.
    config : Path
        Run file with any of these options, such as the settings.toml of an earlier run.
    out : Path
        Folder for what comes of it, by default runs/ and the name of the data.
    plots : bool
        Draw pictures, if matplotlib is installed.
    json : bool
        Print the result as JSON, for programs.

    Returns
    -------
    int
        The exit status: 0, or 130 or 143 after a signal.
    """
    experiment = prepare(dataclasses.replace(settings, data=data))
    folder = RunFolder(out or Path("runs") / _stem(experiment.training.name))
    with folder.claimed():
        _introduce(experiment)
        with Interruption() as interruption:
            history = experiment.run([*_progress(experiment, json), interruption])
            folder.save(experiment.predictor, history, experiment.settings)
        written = [folder.model, folder.history, folder.settings]
        if plots and not interruption.signal:
            written += _draw(experiment, history, folder)
    _report(experiment, history, folder, json)
    say(f"{folder.path}: " + ", ".join(path.name for path in written))
    _tell_how_it_ended(history, experiment, folder, interruption)
    return interruption.status


def _stem(name: str) -> str:
    """What the data are called, without the suffixes of a file."""
    return Path(name.removesuffix(".gz")).stem or "data"


def _introduce(experiment: Experiment) -> None:
    """Say what is learned, and by what network."""
    training, held_out = experiment.training, experiment.held_out
    parts = [f"{training.n_samples:,} rows to train on"]
    if experiment.validation is not None:
        parts.append(f"{experiment.validation.n_samples:,} to validate with")
    parts.append(f"{held_out.n_samples:,} held out" if held_out else "none held out")
    features = training.n_features
    what = f"{len(training.classes)} classes" if training.classes else "a number to predict"
    say(f"{training.name}: {training.description}")
    say(f"{', '.join(parts)}; {features:,} feature{'s' * (features != 1)}, {what}\n")
    say(f"{experiment.predictor.network.summary()}\n")


def _progress(experiment: Experiment, json: bool) -> list[Progress]:
    """Lines, or a bar on a terminal; a program that reads JSON needs no lines."""
    if json and not sys.stderr.isatty():
        return []
    return [Progress(experiment.settings.recipe.verbose_epoch)]


def _draw(experiment: Experiment, history: History, folder: RunFolder) -> list[Path]:
    """Draw how it learned, and what it has learned."""
    from barenet.cli.pictures import draw, usual_kind
    from barenet.insight.plots import plot_history, save_figure

    kind = usual_kind(experiment.predictor)
    rows = experiment.held_out or experiment.training
    try:
        pictures = {"history": plot_history(history, title=rows.name)}
        pictures[kind] = draw(kind, experiment.predictor, rows)
    except MissingExtraError as error:
        say(f"no pictures: {error}")
        return []
    paths = [folder.path / f"{name}.png" for name in pictures]
    for figure, path in zip(pictures.values(), paths, strict=True):
        save_figure(figure, path)
    return paths


def _report(experiment: Experiment, history: History, folder: RunFolder, json: bool) -> None:
    """Print the result."""
    loss, predictor = experiment.settings.recipe.loss or "", experiment.predictor
    held_out, training = experiment.held_out, experiment.training
    learned = report.score(predictor, training, loss)
    judged = report.score(predictor, held_out, loss) if held_out else learned
    if json:
        print_json(_document(experiment, history, folder, learned, judged))
        return
    say()
    columns = {f"{held_out.n_samples:,} rows held out": judged} if held_out else {}
    only = "" if held_out else ", none held out"
    columns[f"{training.n_samples:,} training rows{only}"] = learned
    report.print_scores(columns, loss)
    rows = held_out or training
    if predictor.classes is not None:
        print()
        report.print_confusion(report.confusion_matrix(predictor, rows), predictor.classes)
    if predictor.classes is not None and predictor.image_shape is not None:
        share = predictor.probabilities(rows.X[:1])[0]
        said = words.guess(predictor.classes[share.argmax()], float(share.max()))
        print(f"\n{said} {words.truth(predictor.classes[rows.y[0]])}")
        print(words.draw_image(rows.X[0], predictor.image_shape))
    say()


def _document(
    experiment: Experiment,
    history: History,
    folder: RunFolder,
    learned: dict[str, float],
    judged: dict[str, float],
) -> dict[str, Any]:
    """Collect the result for programs."""
    held_out, validation = experiment.held_out, experiment.validation
    return {
        "dataset": experiment.training.name,
        "layers": experiment.predictor.network.sizes,
        "engine": history.engine,
        "seed": history.seed,
        "rows": {
            "training": experiment.training.n_samples,
            "validation": validation.n_samples if validation else 0,
            "held_out": held_out.n_samples if held_out else 0,
        },
        "stopped_because": history.stopped_because,
        "best_epoch": history.best_epoch,
        "history": history.to_dict(),
        "metrics": {
            "evaluated_on": "held-out rows" if held_out else "training rows",
            **judged,
            **{f"train_{name}": value for name, value in learned.items()},
        },
        "model": str(folder.model),
    }


def _tell_how_it_ended(
    history: History, experiment: Experiment, folder: RunFolder, interruption: Interruption
) -> None:
    """Say why it stopped before the last epoch, and how to go on from there."""
    epochs = experiment.settings.recipe.epochs or 0
    if history.stopped_because == "completed":
        return
    done = f"stopped after {len(history)} of {epochs} epochs: {history.stopped_because}"
    kept = f"; kept the best, epoch {history.best_epoch}" if history.best_epoch is not None else ""
    say(done + kept)
    if interruption.signal:
        command = ["barenet", "train", "--config", folder.settings, "--start-from", folder.model]
        command += ["--epochs", max(epochs - len(history), 1)]
        if folder.path != Path("runs") / _stem(experiment.training.name):
            command += ["--out", folder.path]
        say(f"go on with: {shlex.join(map(str, command))}")

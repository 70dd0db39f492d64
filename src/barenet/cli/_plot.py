"""``barenet plot`` and ``barenet report``: draw plots of a run, or write a page about it."""

import contextlib
import dataclasses
import webbrowser
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from numpy.typing import NDArray

from barenet import Predictor, load, plots
from barenet._constraints import check_count
from barenet._extras import require
from barenet._metrics import main_metric
from barenet.callbacks import LambdaCallback, Run
from barenet.cli._console import emit
from barenet.cli._evaluate import select_rows
from barenet.cli._flags import Data, Integers, Off, Out
from barenet.cli._output_file import output_path
from barenet.cli._run_folder import REPORT
from barenet.cli._run_settings import FileOptions
from barenet.cli._trained_model import HISTORY, TrainedModel, check_addresses, load_trained
from barenet.engines import Ensemble
from barenet.errors import ArgumentError, DataError, ModelFileError
from barenet.files._model_path import MODEL
from barenet.insight.plots._style import Figure
from barenet.settings._task_settings import TaskSettings
from barenet.tasks._column_lines import lines_of_model
from barenet.tasks._description import with_rows_read
from barenet.tasks._fit import prepare_network
from barenet.tasks._measurement import Measurement
from barenet.tasks._pictures import KINDS, draw, draw_fit
from barenet.tasks._report_page import Report
from barenet.tasks._task import Task
from barenet.training._history import History

Kind = Annotated[str, Parameter(choices=("history", "epochs", *KINDS))]
Epochs = Annotated[Integers, Parameter(show_default="10 50 100 500 1000")]


def plot(
    kind: Kind,
    run: Path,
    data: Data = "",
    /,
    *,
    at: Epochs = (10, 50, 100, 500, 1000),
    out: Out = None,
    file: FileOptions = FileOptions(),
) -> None:
    """Draw a plot of a run, and print the name of its file.

    - history: loss and metrics by epoch
    - epochs: the fit after some epochs, for which the run is trained again
    - fit: predicted numbers
    - boundary: classes over two features
    - digits: images and their predicted classes
    - confusion: the confusion matrix
    - calibration: predicted probabilities and observed frequencies, or the residuals of numbers
    - residuals: the errors of predicted numbers, and the distribution of the target
    - importance: the permutation importance of each column
    - dependence: the mean prediction over the values of the most important columns
    - weights: the weights of the first layer, as images

    If there is a test set, its rows are drawn.

    Parameters
    ----------
    kind : str
        The kind of plot.
    run : Path
        The folder of a run, or a model file.
    data : str
        A named data set, or a file; by default the training data.
    at : tuple of int
        Epochs after which the fit is drawn, for epochs.
    out : str
        The file, .png, .svg or .pdf, or a folder for it, which is created if its name ends with /.
        By default KIND.png beside the model. An older file is replaced.
    """
    if kind == "history":
        figure = plots.plot_history(read_curves(run), title=run.resolve().name)
    else:
        trained = load_trained(run, single_output=kind in ("fit", "residuals", "importance"))
        if kind == "epochs":
            figure = _epochs(trained, data, at)
        else:
            selection = select_rows(trained, data, file)
            figure = draw(kind, trained.predictor, selection.rows)
    folder = run if run.is_dir() else run.parent
    with output_path(out or str(folder), f"{kind}.png", [run, Path(data)]) as path:
        plots.save_figure(figure, path)
    emit(str(path))


def report(
    run: Path,
    data: Data = "",
    /,
    *,
    out: Out = None,
    open_page: Annotated[Off, Parameter(name="--open")] = False,
    file: FileOptions = FileOptions(),
) -> None:
    """Write a page about a run for a browser or a printer, and print the name of its file.

    The page shows the scores beside those of a linear model, the errors, calibration or residuals,
    the importance of the columns and the partial dependence on them, the worst predictions, the
    training and what each part of an ensemble contributes, the columns and the settings. If there
    is a test set, its rows are used. The page is a single file that works offline.

    Parameters
    ----------
    run : Path
        The folder of a run, or a model file.
    data : str
        The training data, if they have been moved.
    out : str
        The .html file, or a folder for it. By default report.html, beside the model. An older
        file is replaced.
    open_page : bool
        Open the page in the browser.
    """
    trained = load_trained(run, single_output=True)
    require("matplotlib.figure", extra="plot", purpose="a report")
    inputs = [trained.path, Path(data)]
    with output_path(out or str(trained.path.parent), REPORT, inputs) as path:
        if path.suffix.lower() not in (".html", ".htm"):
            raise ArgumentError.of("out", str(path), "a name that ends in .html")
        selection = select_rows(trained, data, file)
        if not trained.settings.data or selection.training is None:
            problem = f"{selection.data} is not the training data of {trained.path}, or has changed"
            remedy = "name the training data after the run; `barenet evaluate` takes other rows"
            raise ArgumentError(f"{problem} since", argument="data", remedy=remedy)
        config = trained.settings.config
        dataset = selection.dataset
        metric = main_metric(config.metric, dataset.y, dataset.classes).name
        predictor = trained.predictor
        lines = lines_of_model(predictor, dataset)
        rows = with_rows_read(predictor, selection.rows)
        training = rows
        if selection.training is not selection.rows:
            training = with_rows_read(predictor, selection.training)
        measured = Measurement(predictor, rows, metric, training)
        history = None
        with contextlib.suppress(FileNotFoundError, DataError):
            history = read_curves(trained.path)
        Report(measured, history, lines).write(path)
    emit(str(path))
    if open_page:
        webbrowser.open(path.resolve().as_uri())


def read_curves(run: Path) -> History:
    """Read the learning curves, and their best epoch from the model card."""
    path = run.with_name(HISTORY) if run.is_file() else run / HISTORY
    if not path.is_file():
        expected = "the history of a run, which `barenet train` writes beside the model"
        problem = "is a folder" if path.is_dir() else "there is no such file"
        raise FileNotFoundError(f"{path}: {problem}, expected {expected}")
    try:
        history = History.from_jsonl(path.read_text("utf-8"))
    except ValueError as error:
        raise DataError(f"not the history of a run: {error}", path=path) from error
    # The curves are also drawn without the model.
    with contextlib.suppress(FileNotFoundError, ModelFileError):
        card = load(path.with_name(MODEL), Predictor).card
        if card and card.log and card.log.n_epochs == len(history):
            history.best_epoch = card.log.best_epoch
            history.penalized = card.log.penalized
    return history


def _epochs(trained: TrainedModel, data: str, at: tuple[int, ...]) -> Figure:
    """Train again, and plot the fit after some epochs."""
    if not trained.settings.data:
        problem = "a plot of epochs needs the settings of the run, and none are beside "
        raise ArgumentError(f"{problem}{trained.path}", argument="run")
    if isinstance(trained.predictor.network, Ensemble):
        problem = f"epochs are those of one network, and {trained.path} is an ensemble"
        raise ArgumentError(
            problem, argument="kind", remedy="train one with {model}", model="network"
        )
    check_count(min(at), "at")
    if trained.predictor.classes is not None:
        raise ArgumentError("a fit needs a numeric target, got classes", argument="kind")
    config = trained.settings.config
    longer = dataclasses.replace(config, epochs=max(config.epochs or 0, *at))  # for its schedule
    settings = dataclasses.replace(
        trained.settings, data=trained.data_or_default(data), config=longer
    )
    check_addresses(trained.path, settings, TaskSettings(data=data))
    fit = prepare_network(Task.from_settings(settings).rows, settings)
    predictor = fit.predictor
    rows = fit.training
    fits: dict[int, NDArray[Any]] = {}
    losses: dict[int, float] = {}

    def record(run: Run) -> bool:
        done = len(run.history)
        if done in at:
            fits[done] = predictor.predict(rows.X)
            losses[done] = run.history.loss[-1]
        return done >= max(at)

    fit.run([LambdaCallback(record)], progress=True)
    return draw_fit(predictor, rows, fits, losses=losses)

"""``barenet plot`` and ``barenet report``: draw plots of a run, or write a page about it."""

import contextlib
import webbrowser
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from barenet import Predictor, load, plots
from barenet._extras import require
from barenet._metrics import main_metric
from barenet.cli._console import emit
from barenet.cli._flags import Data, FileOptions, Off, Out
from barenet.cli._output_file import output_path
from barenet.cli._run_folder import REPORT
from barenet.cli._trained_model import HISTORY, load_trained, select_rows
from barenet.errors import ArgumentError, DataError, ModelFileError
from barenet.files._model_path import MODEL
from barenet.tasks._column_lines import lines_of_model
from barenet.tasks._description import with_rows_read
from barenet.tasks._measurement import Measurement
from barenet.tasks._pictures import KINDS, draw
from barenet.tasks._report_page import Report
from barenet.training._history import History

Kind = Annotated[str, Parameter(choices=("history", *KINDS))]


def plot(
    kind: Kind,
    run: Path,
    data: Data = "",
    /,
    *,
    out: Out = None,
    file: FileOptions = FileOptions(),
) -> None:
    """Draw a plot of a run, and print the name of its file.

    - history: loss and metrics by epoch
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
    out : str
        The file, .png, .svg or .pdf, or a folder for it, which is created if its name ends with /.
        By default KIND.png beside the model. An older file is replaced.
    """
    if kind == "history":
        figure = plots.plot_history(read_curves(run), title=run.resolve().name)
    else:
        trained = load_trained(run, single_output=kind in ("fit", "residuals", "importance"))
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
        measured = Measurement(predictor, rows, metric, training, n_seen=selection.n_seen)
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

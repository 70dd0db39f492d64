"""``barenet plot``: plots of the history of a run, and of its network on some rows."""

import contextlib
import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import numpy as np
from cyclopts import Parameter
from numpy.typing import NDArray

from barenet import Dataset, Ensemble, History, Predictor, load_predictor, plots
from barenet._constraints import check_count
from barenet.callbacks import LambdaCallback, Progress, Run
from barenet.cli._console import emit
from barenet.cli._evaluate import measure_importance, sample_rows, select_rows
from barenet.cli._experiment import prepare
from barenet.cli._flags import Data, Integers, Out
from barenet.cli._output_file import check_overwritable, output_path
from barenet.cli._run_settings import SETTINGS, FileOptions
from barenet.cli._scores import metric_title
from barenet.cli._trained_model import HISTORY, MODEL, TrainedModel, load_trained
from barenet.errors import ArgumentError, DataError, ModelFileError
from barenet.insight.plots._saving import PLOT_MARK
from barenet.insight.plots._style import Figure

#: Images in a plot of digits; columns in one of partial dependence, and rows that it is a mean of.
N_IMAGES, N_COLUMNS, N_ROWS = 25, 6, 500


def default_kind(predictor: Predictor) -> str:
    """The plot that suits the predictions of a network best."""
    if predictor.classes is None:
        return "fit"
    if predictor.image_shape is not None:
        return "digits"
    is_plane = len(predictor.feature_names) == 2 and not predictor.takes_frames
    return "boundary" if is_plane else "confusion"


def draw(kind: str, predictor: Predictor, rows: Dataset) -> Figure:
    """Draw a plot of a network and some rows."""
    problem = ""
    if kind in ("boundary", "digits", "confusion") and predictor.classes is None:
        problem = f"a {kind} plot needs classes, and {rows.name} has numbers"
    elif kind in ("fit", "residuals") and predictor.classes is not None:
        problem = f"a {kind} plot needs a numeric target, and {rows.name} has classes"
    elif kind == "boundary" and (predictor.takes_frames or len(rows.feature_names) != 2):
        problem = f"a boundary needs two numeric columns, and {rows.name} has other columns"
    elif kind in ("digits", "weights") and predictor.image_shape is None:
        problem = f"the rows of {rows.name} are not images"
    if problem:
        raise ArgumentError(problem, argument="kind")
    return KINDS[kind](predictor, rows)


def draw_fit(predictor: Predictor, rows: Dataset, predictions: Any, **losses: Any) -> Figure:
    """Draw predicted numbers over one column, or over the targets."""
    X = predictor.preprocessing.transform(rows.X) if predictor.takes_frames else rows.X
    losses |= {"feature_name": rows.feature_names[0], "target_name": rows.target_name}
    return plots.plot_fit(X, rows.y, predictions, title=rows.name, **losses)


def _fit(predictor: Predictor, rows: Dataset) -> Figure:
    return draw_fit(predictor, rows, predictor.predict(rows.X))


def _residuals(predictor: Predictor, rows: Dataset) -> Figure:
    names = {"target_name": rows.target_name, "title": rows.name}
    return plots.plot_residuals(rows.y, predictor.predict(rows.X), **names)


def _boundary(predictor: Predictor, rows: Dataset) -> Figure:
    names: Any = {"classes": predictor.classes, "feature_names": rows.feature_names}
    return plots.plot_boundary(predictor.probabilities, rows.X, rows.y, title=rows.name, **names)


def _digits(predictor: Predictor, rows: Dataset) -> Figure:
    images, names = rows.X[:N_IMAGES], np.array(predictor.classes)
    probabilities = predictor.probabilities(images)
    actual, predicted = (names[each] for each in (rows.y[:N_IMAGES], probabilities.argmax(axis=1)))
    confidences, options = probabilities.max(axis=1), _shape(predictor)
    return plots.plot_digits(images, actual, predicted, confidences, title=rows.name, **options)


def _confusion(predictor: Predictor, rows: Dataset) -> Figure:
    predicted = predictor.probabilities(rows.X).argmax(axis=1)
    return plots.plot_confusion(rows.y, predicted, predictor.classes or (), title=rows.name)


def _calibration(predictor: Predictor, rows: Dataset) -> Figure:
    if predictor.classes is None:
        return _residuals(predictor, rows)
    names = [f"{predictor.target_name} = {name}" for name in predictor.classes]
    return plots.plot_calibration(rows.y, predictor.probabilities(rows.X), names, title=rows.name)


def _dependence(predictor: Predictor, rows: Dataset) -> Figure:
    result = measure_importance(predictor, sample_rows(rows))
    names = [result.names[at] for at in result.order[:N_COLUMNS]]
    return plots.plot_dependence(predictor, sample_rows(rows, N_ROWS).X, names, title=rows.name)


def _importance(predictor: Predictor, rows: Dataset) -> Figure:
    result = measure_importance(predictor, sample_rows(rows))
    options = {"metric": metric_title(result.metric), **_shape(predictor)}
    return plots.plot_importance(result.drops, result.names, title=rows.name, **options)


def _weights(predictor: Predictor, rows: Dataset) -> Figure:
    first = predictor.first_network
    return plots.plot_weights(first, title=predictor.dataset, **_shape(predictor))


def _shape(predictor: Predictor) -> dict[str, Any]:
    return {"image_shape": predictor.image_shape}


KINDS: dict[str, Callable[[Predictor, Dataset], Figure]] = {
    "fit": _fit,
    "boundary": _boundary,
    "digits": _digits,
    "confusion": _confusion,
    "calibration": _calibration,
    "residuals": _residuals,
    "importance": _importance,
    "dependence": _dependence,
    "weights": _weights,
}

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
    - epochs: the fit after some epochs, for which the run is trained once more
    - fit: predicted numbers
    - boundary: classes over two features
    - digits: images and their predicted classes
    - confusion: the confusion matrix
    - calibration: predicted probabilities beside observed frequencies, or the residuals of numbers
    - residuals: the errors of predicted numbers, and the distribution of the target
    - importance: the permutation importance of each column
    - dependence: the mean prediction over the values of the most important columns
    - weights: the weights of the first layer, as images

    The rows of the test set are drawn, if there is one.

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
        The file: .png, .svg or .pdf; or a folder for it, which is made if its name
        ends with /. By default KIND.png, beside the model. An earlier plot by barenet is replaced,
        any other file is not.
    """
    if kind == "history":
        figure = plots.plot_history(read_curves(run), title=run.resolve().name)
    else:
        trained = load_trained(run, single_output=kind in ("fit", "residuals", "importance"))
        if kind == "epochs":
            figure = _epochs(trained, at)
        else:
            figure = draw(kind, trained.predictor, select_rows(trained, data, file).rows)
    beside = str(run if run.is_dir() else run.parent)
    with output_path(out or beside, f"{kind}.png") as path:
        if out or not path.with_name(SETTINGS).is_file():  # else it is one of the run's own plots
            check_overwritable(path, PLOT_MARK, "a plot")
        plots.save_figure(figure, path)
    emit(str(path))


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
    with contextlib.suppress(FileNotFoundError, ModelFileError):  # The curves are drawn as well.
        card = load_predictor(path.with_name(MODEL)).card
        if card and card.log and card.log.n_epochs == len(history):
            history.best_epoch, history.penalized = card.log.best_epoch, card.log.penalized
    return history


def _epochs(trained: TrainedModel, at: tuple[int, ...]) -> Figure:
    """Train once more, and plot the fit after some epochs."""
    if not trained.settings.data:
        problem = "a plot of epochs needs the settings of the run, and none are beside "
        raise ArgumentError(f"{problem}{trained.path}", argument="run")
    if isinstance(trained.predictor.network, Ensemble):
        problem = f"epochs are those of one network, and {trained.path} is an ensemble"
        raise ArgumentError(problem, argument="kind", remedy="train one with {quick}", quick=True)
    check_count(min(at), "at")
    if trained.predictor.classes is not None:
        raise ArgumentError("a fit needs a numeric target, got classes", argument="kind")
    config = trained.settings.config
    longer = dataclasses.replace(config, epochs=max(config.epochs or 0, *at))  # for its schedule
    experiment = prepare(dataclasses.replace(trained.settings, config=longer))
    predictor, rows = experiment.predictor, experiment.training
    fits: dict[int, NDArray[Any]] = {}
    losses: dict[int, float] = {}

    def record(run: Run) -> bool:
        done = len(run.history)
        if done in at:
            fits[done], losses[done] = predictor.predict(rows.X), run.history.loss[-1]
        return done >= max(at)

    experiment.run([Progress(), LambdaCallback(record)])
    return draw_fit(predictor, rows, fits, losses=losses)

"""Plots of a trained network and some rows."""

from collections.abc import Callable, Sequence

import numpy as np

from barenet import plots
from barenet.cli._importance import measure_importance, sample_rows
from barenet.cli._scores import HEADINGS
from barenet.data._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight.plots._style import Figure, literal
from barenet.training._history import History

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
    elif kind == "fit" and predictor.classes is not None:
        problem = f"a fit needs a numeric target, and {rows.name} has classes"
    elif kind == "boundary" and (predictor.takes_frames or len(rows.feature_names) != 2):
        problem = f"a boundary needs two numeric columns, and {rows.name} has other columns"
    elif kind in ("digits", "weights") and predictor.image_shape is None:
        problem = f"the rows of {rows.name} are not images"
    if problem:
        raise ArgumentError(problem, argument="kind")
    return KINDS[kind](predictor, rows)


def draw_history(history: History, name: str) -> Figure:
    """Draw the learning curves of a run."""
    return plots.plot_history(history, title=literal(name))


def fit_names(rows: Dataset) -> dict[str, str]:
    """The names in a plot of predicted numbers."""
    names = {"feature_name": rows.feature_names[0], "target_name": rows.target_name}
    return {name: literal(text) for name, text in {**names, "title": rows.name}.items()}


def _all_literal(names: Sequence[str] | None) -> list[str]:
    return [literal(name) for name in names or ()]


def _fit(predictor: Predictor, rows: Dataset) -> Figure:
    X = predictor.preprocessing.transform(rows.X) if predictor.takes_frames else rows.X
    return plots.plot_fit(X, rows.y, predictor.predict(rows.X), **fit_names(rows))


def _boundary(predictor: Predictor, rows: Dataset) -> Figure:
    return plots.plot_boundary(
        predictor.probabilities,
        rows.X,
        rows.y,
        classes=_all_literal(predictor.classes),
        feature_names=_all_literal(rows.feature_names),
        title=literal(rows.name),
    )


def _digits(predictor: Predictor, rows: Dataset) -> Figure:
    assert predictor.image_shape is not None
    images, names = rows.X[:N_IMAGES], np.array(_all_literal(predictor.classes))
    probabilities = predictor.probabilities(images)
    actual, predicted = rows.y[:N_IMAGES], probabilities.argmax(axis=1)
    return plots.plot_digits(
        images,
        names[actual].tolist(),
        names[predicted].tolist(),
        probabilities.max(axis=1),
        image_shape=predictor.image_shape,
        title=literal(rows.name),
    )


def _confusion(predictor: Predictor, rows: Dataset) -> Figure:
    predicted = predictor.probabilities(rows.X).argmax(axis=1)
    classes = _all_literal(predictor.classes)
    return plots.plot_confusion(rows.y, predicted, classes, title=literal(rows.name))


def _calibration(predictor: Predictor, rows: Dataset) -> Figure:
    if predictor.classes is None:
        return _fit(predictor, rows)
    names = [f"{predictor.target_name} = {name}" for name in predictor.classes]
    p, classes = predictor.probabilities(rows.X), _all_literal(names)
    return plots.plot_calibration(rows.y, p, classes, title=literal(rows.name))


def _dependence(predictor: Predictor, rows: Dataset) -> Figure:
    result, few = measure_importance(predictor, sample_rows(rows)), sample_rows(rows, N_ROWS)
    names = [result.names[at] for at in result.order[:N_COLUMNS]]
    return plots.plot_dependence(predictor, few.X, names, title=literal(rows.name))


def _importance(predictor: Predictor, rows: Dataset) -> Figure:
    result = measure_importance(predictor, sample_rows(rows))
    return plots.plot_importance(
        result.drops,
        _all_literal(result.names),
        metric=HEADINGS[result.metric],
        image_shape=predictor.image_shape,
        title=literal(rows.name),
    )


def _weights(predictor: Predictor, rows: Dataset) -> Figure:
    shape, title = predictor.image_shape, literal(predictor.dataset)
    assert shape is not None
    return plots.plot_weights(predictor.first_network, shape, title=title)


KINDS: dict[str, Callable[[Predictor, Dataset], Figure]] = {
    "fit": _fit,
    "boundary": _boundary,
    "digits": _digits,
    "confusion": _confusion,
    "calibration": _calibration,
    "importance": _importance,
    "dependence": _dependence,
    "weights": _weights,
}

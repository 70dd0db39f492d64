"""Plots of a trained network and some rows."""

from collections.abc import Callable
from typing import Any

import numpy as np

from barenet import Dataset, Predictor, plots
from barenet.cli._evaluate import measure_importance, sample_rows
from barenet.cli._scores import metric_title
from barenet.errors import ArgumentError
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
    result, few = measure_importance(predictor, sample_rows(rows)), sample_rows(rows, N_ROWS)
    names = [result.names[at] for at in result.order[:N_COLUMNS]]
    return plots.plot_dependence(predictor, few.X, names, title=rows.name)


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

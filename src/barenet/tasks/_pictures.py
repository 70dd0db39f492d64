"""Plots of a predictor and some rows, and the importance of its columns."""

import functools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet import plots
from barenet._metrics import is_maximized, main_metric, score_text
from barenet._progress_bar import progress_bar
from barenet.datasets._dataset import Dataset
from barenet.errors import ArgumentError
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.insight._permutation_importance import Importance, permutation_importance
from barenet.insight.plots._style import Figure
from barenet.model._array_dataset import predicted_classes
from barenet.tables.encoding._column_kinds import NumberColumn
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._scaling import Scaling
from barenet.tasks._measurement import metric_title

#: Number of images in a plot of digits.
N_IMAGES = 25
#: Maximum columns in a plot of partial dependence, and number of rows that it averages over.
N_COLUMNS = 6
N_ROWS = 500


def default_kind(predictor: Predictor) -> str:
    """Choose the plot that suits the predictions of a network best."""
    if predictor.classes is None:
        return "fit"
    if predictor.image_shape is not None:
        return "digits"
    if _is_plane(predictor):
        return "boundary"
    return "confusion"


def draw(kind: str, predictor: Predictor, rows: Dataset) -> Figure:
    """Draw a plot of a network and some rows."""
    problem = ""
    if kind in ("boundary", "digits", "confusion") and predictor.classes is None:
        problem = f"a {kind} plot needs classes, and {rows.name} has numbers"
    elif kind in ("fit", "residuals") and predictor.classes is not None:
        problem = f"a {kind} plot needs a numeric target, and {rows.name} has classes"
    elif kind == "boundary" and not _is_plane(predictor):
        problem = f"a boundary needs two numeric columns, and {rows.name} has other columns"
    elif kind in ("digits", "weights") and predictor.image_shape is None:
        problem = f"the rows of {rows.name} are not images"
    if problem:
        raise ArgumentError(problem, argument="kind")
    return KINDS[kind](predictor, rows)


def _is_plane(predictor: Predictor) -> bool:
    """Return whether a model takes two numeric columns."""
    return len(predictor.feature_names) == 2 and _are_numbers(predictor.preprocessing)


def _are_numbers(preprocessing: TableEncoding | Scaling) -> bool:
    """Return whether all columns of a model are numeric."""
    if isinstance(preprocessing, Scaling):
        return True
    return all(isinstance(column, NumberColumn) for column in preprocessing.used)


def _numbers_of(encoding: TableEncoding, X: Any) -> NDArray[np.float64]:
    """Return the numeric columns as in the table, shape (n_rows, n_columns), or no columns."""
    if not _are_numbers(encoding):
        return np.empty((len(X), 0))
    return np.column_stack([values for _, values in values_of(encoding, X)])


def _fit(predictor: Predictor, rows: Dataset) -> Figure:
    """Draw predicted numbers against one column, or against the targets."""
    X = rows.X
    if isinstance(predictor.preprocessing, TableEncoding):
        X = _numbers_of(predictor.preprocessing, X)
        if X.shape[1] != 1 or np.isnan(X).any():
            X = predictor.inputs(rows.X)
    return plots.plot_fit(
        X,
        rows.y,
        predictor.predict(rows.X),
        feature_name=rows.feature_names[0],
        target_name=rows.target_name,
        title=rows.name,
    )


def _residuals(predictor: Predictor, rows: Dataset) -> Figure:
    return plots.plot_residuals(
        rows.y, predictor.predict(rows.X), target_name=rows.target_name, title=rows.name
    )


def _boundary(predictor: Predictor, rows: Dataset) -> Figure:
    X: Any = rows.X
    y = rows.y
    if isinstance(predictor.preprocessing, TableEncoding):
        X = _numbers_of(predictor.preprocessing, X)
        is_complete = ~np.isnan(X).any(axis=1)
        X = X[is_complete]
        y = y[is_complete]
    return plots.plot_boundary(
        predictor.predict_proba,
        X,
        y,
        classes=predictor.classes,
        feature_names=rows.feature_names,
        title=rows.name,
    )


def _digits(predictor: Predictor, rows: Dataset) -> Figure:
    assert predictor.image_shape is not None
    images = rows.X[:N_IMAGES]
    names = np.array(predictor.classes)
    probabilities = predictor.predict_proba(images)
    return plots.plot_digits(
        images,
        labels=names[rows.y[:N_IMAGES]],
        predictions=names[predicted_classes(probabilities, predictor.threshold)],
        confidences=probabilities.max(axis=1),
        image_shape=predictor.image_shape,
        title=rows.name,
    )


def _confusion(predictor: Predictor, rows: Dataset) -> Figure:
    predicted = predicted_classes(predictor.predict_proba(rows.X), predictor.threshold)
    return plots.plot_confusion(rows.y, predicted, predictor.classes or (), title=rows.name)


def _calibration(predictor: Predictor, rows: Dataset) -> Figure:
    if predictor.classes is None:
        return _residuals(predictor, rows)
    names = [f"{predictor.target_name} = {name}" for name in predictor.classes]
    return plots.plot_calibration(rows.y, predictor.predict_proba(rows.X), names, title=rows.name)


def _dependence(predictor: Predictor, rows: Dataset) -> Figure:
    return draw_dependence(predictor, rows, measure_importance(predictor, sample_rows(rows)))


def draw_dependence(predictor: Predictor, rows: Dataset, importance: Importance) -> Figure:
    """Draw the partial dependence on the most important columns."""
    names = [importance.names[place] for place in importance.order[:N_COLUMNS]]
    return plots.plot_dependence(predictor, sample_rows(rows, N_ROWS).X, names, title=rows.name)


def _importance(predictor: Predictor, rows: Dataset) -> Figure:
    result = measure_importance(predictor, sample_rows(rows))
    return plots.plot_importance(
        result.drops,
        result.names,
        metric=metric_title(result.metric),
        image_shape=predictor.image_shape,
        title=rows.name,
    )


def _weights(predictor: Predictor, rows: Dataset) -> Figure:
    assert predictor.image_shape is not None
    return plots.plot_weights(
        predictor.first_network, image_shape=predictor.image_shape, title=predictor.dataset
    )


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


#: Maximum number of columns that are listed; JSON lists all columns.
MAX_COLUMNS = 25
#: Maximum length of a name.
MAX_NAME = 30
#: Default values of the options.
REPEATS = 10
MAX_ROWS = 5_000


def sample_rows(rows: Dataset, most: int = MAX_ROWS) -> Dataset:
    """Take a random sample of the rows if there are more."""
    if rows.n_samples <= most:
        return rows
    chosen = np.random.default_rng(0).permutation(rows.n_samples)[:most]
    return rows.take(np.sort(chosen))


def measure_importance(
    predictor: Predictor, rows: Dataset, repeats: int = REPEATS, metric: str | None = None
) -> Importance:
    """Compute the permutation importance, by default for the metric of the training."""
    card = predictor.card or ModelCard()
    chosen: Any = metric or card.settings.get("metric")
    return permutation_importance(
        predictor,
        rows,
        n_repeats=repeats,
        metric=main_metric(chosen, rows.y, predictor.classes).name,
        progress=functools.partial(progress_bar, label="shuffling"),
    )


def drops_of(result: Importance) -> tuple[str, list[tuple[str, str, float]]]:
    """Return the heading and the first columns: name, mean ± deviation, fraction of the largest."""
    largest = max(float(result.mean.max()), 1e-12)
    lines = []
    for place in result.order[:MAX_COLUMNS]:
        mean = score_text(result.metric, result.mean[place])
        deviation = score_text(result.metric, result.std[place])
        share = max(result.mean[place], 0.0) / largest
        name = result.names[place]
        if len(name) > MAX_NAME:
            name = f"{name[: MAX_NAME - 1]}…"
        lines.append((name, f"{mean:>7} ± {deviation}", share))
    change = "lost" if is_maximized(result.metric) else "gained"
    return f"{metric_title(result.metric)} {change}", lines

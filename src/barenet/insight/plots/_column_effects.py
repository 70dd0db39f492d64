"""Effects of the columns of a table: their importance, and the predictions at their values.

Permutation importance is a bar for each column, or a map of the pixels. Partial dependence is the
mean prediction over rows in which one column has the same value: J. H. Friedman, "Greedy Function
Approximation" (2001), section 8.2.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._constraints import check_names
from barenet._metrics import METRICS, is_maximized
from barenet._registry import lookup
from barenet.datasets._dataset import rows_alone
from barenet.errors import ArgumentError
from barenet.files._predictor import Predictor
from barenet.insight._models import predictor_of
from barenet.insight._permutation_importance import Importance
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import table
from barenet.insight.plots._style import Axes, Figure, literal
from barenet.model._array_dataset import class_probabilities
from barenet.model._arrays import FloatArray
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.frames._frame import TEXT, Frame
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading._column_values import as_labels

#: Columns in a figure; more would be too small to read.
MAX_COLUMNS = 20
#: Letters of a column's name.
MAX_LETTERS = 32


def plot_importance(
    drops: Importance | ArrayLike,
    names: Sequence[str] | None = None,
    *,
    metric: str | None = None,
    image_shape: tuple[int, int] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the permutation importance of columns, the most important first.

    Parameters
    ----------
    drops : Importance or array-like of shape (n_columns, n_repeats)
        The result of `barenet.permutation_importance`, or drops of a score.
    names : sequence of str, optional
        The columns' names; by default, those of the result.
    metric : str, optional
        The name of the score; by default, that of the result, or else "score".
    image_shape : tuple of int, optional
        Height and width, if the columns are the pixels of an image, which is then drawn.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The mean of the repeats as a bar, and their standard deviation as a line at its end, of
        the first 20 columns.

    Raises
    ------
    ValueError
        If the drops are not finite, or their number of rows is not that of the names.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = plot_importance([[0.01, 0.03], [0.4, 0.5]], ["height", "age"])
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['age', 'height']
    """
    is_error = isinstance(drops, Importance) and not is_maximized(drops.metric)
    change = "added" if is_error else "lost"
    if isinstance(drops, Importance):
        names = drops.names if names is None else names
        metric = metric or METRICS[drops.metric].title
        drops = drops.drops
    drops = table(drops, "drops")
    metric = metric or "score"
    names = check_names(names, "names", len(drops), "column")
    mean = drops.mean(axis=1)
    std = drops.std(axis=1)
    label = f"{metric} {change} when it is shuffled"
    if image_shape is not None:
        figure, (axes,) = style.new_figure((5.4, 4.6), title=title)
        style.show_matrix(axes, mean.reshape(image_shape), "RdBu")
        style.label_axes(axes, f"{label} (blue; white is 0)")
        return figure
    shown = np.argsort(-mean, kind="stable")[:MAX_COLUMNS]
    height = 1.3 + 0.3 * len(shown)
    figure, (axes,) = style.new_figure((7.0, height), title=title)
    labels = [shorten(names[column]) for column in shown]
    _draw_bars(axes, labels, mean[shown], std[shown])
    style.label_axes(axes, label)
    if len(shown) < len(names):
        text = f"the first {len(shown)} of {len(names):,} columns"
        style.title(axes, text, fontsize=10)
    return figure


def _draw_bars(axes: Axes, names: list[str], mean: FloatArray, std: FloatArray) -> None:
    """Draw a bar for each column, with the standard deviation of its repeats."""
    positions = np.arange(len(names))
    whiskers = {"ecolor": style.INK, "elinewidth": 1.1, "capsize": 2.5}
    axes.barh(positions, mean, height=0.62, color=style.TRAINING, xerr=std, error_kw=whiskers)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_yticks(positions, [style.literal(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)
    style.show_grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.04)


def shorten(name: str, most: int = MAX_LETTERS) -> str:
    """Cut a long name."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


#: Numbers or dates of a column.
N_VALUES = 30
#: The quantiles that they lie between.
RANGE = (0.05, 0.95)
#: Labels of a column.
MAX_LABELS = 8
#: Letters of a label.
MAX_LABEL_LETTERS = 14
#: Classes that have a curve each.
MAX_CURVES = 10


class DependenceCurve(NamedTuple):
    """The partial dependence on a column."""

    #: Some values of the column.
    values: NDArray[Any]
    #: The mean outputs with each of them in all rows, shape (n_values, n_outputs).
    means: FloatArray


def plot_dependence(
    predictor: Any, X: Any, columns: str | Sequence[str], *, title: str | None = None
) -> Figure:
    """Draw the partial dependence of the predictions on some columns, a panel each.

    Parameters
    ----------
    predictor : Predictor, estimator, Network or Ensemble
        The network with its preprocessing, a fitted estimator that `Predictor.from_estimator`
        takes, or one or several networks alone.
    X : array-like of shape (n_samples, n_features), Frame, DataFrame, mapping or Dataset
        Raw rows with the columns of the predictor; a few hundred are enough.
    columns : str or sequence of str
        Names of columns.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The mean predicted number, or the mean probability of the second of two classes, or of each
        of the first ten. The panels have the same limits. At most 30 numbers or dates of a column
        are taken, from its 5th to its 95th percentile, and the eight most frequent labels.

    Raises
    ------
    ValueError
        If there is no such column, or the rows do not fit the network.
    MissingExtraError
        If matplotlib is not installed.

    Notes
    -----
    Where columns are correlated, some of the rows with a changed value would not occur.

    Examples
    --------
    >>> from barenet import Network, Predictor, Scaling
    >>> sums = Predictor(
    ...     network=Network.dense([2, 1], init="zeros"),
    ...     preprocessing=Scaling.fit("none", np.zeros((1, 2))),
    ...     classes=None, feature_names=("a", "b"), target_name="sum", dataset="sums",
    ... )
    >>> sums.network.parameters[:] = [2, 1, 0]  # 2 a + b
    >>> figure = plot_dependence(sums, [[0, 0], [1, 0], [3, 3]], ["a"])
    >>> figure.axes[0].lines[0].get_ydata()  # for a = 0, 1 and 3; the mean of b is 1
    array([1., 3., 7.])
    """
    if isinstance(columns, str):
        columns = [columns]
    X = rows_alone(X)
    if not columns:
        raise ArgumentError("expected at least one column, got none", argument="columns")
    predictor = predictor_of(predictor, X)
    curves = [_dependence(predictor, X, name) for name in columns]
    label = f"mean prediction of {predictor.target_name}"
    names = _curve_names(predictor, curves[0].means.shape[1])
    if predictor.classes is not None and len(names) == 2:
        label = f"{label} = {names[1]}"
        names = names[1:]
        curves = [curve._replace(means=curve.means[:, 1:]) for curve in curves]
    label = textwrap.fill(label, 22)  # the height of a panel
    heights = np.concatenate([curve.means.ravel() for curve in curves])
    low = heights.min()
    high = heights.max()
    margin = 0.06 * float(np.ptp(heights))
    if margin == 0:  # all curves are at the same height
        margin = 0.5
    n_panels = len(columns)
    size = (3.3, 2.6)
    n_columns = min(n_panels, 3)
    figure, panels = style.new_figure(size, n_panels=n_panels, columns=n_columns, title=title)
    for place, curve in enumerate(curves):
        axes = panels[place]
        _draw(axes, curve, names)
        axes.set_ylim(low - margin, high + margin)
        y_label = label if place % 3 == 0 else ""
        style.label_axes(axes, shorten(columns[place]), y_label)
    if len(names) > 1:
        style.legend(figure)
    return figure


def _curve_names(predictor: Predictor, n_outputs: int) -> list[str]:
    """Name the curves of the first classes, or of the numbers that are predicted."""
    if predictor.classes is not None:
        return list(predictor.classes[:MAX_CURVES])
    if n_outputs == 1:
        return ["predicted"]
    return [f"{predictor.target_name} {number}" for number in range(1, n_outputs + 1)][:MAX_CURVES]


def _dependence(predictor: Predictor, X: Any, name: str) -> DependenceCurve:
    """Compute the partial dependence on a column."""
    lookup(dict.fromkeys(predictor.feature_names), name, "columns")
    rows = as_frame(X, predictor.feature_names, only=predictor.feature_names)
    column = rows[name]
    encoding = predictor.preprocessing
    if isinstance(encoding, TableEncoding):
        encoders = {encoder.name: encoder for encoder in encoding.used}
        encoder = encoders[name]
        column = encoder.parse(rows, name, encoding.missing)
        if encoder.kind == "boolean":
            missing = (*encoding.missing, *encoder.missing_texts)
            column = _in_one_spelling(as_labels(rows, name, missing), column)
    values = _values(column)
    dtype = TEXT if values.dtype.kind == "U" else None
    means = []
    for value in values:
        filled = np.full(len(rows), value, dtype)
        changed = Frame({**rows.columns, name: filled})
        outputs = predictor.outputs(changed)
        means.append(outputs.mean(axis=0, dtype=np.float64))
    mean_outputs = np.array(means)
    if predictor.classes is not None:
        mean_outputs = class_probabilities(mean_outputs)
    return DependenceCurve(values, mean_outputs)


def _in_one_spelling(labels: NDArray[Any], truths: FloatArray) -> NDArray[Any]:
    """Replace the labels of each truth value by the most frequent one.

    >>> labels = np.array(["yes", "Y", "yes", "no"], object)
    >>> _in_one_spelling(labels, np.array([1.0, 1.0, 1.0, 0.0])).tolist()
    ['yes', 'yes', 'yes', 'no']
    """
    spelled = labels.copy()
    for truth in (0.0, 1.0):
        is_same = truths == truth
        if is_same.any():
            different, counts = np.unique(labels[is_same].astype(str), return_counts=True)
            spelled[is_same] = str(different[counts.argmax()])
    return spelled


def _values(column: NDArray[Any]) -> NDArray[Any]:
    """Some of the different values of a parsed column."""
    if column.dtype.kind == "O":
        labels, counts = np.unique(column.astype(str), return_counts=True)
        most_frequent = np.argsort(-counts, kind="stable")[:MAX_LABELS]
        return labels[most_frequent]
    is_present = column == column  # NaN, and the missing date, differ from themselves
    present = np.sort(column[is_present]) if is_present.any() else column[:1]
    different = np.unique(present)
    if len(different) <= N_VALUES:
        return different
    places = np.linspace(*RANGE, N_VALUES) * (len(present) - 1)
    nearest = places.round().astype(np.int64)
    return np.unique(present[nearest])


def _draw(axes: Axes, dependence: DependenceCurve, names: Sequence[str]) -> None:
    """Draw curves over numbers or dates, or dots over labels."""
    values = dependence.values
    x = values
    look: dict[str, Any] = {"linewidth": 2.0}
    if values.dtype.kind == "U":
        x = np.arange(len(values))
        look = {"linestyle": "none", "marker": "o"}
        labels = []
        for value in values:
            label = literal(shorten(value, MAX_LABEL_LETTERS))
            labels.append(label or "missing")
        if len("".join(labels)) > 24:
            axes.set_xticks(x, labels, **style.SLANTED)
        else:
            axes.set_xticks(x, labels)
        axes.set_xlim(-0.5, len(x) - 0.5)
    elif values.dtype.kind == "M":
        axes.tick_params(axis="x", labelrotation=30)
        axes.set_xlim(*_date_limits(values))
    else:
        axes.locator_params(axis="x", nbins=5)
    colors: Sequence[str] = style.CLASS_COLORS
    if len(names) == 1:
        colors = [style.PREDICTED]
    for name, means, color in zip(names, dependence.means.T, colors, strict=False):
        axes.plot(x, means, color=color, label=name, **look)


def _date_limits(values: NDArray[np.datetime64]) -> tuple[Any, Any]:
    """Limits of an axis with margins, in the years that Matplotlib draws: 1 to 9999."""
    day = np.timedelta64(1, "D")
    first = values[0]
    last = values[-1]
    margin = max((last - first) // 20, day)
    low = max(first - margin, np.datetime64("0001-01-01", "us"))
    high = min(last + margin, np.datetime64("9999-12-31", "us"))
    return low, high

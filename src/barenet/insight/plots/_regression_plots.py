"""Plots of a regression: its predictions, its residuals and its targets.

With one feature the predictions are a curve over it. With more, they are drawn over the targets: on
the diagonal they are perfect. Residuals of one sign on a side, or ever larger ones, show structure
that the model has missed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._messages import count_of
from barenet._metrics import r2
from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import column, table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray
from barenet.tables.frames._to_frame import as_frame, column_names


def plot_fit(
    X: Any,
    y: ArrayLike,
    predictions: ArrayLike | Mapping[int, ArrayLike],
    *,
    losses: Mapping[int, float] | None = None,
    feature_name: str | None = None,
    target_name: str = "y",
    title: str | None = None,
) -> Figure:
    """Draw the predictions and the targets of a regression.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features) or (n_samples,), Frame or DataFrame
        Inputs. One feature: curves over it. More: a scatter around the diagonal.
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets.
    predictions : array-like of shape (n_samples,) or (n_samples, 1), or mapping of int to those
        Predictions, such as ``network.predict(X)``; or those after chosen numbers of epochs, a
        panel each, on the same axes and in the order of the mapping.
    losses : mapping of int to float, optional
        Losses by the number of epochs, for the titles of the panels.
    feature_name : str, optional
        Name of the one feature, with its unit. By default, the name of the column, or else "x".
    target_name : str, default="y"
        Name of the target, with its unit.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If there are no predictions, a loss belongs to no panel, the shapes do not match, or a
        value is not finite.
    MissingExtraError
        If matplotlib is not installed.

    Notes
    -----
    The scatter plot shows the coefficient of determination, R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 50).reshape(-1, 1)
    >>> figure = plot_fit(X, np.sin(X), 0.9 * np.sin(X))
    >>> figure.axes[0].get_xlabel(), figure.axes[0].get_ylabel()
    ('x', 'y')
    >>> fits = {10: np.zeros(50), 100: np.sin(X)}
    >>> figure = plot_fit(X, np.sin(X), fits, losses={10: 0.25, 100: 0.0})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['10 epochs, loss 0.25', '100 epochs, loss 0']
    """
    names = column_names(X)
    if names is not None and len(names) > 1:  # of any kind; they are not drawn
        x = None
        n_samples = len(as_frame(X))
    else:
        if names is None and np.ndim(X) == 1:
            X = np.reshape(X, (-1, 1))
        inputs = table(X, "X")
        n_samples, n_features = inputs.shape
        x = inputs[:, 0] if n_features == 1 else None
    if feature_name is None:
        feature_name = names[0] if names else "x"
    y = column(y, "y", n_samples)
    fits = _fits(predictions, losses or {}, n_samples)
    columns = min(len(fits), 3)
    if x is not None:
        x_name = feature_name
        y_name = target_name
        size = (7.0, 4.2) if columns == 1 else (3.2, 2.6)
    else:
        x_name = f"actual {target_name}"
        y_name = f"predicted {target_name}"
        size = (5.0, 5.0) if columns == 1 else (3.2, 3.4)
    figure, panels = style.new_figure(
        size, n_panels=len(fits), columns=columns, share=True, title=title
    )
    drawn = np.concatenate([y, *fits.values()])
    margin = 0.05 * np.ptp(drawn)
    if margin == 0:  # all numbers are equal
        margin = 0.5
    low = drawn.min() - margin
    high = drawn.max() + margin
    for place, (axes, heading) in enumerate(zip(panels, fits, strict=True)):
        if x is not None:
            _draw_curve(axes, x, y, fits[heading])
        else:
            _draw_scatter(axes, y, fits[heading], (low, high))
        style.title(axes, heading, fontsize=10)
        is_lowest = place + columns >= len(fits)
        axes.tick_params(labelbottom=is_lowest)
        x_label = x_name if is_lowest else ""
        y_label = y_name if place % columns == 0 else ""
        style.label_axes(axes, x_label, y_label)
    style.legend(figure)
    return figure


def _fits(
    predictions: ArrayLike | Mapping[int, ArrayLike], losses: Mapping[int, float], n_samples: int
) -> dict[str, FloatArray]:
    """Check the predictions; they are returned by the title of their panel."""
    if not isinstance(predictions, Mapping):
        return {"": column(predictions, "predictions", n_samples)}
    if not predictions:
        raise ArgumentError("expected at least one epoch, got none", argument="predictions")
    unknown = [epoch for epoch in losses if epoch not in predictions]
    if unknown:
        raise ArgumentError.of("losses", unknown, f"epochs of predictions ({list(predictions)})")
    fits = {}
    for epochs, predicted in predictions.items():
        heading = count_of(epochs, "epoch")
        if epochs in losses:
            heading += f", loss {losses[epochs]:.3g}"
        fits[heading] = column(predicted, f"predictions[{epochs}]", n_samples)
    return fits


def _draw_curve(axes: Axes, x: FloatArray, y: FloatArray, predicted: FloatArray) -> None:
    """Draw the targets as dots and the predictions as a curve over the one feature."""
    order = np.argsort(x, kind="stable")
    x = x[order]
    style.dots(axes, x, y[order], color=style.ACTUAL, alpha=0.75, label="actual")
    line: dict[str, Any] = {"linestyle": "-", "linewidth": 2.0, "marker": ""}
    if len(x) == 1:
        line["marker"] = "o"
    axes.plot(x, predicted[order], color=style.PREDICTED, label="predicted", **line)
    axes.margins(x=0.02, y=0.06)


def _draw_scatter(
    axes: Axes, y: FloatArray, predicted: FloatArray, limits: tuple[float, float]
) -> None:
    """Draw the predictions over the targets, and the diagonal of perfect predictions."""
    dashes: dict[str, Any] = {"linewidth": 1.2, "linestyle": style.DASHES, "zorder": 1}
    dashes["marker"] = ""
    axes.plot(limits, limits, label="predicted = actual", color=style.ACTUAL, **dashes)
    style.dots(axes, y, predicted, color=style.PREDICTED, alpha=0.55, label="a sample")
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    style.show_grid(axes, "both")
    if np.ptp(y):  # the corner is empty in a scatter plot along the diagonal
        score = r2(predicted[:, None], y[:, None])
        text = f"R² = {score:.3f}"
        look = {"va": "top", "fontsize": style.LABEL_SIZE, "transform": axes.transAxes}
        style.write(axes, 0.04, 0.96, text, **look)


#: Bars of the distribution.
N_BARS = 30


def plot_residuals(
    y: ArrayLike, predictions: ArrayLike, *, target_name: str = "y", title: str | None = None
) -> Figure:
    """Draw the residuals of a regression, and the distribution of its targets.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets.
    predictions : array-like of shape (n_samples,) or (n_samples, 1)
        Predictions.
    target_name : str, default="y"
        Name of the target, with its unit.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The differences y − ŷ over the predictions ŷ, and a histogram of the targets.

    Raises
    ------
    ValueError
        If the shapes do not match, or a value is not finite.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> figure = plot_residuals([1.0, 2.0, 4.0], [1.0, 2.5, 3.0], target_name="price")
    >>> figure.axes[0].lines[0].get_ydata()
    array([ 0. , -0.5,  1. ])
    """
    y = column(y, "y")
    predicted = column(predictions, "predictions", len(y))
    size = (4.6, 3.6)
    figure, panels = style.new_figure(size, n_panels=2, columns=2, title=title)
    residuals, targets = panels
    errors = y - predicted
    style.dots(residuals, predicted, errors, color=style.PREDICTED, alpha=0.55)
    residuals.axhline(0, color=style.ACTUAL, linewidth=1.2, linestyle=style.DASHES, zorder=1)
    style.label_axes(residuals, f"predicted {target_name}", "actual − predicted")
    style.title(targets, "distribution of the target")
    edges = np.linspace(y.min(), y.max(), N_BARS + 1)
    bins = np.unique(edges).tolist()  # fewer if almost equal
    if len(bins) == 1:
        bins = 1  # all targets are equal
    targets.hist(y, bins, color=style.ACTUAL, alpha=0.75)
    style.label_axes(targets, f"actual {target_name}", "rows")
    return figure

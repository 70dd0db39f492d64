"""Predictions and targets of a regression, at the end of training or after chosen epochs.

With one feature the predictions are a curve over it. With more, they are drawn over the targets: on
the diagonal they are perfect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import column, table
from barenet.model._arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def plot_fit(
    X: ArrayLike,
    y: ArrayLike,
    predictions: ArrayLike,
    *,
    feature_name: str = "x",
    target_name: str = "y",
    title: str | None = None,
) -> Figure:
    """Draw the predictions and the targets of a regression.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Inputs. One feature: curves over it. More: a scatter around the diagonal.
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets.
    predictions : array-like of shape (n_samples,) or (n_samples, 1)
        Predictions, such as ``network.predict(X)``.
    feature_name : str, default="x"
        Name of the one feature, with its unit.
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
        If the shapes do not match, or a value is not finite.
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
    """
    X, y = _samples(X, y)
    predicted = column(predictions, "predictions", len(X))
    is_curve = X.shape[1] == 1
    figure, (axes,) = style.new_figure((7.0, 4.2) if is_curve else (5.0, 5.0))
    if is_curve:
        _draw_curve(axes, X[:, 0], y, predicted)
    else:
        _draw_scatter(axes, y, predicted, _limits(y, predicted))
        _write_r2(axes, y, predicted)
    style.label_axes(axes, *_axis_names(is_curve, feature_name, target_name))
    style.legend(figure, axes)
    style.headline(figure, title)
    return figure


def plot_fit_at_epochs(
    X: ArrayLike,
    y: ArrayLike,
    predictions: Mapping[int, ArrayLike],
    *,
    losses: Mapping[int, float] | None = None,
    feature_name: str = "x",
    target_name: str = "y",
    title: str | None = None,
) -> Figure:
    """Draw the fit after chosen numbers of epochs, a panel each, on the same axes.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Inputs. One feature: curves over it. More: scatters around the diagonal.
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Targets.
    predictions : mapping of int to array-like of shape (n_samples,) or (n_samples, 1)
        Predictions by the number of epochs. The panels follow the order of the mapping.
    losses : mapping of int to float, optional
        Losses by the number of epochs, for the titles of the panels.
    feature_name : str, default="x"
        Name of the one feature, with its unit.
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
        If there are no predictions, a loss belongs to no panel, the shapes do not go together,
        or a value is not finite.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 50).reshape(-1, 1)
    >>> fits = {10: np.zeros(50), 100: np.sin(X)}
    >>> figure = plot_fit_at_epochs(X, np.sin(X), fits, losses={10: 0.25, 100: 0.0})
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['10 epochs, loss 0.25', '100 epochs, loss 0']
    """
    X, y = _samples(X, y)
    fits = _fits(predictions, losses, len(X))
    columns, is_curve, limits = min(len(fits), 3), X.shape[1] == 1, _limits(y, *fits.values())
    panel = (3.2, 2.4 if is_curve else 3.2)
    figure, panels = style.new_figure(panel, len(fits), columns, margin=(0, 0.4), share=True)
    x_name, y_name = _axis_names(is_curve, feature_name, target_name)
    last_row = columns * ((len(fits) - 1) // columns)
    for place, (axes, (epochs, predicted)) in enumerate(zip(panels, fits.items(), strict=True)):
        if is_curve:
            _draw_curve(axes, X[:, 0], y, predicted)
        else:
            _draw_scatter(axes, y, predicted, limits)
        loss = f", loss {losses[epochs]:.3g}" if losses and epochs in losses else ""
        style.title(axes, f"{epochs:,} epoch{'' if epochs == 1 else 's'}{loss}", fontsize=10)
        axes.tick_params(labelbottom=place + columns >= len(fits))
        x_label = x_name if place >= last_row else None
        style.label_axes(axes, x_label, None if place % columns else y_name)
    style.legend(figure, panels[0])
    style.headline(figure, title)
    return figure


def _samples(X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Check the inputs and the targets."""
    X = table(X, "X")
    return X, column(y, "y", len(X))


def _fits(
    predictions: Mapping[int, ArrayLike], losses: Mapping[int, float] | None, n_samples: int
) -> dict[int, FloatArray]:
    """Check the predictions of every epoch."""
    if not predictions:
        raise ArgumentError("expected at least one epoch, got none", argument="predictions")
    unknown = [epoch for epoch in losses or () if epoch not in predictions]
    if unknown:
        raise ArgumentError.of("losses", unknown, f"epochs of predictions ({list(predictions)})")
    return {
        epoch: column(predicted, f"predictions[{epoch}]", n_samples)
        for epoch, predicted in predictions.items()
    }


def _axis_names(is_curve: bool, feature_name: str, target_name: str) -> tuple[str, str]:
    """Labels of the x axis and the y axis."""
    if is_curve:
        return feature_name, target_name
    return f"actual {target_name}", f"predicted {target_name}"


def _draw_curve(axes: Axes, x: FloatArray, y: FloatArray, predicted: FloatArray) -> None:
    """Draw the targets as dots and the predictions as a curve over the one feature."""
    order = np.argsort(x, kind="stable")
    look = {"color": style.ACTUAL, "alpha": 0.75, "label": "actual"}
    style.dots(axes, x[order], y[order], _dot_size(len(x)), **look)
    line = {"linestyle": "-", "linewidth": 2.0, "marker": "o" if len(x) == 1 else ""}
    line |= {"color": style.PREDICTED, "label": "predicted"}
    axes.plot(x[order], predicted[order], **line)  # type: ignore[arg-type]
    axes.margins(x=0.02, y=0.06)


def _draw_scatter(
    axes: Axes, y: FloatArray, predicted: FloatArray, limits: tuple[float, float]
) -> None:
    """Draw the predictions over the targets, and the diagonal of perfect predictions."""
    dashes = {"color": style.ACTUAL, "linewidth": 1.2, "linestyle": (0, (4, 3)), "marker": ""}
    axes.plot(limits, limits, label="predicted = actual", zorder=1, **dashes)  # type: ignore[arg-type]
    look = {"color": style.PREDICTED, "alpha": 0.55, "label": "a sample"}
    style.dots(axes, y, predicted, 1.4 * _dot_size(len(y)), **look)
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.grid(visible=True, axis="both", color=style.GRID, linewidth=0.8, linestyle="-")


def _dot_size(n_samples: int) -> float:
    return style.dot_size(n_samples, 50, (1.5, 4.5))


def _limits(*values: FloatArray) -> tuple[float, float]:
    """The range of all values, with a margin."""
    low, high = min(v.min() for v in values), max(v.max() for v in values)
    margin = 0.05 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def _write_r2(axes: Axes, y: FloatArray, predicted: FloatArray) -> None:
    """Write R² into the corner that is empty in a scatter plot along the diagonal."""
    spread = ((y - y.mean()) ** 2).sum()
    if spread > 0:
        text = f"R² = {1 - ((y - predicted) ** 2).sum() / spread:.3f}"
        look = {"va": "top", "fontsize": style.LABEL_SIZE, "color": style.INK}
        axes.text(0.04, 0.96, text, transform=axes.transAxes, **look)  # type: ignore[arg-type]

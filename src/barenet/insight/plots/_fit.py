"""Predictions and targets of a regression, at the end of training or after chosen epochs.

With one feature the predictions are a curve over it. With more, they are drawn over the targets: on
the diagonal they are perfect.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from barenet._metrics import r2
from barenet.errors import ArgumentError
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import column, table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray


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
    X = table(X, "X")
    y, predicted = column(y, "y", len(X)), column(predictions, "predictions", len(X))
    is_curve = X.shape[1] == 1
    figure, panels = style.new_figure((7.0, 4.2) if is_curve else (5.0, 5.0), title=title)
    x_name, y_name = _draw(panels, X, y, [predicted], feature_name, target_name)
    style.label_axes(panels[0], x_name, y_name)
    if not is_curve and np.ptp(y):  # the corner is empty in a scatter plot along the diagonal
        text = f"R² = {r2(predicted[:, None], y[:, None]):.3f}"
        look = {"va": "top", "fontsize": style.LABEL_SIZE, "transform": panels[0].transAxes}
        style.write(panels[0], 0.04, 0.96, text, **look)
    style.legend(figure)
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
    X = table(X, "X")
    y, fits = column(y, "y", len(X)), _fits(predictions, losses, len(X))
    columns, is_curve = min(len(fits), 3), X.shape[1] == 1
    size = (3.2, 2.4 if is_curve else 3.2)
    look: dict[str, Any] = {"margin": (0, 0.4), "share": True, "title": title}
    figure, panels = style.new_figure(size, len(fits), columns, **look)
    x_name, y_name = _draw(panels, X, y, [*fits.values()], feature_name, target_name)
    last_row = columns * ((len(fits) - 1) // columns)
    for place, (axes, epochs) in enumerate(zip(panels, fits, strict=True)):
        loss = f", loss {losses[epochs]:.3g}" if losses and epochs in losses else ""
        style.title(axes, f"{epochs:,} epoch{'' if epochs == 1 else 's'}{loss}", fontsize=10)
        axes.tick_params(labelbottom=place + columns >= len(fits))
        x_label = x_name if place >= last_row else None
        style.label_axes(axes, x_label, None if place % columns else y_name)
    style.legend(figure)
    return figure


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


def _draw(
    panels: Sequence[Axes],
    X: FloatArray,
    y: FloatArray,
    fits: Sequence[FloatArray],
    *names: str,
) -> Sequence[str]:
    """Draw each fit into its panel, over one feature or the targets, and name the axes."""
    values = np.concatenate([y, *fits])
    margin = 0.05 * (values.max() - values.min()) or 0.5
    limits = float(values.min() - margin), float(values.max() + margin)
    is_curve = X.shape[1] == 1
    for axes, predicted in zip(panels, fits, strict=True):
        if is_curve:
            _draw_curve(axes, X[:, 0], y, predicted)
        else:
            _draw_scatter(axes, y, predicted, limits)
    return names if is_curve else (f"actual {names[1]}", f"predicted {names[1]}")


def _draw_curve(axes: Axes, x: FloatArray, y: FloatArray, predicted: FloatArray) -> None:
    """Draw the targets as dots and the predictions as a curve over the one feature."""
    order, size = np.argsort(x, kind="stable"), style.dot_size(len(x), 50, (1.5, 4.5))
    style.dots(axes, x[order], y[order], size, color=style.ACTUAL, alpha=0.75, label="actual")
    line: dict[str, Any] = {"linestyle": "-", "linewidth": 2.0, "label": "predicted"}
    marker = "o" if len(x) == 1 else ""
    axes.plot(x[order], predicted[order], color=style.PREDICTED, marker=marker, **line)
    axes.margins(x=0.02, y=0.06)


def _draw_scatter(
    axes: Axes, y: FloatArray, predicted: FloatArray, limits: tuple[float, float]
) -> None:
    """Draw the predictions over the targets, and the diagonal of perfect predictions."""
    dashes: dict[str, Any] = {"linewidth": 1.2, "linestyle": (0, (4, 3)), "marker": "", "zorder": 1}
    axes.plot(limits, limits, label="predicted = actual", color=style.ACTUAL, **dashes)
    size = 1.4 * style.dot_size(len(y), 50, (1.5, 4.5))
    style.dots(axes, y, predicted, size, color=style.PREDICTED, alpha=0.55, label="a sample")
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    style.show_grid(axes, "both")

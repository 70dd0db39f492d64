"""How well predictions fit the data: one picture of now, one of chosen epochs.

With one feature the fit is a curve over the input. With more there is no axis to draw it over,
and the prediction of each sample is set against its actual value, the diagonal being perfect.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from barenet.insight.plots import style
from barenet.insight.plots.checks import column, table
from barenet.model.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_fit", "plot_fit_at_epochs"]


def plot_fit(
    X: ArrayLike,
    y: ArrayLike,
    predictions: ArrayLike,
    *,
    feature_name: str = "x",
    target_name: str = "y",
    title: str | None = None,
) -> Figure:
    """Draw predictions against the actual values of a regression.

    Parameters
    ----------
    X : array-like of shape (n_samples, n_features)
        Inputs. One feature: curves over it. More: a scatter around the diagonal.
    y : array-like of shape (n_samples,) or (n_samples, 1)
        Actual values.
    predictions : array-like of shape (n_samples,) or (n_samples, 1)
        What the network says, such as ``network.predict(X)``.
    feature_name : str, default="x"
        Name of the one feature, with its unit.
    target_name : str, default="y"
        Name of what is predicted, with its unit.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ValueError
        If the shapes do not go together, or a value is not finite.
    MissingExtraError
        If matplotlib is not installed.

    Notes
    -----
    The scatter states the coefficient of determination, R² = 1 − Σ(y − ŷ)² / Σ(y − ȳ)².

    Examples
    --------
    >>> import numpy as np
    >>> X = np.linspace(-3, 3, 50).reshape(-1, 1)
    >>> picture = plot_fit(X, np.sin(X), 0.9 * np.sin(X))
    >>> picture.axes[0].get_xlabel(), picture.axes[0].get_ylabel()
    ('x', 'y')
    """
    X, y = _samples(X, y)
    predicted = column(predictions, "predictions", len(X))
    curve = X.shape[1] == 1
    picture, (axes,) = style.new_picture(7.0 if curve else 5.0, 4.2 if curve else 5.0)
    if curve:
        _draw_curve(axes, X[:, 0], y, predicted)
    else:
        _draw_scatter(axes, y, predicted, _limits(y, predicted))
        _state_r2(axes, y, predicted)
    style.label_axes(axes, *_axis_names(curve, feature_name, target_name))
    style.legend(picture, axes)
    style.headline(picture, title)
    return picture


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
        Actual values.
    predictions : mapping of int to array-like of shape (n_samples,) or (n_samples, 1)
        What the network said after so many epochs. The panels follow the mapping's order.
    losses : mapping of int to float, optional
        The loss after so many epochs, for the panels' titles.
    feature_name : str, default="x"
        Name of the one feature, with its unit.
    target_name : str, default="y"
        Name of what is predicted, with its unit.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

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
    >>> picture = plot_fit_at_epochs(X, np.sin(X), fits, losses={10: 0.25, 100: 0.0})
    >>> [axes.get_title(loc="left") for axes in picture.axes]
    ['10 epochs, loss 0.25', '100 epochs, loss 0']
    """
    X, y = _samples(X, y)
    fits = _fits(predictions, losses, len(X))
    rows, columns = -(-len(fits) // 3), min(len(fits), 3)
    curve, everything = X.shape[1] == 1, _limits(y, *fits.values())
    height = 2.4 if curve else 3.2
    picture, grid = style.new_picture(3.2 * columns, height * rows + 0.4, rows, columns, share=True)
    for axes, (epochs, predicted) in zip(grid, fits.items(), strict=False):
        if curve:
            _draw_curve(axes, X[:, 0], y, predicted)
        else:
            _draw_scatter(axes, y, predicted, everything)
        loss = f", loss {losses[epochs]:.3g}" if losses and epochs in losses else ""
        style.title(axes, f"{epochs:,} epoch{'' if epochs == 1 else 's'}{loss}", fontsize=10)
    x_name, y_name = _axis_names(curve, feature_name, target_name)
    for axes in grid[columns * (rows - 1) : len(fits)]:
        style.label_axes(axes, x=x_name)
    for axes in grid[::columns]:
        style.label_axes(axes, y=y_name)
    for place, axes in enumerate(grid[: len(fits)]):
        axes.tick_params(labelbottom=place + columns >= len(fits))
    for axes in grid[len(fits) :]:
        axes.remove()
    style.legend(picture, grid[0])
    style.headline(picture, title)
    return picture


def _samples(X: ArrayLike, y: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Read the inputs and the actual values."""
    X = table(X, "X")
    return X, column(y, "y", len(X))


def _fits(
    predictions: Mapping[int, ArrayLike], losses: Mapping[int, float] | None, n_samples: int
) -> dict[int, FloatArray]:
    """Read the predictions of every epoch."""
    if not predictions:
        raise ValueError("predictions: expected at least one epoch's, got none")
    strangers = [epoch for epoch in losses or () if epoch not in predictions]
    if strangers:
        raise ValueError(
            f"losses: expected epochs that predictions has ({list(predictions)}), got {strangers}"
        )
    return {
        epoch: column(predicted, f"predictions[{epoch}]", n_samples)
        for epoch, predicted in predictions.items()
    }


def _axis_names(curve: bool, feature_name: str, target_name: str) -> tuple[str, str]:
    """Name what runs across and what runs up."""
    if curve:
        return feature_name, target_name
    return f"actual {target_name}", f"predicted {target_name}"


def _draw_curve(axes: Axes, x: FloatArray, y: FloatArray, predicted: FloatArray) -> None:
    """Draw the actual values as dots and the predictions as a curve over the one feature."""
    order = np.argsort(x, kind="stable")
    dots = {"marker": "o", "markersize": _dot_size(len(x)), "markeredgewidth": 0}
    axes.plot(
        x[order],
        y[order],
        linestyle="none",
        color=style.ACTUAL,
        alpha=0.75,
        label="actual",
        **dots,  # type: ignore[arg-type]
    )
    axes.plot(
        x[order],
        predicted[order],
        linestyle="-",
        linewidth=2.0,
        color=style.PREDICTED,
        marker="o" if len(x) == 1 else "",
        label="predicted",
    )
    axes.margins(x=0.02, y=0.06)


def _draw_scatter(
    axes: Axes, y: FloatArray, predicted: FloatArray, limits: tuple[float, float]
) -> None:
    """Draw the predictions over the actual values, with the diagonal where they would agree."""
    axes.plot(
        limits,
        limits,
        color=style.ACTUAL,
        linewidth=1.2,
        linestyle=(0, (4, 3)),
        marker="",
        label="predicted = actual",
        zorder=1,
    )
    dots = {"marker": "o", "markersize": 1.4 * _dot_size(len(y)), "markeredgewidth": 0}
    axes.plot(
        y,
        predicted,
        linestyle="none",
        color=style.PREDICTED,
        alpha=0.55,
        label="a sample",
        **dots,  # type: ignore[arg-type]
    )
    axes.set(xlim=limits, ylim=limits, aspect="equal")
    axes.grid(visible=True, axis="both", color=style.GRID, linewidth=0.8, linestyle="-")


def _dot_size(n_samples: int) -> float:
    """Diameter in points: smaller where there are many."""
    return float(np.clip(50 / np.sqrt(n_samples), 1.5, 4.5))


def _limits(*values: FloatArray) -> tuple[float, float]:
    """Span all values with a margin."""
    low, high = min(v.min() for v in values), max(v.max() for v in values)
    margin = 0.05 * (high - low) or 0.5
    return float(low - margin), float(high + margin)


def _state_r2(axes: Axes, y: FloatArray, predicted: FloatArray) -> None:
    """Write R² into the corner that a scatter along the diagonal leaves free."""
    spread = ((y - y.mean()) ** 2).sum()
    if spread > 0:
        r2 = 1 - ((y - predicted) ** 2).sum() / spread
        axes.text(
            0.04,
            0.96,
            f"R² = {r2:.3f}",
            transform=axes.transAxes,
            va="top",
            fontsize=style.LABEL_SIZE,
            color=style.INK,
        )

"""Learning curves: the loss and the metrics of every epoch.

The first plot to look at after training. It shows whether the loss is still falling, whether the
training and the validation loss diverge (overfitting), and which epoch was the best.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from barenet._metrics import METRICS
from barenet.errors import ArgumentError
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.insight.plots import _style as style
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray
from barenet.training._history import History, curve_rows
from barenet.training._progress import WITH_PENALTY

#: Largest number that is drawn: beyond it, the axes of matplotlib overflow.
MAX_DRAWN = 1e150

#: Curves that describe the run, not the quality of the network.
RUN_CURVES = ("learning_rate", "gradient_norm", "seconds")

COLORS = {
    "training": style.TRAINING,
    "validation": style.VALIDATION,
    "out-of-fold": style.VALIDATION,  # rows that decide on the best epoch, too
    "test": style.TEST,
}

#: The curves of the loss that may decide which epoch is kept, the likeliest first.
KEPT_BY = ("validation", "out-of-fold", "training", "test")


def plot_history(history: Any, *, title: str | None = None) -> Figure:
    """Draw the learning curves: the loss and the metrics of every epoch.

    One panel for the loss, and one for each metric. The loss is on a logarithmic scale where it
    spans a factor of 100 or more. The epoch whose parameters were kept, by early stopping, is
    marked in every panel.

    Parameters
    ----------
    history : History, SearchResult, Task, estimator, Predictor or ModelCard
        The result of `barenet.train`, or an object with the history of its training: the best
        network of a search, the last training of a task, a fitted estimator, or a model that was
        trained for at most 500 epochs. Numbers that are not finite, or beyond 1e150, are left out.
        Learning rates, gradient norms and seconds are not drawn.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The figure.

    Raises
    ------
    ValueError
        If the history has no loss that can be drawn.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from barenet.typing import History
    >>> history = History(
    ...     {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]}, best_epoch=2
    ... )
    >>> figure = plot_history(history)
    >>> [text.get_text() for text in figure.legends[0].get_texts()]
    ['training', 'validation']
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['kept: epoch 2, loss 0.5']
    """
    expected = f"a History with a loss up to {MAX_DRAWN:g}"
    given = history
    history = _history_of(given)
    if history is None:
        remedy = "of several trainings, plot each one"
        raise ArgumentError.of("history", given, expected, remedy=remedy)
    panels = _panels(history)
    if not panels["loss"]:
        raise ArgumentError.of("history", given, expected)
    columns = min(len(panels), 3)
    width = 7.0 if columns == 1 else 4.6
    size = (width, 3.6)
    figure, grid = style.new_figure(size, n_panels=len(panels), columns=columns, title=title)
    for axes, name in zip(grid, panels, strict=True):
        _draw(axes, name, panels[name])
    losses = panels["loss"]
    if history.best_epoch is not None:
        _mark_best(grid, losses, history.best_epoch)
    if len(losses) > 1 and history.penalized:
        grid[0].set_ylabel(f"loss (training: {WITH_PENALTY})")
    style.legend(figure)
    return figure


def _history_of(trained: Any) -> History | None:
    """Return the history of an object's training, if it has one."""
    if isinstance(trained, History):
        return trained
    if isinstance(trained, Predictor):
        trained = trained.card
    if isinstance(trained, ModelCard):
        log = trained.log
        if log is None or log.n_epochs > len(log.epochs):  # the card has only some of the epochs
            return None
        curves = {}
        for name, curve in log.curves.items():
            curves[name] = [math.nan if value is None else value for value in curve]
        return History(curves, best_epoch=log.best_epoch, penalized=log.penalized)
    for name in ("history", "history_", "best_history_"):
        history = getattr(trained, name, None)
        if isinstance(history, History):
            return history
    return None


def _panels(curves: Mapping[str, Sequence[float]]) -> dict[str, dict[str, FloatArray]]:
    """Group the losses and the metrics by the measure, the loss first; NaN is not drawn."""
    panels: dict[str, dict[str, FloatArray]] = {"loss": {}}
    for name, numbers in curves.items():
        rows, measure = curve_rows(name)
        curve = np.array(numbers, np.float64)
        is_drawn = np.abs(curve) <= MAX_DRAWN  # False for NaN, too
        curve[~is_drawn] = np.nan
        if name not in RUN_CURVES and not np.isnan(curve).all():
            panels.setdefault(measure, {})[rows] = curve
    return panels


def _draw(axes: Axes, name: str, curves: Mapping[str, FloatArray]) -> None:
    """Draw the curves of one panel."""
    first_curve = next(iter(curves.values()))
    n_epochs = len(first_curve)
    look: dict[str, Any] = {"linewidth": 1.8, "alpha": 1.0, "linestyle": "-", "markersize": 6}
    if n_epochs > 1000:  # a noisy curve must not hide the other
        look |= {"linewidth": 0.8, "alpha": 0.65}
    finite_parts = []
    for rows, curve in curves.items():
        epochs = np.flatnonzero(np.isfinite(curve))
        marker = "o" if len(epochs) == 1 else ""
        finite = curve[epochs]
        axes.plot(epochs + 1, finite, color=COLORS[rows], marker=marker, label=rows, **look)
        finite_parts.append(finite)
    values = np.concatenate(finite_parts)
    lowest = values.min()
    highest = values.max()
    if name == "loss" and 0 < lowest <= highest / 100:
        axes.set_yscale("log")
    axes.margins(y=0.06)
    if n_epochs > 1:
        axes.set_xlim(1, n_epochs)
    else:
        axes.set_xlim(0.5, 1.5)
    axes.locator_params(axis="x", nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    title = METRICS[name].title if name in METRICS else name.replace("_", " ")
    style.label_axes(axes, "epoch", title)


def _mark_best(panels: Sequence[Axes], losses: Mapping[str, FloatArray], best: int) -> None:
    """Mark the epoch that was kept by a line in all panels, and a label in the first."""
    for panel in panels:
        panel.axvline(best, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    role = next(role for role in KEPT_BY if role in losses)
    curve = losses[role]
    loss = curve[[best - 1]]
    axes = panels[0]
    ring = {"markerfacecolor": style.PAPER, "markeredgewidth": 1.6, "zorder": 3}
    epoch = np.array([best])
    style.dots(axes, epoch, loss, markersize=7, color=COLORS[role], clip_on=False, **ring)
    text = f"kept: epoch {best}, loss {loss[0]:.3g}"
    place = (best - 1) / max(len(curve) - 1, 1)
    alignment = "center"
    if place < 0.2:
        alignment = "left"
    elif place > 0.8:
        alignment = "right"
    transform = axes.get_xaxis_transform()
    style.write(axes, best, 1.02, text, transform=transform, ha=alignment, va="bottom")

"""How a network learnt: the loss and the metrics, epoch by epoch.

The first plot to look at after training. It shows whether the loss still falls, whether the
training loss and the others diverge (overfitting), and which epoch was the best.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from barenet.insight.plots import style
from barenet.model.arrays import FloatArray
from barenet.training.history import RUN_CURVES, WITH_PENALTY, curve_rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from barenet.training.history import History

__all__ = ["plot_history"]

COLORS = {"training": style.TRAINING, "validation": style.VALIDATION, "test": style.TEST}


def plot_history(
    history: History | Mapping[str, Sequence[float]], *, title: str | None = None
) -> Figure:
    """Draw the loss and the metrics of every epoch, for each set of rows.

    One panel for the loss, and one for each metric. The loss is on a logarithmic scale where it
    spans a factor of 100 or more. The epoch whose parameters were kept, by early stopping, is
    marked in every panel.

    Parameters
    ----------
    history : History or mapping of str to sequence of float
        The result of `barenet.train`, or its ``to_dict()``: one number per epoch for ``"loss"``,
        each metric, and the same names with ``"validation_"`` or ``"test_"`` before them. Numbers
        that are not finite, and None, are left out. Learning rates, gradient norms and seconds are
        not drawn. Which epoch was kept, and whether the training loss has penalties in it, only a
        History knows.
    title : str, optional
        Title of the picture.

    Returns
    -------
    matplotlib.figure.Figure
        The picture.

    Raises
    ------
    ValueError
        If the history has no epoch or no loss, or its curves differ in length.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> from barenet import History
    >>> history = History(
    ...     {"loss": [0.9, 0.4, 0.2], "validation_loss": [0.9, 0.5, 0.6]}, best_epoch=2
    ... )
    >>> picture = plot_history(history)
    >>> [text.get_text() for text in picture.axes[0].texts]
    ['training', 'validation', 'best, kept: epoch 2, 0.5']
    """
    panels = _panels(_curves(history))
    rows, columns = -(-len(panels) // 3), min(len(panels), 3)
    width = 7.0 if columns == 1 else 4.6 * columns
    picture, grid = style.new_picture(width, 3.6 * rows, rows, columns)
    for axes, (name, curves) in zip(grid, panels.items(), strict=False):
        _draw(axes, name, curves)
    for axes in grid[len(panels) :]:
        axes.remove()
    best, losses = getattr(history, "best_epoch", None), panels["loss"]
    if best is not None:
        _mark_best(picture.axes, losses, best)
    if len(losses) > 1 and getattr(history, "penalized", False):
        picture.axes[0].set_ylabel(f"loss (training: {WITH_PENALTY})")
    style.headline(picture, title)
    return picture


def _curves(history: History | Mapping[str, Sequence[float]]) -> dict[str, FloatArray]:
    """Read the losses and metrics as arrays of one length."""
    entries = history if isinstance(history, Mapping) else history.to_dict()
    curves = {
        name: _numbers(values, name) for name, values in entries.items() if name not in RUN_CURVES
    }
    if "loss" not in {curve_rows(name)[1] for name in curves}:
        raise ValueError(f"history: expected a 'loss', got {sorted(curves) or 'nothing'}")
    lengths = {name: curve.shape for name, curve in curves.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"history: expected as many epochs in every curve, got {lengths}")
    for name, curve in curves.items():
        if curve.ndim != 1 or not np.isfinite(curve).any():
            raise ValueError(
                f"history: expected a number an epoch in {name!r}, got {entries[name]!r}"
            )
    return curves


def _numbers(values: Sequence[float], name: str) -> FloatArray:
    """Read one curve, a NaN where there is no finite number."""
    try:
        curve = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"history: expected numbers in {name!r}: {error}") from error
    return np.where(np.isfinite(curve), curve, np.nan)


def _panels(curves: Mapping[str, FloatArray]) -> dict[str, dict[str, FloatArray]]:
    """Group the curves by what they measure, the loss first."""
    panels: dict[str, dict[str, FloatArray]] = {"loss": {}}
    for name, curve in curves.items():
        role, measure = curve_rows(name)
        panels.setdefault(measure, {})[role] = curve
    return panels


def _draw(axes: Axes, name: str, curves: Mapping[str, FloatArray]) -> None:
    """Draw what one panel holds."""
    from matplotlib.ticker import MaxNLocator

    n_epochs = len(next(iter(curves.values())))
    for role, curve in curves.items():
        epochs = np.flatnonzero(np.isfinite(curve))
        look = {"color": COLORS[role], "linewidth": 1.8, "alpha": 1.0}
        if n_epochs > 1000:  # a noisy curve must not hide the other
            look |= {"linewidth": 0.8, "alpha": 0.65}
        if len(epochs) == 1:
            look |= {"marker": "o", "markersize": 6}
        axes.plot(epochs + 1, curve[epochs], linestyle="-", label=role, **look)  # type: ignore[arg-type]
    values = np.concatenate([curve[np.isfinite(curve)] for curve in curves.values()])
    if name == "loss" and style.needs_log_scale(values.min(), values.max()):
        axes.set_yscale("log")
    axes.margins(y=0.06)
    axes.set_xlim((1, n_epochs) if n_epochs > 1 else (0.5, 1.5))
    axes.xaxis.set_major_locator(
        MaxNLocator(nbins=6, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1)
    )
    style.label_axes(axes, "epoch", name.replace("_", " "))
    ends = [(role, curve[np.isfinite(curve)][-1], COLORS[role]) for role, curve in curves.items()]
    style.label_ends(axes, ends)


def _mark_best(panels: Sequence[Axes], losses: Mapping[str, FloatArray], best: int) -> None:
    """Mark the epoch that was kept: a ring, a line through all panels, its name."""
    role = next(role for role in ("validation", "training", "test") if role in losses)
    curve = losses[role]
    for axes in panels:
        axes.axvline(best, color=style.MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
    loss = panels[0]
    ring = {"marker": "o", "markersize": 7, "markeredgewidth": 1.6, "markerfacecolor": style.PAPER}
    loss.plot(
        [best],
        [curve[best - 1]],
        color=COLORS[role],
        linestyle="none",
        clip_on=False,
        zorder=3,
        **ring,  # type: ignore[arg-type]
    )
    share = (best - 1) / max(len(curve) - 1, 1)
    loss.text(
        best,
        1.02,
        f"best, kept: epoch {best}, {curve[best - 1]:.3g}",
        transform=loss.get_xaxis_transform(),
        ha="left" if share < 0.2 else "right" if share > 0.8 else "center",
        va="bottom",
        color=style.INK,
        fontsize=style.SMALL_SIZE,
    )

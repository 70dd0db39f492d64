"""Permutation importance: a bar for each column, or a map of the pixels."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from barenet._constraints import check_names
from barenet.insight.plots import _style as style
from barenet.insight.plots._checks import table
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray

#: Columns in a figure; more would be too small to read.
MAX_COLUMNS = 20
#: The colour of a bar that may be due to chance.
PALE = "#A6CBE3"
#: Letters of a column's name.
MAX_LETTERS = 32


def plot_importance(
    drops: ArrayLike,
    names: Sequence[str],
    *,
    metric: str = "score",
    image_shape: tuple[int, int] | None = None,
    title: str | None = None,
) -> Figure:
    """Draw the permutation importance of columns, the most important first.

    Parameters
    ----------
    drops : array-like of shape (n_columns, n_repeats)
        Drops of the score, such as ``permutation_importance(...).drops``.
    names : sequence of str
        The columns' names.
    metric : str, default="score"
        The name of the score.
    image_shape : tuple of int, optional
        Height and width, if the columns are the pixels of an image, which is then drawn.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The mean of the repeats as a bar, and their standard deviation as a line at its end, of
        the first 20 columns. A bar is pale where it is not longer than that line.

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
    drops = table(drops, "drops")
    names = check_names(names, "names", len(drops), "column")
    mean, std = drops.mean(axis=1), drops.std(axis=1)
    label = f"{metric} lost when it is shuffled"
    if image_shape is not None:
        figure, (axes,) = style.new_figure((5.4, 4.6), title=title)
        style.show_matrix(axes, mean.reshape(image_shape), "RdBu")
        style.label_axes(axes, f"{label} (blue; white is 0)")
        return figure
    shown = np.argsort(-mean, kind="stable")[:MAX_COLUMNS]
    figure, (axes,) = style.new_figure((7.0, 1.3 + 0.3 * len(shown)), title=title)
    _draw_bars(axes, [shorten(names[column]) for column in shown], mean[shown], std[shown])
    if (mean[shown] <= std[shown]).any():
        label += "\n(pale: not more than the spread of its repeats)"
    style.label_axes(axes, label)
    if len(shown) < len(names):
        style.title(axes, f"the first {len(shown)} of {len(names):,} columns", fontsize=10)
    return figure


def _draw_bars(axes: Axes, names: list[str], mean: FloatArray, std: FloatArray) -> None:
    """Draw a bar for each column, with the standard deviation of its repeats."""
    positions = np.arange(len(names))
    whiskers = {"ecolor": style.INK, "elinewidth": 1.1, "capsize": 2.5}
    colors = [style.TRAINING if sure else PALE for sure in mean > std]
    axes.barh(positions, mean, height=0.62, color=colors, xerr=std, error_kw=whiskers)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    axes.set_yticks(positions, map(style.literal, names))
    axes.set_ylim(len(names) - 0.4, -0.6)
    style.show_grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.margins(x=0.04)


def shorten(name: str, most: int = MAX_LETTERS) -> str:
    """Cut a long name."""
    return name if len(name) <= most else f"{name[: most - 1]}…"

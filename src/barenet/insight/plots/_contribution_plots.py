"""Plots of the contributions of columns: to one prediction, and to many.

The waterfall and the beeswarm are those of S. Lundberg's package shap.
"""

from __future__ import annotations

import math
import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count
from barenet._messages import count_of
from barenet.errors import ArgumentError
from barenet.insight.contributions import Contributions
from barenet.insight.contributions._written_numbers import with_truth_values
from barenet.insight.plots import _style as style
from barenet.insight.plots._column_effects import MAX_LABEL_LETTERS, shorten
from barenet.insight.plots._style import Axes, Figure
from barenet.model._arrays import FloatArray

#: Colours of contributions that raise the prediction, and of those that lower it.
RAISES = style.TEST
LOWERS = style.TRAINING
#: Colours of low and high values of a column.
VALUE_COLORS = "viridis"

#: A date in the order of ISO 8601, without a time zone.
ISO_DATE = re.compile(r"\s*\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?\s*")

#: Columns that are drawn by default.
MAX_COLUMNS = 10
#: Number of bins in which dots of the beeswarm are put side by side.
SWARM_BINS = 60
#: Height of a column in inches.
ROW_HEIGHT = 0.36


def plot_waterfall(
    contributions: Contributions,
    row: int = 0,
    *,
    output: str | int | None = None,
    max_columns: int = MAX_COLUMNS,
    title: str | None = None,
) -> Figure:
    """Draw how the columns lead from the expected prediction to that of one row.

    Parameters
    ----------
    contributions : Contributions
        The result of `barenet.contributions`.
    row : int, default=0
        The number of the row, counted from 0.
    output : str or int, optional
        The name or number of the output; by default the only one, or the second of two classes.
    max_columns : int, default=10
        Number of columns; the sum of all others is one more bar.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        A bar for each column, the largest contribution first. Each begins where the one below it
        ends; the lowest begins at the expected prediction. Thin lines are one standard error long
        on both sides.

    Raises
    ------
    ValueError
        If there is no such row or output.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import barenet
    >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
    >>> network.parameters[:] = [3.0, 1.0, 0.0]
    >>> result = barenet.contributions(network, [[5, 1]], [[0, 0], [2, 2]])
    >>> figure = plot_waterfall(result)
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['x0 = 5', 'x1 = 1']
    """
    index = _output_of(contributions, output)
    check_count(max_columns, "max_columns")
    row = contributions.check_row(row)
    values = contributions.values[row, :, index]
    variances = np.square(contributions.standard_errors[row, :, index])
    order = np.argsort(-np.abs(values), kind="stable")
    labels = []
    for column in order[:max_columns].tolist():
        name = contributions.names[column]
        label = shorten(name)
        value = contributions.value_text(row, name)
        if value:
            label += f" = {shorten(value, 2 * MAX_LABEL_LETTERS)}"
        labels.append(label)
    steps = list(values[order[:max_columns]])
    step_variances = list(variances[order[:max_columns]])
    n_others = len(values) - len(steps)
    if n_others:
        labels.append(count_of(n_others, "other column"))
        steps.append(values[order[max_columns:]].sum())
        step_variances.append(variances[order[max_columns:]].sum())
    height = 1.5 + ROW_HEIGHT * len(steps)
    figure, (axes,) = style.new_figure((7.0, height), title=title)
    expected = float(contributions.expected[index])
    prediction = float(contributions.predictions[row, index])
    _draw_steps(axes, np.array(steps), np.sqrt(step_variances), expected)
    _label_columns(axes, labels)
    described = contributions.describe_output(index)
    label = f"{described}: {prediction:.4g}, expected {expected:.4g}"
    style.label_axes(axes, label)
    return figure


def _draw_steps(axes: Axes, steps: FloatArray, errors: FloatArray, expected: float) -> None:
    """Draw bars from the expected prediction at the bottom to the prediction at the top."""
    ends = expected + steps[::-1].cumsum()[::-1]
    starts = ends - steps
    places = np.arange(len(steps))
    colors = np.where(steps >= 0, RAISES, LOWERS)
    axes.barh(places, steps, left=starts, height=0.62, color=colors)
    for place in places[:-1]:
        axes.plot([starts[place]] * 2, [place, place + 1], color=style.MUTED, linewidth=0.8)
    has_error = errors > 0
    axes.errorbar(
        ends[has_error],
        places[has_error],
        xerr=errors[has_error],
        fmt="none",
        ecolor=style.INK,
        elinewidth=0.9,
    )
    for whole in (expected, ends[0]):
        axes.axvline(whole, color=style.MUTED, linewidth=0.8, linestyle=style.DASHES)
    low = min(expected, *starts, *(ends - errors))
    high = max(expected, *starts, *(ends + errors))
    width = max(high - low, 1e-12)
    for place, step in enumerate(steps.tolist()):
        right = max(starts[place], ends[place] + errors[place])
        style.write(axes, right + 0.012 * width, place, _step_text(step, float(errors[place])))
    axes.set_xlim(low - 0.05 * width, high + 0.16 * width)


def _step_text(step: float, error: float) -> str:
    """Write a contribution with three digits, or as many as its standard error leaves certain.

    >>> _step_text(0.12345, 0.0), _step_text(-0.00128, 0.004), _step_text(1234.5, 20.0)
    ('+0.123', '−0.001', '+1.23e+03')
    """
    n_digits = 3
    if error > 0 and step != 0:
        n_decimals = -math.floor(math.log10(error))
        n_certain = n_decimals + math.floor(math.log10(abs(step))) + 1
        n_digits = min(max(n_certain, 1), 3)
    return f"{step:+.{n_digits}g}".replace("-", "−")


def _label_columns(axes: Axes, labels: list[str]) -> None:
    """Label the columns at the left, the first one at the top."""
    axes.set_yticks(np.arange(len(labels)), [style.literal(label) for label in labels])
    axes.set_ylim(len(labels) - 0.4, -0.6)
    style.show_grid(axes, "x")
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)


def plot_mean_contributions(
    contributions: Contributions,
    *,
    max_columns: int = MAX_COLUMNS,
    title: str | None = None,
) -> Figure:
    """Draw the mean size of the contributions of each column as bars, the largest first.

    Parameters
    ----------
    contributions : Contributions
        The result of `barenet.contributions`.
    max_columns : int, default=10
        Number of columns.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        The mean of the absolute contributions; with more than two classes, in parts for each class.

    Raises
    ------
    ValueError
        If an argument is invalid.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import barenet
    >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
    >>> network.parameters[:] = [1.0, 3.0, 0.0]
    >>> figure = plot_mean_contributions(barenet.contributions(network, [[5, 1], [0, 0]]))
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['x0', 'x1']
    """
    _check_contributions(contributions)
    check_count(max_columns, "max_columns")
    sizes = contributions.mean_sizes
    outputs = list(range(len(contributions.output_names)))
    if contributions.scale is not None and len(outputs) == 2:
        outputs = [1]  # the contributions to the first class are the negative ones
    sizes = sizes[:, outputs]
    shown = np.argsort(-sizes.sum(axis=1), kind="stable")[:max_columns]
    height = 1.3 + ROW_HEIGHT * len(shown)
    figure, (axes,) = style.new_figure((7.0, height), title=title)
    places = np.arange(len(shown))
    left = np.zeros(len(shown))
    for number, output in enumerate(outputs):
        color = style.CLASS_COLORS[number % len(style.CLASS_COLORS)]
        widths = sizes[shown, number]
        name = contributions.output_names[output]
        axes.barh(places, widths, left=left, height=0.62, color=color)
        # `style.legend` takes markers, so an empty line has that of the bars.
        axes.plot([], [], color=color, label=name, marker="s", linestyle="none")
        left += widths
    _label_columns(axes, [shorten(contributions.names[column]) for column in shown])
    label = "mean size of the contributions"
    if len(outputs) == 1:
        label += f" to {contributions.describe_output(outputs[0])}"
    else:
        style.legend(figure)
    style.label_axes(axes, label)
    _mention_others(axes, len(shown), len(contributions.names))
    return figure


def plot_beeswarm(
    contributions: Contributions,
    *,
    output: str | int | None = None,
    max_columns: int = MAX_COLUMNS,
    title: str | None = None,
) -> Figure:
    """Draw the contributions of each column to all predictions as dots.

    Parameters
    ----------
    contributions : Contributions
        The result of `barenet.contributions`.
    output : str or int, optional
        The name or number of the output; by default the only one, or the second of two classes.
    max_columns : int, default=10
        Number of columns, those with the largest mean size first.
    title : str, optional
        Title of the figure.

    Returns
    -------
    matplotlib.figure.Figure
        A dot for each row. Its colour is the rank of the column's value, from low to high; it is
        grey for missing values, and for texts.

    Raises
    ------
    ValueError
        If there is no such output.
    MissingExtraError
        If matplotlib is not installed.

    Examples
    --------
    >>> import barenet
    >>> network = barenet.Network.dense([2, 1], init="zeros", dtype="float64")
    >>> network.parameters[:] = [1.0, 3.0, 0.0]
    >>> figure = plot_beeswarm(barenet.contributions(network, [[5, 1], [0, 0]]))
    >>> [text.get_text() for text in figure.axes[0].get_yticklabels()]
    ['x0', 'x1']
    """
    index = _output_of(contributions, output)
    check_count(max_columns, "max_columns")
    sizes = contributions.mean_sizes[:, index]
    shown = np.argsort(-sizes, kind="stable")[:max_columns]
    height = 1.5 + 1.25 * ROW_HEIGHT * len(shown)
    figure, (axes,) = style.new_figure((7.4, height), title=title)
    axes.axvline(0, color=style.MUTED, linewidth=0.8)
    values = contributions.values[:, shown, index]
    bin_width = max(float(np.ptp(values)), 1e-300) / SWARM_BINS
    size = float(np.clip(900 / len(contributions), 5, 24))
    points = None
    for place, column in enumerate(shown.tolist()):
        x = contributions.values[:, column, index]
        y = place + _swarm_offsets(x, bin_width)
        ranks = _ranks_of(contributions, contributions.names[column])
        is_gray = np.isnan(ranks)
        look: dict[str, Any] = {"s": size, "linewidths": 0, "rasterized": len(x) > 2000}
        axes.scatter(x[is_gray], y[is_gray], color=style.ACTUAL, **look)
        has_rank = ~is_gray
        if has_rank.any():
            points = axes.scatter(
                x[has_rank],
                y[has_rank],
                c=ranks[has_rank],
                cmap=VALUE_COLORS,
                vmin=0,
                vmax=1,
                **look,
            )
    _label_columns(axes, [shorten(contributions.names[column]) for column in shown])
    style.label_axes(axes, f"contribution to {contributions.describe_output(index)}")
    _mention_others(axes, len(shown), len(contributions.names))
    if points is not None:
        bar = figure.colorbar(points, ax=axes, ticks=[0, 1], aspect=30, pad=0.02)
        bar.ax.set_yticklabels(["low", "high"], fontsize=style.SMALL_SIZE, color=style.INK)
        bar.ax.tick_params(length=0)
        bar.outline.set_visible(False)
        bar.set_label("value of the column", fontsize=style.SMALL_SIZE, color=style.INK)
    return figure


def _swarm_offsets(x: FloatArray, bin_width: float) -> FloatArray:
    """Return offsets that put points of the same bin side by side, from -0.4 to 0.4.

    >>> _swarm_offsets(np.array([0.0, 0.0, 0.0, 5.0]), 1.0).tolist()
    [0.0, -0.13..., 0.13..., 0.0]
    """
    bins = np.floor(x / bin_width).astype(np.int64)
    offsets = np.zeros(len(x))
    most = int(np.unique(bins, return_counts=True)[1].max(initial=1))
    distance = 0.8 / max(most, 6)
    for number in np.unique(bins):
        members = np.flatnonzero(bins == number)
        # 0, −1, 1, −2, 2, …
        places = np.arange(len(members))
        signs = np.where(places % 2 == 1, -1, 1)
        offsets[members] = signs * ((places + 1) // 2) * distance
    return offsets


def _ranks_of(contributions: Contributions, name: str) -> FloatArray:
    """Return the rank of a column's value in each row, from 0 to 1; NaN if it has no order."""
    ranks = np.full(len(contributions), np.nan)
    column = contributions.rows.get(name)
    numbers = None if column is None else _as_numbers(with_truth_values(column))
    if numbers is None:
        return ranks
    is_present = ~np.isnan(numbers)
    distinct, places = np.unique(numbers[is_present], return_inverse=True)
    ranks[is_present] = places / max(len(distinct) - 1, 1)
    return ranks


def _as_numbers(column: NDArray[Any]) -> FloatArray | None:
    """Return a column of numbers, dates or booleans as numbers; None for texts."""
    column = _with_dates(column)
    if column.dtype.kind == "M":
        numbers = column.astype("M8[us]").astype(np.int64).astype(np.float64)
        numbers[np.isnat(column)] = np.nan
        return numbers
    if column.dtype.kind in "biuf":
        return column.astype(np.float64)
    return None


def _with_dates(column: NDArray[Any]) -> NDArray[Any]:
    """Return a column of texts as dates, if all of its texts are dates such as 2024-01-31."""
    if column.dtype.kind not in "OTU":
        return column
    dates = np.full(len(column), "NaT", "M8[us]")
    for row, value in enumerate(column.tolist()):
        is_missing = value is None or value != value  # NaN differs from itself
        if is_missing or not str(value).strip():
            continue
        if not isinstance(value, str) or not ISO_DATE.fullmatch(value):
            return column
        try:
            dates[row] = np.datetime64(value.strip(), "us")
        except ValueError:
            return column
    return column if np.isnat(dates).all() else dates


def _check_contributions(contributions: Any) -> None:
    """Reject anything but the result of `contributions`."""
    if not isinstance(contributions, Contributions):
        expected = "the result of barenet.contributions"
        raise ArgumentError.of("contributions", contributions, expected)


def _output_of(contributions: Any, output: str | int | None) -> int:
    """Check the contributions, and return the number of an output."""
    _check_contributions(contributions)
    return contributions.output_index(output)


def _mention_others(axes: Axes, n_shown: int, n_columns: int) -> None:
    """Mention that only the first columns are drawn."""
    if n_shown < n_columns:
        text = f"the first {n_shown} of {n_columns:,} columns"
        style.title(axes, text, fontsize=10)

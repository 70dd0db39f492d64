"""The picture of the scaling: a panel for each sweep, a line for each peer, its name at its end."""

from __future__ import annotations

import io
import itertools
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.tables import time

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["draw"]

#: Colour, marker and line width: Okabe and Ito's colours, told apart without red and green.
LOOKS = {
    "barenet": ("#0072B2", "o", 2.6),
    "JAX": ("#D55E00", "s", 1.4),
    "PyTorch": ("#009E73", "^", 1.4),
    "scikit-learn": ("#AA3377", "D", 1.4),
}

#: What all lines share: markers that stay apart where lines cross.
MARKERS: dict[str, Any] = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.6}

#: What each sweep changes, and what it is called under its axis.
TITLES = {
    "width": ("Wider", "units in each of two hidden layers"),
    "depth": ("Deeper", "hidden layers of 128 units"),
    "rows": ("More rows", "rows in an epoch"),
}

#: Least distance between two names, as a share of a panel's height.
GAP = 0.062


def draw(scaling: dict[str, list[dict[str, Any]]], kind: str = "svg") -> bytes:
    """Draw the scaling.

    Parameters
    ----------
    scaling : dict
        What `benchmarks.scaling.scaling` returned.
    kind : {"svg", "png"}
        The format of the file.

    Returns
    -------
    bytes
        The file.
    """
    import matplotlib as mpl

    from barenet.insight.plots._style import label_axes, new_figure, title

    sweeps = [sweep for sweep in TITLES if scaling.get(sweep)]
    headline = "An epoch of 64-128-128-10 on 10,000 rows, one number changed at a time"
    picture, panels = new_figure((4.1, 4.4), len(sweeps), len(sweeps), title=headline)
    for axes, sweep in zip(panels, sweeps, strict=True):
        axes.set(xscale="log", yscale="log", ylim=_limits(scaling))
        _draw_sweep(axes, scaling[sweep])
        title(axes, TITLES[sweep][0])
        label_axes(axes, x=TITLES[sweep][1])
    label_axes(panels[0], y="time of an epoch")
    for axes in panels[1:]:
        axes.tick_params(labelleft=False)
    file = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "barenet", "svg.fonttype": "path"}):
        undated = {"Date": None} if kind == "svg" else {}
        picture.savefig(file, format=kind, dpi=160, metadata=undated)
    return file.getvalue()


def _limits(scaling: dict[str, list[dict[str, Any]]]) -> tuple[float, float]:
    """One range for all panels, so that a height means the same in each."""
    points = [point for sweep in TITLES for point in scaling.get(sweep, [])]
    seconds = [value for point in points for value in point["seconds"].values()]
    return 0.7 * min(seconds), 2 * max(seconds)


def _draw_sweep(axes: Axes, points: list[dict[str, Any]]) -> None:
    """Both axes are logarithmic, so a straight line is a power law."""
    values = [point["value"] for point in points]
    ends = {}
    for name, (color, marker, width) in LOOKS.items():
        line = [point["seconds"].get(name, np.nan) for point in points]
        if np.isfinite(line).any():
            look: dict[str, Any] = {"color": color, "marker": marker, "linewidth": width}
            axes.plot(values, line, **MARKERS, **look, zorder=3 if name == "barenet" else 2)
            ends[name] = float(np.array(line)[np.isfinite(line)][-1])
    _dress(axes, values)
    _name_lines(axes, ends)


def _dress(axes: Axes, values: list[int]) -> None:
    """Label the values that were measured, and time in powers of ten."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

    axes.set_xticks(values, [_short(value) for value in values])
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0,)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda seconds, _: time(seconds, digits=1)))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_locator(NullLocator())
    axes.grid(visible=True, axis="x", color="#F1F1F1", linewidth=0.8)


def _name_lines(axes: Axes, ends: dict[str, float]) -> None:
    """Write each name to the right of its line's end, apart where two would overlap."""
    to_share = axes.transScale + axes.transLimits
    heights = {name: float(to_share.transform((1.0, end))[1]) for name, end in ends.items()}
    for name, height in _apart(heights).items():
        look: dict[str, Any] = {
            "color": LOOKS[name][0],
            "fontsize": 9,
            "va": "center",
            "ha": "left",
        }
        weight = "bold" if name == "barenet" else "normal"
        axes.text(1.02, height, name, transform=axes.transAxes, fontweight=weight, **look)


def _apart(heights: dict[str, float]) -> dict[str, float]:
    """Move names that would touch away from each other, each by half of what is missing."""
    names = sorted(heights, key=heights.__getitem__)
    placed = dict(heights)
    for _ in range(100):  # a name that moves may touch the next one
        for low, high in itertools.pairwise(names):
            missing = max(0.0, GAP - (placed[high] - placed[low]))
            placed[low] -= missing / 2
            placed[high] += missing / 2
    return placed


def _short(value: int) -> str:
    return f"{value // 1000}k" if value >= 1000 and value % 1000 == 0 else str(value)

"""Live plot: the loss curve of a network during training, in a notebook.

One plot that is redrawn in place, a few times a second; the last one stays in the saved notebook.
Outside a notebook, `Progress` takes its place.
"""

import math
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_count
from barenet.insight._progress import Progress
from barenet.insight.plots._style import TEST, TRAINING, VALIDATION, needs_log_scale
from barenet.model._arrays import FloatArray
from barenet.training._callbacks import Callback, Run
from barenet.training._history import HELD_OUT, RUN_CURVES, WITH_PENALTY, History

#: Minimum number of seconds between two drawings, and the same in multiples of one drawing's time.
PAUSE, PAUSE_IN_DRAWINGS = 0.25, 20

#: Size of the image, and the edges of its panel.
WIDTH, HEIGHT = 640, 260
LEFT, TOP, RIGHT, BOTTOM = 64, 34, 626, 224

#: Points of a curve, about one for each pixel.
MAX_POINTS = 500

#: Largest loss that is drawn: beyond it, the differences and margins of the axis would overflow.
MAX_DRAWN = 1e307

#: Colour and dashes of each curve.
STYLES = {"training": (TRAINING, ""), "validation": (VALIDATION, "6 3"), "test": (TEST, "2 3")}

#: Maps a number to a coordinate of the image.
Scale = Callable[[float], float]


class LivePlot(Callback):
    """Plot the loss during training: a live plot in a notebook, progress elsewhere.

    The plot has the loss of the training set, and of the validation and test sets where there are
    any, and a ring at the epoch whose parameters `EarlyStopping` keeps. Below it are the latest
    numbers, and the reason why the run ended. It is redrawn at most four times a second, and takes
    at most a twentieth of the time. In a terminal or a script it is `Progress`.

    Parameters
    ----------
    every : int, optional
        Epochs between two printed lines of `Progress`. The plot shows every epoch.

    Attributes
    ----------
    view : Callback
        The plot or the progress, during a run.

    Examples
    --------
    >>> from barenet import Network, train
    >>> from barenet.callbacks import LivePlot
    >>> network = Network.dense([1, 1], init="zeros", dtype="float64")
    >>> history = train(network, [[1.0]], [1.0], epochs=3, batch_size=1, callbacks=LivePlot())
    """

    def __init__(self, every: int | None = None) -> None:
        self.every = None if every is None else check_count(every, "every")
        self.view = Callback()

    def on_start(self, run: Run) -> None:
        self.view = _NotebookPlot(run) if in_notebook() else Progress(self.every)
        self.view.on_start(run)

    def on_chunk(self, run: Run) -> None:
        self.view.on_chunk(run)

    def on_epoch(self, run: Run) -> None:
        self.view.on_epoch(run)

    def on_end(self, run: Run) -> None:
        view, self.view = self.view, Callback()  # an estimator is copied with its callbacks
        view.on_end(run)

    def __repr__(self) -> str:
        return "LivePlot()" if self.every is None else f"LivePlot(every={self.every})"


def in_notebook() -> bool:
    """Whether the code runs in a notebook, which can show plots."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is None:
        return False
    from IPython.core.displaypub import DisplayPublisher

    return type(shell.display_pub) is not DisplayPublisher


class _NotebookPlot(Callback):
    """The loss curve in the output of a notebook's cell; a console displays its numbers.

    Examples
    --------
    >>> from barenet import History, Network
    >>> history = History({"loss": [0.5, 0.25], "validation_loss": [0.6, 0.5]})
    >>> _NotebookPlot(Run(Network.dense([1, 1]), history, epochs=10, n_batches=1))
    2 of 10 epochs · loss 0.25 · validation loss 0.5
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        #: The cell's output, once the curve is shown.
        self.handle: Any = None
        #: Time of the next drawing, on the clock of `time.perf_counter`.
        self.due = 0.0

    def on_chunk(self, run: Run) -> None:
        started = time.perf_counter()
        if started >= self.due:
            self._show()
            ended = time.perf_counter()
            self.due = ended + max(PAUSE, PAUSE_IN_DRAWINGS * (ended - started))

    def on_end(self, run: Run) -> None:
        if self.handle is not None or len(run.history):  # a run that was refused has no plot
            self._show()

    def _show(self) -> None:
        from IPython.display import display

        if self.handle is None:
            self.handle = display(self, display_id=True)  # type: ignore[no-untyped-call]
        else:
            self.handle.update(self)

    def __repr__(self) -> str:
        history, reason = self.run.history, self.run.history.stop_reason
        latest, parts = history.last(), [f"{len(history)} of {self.run.epochs} epochs"]
        for name, value in latest.items():
            # Training metrics are left out where the same are measured on held-out rows.
            held_out = any(f"{part}_{name}" in latest for part in HELD_OUT)
            if name == "loss" or not (held_out or name in RUN_CURVES):
                parts.append(f"{name.replace('_', ' ')} {value:.4g}")
        if reason not in ("", "completed"):
            parts.append(reason)
        return " · ".join(parts)

    def _repr_html_(self) -> str:
        text = repr(self)
        return (
            f'<div>{draw_loss_curve(self.run.history, text)}<div style="font-size:13px;'
            f'font-variant-numeric:tabular-nums">{escape(text)}</div></div>'
        )


def draw_loss_curve(history: History, description: str = "") -> str:
    """Draw the training, validation and test loss of every epoch.

    Examples
    --------
    >>> draw_loss_curve(History({"loss": [0.9, 0.4, 0.2]}))[:4]
    '<svg'
    """
    losses = {"training": _drawable(history.loss)}
    for rows in HELD_OUT:
        if len(curve := history.curves.get(f"{rows}_loss", ())):
            losses[rows] = _drawable(curve)
    values = np.concatenate([*losses.values()])
    across, epoch_ticks = _epoch_scale(len(losses["training"]))
    up, loss_ticks = _loss_scale(values[np.isfinite(values)])
    parts = [_axes(loss_ticks, up, epoch_ticks, across)]
    parts += [_curve(rows, curve, across, up) for rows, curve in losses.items()]
    best, decisive = history.best_epoch, losses.get("validation", losses["training"])
    if best is not None and np.isfinite(decisive[best - 1]):
        parts.append(_ring(across(best), up(decisive[best - 1])))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto" font-size="12" fill="currentColor">'
        f"<title>Loss by epoch</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}{_legend(losses, history)}</svg>"
    )


def _drawable(losses: Sequence[float]) -> FloatArray:
    """The losses of a curve, with NaN for those that have no place on an axis."""
    curve = np.array(losses, np.float64)
    return np.where(np.abs(curve) <= MAX_DRAWN, curve, np.nan)


def _epoch_scale(n_epochs: int) -> tuple[Scale, list[float]]:
    """Scale and ticks of the epochs, counted from 1."""
    last = max(n_epochs, 2)
    ticks = _multiples(1, last, max(1.0, _round_step((last - 1) / 6)))
    return lambda epoch: LEFT + (RIGHT - LEFT) * (epoch - 1) / (last - 1), ticks


def _loss_scale(values: FloatArray) -> tuple[Scale, list[float]]:
    """Scale and ticks of the losses, logarithmic where they span a factor of 100."""
    least, most = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    log = needs_log_scale(least, most)
    height: Scale = math.log10 if log else float
    low, high = height(least), height(most)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin
    ticks = _multiples(low, high, _round_step((high - low) / 4))
    if log:
        powers = max(low, -307.0), min(high, 308.0)  # as floats represent them
        step = max(1.0, math.ceil((high - low) / 6))
        ticks = [10.0**power for power in _multiples(*powers, step)]
    return lambda loss: BOTTOM - (BOTTOM - TOP) * ((height(loss) - low) / (high - low)), ticks


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, … (and 0.1, …) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [count * step for count in range(first, last + 1)]


def _axes(losses: Sequence[float], up: Scale, epochs: Sequence[float], across: Scale) -> str:
    """Draw grid lines, ticks and labels."""
    parts = [_text(across(epoch), BOTTOM + 17, f"{epoch:.0f}") for epoch in epochs]
    parts.append(_text((LEFT + RIGHT) / 2, HEIGHT - 4, "epoch"))
    turned = f'<g transform="translate(14 {(TOP + BOTTOM) / 2}) rotate(-90)">'
    parts.append(f"{turned}{_text(0, 0, 'loss')}</g>")
    for loss in losses:
        path = f'<path d="M{LEFT} {up(loss):.1f}H{RIGHT}" stroke="currentColor" opacity=".15"/>'
        parts += [path, _text(LEFT - 8, up(loss) + 4, f"{loss:.3g}", "end")]
    return "".join(parts)


def _text(x: float, y: float, text: str, anchor: str = "middle") -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>'


def _curve(rows: str, curve: FloatArray, across: Scale, up: Scale) -> str:
    """Draw a curve and its last point, which is visible after a single epoch, too."""
    points = [f"{across(at + 1):.1f} {up(curve[at]):.1f}" for at in _drawn_epochs(curve)]
    if not points:
        return ""
    x, y = points[-1].split()
    path = f'<path d="M{"L".join(points)}" fill="none" {_stroke(rows)}/>'
    return f'{path}<circle cx="{x}" cy="{y}" r="3" fill="{STYLES[rows][0]}"/>'


def _drawn_epochs(curve: FloatArray) -> NDArray[np.intp]:
    """Choose the epochs to draw; of many close together, those of the minimum and the maximum."""
    epochs = np.flatnonzero(np.isfinite(curve))
    if len(epochs) <= MAX_POINTS:
        return epochs
    size = -(-2 * len(epochs) // MAX_POINTS)
    groups = np.pad(epochs, (0, -len(epochs) % size), mode="edge").reshape(-1, size)
    ends = [choose(curve[groups], axis=1) for choose in (np.argmin, np.argmax)]
    return np.unique([*np.take_along_axis(groups, np.transpose(ends), 1).ravel(), epochs[-1]])


def _stroke(rows: str) -> str:
    color, dashes = STYLES[rows]
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'stroke="{color}" stroke-width="2" stroke-linejoin="round"{dashed}'


def _ring(x: float, y: float) -> str:
    look = 'fill="none" stroke="currentColor" stroke-width="1.6"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {look}/>'


def _legend(shown: Iterable[str], history: History) -> str:
    """Name the curves and the ring, above the panel."""
    parts, x = [], LEFT
    for rows in shown:
        penalized = history.penalized and rows == "training"
        name = f"{rows}, {WITH_PENALTY}" if penalized else rows
        parts.append(f'<path d="M{x} 14h24" {_stroke(rows)}/>{_text(x + 30, 18, name, "start")}')
        x += 60 + 6 * len(name)
    if history.best_epoch is not None:
        text = f"best, kept: epoch {history.best_epoch}"
        parts.append(_ring(x + 8, 14) + _text(x + 20, 18, text, "start"))
    return "".join(parts)

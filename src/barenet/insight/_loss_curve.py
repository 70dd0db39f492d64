"""The loss curve of a run as a small SVG image.

Redrawn during training, it takes about a millisecond for any number of epochs. Its ink is the
colour of the text, so it fits a page or a notebook that is light or dark.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from barenet.insight.plots._style import TEST, TRAINING, VALIDATION, needs_log_scale
from barenet.model._arrays import FloatArray
from barenet.training._history import HELD_OUT, WITH_PENALTY

#: Size of the image, and the edges of its panel.
WIDTH, HEIGHT = 640, 260
LEFT, TOP, RIGHT, BOTTOM = 64, 34, 626, 224

#: Points of a curve, about one for each pixel.
MOST_POINTS = 500

#: Colour and dashes of each curve.
STYLES = {"training": (TRAINING, ""), "validation": (VALIDATION, "6 3"), "test": (TEST, "2 3")}

#: Maps a number to a coordinate of the image.
Scale = Callable[[float], float]


def draw_loss_curve(
    curves: Mapping[str, Sequence[float]],
    *,
    best: int | None = None,
    penalized: bool = False,
    description: str = "",
) -> str:
    """Draw the training, validation and test loss of every epoch.

    Examples
    --------
    >>> draw_loss_curve({"loss": [0.9, 0.4, 0.2]})[:4]
    '<svg'
    """
    losses = {"training": np.array(curves.get("loss", ()), np.float64)}
    held_out = {part: np.array(curves.get(f"{part}_loss", ()), np.float64) for part in HELD_OUT}
    losses |= {part: curve for part, curve in held_out.items() if len(curve)}
    values = np.concatenate([*losses.values()])
    across, epoch_ticks = _epoch_scale(len(losses["training"]))
    up, loss_ticks = _loss_scale(values[np.isfinite(values)])
    parts = [_axes(loss_ticks, up, epoch_ticks, across)]
    parts += [_curve(curve, *STYLES[part], across, up) for part, curve in losses.items()]
    decisive = losses.get("validation", losses["training"])
    if best is not None and np.isfinite(decisive[best - 1]):
        parts.append(_ring(across(best), up(decisive[best - 1])))
    names = {part: part for part in losses}
    if penalized:
        names["training"] = f"training, {WITH_PENALTY}"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto" font-size="12" fill="currentColor">'
        f"<title>Loss by epoch</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}{_legend(names, best)}</svg>"
    )


def _epoch_scale(n_epochs: int) -> tuple[Scale, list[float]]:
    """Scale and ticks of the epochs, counted from 1."""
    last = max(n_epochs, 2)
    ticks = _multiples(1, last, max(1.0, _round_step((last - 1) / 6)))
    return lambda epoch: LEFT + (RIGHT - LEFT) * (epoch - 1) / (last - 1), ticks


def _loss_scale(values: FloatArray) -> tuple[Scale, list[float]]:
    """Scale and ticks of the losses, logarithmic where they span a factor of 100."""
    least, most = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    log = needs_log_scale(least, most)
    low, high = (math.log10(least), math.log10(most)) if log else (float(least), float(most))
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - margin, high + margin

    def up(value: float) -> float:
        height = math.log10(value) if log else value
        return BOTTOM - (BOTTOM - TOP) * (height - low) / (high - low)

    if log:
        powers = _multiples(low, high, max(1.0, math.ceil((high - low) / 6)))
        return up, [10.0**power for power in powers]
    return up, _multiples(low, high, _round_step((high - low) / 4))


def _round_step(least: float) -> float:
    """The smallest of 1, 2, 5, 10, … (and 0.1, …) that is not below `least`."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [count * step for count in range(first, last + 1)]


def _axes(losses: Sequence[float], up: Scale, epochs: Sequence[float], across: Scale) -> str:
    """Draw grid lines, ticks and labels."""
    parts = [
        f'<path d="M{LEFT} {up(loss):.1f}H{RIGHT}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 8}" y="{up(loss) + 4:.1f}" text-anchor="end">{loss:.3g}</text>'
        for loss in losses
    ]
    middle = f'transform="translate(14 {(TOP + BOTTOM) / 2}) rotate(-90)"'
    parts.append(f'<text {middle} text-anchor="middle">loss</text>')
    labels = [(across(epoch), BOTTOM + 17, f"{epoch:.0f}") for epoch in epochs]
    labels.append(((LEFT + RIGHT) / 2, HEIGHT - 4, "epoch"))
    parts += [
        f'<text x="{x:.1f}" y="{y}" text-anchor="middle">{text}</text>' for x, y, text in labels
    ]
    return "".join(parts)


def _curve(curve: FloatArray, color: str, dashes: str, across: Scale, up: Scale) -> str:
    """Draw a curve and its last point, which is visible after a single epoch, too."""
    points = [f"{across(at + 1):.1f} {up(curve[at]):.1f}" for at in _drawn_places(curve)]
    if not points:
        return ""
    x, y = points[-1].split()
    path = f'<path d="M{"L".join(points)}" fill="none" {_stroke(color, dashes)}/>'
    return f'{path}<circle cx="{x}" cy="{y}" r="3" fill="{color}"/>'


def _drawn_places(curve: FloatArray) -> NDArray[np.intp]:
    """Choose the epochs to draw; of many close together, those of the minimum and the maximum."""
    epochs = np.flatnonzero(np.isfinite(curve))
    if len(epochs) <= MOST_POINTS:
        return epochs
    size = -(-2 * len(epochs) // MOST_POINTS)
    places = np.pad(epochs, (0, -len(epochs) % size), mode="edge").reshape(-1, size)
    ends = [choose(curve[places], axis=1) for choose in (np.argmin, np.argmax)]
    return np.unique([*np.take_along_axis(places, np.transpose(ends), 1).ravel(), epochs[-1]])


def _stroke(color: str, dashes: str) -> str:
    dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
    return f'stroke="{color}" stroke-width="2" stroke-linejoin="round"{dashed}'


def _ring(x: float, y: float) -> str:
    look = 'fill="none" stroke="currentColor" stroke-width="1.6"'
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" {look}/>'


def _legend(names: Mapping[str, str], best: int | None) -> str:
    """Name the curves and the ring, above the panel."""
    parts, x = [], LEFT
    for part, name in names.items():
        line = f'<path d="M{x} 14h24" {_stroke(*STYLES[part])}/>'
        parts.append(f'{line}<text x="{x + 30}" y="18">{name}</text>')
        x += 60 + 6 * len(name)
    if best is not None:
        parts.append(f'{_ring(x + 8, 14)}<text x="{x + 20}" y="18">best, kept: epoch {best}</text>')
    return "".join(parts)

"""Loss curve: how a network has learned so far, as a small picture of SVG.

Drawn while a network learns, it must cost next to nothing: a millisecond, whatever the number of
epochs. Its ink is the text's own, so it fits a page or a notebook that is light or dark.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from html import escape

import numpy as np
from numpy.typing import NDArray

from barenet.insight.plots.style import TEST, TRAINING, VALIDATION, needs_log_scale
from barenet.model.arrays import FloatArray
from barenet.training.history import HELD_OUT, WITH_PENALTY

__all__ = ["draw_loss_curve"]

#: The picture and its panel, in units of the picture.
WIDTH, HEIGHT = 640, 260
LEFT, TOP, RIGHT, BOTTOM = 64, 34, 626, 224

#: Points of a curve; there are not many more pixels.
MOST_POINTS = 500

#: Colour and dashes of the curves of validation and test rows.
LOOKS = {"validation": (VALIDATION, "6 3"), "test": (TEST, "2 3")}

#: A place in the picture, for a number on an axis.
Scale = Callable[[float], float]


def draw_loss_curve(
    curves: Mapping[str, Sequence[float]],
    *,
    best: int | None = None,
    penalized: bool = False,
    description: str = "",
) -> str:
    """Draw the loss of every epoch, of training, validation and test rows.

    Examples
    --------
    >>> draw_loss_curve({"loss": [0.9, 0.4, 0.2]})[:4]
    '<svg'
    """
    losses = np.array(curves.get("loss", ()), dtype=np.float64)
    held_out = {part: np.array(curves.get(f"{part}_loss", ()), np.float64) for part in HELD_OUT}
    held_out = {part: curve for part, curve in held_out.items() if len(curve)}
    values = np.concatenate([losses, *held_out.values()])
    values = values[np.isfinite(values)]
    across, ticks_across = _across(len(losses))
    up, ticks_up = _up(values)
    parts = [_loss_axis(ticks_up, up), _epoch_axis(ticks_across, across)]
    if len(values):
        parts.append(_line(losses, TRAINING, "", across, up))
        parts += [_line(curve, *LOOKS[part], across, up) for part, curve in held_out.items()]
    names = [(f"training, {WITH_PENALTY}" if penalized else "training", TRAINING, "")]
    names += [(part, *LOOKS[part]) for part in held_out]
    ringed = held_out.get("validation", losses)
    if best is not None and np.isfinite(ringed[best - 1]):
        parts.append(_ring(across(best), up(ringed[best - 1])))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'style="width:100%;max-width:{WIDTH}px;height:auto" font-size="12" fill="currentColor">'
        f"<title>Loss by epoch</title><desc>{escape(description)}</desc>"
        f"{''.join(parts)}{_legend(names, best)}</svg>"
    )


def _across(n_epochs: int) -> tuple[Scale, list[float]]:
    """Scale and ticks of the epochs, counted from 1."""
    last = max(n_epochs, 2)
    ticks = _multiples(1, last, max(1.0, _round_step((last - 1) / 6)))
    return lambda epoch: LEFT + (RIGHT - LEFT) * (epoch - 1) / (last - 1), ticks


def _up(values: FloatArray) -> tuple[Scale, list[float]]:
    """Scale and ticks of the losses: by powers of ten where they span a factor of 100."""
    least, most = (values.min(), values.max()) if len(values) else (0.0, 1.0)
    wide = needs_log_scale(least, most)
    low, high = (math.log10(least), math.log10(most)) if wide else (float(least), float(most))
    room = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    low, high = low - room, high + room

    def up(value: float) -> float:
        height = math.log10(value) if wide else value
        return BOTTOM - (BOTTOM - TOP) * (height - low) / (high - low)

    if wide:
        powers = _multiples(low, high, max(1.0, math.ceil((high - low) / 6)))
        return up, [10.0**power for power in powers]
    return up, _multiples(low, high, _round_step((high - low) / 4))


def _round_step(least: float) -> float:
    """Find the least of 1, 2, 5, 10, … (and of 0.1, …) that is not below."""
    power = 10.0 ** math.floor(math.log10(least))
    return power * next(factor for factor in (1, 2, 5, 10) if factor * power >= least * (1 - 1e-9))


def _multiples(low: float, high: float, step: float) -> list[float]:
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [count * step for count in range(first, last + 1)]


def _loss_axis(ticks: Iterable[float], up: Scale) -> str:
    """Lines across the panel, with the losses that they stand for."""
    lines = (
        f'<path d="M{LEFT} {up(tick):.1f}H{RIGHT}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 8}" y="{up(tick) + 4:.1f}" text-anchor="end">{tick:.3g}</text>'
        for tick in ticks
    )
    middle = (TOP + BOTTOM) / 2
    return f'{"".join(lines)}<text transform="translate(14 {middle}) rotate(-90)" ' + (
        'text-anchor="middle">loss</text>'
    )


def _epoch_axis(ticks: Iterable[float], across: Scale) -> str:
    """The epochs under the panel."""
    names = (
        f'<text x="{across(tick):.1f}" y="{BOTTOM + 17}" text-anchor="middle">{tick:.0f}</text>'
        for tick in ticks
    )
    middle = (LEFT + RIGHT) / 2
    return f"{''.join(names)}" + (
        f'<text x="{middle}" y="{HEIGHT - 4}" text-anchor="middle">epoch</text>'
    )


def _line(curve: FloatArray, colour: str, dashes: str, across: Scale, up: Scale) -> str:
    """Draw a curve, and its last point, which is all there is of one epoch."""
    points = [f"{across(at + 1):.1f} {up(curve[at]):.1f}" for at in _drawn_places(curve)]
    if not points:
        return ""
    x, y = points[-1].split()
    return (
        f'<path d="M{"L".join(points)}" fill="none" stroke="{colour}" stroke-width="2" '
        f'stroke-linejoin="round"{_dashed(dashes)}/>'
        f'<circle cx="{x}" cy="{y}" r="3" fill="{colour}"/>'
    )


def _drawn_places(curve: FloatArray) -> NDArray[np.intp]:
    """Choose the epochs to draw; of many close together, those of the minimum and the maximum."""
    epochs = np.flatnonzero(np.isfinite(curve))
    if len(epochs) <= MOST_POINTS:
        return epochs
    size = -(-2 * len(epochs) // MOST_POINTS)
    places = np.pad(epochs, (0, -len(epochs) % size), mode="edge").reshape(-1, size)
    ends = [choose(curve[places], axis=1) for choose in (np.argmin, np.argmax)]
    return np.unique([*np.take_along_axis(places, np.transpose(ends), 1).ravel(), epochs[-1]])


def _dashed(dashes: str) -> str:
    """Return the attribute of a dashed line; empty for a solid one."""
    return f' stroke-dasharray="{dashes}"' if dashes else ""


def _ring(x: float, y: float) -> str:
    return (
        f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="none" '
        'stroke="currentColor" stroke-width="1.6"/>'
    )


def _legend(names: Sequence[tuple[str, str, str]], best: int | None) -> str:
    """Name the curves and the ring, above the panel, where no curve is."""
    parts, x = [], LEFT
    for name, colour, dashes in names:
        parts.append(
            f'<path d="M{x} 14h24" stroke="{colour}" stroke-width="2"{_dashed(dashes)}/>'
            f'<text x="{x + 30}" y="18">{name}</text>'
        )
        x += 60 + 6 * len(name)
    if best is not None:
        parts.append(f'{_ring(x + 8, 14)}<text x="{x + 20}" y="18">best, kept: epoch {best}</text>')
    return "".join(parts)

"""A curve in a line of text: how it went, at a glance."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

__all__ = ["sparkline"]

#: From the least to the greatest.
BLOCKS = "▁▂▃▄▅▆▇█"

#: Characters of a line.
WIDTH = 32


def sparkline(x: Sequence[float], y: Sequence[float], width: int = WIDTH) -> str:
    """Draw a curve.

    Examples
    --------
    >>> sparkline([0, 1, 2, 3], [8, 4, 2, 1]), sparkline([0, 100], [1, 8], width=8)
    ('█▄▂▁', '▁▂▃▄▅▆▇█')
    """
    n_places = min(width, int(x[-1] - x[0]) + 1)
    values = np.interp(np.linspace(x[0], x[-1], n_places), x, y)
    known = values[np.isfinite(values)]
    if not known.size:
        return ""
    with np.errstate(over="ignore", invalid="ignore"):
        highest = len(BLOCKS) - 1
        share = (values - known.min()) / max(float(np.ptp(known)), float(np.finfo(float).tiny))
        places = np.nan_to_num(share * highest).round().astype(int).clip(0, highest)
    drawn = zip(np.isfinite(values), places, strict=True)
    return "".join(BLOCKS[place] if there else " " for there, place in drawn)

"""The zero contour of a function, as line segments from a grid of its values."""

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.floating]


def contour(values: Values) -> NDArray[np.float64]:
    """Segments along which values are 0, shape (n_segments, 4), by marching squares.

    The function is interpolated linearly between grid points and extrapolated beyond them, so the
    contour of a linear function is exact.

    Examples
    --------
    >>> lines = contour(np.array([[-1.0, 1.0], [-1.0, 1.0]]))
    >>> lines[:, [0, 2]].tolist()  # a vertical line in the middle, in three pieces
    [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
    """
    side = len(values)
    wide = np.pad(np.asarray(values, np.float64), 1, mode="reflect", reflect_type="odd")
    at = (np.arange(side + 2) - 0.5) / side
    positive = (wide > 0).astype(int)
    corners = positive[:-1, :-1] + positive[1:, :-1] + positive[:-1, 1:] + positive[1:, 1:]
    lines = []
    for row, column in np.argwhere((corners > 0) & (corners < 4)):
        ends = _crossings(wide[row : row + 2, column : column + 2])
        x, y = at[column], at[row]
        positions = [(x + across / side, y + down / side) for across, down in ends]
        lines += [(*positions[i], *positions[i + 1]) for i in range(0, len(positions), 2)]
    return np.array(lines, np.float64).reshape(-1, 4)


def _crossings(cell: Values) -> list[tuple[float, float]]:
    """Crossings of a cell's sides; each two in sequence are a segment."""
    (a, b), (d, c) = cell.tolist()
    found = []
    for start, end, place in (
        (a, b, lambda t: (t, 0.0)),
        (b, c, lambda t: (1.0, t)),
        (c, d, lambda t: (1.0 - t, 1.0)),
        (d, a, lambda t: (0.0, 1.0 - t)),
    ):
        if (start > 0) != (end > 0):
            found.append(place(start / (start - end)))
    return found

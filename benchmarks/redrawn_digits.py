"""Make the data set drawn_digits, and the drawings of its tests, from the images of MNIST.

``python -m benchmarks.redrawn_digits`` reads MNIST's four IDX files from the folder `BARENET_DATA`,
and writes ``src/barenet/datasets/packed/drawn_digits.npz`` and
``tests/data/drawings/drawings.json``.

Each image is traced: its ink is thinned to lines (Zhang and Suen, 1984), which are cut into strokes
at their ends and crossings. The playground's pad draws these strokes with its own pen, and converts
them to an image as it converts a drawing. So the data set has the digits of many hands, as the pad
would see them. Thick ink may fill a loop, and a pen may close one; images whose drawing has other
loops or parts than the image are left out. Hardly anyone in the United States, where MNIST was
written, begins a 1 with an upstroke, as pupils in Europe do; so every third 1 gets one.
"""

from __future__ import annotations

import json
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from barenet import load_dataset
from barenet.playground.views._digits import (
    CONVERTED_PEN,
    CONVERTED_SIDE,
    PAD_SIDE,
    POINTS_PER_PIXEL,
    image_of,
)

__all__ = ["main"]

ROOT = Path(__file__).parents[1]
PACKED = ROOT / "src/barenet/datasets/packed/drawn_digits.npz"
DRAWINGS = ROOT / "tests/data/drawings/drawings.json"

#: The number of images of the data set, and the height and width of each.
N_IMAGES = 10_000
SHAPE = (14, 14)
#: Drawings of each digit for the tests.
N_DRAWINGS = 10
#: Rows of MNIST's training images; the test images come after them.
N_TRAINING = 60_000
#: Every so many training images are redrawn, as the next ones are often of the same hand.
STEP = 6
#: Points along each side of a pixel of MNIST, while an image is traced.
SCALE = 4
#: Empty pixels around an image, while it is traced.
BORDER = 2
#: Ink of a pixel of MNIST, from 0 to 255, from which a point is part of a stroke.
INK = 110
#: The neighbours of a point, clockwise from the one above.
AROUND = ((-1, 0), (-1, 1), (0, 1), (1, 1), (1, 0), (1, -1), (0, -1), (-1, -1))

Bitmap = NDArray[np.bool_]
Point = tuple[int, int]
#: Points (x, y) along a line, shape (n_points, 2).
Stroke = NDArray[np.float64]


class Tracing(NamedTuple):
    """The strokes of an image in pixels, and the ink that was traced."""

    strokes: list[Stroke]
    ink: Bitmap


def main() -> None:
    """Write the data set and the drawings."""
    mnist = load_dataset("mnist")
    images = np.asarray(mnist.X).reshape(-1, 28, 28)
    _write_drawings(images[N_TRAINING:], mnist.y[N_TRAINING:])
    _write_data_set(images[:N_TRAINING], mnist.y)


def _write_data_set(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Write every sixth image that can be drawn again, and then some of those after them."""
    converted: list[NDArray[np.float64]] = []
    kept: list[int] = []
    order = np.arange(N_TRAINING).reshape(-1, STEP).T.ravel()
    n_tried = 0
    with ProcessPoolExecutor() as pool:
        while len(kept) < N_IMAGES:
            rows = order[n_tried : n_tried + N_IMAGES - len(kept)]
            n_tried += len(rows)
            redrawn = pool.map(convert, rows.tolist(), images[rows], labels[rows], chunksize=50)
            for row, image in zip(rows.tolist(), redrawn, strict=True):
                if image is not None:
                    converted.append(image.ravel())
                    kept.append(row)
    pixels = [f"pixel_{row}_{column}" for row, column in np.ndindex(SHAPE)]
    np.savez_compressed(
        PACKED,
        X=np.array(converted, np.uint8),
        y=labels[kept].astype(np.uint8),
        classes=np.array([*"0123456789"]),
        feature_names=np.array(pixels),
        image_shape=np.array(SHAPE),
    )
    print(f"{len(kept):,} of {n_tried:,} images")


def _write_drawings(images: NDArray[np.uint8], labels: NDArray[np.int64]) -> None:
    """Write drawings of test images, at equal steps through those of each digit."""
    drawings = []
    for digit in range(10):
        rows = np.flatnonzero(labels == digit)
        places = np.arange(N_DRAWINGS) * len(rows) // N_DRAWINGS
        for place in places:
            row = place
            while True:  # the next one, if an image is left out
                tracing = trace(images[rows[row]])
                if is_faithful(tracing, draw(tracing.strokes)):
                    break
                row += 1
            strokes = [np.round(stroke, 1).tolist() for stroke in tracing.strokes]
            drawings.append({"digit": digit, "row": int(rows[row]), "strokes": strokes})
    lines = [json.dumps(drawing, separators=(",", ":")) for drawing in drawings]
    DRAWINGS.parent.mkdir(parents=True, exist_ok=True)
    DRAWINGS.write_text("[\n" + ",\n".join(lines) + "\n]\n", "utf-8")


def convert(row: int, image: NDArray[np.uint8], label: int) -> NDArray[np.float64] | None:
    """Redraw an image of MNIST, with pixels from 0 to 16; None if it can't be drawn faithfully."""
    tracing = trace(image)
    drawing = draw(tracing.strokes)
    if not is_faithful(tracing, drawing):
        return None
    if label == 1 and row // STEP % 3 == 0:
        drawing = draw([*tracing.strokes, _upstroke(tracing.strokes, row)])
    shares = image_of(drawing, SHAPE)
    return shares * POINTS_PER_PIXEL**2


def _upstroke(strokes: list[Stroke], seed: int) -> Stroke:
    """Make an upstroke to the upper end of a 1, of a random length and direction."""
    rng = np.random.default_rng(seed)
    points = np.concatenate(strokes)
    top = points[points[:, 1].argmin()]
    height = np.ptp(points[:, 1])
    left = rng.uniform(0.15, 0.4) * height
    down = rng.uniform(0.1, 0.4) * height
    start = (top[0] - left, top[1] + down)
    return np.array([start, top])


def is_faithful(tracing: Tracing, drawing: Bitmap) -> bool:
    """Return whether the drawing of an image has as many parts and loops as its ink."""
    return _topology(drawing) == _topology(tracing.ink)


def _topology(ink: Bitmap) -> tuple[int, int]:
    """Count the parts of the ink, and those of the ground."""
    _, n_parts = ndimage.label(ink, np.ones((3, 3)))
    _, n_grounds = ndimage.label(~np.pad(ink, 1))
    return n_parts, n_grounds


def draw(strokes: list[Stroke]) -> Bitmap:
    """Draw strokes on the pad as the page draws those that it converts, in the middle."""
    is_line = np.zeros((PAD_SIDE, PAD_SIDE), bool)
    if not strokes:
        return is_line
    points = np.concatenate(strokes)
    low = points.min(axis=0)
    high = points.max(axis=0)
    extent = max((high - low).max(), 1e-9)
    scale = (CONVERTED_SIDE - CONVERTED_PEN) / extent
    middle = (low + high) / 2
    fractions = np.linspace(0, 1, 2 * CONVERTED_SIDE)[:, None, None]
    for stroke in strokes:
        placed = (stroke - middle) * scale + PAD_SIDE / 2
        starts = placed
        ends = np.concatenate([placed[1:], placed[-1:]])
        lines = (starts + fractions * (ends - starts)).astype(int)
        is_line[lines[..., 1], lines[..., 0]] = True
    distance = ndimage.distance_transform_edt(~is_line)
    return distance <= CONVERTED_PEN / 2


def trace(image: NDArray[np.uint8]) -> Tracing:
    """Trace an image of MNIST."""
    framed = np.pad(image.astype(np.float64), BORDER)
    enlarged = ndimage.zoom(framed, SCALE, order=1)
    ink = ndimage.gaussian_filter(enlarged, 0.35 * SCALE) > INK
    lines = _thinned(ink)
    if not lines.any():
        return Tracing([], ink)
    distance = ndimage.distance_transform_edt(ink)
    width = 2 * float(np.median(distance[lines]))
    paths, neighbours = _paths(lines)
    for _ in range(3):
        spurs = [path for path in paths if _is_spur(path, neighbours, 0.6 * width)]
        if not spurs:
            break
        for path in spurs:
            for point in path:
                if len(neighbours[point]) <= 2:
                    lines[point] = False
        paths, neighbours = _paths(lines)
    return Tracing([_smoothed(path) for path in paths], ink)


def _is_spur(path: list[Point], neighbours: dict[Point, list[Point]], length: float) -> bool:
    """Return whether a path is a short branch: it ends in the open only at one side."""
    starts_open = len(neighbours[path[0]]) == 1
    ends_open = len(neighbours[path[-1]]) == 1
    return len(path) < length and starts_open != ends_open


def _smoothed(path: list[Point]) -> Stroke:
    """Smooth a path, and return some of its points as (x, y) in pixels of the image."""
    points = np.array(path, float)
    if len(points) > SCALE:
        smoothed = ndimage.gaussian_filter1d(points, SCALE / 2, axis=0, mode="nearest")
        smoothed[0] = points[0]
        smoothed[-1] = points[-1]
        points = smoothed
    step = round(0.6 * SCALE)
    kept = np.concatenate([points[:-1:step], points[-1:]])
    return kept[:, ::-1] / SCALE - BORDER


def _thinned(ink: Bitmap) -> Bitmap:
    """Thin ink to lines (Zhang and Suen, 1984); the points at the border have to be empty."""
    bits = ink.astype(np.int8)
    has_changed = True
    while has_changed:
        has_changed = False
        for first, second in (((0, 2, 4), (2, 4, 6)), ((0, 2, 6), (0, 4, 6))):
            rows, columns = np.nonzero(bits)
            around = np.array([bits[rows + down, columns + right] for down, right in AROUND])
            n_around = around.sum(axis=0)
            n_starts = (np.diff(around, axis=0, append=around[:1]) == 1).sum(axis=0)
            is_open = ~around[[*first]].all(axis=0) & ~around[[*second]].all(axis=0)
            is_removed = (n_around >= 2) & (n_around <= 6) & (n_starts == 1) & is_open
            bits[rows[is_removed], columns[is_removed]] = 0
            has_changed = has_changed or bool(is_removed.any())
    return bits.astype(bool)


def _neighbours(point: Point, points: set[Point]) -> list[Point]:
    """Return the neighbours of a point; no diagonal one that a straight one leads to."""
    row, column = point
    straight = []
    for down, right in AROUND[::2]:
        neighbour = (row + down, column + right)
        if neighbour in points:
            straight.append(neighbour)
    diagonal = []
    for down, right in AROUND[1::2]:
        neighbour = (row + down, column + right)
        is_led_to = (row + down, column) in straight or (row, column + right) in straight
        if neighbour in points and not is_led_to:
            diagonal.append(neighbour)
    return straight + diagonal


def _paths(lines: Bitmap) -> tuple[list[list[Point]], dict[Point, list[Point]]]:
    """Cut lines at their ends and crossings; also return the neighbours of each point."""
    rows, columns = np.nonzero(lines)
    points = list(zip(rows.tolist(), columns.tolist(), strict=True))
    every_point = set(points)
    neighbours = {point: _neighbours(point, every_point) for point in points}
    walked: set[frozenset[Point]] = set()
    paths = []
    ends = [point for point in points if len(neighbours[point]) != 2]
    for start in [*ends, *points]:  # afterwards, closed loops without a crossing
        if not neighbours[start] and [start] not in paths:  # a dot
            paths.append([start])
        paths.extend(
            _walk(start, second, neighbours, walked)
            for second in neighbours[start]
            if frozenset((start, second)) not in walked
        )
    return paths, neighbours


def _walk(
    start: Point,
    second: Point,
    neighbours: dict[Point, list[Point]],
    walked: set[frozenset[Point]],
) -> list[Point]:
    """Follow a line from a point to its next end or crossing."""
    path = [start, second]
    walked.add(frozenset((start, second)))
    while len(neighbours[path[-1]]) == 2:
        last = path[-1]
        ahead = [point for point in neighbours[last] if frozenset((last, point)) not in walked]
        if not ahead:
            break
        path.append(ahead[0])
        walked.add(frozenset((last, ahead[0])))
    return path


if __name__ == "__main__":
    main()

"""The digit pad: drawings converted to images, test images, and cells of the confusion matrix.

Each image was a bitmap with 4 × 4 points per pixel; the value of a pixel counts points with ink.
"""

import re
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.playground.state._wire_format import finite
from barenet.playground.views._network_view import NetworkView

#: Maximum number of test rows that are shown for a cell of the confusion matrix.
MAX_SHOWN = 24
#: Points along each side of a pixel, and along each side of the pad.
POINTS_PER_PIXEL = 4
PAD_SIDE = 192
#: The larger side of a drawing that the page converts, and the width of its pen, in points of the
#: pad: the page scales what is drawn to this size, so that small digits have no thicker lines.
CONVERTED_SIDE = 150
CONVERTED_PEN = 18


class DigitStyle(NamedTuple):
    """The size and position of the digits in a data set's images, as fractions of the image."""

    height: float
    width: float
    #: Maximum ratio of the horizontal to the vertical scale of a drawing.
    stretch: float
    #: Slant that is not corrected, in points to the right per point down.
    slant: float
    #: Offset to the right of the middle, in points.
    right_offset: float
    #: Whether to centre by the centre of mass, instead of by the outline.
    by_mass: bool


#: The data set's 8 × 8 digits touch the top and bottom, are seldom wider than 20 of 32 points, and
#: are upright. With this conversion, networks recognize 96 % of shifted and scaled test digits, and
#: 75 % of MNIST's digits; if centred by mass, 95 and 77 %; with the width as drawn, 96 and 56 %;
#: with the slant as drawn, 96 and 62 %.
UPRIGHT = DigitStyle(
    height=1.0, width=20 / 32, stretch=3.0, slant=0.05, right_offset=0.5, by_mass=False
)
#: The digits of drawn_digits are straightened, and lie in 20/28 of the image, as in MNIST.
STRAIGHTENED = DigitStyle(
    height=20 / 28, width=20 / 28, stretch=1.0, slant=0.0, right_offset=0.0, by_mass=True
)
#: MNIST's digits lie in 20 × 20 of 28 × 28 pixels, with the shape as drawn.
CENTRED = DigitStyle(
    height=20 / 28, width=20 / 28, stretch=1.0, slant=np.inf, right_offset=0.0, by_mass=True
)
#: By the height of the images; those of other heights are like MNIST's.
STYLES = {8: UPRIGHT, 14: STRAIGHTENED}


def convert_drawing(view: NetworkView, ink: str) -> dict[str, Any]:
    """Convert a drawing on the pad, row by row as hexadecimal bits; None if there is no ink."""
    prepared = view.prepared
    n_digits = PAD_SIDE**2 // 4
    if prepared.dataset.image_shape is None or not re.fullmatch(f"[0-9a-f]{{{n_digits}}}", ink):
        problem = f"expected {n_digits:,} hexadecimal digits, and data that are images"
        raise ArgumentError(problem, argument="ink", remedy="choose the digits")
    packed = np.frombuffer(bytes.fromhex(ink), np.uint8)
    bits = np.unpackbits(packed)
    points = bits.reshape(PAD_SIDE, PAD_SIDE).astype(bool)
    if not points.any():
        return {"pixels": None}
    shares = image_of(points, prepared.dataset.image_shape)
    image = shares * prepared.image_top()
    return {"pixels": image.ravel().tolist()}


def image_of(ink: NDArray[np.bool_], shape: tuple[int, ...]) -> NDArray[np.float64]:
    """Compute the fraction of ink in each pixel of an image, from a bitmap with ink."""
    style = STYLES.get(shape[0], CENTRED)
    n_rows = POINTS_PER_PIXEL * shape[0]
    n_columns = POINTS_PER_PIXEL * shape[1]
    y, x = np.nonzero(ink)
    middle = y.mean()
    from_middle = y - middle
    lean = _lean(x - x.mean(), from_middle, style.slant)
    upright = x - lean * from_middle
    left = upright.min()
    right = upright.max() + 1
    above = y.min()
    below = y.max() + 1
    # Points of the pad per point of the image, to the right and down.
    across = (right - left) / (style.width * n_columns)
    down = (below - above) / (style.height * n_rows)
    down = max(down, across / style.stretch)
    across = max(down, across)
    if style.by_mass:
        x0 = x.mean() + 0.5
        y0 = middle + 0.5
    else:
        x0 = (left + right) / 2
        y0 = (above + below) / 2
    steps_down = np.arange(n_rows) + 0.5 - n_rows / 2
    steps_right = np.arange(n_columns) + 0.5 - n_columns / 2
    rows = y0 + steps_down[:, None] * down
    columns = x0 + (steps_right - style.right_offset) * across
    columns = columns + lean * (rows - 0.5 - middle)
    pad_height, pad_width = ink.shape
    row_indices = np.clip(np.floor(rows).astype(int), -1, pad_height)
    column_indices = np.clip(np.floor(columns).astype(int), -1, pad_width)
    around = np.pad(ink, 1)  # there is no ink outside the pad
    points = around[row_indices + 1, column_indices + 1]
    pixels = points.reshape(shape[0], POINTS_PER_PIXEL, shape[1], POINTS_PER_PIXEL)
    return pixels.mean(axis=(1, 3))


def _lean(x: NDArray[np.float64], y: NDArray[np.float64], slant: float) -> float:
    """Return how far points lean to the right per point down, beyond the allowed slant."""
    lean = 0.0
    if y.any():
        lean = float(x @ y / (y @ y))  # the slope of the least-squares line
    size = max(abs(lean) - slant, 0.0)
    return float(np.sign(lean) * size)


def test_image(view: NetworkView, number: int) -> dict[str, Any]:
    """Return a test image by its number, which wraps around after the last image."""
    prepared = view.prepared
    if prepared.dataset.image_shape is None or not len(prepared.test_rows):
        raise ArgumentError("there are no test images", argument="row", remedy="choose the digits")
    number %= len(prepared.test_rows)
    images = np.asarray(prepared.dataset.X)
    pixels = images[prepared.test_rows[number]]
    truth = int(prepared.test.y[number])
    return {"row": number, "pixels": pixels.astype(float).tolist(), "truth": truth}


def list_cell(view: NetworkView, truth: int, predicted: int) -> dict[str, Any]:
    """List the test rows of a class that are predicted as another class, most certain first."""
    prepared = view.prepared
    report = view.latest
    classes = prepared.classes or ()
    rows = prepared.dataset
    for name, value in (("row", truth), ("column", predicted)):
        if not 0 <= value < len(classes):
            raise ArgumentError.of(name, value, f"the index of one of {len(classes)} classes")
    probabilities = prepared.test_probabilities(view.current(report))
    n_predicted = len(probabilities)  # of very many rows, only the first are predicted
    is_of_class = prepared.test.y[:n_predicted] == truth
    is_predicted = probabilities.argmax(axis=1) == predicted
    listed = np.flatnonzero(is_of_class & is_predicted)
    surest_first = np.argsort(-probabilities[listed, predicted], kind="stable")
    shown = listed[surest_first][:MAX_SHOWN]
    values = np.asarray(rows.X) if rows.image_shape is not None else prepared.points
    return {
        "epoch": report.epoch,
        "truth": truth,
        "predicted": predicted,
        "count": len(listed),
        "rows": np.round(values[prepared.test_rows[shown]], 4).tolist(),
        "probabilities": finite(probabilities[shown][:, [truth, predicted]]),
    }

"""The conversion of a drawing, against the digits that the drawings were made of."""

import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from barenet import load_dataset
from barenet.errors import ArgumentError
from barenet.playground._data_preparation import prepare_named
from barenet.playground._digits import PAD_SIDE, convert_drawing, image_of
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings, NetworkSettings


def bitmap(digit):
    """A bitmap of 32 × 32 points whose blocks of 4 × 4 count the digit's pixels."""
    places = (np.arange(32) + 0.5) / 4 - 0.5
    grid, around = np.arange(-1, 9), np.pad(digit.reshape(8, 8), 1)
    across = np.array([np.interp(places, grid, row) for row in around])
    smooth = np.array([np.interp(places, grid, column) for column in across.T]).T
    bits = np.zeros((32, 32), int)
    for row, column in np.ndindex(8, 8):
        block = smooth[4 * row : 4 * row + 4, 4 * column : 4 * column + 4]
        chosen = np.zeros(16, int)
        chosen[np.argsort(-block.ravel(), kind="stable")[: int(digit[8 * row + column])]] = 1
        bits[4 * row : 4 * row + 4, 4 * column : 4 * column + 4] = chosen.reshape(4, 4)
    return bits


def drawings(digits):
    """Bitmaps of digits, of any size and anywhere on the pad."""
    random = np.random.default_rng(0)
    for digit in digits:
        size = int(random.integers(60, 180))
        left, top = random.integers(0, PAD_SIDE - size, 2)
        places = np.arange(size) * 32 // size
        ink = np.zeros((PAD_SIDE, PAD_SIDE), bool)
        ink[top : top + size, left : left + size] = bitmap(digit)[np.ix_(places, places)]
        yield ink


def test_a_digit_on_the_pad_comes_back_as_in_the_data():
    """A classifier of scikit-learn's sees the same digit."""
    digits = load_dataset("digits")
    chosen = np.random.default_rng(0).permutation(len(digits.y))[:100]
    known = KNeighborsClassifier(3).fit(np.delete(digits.X, chosen, 0), np.delete(digits.y, chosen))
    drawn = [*drawings(digits.X[chosen])]
    made = np.array([16 * image_of(ink, (8, 8)).ravel() for ink in drawn])
    assert np.abs(made - digits.X[chosen]).mean() < 1.5, "of 16"
    assert made.min() == 0 and made.max() == 16
    same = known.predict(made) == known.predict(digits.X[chosen])
    assert same.sum() >= 95
    for ink in drawn:  # as MNIST's: 20 × 20 of 28 × 28 pixels, centred by mass
        image = image_of(ink, (28, 28))
        rows, columns = np.nonzero(image)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        center = [np.average(axis + 0.5, weights=image[rows, columns]) for axis in (rows, columns)]
        assert center == pytest.approx([14, 14], abs=0.4)


def hexadecimal(ink):
    return f"{int(''.join(map(str, ink.ravel())), 2):09216x}"


def test_the_pad_is_converted_in_the_units_of_the_data():
    settings = NetworkSettings(hidden=(), activations=())
    view = NetworkView(settings, prepare_named(DataSettings(source="digits")), None)
    ink = np.zeros((PAD_SIDE, PAD_SIDE), int)
    assert convert_drawing(view, hexadecimal(ink))["pixels"] is None
    ink[20:170, 90:110] = 1
    pixels = np.reshape(convert_drawing(view, hexadecimal(ink))["pixels"], (8, 8))
    width = pixels[:, 3:5].sum(axis=1) / 4
    assert width == pytest.approx(32 * 20 / 150, abs=1), "an upright line, in points"
    assert not pixels[:, :2].any() and not pixels[:, 6:].any()
    for wrong in ("01", "x" * 9216):
        with pytest.raises(ArgumentError, match="9,216 hexadecimal digits"):
            convert_drawing(view, wrong)

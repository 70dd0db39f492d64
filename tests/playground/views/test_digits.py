"""The bench of digits: drawings are classified by the network itself, and cells list their rows."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from benchmarks.redrawn_digits import draw
from sklearn.neighbors import KNeighborsClassifier

from barenet import load_dataset, train
from barenet.datasets._images import DATA_VARIABLE
from barenet.errors import ArgumentError
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import PageState
from barenet.playground.views._digits import (
    MAX_SHOWN,
    PAD_SIDE,
    convert_drawing,
    image_of,
    list_cell,
    test_image as pick,
)
from barenet.playground.views._network_view import NetworkView
from barenet.playground.views._probe import probe


def classify(view: NetworkView, pixels: list[float]) -> list[float]:
    return probe(view, -1, tuple(pixels))["prediction"]


@pytest.fixture(scope="module")
def digits(make_view) -> NetworkView:
    return make_view("digits", (12,), activations=("relu",), test_size=0.3)


def test_an_image_of_data_just_left_has_no_classes(make_view):
    assert probe(make_view("moons"), -1, (1.0,) * 64) == {"layers": []}


@pytest.mark.integration
def test_the_cells_list_every_test_row_once(digits):
    """The counts are those of the matrix, and the rows those of the data set."""
    prepared, network = digits.prepared, digits.network
    counts = np.array(prepared.confusion_matrix(network))
    cells = {(t, p): list_cell(digits, t, p) for t in range(10) for p in range(10)}
    assert [cell["count"] for cell in cells.values()] == counts.ravel().tolist()
    assert counts.sum() == len(prepared.test[1]) == prepared.is_test.sum()
    for (truth, predicted), cell in cells.items():
        assert len(cell["rows"]) == len(cell["probabilities"]) == min(cell["count"], MAX_SHOWN)
        for image, (_, share) in zip(cell["rows"], cell["probabilities"], strict=True):
            same = (image == prepared.dataset.X).all(axis=1) & prepared.is_test
            assert prepared.dataset.y[same].tolist() == [truth]
            said = classify(digits, image)
            assert int(np.argmax(said)) == predicted
            assert share == pytest.approx(said[predicted], rel=1e-5)


def test_the_rows_of_a_table_are_listed_by_their_place_on_the_plane(make_view):
    iris = make_view("iris")
    counts = iris.prepared.confusion_matrix(iris.network)
    truth, predicted = np.argwhere(np.array(counts))[0].tolist()
    rows = list_cell(iris, truth, predicted)["rows"]
    points = np.round(iris.prepared.points[iris.prepared.is_test], 4).tolist()
    assert rows and all(row in points for row in rows)
    with pytest.raises(ArgumentError, match="row: expected the index of one of 3 classes"):
        list_cell(iris, 7, 0)


def test_test_images_are_taken_one_after_another(make_view, digits):
    rows = digits.prepared.dataset.X[digits.prepared.test_rows]
    count = len(rows)
    for number in (0, 1, count):
        picked = pick(digits, number)
        assert picked["pixels"] == rows[number % count].tolist()
        assert picked["row"] == number % count
    with pytest.raises(ArgumentError, match="no test images"):
        pick(make_view("iris"), 0)


def test_messages_are_answered_or_refused_in_one_line(page):
    assert page.configure(source="digits")["type"] == "state"
    answer = page.ask("probe", pixels=[0.0] * 64)
    assert sum(answer["prediction"]) == pytest.approx(1)
    wrong = [-1.0] * 64, [1e999] * 64, ["a"] * 64, [0.0] * 2000
    errors = [page.ask("probe", pixels=pixels)["message"] for pixels in wrong]
    assert all(error.startswith("pixels: ") and "\n" not in error for error in errors)
    error = page.ask("probe", pixels=[0.0] * 63)["message"]
    assert error == "place: expected two numbers, or the pixels of an image, got 63"


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
    chosen = np.random.default_rng(0).permutation(len(digits.y))[:50]
    known = KNeighborsClassifier(3).fit(np.delete(digits.X, chosen, 0), np.delete(digits.y, chosen))
    drawn = [*drawings(digits.X[chosen])]
    made = np.array([16 * image_of(ink, (8, 8)).ravel() for ink in drawn])
    assert np.abs(made - digits.X[chosen]).mean() < 1.5, "of 16"
    assert made.min() == 0 and made.max() == 16
    same = known.predict(made) == known.predict(digits.X[chosen])
    assert same.sum() >= 47
    for ink in drawn:  # as MNIST's: 20 × 20 of 28 × 28 pixels, centred by mass
        image = image_of(ink, (28, 28))
        rows, columns = np.nonzero(image)
        assert 19 <= max(np.ptp(rows), np.ptp(columns)) + 1 <= 22
        center = [np.average(axis + 0.5, weights=image[rows, columns]) for axis in (rows, columns)]
        assert center == pytest.approx([14, 14], abs=0.4)


def hexadecimal(ink):
    return f"{int(''.join(map(str, ink.ravel())), 2):09216x}"


def test_the_pad_is_converted_in_the_units_of_the_data(make_view):
    view = make_view("digits", ())
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


DRAWINGS = Path(__file__).parents[2] / "data" / "drawings"


@pytest.fixture(scope="module")
def reader():
    """The network of the default settings after 20 epochs; it reads strokes."""
    state = PageState.defaults_for("drawn_digits")
    prepared = prepare_named(state.data)
    setup = prepared.make_setup(state.networks[0])
    arguments = state.networks[0].run_config(len(setup.training.y)).train_arguments()
    train(setup.network, *setup.training, **{**arguments, "epochs": 20, "engine": "auto"})

    def read(drawings):
        drawn = [draw([np.array(stroke) for stroke in strokes]) for strokes in drawings]
        images = np.array([16 * image_of(ink, (14, 14)).ravel() for ink in drawn])
        return prepared.predictor(setup.network).predict(images).astype(int)

    return read


def test_drawings_of_other_hands_are_read(reader):
    """Traced test images of MNIST, which had no part in any choice."""
    drawings = json.loads((DRAWINGS / "drawings.json").read_text("utf-8"))
    digits = np.array([drawing["digit"] for drawing in drawings])
    assert np.bincount(digits).tolist() == [10] * 10
    read = reader([drawing["strokes"] for drawing in drawings])
    rows = np.array([drawing["row"] for drawing in drawings])
    assert (read == digits).sum() >= 95, rows[read != digits]


@pytest.mark.parametrize(("slant", "width"), [(-0.4, 0.8), (0.4, 1.3), (0.0, 1.0)])
def test_digits_of_other_styles_are_read(reader, slant, width):
    """With serifs, bars and loops; open and closed, slanted, narrow and wide."""
    drawings = json.loads((DRAWINGS / "scripted.json").read_text("utf-8"))
    turned = np.array([[width, 0.0], [slant, 1.0]])  # of (x, y)
    strokes = [[np.array(line) @ turned for line in each["strokes"]] for each in drawings]
    read = reader(strokes)
    wrong = [
        (each["digit"], each["style"], int(digit))
        for each, digit in zip(drawings, read, strict=True)
        if each["digit"] != digit
    ]
    assert len(wrong) <= 1, wrong


PREPARE = """
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import PageState
prepared = prepare_named(PageState.defaults_for("mnist").data)
print(prepared.dataset.image_shape, len(prepared.training[1]), len(prepared.test[1]))
"""


@pytest.mark.integration
def test_mnist_can_be_chosen_where_its_files_are():
    run = subprocess.run(
        [sys.executable, "-c", PREPARE],
        env={**os.environ, DATA_VARIABLE: str(Path(__file__).parents[2] / "data/mnist_slice")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert "(28, 28) 208 52" in run.stdout

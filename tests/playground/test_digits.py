"""The bench of digits: drawings are classified by the network itself, and cells list their rows."""

from types import SimpleNamespace

import numpy as np
import pytest

from barenet import Network, Predictor, Scaling, save
from barenet.errors import ArgumentError
from barenet.playground._data_preparation import prepare_model, prepare_named
from barenet.playground._digits import MAX_SHOWN, list_cell, test_image as pick
from barenet.playground._network_view import NetworkView
from barenet.playground._opened_models import open_model
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._probe import probe


def viewed(source: str, **settings) -> NetworkView:
    data = DataSettings(source=source, test_size=0.3)
    hidden = NetworkSettings(hidden=(12,), activations=("relu",), **settings)
    return NetworkView(hidden, prepare_named(data), SimpleNamespace())


def classify(view: NetworkView, pixels: list[float]) -> list[float]:
    return probe(view, -1, tuple(pixels), False)["prediction"]


@pytest.fixture(scope="module")
def digits() -> NetworkView:
    return viewed("digits")


def test_a_drawing_is_classified_by_the_network_itself(digits):
    X = digits.prepared.dataset.X[:5]
    expected = digits.network.predict(digits.prepared.scaling.transform(X, np.float32))
    found = [classify(digits, row.tolist()) for row in X]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_images_of_another_size_are_refused_and_of_data_just_left_have_no_classes(digits):
    with pytest.raises(
        ArgumentError, match="place: expected two numbers, or the pixels of an image, got 3"
    ):
        classify(digits, [1.0, 2.0, 3.0])
    assert probe(viewed("moons"), -1, (1.0,) * 64, False) == {"layers": []}


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


def test_the_rows_of_a_table_are_listed_by_their_place_on_the_plane():
    iris = viewed("iris")
    counts = iris.prepared.confusion_matrix(iris.network)
    truth, predicted = np.argwhere(np.array(counts))[0].tolist()
    rows = list_cell(iris, truth, predicted)["rows"]
    points = np.round(iris.prepared.points[iris.prepared.is_test], 4).tolist()
    assert rows and all(row in points for row in rows)
    with pytest.raises(ArgumentError, match="row: expected the index of one of 3 classes"):
        list_cell(iris, 7, 0)


def test_test_images_are_taken_one_after_another(digits):
    rows = digits.prepared.dataset.X[digits.prepared.test_rows]
    count = len(rows)
    for number in (0, 1, count):
        picked = pick(digits, number)
        assert picked["pixels"] == rows[number % count].tolist()
        assert picked["row"] == number % count
    with pytest.raises(ArgumentError, match="no test images"):
        pick(viewed("iris"), 0)


def test_messages_are_answered_or_refused_in_one_line(page):
    assert page.configure(source="digits")["type"] == "state"
    page.send("probe", pixels=[0.0] * 64)
    answer = page.receive_until(lambda message: message["type"] == "probe")
    assert sum(answer["prediction"]) == pytest.approx(1)
    for pixels in ([-1.0] * 64, [1e999] * 64, ["a"] * 64, [0.0] * 63, [0.0] * 2000):
        page.send("probe", pixels=pixels)
        error = page.receive_until(lambda message: message["type"] == "error")["message"]
        assert error.startswith(("pixels: ", "place: ", "message: ")) and "\n" not in error


def test_a_model_of_images_whose_images_are_not_here(tmp_path):
    """As one of MNIST: it is drawn, and it classifies drawings."""
    network = Network.dense([784, 9, 10], hidden="relu", output="softmax", dtype="float32")
    predictor = Predictor(
        network=network,
        preprocessing=Scaling("affine", np.zeros(784), np.full(784, 1 / 255)),
        classes=tuple("0123456789"),
        feature_names=tuple(f"pixel_{row}_{column}" for row, column in np.ndindex(28, 28)),
        target_name="digit",
        dataset="other digits",
        image_shape=(28, 28),
    )
    save(predictor, tmp_path / "model.safetensors")
    model = open_model(tmp_path / "model.safetensors")
    view = NetworkView(model.settings, prepare_model(DataSettings(), model, None), None)
    facts = view.prepared.describe()
    assert facts["image"] == (28, 28) and facts["image_top"] == 255
    assert len(facts["drawn_inputs"]) == 8 and len(facts["mean_image"]) == 784
    assert view.draw(view.latest)[1]["neurons"].shape == (8, 24, 24)
    image = np.random.default_rng(0).integers(0, 256, 784)
    expected = network.predict((image / 255)[None].astype(np.float32))[0]
    found = classify(view, image.tolist())
    np.testing.assert_allclose(found, expected, rtol=1e-4)

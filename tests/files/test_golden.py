"""Model files of earlier versions are read and give the predictions recorded with them."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from barenet import Frame, load_predictor, save

GOLDEN = Path(__file__).parent / "golden"


def birds() -> Frame:
    """A table with a column of each kind, most of them with missing values."""
    text = np.dtypes.StringDType()
    days = ["2007-11-11", "2008-01-02", "NaT", "2009-06-30", "2007-12-31", "2008-02-29"]
    islands = ["Dream", "Biscoe", "", "Dream", "Torgersen", "Biscoe"]
    return Frame(
        {
            "bill": np.array([38.5, np.nan, 46.0, 50.25, 39.0, 47.5]),
            "island": np.array(islands, text),
            "tagged": np.array([True, False, True, True, False, False]),
            "day": np.array(days, "M8[us]"),
        }
    )


ROWS = {
    "iris_1": lambda: load_iris().data[0:150:30],
    "iris_1_card": lambda: load_iris().data[0:150:30],
    "diabetes_1": lambda: load_diabetes().data[0:150:30],
    "birds_2": birds,
}


@pytest.mark.parametrize("name", ROWS)
def test_files_of_earlier_versions_predict_the_same(name):
    predictor = load_predictor(GOLDEN / f"{name}.safetensors")
    expected = json.loads((GOLDEN / "outputs.json").read_text())[name]
    # Another engine or processor may take the sums of a product in another order.
    tolerance = 1e-6 if predictor.network.dtype == np.float32 else 1e-13
    outputs = predictor.outputs(ROWS[name]())
    np.testing.assert_allclose(outputs, expected, rtol=tolerance, atol=tolerance / 100)


@pytest.mark.parametrize("name", ROWS)
def test_the_format_of_a_predictor_is_unchanged(name, tmp_path):
    """Byte for byte, so that the version that wrote the golden files can read it."""
    written = GOLDEN / f"{name}.safetensors"
    save(load_predictor(written), tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == written.read_bytes()


def test_cards_of_earlier_versions_are_read():
    card = load_predictor(GOLDEN / "iris_1_card.safetensors").card
    assert card.settings["data"] == "iris" and card.settings["layers"] == (4, 8, 3)
    assert card.rows == {"training": 120, "held_out": 30}
    assert card.data_fingerprint.startswith("066c40b0c03c47c5")
    assert (card.log.n_epochs, card.log.selected_epoch, card.log.stop_reason) == (8, 8, "completed")
    assert set(card.scores) == {"held_out", "training"}
    assert card.versions["barenet"] == "0.1.0"

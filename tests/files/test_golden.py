"""Model files of earlier versions are read and give the predictions recorded with them."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from barenet import load, save
from barenet.files._model_file import FORMAT_VERSION
from barenet.typing import Ensemble, Frame

GOLDEN = Path(__file__).parent / "golden"


def birds(first_bill: float = 38.5, last_day: str = "2008-02-29") -> Frame:
    """A table with a column of each kind, most of them with missing values."""
    text = np.dtypes.StringDType()
    days = ["2007-11-11", "2008-01-02", "NaT", "2009-06-30", "2007-12-31", last_day]
    islands = ["Dream", "Biscoe", "", "Dream", "Torgersen", "Biscoe"]
    return Frame(
        {
            "bill": np.array([first_bill, np.nan, 46.0, 50.25, 39.0, 47.5]),
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
    "birds_3": birds,
    "birds_4": lambda: birds(first_bill=500.0),
    "birds_5": lambda: birds(first_bill=500.0, last_day="9999-12-31"),
    "birds_6": birds,
    "diabetes_3": lambda: load_diabetes().data[0:150:30],
    "networks_3": lambda: load_diabetes().data[0:150:30],
}


def expected_of(name):
    return json.loads((GOLDEN / "outputs.json").read_text())[name]


@pytest.mark.case(137)
def test_every_version_of_the_format_has_a_golden_file():
    headers = [path.read_bytes() for path in GOLDEN.glob("*.safetensors")]
    found = {int(re.search(rb'format_version\\+": ?(\d+)', header)[1]) for header in headers}
    assert found == set(range(1, FORMAT_VERSION + 1))


@pytest.mark.case(137)
def test_intervals_of_earlier_versions_are_read():
    found = load(GOLDEN / "diabetes_3.safetensors").predict_interval(ROWS["diabetes_3"](), 0.8)
    np.testing.assert_allclose(found, expected_of("diabetes_3_intervals"), rtol=1e-13)


@pytest.mark.case(137)
@pytest.mark.parametrize("name", ROWS)
def test_files_of_earlier_versions_predict_the_same(name, tmp_path):
    """They are written again byte for byte, so that the version that wrote them can read both."""
    written = GOLDEN / f"{name}.safetensors"
    model = load(written)
    compute = model.predict if isinstance(model, Ensemble) else model.outputs
    # Another engine or processor may take the sums of a product in another order.
    tolerance = 1e-6 if getattr(model, "network", model).dtype == np.float32 else 1e-13
    found, expected = compute(ROWS[name]()), expected_of(name)
    np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance / 100)
    save(model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == written.read_bytes()


def test_cards_of_earlier_versions_are_read():
    card = load(GOLDEN / "iris_1_card.safetensors").card
    assert card.settings["data"] == "iris" and card.settings["layers"] == (4, 8, 3)
    assert card.rows == {"training": 120, "held_out": 30}
    assert card.data_fingerprint.startswith("066c40b0c03c47c5")
    assert (card.log.n_epochs, card.log.selected_epoch, card.log.stop_reason) == (8, 8, "completed")
    assert set(card.scores) == {"held_out", "training"}
    assert card.versions["barenet"] == "0.1.0"

"""Model files of version 0.3, and of the current format, are read and predict as recorded."""

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes

from barenet import load, save
from barenet.files._model_file import FORMAT_VERSION, from_bytes
from barenet.typing import Frame

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


#: A table with background rows and an ensemble with residuals, as version 0.3 wrote them, and the
#: table as it is written now, with a threshold.
ROWS = {
    "birds_6": birds,
    "diabetes_3": lambda: load_diabetes().data[0:150:30],
    "birds_7": birds,
}


def expected_of(name):
    return json.loads((GOLDEN / "outputs.json").read_text())[name]


@pytest.mark.case(137)
@pytest.mark.parametrize("name", ROWS)
def test_golden_files_predict_the_same(name):
    model = load(GOLDEN / f"{name}.safetensors")
    # Another engine or processor may take the sums of a product in another order.
    tolerance = 1e-6 if model.network.dtype == np.float32 else 1e-13
    outputs = model.outputs(ROWS[name]())
    np.testing.assert_allclose(outputs, expected_of(name), rtol=tolerance, atol=tolerance / 100)


@pytest.mark.case(137)
def test_the_current_format_has_a_golden_file(tmp_path):
    """It is written again byte for byte."""
    written = GOLDEN / f"birds_{FORMAT_VERSION}.safetensors"
    model = load(written)
    assert model.threshold == 0.7
    save(model, tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == written.read_bytes()
    description, _ = from_bytes(written.read_bytes())
    assert description["format_version"] == FORMAT_VERSION


@pytest.mark.case(137)
def test_intervals_of_version_0_3_are_read():
    intervals = load(GOLDEN / "diabetes_3.safetensors").predict_interval(ROWS["diabetes_3"](), 0.8)
    np.testing.assert_allclose(intervals, expected_of("diabetes_3_intervals"), rtol=1e-13)

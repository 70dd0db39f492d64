"""Model files of earlier versions: they are read, and say what they said when they were written."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import load_diabetes, load_iris

from barenet import Predictor

GOLDEN = Path(__file__).parent / "golden"
ROWS = {"iris_1": load_iris, "diabetes_1": load_diabetes}


@pytest.mark.parametrize("name", ROWS)
def test_a_file_of_format_1_says_the_same(name):
    predictor = Predictor.load(GOLDEN / f"{name}.safetensors")
    said = json.loads((GOLDEN / "outputs.json").read_text())[name]
    X = ROWS[name]().data[0:150:30]
    # Another processor may take the sums of a product in another order.
    tolerance = 1e-6 if predictor.network.dtype == np.float32 else 1e-13
    np.testing.assert_allclose(predictor.outputs(X), said, rtol=tolerance)


@pytest.mark.parametrize("name", ROWS)
def test_a_plain_predictor_is_still_written_as_format_1(name, tmp_path):
    """So that the version that wrote the golden files can read it."""
    written = GOLDEN / f"{name}.safetensors"
    Predictor.load(written).save(tmp_path / "again.safetensors")
    assert (tmp_path / "again.safetensors").read_bytes() == written.read_bytes()

"""Background rows: they are kept as they are, and refused where they don't fit."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from predictors import predictor_of

from barenet import Network, Scaling, TableEncoding, contributions, load, save
from barenet.errors import ModelFileError
from barenet.files._background_rows import frame_to_bytes
from barenet.typing import Frame

ROWS = pd.DataFrame(
    {
        "town": ["Oslo", "", "Rome", 'a "b", ü'] * 5,
        "size": [1.5, None, 1e-300, 0.1] * 5,
        "built": pd.to_datetime(
            ["2008-02-29", None, "1999-12-31 23:59:59.000001", "2030"] * 5, format="ISO8601"
        ),
        "member": [True, False, False, True] * 5,
    }
)


def table_predictor():
    encoding = TableEncoding.fit(ROWS)
    return predictor_of(Network.dense([encoding.n_inputs, 3, 1], seed=1), encoding)


def test_rows_of_a_table_are_the_same_in_the_file(tmp_path):
    model = table_predictor().with_background(ROWS)
    save(model, tmp_path / "m.safetensors")
    again = load(tmp_path / "m.safetensors")
    frame = again.background
    assert list(frame.columns) == list(ROWS.columns)
    for name, column in model.background.columns.items():
        assert frame[name].dtype == column.dtype
        np.testing.assert_array_equal(frame[name], column)
    assert "20 rows of its data, to compare predictions with" in repr(again)
    expected = contributions(model, ROWS[:3], ROWS)
    result = contributions(again, ROWS[:3])
    np.testing.assert_array_equal(result.values, expected.values)


def test_rows_of_an_array_are_named_and_sampled(tmp_path):
    X = np.random.default_rng(0).normal(size=(300, 2))
    network = Network.dense([2, 3, 1], seed=1)
    model = predictor_of(network, Scaling.fit("standardize", X), feature_names=("a", "b"))
    assert model.background is None
    kept = model.with_background(X)
    assert kept.background.shape == (100, 2)
    assert set(kept.background["a"]) <= set(X[:, 0])
    assert len(kept.with_background(X, n_rows=7).background) == 7
    other = model.with_background(X, seed=1)
    assert (other.background["a"] != kept.background["a"]).any()
    save(kept, tmp_path / "m.safetensors")
    result = contributions(load(tmp_path / "m.safetensors"), X[:1])
    np.testing.assert_allclose(result.expected, kept.outputs(kept.background).mean(axis=0))


def test_rows_that_do_not_fit_are_refused():
    model = table_predictor()
    with pytest.raises(ValueError, match=r"^X: expected at least one row, got none"):
        model.with_background(ROWS[:0])
    with pytest.raises(ValueError, match=r"^X: no column size"):
        model.with_background(ROWS.drop(columns="size"))
    with pytest.raises(ValueError, match=r"^n_rows: expected a whole number of 1 or more, got 0"):
        model.with_background(ROWS, n_rows=0)
    with pytest.raises(ValueError, match=r"^background: expected a Frame with the columns"):
        replace(model, background=Frame({"a": np.array([1.0])}))


@pytest.mark.parametrize(
    "columns",
    [
        "{",
        "[]",
        '[{"name": "a", "type": "object", "values": [1]}]',
        '[{"name": "a", "type": "number", "values": [[1]]}]',
        '[{"name": "a", "type": "number", "values": [Infinity]}]',
        '[{"name": "a", "type": "number", "values": ["x"]}]',
        '[{"name": "a", "type": "date", "values": [0.5, "x"]}]',
        '[{"name": "a", "values": [1]}]',
        '[{"name": "other", "type": "number", "values": [1]}]',
    ],
)
def test_damaged_rows_are_refused(columns, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "barenet.files._model_io.frame_to_bytes",
        lambda _: np.frombuffer(columns.encode(), np.uint8),
    )
    save(table_predictor().with_background(ROWS), tmp_path / "m.safetensors")
    with pytest.raises(ModelFileError, match=r"m\.safetensors: not a valid model"):
        load(tmp_path / "m.safetensors")


def test_the_bytes_are_json():
    frame = Frame({"a": np.array([np.nan, 0.1])})
    columns = json.loads(frame_to_bytes(frame).tobytes())
    assert columns == [{"name": "a", "type": "number", "values": [None, 0.1]}]

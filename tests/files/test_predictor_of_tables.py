"""Predictors of tables: columns found by name in any kind of table, and stored as plain data."""

import numpy as np
import pandas as pd
import pyarrow
import pytest
from predictors import predictor_of

from barenet import Ensemble, Network, Scaling, TableEncoding, load_predictor, save
from barenet.data._table_loading import load_table
from barenet.errors import DataError


@pytest.fixture(scope="module")
def data(titanic):
    return load_table(titanic, "survived")


@pytest.fixture(scope="module")
def predictor(data):
    encoding = TableEncoding.fit(data.X, drop=["boat", "body"])
    network = Network.dense([encoding.n_outputs, 4, 1], output="sigmoid", seed=1)
    return predictor_of(network, encoding, classes=("died", "survived"))


def test_round_trip(predictor, data, path):
    save(predictor, path)
    again = load_predictor(path)
    assert again.preprocessing.columns == predictor.preprocessing.columns
    assert again.feature_names == predictor.feature_names == again.preprocessing.feature_names
    assert again.input_names == again.preprocessing.output_names
    assert "name" not in again.feature_names and "boat" not in again.feature_names
    np.testing.assert_array_equal(again.outputs(data.X), predictor.outputs(data.X))


def test_fault_139_records_and_no_rows_are_taken(predictor, data, titanic):
    theirs = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    records = theirs.astype(object).where(theirs.notna(), None).to_dict("records")
    expected = predictor.outputs(data.X)
    np.testing.assert_array_equal(predictor.outputs(records), expected)
    sparse = [{k: v for k, v in record.items() if v is not None} for record in records]
    np.testing.assert_array_equal(predictor.outputs(sparse), expected)
    for rows in (theirs[:0], pyarrow.Table.from_pandas(theirs[:0]), data.X[:0], []):
        assert predictor.outputs(rows).shape == (0, 1)
        assert predictor.predict(rows).tolist() == []
        assert predictor.predict(rows).dtype == predictor.predict(records).dtype
    with pytest.raises(ValueError, match=r"^X: no column sex; the columns are pclass, "):
        predictor.predict(theirs[:0].drop(columns="sex"))


def test_fault_139_every_kind_of_column_takes_no_rows():
    days = np.array(["2024-01-01", "2024-05-01", "2024-09-01"], "M8[us]")
    table = {"day": days, "on": [True, False, True], "town": ["a", "b", "a"], "x": [0.5, 1.5, 4]}
    encoding = TableEncoding.fit(table, keep_column=["day"])
    network = Ensemble([Network.dense([encoding.n_outputs, 1], seed=seed) for seed in range(2)])
    scaled = {"target_scaling": Scaling.fit("standardize", [[1.0], [3.0]])}
    own = predictor_of(network, encoding, **scaled)
    assert len(own.feature_names) == 4
    found, usual = own.predict({name: [] for name in table}), own.predict(table)
    assert (found.shape, found.dtype) == ((0,), usual.dtype)


def test_fault_25_columns_are_matched_by_name_in_any_library(predictor, data, titanic):
    expected = predictor.outputs(data.X)
    theirs = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    names = list(predictor.feature_names)
    for X in (
        theirs,
        theirs[sorted(theirs.columns)],
        theirs[names].to_numpy(object),
        pyarrow.Table.from_pandas(theirs),
        {name: theirs[name].tolist() for name in reversed(names)},
    ):
        np.testing.assert_array_equal(predictor.outputs(X), expected)
    with pytest.raises(ValueError, match=r"^X: no column sex; the columns are pclass, "):
        predictor.predict(theirs.drop(columns="sex"))
    with pytest.raises(ValueError, match=r"^X: has 2 columns, expected 9"):
        predictor.predict([[1, 2]])
    theirs["age"] = theirs["age"].astype(object)
    theirs.loc[7, "age"] = "old"
    with pytest.raises(DataError, match=r"^X: row 7: column 'age': expected a number, got 'old'"):
        predictor.predict(theirs)


@pytest.mark.integration
def test_many_categories_fit_in_the_header(path):
    towns = {"town": [f"town {number:06}" for number in range(30_000)] * 2}
    encoding = TableEncoding.fit(towns, rare=0)
    save(predictor_of(Network.dense([encoding.n_outputs, 1], init="zeros"), encoding), path)
    assert load_predictor(path).preprocessing.columns == encoding.columns

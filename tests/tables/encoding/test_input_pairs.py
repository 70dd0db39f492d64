"""Inputs for pairs of categories: their encoding, their names and their records."""

import json
from dataclasses import replace

import numpy as np
import pandas
import pytest
from sklearn.inspection import permutation_importance as sklearn_importance

from barenet import (
    MLPEnsembleRegressor,
    Network,
    Predictor,
    TableEncoding,
    contributions,
    load,
    permutation_importance,
    save,
)
from barenet.cli._main import main
from barenet.tables.encoding._input_pairs import InputPairs
from barenet.tables.encoding._table_rows import table_rows

#: Rows with known, new and missing categories.
NEW_ROWS = {
    "town": ["Rome", "Oslo", "Lima", None, "Rome", "Rome"],
    "size": ["S", "S", "S", "L", "XL", "L"],
    "member": [True, False, True, True, True, None],
    "year": [2001.0, 2002.0, np.nan, 2003.0, 1999.0, 2001.0],
    "day": ["2024-01-01", "2024-02-04", "2024-01-01", None, "2023-12-31", "2024-02-04"],
}  # fmt: skip


def table():
    """Training rows with all values that have an input."""
    n_rows = 40
    row = np.arange(n_rows)
    town = np.array(["Oslo", "Rome", "Turin", ""], object)[row % 4]
    return {
        "town": np.where(town == "", None, town),
        "size": np.array(["L", "S"], object)[row // 4 % 2],
        "member": np.array([True, False, True])[row % 3],
        "year": np.array([2001.0, 2002.0, 2003.0, 2004.0, 2005.0])[row % 5],
        "day": np.datetime64("2024-01-01") + row,
    }


@pytest.fixture(scope="module")
def encoding():
    plain = TableEncoding.fit(table(), numbers="piecewise", bins=3, rare=0)
    return plain.with_inputs({"day": ("month",)}, {"year": (2001.0, 2002.0, 2003.0)}, {})


def places(encoding, name):
    """The inputs of a column by their names."""
    return {name: place for place, name in enumerate(encoding.used_by_name[name].inputs)}


@pytest.fixture(scope="module")
def paired(encoding):
    town = places(encoding, "town")
    size = places(encoding, "size")
    year = places(encoding, "year")
    day = places(encoding, "day")
    towns_and_sizes = (
        (town["town=Rome"], size["size=S"]),
        (town["town missing"], size["size=L"]),
        (town["town=Oslo"], size["size=S"]),
    )
    years_and_towns = (
        (year["year=2001"], town["town=Rome"]),
        (year["year rare"], town["town=Rome"]),
    )
    members_and_months = ((0, day["day Jan"]), (0, day["day Feb"]))
    pairs = (
        InputPairs("town", "size", towns_and_sizes),
        InputPairs("year", "town", years_and_towns),
        InputPairs("member", "day", members_and_months),
    )
    return replace(encoding, pairs=pairs)


def test_the_input_of_a_pair_is_1_in_its_rows(paired):
    expected = {
        "town=Rome, size=S": [1, 0, 0, 0, 0, 0],
        "town missing, size=L": [0, 0, 0, 1, 0, 0],
        "town=Oslo, size=S": [0, 1, 0, 0, 0, 0],
        "year=2001, town=Rome": [1, 0, 0, 0, 0, 1],
        "year rare, town=Rome": [0, 0, 0, 0, 1, 0],
        "member, day Jan": [1, 0, 1, 0, 0, 0],
        "member, day Feb": [0, 0, 0, 0, 0, 1],
    }
    n_pairs = len(expected)
    assert paired.n_pairs == n_pairs
    assert paired.input_names[-n_pairs:] == tuple(expected)
    encoded = paired.transform(NEW_ROWS)[:, -n_pairs:]
    # A missing day is the median of the training, in January; a missing truth value is true.
    expected["member, day Jan"][3] = 1
    np.testing.assert_array_equal(encoded, np.transpose([*expected.values()]))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("rows", [table(), NEW_ROWS])
def test_the_entries_are_those_of_the_dense_rows(paired, rows, dtype):
    factors = np.where(paired.are_bins, 0.5, 1).astype(dtype)
    entries = table_rows(paired, rows, dtype, factors)
    dense = paired.transform(rows, dtype) * factors
    assert dense[:, -7:].any()
    np.testing.assert_array_equal(np.asarray(entries), dense)


def test_other_inputs_are_those_without_pairs(encoding, paired):
    assert paired.n_inputs == encoding.n_inputs + 7
    assert not paired.are_bins[-7:].any()
    np.testing.assert_array_equal(paired.transform(NEW_ROWS)[:, :-7], encoding.transform(NEW_ROWS))


def test_pairs_are_part_of_the_record(encoding, paired):
    record = json.loads(json.dumps(paired.to_dict()))
    again = TableEncoding.from_dict(record)
    assert again.to_dict() == paired.to_dict()
    np.testing.assert_array_equal(again.transform(NEW_ROWS), paired.transform(NEW_ROWS))
    assert "pairs" not in encoding.to_dict()  # as in files of version 0.3
    assert "town, size" in paired.describe()


def test_pairs_follow_new_names_of_the_columns(paired):
    names = [name.upper() for name in paired.feature_names]
    renamed = paired.renamed(names)
    assert renamed.pairs[0].first == "TOWN"
    rows = {name.upper(): values for name, values in NEW_ROWS.items()}
    np.testing.assert_array_equal(renamed.transform(rows), paired.transform(NEW_ROWS))


def test_pairs_that_the_columns_do_not_have_are_refused(encoding):
    def with_pairs(*arguments):
        return replace(encoding, pairs=(InputPairs(*arguments),))

    with pytest.raises(ValueError, match="pairs: expected one or more pairs, all of them"):
        InputPairs("town", "size", ())
    with pytest.raises(ValueError, match="all of them different"):
        InputPairs("town", "size", ((0, 0), (0, 0)))
    with pytest.raises(ValueError, match="inputs of column 'town' of which at most one is not 0"):
        with_pairs("town", "size", ((4, 0),))
    with pytest.raises(ValueError, match="inputs of column 'size' of which at most one is not 0"):
        with_pairs("town", "size", ((0, -1),))
    with pytest.raises(ValueError, match="inputs of column 'year' of which at most one is not 0"):
        with_pairs("year", "town", ((1, 0),))  # a bin
    with pytest.raises(ValueError, match="pairs: unknown 'country'"):
        with_pairs("country", "town", ((0, 0),))
    for wrong in ({"first": "town"}, [], {"first": "town", "second": "size", "pairs": [[0]]}):
        record = encoding.to_dict() | {"pairs": [wrong]}
        with pytest.raises(ValueError, match="pairs"):
            TableEncoding.from_dict(record)


def test_a_file_keeps_pairs_and_days(paired, encoding, tmp_path):
    with_days = encoding.with_inputs({}, {}, {"day": (19_723, 19_757)})
    for number, inputs in enumerate((paired, with_days)):
        path = tmp_path / f"{number}.safetensors"
        network = Network.dense([inputs.n_inputs, 3, 1], seed=0)
        predictor = Predictor(
            network=network,
            preprocessing=inputs,
            classes=None,
            dataset="",
            feature_names=inputs.feature_names,
            target_name="price",
        )
        save(predictor, path)
        outputs = load(path).outputs(NEW_ROWS)
        np.testing.assert_array_equal(outputs, predictor.outputs(NEW_ROWS))


@pytest.fixture(scope="module")
def ensemble_of_cells():
    """An ensemble whose target depends on the cells of two columns, and rows of both."""
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 8, (2, 500))
    y = rng.normal(size=(8, 8))[codes[0], codes[1]]
    rows = {}
    for name, row_codes in zip(("first", "second"), codes, strict=True):
        rows[name] = np.array([f"c{code}" for code in row_codes], object)
    rows["x"] = rng.normal(size=500)
    model = MLPEnsembleRegressor(random_state=0, max_iter=3).fit(rows, y)
    assert model.encoding_.n_pairs >= 60
    return model, rows, y


def test_explanations_change_the_inputs_of_pairs_with_their_columns(ensemble_of_cells):
    """Inputs of pairs belong to two columns, and follow each of them."""
    model, rows, y = ensemble_of_cells
    frame = pandas.DataFrame(rows)
    importance = permutation_importance(model, frame, y, n_repeats=2, seed=0)
    expected = sklearn_importance(model, frame, y, n_repeats=2, random_state=0)
    np.testing.assert_allclose(importance.mean, expected.importances_mean, atol=1e-5)
    few = frame[:2]
    background = frame[4:9]
    result = contributions(model, few, background, exact=True)
    changed = np.zeros((2, 3))
    for row in range(2):
        for number in range(5):
            hybrid = background.iloc[[number]].reset_index(drop=True)
            before = model.predict(hybrid)
            for place, name in enumerate(frame):
                hybrid[name] = few[name].iloc[row]
                after = model.predict(hybrid)
                changed[row, place] += (after - before)[0] / 5
                before = after
    total = result.values[:, :, 0].sum(axis=1)
    np.testing.assert_allclose(total, changed.sum(axis=1), atol=1e-5)
    # The first column in the order "first, second" and the last one in the reverse order.
    reverse = np.zeros(2)
    for row in range(2):
        for number in range(5):
            hybrid = background.iloc[[number]].reset_index(drop=True)
            hybrid["second"] = few["second"].iloc[row]
            hybrid["x"] = few["x"].iloc[row]
            before = model.predict(hybrid)
            hybrid["first"] = few["first"].iloc[row]
            reverse[row] += (model.predict(hybrid) - before)[0] / 5
    assert (np.abs(reverse - changed[:, 0]) > 0.05).any(), "the columns matter together"


def test_explained_steps_have_a_line_for_each_pair(
    ensemble_of_cells, capsys, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    model, rows, y = ensemble_of_cells
    save(Predictor.from_estimator(model, target_name="y"), "cells.safetensors")
    pandas.DataFrame(rows).assign(y=y)[:5].to_csv("rows.csv", index=False)
    assert main(["explain", "cells.safetensors", "rows.csv", "--row", "2"]) == 0
    shown = capsys.readouterr().out
    assert ", second=c" in shown, shown[:3000]

"""The signs of monotonic constraints, and the inputs of constrained columns."""

import numpy as np
import pandas as pd
import pytest

from barenet import RunConfig, TableEncoding
from barenet.errors import ArgumentError
from barenet.inputs._chosen_inputs import ChosenInputs
from barenet.inputs._chosen_pairs import PairSide
from barenet.inputs._monotonic_columns import (
    check_order,
    describe_signs,
    settings_of_signs,
    signs_of_columns,
    signs_of_inputs,
    signs_of_settings,
    without_cycles_of,
    without_inputs_of,
)

ROWS = pd.DataFrame(
    {
        "age": [20.5, 31.0, np.nan, 45.5, 50.0, 62.0] * 5,
        "day": pd.date_range("2021-01-01", periods=30, freq="17D"),
        "member": [True, False, False] * 10,
        "town": ["Oslo", "Rome", "Rome"] * 10,
    }
)


@pytest.mark.parametrize(
    "monotonic",
    [
        {"age": 1, "member": -1},
        {0: 1, 2: -1},
        {np.int64(0): 1.0, "member": np.int8(-1), "town": 0},
        [1, 0, -1, 0],
        np.array([1, 0, -1, 0]),
        (1.0, 0.0, -1.0, 0.0),
    ],
)
def test_signs_by_name_by_position_and_for_all_columns(monotonic):
    assert signs_of_columns(monotonic, ROWS) == {"age": 1, "member": -1}


def test_columns_of_an_array_have_positions_and_the_names_of_its_encoding():
    X = np.zeros((5, 3))
    assert signs_of_columns([0, 0, 1], X) == {"x2": 1}
    assert signs_of_columns({1: -1, "x0": 1}, X) == {"x1": -1, "x0": 1}
    assert signs_of_columns(None, X) == signs_of_columns({}, X) == {}


@pytest.mark.parametrize(
    ("monotonic", "message"),
    [
        ({"ages": 1}, "monotonic: unknown 'ages', did you mean 'age'"),
        ({4: 1}, "names of columns, or positions from 0 to 3"),
        ({True: 1}, "names of columns, or positions from 0 to 3"),
        ({"age": 2}, "1 where predictions increase with the column, -1 where they decrease, or 0"),
        ({"age": True}, "1 where predictions increase"),
        ({"age": "+"}, "1 where predictions increase"),
        ({"age": np.nan}, "1 where predictions increase"),
        ([1, 0], "a dictionary by column, or 4 signs, one for each column"),
        ("age", "a dictionary by column, or 4 signs, one for each column"),
        (1, "a dictionary by column, or 4 signs, one for each column"),
        ({"age": 1, 0: 1}, "'age' is in it twice, by its name and by its position"),
        ({"town": 1}, "'town' is in drop, too"),
    ],
)
def test_wrong_signs(monotonic, message):
    with pytest.raises(ArgumentError, match=message):
        signs_of_columns(monotonic, ROWS, drop=["town"])


@pytest.mark.parametrize(
    ("monotonic", "message"),
    [
        ({"Age": 2}, "^monotonic: column 'Age': expected 1 where predictions increase .*, got 2$"),
        ({"Age": "1"}, "^monotonic: column 'Age': expected 1 where predictions increase .* '1'$"),
        ([1, 0], "^monotonic: expected a dictionary of columns and signs, such as {'age': 1}, got"),
        (3, "^monotonic: expected a dictionary of columns and signs, such as {'age': 1}, got 3"),
    ],
)
def test_wrong_signs_of_a_task_are_named_as_in_python(monotonic, message):
    with pytest.raises(ArgumentError, match=message):
        RunConfig(monotonic=monotonic)


def test_signs_become_settings():
    assert RunConfig(monotonic={"age": 1, "debt": -1.0}).monotonic == ("age=1", "debt=-1")
    assert RunConfig(monotonic="age=+1").monotonic == ("age=+1",)
    assert RunConfig(monotonic=["age=1"]).monotonic == ("age=1",)


def test_signs_of_settings():
    names = ["age", "a=b", " debt"]
    signs = signs_of_settings(["age=+1", "a=b=-1", "debt = 0"], names)
    assert signs == {"age": 1, "a=b": -1, " debt": 0}
    assert signs_of_settings(settings_of_signs(signs), names) == signs


@pytest.mark.parametrize("setting", ["age", "age=2", "age=up", "=", "age="])
def test_wrong_settings(setting):
    with pytest.raises(ArgumentError, match="columns with signs such as age=1 or age=-1"):
        signs_of_settings([setting], ["age"])


def test_a_setting_twice():
    with pytest.raises(ArgumentError, match="'age' is in it twice"):
        signs_of_settings(["age=1", "age=-1"], ["age"])


def test_description():
    assert describe_signs({"a": -1, "b, c": -1}) == "decrease with a, 'b, c'"
    assert describe_signs({}) == ""


def test_inputs_that_rise_and_fall_are_left_out():
    pair = (PairSide("day", "month"), PairSide("town"))
    other_pair = (PairSide("member"), PairSide("town"))
    chosen = ChosenInputs(
        rare={"town": 0.0},
        parts={"day": ("month",), "other": ("hour",)},
        codes={"age": (31.0,), "zip": (1.0, 2.0)},
        days={"day": (3, 4), "other": (5,)},
        pairs=(pair, other_pair),
    )
    left = without_inputs_of({"day": 1, "age": -1}, chosen)
    assert left.rare == {"town": 0.0}
    assert left.parts == {"other": ("hour",)}
    assert left.codes == {"zip": (1.0, 2.0)}
    assert left.days == {"other": (5,)}
    assert left.pairs == (other_pair,)
    assert without_inputs_of({}, chosen) == chosen


def test_the_signs_of_inputs_follow_how_they_are_encoded():
    """Inputs with a sign increase with the value: brute force over sorted values of each column."""
    encoding = TableEncoding.fit(ROWS, numbers="piecewise", bins=4)
    signs = {"age": -1, "day": 1, "member": 1}
    encoding = without_cycles_of(signs, encoding)
    of_inputs = signs_of_inputs(encoding, signs)
    names = encoding.input_names
    free = [name for name, sign in zip(names, of_inputs, strict=True) if sign == 0]
    assert free == ["age missing", "town=Oslo", "town=Rome"]
    values = {
        "age": np.linspace(-50, 200, 400),
        "day": pd.date_range("1990-01-01", "2050-01-01", periods=400),
        "member": np.repeat([False, True], 200),
    }
    for name, column in values.items():
        rows = pd.DataFrame({other: ROWS[other].iloc[[0] * 400] for other in ROWS})
        rows = rows.reset_index(drop=True)
        rows[name] = column
        encoded = encoding.transform(rows)
        changes = np.diff(encoded, axis=0)
        assert (changes >= 0).all()
        changed = changes.any(axis=0)
        np.testing.assert_array_equal(of_inputs[changed], signs[name])


def test_columns_without_an_order_are_refused():
    titles = [f"{word} {number}" for number in range(10) for word in ("red", "old", "new")]
    encoding = TableEncoding.fit(ROWS.assign(title=titles, same=1))
    check_order(encoding, {"age": 1, "day": 1, "member": 1, "same": 1, "title": 1})
    with pytest.raises(ArgumentError, match="'town' has categories, which have no order"):
        check_order(encoding, {"town": 1})

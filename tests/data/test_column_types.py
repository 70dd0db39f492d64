"""Records: each formula by hand or by what Python itself knows, and plain data there and back."""

from __future__ import annotations

import calendar
import dataclasses
import json
import math
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.data._column_types import (
    COLUMNS,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    DroppedColumn,
    NumberColumn,
    column_from_dict,
)
from barenet.data._to_frame import as_frame

ALL = ("year", "week", "day")
EXAMPLES = [
    NumberColumn("c", 2.0, 1.0, 0.5, indicator=True),
    NumberColumn("c", 2.0, 0.0, 1.0, indicator=False),
    BooleanColumn("c", fill=True, indicator=True),
    BooleanColumn("c", fill=False, indicator=False),
    CategoryColumn("c", ("a", "b"), rare=True, missing=True),
    CategoryColumn("c", ("a", "b"), rare=False, missing=False),
    CategoryColumn("c", (), rare=True, missing=True),
    DateColumn("c", 0.5, 10.0, 86400.0, ALL, indicator=True),
    DateColumn("c", 0.0, 0.0, 1.0, (), indicator=False),
    DroppedColumn("c", "of no use"),
]
NAN = float("nan")


@pytest.mark.parametrize("record", EXAMPLES)
def test_plain_data_there_and_back(record):
    plain = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert plain == record.to_dict() and plain["kind"] == record.kind
    assert column_from_dict(plain) == record
    assert record.formula and len(set(record.outputs)) == len(record.outputs)


def test_every_kind_is_among_the_examples():
    assert {type(record) for record in EXAMPLES} == {*COLUMNS.values()}


@pytest.mark.parametrize("record", EXAMPLES)
def test_a_row_becomes_as_many_numbers_as_there_are_names(record):
    rows = {"number": [1, None], "boolean": [True, None], "date": ["2026-01-01", None]}
    frame = as_frame({"c": rows.get(record.kind, ["a", None])})
    encoded = record.encode(record.parse(frame, "c", [""]))
    assert encoded.shape == (2, len(record.outputs)) and encoded.dtype == np.float64
    assert np.isfinite(encoded).all()


def test_numbers_by_hand():
    values = np.array([3.0, NAN])
    assert EXAMPLES[0].encode(values).tolist() == [[4, 0], [2, 1]]
    assert EXAMPLES[1].encode(values).tolist() == [[3], [2]]


def test_truths_by_hand():
    values = np.array([1.0, 0.0, NAN])
    assert EXAMPLES[2].encode(values).tolist() == [[1, 0], [0, 0], [1, 1]]
    assert EXAMPLES[3].encode(values).tolist() == [[1], [0], [0]]


def test_what_training_did_not_hold_is_not_missing():
    towns = CategoryColumn("c", ("a",), rare=False, missing=True)
    assert towns.encode(np.array(["other", "", "a"])).tolist() == [[0, 0], [0, 1], [1, 0]]


def test_categories_by_hand():
    values = np.array(["b", "other", "", "a"], object)
    assert EXAMPLES[4].encode(values).tolist() == [
        *([0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0])
    ]
    assert EXAMPLES[5].encode(values).tolist() == [[0, 1], [0, 0], [0, 0], [1, 0]]
    assert EXAMPLES[6].encode(values).tolist() == [[1, 0], [1, 0], [0, 1], [1, 0]]


@given(moment=st.datetimes(datetime(1800, 1, 1), datetime(2150, 1, 1)))
def test_dates_as_pythons_calendar_has_them(moment):
    record = DateColumn("c", 0.0, center=0.0, scale=1.0, cycles=ALL, indicator=False)
    row = record.encode(np.array([moment], "M8[us]"))[0]
    start, days = datetime(moment.year, 1, 1), 365 + calendar.isleap(moment.year)
    midnight = datetime(moment.year, moment.month, moment.day)
    shares = [
        (moment - start).total_seconds() / (days * 86400),
        moment.weekday() / 7,
        (moment - midnight).total_seconds() / 86400,
    ]
    waves = [wave(2 * math.pi * share) for share in shares for wave in (math.sin, math.cos)]
    seconds = (moment - datetime(1970, 1, 1)).total_seconds()
    np.testing.assert_allclose(row, [seconds, *waves], rtol=1e-12, atol=1e-9)


def test_a_missing_date_is_the_median_date():
    values = np.array(["1970-01-01T00:00:00.5", "NaT", "1970-01-02"], "M8[us]")
    encoded = EXAMPLES[7].encode(values)
    np.testing.assert_array_equal(encoded[0, :-1], encoded[1, :-1])
    assert encoded[:, -1].tolist() == [0, 1, 0]
    assert encoded[2, 0] == (86400 - 10) / 86400


WRONG = [
    (0, {"scale": 0.0}),
    (0, {"scale": 1e-320}),
    (0, {"scale": NAN}),
    (0, {"center": math.inf}),
    (0, {"fill": "1"}),
    (0, {"fill": True}),
    (0, {"indicator": 1}),
    (0, {"name": None}),
    (2, {"fill": 1}),
    (4, {"categories": ("a", "a")}),
    (4, {"categories": ("",)}),
    (4, {"categories": (1,)}),
    (4, {"categories": "ab"}),
    (4, {"rare": 0}),
    (7, {"scale": 0.0}),
    (7, {"scale": -1e-320}),
    (7, {"fill": 1e300}),
    (7, {"cycles": ("month",)}),
    (7, {"cycles": ("day", "day")}),
    (9, {"reason": 7}),
]


@pytest.mark.parametrize(("example", "changes"), WRONG)
def test_a_record_that_is_none_is_refused_by_its_field(example, changes):
    (field,) = changes
    with pytest.raises(ValueError, match=rf"^{field}: "):
        dataclasses.replace(EXAMPLES[example], **changes)
    with pytest.raises(ValueError, match=r"\w"):
        column_from_dict(EXAMPLES[example].to_dict() | changes)


@pytest.mark.parametrize("plain", [None, [], {}, {"kind": "cat"}, {"kind": "number", "more": 1}])
def test_plain_data_that_are_no_record(plain):
    with pytest.raises(ValueError, match=r"\w"):
        column_from_dict(plain)


@pytest.mark.parametrize(
    ("record", "usual"),
    [
        (NumberColumn("c", 2.0, 1.0, 0.5, indicator=True), [2.0, 0.0]),
        (BooleanColumn("c", fill=True, indicator=True), [1.0, 0.0]),
        (CategoryColumn("c", ("a", "b"), rare=True, missing=False), [0.0, 1.0, 0.0]),
        (DateColumn("c", 4 * 86400.0, 0.0, 86400.0, ("week",), indicator=True), [4, 0, 1, 0]),
        (DroppedColumn("c", "of no use"), []),
    ],
)
def test_an_ordinary_value_is_the_median_or_the_most_frequent(record, usual):
    rows = {"number": [1.0, 9.0], "date": ["1970-01-01", "1970-02-01"], "boolean": [True, False]}
    frame = as_frame({"c": rows.get(record.kind, ["b", "z", "b", "a"])})
    encoded = record.encode(record.parse(frame, "c", [""]))
    assert record.usual(encoded) == pytest.approx(usual)

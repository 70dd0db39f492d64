"""The encodings of columns: formulas by hand or by Python's calendar, and plain data."""

import calendar
import dataclasses
import json
import math
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from barenet.tables.encoding._column import DroppedColumn
from barenet.tables.encoding._column_kinds import (
    COLUMNS,
    BooleanColumn,
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._encoding import column_from_dict
from barenet.tables.encoding._operations import PARTS
from barenet.tables.encoding._words_column import WordsColumn

ALL, NAN = ("year", "week", "day"), float("nan")
LABELS = np.array(["b", "other", "", "a"], object)
#: Columns, values, and their encoding.
EXAMPLES = [
    (NumberColumn("c", 2.0, 1.0, 0.5, indicator=True), [3.0, NAN], [[4, 0], [2, 1]]),
    (NumberColumn("c", 2.0, 0.0, 1.0, indicator=False), [3.0, NAN], [[3], [2]]),
    (PiecewiseColumn("c", 2.0, 1.0, 0.5, indicator=True, edges=(0.0, 1.0, 3.0)),
     [-0.5, 0.5, 2.0, 4.0, 9.0, NAN],
     [[-3, -0.5, 0, 0], [-1, 0.5, 0, 0], [2, 1, 0.5, 0], [6, 1, 1.5, 0], [16, 1, 2, 0],
      [2, 1, 0.5, 1]]),
    (PiecewiseColumn("c", 2.0, 0.0, 1.0, indicator=False, edges=(0.0, 1.0)), [-2.0, 5.0],
     [[-2, -1], [5, 2]]),
    (BooleanColumn("c", fill=True, indicator=True), [0.0, NAN], [[0, 0], [1, 1]]),
    (BooleanColumn("c", fill=False, indicator=False), [1.0, 0, NAN], [[1], [0], [0]]),
    (CategoryColumn("c", ("a", "b"), rare=True, missing=True), LABELS,
     [[0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1], [1, 0, 0, 0]]),
    (CategoryColumn("c", ("a", "b"), rare=False, missing=False), LABELS,
     [[0, 1], [0, 0], [0, 0], [1, 0]]),
    (CategoryColumn("c", ("a",), rare=False, missing=True), LABELS,
     [[0, 0], [0, 0], [0, 1], [1, 0]]),
    (CategoryColumn("c", (), rare=True, missing=True), LABELS,
     [[1, 0], [1, 0], [0, 1], [1, 0]]),
    (WordsColumn("c", ("tdi", "golf", "2.0"), missing=True),
     np.array(["Golf 2.0 TDI, TDI", "golf-2", "", "polo"], object),
     [[1, 1, 1, 0], [0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]]),
    (WordsColumn("c", ("tdi", "golf"), missing=False), np.array(["", "TDI"], object),
     [[0, 0], [1, 0]]),
    (PiecewiseColumn("c", 2.0, 1.0, 0.5, indicator=False, edges=(0.0, 1.0, 3.0), clip=True),
     [-9.0, -1.0, -0.5, 4.0, 5.0, 9e300],
     [[-4, -1, 0], [-4, -1, 0], [-3, -0.5, 0], [6, 1, 1.5], [8, 1, 2], [8, 1, 2]]),
    (
        DateColumn("c", 2 * 86400.0, 86400.0, 43200.0, ("week",), indicator=True,
                   edges=(0.0, 86400.0, 259200.0)),  # those of the numbers above, in days
        np.array(["1970-01-01", "1970-01-05", "1970-01-06", "1900-01-01", "9999-12-31", "NaT"],
                 "M8[us]"),
        [[-2, 0, 0, np.sin(6 / 7 * np.pi), np.cos(6 / 7 * np.pi), 0],
         [6, 1, 1.5, 0, 1, 0],
         [8, 1, 2, np.sin(2 / 7 * np.pi), np.cos(2 / 7 * np.pi), 0],
         [-4, -1, 0, 0, 1, 0],
         [8, 1, 2, np.sin(8 / 7 * np.pi), np.cos(8 / 7 * np.pi), 0],
         [2, 1, 0.5, np.sin(10 / 7 * np.pi), np.cos(10 / 7 * np.pi), 1]],
    ),
    (
        DateColumn("c", 4 * 86400.0, 0.0, 86400.0, ("week",), indicator=True),
        np.array(["1970-01-12", "NaT"], "M8[us]"),  # a Monday
        [[11, 0, 1, 0], [4, 0, 1, 1]],
    ),
    (
        DateColumn("c", 0.0, 0.0, 86400.0, (), indicator=True, parts=("weekday",)),
        np.array(["1970-01-11", "NaT"], "M8[us]"),  # a Sunday, and the fill, a Thursday
        [[10, 0, 0, 0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0, 0, 0, 1]],
    ),
    (
        DateColumn("c", 0.0, 0.0, 86400.0, (), indicator=True, days=(-1, 0, 7)),
        np.array(["1969-12-31T23", "1970-01-08T12", "1970-01-07", "NaT"], "M8[us]"),
        [[-1 / 24, 1, 0, 0, 0], [7.5, 0, 0, 1, 0], [6, 0, 0, 0, 0], [0, 0, 1, 0, 1]],
    ),
    (
        PiecewiseColumn("c", 7.0, 0.0, 1.0, indicator=True, edges=(0.0, 10.0), codes=(5.0, 7.0)),
        [5.0, 6.0, 8.0, NAN],
        [[5, 0.5, 1, 0, 0, 0], [6, 0.6, 0, 0, 1, 0], [8, 0.8, 0, 0, 1, 0], [7, 0.7, 0, 1, 0, 1]],
    ),
    (DateColumn("c", 0.0, 0.0, 86400.0, (), indicator=False, order="dmy"),
     np.array(["1970-01-12"], "M8[us]"), [[11]]),
    (DroppedColumn("c", "of no use"), [1.0], [[]]),
]  # fmt: skip
RECORDS = [record for record, *_ in EXAMPLES]


@pytest.mark.parametrize(("record", "values", "expected"), EXAMPLES)
def test_values_are_encoded_by_kind(record, values, expected):
    encoded = record.encode(np.asarray(values))
    assert encoded.shape[1] == len(record.inputs) and encoded.dtype == np.float64
    np.testing.assert_allclose(encoded, expected, atol=1e-15)


@pytest.mark.parametrize("record", RECORDS)
def test_a_column_round_trips_through_json(record):
    assert {type(each) for each in RECORDS} == {*COLUMNS.values()}
    plain = json.loads(json.dumps(record.to_dict(), allow_nan=False))
    assert plain == record.to_dict() and plain["kind"] == record.kind
    assert column_from_dict(plain) == record
    assert record.formula and len(set(record.inputs)) == len(record.inputs)


@settings(max_examples=10)
@given(moment=st.datetimes(datetime(1800, 1, 1), datetime(2150, 1, 1)))
def test_date_cycles_agree_with_pythons_calendar(moment):
    record = DateColumn("c", 0.0, center=0.0, scale=1.0, cycles=ALL, indicator=False)
    row = record.encode(np.array([moment], "M8[us]"))[0]
    start, days = datetime(moment.year, 1, 1), 365 + calendar.isleap(moment.year)
    midnight = datetime(moment.year, moment.month, moment.day)
    fractions = [
        (moment - start).total_seconds() / (days * 86400),
        moment.weekday() / 7,
        (moment - midnight).total_seconds() / 86400,
    ]
    waves = [wave(2 * math.pi * part) for part in fractions for wave in (math.sin, math.cos)]
    seconds = (moment - datetime(1970, 1, 1)).total_seconds()
    np.testing.assert_allclose(row, [seconds, *waves], rtol=1e-12, atol=1e-9)


@given(moment=st.datetimes(datetime(1800, 1, 1), datetime(2150, 1, 1)))
def test_parts_of_dates_agree_with_pythons_calendar(moment):
    record = DateColumn("c", 0.0, 0.0, 1.0, (), indicator=False, parts=(*PARTS,))
    _, *row = record.encode(np.array([moment], "M8[us]"))[0]
    names = [name for name, number in zip(record.inputs[1:], row, strict=True) if number]
    parts = [moment.strftime("%b"), moment.strftime("%a"), f"hour {moment.hour}"]
    assert names == [f"c {part}" for part in parts] and set(row) == {0, 1}


NUMBER, PIECES, BOOLEAN, CATEGORY = RECORDS[0], RECORDS[2], RECORDS[4], RECORDS[6]
DATE, DROPPED = RECORDS[-2:]
WORDS = RECORDS[10]


@pytest.mark.parametrize(
    ("record", "field", "values"),
    [
        (NUMBER, "scale", (0.0, 1e-320, NAN)),
        (NUMBER, "center", (math.inf,)),
        (NUMBER, "fill", ("1", True)),
        (NUMBER, "indicator", (1,)),
        (NUMBER, "name", (None,)),
        (PIECES, "edges", ((), (1.0,), (1.0, 1.0), (2.0, 1.0), (-1e308, 1e308), (0.0, NAN))),
        (PIECES, "codes", ((2.0, 1.0), (1.0, 1.0), (NAN,), ("a",))),
        (BOOLEAN, "fill", (1,)),
        (CATEGORY, "categories", (("a", "a"), ("",), (1,), "ab")),
        (CATEGORY, "rare", (0,)),
        (WORDS, "words", (("a", "a"), ("",), (1,), "ab")),
        (WORDS, "missing", (0,)),
        (DATE, "scale", (0.0, -1e-320)),
        (DATE, "fill", (1e300,)),
        (DATE, "cycles", (("month",), ("day", "day"))),
        (DATE, "order", ("dym", 1)),
        (DATE, "parts", (("year",), ("hour", "hour"))),
        (DATE, "edges", ((1.0,), (2.0, 1.0), (0.0, NAN), (0.0, 1e300), "ab")),
        (DROPPED, "reason", (7,)),
    ],
)
def test_a_wrong_field_is_named(record, field, values):
    for value in values:
        with pytest.raises(ValueError, match=rf"^{field}: "):
            dataclasses.replace(record, **{field: value})
        with pytest.raises(ValueError, match=rf"^{field}: "):
            column_from_dict(record.to_dict() | {field: value})

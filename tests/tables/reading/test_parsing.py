"""Raw values as numbers, booleans, dates and labels."""

import re
from datetime import date, datetime, timedelta, timezone

import numpy as np
import pytest
from hypothesis import given, strategies as st

from barenet import TableEncoding
from barenet.errors import DataError
from barenet.tables.frames._frame import TEXT
from barenet.tables.frames._plain_values import to_utc
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading import _number_forms as number_forms
from barenet.tables.reading._column_reading import reading_of
from barenet.tables.reading._column_texts import ColumnTexts
from barenet.tables.reading._column_values import as_booleans, as_datetimes, as_labels, as_numbers
from barenet.tables.reading._date_reading import parse_datetime
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._parsing import BOOLEAN_WORDS, to_number

NOON = datetime(2026, 3, 1, 12, 30, 5)


def parse(parser, *values, missing=()):
    return parser(as_frame({"c": list(values)}), "c", missing)


@pytest.mark.parametrize("token", MISSING)
def test_missing_value_markers_apply_to_every_kind(token):
    for parser, value in ((as_numbers, "1"), (as_booleans, "yes"), (as_datetimes, "2026-01-01")):
        found = parse(parser, value, f" {token} ", missing=MISSING)
        assert np.isnan(found).tolist() == [False, True]
    assert parse(as_labels, "a", token, missing=MISSING).tolist() == ["a", ""]


def test_numbers_can_mark_missing_values():
    for form in ((-999, 5), ("-999", "5"), ("-999.0", "5")):
        np.testing.assert_array_equal(parse(as_numbers, *form, missing=("-999",)), [np.nan, 5])
        assert parse(as_labels, *form, missing=("-999",)).tolist() == ["", "5"]


@pytest.mark.parametrize("pair", [*BOOLEAN_WORDS, (True, False), (1, 0), ("1", "0"), (1.0, 0.0)])
def test_booleans(pair):
    assert parse(as_booleans, *pair).tolist() == [1, 0]
    if isinstance(pair[0], str):
        assert parse(as_booleans, pair[0].upper(), pair[1].title()).tolist() == [1, 0]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["1", "1.0", "1e0", "+1", " 1 ", "1.5"], ["1", "1", "1", "1", "1", "1.5"]),
        (["01", "1234567890123456", "1e999"], ["01", "1234567890123456", "1e999"]),
        ([1.0, 1.5, 2], ["1", "1.5", "2"]),
        ([True, False], ["True", "False"]),
        ([date(2026, 1, 2), None], ["2026-01-02", ""]),
        ([datetime(2026, 1, 2), datetime(2026, 1, 2, 6, 30)], ["2026-01-02", "2026-01-02 06:30"]),
    ],
)
def test_equal_values_are_one_label_and_codes_are_their_own(values, expected):
    assert parse(as_labels, *values).tolist() == expected
    assert np.isnat(parse(as_datetimes, None, None)).all()


@pytest.mark.parametrize(
    ("parser", "values", "row", "value"),
    [
        (as_numbers, ("1", "a"), 1, "a"),
        (as_numbers, ("1", "１"), 1, "１"),
        (as_numbers, (1, np.inf), 1, "inf"),
        *[
            (as_numbers, ("1", text), 1, text)
            for text in ("-1e999", "1_0", "1,5", "0x1", "1e", "+", "1 0")
        ],
        (as_numbers, (NOON,), 0, "2026-03-01T12:30:05.000000"),
        (as_booleans, ("yes", "maybe"), 1, "maybe"),
        (as_booleans, (0, 2), 1, "2.0"),
        (as_datetimes, ("2026-01-01", "2026"), 1, "2026"),
        (as_datetimes, (1, 2), 0, "1.0"),
    ],
)
def test_a_wrong_value_is_named_with_its_row(parser, values, row, value):
    with pytest.raises(DataError, match=rf"^X: row {row}: column 'c': expected a ") as caught:
        parse(parser, *values)
    assert caught.value.value == value


DATES = (
    "2026-03-01 12:30:05", "2026-03-01T12:30:05", "2026/03/01 12:30:05", "2026-03-01T12:30:05Z",
    "2026-03-01 12:30:05 UTC", "2026-03-01T14:30:05+02:00", "2026-03-01T10:00:05-0230",
    "2026-03-01T13:30:05+01",
    "Sun Mar 01 2026 13:30:05 GMT+0100 (Central European Time)",
    "2026-03-01T12:30:05.000000999Z", "2026-03-01T12:30:05.0",
)  # fmt: skip
NO_DATES = (
    "", "2026", "2026-3", "20260301", "2026-13-1", "2026-02-30", "01-03-2026", "2026-03/01",
    "2026-W54-1", "2026-03-01T25:00", "12:30", "2026-03-01T", "2026-03-01 noon", "0000-01-01",
    "２０２６-03-01", "2026-03-01 12:30 CET",
)  # fmt: skip


def test_a_zone_at_the_ends_of_the_calendar_shifts_nothing():
    assert parse_datetime("0001-01-01T00:00+01:00") == datetime(1, 1, 1)
    assert parse_datetime("9999-12-31T23:00-05:00") == datetime(9999, 12, 31, 23)


def test_spellings_of_a_date():
    for text in DATES:
        assert parse_datetime(text) == NOON, text
    for text in NO_DATES:
        assert parse_datetime(text) is None, text


@pytest.mark.parametrize("text", ["0001-01-01T00:00+01:00", "9999-12-31T23:59-05:00"])
def test_a_zone_at_either_end_of_the_calendar_shifts_nothing(text):
    assert parse_datetime(text) == datetime.fromisoformat(text).replace(tzinfo=None)


@given(value=st.datetimes(), minutes=st.integers(-1000, 1000))
def test_dates_written_by_python_are_read(value, minutes):
    assert parse_datetime(value.isoformat()) == parse_datetime(str(value)) == value
    if 2 < value.year < 9998:
        zoned = value.replace(tzinfo=timezone(timedelta(minutes=minutes)))
        expected = value - timedelta(minutes=minutes)
        assert parse_datetime(zoned.isoformat()) == to_utc(zoned) == expected


def test_a_text_is_read_in_a_time_that_grows_with_its_length():
    assert to_number("1" * 10**6 + "x") is None  # hours, if every split of the digits were tried


@pytest.mark.parametrize(
    ("others", "kind"),
    [
        (["<5", ">5"], "category"),
        (["3+", "4+"], "category"),
        (["<5", "12+"], "number"),
        (["under 5", "20 or more", "30 plus"], "category"),
    ],
)
def test_limits_that_are_mixed_up_or_in_words_are_names(others, kind):
    texts = ColumnTexts.of(np.array([*map(str, range(12)), *others * 2], TEXT), missing=())
    assert reading_of(texts).kind == kind


@pytest.mark.parametrize("limits", [["<5", ">5"], ["3+"]])
def test_limits_beside_nine_tenths_of_plain_numbers_are_numbers(limits):
    numbers = [str(number % 12) for number in range(60)]
    encoding = TableEncoding.fit({"c": [*numbers, *limits]}, numbers="none")
    assert encoding.transform({"c": [*limits, "<= 3"]})[:, 0].tolist() == [
        *(float(text.strip("<>+")) for text in limits),
        3,
    ]


def test_limits_in_words_are_missing_in_new_rows():
    encoding = TableEncoding.fit({"c": [*map(str, range(30)), "<5"]}, numbers="none")
    with pytest.warns(UserWarning, match="column 'c': 2 of 3 values"):
        encoding.transform({"c": ["5 or more", "7", "under 5"]})


SPELLED = [
    "0",
    "-1,5",
    "1.25",
    "12,345",
    "1.234",
    "007",
    "1e3",
    "+3",
    "1234567890123456",
    "5,",
    "-",
]
FORMS = ["1.234,5", "1,234.5", "1234,5", "1234.5", "$1,234.5", "1234,5 kg", "1'234.5"]


@pytest.mark.parametrize("form", FORMS)
def test_numbers_of_digits_alone_are_read_as_all_others(form, monkeypatch):
    separators = number_forms.number_form(form)
    spelled = [*SPELLED, *(f"{text} kg" for text in SPELLED)]
    in_short = [number_forms.read_formed(text, separators) for text in spelled]
    monkeypatch.setattr(number_forms, "SIMPLE", re.compile("none"))
    assert in_short == [number_forms.read_formed(text, separators) for text in spelled]

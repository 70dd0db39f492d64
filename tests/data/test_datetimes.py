"""Dates as they are written: what Python itself reads, in UTC, and nothing that is no date."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.data._parsing import parse_datetime, to_utc

NOON = datetime(2026, 3, 1, 12, 30, 5)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-01 12:30:05",
        "2026-03-01T12:30:05",
        "2026/03/01 12:30:05",
        "2026-03-01T12:30:05Z",
        "2026-03-01 12:30:05 UTC",
        "2026-03-01T14:30:05+02:00",
        "2026-03-01T10:00:05-0230",
        "2026-03-01T13:30:05+01",
        "2026-03-01T12:30:05.000000",
        "2026-03-01T12:30:05.000000999Z",
        "2026-03-01T12:30:05.0",
    ],
)
def test_forms_of_one_moment(text):
    assert parse_datetime(text) == NOON


def test_days():
    assert parse_datetime("2026-03-01") == parse_datetime("2026/03/01") == datetime(2026, 3, 1)
    assert parse_datetime("2026-03-01 00:15+00:30") == datetime(2026, 2, 28, 23, 45)
    assert parse_datetime("2026-03-01T12:30:05.25") == NOON.replace(microsecond=250_000)


@pytest.mark.parametrize(
    "text",
    [
        "", "2026", "2026-03", "20260301", "2026-3-1", "2026-02-30", "01-03-2026", "2026-03/01",
        "2026-W01-1", "2026-03-01T25:00", "12:30", "2026-03-01T", "2026-03-01 noon", "0000-01-01",
        "0001-01-01T00:00+01:00", "２０２６-03-01", "2026-03-01 12:30 CET",
    ],
)  # fmt: skip
def test_what_is_no_date(text):
    assert parse_datetime(text) is None


@given(value=st.datetimes(), minutes=st.integers(-1000, 1000))
def test_what_python_writes_is_read(value, minutes):
    assert parse_datetime(value.isoformat()) == parse_datetime(str(value)) == value
    zone = timezone(timedelta(minutes=minutes))
    if 2 < value.year < 9998:
        expected = value - timedelta(minutes=minutes)
        assert parse_datetime(value.replace(tzinfo=zone).isoformat()) == expected
        assert to_utc(value.replace(tzinfo=zone)) == expected


def test_days_and_times_in_utc():
    assert to_utc(date(2026, 3, 1)) == datetime(2026, 3, 1)
    assert to_utc(NOON) is NOON
    assert to_utc(NOON.replace(tzinfo=UTC)) == NOON

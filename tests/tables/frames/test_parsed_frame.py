"""Frames that keep the parsed values of their columns."""

import sys
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from barenet import Task
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.tables.frames._parsed_frame import ParsedFrame
from barenet.tables.frames._to_frame import as_frame
from barenet.tables.reading import _column_values as column_values
from barenet.tables.reading._column_values import parse_column
from barenet.tables.reading._missing_texts import MISSING

RNG = np.random.default_rng(0)
TABLE = {
    "size": np.where(RNG.random(300) < 0.1, np.nan, RNG.normal(size=300)),
    "town": RNG.choice(["Rome", "Oslo", "NA", "Bern"], 300),
    "day": np.datetime_as_string(np.datetime64("2024-01-01") + RNG.integers(0, 400, 300)),
    "open": RNG.choice(["yes", "no"], 300),
}
KINDS = {"size": "number", "town": "category", "day": "ymd", "open": "boolean"}


def test_the_preparation_of_an_ensemble_parses_the_texts_of_each_column_once(monkeypatch):
    counts = Counter()
    for parser in ("as_numbers", "as_labels", "as_datetimes", "as_booleans"):
        parse = getattr(column_values, parser)

        def counted(frame, name, *options, parse=parse):
            if frame[name].dtype.kind == "T":
                counts[name] += 1
            return parse(frame, name, *options)

        monkeypatch.setattr(column_values, parser, counted)
    prepare_ensemble_training(pd.DataFrame(TABLE), RNG.normal(size=300))
    assert counts == {"town": 1, "day": 1, "open": 1}


def test_columns_to_drop_may_have_values_of_any_type():
    period = pd.period_range("2000-01", periods=300, freq="M")
    table = pd.DataFrame(TABLE).assign(period=period)
    y = RNG.normal(size=300)
    _, encoding, *_ = prepare_ensemble_training(table, y, columns={"period": "drop"})
    assert encoding.columns[-1].kind == "dropped"
    with pytest.raises(ValueError, match="period"):
        prepare_ensemble_training(table, y)


@pytest.mark.parametrize("rows", [slice(10, 50), [7, 3, 3], np.arange(300) % 2 == 0])
def test_selected_rows_have_the_values_of_these_rows(rows):
    frame = ParsedFrame.of(as_frame(TABLE))
    for name, kind in KINDS.items():
        parse_column(frame, name, kind, MISSING)
        selected = frame.take(rows)
        assert selected.parsed and len(selected) == len(selected[name])
        expected = parse_column(as_frame(TABLE).take(rows), name, kind, MISSING)
        np.testing.assert_array_equal(parse_column(selected, name, kind, MISSING), expected)


def test_other_texts_of_missing_values_are_parsed_anew():
    frame = ParsedFrame.of(as_frame({"town": ["Rome", "Oslo", "-"]}))
    assert parse_column(frame, "town", "category", ["-"]).tolist() == ["Rome", "Oslo", ""]
    assert parse_column(frame, "town", "category", ["Oslo"]).tolist() == ["Rome", "", "-"]


def test_shared_values_are_read_only():
    frame = ParsedFrame.of(as_frame({"x": [1.0, 2.0]}))
    values = parse_column(frame, "x", "number", MISSING)
    with pytest.raises(ValueError, match="read-only"):
        values[0] = 5
    assert frame["x"].flags.writeable


def count_calls(path):
    """The calls of functions, of Python and of C, while a table is opened."""
    n_calls = 0

    def count(frame, event, argument):
        nonlocal n_calls
        n_calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        Task.open(path, "price")
    finally:
        sys.setprofile(None)
    return n_calls


@pytest.mark.case(220)
@pytest.mark.filterwarnings("ignore:.* test rows also occur")
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_values_are_read_by_arrays_and_by_different_values(suffix, tmp_path):
    """Ten times as many rows of the same values lead to hardly any more calls."""
    n_rows = 2_000  # more than those from which the delimiter is detected
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.integers(0, 50, n_rows) / 4,
            "rooms": rng.integers(1, 9, n_rows),
            "town": rng.choice(["Rome", "Bern", "Oslo", "Košice"], n_rows),
            "note": rng.choice(["new and red", "old and blue", "as good as new", None], n_rows),
            "sold": pd.to_datetime("2024-01-01")
            + pd.to_timedelta(rng.integers(0, 60, n_rows), "D"),
            "garden": rng.random(n_rows) < 0.5,
            "price": rng.integers(0, 90, n_rows),
        }
    )
    n_calls = []
    for times in (1, 1, 10):
        path = tmp_path / f"{times}.{suffix}"
        rows = pd.concat([frame] * times)
        if suffix == "csv":
            rows.to_csv(path, index=False)
        else:
            rows.to_parquet(path)
        n_calls.append(count_calls(path))
    assert n_calls[2] < 1.2 * n_calls[1]  # the first time, modules are imported

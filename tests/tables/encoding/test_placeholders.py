"""Dates and numbers far from all others of their column, which may stand for a missing value."""

import dataclasses
import datetime

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import csv, parquet

from barenet import TableEncoding, TablePreprocessor, Task
from barenet.datasets._table_loading import load_table
from barenet.inputs._target_jumps import add_edges_at_jumps
from barenet.streams._stream import stream
from barenet.tables.encoding._placeholders import placeholder_notes
from barenet.tables.files import _csv_blocks

DAYS = np.arange("2019-03-01", "2023-05-01", dtype="M8[D]")[::7]


def notes_on(*placeholders, days=DAYS):
    table = {"end": np.append(days, np.array(placeholders, "M8[D]")).astype("M8[us]")}
    return [str(note) for note in placeholder_notes(TableEncoding.fit(table), table)]


@pytest.mark.case(153)
@pytest.mark.parametrize("date", ["9999-12-31", "0001-01-01", "1900-01-01", "1970-01-01"])
@pytest.mark.parametrize("count", [1, 500])
def test_a_note_names_the_date_the_column_and_the_remedy(date, count):
    (note,) = notes_on(*[date] * count)
    rows = len(DAYS) + count
    assert note == (
        f"column 'end': {date}, in {count} of {rows} rows, is farther from the other dates than "
        f"these are from each other; if it stands for a missing value, use missing=['{date}']"
    )


@pytest.mark.case(153)
def test_several_dates_far_outside_are_named_together():
    (note,) = notes_on("9999-12-31", "0001-01-01", "9999-12-31", "2999-12-31")
    assert note.startswith("column 'end': 0001-01-01, 2999-12-31, 9999-12-31, in 4 of ")
    assert note.endswith("missing=['0001-01-01', '2999-12-31', '9999-12-31']")


def temperatures(*placeholders, share=0.15):
    values = np.random.default_rng(0).uniform(-30, 30, 400).round(1)
    for number, placeholder in enumerate(placeholders):
        values[number :: round(len(placeholders) / share)] = placeholder
    return {"x": values, "kind": np.arange(400) % 3}


@pytest.mark.case(205)
@pytest.mark.parametrize(
    ("placeholders", "texts"),
    [
        ([-999], ["-999"]),
        ([9999], ["9999"]),
        ([-999, 9999], ["-999", "9999"]),
        ([-99.9], ["-99.9"]),
        ([1e20], ["100000000000000000000"]),
    ],
)
@pytest.mark.parametrize("share", [0.01, 0.15])
@pytest.mark.parametrize("scaling", ["standardize", "piecewise"])
def test_a_number_far_from_all_others_that_recurs_is_named(placeholders, texts, share, scaling):
    table = temperatures(*placeholders, share=share)
    encoding = TableEncoding.fit(table, numbers=scaling)
    (note,) = placeholder_notes(encoding, table)
    n_rows = int(np.isin(table["x"], placeholders).sum())
    assert note.problem.startswith(f"column 'x': {', '.join(texts)}, in {n_rows} of 400 rows, ")
    assert note.options == {"missing": texts}
    encoding = TableEncoding.fit(table, missing=texts)
    assert encoding.replaced(table) == {"x": n_rows}
    assert not [*placeholder_notes(encoding, table)]


NO_PLACEHOLDERS = {
    "an outlier": [*range(50), 1e9],
    "counts with a few high ones": [0, 1, 2, 3] * 30 + [10, 10],
    "zeros beside amounts": [0] * 100 + [*range(500, 2000, 10)],
    "several high numbers": [*range(20)] * 3 + [1000, 2000, 3000, 4000, 5000] * 2,
    "the end of a scale": [1, 2, 3, 4, 5, 9] * 20,
    "two numbers": [0, 99] * 20,
}


@pytest.mark.case(205)
@pytest.mark.parametrize("kind", NO_PLACEHOLDERS)
def test_other_numbers_have_no_note(kind):
    table = {"x": np.array(NO_PLACEHOLDERS[kind], float)}
    assert not [*placeholder_notes(TableEncoding.fit(table), table)]


@pytest.mark.case(205)
def test_a_task_and_an_estimator_warn_of_numbers(tmp_path):
    rows = pd.DataFrame(temperatures(-999)).assign(y=np.arange(400) % 7 / 2)
    rows.to_csv(tmp_path / "t.csv", index=False)
    with pytest.warns(UserWarning, match=r"column 'x': -999, in \d+ of .* missing=\['-999'\]"):
        Task.open(tmp_path / "t.csv", target="y").train(model="network", epochs=1)
    with pytest.warns(UserWarning, match=r"column 'x': -999, in 58 of .* missing=\['-999'\]"):
        TablePreprocessor().fit(rows[["x", "kind"]])


def test_dates_without_a_gap_of_centuries_have_no_note():
    assert not notes_on("2026-01-01")
    assert not notes_on(days=np.array(["2020-01-01", "2020-01-02", "2020-06-01"], "M8[D]"))
    births = np.arange("1931-01-01", "2011-01-01", dtype="M8[M]")
    assert not notes_on("1900-01-01", days=births)
    assert not notes_on(*[f"1{century}00-01-01" for century in range(1, 9)])
    table = {"size": np.append(np.arange(50.0), 1e9), "town": ["a", "b", "c"] * 17}
    assert not [*placeholder_notes(TableEncoding.fit(table), table)]


@pytest.mark.case(153)
def test_a_fit_of_a_transformer_warns():
    table = pd.DataFrame({"end": [*DAYS, np.datetime64("9999-12-31", "us")]})
    with pytest.warns(UserWarning, match="9999-12-31, in 1 of .* missing=\\['9999-12-31'\\]"):
        TablePreprocessor().fit(table)


MARKED = [datetime.date(2024, 1, 5), datetime.date(9999, 12, 31), datetime.date(2024, 3, 9), None]
#: The same column from each source, in a folder.
SOURCES = {
    "dates in pandas": lambda folder: pd.DataFrame({"end": MARKED, "y": range(4)}),
    "microseconds in pandas": lambda folder: pd.DataFrame(
        {"end": pd.Series(np.array(MARKED, "M8[us]")), "y": range(4)}
    ),
    "polars": lambda folder: pl.DataFrame({"end": MARKED, "y": range(4)}),
    "polars times": lambda folder: pl.DataFrame({"end": MARKED, "y": range(4)}).with_columns(
        pl.col("end").cast(pl.Datetime("ms"))
    ),
    "Arrow": lambda folder: pa.table({"end": MARKED, "y": [0, 1, 2, 3]}),
    "records": lambda folder: {"end": [str(date or "") for date in MARKED], "y": [0, 1, 2, 3]},
    "times in text": lambda folder: {
        "end": [f"{date} 00:00:00" if date else "" for date in MARKED], "y": [0, 1, 2, 3]
    },
    "day first": lambda folder: {
        "end": [date.strftime("%d.%m.%Y") if date else "" for date in MARKED] + ["31.1.2024"],
        "y": [0, 1, 2, 3, 4],
    },
    "CSV": lambda folder: of_file(folder / "t.csv", csv.write_csv),
    "Parquet": lambda folder: of_file(folder / "t.parquet", parquet.write_table),
}  # fmt: skip


def of_file(path, write):
    write(pa.table({"end": MARKED, "y": [0, 1, 2, 3]}), path)
    return load_table(path, "y", frame=True).X


@pytest.mark.case(153)
@pytest.mark.parametrize(
    ("source", "mark"),
    [
        *((source, "9999-12-31") for source in SOURCES),
        *(("CSV", mark) for mark in ("9999-12-31 00:00", "31.12.9999", "12/31/9999")),
    ],
)
def test_a_date_stands_for_a_missing_value_in_every_source(source, mark, tmp_path):
    table = SOURCES[source](tmp_path)
    encoding = TableEncoding.fit(table, numbers="piecewise", bins=2, missing=[mark])
    column = encoding.columns[0]
    assert column.kind == "date" and column.indicator
    assert column.edges[-1] <= datetime.datetime(2024, 4, 1).timestamp()
    indicator = encoding.input_names.index("end missing")
    assert encoding.transform(table)[:4, indicator].tolist() == [0, 1, 0, 1]
    assert encoding.replaced(table)["end"] == 2


@pytest.mark.case(153)
def test_a_date_among_categories_stands_for_a_missing_value():
    table = pd.DataFrame({"end": np.array([*MARKED[:3], *MARKED[:3]], "M8[us]")})
    encoding = TableEncoding.fit(table, categories=["end"], missing=["9999-12-31"])
    assert encoding.input_names == ("end=2024-01-05", "end=2024-03-09", "end missing")


@pytest.mark.case(153, 154)
def test_dates_have_the_bins_and_limits_of_their_seconds():
    rng = np.random.default_rng(0)
    seconds = rng.integers(-(10**9), 10**9, 400).astype(float)
    table = {"day": seconds.astype("M8[s]"), "number": seconds + 0.5}
    dates, numbers = TableEncoding.fit(table, numbers="piecewise", bins=7).columns
    new = np.linspace(-9e9, 9e9, 1001).round()
    found = dates.encode(new.astype("M8[s]").astype("M8[us]"))
    expected = numbers.encode(new + 0.5)
    np.testing.assert_allclose(found[:, : expected.shape[1]], expected, rtol=1e-9, atol=1e-9)
    assert dataclasses.replace(dates, edges=()).encode(new.astype("M8[s]"))[:, 0].max() > 9
    assert found[:, 0].max() < 2.5


@pytest.mark.case(153)
def test_placeholders_change_neither_bins_nor_scale():
    rng = np.random.default_rng(0)
    days = DAYS[rng.integers(0, len(DAYS), 400)].astype("M8[us]")
    marked = np.append(days, np.array(["9999-12-31"] * 90 + ["1900-01-01"] * 9, "M8[us]"))
    names = ["9999-12-31", "1900-01-01"]
    alone = TableEncoding.fit({"end": marked}, numbers="piecewise", missing=names).columns[0]
    column = TableEncoding.fit({"end": marked}, numbers="piecewise").columns[0]
    for field in ("fill", "center", "scale", "edges", "cycles"):
        assert getattr(column, field) == getattr(alone, field)
    target = np.append(rng.normal(size=400), np.full(99, 50.0))[:, np.newaxis]
    encoding = TableEncoding((column,))
    stepped = add_edges_at_jumps(encoding, {"end": marked}, target, np.ones(499)).columns[0]
    assert (stepped.edges[0], stepped.edges[-1]) == (alone.edges[0], alone.edges[-1])
    far = stepped.encode(marked[-100:])
    assert np.abs(far[:, 0]).max() < 2.5
    assert not np.array_equal(far[0], far[1]) and not np.array_equal(far[0], far[-1])


@pytest.mark.case(153)
def test_a_stream_has_the_dates_of_the_table_in_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 5_000)
    days = np.tile(DAYS, 5)
    days[::100] = np.datetime64("9999-12-31")
    path = tmp_path / "days.csv"
    pd.DataFrame({"end": days.astype(str), "y": np.arange(len(days)) % 7}).to_csv(path, index=False)
    rows = stream(path, "y", task="regression")
    assert len(rows.source) > 2
    whole = load_table(path, "y", task="regression", frame=True).X
    (found,) = rows.encoding.columns
    (expected,) = TableEncoding.fit(whole).columns
    assert found.edges == expected.edges and found.fill == expected.fill
    assert (found.center, found.scale) == pytest.approx((expected.center, expected.scale))


@pytest.mark.case(153)
def test_dates_are_limited_where_there_is_no_room_for_bins_of_numbers():
    rng = np.random.default_rng(0)
    days = DAYS[rng.integers(0, len(DAYS), 400)].astype("M8[us]")
    days[7] = np.datetime64("9999-12-31")
    table = {f"x{number}": rng.normal(size=400) for number in range(660)} | {"end": days}
    encoding = TableEncoding.fit(table, numbers="piecewise")
    assert {column.n_bins for column in encoding.columns[:-1]} == {0}
    assert encoding.columns[-1].n_bins == 1
    place = encoding.input_names.index("end")
    encoded = encoding.transform(table)[:, place]
    assert np.abs(encoded).max() < 6
    assert np.delete(encoded, 7).std() == pytest.approx(1, abs=0.01)


@pytest.mark.case(153)
@pytest.mark.parametrize("moment", ["9999-12-31 23:59:59.999999", "1900-01-01 00:00:00.25"])
def test_the_proposed_text_of_a_moment_with_fractions_is_missing(moment):
    values = [f"{day} 12:30:00.5" for day in DAYS] + [moment]
    table = {"end": values, "x": np.arange(len(values)) % 7}
    (note,) = placeholder_notes(TableEncoding.fit(table), table)
    encoding = TableEncoding.fit(table, missing=note.options["missing"])
    assert encoding.replaced(table) == {"end": 1}
    assert not [*placeholder_notes(encoding, table)]

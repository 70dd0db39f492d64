"""Random CSV files: columns are of the types, and have the values, of pandas, polars and DuckDB."""

import csv
import io
from collections import Counter
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import polars
import pytest

from barenet.tables.files._csv_table import read_table
from barenet.tables.reading._column_reading import kinds_of
from barenet.tables.reading._column_values import parse_column
from barenet.tables.reading._missing_texts import MISSING
from barenet.tables.reading._parsing import canonical

pytestmark = pytest.mark.integration

N_FILES = 60

WORDS = ["Rome", "Oslo", "größer", "數", "🦆", "a b", "x;y", 'say "hi"', "it's", "e\u0301", "A1"]

#: Texts of a missing value by the reader that takes them for one.
PANDAS_MISSING = ["", "NA", "N/A", "NaN", "null", "None", "#N/A", "n/a", "-nan", "<NA>"]


def whole(rng, n):
    return [str(value) for value in rng.integers(-(10 ** rng.integers(1, 14)), 10**6, n)]


def fractions(rng, n):
    forms = [repr, "{:.3f}".format, "{:+.5e}".format, "{:.17g}".format]
    form = forms[rng.integers(len(forms))]
    return [form(float(value)) for value in rng.normal(0, 10.0 ** rng.integers(-8, 12), n)]


def decimals(rng, n):
    return [str(Decimal(int(value)) / 100) for value in rng.integers(-10_000, 10_000, n)]


def truths(rng, n):
    pair = [("true", "false"), ("True", "False"), ("TRUE", "FALSE")][rng.integers(3)]
    return [*pair, *(pair[value] for value in rng.integers(0, 2, n - 2))]


def days(rng, n):
    first = date(1970, 1, 1)
    return [str(first + timedelta(days=int(value))) for value in rng.integers(0, 30_000, n)]


def moments(rng, n):
    first = datetime(1970, 1, 1)
    seconds = rng.integers(0, 2**31, n)
    return [str(first + timedelta(seconds=int(value))) for value in seconds]


def words(rng, n):
    return [*WORDS[:2], *rng.choice(WORDS, n - 2).tolist()]


#: The kind of the values that each function writes.
KINDS = {
    whole: "number",
    fractions: "number",
    decimals: "number",
    truths: "boolean",
    days: "date",
    moments: "date",
    words: "text",
}
GENERATORS = [*KINDS]


def random_file(rng):
    """The text of a file, and the generator of each column."""
    n_rows = int(rng.integers(12, 60))
    chosen = {f"c{at}": GENERATORS[rng.integers(len(GENERATORS))] for at in range(7)}
    columns = {name: make(rng, n_rows) for name, make in chosen.items()}
    for name, values in columns.items():
        if rng.random() < 0.5:
            # Among names, more texts are names than among numbers.
            markers = [*MISSING[:4]] if chosen[name] is words else PANDAS_MISSING
            marker = str(rng.choice(markers))
            for row in np.flatnonzero(rng.random(n_rows) < 0.15):
                values[row] = marker
    quoting = [csv.QUOTE_MINIMAL, csv.QUOTE_ALL][rng.integers(2)]
    stream = io.StringIO()
    ending = ["\n", "\r\n"][rng.integers(2)]
    writer = csv.writer(stream, delimiter=",;\t|"[rng.integers(4)], quoting=quoting,
                        lineterminator=ending)  # fmt: skip
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return stream.getvalue(), writer, chosen


def by_pandas(path, delimiter):
    frame = pd.read_csv(path, sep=delimiter)
    columns = {}
    for name in frame:
        values = frame[name]
        known = values.dropna()
        if pd.api.types.is_bool_dtype(values) or (len(known) and set(known) <= {True, False}
                                                  and known.dtype == object):  # fmt: skip
            columns[name] = ("boolean", [None if pd.isna(v) else float(v) for v in values])
        elif pd.api.types.is_numeric_dtype(values):
            columns[name] = ("number", [None if pd.isna(v) else float(v) for v in values])
        else:
            try:
                dates = pd.to_datetime(values, format="ISO8601")
                columns[name] = ("date", [None if pd.isna(v) else v.to_pydatetime() for v in dates])
            except ValueError:
                columns[name] = ("text", [None if pd.isna(v) else str(v) for v in values])
    return columns


def by_polars(path, delimiter):
    frame = polars.read_csv(path, separator=delimiter, null_values=PANDAS_MISSING[1:],
                            try_parse_dates=True, infer_schema_length=None)  # fmt: skip
    return {name: typed(frame[name].to_list()) for name in frame.columns}


def by_duckdb(path, delimiter):
    duckdb = pytest.importorskip("duckdb", reason="DuckDB is not installed")
    nulls = ", ".join(f"'{text}'" for text in PANDAS_MISSING)
    query = f"select * from read_csv('{path}', delim='{delimiter}', header=true, sample_size=-1, "
    query += f"quote='\"', escape='\"', nullstr=[{nulls}])"
    relation = duckdb.connect().sql(query)
    rows = relation.fetchall()
    return {name: typed([row[at] for row in rows]) for at, name in enumerate(relation.columns)}


def typed(values):
    """The kind of values that another reader has parsed, and the values."""
    known = {type(value) for value in values if value is not None}
    if known == {bool}:
        return "boolean", [None if value is None else float(value) for value in values]
    if known and known <= {int, float, Decimal}:
        return "number", [None if value is None else float(value) for value in values]
    if known and known <= {date, datetime}:
        read = [None if value is None else pd.Timestamp(value).to_pydatetime() for value in values]
        return "date", read
    return "text", [value or None for value in values]


def by_barenet(path, delimiter):
    frame = read_table(path).frame([*pd.read_csv(path, sep=delimiter, nrows=0)])
    columns = {}
    for name in frame.columns:
        kind = kinds_of(frame, [name], MISSING)[name]
        values = parse_column(frame, name, kind, MISSING)
        if kind == "category":
            columns[name] = ("text", [None if value == "" else value for value in values])
        elif kind == "ymd":
            columns[name] = ("date", [None if pd.isna(v) else v for v in values.tolist()])
        else:
            columns[name] = (kind, [None if np.isnan(v) else float(v) for v in values])
    return columns


@pytest.mark.case(156, 157)
@pytest.mark.parametrize("reader", [by_pandas, by_polars, by_duckdb])
def test_random_files_are_read_as_other_readers_read_them(reader, tmp_path: Path):
    rng = np.random.default_rng(20261127)
    n_compared = 0
    others_types = Counter()
    for number in range(N_FILES):
        text, writer, chosen = random_file(rng)
        path = tmp_path / f"{number}.csv"
        path.write_bytes(text.encode())
        delimiter = writer.dialect.delimiter
        others = reader(path, delimiter)
        own = by_barenet(path, delimiter)
        assert list(own) == list(others)
        for name, (kind, values) in own.items():
            other_kind, other_values = others[name]
            assert kind == KINDS[chosen[name]], (number, name)
            if kind != other_kind:
                others_types[chosen[name].__name__, other_kind] += 1
            elif kind == "number":  # pandas' parser may be wrong by one unit of the last place
                numbers = [np.array(each, float) for each in (values, other_values)]
                np.testing.assert_allclose(*numbers, rtol=4e-16 if reader is by_pandas else 0)
                n_compared += 1
            else:
                if kind == "text":
                    other_values = [value and canonical(value) for value in other_values]
                assert values == other_values, (number, name)
                n_compared += 1
    # Other readers take some columns for text, such as TRUE and FALSE, or numbers with a marker.
    assert n_compared > 0.8 * 7 * N_FILES, others_types
    assert {kind for _, kind in others_types} <= {"text"}

"""CSV files: what was written comes back, and every fault is named by its line."""

from __future__ import annotations

import csv
import gzip
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet.data._csv_table import read_table
from barenet.data._delimited import CsvOptions
from barenet.data._parsing import MISSING, as_numbers
from barenet.errors import DataError


@pytest.fixture
def read(tmp_path):
    """Read bytes as a table; an error's path is cut off."""

    def read_bytes(data: bytes, name: str = "t.csv", **options):
        path = tmp_path / name
        path.write_bytes(data)
        try:
            return read_table(path, CsvOptions(**options))
        except DataError as error:
            assert str(error).startswith(str(path))
            raise DataError(str(error).replace(str(path), name)) from error

    return read_bytes


def columns(table) -> dict[str, list[str]]:
    return {name: table.column(name).to_pylist() for name in table.names}


def strict(table, name: str) -> np.ndarray:
    """Read a column as numbers, none of them missing."""
    return as_numbers(table.frame([name]), name, ())


def fault(read, data: bytes, **options) -> str:
    with pytest.raises(DataError) as error:
        read(data, **options)
    return str(error.value)


cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
rows = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(cells, min_size=width, max_size=width).map(tuple), min_size=1, max_size=6
    )
)


@given(rows=rows, delimiter=st.sampled_from(",;\t|"), packed=st.booleans(), bom=st.booleans())
def test_what_pythons_writer_wrote_is_read(tmp_path_factory, rows, delimiter, packed, bom):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    names = tuple(f"column{number}" for number in range(len(rows[0])))
    writer.writerows([names, *rows])
    data = text.getvalue().encode("utf-8-sig" if bom else "utf-8")
    path = tmp_path_factory.getbasetemp() / "written.csv"
    path.write_bytes(gzip.compress(data) if packed else data)
    table = read_table(path, CsvOptions(delimiter=delimiter))
    assert table.names == names
    assert list(zip(*columns(table).values(), strict=True)) == rows


@given(values=st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_are_read_to_the_last_bit(tmp_path_factory, values):
    path = tmp_path_factory.getbasetemp() / "numbers.csv"
    path.write_text("x\n" + "\n".join(map(repr, values)))
    assert read_table(path).frame(["x"])["x"].tolist() == values


def test_forms_of_numbers(read):
    table = read(b"x,y\n+1, 2 \n.5,1e3\n5.,-1E-2\n007,1e-400\n")
    assert strict(table, "x").tolist() == [1, 0.5, 5, 7]
    assert strict(table, "y").tolist() == [2, 1000, -0.01, 0]


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_empty_lines(read, ending):
    data = ending.join(["", "a,b", "", "1,2", "", "3,4", "", ""]).encode()
    assert columns(read(data)) == {"a": ["1", "3"], "b": ["2", "4"]}
    assert fault(read, data + b"5") == "t.csv:8: expected 2 values, as in the first line, got 1"


def test_tabs_for_tsv(read):
    for name in ("t.tsv", "t.TSV", "t.tsv.gz"):
        assert columns(read(b"a\tb\n1\t2\n", name)) == {"a": ["1"], "b": ["2"]}
    for tab in ("tab", "\\t", "\t"):
        assert columns(read(b"a\tb\n1\t2\n", delimiter=tab)) == {"a": ["1"], "b": ["2"]}


def test_fault_36_empty(read):
    for data in (b"", b"\n\n", b"\xef\xbb\xbf"):
        assert fault(read, data) == "t.csv: empty file"


def test_fault_36_header_only(read):
    for data in (b"a,b", b"a,b\n", b"\na,b\n\n", b'"a\nb",c'):
        assert fault(read, data) == "t.csv: no rows below the header"


def test_fault_37_ragged_long(read):
    text = b"a,b\n1,2\n\n3,4,5\n6,7\n"
    assert fault(read, text) == "t.csv:4: expected 2 values, as in the first line, got 3"


def test_fault_38_ragged_short(read):
    text = b'a,b,c\n1,"two\nlines",3\n4,5\n'
    assert fault(read, text) == "t.csv:4: expected 3 values, as in the first line, got 2"


@pytest.mark.parametrize(
    ("value", "got"),
    [
        ("abc", "'abc'"),
        ("-inf", "'-inf'"),
        ("1_000", "'1_000'"),
        ("0x10", "'0x10'"),
        ('"1,5"', "'1,5'"),
        ("1e", "'1e'"),
    ],
)
def test_fault_40_non_numeric(read, value, got):
    table = read(f"a,b\n\n1,2\n3,{value}\n5,oops\n".encode())
    assert strict(table, "a").tolist() == [1, 3, 5]
    with pytest.raises(DataError, match=rf"t\.csv:4: column 'b': expected a number, got {got}$"):
        strict(table, "b")


def test_a_column_of_numbers_and_holes_is_numbers(read):
    holes = ["", "  ", *MISSING]
    table = read("\n".join(["a,b", *(f"1,{hole}" for hole in holes), "2, 5 "]).encode())
    frame = table.frame(["b", "a"])
    assert [*frame.columns] == ["b", "a"]
    np.testing.assert_array_equal(frame["b"], [*[np.nan] * len(holes), 5])
    assert table.frame(["b"], text=["b"])["b"].tolist()[2:4] == ["", "NA"]


@pytest.mark.parametrize("code", ["007", "-01", "1234567890123456"])
def test_codes_stay_text(read, code):
    """What is written with a zero before it, or with more digits than float64 holds, is a name."""
    assert read(f"a\n12\n{code}\n".encode()).frame(["a"])["a"].tolist() == ["12", code]


def test_decimal_commas_are_read_where_they_are_said(read):
    data = b"a;b\n1,5;x\n-,25;2,5\n3;y\n"
    assert read(data, decimal=",").frame(["a"])["a"].tolist() == [1.5, -0.25, 3]
    assert read(data, decimal=",").frame(["b"])["b"].tolist() == ["x", "2.5", "y"]
    assert read(data).frame(["a"])["a"].tolist() == ["1,5", "-,25", "3"]
    with pytest.raises(ValueError, match=r"^decimal: expected '\.' or ',', got ';'"):
        read(data, decimal=";")


def test_fault_40_beyond_float64(read):
    table = read(b"a\n1e308\n1e309\n")
    with pytest.raises(DataError, match=r"t\.csv:3: column 'a': .* float64's range, got '1e309'$"):
        strict(table, "a")


def test_fault_46_truncated_gzip(read):
    data = gzip.compress(b"a,b\n1,2\n")
    assert fault(read, data[:-3], name="t.csv.gz").startswith("t.csv.gz: truncated")


def test_fault_47_an_unclosed_quote_that_another_one_seems_to_close(read):
    """Arrow reads this as one row of two values, and says nothing."""
    message = fault(read, b'a,b\n1,"x\n2,"y\n3,z\n')
    assert message.startswith("t.csv:2: a quote that opens here is not closed as it should be")


def test_a_row_longer_than_arrows_blocks(read):
    value = b"1" * 200_000
    table = read(b"a,b\n" + value + b"," + value + b"\n")
    assert table.column("b").to_pylist() == [value.decode()]


def test_a_point_among_decimal_commas_is_refused_by_its_line(tmp_path):
    path = tmp_path / "eu.csv"
    path.write_text("area;price\n1,5;999,5\n2,5;1.234\n3,5;2.500\n", "utf-8")
    table = read_table(path, CsvOptions(delimiter=";", decimal=","))
    expected = r"eu\.csv:3: column 'price': expected a number with a decimal comma .* got '1\.234'"
    for text in ((), ("price",)):
        with pytest.raises(DataError, match=expected):
            table.frame(["price"], text=text)
    assert table.frame(["area"])["area"].tolist() == [1.5, 2.5, 3.5]

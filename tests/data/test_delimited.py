"""Delimited text: what is wrong with it is said in one line, and where."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from barenet.data._delimited import (
    CsvOptions,
    decode,
    find_delimiter,
    read_records,
)
from barenet.data._header import read_header
from barenet.errors import DataError

PATH = Path("t.csv")


def read(data: bytes, *, delimiter: str | None = None, encoding: str | None = None):
    """Read all rows, the header first."""
    text = decode(data, encoding, PATH)
    delimiter = CsvOptions(delimiter).delimiter or find_delimiter("", PATH)
    names = read_header(text, delimiter, PATH)
    rows = [fields for _, fields in read_records(text, delimiter, PATH)]
    assert len(names) == len(rows[0])
    return rows


def fault(data: bytes, **options) -> str:
    with pytest.raises(DataError) as error:
        read(data, **options)
    return str(error.value)


@pytest.mark.parametrize(
    ("delimiter", "name"), [(";", "';'"), ("\t", "'tab'"), ("|", "'|'"), (",", "','")]
)
def test_fault_39_wrong_delimiter(delimiter, name):
    data = f"a{delimiter}b\n1{delimiter}2\n".encode()
    wrong = ";" if delimiter == "," else ","
    message = fault(data, delimiter=wrong)
    assert message == f"t.csv:1: 1 column, {f'a{delimiter}b'!r}; try delimiter={name}"
    assert read(data, delimiter=delimiter) == [["a", "b"], ["1", "2"]]


def test_fault_41_byte_order_mark():
    for encoding in ("utf-8-sig", "utf-16"):
        option = {"encoding": "utf-16"} if encoding == "utf-16" else {}
        assert read("a,b\n1,2\n".encode(encoding), **option)[0] == ["a", "b"]
    assert read(b"\xef\xbb\xbfa,b\n1,2\n", encoding="utf-8")[0] == ["a", "b"]


def test_fault_43_duplicate_columns():
    assert fault(b"a,b, a\n1,2,3\n") == (
        "t.csv:1: column 'a' occurs 2 times; column names must be unique; if the first line is a "
        "row of the table, use header=False"
    )


def test_fault_45_not_utf8():
    data = "name,town\n1,K\N{LATIN SMALL LETTER O WITH DIAERESIS}ln\n".encode("latin-1")
    message = fault(data)
    assert message.startswith("t.csv: not UTF-8 text at byte 13; ")
    assert "encoding='latin-1'" in message
    assert read(data, encoding="latin-1")[1] == ["1", "Köln"]


def test_fault_45_zero_bytes():
    assert fault(b"a,b\n1,2\n\0,3\n").startswith("t.csv:3: a zero byte at offset 8: ")
    data = "a,b\n1,2\n".encode("utf-16-le")
    assert "encoding='utf-16'" in fault(data)
    assert read(data, encoding="utf-16-le") == [["a", "b"], ["1", "2"]]


def test_fault_45_encodings_that_are_none():
    for name in ("klingon", "hex"):
        with pytest.raises(ValueError, match=rf"^encoding: .*{name}"):
            read(b"a\n1\n", encoding=name)


def test_fault_47_unclosed_quote():
    message = fault(b'a,b\n1,2\n\n"3,4\n5,6\n')
    assert message.startswith("t.csv:4: a quote that opens here is not closed as it should be")


def test_an_unclosed_quote_in_a_large_file_is_found_where_it_opens():
    data = b'a,b\n1,2\n"3,4\n' + b"5,6\n" * 100_000
    assert fault(data).startswith("t.csv:3: a quote that opens here is not closed")


def test_a_file_without_a_header():
    assert fault(b"5.1,3.5,0\n4.9,3.0,1\n").startswith(
        "t.csv:1: expected the names of the columns, got numbers: 5.1, 3.5, 0; if it is a row"
    )
    assert read(b"0,1,2\n5.1,3.5,0\n")[0] == ["0", "1", "2"]


@pytest.mark.parametrize("delimiter", [";;", '"', "\n", "", "é"])
def test_a_delimiter_that_is_none(delimiter):
    with pytest.raises(ValueError, match=r"^delimiter: expected one ASCII character, or tab, and"):
        read(b"a,b\n1,2\n", delimiter=delimiter)


def test_fault_45_half_a_character_is_no_text():
    assert fault(b"a,b\n1,\\ud800\n", encoding="unicode_escape") == (
        "t.csv: not unicode_escape text: half a character at 6; pass the encoding of the "
        "file, such as encoding='latin-1'"
    )


def test_a_long_value_in_quotes_is_read():
    before, value = csv.field_size_limit(), "x" * 200_000
    assert read(f'a,b\n1,"{value}"\n'.encode())[1] == ["1", value]
    assert csv.field_size_limit() == before


@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("a,b\n1,2\n", "t.csv", ","),
        ("a;b\n1;2\n", "t.csv", ";"),
        ("a;b\n1,5;2,5\n", "t.csv", ";"),
        ("a|b\n1|2\n", "t.csv", "|"),
        ("a\tb\n1\t2\n", "t.csv", "\t"),
        ("a,b\n1,2\n", "t.tsv", ","),
        ("a\tb,c\n1\t2,3\n", "t.tsv.gz", "\t"),  # both fit: the usual one
        ("a,b;c\n1,2;3\n", "t.csv", ","),
        ("a;b|c\n1;2|3\n", "t.csv", ","),  # two others fit: no guess
        ("a;b\n1;2;3\n", "t.csv", ","),  # not evenly
        ('"a;b",c\n"1;2",3\n', "t.csv", ","),
        ('"a;b"\n"1;2"\n', "t.csv", ","),
        ("a\n1\n", "t.csv", ","),
        ("", "t.csv", ","),
        ('a;b\n"1;2\n', "t.csv", ","),
        ("a;b\n" + "1;2\n" * 50_000 + "3\n", "t.csv", ";"),  # the first rows decide
    ],
)
def test_fault_39_the_delimiter_is_found_where_the_rows_leave_no_doubt(text, name, found):
    assert find_delimiter(text, Path(name)) == found


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig"])
def test_fault_41_a_mark_says_the_encoding(encoding):
    assert read("a,ö\n1,2\n".encode(encoding))[0] == ["a", "ö"]


@pytest.mark.parametrize("order", ["le", "be"])
@pytest.mark.parametrize("mark", ["utf-16", "utf-32"])
def test_fault_41_marks_of_either_order(mark, order):
    assert read("\ufeffa,ö\n1,2\n".encode(f"{mark}-{order}"))[0] == ["a", "ö"]

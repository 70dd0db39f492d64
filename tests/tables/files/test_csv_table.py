"""CSV files: values come back as they were written, and an error names the line."""

import csv
import gzip
import io
import re
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import example, given, strategies as st

from barenet.errors import ArgumentError, DataError
from barenet.tables.files import _csv_blocks, _csv_table, _delimited
from barenet.tables.files._csv_blocks import csv_blocks
from barenet.tables.files._csv_table import read_table
from barenet.tables.files._delimited import CsvOptions, check_quotes, read_records
from barenet.tables.files._text_column import ArrowColumn, TextColumn
from barenet.tables.reading._column_values import complete_numbers
from barenet.tables.reading._missing_texts import MISSING

RAGGED = "expected {} values, as in the first line, got {}"
QUOTE = "a quote that opens here is not closed as it should be"


@pytest.fixture(params=[ArrowColumn, TextColumn], autouse=True, scope="module")
def column_type(request):
    """Read each file by Arrow, and by Python alone."""
    with pytest.MonkeyPatch.context() as patch:
        for module in (_csv_table, _csv_blocks):
            patch.setattr(module, "column_type", lambda: request.param)
        yield request.param


@pytest.fixture
def read(write):
    """Write text or bytes to a file, and read it as a table."""
    return lambda data, name="t.csv", **options: read_table(
        write(data, name), CsvOptions(**options)
    )


def columns(table) -> dict[str, list[str]]:
    return {name: column.tolist() for name, column in table.texts(table.names).items()}


cells = st.text(st.characters(exclude_characters="\0\r", exclude_categories=["Cs"]), max_size=8)
rows = st.integers(1, 4).flatmap(
    lambda width: st.lists(
        st.lists(cells, min_size=width, max_size=width).map(tuple), min_size=1, max_size=6
    )
)


@given(rows=rows, delimiter=st.sampled_from(",;\t|"), packed=st.booleans(), bom=st.booleans())
def test_csv_written_by_python_round_trips(tmp_path_factory, rows, delimiter, packed, bom):
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
    path.write_text("x,y\n" + "\n".join(f"{value}, {value} " for value in values))
    frame = read_table(path).frame(["x", "y"], unparsed=["y"])
    assert frame["x"].tolist() == complete_numbers(frame, "y").tolist() == values


@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_line_endings_and_empty_lines(read, ending):
    data = ending.join(["", "a,b", "", "1,2", "", "3,4", "", ""])
    assert columns(read(data)) == {"a": ["1", "3"], "b": ["2", "4"]}
    with pytest.raises(DataError) as caught:
        read(data + "5")
    assert (caught.value.line, caught.value.problem) == (8, RAGGED.format(2, 1))


@pytest.mark.case(36, 37, 38, 43, 45, 47)
@pytest.mark.parametrize(
    ("data", "line", "problem"),
    [
        (b"", None, "empty file"),
        (b"\n\n", None, "empty file"),
        (b"\xef\xbb\xbf", None, "empty file"),
        (b"a,b\n1,2\n\n3,4,5\n6,7\n", 4, RAGGED.format(2, 3)),
        (b'a,b,c\n1,"two\nlines",3\n4,5\n', 4, RAGGED.format(3, 2)),
        (b"PAR1\0", None, "is a Parquet file, expected text"),
        (b"PK\3\4", None, "is an Excel workbook or a zip archive, expected text"),
        (b"a title\na,b\n1,2\n", 2, "expected 1 value, as in the first line, got 2"),
        (b"a,b, a\n1,2,3\n", 1, "column 'a' occurs 2 times; column names must be unique"),
        ("a,b\n1,Köln\n".encode("latin-1"), None, "not UTF-8 text at byte 7"),
        (b"a,b\n1,2\n\0,3\n", 3, "a zero byte at offset 8: not UTF-8 text"),
        ("a,b\n1,2\n".encode("utf-16-le"), 1, "a zero byte at offset 1: not UTF-8 text"),
        (b"a,b\n1,2\n\n" + b'"3,4\n' + b"5,6\n" * 100_000, 4, QUOTE),
        (b'a,b\n1,"x\n2,"y\n3,z\n', 2, QUOTE),  # Arrow reads one row of two values
    ],
)
def test_a_damaged_file_is_refused_at_its_line(read, data, line, problem):
    with pytest.raises(DataError) as caught:
        read(data)
    error = caught.value
    assert (error.line, error.problem.split(" (")[0]) == (line, problem)
    assert error.path.name == "t.csv" and "\n" not in str(error)


@pytest.mark.case(45)
def test_a_file_is_read_in_its_encoding_and_refused_in_another(read, refused):
    text = "a,ö\n1,2\n"
    assert read(text.encode("latin-1"), encoding="latin-1").names == ("a", "ö")
    assert read("a,b\n1,2\n".encode("utf-16-le"), encoding="utf-16-le").names == ("a", "b")
    with pytest.raises(DataError, match="such as encoding='cp1252'"):  # that of Windows
        read("price\n5 €\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"not cp1252 text at byte 6; .* encoding='latin-1'"):
        read(b"price\n\x81\n", encoding="cp1252")
    for name in ("klingon", "hex"):
        with refused("encoding", name):
            read("a\n1\n", encoding=name)
    with pytest.raises(DataError, match="not unicode_escape text: half a character at 6"):
        read(b"a,b\n1,\\ud800\n", encoding="unicode_escape")


@pytest.mark.case(41)
@pytest.mark.parametrize(
    "encoding", ["utf-8-sig", "utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"]
)
def test_a_byte_order_mark_determines_the_encoding(read, encoding):
    mark = "" if encoding == "utf-8-sig" else "\ufeff"
    assert read(f"{mark}a,ö\n1,2\n".encode(encoding)).names == ("a", "ö")


@pytest.mark.case(39)
@pytest.mark.parametrize(
    ("text", "name", "found"),
    [
        ("a;b\n1;2\n", "t.csv", ";"),
        ("a;b\n1,5;2,5\n", "t.csv", ";"),
        ("a|b\n1|2\n", "t.csv", "|"),
        ("a\tb\n1\t2\n", "t.csv", "\t"),
        ("a\tb\n1\t2\n", "t.TSV", "\t"),
        ("a\tb,c\n1\t2,3\n", "t.tsv.gz", "\t"),  # both fit: the usual one
        ("a,b;c\n1,2;3\n", "t.csv", ","),
        ('"a;b",c\n"1;2",3\n', "t.csv", ","),
        ("a\n1\n", "t.csv", ","),
    ],
)
def test_an_unambiguous_delimiter_is_detected(read, text, name, found):
    assert read(text, name).options.delimiter == found
    for spelling in {"\t": ("tab", "\\t", "\t")}.get(found, (found,)):
        assert read(text, name, delimiter=spelling).names == read(text, name).names


@pytest.mark.case(39)
@pytest.mark.parametrize(
    ("text", "delimiter", "proposed"),
    [
        ("a;b\n1;2\n", ",", ";"),
        ("a\tb\n1\t2\n", ",", "tab"),
        ("a;b\n1;2;3\n", None, ";"),  # not evenly
        ("a;b|c\n1;2|3\n", None, ";"),  # two others fit
    ],
)
def test_another_delimiter_is_suggested(read, text, delimiter, proposed):
    with pytest.raises(DataError) as caught:
        read(text, delimiter=delimiter)
    assert (caught.value.line, caught.value.options) == (1, {"delimiter": proposed})


@pytest.mark.case(101)
@pytest.mark.parametrize(
    ("option", "value"),
    [
        *[("delimiter", wrong) for wrong in (";;", '"', "\n", "", "é", 7)],
        ("encoding", 7),
        ("decimal", ";"),
        *[("header", wrong) for wrong in ("no", 1, 0)],
    ],
)
def test_wrong_options_are_named(read, option, value):
    with pytest.raises(ArgumentError) as caught:
        read("a,b\n1,2\n", **{option: value})
    assert (caught.value.argument, caught.value.value) == (option, value)


@pytest.mark.case(40)
@pytest.mark.parametrize(
    "value",
    [
        "abc",
        "-infinite",
        "1_000",
    ],
)
def test_a_non_numeric_value_is_named_with_its_line(read, value):
    frame = read(f'a,b\n\n1,2\n3,"{value}"\n5,oops\n').frame(["a", "b"])
    assert complete_numbers(frame, "a").tolist() == [1, 3, 5]
    with pytest.raises(DataError) as caught:
        complete_numbers(frame, "b")
    assert (caught.value.line, caught.value.value) == (4, value)


def test_forms_of_numbers(read):
    frame = read("x,y\n+1, 2 \n.5,1e3\n5.,-1E-2\n007,1e-400\n").frame(["x", "y"])
    assert complete_numbers(frame, "x").tolist() == [1, 0.5, 5, 7]
    assert complete_numbers(frame, "y").tolist() == [2, 1000, -0.01, 0]


def test_a_column_of_numbers_and_missing_values_is_numeric(read):
    missing = ["", "  ", *MISSING]
    table = read("\n".join(["a,b", *(f"1,{text}" for text in missing), "2, 5 "]))
    frame = table.frame(["b", "a"])
    assert [*frame.columns] == ["b", "a"]
    np.testing.assert_array_equal(frame["b"], [*[np.nan] * len(missing), 5])
    assert table.frame(["b"], unparsed=["b"])["b"].tolist()[2:4] == ["", "NA"]


@pytest.mark.parametrize("code", ["007", "-01", "1234567890123456"])
def test_numeric_codes_stay_text(read, code):
    assert read(f"a\n12\n{code}\n").frame(["a"])["a"].tolist() == ["12", code]


def test_long_values_are_read(read):
    before, value = csv.field_size_limit(), "1" * 200_000
    assert read(f'a,b\n{value},"{value}"\n').columns["b"].tolist() == [value]
    assert csv.field_size_limit() == before


@pytest.mark.integration
def test_reading_time_is_linear_in_the_columns(read):
    names = [f"{'long ' * 20}{number}" for number in range(40_000)]
    row = ",".join(map(str, range(40_000)))
    start = time.process_time()
    table = read(f"{','.join(names)}\n{row}\n{row}\n")
    assert len(table.frame(names[:100])) == 2
    assert time.process_time() - start < 10


PLAIN = ["1", "2.5", "abc", "x y", "", " ", "é", "12 in"]
QUOTED = ['"a"', '"a""b"', '""', '"a\nb"', '"a\r\nb"', '"a\rb"', '"a,b;c\td|e"', '"\n\n"']
ODD = ['in"ch', 'inch"', 'a""b', ' "a"', '"', '"a', '"a"b', '"a" ', '""a']
ODD += ["\ufeffa", '\ufeff"a"', "ポ|", "\x1c", "\x85", "\u2028"]
NAMES = ["a{}", "b {}", '"c {}"', '"two\nlines {}"', '"d\r{}"', 'in"ch {}', "{}"]
LINE_ENDS = [["\n"], ["\r\n"], ["\r"], ["\n", "\r\n", "\r"], ["\n", "\r"]]
ENCODINGS = ["utf-8", "utf-8", "utf-8", "utf-8-sig", "cp1252", "shift_jis", "gbk"]
ENCODINGS += ["utf-16", "utf-16-le", "utf-7", "cp500", "iso2022_jp"]


def draw_file(rng) -> tuple[bytes, dict]:
    """A random CSV file, and the options to read it with."""

    def draw(values, weights=None):
        return values[rng.choice(len(values), p=weights)]

    def value():
        return draw(draw([PLAIN, QUOTED, ODD], weights))

    def line_end():
        return draw(line_ends) * draw([1, 2], [0.95, 0.05])

    weights = draw([[1, 0, 0], [0.7, 0.3, 0], [0.97, 0, 0.03], [0.7, 0.28, 0.02]])
    line_ends, delimiter, encoding = draw(LINE_ENDS), draw(",;\t|"), draw(ENCODINGS)
    widths = [rng.integers(1, 4)] * rng.integers(1, 30)
    widths[-1] += rng.random() < 0.05
    lines = [[value() for _ in range(width)] for width in widths]
    lines[0] = [draw(NAMES).format(at) for at in range(widths[0])]
    text = "".join(delimiter.join(line) + line_end() for line in lines)
    text = draw(["", "\r", "\n\n"], [0.9, 0.05, 0.05]) + text.rstrip(draw(["\r\n", " "]))
    text = text[: draw([len(text), rng.integers(len(text) + 1)], [0.95, 0.05])]
    options = {"header": draw([None, True, False]), "delimiter": draw([None, delimiter])}
    if encoding != "utf-8" or rng.random() < 0.2:
        options["encoding"] = encoding
    return text.encode(draw([encoding, "utf-8-sig"], [0.95, 0.05]), "replace"), options


def read_whole(path, options):
    return [read_table(path, options)]


def rows_of(read_tables, path, options) -> list[tuple] | str:
    """The names and the rows of a file with their lines, or an empty text if it is refused."""
    try:
        tables = read_tables(path, options)
    except DataError:
        return ""
    found = [table.names for table in tables[:1]]
    for table in tables:
        for row, values in enumerate(zip(*columns(table).values(), strict=True)):
            place = table.locate(row, table.names[0])
            text = re.sub("\r\n?", "\n", place.text)  # as Python's reader returns line breaks
            found.append((place.line, text, *values))
    return found


@pytest.mark.case(125, 126)
@pytest.mark.parametrize(
    "seeds",
    [
        range(60),
        pytest.param(range(60, 300), marks=pytest.mark.integration),
        pytest.param(range(300, 50_000), marks=pytest.mark.slow),
    ],
)
def test_blocks_have_the_rows_of_the_whole_file(write, monkeypatch, seeds):
    """Random quotes, line ends, marks, empty lines and encodings; blocks end at any byte."""
    n_read = 0
    for seed in seeds:
        rng = np.random.default_rng(seed)
        data, given_options = draw_file(rng)
        if rng.random() < 0.2:
            data = gzip.compress(data)
        path, options = write(data), CsvOptions(**given_options)
        head = int(rng.choice([rng.integers(1, 300), 2**20]))
        monkeypatch.setattr(_csv_blocks, "_HEAD", 4 * head)
        monkeypatch.setattr(_delimited, "_SAMPLE", min(head, 2**16))
        monkeypatch.setattr(_csv_blocks, "_BLOCK", int(rng.integers(1, 300)))
        whole = rows_of(read_whole, path, options)
        in_blocks = rows_of(csv_blocks, path, options)
        assert in_blocks == whole, (seed, data, options)
        n_read += len(whole) > 1
    assert 0.5 * len(seeds) < n_read < 0.95 * len(seeds)


@pytest.mark.parametrize("block", [12, 2**24])
def test_rows_of_another_length_are_set_aside_where_they_may_be(write, monkeypatch, block):
    monkeypatch.setattr(_csv_blocks, "_BLOCK", block)
    path = write('a,b\n1,2\n\n3\n4,"5\n6"\r\n7,"8\n",9\n10,11')
    blocks = csv_blocks(path, CsvOptions(), set_aside=True)
    uneven = [record[:2] + record[3:] for each in blocks for record in each.uneven]
    assert uneven == [(4, "3", RAGGED.format(2, 1)), (7, '7,"8\n",9', RAGGED.format(2, 3))]
    records = [each.records_at([row])[row] for each in blocks for row in range(each.n_rows)]
    assert [(record.line, record.text) for record in records] == [
        (2, "1,2"), (5, '4,"5\n6"'), (9, "10,11")
    ]  # fmt: skip
    assert [record.fields[0] for record in records] == ["1", "4", "10"]


@given(text=st.text('",;a\r\n'), delimiter=st.sampled_from(",;"))
@example('a"b', ",")  # which Python's reader accepts, too
@example('"a""b\r\n,c";"",\n""', ";")
def test_quotes_are_refused_where_pythons_reader_refuses_them(text, delimiter):
    def line_of_error(check):
        try:
            list(check(text, delimiter, Path("t.csv")) or ())
        except DataError as error:
            return error.line

    assert line_of_error(check_quotes) == line_of_error(read_records)


def test_a_mark_below_the_header_moves_no_line(write, monkeypatch):
    """Files with marks that were joined, and a block that begins with the second mark."""
    path = write("\ufeffa,b\n1,2000000000\n\ufeff3,4\n5,6,7\n".encode())
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 14)
    for read_tables in (read_whole, csv_blocks):
        with pytest.raises(DataError, match="got 3") as raised:
            read_tables(path, CsvOptions())
        assert raised.value.line == 4


@pytest.mark.case(158)
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_quotes_after_a_space_are_read(read, line_end):
    lines = ["size, price, note,y", '1.2, "3.4", "a, b" ,5', '2, "4,5",\t"say ""x"", ""y""", 6']
    lines += ['3, 5, 6", 7', '"4", "5\'","", 8']
    table = read(line_end.join([*lines, ""]))
    found = {name: column.trimmed().tolist() for name, column in table.columns.items()}
    assert found == {
        "size": ["1.2", "2", "3", "4"],
        "price": ["3.4", "4,5", "5", "5'"],
        "note": ["a, b", 'say "x", "y"', '6"', ""],
        "y": ["5", "6", "7", "8"],
    }
    # pandas reads the same with the option for it, where no space follows a quote.
    [block] = csv_blocks(table.path, CsvOptions())
    frame = block.frame(["size", "price", "y"], unparsed=["price"])
    assert frame["price"].tolist() == found["price"]
    with pytest.raises(DataError) as caught:
        complete_numbers(frame, "price")
    assert (caught.value.line, caught.value.value) == (3, "4,5")


@pytest.mark.case(158)
@given(rows=rows, spaces=st.lists(st.sampled_from(["", " ", "\t", "  "]), min_size=1))
def test_spaces_beside_quotes_change_nothing(rows, spaces):
    """Against the reader of Python, for values of one line."""
    rows = [[value.replace("\n", " ") for value in row] for row in rows]
    quoted = [['"' + value.replace('"', '""') + '"' for value in row] for row in rows]
    spaced = [
        [spaces[place % len(spaces)] + value + spaces[-1] for place, value in enumerate(row)]
        for row in quoted
    ]
    text = "\n".join(",".join(row) for row in spaced) + "\n"
    found = _delimited.without_spaces_beside_quotes(text, ",")
    assert found == "\n".join(",".join(row) for row in quoted) + "\n"
    assert [fields for _, fields in read_records(text, ",", Path("t.csv"))] == rows


@pytest.mark.case(160)
@pytest.mark.parametrize("first", ["sep=;", '"sep=;"', "\ufeffsep=;"])
def test_the_first_line_of_excel_names_the_delimiter(read, first):
    table = read(f"{first}\r\na;b\r\n1,5;2\r\n4;x\r\n")
    assert table.names == ("a", "b")
    frame = table.frame(["a", "b"])
    assert frame["a"].tolist() == ["1,5", "4"]
    assert frame.fault(1, "b", "a number").line == 4
    [block] = csv_blocks(table.path, CsvOptions())
    assert block.names == ("a", "b") and block.frame(["a"])["a"].tolist() == ["1,5", "4"]
    assert block.locate(1, "b")[2:] == (4, "x")


@pytest.mark.case(160)
def test_errors_below_the_first_line_of_excel_have_their_line(read):
    with pytest.raises(DataError, match=r"t\.csv:4: expected 2 values"):
        read("sep=|\na|b\n1|2\n1|2|3\n")
    with pytest.raises(DataError, match=r"t\.csv:2: the first line looks like a row"):
        read("sep=\t\n1\t2\n3\t4\n5\t6\n")
    with pytest.raises(DataError, match=r"t\.csv:2: column 'a' occurs 2 times"):
        read("sep=;\na;a\n1;2\n")
    assert read("sep=;\n1;2\n3;4\n", header=False).frame(["x1"])["x1"].tolist() == [1, 3]
    assert read("sep=,b\n1,2\n").names == ("sep=", "b")  # a header


#: Lines of files whose quotes belong to values: inches, names, and a quote that nothing closes.
UNQUOTED = [
    'size;note;y',
    '5";a "b" c;1',
    '"7;"whole";2',
    '12" ;  "d;3',
    'x"";"";4',
]  # fmt: skip


@pytest.mark.case(185)
def test_without_quoting_quotes_are_ordinary_characters(read, write, monkeypatch):
    monkeypatch.setattr(_csv_blocks, "_BLOCK", 16)
    text = "\n".join(UNQUOTED)
    path = write(text)
    expected = pd.read_csv(path, sep=";", quoting=csv.QUOTE_NONE, keep_default_na=False)
    for options in ({}, {"delimiter": ";"}):
        table = read(text, quoting=False, **options)
        assert table.names == tuple(expected.columns)
        frame = table.frame(table.names)
        assert frame["size"].tolist() == expected["size"].str.strip().tolist()
        assert frame["note"].tolist() == expected["note"].str.strip().tolist()
        assert frame["y"].tolist() == expected["y"].tolist()
    blocks = csv_blocks(path, CsvOptions(quoting=False))
    assert len(blocks) > 1
    found = [value for block in blocks for value in block.frame(["note"])["note"].tolist()]
    assert found == expected["note"].str.strip().tolist()
    assert blocks[-1].locate(0, "size")[2:] == (5, 'x""')


@pytest.mark.case(215)
@pytest.mark.parametrize("value", [r'"he said \"a, b\""', r'"\"a\""', '"two\nlines, \\"a, b\\""'])
def test_backslashes_before_quotes_are_refused(read, write, value):
    text = f"x,text,y\n1,plain,2\n3,{value},4\n5,plain,6\n"
    for read_text in (read, lambda text: csv_blocks(write(text), CsvOptions())):
        with pytest.raises(DataError) as caught:
            read_text(text)
        error = caught.value
        assert (error.line, error.options) == (3, {})
        assert "backslash" in error.problem
    read(text.replace(r"\"", '""'))


def test_a_backslash_at_the_end_of_a_value_is_read(read):
    table = read('x,folder\n1,"C:\\data\\"\n2,"C:\\"\n')
    assert table.frame(["folder"])["folder"].tolist() == ["C:\\data\\", "C:\\"]


@pytest.mark.case(185)
def test_an_open_quote_names_the_option_that_reads_it(read):
    with pytest.raises(DataError, match=QUOTE) as caught:
        read("\n".join(UNQUOTED), delimiter=";")
    assert str(caught.value).endswith("quotes of the file belong to values, use quoting=False")
    table = read("\n".join(UNQUOTED), delimiter=";", **caught.value.options)
    assert table.frame(["size"])["size"].tolist()[1] == '"7'

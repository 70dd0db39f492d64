"""Names or values: tables without a header are refused, and tables with odd names are read."""

import gzip
import os
from pathlib import Path

import pandas as pd
import pytest

from barenet import load_dataset
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import DataError
from barenet.tables.files._csv_blocks import csv_blocks
from barenet.tables.files._csv_table import read_table
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table, read_columns

TABLES = Path(os.environ.get("BARENET_DATA", "")) / "tables"
ROWS = "5.1,Rome,3,no\n4.9,Oslo,4,yes\n4.7,Rome,5,no\n4.6,Oslo,8,yes\n"


@pytest.mark.case(101)
def test_a_table_without_a_header_is_read_by_position(write):
    path = write(ROWS)
    for load in (load_table, lambda path, y, **options: load_dataset(path, target=y, **options)):
        data = load(path, "x4", header=False)
        assert (data.n_samples, data.feature_names) == (4, ("x1", "x2", "x3"))
        assert data.classes == ("no", "yes")
    csv = CsvOptions(header=False)
    table = open_table(path, csv)
    X = read_columns(table, ["x3", "x1"])
    assert (X["x3"][0], X["x1"][0]) == (3, 5.1)
    assert read_samples(table, ["x1"], "x4", ("no", "yes")).y.tolist() == [0, 1, 0, 1]
    towns = read_columns(table, ["x2"])["x2"]
    assert towns[0] == "Rome"
    with pytest.raises(DataError, match=r"no column y; the columns are x1, x2, x3, x4$"):
        load_table(path, "y", header=False)


@pytest.mark.case(101)
def test_a_numeric_header_can_be_confirmed(write):
    numbers = write("1.5,2.5\n1,2\n3,4\n")
    with pytest.raises(DataError, match=r": 1\.5, 2\.5; if it is a row"):
        read_table(numbers)
    assert read_table(numbers, CsvOptions(header=True)).names == ("1.5", "2.5")
    assert len(read_table(numbers, CsvOptions(header=False)).frame(["x1"])) == 3


@pytest.mark.case(101)
@pytest.mark.parametrize(
    "text",
    [
        "{digits},{digits}\n1,2\n",
        '"a\nb","a\nb"\n1,2\n',
        "a{long},a{long}\n1,2\n",
    ],
)
def test_names_in_errors_are_shortened_to_one_line(write, text):
    with pytest.raises(DataError) as error:
        read_table(write(text.format(long="Rome" * 1000, digits="1" * 1000)))
    message = str(error.value).partition("t.csv")[2]
    assert error.value.line == 1
    assert len(message.splitlines()) == 1 and len(message) < 400


@pytest.mark.case(209)
@pytest.mark.parametrize("first", ["", "Unnamed: 0", ",Unnamed: 0", ",", "size,"])
def test_columns_without_a_name_are_named_as_by_pandas(write, first):
    n_columns = first.count(",") + 2
    rows = [",".join([str(row)] * n_columns) for row in range(3)]
    path = write("\n".join([f"{first},town", *rows]) + "\n")
    table = read_table(path)
    assert table.names == tuple(pd.read_csv(path).columns)
    assert table.frame(table.names).columns[table.names[0]].tolist() == [0, 1, 2]


@pytest.mark.parametrize("index", [True, False])
def test_the_numbers_that_pandas_writes_are_names(write, index):
    for names in ([0, 1], [1940, 1945, 1951]):
        table = pd.DataFrame([range(len(names))] * 3, columns=names)
        if index or names[0] == 0:
            path = write(table.to_csv(index=index))
            assert read_table(path).names[-len(names) :] == tuple(map(str, names))


@pytest.mark.case(101)
@pytest.mark.parametrize(
    "text",
    [
        "country,2019,2020\nGermany,1.5,2.5\nFrance,3.5,4\n",
        "country,2020\nGermany,1\nFrance,3\n",
        "country,region,2000,2001,2002\nGermany,Europe,1,2,3\nFrance,Europe,4,5,6\n",
        "sample,1100,1102.5,1105,class\na,0.5,0.4,0.1,x\nb,0.5,0.4,0.2,y\nc,0.5,0.4,0.2,x\n",
        "id,5,25,50,75,95\na,1,2,3,4,5\nb,1,2,3,4,5\n",
        "0,1,2\n5.1,Rome,no\n4.9,Oslo,yes\n",
        "town,y\nRome,y\nOslo,n\n",
        "sex,smoker,charges\nmale,yes,5\nfemale,no,6\n",
        "name,town\nAda,Rome\nBob,Oslo\n",
        "party,vote\nleft,yes\nright,no\nleft,yes\nright,no\n",
        "2024-01-01,town\n1,Rome\n2,Oslo\n",
        "day,2024-01-01,2024-01-02\na,1,2\nb,3,4\n",
        "Rome,Italy\nOslo,Norway\nRome,Italy\nOslo,Norway\n",
        "2024-01-01,Rome\n2024-01-02,Oslo\n2024-01-03,Rome\n",
        "size,7\n1,Rome\n2,Oslo\n",
        f"town,5,25,{'9' * 5000}\na,1,2,3\nb,3,4,4\n",
    ],
)
def test_first_lines_that_look_like_names_are_headers(write, text):
    assert read_table(write(text)).names == tuple(text.split("\n")[0].split(","))


@pytest.mark.case(101)
@pytest.mark.parametrize(
    "text",
    [
        "ford,2019\nfiat,2020\nford,2018\n",
        "Rome,0\nOslo,1\nRome,0\n",
        '"1","F",2,7\n"2","F",2,7.4\n"3","M",2,9.5\n',
        "1,2.52,38,high\n2,2.56,31,low\n3,2.19,33,low\n",
        "ford,2019,12000\nfiat,2020,9000\nford,2018,8000\n",
        "a1;5,5;no;7\na2;6,5;yes;8\na3;7;no;9\n",
        "1.5,2.5\n1,2\n3,4\n",
        "?,3,Rome\n4,5,Oslo\n6,?,Rome\n",
        "size,town,7\n1,Rome,2\n3,Oslo,4\n",
        f"Rome,{'1' * 5000}\nOslo,3\nRome,4\nOslo,5\n",
        ROWS,
    ],
)
def test_first_lines_that_look_like_rows_are_refused(write, text):
    with pytest.raises(DataError, match=r"looks like a row .* use header=False") as caught:
        read_table(write(text))
    assert (caught.value.line, caught.value.options) == (1, {"header": False, "header_": True})


@pytest.mark.case(101)
@pytest.mark.skipif(not TABLES.is_dir(), reason="BARENET_DATA names no folder with tables")
def test_real_tables_are_read_with_and_without_their_header(tmp_path):
    files = sorted(TABLES.glob("*.csv*"))
    assert len(files) > 5
    for file in sorted(files, key=lambda file: file.stat().st_size)[:6]:
        assert len(read_table(file).names) > 1
        text = file.read_bytes()
        text = gzip.decompress(text) if file.suffix == ".gz" else text
        (tmp_path / "t.csv").write_bytes(text.split(b"\n", 1)[1])
        with pytest.raises(DataError, match=r"use header=False"):
            read_table(tmp_path / "t.csv")


@pytest.mark.case(215)
@pytest.mark.parametrize("header", [None, True])
def test_two_columns_of_one_name_are_refused_with_the_one_to_rename(write, header):
    with pytest.raises(DataError) as caught:
        read_table(write(",size,town,size\n1,2,Rome,4\n5,6,Oslo,8\n"), CsvOptions(header=header))
    error = caught.value
    assert (error.line, error.value, error.options) == (1, "size", {})
    assert "'size' at position 4" in error.remedy


@pytest.mark.case(215)
def test_equal_values_in_a_first_row_are_no_names(write):
    with pytest.raises(DataError) as caught:
        read_table(write("5.1,Rome,5.1\n4.9,Oslo,3\n4.7,Rome,1\n"))
    assert caught.value.options == {"header": False, "header_": True}


COMMENTS = {
    "one line": "# Source: the office of statistics\n",
    "several lines, some of them with delimiters": "# Source: the office, 2024\n#\n# Unit;m\n",
}


@pytest.mark.case(215)
@pytest.mark.parametrize("kind", COMMENTS)
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("read", [read_table, csv_blocks])
def test_comments_above_the_names_are_refused(write, kind, delimiter, read):
    text = "x,town,y\n1,Rome,2\n3,Oslo,4\n".replace(",", delimiter)
    comments = COMMENTS[kind]
    with pytest.raises(DataError) as caught:
        read(write(comments + text), CsvOptions())
    error = caught.value
    assert error.line == 1
    assert f"line {comments.count('#') + 1}: " in error.problem
    assert error.remedy == "delete the lines above the names"


@pytest.mark.case(215)
@pytest.mark.parametrize("rows", ["1,2\n3,4\n", "", "1,2,3\n4,5\n"])
def test_a_first_name_may_begin_with_a_hash(write, rows):
    path = write(f"#id,size\n{rows}")
    if rows.startswith("1,2,3"):
        with pytest.raises(DataError) as caught:
            read_table(path)
        assert caught.value.line == 2
    else:
        assert read_table(path).names == ("#id", "size")
    if rows:
        assert read_table(write("#id;size\n1;2\n")).names == ("#id", "size")

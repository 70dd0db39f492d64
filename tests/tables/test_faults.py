"""Tables that cannot be used, case by case, as users of `load_table` meet them."""

import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from barenet import Scaling, TableEncoding
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.files._open_table import open_table, read_columns


def fit(path, **options):
    """Load a table, and fit the encoding of every column, as for training."""
    return TableEncoding.fit(load_table(path, "y", frame=True).X, **options)


XY, DAYS = "x,y\n1,a\n2,b\n", "when,g,x,y\n2024-01-01,a,1,1.5\n,a,2,2\n2024-01-03,a,3,4\n"
MANY = ",".join(f"p{pixel}" for pixel in range(785)) + "\n" + ",".join(["1"] * 785) + "\n"
COLUMNS = "the columns are when, g, x, y"
FORMAT = "expected a format of Python's strptime"
#: Tables, options of `load_table`, the argument that is named, if any, and a part of the error.
REFUSED = [
    ("x,y\n1,2\n", {}, "", "t.csv: 1 row, at least 2 are needed$"),
    ('"a\nb",c\n1,2\n', {}, "target", r"no column y; the columns are a\\nb, c$"),
    ("y\n1\n2\n", {}, "", "'y' is the only column left; there is nothing to learn it from$"),
    ("x,y\n1,p\n2,p\n", {}, "", "column 'y' holds 'p' in every row$"),
    ("h,weight\n1,2\n", {"target": None}, "target", "are h, weight; name the one to predict"),
    ("h,weight\n1,2\n", {"target": "Wieght"}, "target", "no column Wieght, did you mean 'weight'"),
    (MANY, {"target": "label"}, "target", r"the columns are p0, .*, p19, … \(785 in all\)$"),
    (XY, {"frame": "no"}, "frame", "got 'no'"),
    (XY, {"categories": "x"}, "categories", "got 'x'"),
    (XY, {"missing": "-999"}, "missing", "expected a list of texts"),
    (DAYS, {"split_by_time": "what"}, "split_by_time", f"no column what; {COLUMNS}"),
    (DAYS, {"split_by_group": "y"}, "split_by_group", "expected a column of the features, got 'y'"),
    (DAYS, {"split_by_time": 3}, "split_by_time", "expected text, got 3"),
    (DAYS, {"split_by_time": "when"}, "", r"t\.csv:3: column 'when': expected a value to split by"),
    (DAYS, {"split_by_group": "g"}, "split_by_group", "its values are equal in all 3 rows"),
    *((DAYS, {"date_format": wrong}, "date_format", FORMAT)
      for wrong in ("%d.%m", "date", 3)),
]  # fmt: skip


@pytest.mark.case(42, 44)
@pytest.mark.promise(10)
@pytest.mark.parametrize(("text", "options", "argument", "message"), REFUSED)
def test_a_table_or_an_option_that_cannot_be_used_is_refused(
    write, text, options, argument, message
):
    with pytest.raises((DataError, ArgumentError), match=message) as caught:
        load_table(write(text), **{"target": "y", **options}).split(0.3)
    assert caught.value.argument == argument


@pytest.mark.case(40)
def test_text_in_a_column_of_numbers_is_missing_and_named(write):
    rows = "".join(f"{row},{row % 2}\n" for row in range(19))
    path = write(f"age,y\n{rows}old,1\n")
    with pytest.warns(UserWarning, match="column 'age': 1 of 20 values .*: 'old'"):
        encoding = fit(path)
    assert encoding.columns == fit(path, missing=["old"]).columns
    assert encoding.input_names == ("age", "age missing")
    assert fit(path, columns={"age": "names"}).columns[0].kind == "category"
    rows = read_columns(open_table(path), ["age"])
    with pytest.raises(DataError, match=r"t\.csv:21: column 'age': expected a number, .*'old'"):
        named_matrix(rows, ["age"], Scaling.fit("none", np.zeros((2, 1))))


@pytest.mark.case(40)
def test_text_in_a_column_of_numbers_of_new_rows_is_missing_and_named(write):
    encoding = fit(write("age,y\n1,0\n2,1\n3,1\n"))
    later = read_columns(open_table(write("age\n5\nold\n", "later.csv")), ["age"])
    with pytest.warns(UserWarning, match="column 'age': 1 of 2 values .*: 'old'"):
        encoded = encoding.transform(later)
    np.testing.assert_array_equal(encoded, encoding.transform({"age": [5, None]}))
    alone = read_columns(open_table(write("age\nold\n", "alone.csv")), ["age"])
    with pytest.raises(DataError) as caught:
        encoding.transform(alone)
    assert (caught.value.column, caught.value.line, caught.value.value) == ("age", 2, "old")


@pytest.mark.case(42)
def test_one_row_can_be_predicted(write):
    path = write("x,town,y\n1,Rome,2\n")
    assert read_columns(open_table(path), ["x"])["x"].tolist() == [1]
    assert read_columns(open_table(path), ["town"])["town"].tolist() == ["Rome"]


@pytest.mark.case(43)
def test_duplicate_columns_are_refused(tmp_path):
    twice = pyarrow.table([[1, 2], [3, 4], [5, 6]], names=["x", "x", "y"])
    parquet.write_table(twice, tmp_path / "t.parquet")
    with pytest.raises(DataError, match=r"t\.parquet: column 'x' occurs 2 times; column names m"):
        load_table(tmp_path / "t.parquet", "y")

"""Tables as data sets, from a file to X, y and classes."""

import numpy as np
import pandas
import polars
import pytest
from sklearn.datasets import load_iris

from barenet import Scaling, TableEncoding, Task
from barenet.datasets._table_loading import load_table, read_samples
from barenet.errors import ArgumentError, DataError
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import open_table, read_columns
from barenet.tables.reading._column_values import as_numbers
from barenet.typing import Frame


def test_iris_written_as_csv_is_iris(write):
    iris = load_iris()
    species = iris.target_names[iris.target]
    table = pandas.DataFrame(iris.data, columns=iris.feature_names).assign(species=species)
    data = load_table(write(table.to_csv(index=False)), "species")
    np.testing.assert_array_equal(data.X, iris.data)
    np.testing.assert_array_equal(data.y, iris.target)
    assert data.y.dtype == np.int64 and data.X.dtype == np.float64
    assert data.classes == ("setosa", "versicolor", "virginica")
    assert data.feature_names == tuple(iris.feature_names)
    assert (data.target_name, data.name) == ("species", "t.csv")
    assert data.description == "150 rows, 5 columns"


@pytest.mark.parametrize(
    ("values", "task", "y", "classes"),
    [
        ("10 9 10 9", None, [1, 0, 1, 0], ("9", "10")),
        ("1.0 0.0 1.0 0.0", None, [1, 0, 1, 0], ("0", "1")),
        ("1 2 3 4", None, [1, 2, 3, 4], None),
        ("1 2 3 4", "classification", [0, 1, 2, 3], ("1", "2", "3", "4")),
        ("1 0 1 0", "regression", [1, 0, 1, 0], None),
        ("no yes no nan", "classification", [1, 2, 1, 0], ("nan", "no", "yes")),
        ("01 02 01 02", None, [0, 1, 0, 1], ("01", "02")),
        ("01 02 01 02", "regression", [1, 2, 1, 2], None),
        ("1 2 1 b", "classification", [0, 1, 0, 2], ("1", "2", "b")),
        ("0.5 0.5 1.5 1.5", None, [0.5, 0.5, 1.5, 1.5], None),
    ],
)
def test_the_target_decides_between_classification_and_regression(write, values, task, y, classes):
    rows = "".join(f"{number},{value}\n" for number, value in enumerate(values.split()))
    data = load_table(write("x,y\n" + rows), "y", task=task)
    assert data.y.tolist() == y
    assert data.classes == classes
    assert data.y.dtype == (np.float64 if classes is None else np.int64)


def test_rows_without_a_target_are_left_out_and_counted_with_their_marks(write):
    path = write("x,price\n1,2.5\n2,\n3,NA\n4,1.5\n5,?\n")
    for task in (None, "regression"):
        data = load_table(path, "price", task=task)
        assert data.X.tolist() == [[1], [4]]
        assert data.description == ("2 rows (3 without a target left out: '?', 'NA'), 2 columns")


def test_a_table_with_text_or_missing_values_is_a_frame(write):
    data = load_table(write("x,town,y\n1,Paris,0\n,Rome,1\n"), "y")
    assert isinstance(data.X, Frame)
    assert data.X["town"].tolist() == ["Paris", "Rome"]
    np.testing.assert_array_equal(data.X["x"], [1, np.nan])
    assert (data.n_samples, data.n_features, data.feature_names) == (2, 2, ("x", "town"))
    plain = write("x,z,y\n1,2,0\n3,4,1\n")
    assert isinstance(load_table(plain, "y").X, np.ndarray)
    assert isinstance(load_table(plain, "y", frame=True).X, Frame)


@pytest.mark.case(209)
@pytest.mark.parametrize("values", ["names", "numbers of the rows"])
@pytest.mark.parametrize("suffix", [".csv", ".parquet"])
def test_a_column_without_a_name_is_like_any_other(values, suffix, tmp_path):
    index = [f"{row % 5}0-{row % 5}9" for row in range(50)]
    if values != "names":
        index = np.random.default_rng(0).permutation(50).tolist()
    rows = pandas.DataFrame({"x": np.arange(50) % 7, "y": np.arange(50) / 3}, index=index)
    path = tmp_path / f"t{suffix}"
    if suffix == ".csv":
        rows.to_csv(path)
        name = "Unnamed: 0"
        tables = [pandas.read_csv(path), polars.read_csv(path), polars.read_csv(path).to_dicts()]
    else:
        rows.to_parquet(path)
        name = "__index_level_0__"
        tables = [polars.read_parquet(path)]
    for source in (path, *tables):
        data = Task.open(source, target="y").training
        assert set(data.feature_names) == {name, "x"}
        encoding = TableEncoding.fit(data.X)
        assert (name in encoding.feature_names) == (values == "names")
        assert name in TableEncoding.fit(data.X, keep_column=[name]).feature_names
    left_out = Task.open(path, target="y", drop=[name])
    assert left_out.training.feature_names == ("x",)


@pytest.mark.case(209)
def test_rows_are_split_by_a_column_without_a_name(write):
    rows = "".join(f"{day},{day % 3},{day % 7}\n" for day in range(40))
    data = load_table(write(f",x,y\n{rows}"), "y", split_by_time="Unnamed: 0", task="regression")
    assert data.split_keys.tolist() == [*range(40)]


@pytest.mark.case(36, 139)
def test_only_rows_without_targets_may_be_missing(write):
    path = write("x,y\n\n")
    for read in (lambda: load_table(path, "y"), lambda: read_samples(open_table(path), ["x"], "y")):
        with pytest.raises(DataError, match=r"t\.csv: no rows, only names of columns$"):
            read()
    assert read_columns(open_table(path), ["x"]).shape == (0, 1)


def test_features_are_selected_by_name(write):
    path = write('note,b,y,a\n"x, and\nmore",2,?,1\n-,4,,3\n')
    X = read_columns(open_table(path), ["a", "b"])
    assert [*X.columns] == ["a", "b"] and X["a"].tolist() == [1, 3] and X["b"].tolist() == [2, 4]
    with pytest.raises(DataError, match=r"no column c, d; the columns are note, b, y, a$"):
        read_columns(open_table(path), ["a", "c", "d"])
    with pytest.raises(DataError, match=r"t\.csv:2: column 'y': expected a number, as in .*'\?'$"):
        named_matrix(
            read_columns(open_table(path), ["a", "y"]), ["a", "y"], Scaling.fit("none", np.eye(2))
        )


@pytest.mark.parametrize(
    ("values", "classes", "expected"),
    [
        ("cat bird cat", ["bird", "cat", "dog"], [1, 0, 1]),
        ("cat bird cat", ["cat", "dog"], r"t\.csv:3: column 'y': expected one of cat, dog, got"),
        ("9.0 10", ["9", "10"], [0, 1]),
        ("9.0 10", None, [9.0, 10.0]),
        # where the classes were learned as text, 01 is a name and not the number 1
        ("01 02", ["01", "02", "x"], [0, 1]),
        ("01 02", ["1", "2"], [0, 1]),
        ("01 02", ["1", "2", "x"], r"t\.csv:2: .*expected one of 1, 2, x"),
    ],
)
def test_new_rows_use_the_classes_of_the_network(write, values, classes, expected):
    rows = enumerate(values.split())
    path = write("x,y\n" + "".join(f"{number},{value}\n" for number, value in rows))
    if isinstance(expected, str):
        with pytest.raises(DataError, match=expected):
            read_samples(open_table(path), ["x"], "y", classes)
    else:
        read = read_samples(open_table(path), ["x"], "y", classes)
        assert read.X["x"].tolist() == [*range(len(expected))] and read.y.tolist() == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ("17|-0,41|1.234,5|3", [17, -0.41, 1234.5, 3]),
        ("$5|$1,200.50|7", [5, 1200.5, 7]),
        ("14 207|1 000 000|9", [14207, 1000000, 9]),
    ],
)
def test_a_target_of_local_numbers_is_read_unless_it_has_classes(write, values, expected):
    rows = enumerate(values.split("|"))
    path = write("a;y\n" + "".join(f"{row};{value}\n" for row, value in rows))
    dataset = load_table(path, "y")
    assert dataset.classes is None and dataset.y.tolist() == expected
    assert load_table(path, "y", task="classification").classes is not None


def test_a_target_with_commas_of_thousands_or_decimals_is_refused(write):
    path = write('a,y\n1,"1,234"\n2,"2,345"\n3,"3,456"\n')
    with pytest.raises(DataError) as caught:
        load_table(path, "y")
    assert (caught.value.column, caught.value.line, caught.value.value) == ("y", 2, "1,234")


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_more_spellings_of_a_missing_target(tmp_path, name):
    y = [1.5, -999, 2.5, 3.25, -999]
    texts = ["a", "k.A.", "b", "a", "b"]
    frame = pandas.DataFrame({"x": range(5), "y": y, "word": texts})
    path = tmp_path / name
    frame.to_csv(path, index=False) if name == "t.csv" else frame.to_parquet(path)
    data = load_table(path, "y", missing=["-999"], categories=["word"])
    assert data.y.tolist() == [1.5, 2.5, 3.25] and "2 without a target" in data.description
    data = load_table(path, "word", missing=["k.A."], task="classification")
    assert data.classes == ("a", "b") and data.X[:, 0].tolist() == [0, 2, 3, 4]
    rows = read_samples(open_table(path), ["x"], "y", missing=["-999"])
    assert rows.y.tolist() == [1.5, 2.5, 3.25]
    with pytest.raises(ArgumentError, match="missing: expected a list of texts"):
        load_table(path, "y", missing="-999")


def test_booleans_and_dates_are_the_same_categories_in_csv_and_parquet(tmp_path):
    days = pandas.to_datetime(["2020-01-01", "2020-01-02", "2020-01-01", "2020-01-03"])
    frame = pandas.DataFrame({"flag": [True, False, True, True], "day": days, "y": [1, 2, 3, 4.5]})
    frame.to_csv(tmp_path / "t.csv", index=False)
    frame.to_parquet(tmp_path / "t.parquet", index=False)
    rows = [load_table(tmp_path / name, "y", frame=True).X for name in ("t.csv", "t.parquet")]
    encodings = [TableEncoding.fit(each, categories=["flag", "day"]) for each in rows]
    assert encodings[0].columns == encodings[1].columns


def test_a_class_named_none_is_kept_when_the_classes_are_known(write):
    path = write("x,y\n1,None\n2,\n3,some\n4,None\n")
    data = load_table(path, "y", task="classification")
    assert data.classes == ("None", "some") and data.n_samples == 3
    others = load_table(write("x,y\n1,no\n2,None\n3,yes\n", "u.csv"), "y")
    assert others.description.startswith("2 rows (1 without a target left out: 'None')")
    X = read_samples(open_table(path), ["x"], "y", data.classes).X
    assert X["x"].tolist() == [1, 3, 4]
    assert read_samples(open_table(write("x,y\n1,\n")), ["x"], "y", ["a"]).n_samples == 0
    with pytest.raises(DataError, match=r"1 row \(2 without a target left out: 'NA'\), at least 2"):
        load_table(write("x,y\n1,\n2,NA\n3,a\n"), "y")


def test_spaces_around_a_marker_of_a_missing_target_have_no_effect(write):
    path = write("x,y\n1,1.5\n2,-999\n3,2.5\n")
    assert load_table(path, "y", missing=[" -999 "]).y.tolist() == [1.5, 2.5]


def test_decimal_commas_allow_points_in_names(write):
    path = write("a;version;y\n1,5;1.2;0\n2,5;1.3;1\n3,5;1.2;1\n4,5;1.3;0\n")
    csv = CsvOptions(decimal=",")
    table = open_table(path, csv)
    X = load_table(path, "y", decimal=",", categories=["version"]).X
    assert X["version"].tolist() == ["1.2", "1.3", "1.2", "1.3"]
    frame = read_columns(table, ["a", "version"], unparsed=["version"])
    assert as_numbers(frame, "a", [""]).tolist() == [1.5, 2.5, 3.5, 4.5]
    samples = read_samples(table, ["a"], "y", ["0", "1"], categories=["version"])
    assert samples.y.tolist() == [0, 1, 1, 0]
    # Without words for it, the column has the only reading that fits.
    assert Task.open(path, "y", decimal=",", test_size=0).describe()[1].words == "number 1234.5"

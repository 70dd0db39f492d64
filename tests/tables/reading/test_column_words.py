"""The words that state what columns are, and their older spellings."""

import numpy as np
import pandas as pd
import pytest

from barenet import MLPEnsembleRegressor, TableEncoding, TablePreprocessor, Task, load, save
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError
from barenet.settings._task_settings import TaskSettings
from barenet.streams._stream import stream
from barenet.tables.reading._column_words import (
    KINDS,
    WORDS,
    ColumnRequest,
    as_columns,
    as_texts,
    merge_columns,
    words_of_kind,
)

pytestmark = pytest.mark.case(242)

TITLES = ["red car", "old red bike", "new green car", "new yellow car", "old blue bike"]

#: A column for each word, the kind that it is encoded as, and the first value.
COLUMNS = {
    "names": (["10115", "10117"] * 30, "category"),
    "number": (["00123", "00456"] * 30, "number"),
    "date": (["2024-01-03", "2024-02-04"] * 30, "date"),
    "date day-first": (["03/01/2024", "04/02/2024"] * 30, "date"),
    "date month-first": (["01/03/2024", "02/04/2024"] * 30, "date"),
    "date %d/%m/%Y": (["03/01/2024", "04/02/2024"] * 30, "date"),
    "time": (["12:30", "13:45"] * 30, "date"),
    "yes/no": ([0, 1] * 30, "boolean"),
    "keep": (list(range(60)), "number"),
    "drop": (["a", "b"] * 30, None),
    "words": ([f"{TITLES[row % 5]} {row}" for row in range(60)], "words"),
}


#: The words by the names of the columns, which are named like them; no format is in a name.
STATED = {words.replace("%d/%m/%Y", "of a format"): words for words in COLUMNS}


@pytest.fixture
def rows():
    """A table whose columns are named like their words."""
    table = {name: COLUMNS[words][0] for name, words in STATED.items()}
    return pd.DataFrame({**table, "price": np.arange(60.0) % 7})


def kinds_of(encoding):
    """The kinds of columns by name, without those that are left out."""
    return {column.name: column.kind for column in encoding.columns if column.kind != "dropped"}


EXPECTED = {name: COLUMNS[words][1] for name, words in STATED.items() if words != "drop"}


def test_each_word_decides_the_kind_of_a_column_in_every_way_to_read_a_table(rows, tmp_path):
    path = tmp_path / "prices.csv"
    rows.to_csv(path, index=False)
    columns = dict(STATED)
    dataset = load_table(path, "price", columns=columns)
    assert "drop" not in dataset.feature_names
    assert kinds_of(Task.open(path, "price", columns=columns)._encoding) == EXPECTED
    Task.cross_validate(path, "price", columns=columns, cv=3, model="network", epochs=1)
    blocks = stream(path, "price", columns=columns)
    assert kinds_of(blocks.encoding) == EXPECTED
    in_memory = rows.drop(columns=["price", "date of a format"])
    del columns["date of a format"]
    expected = {name: kind for name, kind in EXPECTED.items() if name in columns}
    assert kinds_of(TableEncoding.fit(in_memory, columns=columns)) == expected
    assert kinds_of(TablePreprocessor(columns=columns).fit(in_memory).encoding_) == expected
    model = MLPEnsembleRegressor(columns=columns, max_iter=1).fit(in_memory, rows["price"])
    assert kinds_of(model.encoding_) == expected | {"number": "piecewise", "keep": "piecewise"}


def test_dates_are_read_in_the_stated_order(rows, tmp_path):
    path = tmp_path / "prices.csv"
    rows.to_csv(path, index=False)
    orders = {name: words for name, words in STATED.items() if words.startswith("date")}
    task = Task.open(path, "price", columns=orders)
    frame = task.rows.dataset.X
    for column in task.columns:
        if column.name in orders:
            first = column.parse(frame, column.name, ())[0]
            assert str(first)[:10] == "2024-01-03"


def test_words_and_kinds_are_translated_both_ways():
    for words, kind in KINDS.items():
        assert words_of_kind(kind) == words
        assert merge_columns({"c": words})["c"].kind == kind
    assert words_of_kind("dropped") == "drop"


def test_words_survive_as_texts():
    columns = STATED | {"a=b": "date %d=%m=%Y", "c": " date  day-first "}
    texts = as_texts(columns)
    assert as_columns(texts) == columns | {"c": "date day-first"}
    with pytest.raises(ArgumentError) as caught:
        as_columns(["zip=names", "zip=drop"])
    assert (caught.value.argument, caught.value.value) == ("columns", "zip=drop")
    for wrong in ("zip=names", 3):
        with pytest.raises(ArgumentError) as caught:
            TableEncoding.fit({"zip": ["1", "2"]}, columns=wrong)
        assert (caught.value.argument, caught.value.value) == ("columns", wrong)
    with pytest.raises(ArgumentError) as caught:
        as_columns(["zip"])
    assert (caught.value.argument, caught.value.value) == ("columns", "zip")


@pytest.mark.parametrize("words", ["nams", "?", 3, None, "date %d.%m", "Date", ""])
def test_unknown_words_are_an_error_that_lists_the_words(words):
    with pytest.raises(ArgumentError) as caught:
        TableEncoding.fit({"zip": ["1", "2"]}, columns={"zip": words})
    assert (caught.value.argument, caught.value.value) in {("columns", words), ("columns", "%d.%m")}
    if words != "date %d.%m":
        assert all(word in caught.value.expected for word in WORDS)


def test_an_unknown_column_is_an_error_with_the_nearest_name(rows, tmp_path):
    path = tmp_path / "prices.csv"
    rows.to_csv(path, index=False)
    for error, call in {
        DataError: lambda: Task.open(path, "price", columns={"nams": "names"}),
        ArgumentError: lambda: TableEncoding.fit(rows, columns={"nams": "names"}),
    }.items():
        with pytest.raises(error, match="did you mean 'names'") as caught:
            call()
        assert (caught.value.argument, caught.value.value) == ("columns", "nams")
    with pytest.raises(ArgumentError) as caught:
        Task.open(path, "price", columns={"price": "number"})
    assert (caught.value.argument, caught.value.value) == ("columns", "price")


@pytest.mark.parametrize(
    ("options", "argument"),
    [
        ({"columns": {"c": "names"}, "numeric": ["c"]}, "numeric"),
        ({"columns": {"c": "drop"}, "keep_column": ["c"]}, "keep_column"),
        ({"columns": {"c": "keep"}, "drop": ["c"]}, "drop"),
        ({"columns": {"c": "date"}, "date_format": {"c": "%d.%m.%Y"}}, "date_format"),
        ({"categories": ["c"], "numeric": ["c"]}, "numeric"),
        ({"drop": ["c"], "keep_column": ["c"]}, "keep_column"),
    ],
)
def test_a_contradiction_is_an_error_that_names_both_arguments(options, argument):
    with pytest.raises(ArgumentError) as caught:
        merge_columns(**options)
    assert caught.value.argument == argument
    others = options.keys() - {argument}
    assert all(other in caught.value.problem for other in others)


def test_older_arguments_are_spellings_of_the_words():
    assert merge_columns(
        {"n": "number"},
        categories=["zip"],
        numeric=["n"],
        drop=["id"],
        keep_column=["row", "zip"],
        date_format={"opened": "%d.%m.%Y"},
    ) == merge_columns({"n": "number"}) | {
        "zip": ColumnRequest("names", "categories"),
        "id": ColumnRequest("drop", "drop"),
        "row": ColumnRequest("keep", "keep_column"),
        "opened": ColumnRequest("date %d.%m.%Y", "date_format"),
    }


def test_a_format_of_dates_reads_texts_of_any_source(rows, tmp_path):
    path = tmp_path / "prices.parquet"
    rows.to_parquet(path)
    for source in (rows, path):
        task = Task.open(source, "price", columns=STATED, test_size=0)
        assert kinds_of(task._encoding) == EXPECTED
    assert kinds_of(stream(path, "price", columns=STATED).encoding) == EXPECTED
    encoding = TableEncoding.fit({"c": rows["date of a format"]}, columns={"c": "date %d/%m/%Y"})
    expected = TableEncoding.fit({"c": rows["date"]}).transform({"c": ["2024-02-04"] * 2})
    new = {"c": ["04/02/2024", "2024-02-04"]}  # the year may be first, too
    np.testing.assert_array_equal(encoding.transform(new), expected)
    typed = rows.assign(date=pd.to_datetime(rows["date"]))
    task = Task.open(typed, "price", columns=STATED | {"date": "date %Y-%m-%d"})
    assert kinds_of(task._encoding)["date"] == "date"


@pytest.mark.parametrize("words", ["number", "date", "date day-first", "date %d.%m.%Y", "yes/no"])
def test_a_value_of_another_kind_is_missing_wherever_the_split_has_put_it(words, tmp_path):
    values = {"number": "1.5", "yes/no": "yes"}.get(words, "2024-12-31")
    path = tmp_path / "prices.csv"
    table = pd.DataFrame({"c": [values] * 60, "x": np.arange(60) % 9, "price": np.arange(60.0)})
    for row in (0, 57):
        table["c"] = values
        table.loc[row, "c"] = "other"
        table.to_csv(path, index=False)
        with pytest.warns(UserWarning, match="column 'c': 1 of 60 values .* 'other'"):
            task = Task.open(path, "price", columns={"c": words})
        missing = task.rows.dataset.X["c"]
        assert np.flatnonzero(np.isnan(missing)).tolist() == [row]


@pytest.mark.parametrize("words", ["number", "date", "date day-first", "yes/no"])
def test_a_column_without_a_value_of_the_stated_kind_is_an_error(words, tmp_path):
    path = tmp_path / "prices.csv"
    table = pd.DataFrame({"c": ["a", "b"] * 30, "d": ["e"] * 60, "price": np.arange(60.0)})
    table.to_csv(path, index=False)
    with pytest.raises(DataError) as caught:
        Task.open(path, "price", columns={"c": words, "d": words})
    error = caught.value
    assert (error.column, error.row, error.line, error.value) == ("c", 0, 2, "a")
    assert error.options == {"columns": {"c": "names", "d": "names"}}


def test_words_need_texts_that_share_some(rows):
    with pytest.raises(DataError) as caught:
        Task.open(rows[["keep", "price"]], "price", columns={"keep": "words"}).describe()
    assert caught.value.column == "keep"
    with pytest.raises(DataError) as caught:
        TableEncoding.fit({"c": ["1", "2"], "x": [1.0, 2.5]}, columns={"c": "words"})
    assert (caught.value.column, caught.value.options) == ("c", {"columns": {"c": "names"}})


def test_a_run_file_and_a_model_card_keep_the_words():
    columns = {"opened": "date %d.%m.%Y", "zip": "names", "a=b": "drop"}
    settings = TaskSettings(data="prices.csv", target="price", columns=columns)
    written = settings.set_fields()
    assert written["columns"] == columns and "date_format" not in written
    assert TaskSettings.from_fields(written).set_fields() == written
    card = settings.card_fields()
    assert TaskSettings.from_fields(card).columns == columns


#: Markers of missing values, in columns of text and in others that have them as values.
MARKED = {
    "age": "missing=-999",
    "size": "number missing=-999",
    "town": "names missing=not known missing=?x",
    "opened": "date missing=9999-12-31",
    "paid": "yes/no missing=unknown",
}


@pytest.fixture
def marked():
    """A table in which each marker occurs, and some of them in columns that don't have it."""
    n = np.arange(60)
    table = {
        "age": ["-999.0" if row % 9 == 4 else f"{row % 7}" for row in n],
        "size": [-999.0 if row % 8 == 4 else row % 7 for row in n],
        "town": ["not known" if row % 5 == 3 else ("Rome", "Oslo")[row % 2] for row in n],
        "opened": ["9999-12-31" if row % 6 == 1 else f"2024-01-{1 + row % 9:02d}" for row in n],
        "paid": ["unknown" if row % 4 == 1 else ("yes", "no")[row % 2] for row in n],
        "other": [-999.0 if row % 9 == 4 else row % 7 for row in n],
        "price": n % 11 + 0.5,
    }
    return pd.DataFrame(table)


@pytest.mark.filterwarnings("ignore:column 'other'. -999")
@pytest.mark.parametrize("source", ["frame", "file", "stream"])
def test_a_marker_of_missing_values_holds_for_its_column_alone(marked, source, tmp_path):
    path = tmp_path / "prices.csv"
    marked.to_csv(path, index=False)
    data = marked if source == "frame" else path
    options = {"memory": "1GB"} if source == "stream" else {}
    task = Task.open(data, "price", columns=MARKED, test_size=0, **options)
    predictor = task.train(model=None if source == "stream" else "network", epochs=1)
    encoding = predictor.preprocessing
    expected = TableEncoding.fit(marked.drop(columns="price"), columns=MARKED)
    assert [*encoding.markers] == [*MARKED]
    assert encoding.input_names == expected.input_names
    indicators = [name for name in encoding.input_names if name.endswith(" missing")]
    assert indicators == [f"{name} missing" for name in MARKED]
    missing = {"age": -999, "size": "-999", "town": "?x", "opened": "", "paid": "unknown"}
    new = pd.DataFrame({name: [value] for name, value in {**missing, "other": -999}.items()})
    encoded = dict(zip(encoding.input_names, encoding.transform(new)[0], strict=True))
    assert {encoded[name] for name in indicators} == {1}
    save(predictor, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    assert loaded.preprocessing.markers == encoding.markers
    assert loaded.outputs(marked).tolist() == predictor.outputs(marked).tolist()
    if source != "stream":
        words = {line.name: line.words for line in task.describe() if line.name in MARKED}
        assert words == MARKED | {"age": "number missing=-999"}


def test_a_marker_that_is_empty_is_refused():
    for words in ("missing=", "number missing=-9 missing="):
        with pytest.raises(ArgumentError) as caught:
            as_columns({"age": words})
        assert caught.value.argument == "columns" and "missing=-999" in caught.value.expected
    assert as_columns(["a=missing=-9", "b=c=number missing=x"]) == {
        "a": "missing=-9",
        "b=c": "number missing=x",
    }


def test_older_arguments_keep_a_marker():
    merged = merge_columns({"age": "missing=-9", "n": "keep missing=1"}, numeric=["age", "n"])
    assert {name: request.text for name, request in merged.items()} == {
        "age": "number missing=-9",
        "n": "number missing=1",
    }

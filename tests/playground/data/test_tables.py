"""Tables that the page opens, their errors, and the store of files."""

import pytest

from barenet.errors import ArgumentError, DataError
from barenet.playground.data._data_sources import prepare_table
from barenet.playground.data._file_store import MAX_FILES, FileStore
from barenet.playground.data._table_file import open_table
from barenet.playground.state._page_state import DataSettings

CSV = b"name,a,b,kind\nx,1,2,up\ny,2,3,down\nz,3,1,up\nw,4,4,down\n"


@pytest.fixture
def add(tmp_path):
    """Open a table as an upload."""

    def write(content, name="mine.csv"):
        path = tmp_path / "1.csv"
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return open_table(name, path)

    return write


def test_columns_of_text_are_not_numeric(add):
    table = add(CSV)
    assert table.numeric == {"name": False, "a": True, "b": True, "kind": False}
    prepared = prepare_table(DataSettings(), table)
    assert prepared.axes == prepared.input_names == ("a", "b")
    assert prepared.classes == ("down", "up") and prepared.dataset.name == "mine.csv"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"a,b\n1,2\n3\n", r":3: expected 2 values, as in the first line, got 1$"),
        (b"a,b\n1,\x002\n", r":2: a zero byte .*; save it as UTF-8$"),
        (b"a,b\n\xff\x00,2\n", r": not UTF-8 text.*; save it as UTF-8$"),
        (b"", r": empty file$"),
        (b"1,2\n3,4\n", r":1: the first line looks like a row .*; add a first line"),
        (b"a;b\n1;2\n3\n", r":1: 1 column, 'a;b'; its values seem to be separated by ';'$"),
        (b"a,b\n1,2\n3,\n", r": 1 row \(1 without a target left out\), at least 2 are needed$"),
        (
            b"a,b\n" + b"1,2\n2,3\n" * 9 + b"3,word\n",
            r":20: .* got 'word'; choose to predict it as classes, or leave the value empty$",
        ),
        (b'a,b\n1,"2,500"\n3,"4,500"\n', r":2: .*; write numbers without thousands separators, or"),
    ],
)
def test_errors_name_the_file_and_a_remedy_on_the_page(add, content, message):
    with pytest.raises(DataError, match=rf"^bad\.csv{message}"):
        prepare_table(DataSettings(target="b"), add(content, "bad.csv"))


@pytest.mark.parametrize(("features", "color"), [(("all",), "red"), (("x1",), "3")])
def test_a_class_of_a_single_row_is_an_error_with_a_remedy_on_the_page(add, features, color):
    table = add(f"a,b,color,kind\n1,5,{color},up\n2,6,4,up\n4,3,5,down\n7,4,6,up\n")
    problem = r"class 'down' of mine\.csv has a single row, .*; add rows of it to the file, or"
    with pytest.raises(ArgumentError, match=problem):
        prepare_table(DataSettings(target="kind", features=features), table)


def test_values_that_cannot_be_read_are_described_on_the_page(add):
    rows = "".join(
        f"{n % 3},{n % 9},{'few' if n == 4 else n / 4},{'ud'[n % 2]}\n" for n in range(60)
    )
    table = add(f"a,b,c,kind\n{rows}")
    assert prepare_table(DataSettings(), table).input_names == ("a", "b")
    prepared = prepare_table(DataSettings(features=("all",)), table)
    assert prepared.input_names == ("a", "b", "c", "c missing")
    problem = "1 of 60 values can't be read as 'number' and count as missing: 'few'"
    assert f"; column 'c': {problem}" in prepared.dataset.description


def test_excel_csv_files_are_read(add):
    """Semicolons and decimal commas."""
    rows = "".join(f"{n},5;{n % 7},25;{'über' if n % 2 else 'unter'}\n" for n in range(20))
    table = add(f"Größe;b;Art\n{rows}".encode())
    assert table.options == {"decimal": ","}
    dataset = table.load(DataSettings())
    assert dataset.feature_names == ("Größe", "b") and dataset.classes == ("unter", "über")
    assert dataset.X[3].tolist() == [3.5, 3.25]
    assert add(f"\ufeffGröße;b;Art\n{rows}".encode("utf-16")).options == {"decimal": ","}


def test_free_text_is_not_the_default_target(add):
    rows = "".join(f"{n},{n % 2},{'up' if n % 3 else 'down'},remark {n}\n" for n in range(150))
    table = add(f"a,b,kind,remark\n{rows}")
    assert table.load(DataSettings()).target_name == "kind"
    with pytest.raises(DataError, match=r"^mine\.csv: column 'remark' has 150 classes"):
        table.load(DataSettings(target="remark"))


@pytest.mark.parametrize(
    "last",
    [
        *("1 NA", "NA", f"1 2{' 2 3' * 9}"),
        *("yes", f"once{' often' * 19}"),  # a constant, and a class of one row
    ],
)
def test_a_column_that_cannot_be_predicted_is_not_the_default_target(add, last):
    values = (last.split() * 20)[:20]
    rows = "".join(f"{n},{'du'[n % 2]},{value}\n" for n, value in enumerate(values))
    table = add(f"a,kind,last\n{rows}")
    assert table.default_target == "kind"
    assert table.load(DataSettings()).classes == ("d", "u")
    assert add("a\n1\n1\n").default_target == "a", "there is no other"


def test_uploads_are_deleted_once_they_are_read(monkeypatch, tmp_path):
    """A signal may end the command: no folder without an upload."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    store = FileStore()
    assert not [*tmp_path.iterdir()]
    with pytest.raises(DataError):
        store.upload_table("bad.csv", b"")
    assert not store.tables and not [*tmp_path.glob("barenet-play-*")]
    store.upload_table("mine.csv", CSV)
    assert store.tables and not [*tmp_path.iterdir()], "it is in memory"


def test_the_oldest_upload_is_dropped_and_user_files_stay(store, tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes(CSV)
    keys = [store.open_table("own.csv", path)]
    keys += [store.upload_table(f"{n}.csv", CSV) for n in range(MAX_FILES)]
    assert len(set(keys)) == len(keys) and len(store.tables) == MAX_FILES
    assert path.exists()
    with pytest.raises(ArgumentError, check=lambda error: error.remedy == "load it again"):
        store.prepare(DataSettings(source=keys[0]))


@pytest.mark.parametrize("key", ["table:../../etc/passwd", "table:", "table:/etc/passwd"])
def test_a_key_is_not_a_path(store, key):
    with pytest.raises(ArgumentError, match="there is no table"):
        store.prepare(DataSettings(source=key))


def test_the_store_starts_with_a_named_data_set_or_a_table(store, tmp_path):
    assert [store.initial_state(name).data.source for name in ("", "moons")] == ["circles", "moons"]
    path = tmp_path / "mine.csv"
    path.write_text("a,b,c\n" + "".join(f"{n},{n % 5},{n % 2}\n" for n in range(20)))
    data = store.initial_state(str(path), "b").data
    assert data.source.startswith("table:") and data.target == "b"
    with pytest.raises(ValueError, match=r"mine\.csv: no column d"):
        store.initial_state(str(path), "d")
    with pytest.raises(ValueError, match="no such file"):
        store.initial_state("nowhere.csv")


@pytest.mark.parametrize(
    ("arguments", "argument"),
    [(("moon",), "data"), (("moons", "y"), "target"), (("moons", "", True), "header")],
)
def test_wrong_arguments_are_named(store, arguments, argument, refused):
    with refused(argument):
        store.initial_state(*arguments)

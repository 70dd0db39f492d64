from __future__ import annotations

import time
from contextlib import closing

import numpy as np
import pytest

from barenet.errors import DataError
from barenet.playground.page_state import DataSettings
from barenet.playground.tables import MOST_ROWS, MOST_TABLES, PREFIX, Tables

CSV = b"name,a,b,kind\nx,1,2,up\ny,2,3,down\nz,3,1,up\nw,4,4,down\n"


@pytest.fixture
def tables():
    with closing(Tables()) as made:
        yield made


def test_columns_of_text_are_no_axes(tables):
    key = tables.add("mine.csv", CSV)
    assert tables.columns(key) == {"name": False, "a": True, "b": True, "kind": False}
    (dataset,) = tables.load(DataSettings(source=key)).values()
    assert dataset.feature_names == ("a", "b") and dataset.classes == ("down", "up")
    assert dataset.name == "mine.csv"


def test_the_target_and_its_task_are_chosen(tables):
    key = tables.add("mine.csv", CSV)
    (dataset,) = tables.load(DataSettings(source=key, target="b", task="regression")).values()
    assert dataset.classes is None and dataset.feature_names == ("a",)
    with pytest.raises(ValueError, match=r"mine\.csv: no column c"):
        tables.load(DataSettings(source=key, target="c"))


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1\n", b"a,a\n1,2\n", b"\xff\xfe\x00", b'a,"b\n1,2']
)
def test_what_is_no_table_is_told_by_its_name(tables, content):
    with pytest.raises(DataError, match=r"^bad\.csv"):
        tables.add("bad.csv", content)
    assert not len(tables)


def test_what_excel_writes_elsewhere_is_read(tables):
    """Semicolons, decimal commas and Windows' letters: Größe in bytes that are no UTF-8."""
    rows = "".join(f"{n},5;{n % 7},25;{'über' if n % 2 else 'unter'}\n" for n in range(20))
    key = tables.add("mine.csv", f"Größe;b;Art\n{rows}".encode("cp1252"))
    assert tables.options(key) == {"encoding": "cp1252", "decimal": ","}
    (dataset,) = tables.load(DataSettings(source=key)).values()
    assert dataset.feature_names == ("Größe", "b") and dataset.classes == ("unter", "über")
    assert dataset.X[3].tolist() == [3.5, 3.25]
    same = tables.add("mine.csv", f"\ufeffGröße;b;Art\n{rows}".encode("utf-16"))
    assert tables.options(same) == {"decimal": ","}


def test_a_hundred_thousand_rows_with_line_breaks_in_quotes(tables):
    rows = "".join(f'{n},{n * n % 17},"a ""word""\nand a line",{n % 3}\n' for n in range(100_000))
    key = tables.add("long.csv", f"a,b,said,c\n{rows}".encode())
    assert tables.columns(key) == {"a": True, "b": True, "said": False, "c": True}
    (dataset,) = tables.load(DataSettings(source=key)).values()
    assert dataset.n_samples == 5000 and dataset.feature_names == ("a", "b")
    assert dataset.description == (
        "5,000 of 100,000 rows, 4 columns; without said, which are no numbers"
    )


def test_a_column_of_names_is_not_what_is_predicted_if_nobody_says(tables):
    rows = "".join(f"{n},{n % 2},{'up' if n % 3 else 'down'},remark {n}\n" for n in range(150))
    key = tables.add("mine.csv", f"a,b,kind,remark\n{rows}".encode())
    (dataset,) = tables.load(DataSettings(source=key)).values()
    assert dataset.target_name == "kind"
    with pytest.raises(DataError, match=r"^mine\.csv: column 'remark' has 150 classes, and 100"):
        tables.load(DataSettings(source=key, target="remark"))


def test_holes_are_filled_and_told_of(tables):
    rows = "".join(f"{'' if n == 3 else n},{n % 4},word,{n % 2}\n" for n in range(20))
    key = tables.add("mine.csv", f"a,b,said,c\n{rows}".encode())
    (dataset,) = tables.load(DataSettings(source=key)).values()
    assert dataset.X[3, 0] == np.median([n for n in range(20) if n != 3])
    assert dataset.description == (
        "20 rows, 4 columns; without said, which are no numbers; holes filled by the median: 1"
    )


def test_a_table_without_numbers_says_so(tables):
    key = tables.add("words.csv", b"a,b,kind\nx,y,up\ny,z,down\nx,z,up\n")
    with pytest.raises(DataError, match=r"^words\.csv: no column of numbers to learn 'kind' from"):
        tables.load(DataSettings(source=key))


def test_nothing_lies_on_the_disk_before_a_table_is_sent_and_after_the_end(monkeypatch, tmp_path):
    """A signal may end the command before anything could be cleared away."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with closing(Tables()) as tables:
        assert not [*tmp_path.iterdir()]
        tables.add("mine.csv", CSV)
        assert len([*tmp_path.glob("barenet-play-*/1.csv")]) == 1
    with closing(Tables()):
        assert not [*tmp_path.iterdir()]


def test_the_oldest_is_forgotten_and_a_file_of_ones_own_stays(tables, tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes(CSV)
    keys = [
        tables.open("own.csv", path),
        *(tables.add(f"{n}.csv", CSV) for n in range(MOST_TABLES)),
    ]
    assert len(set(keys)) == len(keys) and len(tables) == MOST_TABLES
    assert path.exists()
    with pytest.raises(ValueError, match="load it again"):
        tables.load(DataSettings(source=keys[0]))


def test_a_key_names_no_file(tables):
    for key in ("table:../../etc/passwd", "table:", f"{PREFIX}/etc/passwd"):
        with pytest.raises(ValueError, match="is not here"):
            tables.load(DataSettings(source=key))
    assert tables.load(DataSettings(source="../../etc/passwd")) == {}


def test_a_long_table_is_cut_to_what_can_be_watched(tables):
    for n_rows, cut in ((MOST_ROWS, False), (MOST_ROWS + 1, True)):
        rows = "".join(f"{n},{n * n % 17},{n % 3}\n" for n in range(n_rows))
        key = tables.add("long.csv", f"a,b,c\n{rows}".encode())
        (dataset,) = tables.load(DataSettings(source=key)).values()
        assert dataset.n_samples == MOST_ROWS and tables.is_cut(key) == cut


def test_fault_104_a_table_of_very_many_columns_is_refused_at_once(tables):
    names = b",".join(b"x%d" % column for column in range(100_000))
    started = time.process_time()
    with pytest.raises(DataError, match=r"^wide\.csv: 100,000 columns; a table may have 50,000 at"):
        tables.add("wide.csv", names + b"\n" + b",".join([b"1"] * 100_000))
    assert time.process_time() - started < 1


def test_fault_101_a_table_without_a_header_is_refused_in_words_for_the_page(tables):
    with pytest.raises(DataError) as error:
        tables.add("mine.csv", b"1.5,Rome,no\n2.5,Oslo,yes\n3.5,Rome,no\n")
    assert str(error.value).endswith("1.5, Rome, no; add a first line that names the columns")

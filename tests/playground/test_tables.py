from __future__ import annotations

from contextlib import closing

import pytest

from barenet.errors import DataError
from barenet.playground.scene import Scene
from barenet.playground.tables import MOST_TABLES, PREFIX, Tables

CSV = b"name,a,b,kind\nx,1,2,up\ny,2,3,down\nz,3,1,up\nw,4,4,down\n"


@pytest.fixture
def tables():
    with closing(Tables()) as made:
        yield made


def test_columns_of_text_are_no_axes(tables):
    key = tables.add("mine.csv", CSV)
    assert tables.columns(key) == {"name": False, "a": True, "b": True, "kind": False}
    (dataset,) = tables.load(Scene(data=key)).values()
    assert dataset.feature_names == ("a", "b") and dataset.classes == ("down", "up")
    assert dataset.name == "mine.csv"


def test_the_target_and_its_task_are_chosen(tables):
    key = tables.add("mine.csv", CSV)
    (dataset,) = tables.load(Scene(data=key, target="b", task="regression")).values()
    assert dataset.classes is None and dataset.feature_names == ("a",)
    with pytest.raises(ValueError, match=r"^mine\.csv: no column c"):
        tables.load(Scene(data=key, target="c"))


@pytest.mark.parametrize(
    "content", [b"", b"a,b\n1\n", b"a,a\n1,2\n", b"\xff\xfe\x00", b'a,"b\n1,2']
)
def test_what_is_no_table_is_told_by_its_name(tables, content):
    with pytest.raises(DataError, match=r"^bad\.csv"):
        tables.add("bad.csv", content)
    assert not tables.paths


def test_the_oldest_is_forgotten_and_a_file_of_ones_own_stays(tables, tmp_path):
    path = tmp_path / "own.csv"
    path.write_bytes(CSV)
    keys = [
        tables.open("own.csv", path),
        *(tables.add(f"{n}.csv", CSV) for n in range(MOST_TABLES)),
    ]
    assert len(set(keys)) == len(keys) and len(tables.paths) == MOST_TABLES
    assert path.exists()
    with pytest.raises(ValueError, match="load it again"):
        tables.load(Scene(data=keys[0]))


def test_a_key_names_no_file(tables):
    for key in ("table:../../etc/passwd", "table:", f"{PREFIX}/etc/passwd"):
        with pytest.raises(ValueError, match="is not here"):
            tables.load(Scene(data=key))
    assert tables.load(Scene(data="../../etc/passwd")) == {}


def test_a_long_table_is_cut_to_what_can_be_watched(tables):
    rows = "".join(f"{n},{n * n % 17},{n % 3}\n" for n in range(6000))
    key = tables.add("long.csv", f"a,b,c\n{rows}".encode())
    (dataset,) = tables.load(Scene(data=key)).values()
    assert dataset.n_samples == 5000

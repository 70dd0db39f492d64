import numpy as np

from barenet.cli._columns import summarize_columns
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling

TABLE = {
    "age": [36.0, None, 50.0, 41.0],
    "town": ["Rome", "Oslo", "Rome", None],
    "member": ["yes", "no", "no", "yes"],
    "since": ["2026-01-05", "2025-07-01", None, "2024-02-29"],
    "country": ["Italy"] * 4,
}


def test_each_kind_has_its_columns():
    assert summarize_columns(TableEncoding.fit(TABLE), ()).splitlines() == [
        "  1 number     age (some missing)",
        "  1 category   town (2, some missing)",
        "  1 yes or no  member",
        "  1 date       since (year, week, some missing)",
        "  1 left out   country: 'Italy' in every row",
    ]


def test_a_matrix_is_all_numbers():
    scaling = Scaling.fit("none", np.zeros((2, 2)))
    assert summarize_columns(scaling, ("a", "b")) == "  2 numbers  a, b"


def test_many_columns_are_cut_short():
    names = tuple(f"measure {at}" for at in range(500))
    text = summarize_columns(Scaling.fit("none", np.zeros((2, 500))), names)
    lines = text.splitlines()
    assert len(lines) <= 3
    assert max(map(len, lines)) < 80
    shown = sum(name in text.replace("\n", " ") for name in names)
    assert lines[-1].endswith(" more") and " … and " in " ".join(text.split())
    assert 10 < shown < 60

import json

import numpy as np
import pytest

from barenet.cli._console import emit_json, emit_table, log
from barenet.cli._introduction import summarize_columns
from barenet.cli._text_graphics import bar, describe_image, draw_image
from barenet.data import DATASETS, load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling


def test_nan_is_null_in_json(capsys):
    emit_json({"a": [1.5, float("nan"), {"b": (float("inf"), "é")}]})
    text = capsys.readouterr().out
    assert json.loads(text) == {"a": [1.5, None, {"b": [None, "é"]}]}
    assert text.isascii() and text.count("\n") == 1


def test_arrays_are_written_to_json_in_parts(capsys, monkeypatch):
    parts = {
        "a": np.array([1, 2, np.nan]),
        "b": {},
        "c": {"d": np.array([]), "e": np.eye(3, dtype=int)},
    }
    monkeypatch.setattr("barenet.cli._console.ROWS", 2)
    emit_json({**parts, "f\x7f\n": "\x7f"})
    text = capsys.readouterr().out
    whole = {
        "a": [1.0, 2.0, None],
        "b": {},
        "c": {"d": [], "e": np.eye(3, dtype=int).tolist()},
        "f\x7f\n": "\x7f",
    }
    assert text == json.dumps(whole).replace("\x7f", "\\u007f") + "\n"
    assert json.loads(text) == whole


def test_control_characters_breaks_of_lines_and_changes_of_direction_are_escaped(capsys):
    emit_table(["a"], [["\x1b[2J\nb"]])
    log("\x1b[31m")
    assert capsys.readouterr() == ("a\n\\x1b[2J\\nb\n", "\\x1b[31m\n")
    for code in (0x61C, 0x200E, 0x200F, 0x2028, 0x2029, 0x202A, 0x202E, 0x2066, 0x2069):
        text, spelled = f"b{chr(code)}c", f"b\\u{code:04x}c\n"
        emit_table(["a"], [[text]])
        log(f"error: {text}")
        assert capsys.readouterr() == (f"a\n{spelled}", f"error: {spelled}")


def test_table_columns_are_aligned_and_complete(capsys):
    emit_table(["name", "n"], [["x" * 200, "1"], ["[y]", "1,000"]], numbers=True)
    lines = capsys.readouterr().out.splitlines()
    assert lines[1] == "x" * 200 + "      1"
    assert lines[2] == "[y]" + " " * 197 + "  1,000"


def test_a_narrow_terminal_cuts_no_number(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    emit_table(["", "rows", "RMSE", "loss"], [["linear model", "40 test", "53.201", "0.36532"]])
    words = capsys.readouterr().out.split()
    assert {"linear", "model", "40", "test", "53.201", "0.36532"} <= {*words}


TABLE = {
    "age": [36.0, None, 50.0, 41.0],
    "town": ["Rome", "Oslo", "Rome", None],
    "member": ["yes", "no", "no", "yes"],
    "since": ["2026-01-05", "2025-07-01", None, "2024-02-29"],
    "country": ["Italy"] * 4,
}


def test_columns_are_listed_by_kind():
    assert summarize_columns(TableEncoding.fit(TABLE), ()).splitlines() == [
        "  1 number     age (some missing)",
        "  1 category   town (2, some missing)",
        "  1 yes or no  member",
        "  1 date       since (year, week, some missing)",
        "  1 left out   country: 'Italy' in every row",
    ]


def test_many_columns_are_shortened():
    names = tuple(f"measure {at}" for at in range(500))
    text = summarize_columns(Scaling.fit("none", np.zeros((2, 500))), names)
    lines = text.splitlines()
    assert len(lines) <= 3
    assert max(map(len, lines)) < 80
    shown = sum(name in text.replace("\n", " ") for name in names)
    assert lines[-1].endswith(" more") and " … and " in " ".join(text.split())
    assert 10 < shown < 60


def test_a_bar_is_drawn_to_an_eighth():
    assert [bar(fraction) for fraction in (0, 0.5, 1 / 24 + 1 / 96)] == ["", "█" * 12, "█▎"]


@pytest.mark.parametrize("name", ["a 3", "an 8", "an 11", "an Ankle boot", "a Bag"])
def test_indefinite_articles(name):
    word = name.partition(" ")[2]
    expected = f"I'm 50.0 % sure that it's {name}. It is {name}."
    assert describe_image(word, 0.5, word) == expected


def test_images_are_drawn():
    image = np.zeros((3, 28))
    image[0, 0] = image[1, 1] = image[0, 2] = image[1, 2] = image[2, 3] = 255
    assert draw_image(image.ravel(), (3, 28)) == "▀▄█\n   ▀"
    assert draw_image(np.full(64, 7.0), (8, 8)).strip() == ""
    assert draw_image(np.eye(100).ravel(), (100, 100)) == ""  # wider than a terminal


def test_every_named_data_set_has_a_row(barenet):
    header, *rows = barenet("datasets").ok().out.splitlines()
    assert header.split() == ["name", "task", "rows", "×", "features", "description"]
    assert [row.split()[0] for row in rows] == list(DATASETS)


def test_named_sets_in_json_have_their_settings(barenet):
    entries = {entry["name"]: entry for entry in barenet("datasets", "--json").json}
    assert list(entries) == list(DATASETS)
    wine = load_dataset("wine")
    assert entries["wine"]["rows"] == wine.n_samples == 178
    assert entries["wine"]["features"] == wine.n_features == 13
    assert entries["mnist"]["rows"] == 70_000 and entries["mnist"]["features"] == 784
    assert entries["moons"]["settings"]["learning_rate"] == 0.01
    assert entries["diabetes"]["task"] == "regression"

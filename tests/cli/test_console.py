import json

import numpy as np

from barenet import load_dataset
from barenet.cli._console import emit_json, emit_table, log
from barenet.cli._text_graphics import bar, draw_image
from barenet.datasets._dataset_loading import DATASETS


def test_arrays_are_written_to_json(capsys):
    arrays = {"b": np.array([]), "c": np.eye(2, dtype=int), "d": np.array([1, 2, np.nan])}
    emit_json({"a": arrays, "e\x7f\n": [1.5, np.nan, {"f": (float("inf"), "é\x7f")}], "g": {}})
    lists = {"b": [], "c": [[1, 0], [0, 1]], "d": [1.0, 2.0, None]}
    whole = {"a": lists, "e\x7f\n": [1.5, None, {"f": [None, "é\x7f"]}], "g": {}}
    text = capsys.readouterr().out
    assert text == json.dumps(whole).replace("\x7f", "\\u007f") + "\n"
    assert json.loads(text) == whole and text.isascii()


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
    gap = len(lines[1]) - 205
    assert gap in (2, 4)  # Rich 13 writes two more spaces
    assert lines[1] == "x" * 200 + " " * gap + "    1"
    assert lines[2] == "[y]" + " " * (197 + gap) + "1,000"


def test_a_narrow_terminal_cuts_no_number(capsys, monkeypatch):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "30")
    emit_table(["", "rows", "RMSE", "loss"], [["linear model", "40 test", "53.201", "0.36532"]])
    words = capsys.readouterr().out.split()
    assert {"linear", "model", "40", "test", "53.201", "0.36532"} <= {*words}


def test_a_bar_is_drawn_to_an_eighth():
    assert [bar(fraction) for fraction in (0, 0.5, 1 / 24 + 1 / 96)] == ["", "█" * 12, "█▎"]


def test_images_are_drawn():
    image = np.zeros((3, 28))
    image[0, 0] = image[1, 1] = image[0, 2] = image[1, 2] = image[2, 3] = 255
    assert draw_image(image.ravel(), (3, 28)) == "▀▄█\n   ▀"
    assert draw_image(np.full(64, 7.0), (8, 8)).strip() == ""
    assert draw_image(np.eye(100).ravel(), (100, 100)) == ""  # wider than a terminal


def test_every_named_data_set_is_listed_with_its_settings(barenet):
    header, *rows = barenet("datasets").ok().out.splitlines()
    assert header.split() == ["name", "task", "rows", "×", "features", "description"]
    assert [row.split()[0] for row in rows] == list(DATASETS)
    entries = {entry["name"]: entry for entry in barenet("datasets", "--json").json}
    assert list(entries) == list(DATASETS)
    wine = load_dataset("wine")
    shapes = {name: (each["rows"], each["features"]) for name, each in entries.items()}
    assert shapes["wine"] == (wine.n_samples, wine.n_features) == (178, 13)
    assert shapes["mnist"] == (70_000, 784)
    assert entries["moons"]["settings"]["learning_rate"] == 0.01
    assert entries["diabetes"]["task"] == "regression"

"""Names that are empty, or too long for a file, are refused: nothing is read or written."""

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["train", "iris", "--epochs", "1", "--no-plots", "--out", ""], "--out"),
        (["train", "--resume", ""], "--resume"),
        (["train", "--config="], "--config"),
        (["train", "iris", "--start-from", ""], "--start-from"),
        (["export", "IRIS", "--to", "json", "--out", ""], "--out"),
        (["plot", "history", ""], "RUN"),
        (["explain", "iris", "--out", ""], "--out"),
        (["info", ""], "MODEL"),
        (["train", ""], "DATA"),
        (["train", "mnist", "--data-dir", ""], "--data-dir"),
        (["evaluate", "IRIS", ""], "DATA"),
        (["importance", "IRIS", " "], "DATA"),
        (["export", "IRIS", "--to", "c", "--weights", "int8", "--data", ""], "--data"),
        (["explain", "IRIS", ""], "DATA"),
        (["play", "IRIS", ""], "ROWS"),
    ],
)
def test_an_empty_one_is_refused_by_its_name(barenet, iris, command, name):
    done = barenet(*[iris if word == "IRIS" else word for word in command])
    assert (done.status, done.out) == (2, "")
    said = f"{name}: expected a file, a folder or a data set, got an empty name\n"
    assert done.err == f"barenet {command[0]}: error: {said}"
    assert not any(Path.cwd().iterdir())


@pytest.mark.parametrize(
    "command",
    [
        ["train", "LONG"],
        ["train", "iris", "--epochs", "1", "--no-plots", "--out", "LONG"],
        ["train", "--config", "LONG"],
        ["predict", "IRIS", "LONG"],
    ],
)
def test_a_name_that_is_too_long_for_a_file_is_wrong_input(barenet, iris, command):
    names = {"LONG": "x" * 300, "IRIS": iris}
    done = barenet(*[names.get(word, word) for word in command])
    assert (done.status, done.out, done.err.count("\n")) == (2, "", 1)
    assert "xxx" in done.err

"""Names that are empty: nothing is read or written where nobody has said."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["train", "iris", "--epochs", "1", "--no-plots", "--out", ""], "--out"),
        (["train", "iris", "--epochs", "1", "--no-plots", "--out", " "], "--out"),
        (["train", "--resume", ""], "--resume"),
        (["train", "--config="], "--config"),
        (["train", "iris", "--start-from", ""], "--start-from"),
        (["export", "IRIS", "--to", "json", "--out", ""], "--out"),
        (["plot", "history", "IRIS", "--out="], "--out"),
        (["plot", "history", ""], "RUN"),
        (["explain", "iris", "--out", ""], "--out"),
        (["info", ""], "MODEL"),
        (["train", ""], "DATA"),
        (["train", "mnist", "--data-dir", ""], "--data-dir"),
        (["evaluate", "IRIS", ""], "DATA"),
        (["importance", "IRIS", " "], "DATA"),
        (["predict", "IRIS", ""], "DATA"),
        (["plot", "confusion", "IRIS", ""], "DATA"),
        (["export", "IRIS", "--to", "c", "--weights", "int8", "--data", ""], "--data"),
        (["explain", ""], "WHAT"),
        (["explain", "IRIS", ""], "DATA"),
        (["play", ""], "DATA"),
        (["play", "IRIS", ""], "ROWS"),
    ],
)
def test_an_empty_one_is_refused_by_its_name(barenet, iris, command, name):
    done = barenet(*[iris if word == "IRIS" else word for word in command])
    assert (done.status, done.out) == (2, "")
    said = f"{name}: expected a file, a folder or a data set, got an empty name\n"
    assert done.err == f"barenet {command[0]}: error: {said}"
    assert not any(Path.cwd().iterdir())

"""Names that are empty: nothing is read or written where nobody has said."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["train", "iris", "--epochs", "1", "--no-plots", "--out", ""], "out"),
        (["train", "iris", "--epochs", "1", "--no-plots", "--out", " "], "out"),
        (["train", "--resume", ""], "resume"),
        (["train", "--config="], "config"),
        (["train", "iris", "--start-from", ""], "start_from"),
        (["export", "IRIS", "--to", "json", "--out", ""], "out"),
        (["plot", "history", "IRIS", "--out="], "out"),
        (["plot", "history", ""], "run"),
        (["explain", "iris", "--out", ""], "out"),
        (["info", ""], "model"),
        (["train", ""], "data"),
        (["train", "mnist", "--data-dir", ""], "data_dir"),
        (["evaluate", "IRIS", ""], "data"),
        (["importance", "IRIS", " "], "data"),
        (["predict", "IRIS", ""], "data"),
        (["plot", "confusion", "IRIS", ""], "data"),
        (["export", "IRIS", "--to", "c", "--weights", "int8", "--data", ""], "data"),
        (["explain", ""], "what"),
        (["explain", "IRIS", ""], "data"),
        (["play", ""], "data"),
        (["play", "IRIS", ""], "rows"),
    ],
)
def test_an_empty_one_is_refused_by_its_name(barenet, iris, command, name):
    done = barenet(*[iris if word == "IRIS" else word for word in command])
    assert (done.status, done.out) == (2, "")
    said = f"{name}: expected a file, a folder or a data set, got an empty name\n"
    assert done.err == f"barenet {command[0]}: error: {said}"
    assert not any(Path.cwd().iterdir())

"""Paths that are empty: nothing is written where nobody has said."""

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
    ],
)
def test_an_empty_one_is_refused_by_its_name(barenet, iris, command, name):
    done = barenet(*[iris if word == "IRIS" else word for word in command])
    assert (done.status, done.out) == (2, "")
    said = f"{name}: expected a file or a folder, got an empty name\n"
    assert done.err == f"barenet {command[0]}: error: {said}"
    assert not any(Path.cwd().iterdir())


def test_nothing_to_explain_is_asked_for(barenet):
    done = barenet("explain", "")
    assert done.status == 2 and "data: say what to learn from" in done.err

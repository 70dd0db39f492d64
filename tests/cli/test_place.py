"""Where a file goes: into a folder that is there, or that is made because it is named as one."""

from __future__ import annotations

from pathlib import Path

import pytest

from barenet.cli.place import placed


@pytest.mark.parametrize(
    ("arguments", "file"),
    [
        (["export", "IRIS", "--to", "json"], "iris.json"),
        (["plot", "weights", "IRIS"], "weights.png"),
        (["explain", "moons"], "explanation.txt"),
        (["explain", "moons", "--format", "html"], "explanation.html"),
    ],
)
def test_a_slash_makes_a_folder(barenet, iris, arguments, file):
    arguments = [iris if argument == "IRIS" else argument for argument in arguments]
    for _ in range(2):  # the second time it is there
        done = barenet(*arguments, "--out", "new/place/")
        assert done.status == 0, done.err
        assert done.out == f"new/place/{file}\n" and Path("new/place", file).is_file()


def test_of_a_command_that_is_refused_no_folder_is_left(barenet, iris):
    options = ("--to", "python", "--weights", "int8", "--out", "new/place/")
    assert barenet("export", iris, *options).status == 2
    assert not Path("new").exists()


def test_what_was_there_before_stays(tmp_path):
    folder = tmp_path / "there"
    folder.mkdir()
    with pytest.raises(KeyboardInterrupt), placed(f"{folder}/new/", "x") as target:
        assert target.parent.is_dir()
        raise KeyboardInterrupt
    assert folder.is_dir() and not any(folder.iterdir())

"""The output file: in an existing folder, or in a new one if the name ends with a slash."""

import os
from pathlib import Path

import pytest


def test_a_trailing_slash_is_a_folder(barenet, iris):
    commands = {
        f"export {iris} --to json": "iris.json",
        f"plot confusion {iris}": "confusion.png",
        "explain moons --format html": "explanation.html",
    }
    for command, file in commands.items():  # after the first one, the folder is there
        done = barenet(*command.split(), "--out", "new/place/").ok()
        assert done.out == f"new/place/{file}\n" and Path("new/place", file).is_file()


@pytest.mark.case(198)
@pytest.mark.parametrize(
    ("command", "name"),
    [
        ("predict {} iris", "p.csv"),
        ("predict {} iris", "p.jsonl"),
        ("plot confusion {}", "p.png"),
        ("report {}", "p.html"),
        ("explain {} --row 0", "p.md"),
        ("play moons --epochs 1", "p.html"),
    ],
)
def test_a_file_named_by_out_is_replaced(barenet, iris, command, name):
    Path(name).write_text("mine")
    arguments = command.format(iris).split()
    assert barenet(*arguments, "--out", name).ok().out == f"{name}\n"
    assert Path(name).stat().st_size > len("mine")


@pytest.mark.parametrize(
    "command",
    ["predict {} rows.csv", "drift {} rows.csv"],
)
def test_a_file_that_the_command_reads_is_not_replaced(barenet, iris, command):
    rows = "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5,3,1,0.2\n"
    Path("rows.csv").write_text(rows)
    error = barenet(*command.format(iris).split(), "--out", "./rows.csv").error
    assert "--out: " in error and "is already read or written" in error
    assert Path("rows.csv").read_text() == rows


@pytest.mark.case(66)
@pytest.mark.integration
@pytest.mark.skipif(os.name != "posix", reason="of links as POSIX has them")
@pytest.mark.parametrize("command", ["train moons", "explain moons", "plot confusion"])
@pytest.mark.parametrize("inside", ["", "in/it"])
def test_a_file_in_the_place_of_a_folder_is_named(barenet, iris, command, inside):
    Path("file").touch()
    Path("link").symlink_to("nowhere")
    arguments = [*command.split(), *([iris] if command.startswith("plot") else [])]
    for name, kind in (("file", "a file"), ("link", "a broken link")):
        done = barenet(*arguments, "--out", f"{name}/{inside}/")
        assert (done.status, done.out) == (1, "")
        (line,) = done.err.splitlines()
        message = f"--out: {name} is {kind}, and no folder can be made there; choose another path"
        assert line == f"barenet {command.split()[0]}: error: {message}"

"""The output file: in an existing folder, or in a new one if the name ends with a slash."""

import os
import shutil
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


def test_only_a_picture_by_barenet_is_replaced(barenet, iris):
    Path("model.safetensors").write_bytes((iris / "model.safetensors").read_bytes())
    run = Path(shutil.copytree(iris, "run"))
    barenet("plot", "confusion", run).ok()
    assert barenet("plot", "confusion", run).ok().out == "run/confusion.png\n"
    for model, folder in (("model.safetensors", Path()), (run, run)):
        (folder / "confusion.png").write_text("mine")
        error = barenet("plot", "confusion", model, "iris").error
        assert "confusion.png is not a plot" in error
        assert (folder / "confusion.png").read_text() == "mine"


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

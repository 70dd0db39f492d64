from pathlib import Path

import pytest

from barenet.cli._run_file import read_run_file
from barenet.errors import DataError


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('data = "iris"\nepohcs = 3', "epohcs"),
        ('data = "iris"\nepochs = "many"', "epochs.*expected a whole number"),
        ('data = "iris"\nepochs = 1.5', "epochs.*expected a whole number, got '1.5'"),
        ("data = [", "run.toml: TOMLDecodeError"),
        ('data = "iris"\ndtype = "x"', "dtype.* from run.toml. Choose from: .float32., .float64."),
        ("epochs = 3", r"^.*run.toml: data: expected a value, got none"),
        ('data = "iris"\n[train]\nepochs = 3', "got a table"),
        ('data = "iris"\n[[layers]]\nsize = 3', "got a table"),
        (".".join(["a"] * 5000) + " = 1", "run.toml: "),
    ],
)
def test_a_wrong_file_is_refused(tmp_path, text, problem):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=problem):
        read_run_file(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    with pytest.raises(DataError, match="is a folder, expected a file"):
        read_run_file(tmp_path)
    with pytest.raises(DataError, check=lambda error: Path(error.path).name == "nowhere.toml"):
        read_run_file(tmp_path / "nowhere.toml")

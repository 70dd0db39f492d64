from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from cyclopts import CycloptsError

from barenet.cli.flags import Flags
from barenet.cli.run_file import read_run_file
from barenet.cli.settings import FileOptions, Settings


def written(folder: Path, text: str) -> Path:
    path = folder / "run.toml"
    path.write_text(text)
    return path


def test_it_reads_what_settings_write(tmp_path):
    settings = Settings(
        data="a.csv",
        target="y",
        file=FileOptions(delimiter=";"),
        config=Flags(layers=(4, 3), batch_size="full", shuffle=False, learning_rate=1e-7),
    )
    expected = dataclasses.replace(settings, data=str(Path("a.csv").resolve()))
    assert read_run_file(written(tmp_path, settings.to_toml().decode())) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('data = "iris"\nepohcs = 3', "epohcs"),
        ('data = "iris"\nepochs = "many"', "epochs.*expected a whole number"),
        ('data = "iris"\nepochs = 1.5', "epochs.*expected a whole number, got '1.5'"),
        ("data = [", "run.toml: TOMLDecodeError"),
        (
            'data = "iris"\ndtype = "\\n"',
            r"dtype in .*run.toml: expected float32 or float64, got '.n'",
        ),
        ("epochs = 3", r"^.*run.toml: data: expected a value, got none"),
    ],
)
def test_faults_are_named(tmp_path, text, said):
    with pytest.raises(CycloptsError, match=said):
        read_run_file(written(tmp_path, text))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('data = "iris"\n[train]\nepochs = 3', r"got the table \[train\]"),
        ('data = "iris"\n[[layers]]\nsize = 3', r"got the table \[layers\]"),
        (".".join(["a"] * 5000) + " = 1", "run.toml: "),
        ("a = " + "[" * 100_000, "too deeply nested"),
    ],
)
def test_tables_and_depths_are_refused(tmp_path, text, said):
    with pytest.raises(CycloptsError, match=said):
        read_run_file(written(tmp_path, text))


def test_a_folder_is_no_run_file(tmp_path):
    with pytest.raises(CycloptsError, match="is a folder, expected a run file"):
        read_run_file(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CycloptsError, match=r"nowhere\.toml: No such file"):
        read_run_file(tmp_path / "nowhere.toml")

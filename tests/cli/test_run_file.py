from __future__ import annotations

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
        recipe=Flags(layers=(4, 3), batch_size="full", shuffle=False, learning_rate=1e-7),
    )
    assert read_run_file(written(tmp_path, settings.to_toml().decode())) == settings


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('data = "iris"\nepohcs = 3', "epohcs"),
        ('data = "iris"\nepochs = "many"', "epochs.*expected a whole number"),
        ('data = "iris"\nepochs = 1.5', "epochs.*expected a whole number, got '1.5'"),
        ("data = [", "run.toml: TOMLDecodeError"),
        ("epochs = 3", "data"),
    ],
)
def test_faults_are_named(tmp_path, text, said):
    with pytest.raises(CycloptsError, match=said):
        read_run_file(written(tmp_path, text))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CycloptsError, match=r"nowhere\.toml: No such file"):
        read_run_file(tmp_path / "nowhere.toml")

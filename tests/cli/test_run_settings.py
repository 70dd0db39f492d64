import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from barenet import ModelCard
from barenet.cli._flags import Flags
from barenet.cli._run_file import read_run_file
from barenet.cli._run_settings import HEADER, FileOptions, RunSettings, is_table
from barenet.cli._trained_model import load_trained, settings_of

SETTINGS = RunSettings(
    data='odd "name".csv',
    target="é",
    task="regression",
    file=FileOptions(delimiter="\t", data_dir="/home/somebody"),
    start_from=Path("runs/first"),
    config=Flags(layers=(1, 2), learning_rate=1e-7, shuffle=False, seed=0, verbose_epoch=2),
)


def test_a_run_file_is_toml_and_is_read_again(tmp_path):
    path = tmp_path / "run.toml"
    path.write_bytes(SETTINGS.to_toml())
    assert path.read_text().startswith(HEADER)
    data, start_from = Path(SETTINGS.data).resolve(), SETTINGS.start_from.resolve()
    assert tomllib.loads(path.read_text()) == {
        "data": str(data),
        "target": "é",
        "task": "regression",
        "delimiter": "\t",
        "data_dir": "/home/somebody",
        "start_from": str(start_from),
        "layers": [1, 2],
        "learning_rate": 1e-7,
        "shuffle": False,
        "seed": 0,
        "verbose_epoch": 2,
    }
    assert read_run_file(path) == replace(SETTINGS, data=str(data), start_from=start_from)


def test_tables_are_recognized_by_their_suffix():
    assert is_table("a.csv") and is_table("A.TSV.gz") and is_table("a.txt")
    assert not is_table("iris") and not is_table("a.npz")


def test_a_card_has_neither_folders_nor_settings_without_effect():
    assert SETTINGS.card_fields() == {
        "data": 'odd "name".csv',
        "target": "é",
        "task": "regression",
        "delimiter": "\t",
        "start_from": "first",
        "layers": (1, 2),
        "learning_rate": 1e-7,
        "shuffle": False,
        "seed": 0,
    }
    assert replace(SETTINGS, data="caf\udce9.csv").card_fields()["data"] == "caf?.csv"


def test_settings_are_read_from_a_card_as_from_a_run_file(iris, tmp_path):
    (tmp_path / "mine.safetensors").write_bytes((iris / "model.safetensors").read_bytes())
    here, there = load_trained(tmp_path / "mine.safetensors").settings, load_trained(iris).settings
    assert replace(here.config, verbose_epoch=None) == replace(there.config, verbose_epoch=None)
    assert here.data == there.data == "iris"


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"data": "iris"},
        {"data": "iris", "test_size": "much"},
        {"data": "iris", "test_size": 0.2, "unheard_of": 1},
        {"data": "iris", "test_size": 0.2, "config": "other.toml"},
        {"data": "iris", "test_size": 0.2, "layers": (2.5,)},
        {"data": "a\0b", "test_size": 0.2},
    ],
)
def test_a_card_with_other_settings_has_none_of_the_command_line(settings):
    assert settings_of(ModelCard(settings=settings)) is None
    assert settings_of(None) is None

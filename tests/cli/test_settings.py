from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from barenet.cli.flags import Flags
from barenet.cli.settings import HEADER, FileOptions, Settings

SETTINGS = Settings(
    data='odd "name".csv',
    target="é",
    task="regression",
    file=FileOptions(delimiter="\t", encoding="latin-1"),
    start_from=Path("runs/first"),
    config=Flags(layers=(1, 2), hidden=("relu",), learning_rate=1e-7, shuffle=False, seed=0),
)


def test_a_run_file_is_toml():
    text = SETTINGS.to_toml().decode()
    assert text.startswith(HEADER)
    assert tomllib.loads(text) == {
        "data": str(Path('odd "name".csv').resolve()),
        "target": "é",
        "task": "regression",
        "delimiter": "\t",
        "encoding": "latin-1",
        "start_from": str(Path("runs/first").resolve()),
        "layers": [1, 2],
        "hidden": ["relu"],
        "learning_rate": 1e-7,
        "shuffle": False,
        "seed": 0,
    }


def test_what_to_learn_from_must_be_said():
    with pytest.raises(ValueError, match="data: name a data set"):
        Settings().load()


def test_the_data_are_made_as_the_recipe_says():
    assert Settings(data="moons", config=Flags(samples=50)).load().n_samples == 50

import dataclasses
import inspect
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest
from cyclopts import Token

from barenet import ModelCard, RunConfig
from barenet.cli._flags import Flags, integer
from barenet.cli._run_file import read_run_file, settings_of_card
from barenet.cli._trained_model import load_trained
from barenet.errors import DataError
from barenet.population._candidates import NOT_IN_A_SEARCH
from barenet.settings._task_settings import HEADER, FileOptions, TaskSettings

SETTINGS = TaskSettings(
    data='odd "name".csv',
    target="é",
    task="regression",
    file=FileOptions(delimiter="\t", data_dir="/home/somebody"),
    start_from=Path("runs/first"),
    config=RunConfig(layers=(1, 2), learning_rate=1e-7, shuffle=False, seed=0, verbose_epoch=2),
)


def test_every_setting_is_a_flag_with_its_default(barenet):
    names = [field.name for field in dataclasses.fields(RunConfig)]
    assert [field.name for field in dataclasses.fields(Flags)] == names
    assert isinstance(Flags(), RunConfig) and Flags().set_fields() == {}
    page = barenet("train", "--help").out
    assert [name for name in names if f"--{name.replace('_', '-')} " not in page] == []
    assert "[default: adam]" in page and "[default: relu]" in page
    text = inspect.getdoc(TaskSettings) or ""
    headline = text.rpartition("config : RunConfig\n")[2].strip()  # help of a flag without its own
    assert headline == "How the network is built and trained."
    assert headline not in page, "add the setting to the docstring of RunConfig"


def test_every_setting_is_a_flag_of_the_search_unless_it_does_not_apply(barenet):
    page = barenet("search", "--help").out
    flags = re.findall(r"--[a-z0-9-]+", page)
    for field in dataclasses.fields(RunConfig):
        flag = f"--{field.name.replace('_', '-')}"
        assert (flag in flags) != (field.name in NOT_IN_A_SEARCH), flag


@pytest.mark.parametrize(
    ("texts", "kind", "expected"),
    [
        *(([text], int, int(float(text))) for text in ("3", "-3", "1e3", "2.0")),
        (["9" * 23], int, 10**23 - 1),
        (["1", "10", "1"], tuple[int, ...], (1, 10, 1)),
        (["full"], int | Literal["full"], "full"),
        *(([text], int, None) for text in ("1.5", "x", "", "nan", "inf", "8,,x", "full")),
    ],
)
def test_integers_are_parsed(texts, kind, expected):
    tokens = [Token(keyword="--epochs", value=text, source="cli") for text in texts]
    if expected is not None:
        assert integer(kind, tokens) == expected
    else:
        with pytest.raises(ValueError, match=r"^expected a whole number, got"):
            integer(kind, tokens)


def test_a_run_file_is_read_as_it_was_written_and_a_card_has_no_folders(tmp_path):
    path = tmp_path / "run.toml"
    path.write_bytes(SETTINGS.to_toml())
    assert path.read_text().startswith(HEADER)
    data, start_from = Path(SETTINGS.data).resolve(), SETTINGS.start_from.resolve()
    kept = {"target": "é", "task": "regression", "delimiter": "\t", "learning_rate": 1e-7}
    kept |= {"shuffle": False, "seed": 0}
    local = {"data": str(data), "start_from": str(start_from), "layers": [1, 2]}
    local |= {"data_dir": "/home/somebody", "verbose_epoch": 2}
    assert tomllib.loads(path.read_text()) == kept | local
    assert read_run_file(path) == replace(SETTINGS, data=str(data), start_from=start_from)
    card = kept | {"data": 'odd "name".csv', "start_from": "first", "layers": (1, 2)}
    assert SETTINGS.card_fields() == card
    assert replace(SETTINGS, data="caf\udce9.csv").card_fields()["data"] == "caf?.csv"


def test_a_model_may_be_named_like_a_data_set(tmp_path):
    settings = TaskSettings(data="iris", start_from=Path("moons"), teacher=Path("iris"))
    path = tmp_path / "run.toml"
    path.write_bytes(settings.to_toml())
    models = {"start_from": Path("moons").resolve(), "teacher": Path("iris").resolve()}
    assert read_run_file(path) == replace(settings, **models)
    card = {"data": "iris", "start_from": "moons", "teacher": "iris"}
    assert settings.card_fields() == card


def test_a_card_with_foreign_settings_is_ignored(iris):
    valid, wrong = {"data": "iris", "test_size": 0.2}, [{"test_size": "much"}, {"data": "a\0b"}]
    wrong += [{"unheard_of": 1}, {"config": "other.toml"}, {"layers": (2.5,)}]
    foreign = [{}, {"data": "iris"}, *(valid | each for each in wrong)]
    cards = [None, *(ModelCard(settings=each) for each in foreign)]
    assert [*map(settings_of_card, cards)] == [None] * 8
    trained = load_trained(iris)
    expected, read = trained.settings.config, settings_of_card(trained.predictor.card)
    assert replace(read.config, verbose_epoch=expected.verbose_epoch) == expected


@pytest.mark.case(105)
@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ('data = "iris"\nepohcs = 3', "epohcs"),
        ('data = "iris"\nepochs = "many"', "epochs.*expected a whole number"),
        ("data = [", "run.toml: Invalid value"),
        ('data = "iris"\ndtype = "x"', "run.toml: dtype: expected float32 or float64, got 'x'"),
        ("epochs = 3", "run.toml: data: expected a file or the name of a data set"),
        ('data = "iris"\n[train]\nepochs = 3', "got a table"),
        (".".join(["a"] * 5000) + " = 1", "run.toml: "),
        ("layers = " + "[" * 100_000, "run.toml: maximum recursion depth exceeded"),
        ("# " + "x" * 2**20, "run.toml: expected 1,048,576 bytes at most"),
    ],
)
def test_a_wrong_large_or_deep_run_file_is_refused(tmp_path, text, problem):
    path = tmp_path / "run.toml"
    path.write_text(text)
    with pytest.raises(DataError, match=problem):
        read_run_file(path)

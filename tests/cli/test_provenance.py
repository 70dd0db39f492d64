from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from barenet import ModelCard, load_predictor, save
from barenet.cli.flags import Flags
from barenet.cli.provenance import card_settings, finite, settings_of
from barenet.cli.settings import FileOptions, Settings
from barenet.cli.trained import load_trained


def test_a_card_has_no_paths_and_nothing_that_decides_nothing():
    settings = Settings(
        data="/home/somebody/rows.csv",
        target="y",
        file=FileOptions(delimiter=";", data_dir="/home/somebody"),
        start_from=Path("/home/somebody/first"),
        config=Flags(epochs=3, verbose_epoch=2, layers=(2, 1)),
    )
    assert card_settings(settings) == {
        "data": "rows.csv",
        "target": "y",
        "delimiter": ";",
        "start_from": "first",
        "layers": (2, 1),
        "epochs": 3,
    }
    assert card_settings(replace(settings, data="caf\udce9.csv"))["data"] == "caf?.csv"


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
        {"data": "iris", "test_size": 0.2, "layers": (2.5,)},
    ],
)
def test_a_card_of_somebody_elses_has_no_settings_of_the_command_line(settings):
    assert settings_of(ModelCard(settings=settings)) is None
    assert settings_of(None) is None


def test_a_card_names_no_run_file(tmp_path):
    (tmp_path / "other.toml").write_text("epochs = 7\n")
    said = {"data": "iris", "test_size": 0.2, "config": str(tmp_path / "other.toml")}
    assert settings_of(ModelCard(settings=said)).config.epochs is None


def test_a_share_that_is_none_is_an_error_in_one_line(barenet, iris):
    predictor = load_predictor(iris / "model.safetensors")
    card = replace(predictor.card, settings={**predictor.card.settings, "test_size": 7.5})
    save(replace(predictor, card=card), "wrong.safetensors")
    done = barenet("evaluate", "wrong.safetensors", "iris")
    assert done.status == 2 and len(done.err.splitlines()) == 1


def test_what_is_not_finite_is_left_out():
    assert finite({"r2": float("nan"), "loss": 0.5, "rmse": float("inf")}) == {"loss": 0.5}

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from barenet import Network, Predictor, save
from barenet.cli._run_settings import NO_FILE_OPTIONS
from barenet.cli._trained_model import load_trained, model_file
from barenet.data._scaling import Scaling
from barenet.errors import DataError


def test_a_run_is_known_by_its_folder_or_its_model(iris):
    by_folder, by_file = load_trained(iris), load_trained(iris / "model.safetensors")
    assert by_folder.path == by_file.path == model_file(iris)
    assert by_folder.settings == by_file.settings
    assert by_folder.settings.config.epochs == 20
    assert by_folder.config.loss == "categorical_cross_entropy"


def test_a_folder_without_a_model_is_named(iris):
    with pytest.raises(FileNotFoundError, match=r"no model of a run, as model\."):
        load_trained(iris.parent)


def test_data_are_made_as_for_the_training(line):
    trained = load_trained(line)
    dataset = trained.load("plane", NO_FILE_OPTIONS)
    learned, held_out = trained.split(dataset)
    assert (dataset.n_samples, learned.n_samples, held_out.n_samples) == (60, 48, 12)


def test_other_data_are_refused(iris, line):
    with pytest.raises(DataError, match=r"wine has 13 features, and .* takes 4"):
        load_trained(iris).load("wine", NO_FILE_OPTIONS)
    with pytest.raises(DataError, match=r"moons has 2 classes \(0, 1\), and .* predicts numbers"):
        load_trained(line).load("moons", NO_FILE_OPTIONS)


def test_what_predicts_several_numbers_has_no_truths_in_a_table(barenet):
    X = np.random.default_rng(0).normal(size=(30, 2))
    several = Predictor(
        network=Network.dense([2, 2]),
        preprocessing=Scaling.fit("standardize", X),
        classes=None,
        feature_names=("x0", "x1"),
        target_name="y",
        dataset="",
    )
    save(several, "two.safetensors")
    Path("two.csv").write_text("x0,x1,y\n" + "".join(f"{a},{b},{a}\n" for a, b in X))
    commands = ("evaluate", "importance", "explain", "plot fit", "plot importance")
    for command in commands:
        name = {"explain": "WHAT", "plot": "RUN"}.get(command.split()[0], "MODEL")
        for data in ("two.csv",), ():  # the advice is no detour
            done = barenet(*command.split(), "two.safetensors", *data)
            assert (done.status, done.out) == (2, ""), command
            assert done.err == (
                f"barenet {command.split()[0]}: error: {name}: two.safetensors predicts 2 numbers "
                "for each row, and a table has one target; train a model for each\n"
            )
    assert not list(Path().glob("*.png"))
    assert barenet("predict", "two.safetensors", "two.csv", "--row", 0).status == 0
    assert barenet("plot", "weights", "two.safetensors", "two.csv").status == 0

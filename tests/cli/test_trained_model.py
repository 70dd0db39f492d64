from pathlib import Path

import numpy as np
import pytest

from barenet import Network, Predictor, save
from barenet.cli._run_settings import NO_FILE_OPTIONS
from barenet.cli._trained_model import load_trained
from barenet.data._scaling import Scaling
from barenet.errors import DataError


def test_a_folder_without_a_model_is_named(iris):
    with pytest.raises(FileNotFoundError, match=r"no model of a run, as model\."):
        load_trained(iris.parent)


def test_classes_are_refused_for_a_model_of_numbers(line):
    with pytest.raises(DataError, match=r"moons has 2 classes \(0, 1\), and .* predicts numbers"):
        load_trained(line).load("moons", NO_FILE_OPTIONS)


def test_a_model_of_several_numbers_has_no_target_in_a_table(barenet):
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
            assert barenet(*command.split(), "two.safetensors", *data).error == (
                f"barenet {command.split()[0]}: error: {name}: two.safetensors predicts 2 numbers "
                "for each row, and a table has one target; train a model for each"
            )
    assert not list(Path().glob("*.png"))
    barenet("predict", "two.safetensors", "two.csv", "--row", 0).ok()
    barenet("plot", "weights", "two.safetensors", "two.csv").ok()

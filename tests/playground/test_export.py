from __future__ import annotations

import json
import shlex
import warnings

import numpy as np
import pytest

from barenet.cli.main import main
from barenet.files.predictor import Predictor


def exported(page, epochs=5):
    page.say("run_to", epoch=epochs)
    page.see(lambda network: network["epoch"] == epochs and not network["playing"])
    weights = page.arrays["0.weights"].copy()
    page.say("export", network=0)
    return weights, page.hear_until(lambda message: message["type"] == "export")


CASES = [
    {},
    {"data": "moons", "noise": 0.3, "samples": 80, "data_seed": 4, "test_size": 0.3},
    {"data": "plane", "optimizer": "momentum", "learning_rate": 0.02, "batch_size": 0},
    {"data": "sine", "features": ["x1"], "penalty": "l2", "penalty_rate": 0.01},
    {"data": "digits", "hidden": [8, 6], "activations": ["relu", "tanh"], "seed": 3},
    {"data": "iris", "features": ["all"], "dropout": 0.2, "loss": "squared_error"},
]


@pytest.mark.parametrize("changes", CASES, ids=lambda changes: changes.get("data", "circles"))
def test_the_command_makes_the_same_network_bit_for_bit(page, changes, tmp_path, capfd):
    page.change(**changes)
    weights, told = exported(page)
    words = shlex.split(told["command"])
    assert words[:2] == ["barenet", "train"]
    assert main([*words[1:], "--no-plots", "--json", "--out", str(tmp_path / "run")]) == 0
    made = Predictor.load(tmp_path / "run" / "model.safetensors").network
    assert (made.parameters == weights).all()
    assert len(json.loads(capfd.readouterr().out)["history"]["loss"]) == 5


@pytest.mark.parametrize(
    "changes",
    [
        *CASES,
        {"data": "hills", "features": ["x1", "x2", "x1*x2", "sin(x1)"]},
        {"data": "iris", "features": ["x1", "x2^2"]},
        {"batch_norm": True, "dropout": 0.1},
        {"hidden": [], "activations": []},
    ],
    ids=lambda changes: " ".join(map(str, changes)) or "defaults",
)
def test_the_program_makes_the_same_network_bit_for_bit(page, changes):
    page.change(**changes)
    weights, told = exported(page)
    namespace: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exec(compile(told["code"], "exported", "exec"), namespace)
    assert (namespace["network"].parameters == weights).all()


def test_it_says_what_the_command_does_otherwise(page):
    page.change(features=["x1", "x1^2"], batch_norm=True)
    _, told = exported(page, 1)
    assert any("columns as they are" in note for note in told["notes"])
    assert any("batch norm" in note for note in told["notes"])


def test_the_model_file_says_what_the_page_shows(server, page, ask, tmp_path):
    page.change(data="plane")
    weights, _ = exported(page)
    status, headers, body = ask(f"/{server.token}/model/{page.state['session']}/0")
    assert status == 200 and "attachment" in headers["content-disposition"]
    path = tmp_path / "model.safetensors"
    path.write_bytes(body)
    predictor = Predictor.load(path)
    assert (predictor.network.parameters == weights).all()
    assert np.isfinite(predictor.outputs([[1.0, 2.0]])).all()
    assert predictor.dataset == "plane"
    assert ask(f"/{server.token}/model/{page.state['session']}/1")[0] == 404

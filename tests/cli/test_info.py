from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from barenet import Network, Predictor
from barenet.training.history import History


def table(out: str) -> dict[str, str]:
    """The first table: a name and what it says."""
    lines = out.partition("\n\n")[0].splitlines()[1:]
    width = len(out.partition("found")[0])
    return {line[:width].strip(): line[width:] for line in lines}


def test_the_card_of_a_run(barenet, iris):
    done = barenet("info", iris)
    assert (done.status, done.err) == (0, "")
    card, history = table(done.out), History.from_jsonl((iris / "history.jsonl").read_text())
    assert card["trained on"] == "iris"
    assert card["predicts"] == "species, one of 3: setosa, versicolor, virginica"
    assert card["from"].startswith("4 features: sepal length (cm), ")
    assert card["scaling"] == "standardize"
    assert f"accuracy {history['accuracy'][-1]:.4g}" in card["epoch 20 of 20"]
    assert "seconds" not in done.out
    assert "parameters of float32" in done.out
    assert ["epochs", "20"] in [line.split() for line in done.out.splitlines()]


def test_the_card_of_numbers(barenet, line):
    card = table(barenet("info", line / "model.safetensors").out)
    assert card["predicts"].endswith(", a number")
    assert card["scaling"] == "standardize, and the target: standardize"


def test_the_card_of_images(barenet, digits):
    assert table(barenet("info", digits).out)["from"] == "images of 8 × 8 pixels"


def test_json(barenet, iris):
    card = json.loads(barenet("info", iris, "--json").out)
    assert card["dataset"] == "iris" and card["classes"] == ["setosa", "versicolor", "virginica"]
    assert card["n_parameters"] == sum(
        (layer["n_in"] + 1) * layer["n_out"] for layer in card["layers"] if "n_out" in layer
    )
    assert card["bytes"] == (iris / "model.safetensors").stat().st_size
    assert (
        card["training"]["epochs"] == card["training"]["epoch"] == card["settings"]["epochs"] == 20
    )
    assert set(card["training"]["scores"]) >= {"loss", "accuracy", "validation_accuracy"}


def test_the_epoch_that_was_kept_is_told(barenet):
    arguments = ["--patience", 1, "--epochs", 60, "--learning-rate", 0.3, "--seed", 3]
    assert barenet("train", "iris", *arguments, "--no-plots").status == 0
    training = json.loads(barenet("info", "runs/iris", "--json").out)["training"]
    history = History.from_jsonl(Path("runs/iris/history.jsonl").read_text())
    assert training["scores"]["validation_loss"] == min(history.validation_loss)
    assert training["epoch"] < training["epochs"] == len(history)


def test_a_model_away_from_its_run_tells_what_it_knows(barenet, iris):
    shutil.copy(iris / "model.safetensors", "mine.safetensors")
    card = json.loads(barenet("info", "mine.safetensors", "--json").out)
    assert card["dataset"] == "iris"
    assert card["training"] is None and card["settings"] is None
    done = barenet("info", "mine.safetensors")
    assert done.status == 0 and "setting" not in done.out


@pytest.mark.parametrize("history", ["", "[]\n", "{", '{"loss": "x"}\n'])
def test_a_history_that_cannot_be_read_is_left_out(barenet, iris, history):
    shutil.copytree(iris, "run")
    Path("run/history.jsonl").write_text(history)
    done = barenet("info", "run", "--json")
    assert done.status == 0
    assert json.loads(done.out)["training"] is None


def test_a_network_alone(barenet):
    Network.dense([2, 3, 1], seed=1).save("alone.safetensors")
    card = json.loads(barenet("info", "alone.safetensors", "--json").out)
    assert (card["n_inputs"], card["n_outputs"]) == (2, 1) and "classes" not in card
    done = barenet("info", "alone.safetensors")
    assert done.status == 0 and "2 → 3" in done.out


def test_what_is_not_there(barenet):
    done = barenet("info", "nowhere")
    assert (done.status, done.err) == (2, "barenet info: error: nowhere: there is no such file\n")


def test_names_from_a_file_do_not_move_the_cursor(barenet, iris):
    predictor = Predictor.load(iris / "model.safetensors")
    replace(predictor, dataset="\x1b[2J\nx", classes=("\x1b[1m", "b", "c")).save("evil.safetensors")
    out = barenet("info", "evil.safetensors").out
    assert "\x1b" not in out and "\\x1b[2J" in out

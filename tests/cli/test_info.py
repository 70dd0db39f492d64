import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from barenet import Network, load, save
from barenet.typing import History


def card_of(done) -> dict[str, str]:
    """The first table: headings and texts."""
    pairs = (line.split("  ", 1) for line in done.ok().out.partition("\n\n")[0].splitlines())
    return {heading: text.strip() for heading, text in pairs}


def test_the_card_of_a_classification_run(barenet, iris):
    done = barenet("info", iris)
    card, history = card_of(done), History.from_jsonl((iris / "history.jsonl").read_text())
    assert card["predicts"] == "species, one of 3: setosa, versicolor, virginica"
    assert card["from"].startswith("4 features: sepal length (cm), ")
    assert card["scaling"] == "standardize"
    assert card["trained on"] == "iris: 120 training rows, 30 test rows"
    assert card["trained for"] == "20 epochs, compiled engine, seed 0"
    assert f"numpy {np.__version__}" in card["trained with"]
    assert re.search(r", vector width \d+ bits", card["trained with"]) and card["data fingerprint"]
    assert f"{history['test_accuracy'][-1]:.4f}" in done.out.split("30 test")[2]
    assert "seconds" not in done.out
    assert "parameters of float32" in done.out and " epochs 20 " in done.words


def test_the_card_is_printed_as_json(barenet, iris):
    card = barenet("info", iris, "--json").json
    assert card["dataset"] == "iris" and card["classes"] == ["setosa", "versicolor", "virginica"]
    dense = [layer for layer in card["layers"] if "n_out" in layer]
    assert card["n_parameters"] == sum((each["n_in"] + 1) * each["n_out"] for each in dense)
    assert card["bytes"] == (iris / "model.safetensors").stat().st_size
    assert card["training"]["n_epochs"] == card["settings"]["epochs"] == 20
    history = History.from_jsonl((iris / "history.jsonl").read_text())
    assert card["training"]["history"]["epoch"] == list(range(1, 21))
    assert card["training"]["history"]["loss"] == pytest.approx(history.loss, rel=1e-5)
    assert set(card["scores"]) == {"held_out", "training"}
    judged = barenet("evaluate", iris, "iris", "--json").json["metrics"]
    scores = {name: value for name, value in judged.items() if isinstance(value, float)}
    assert card["scores"]["held_out"] == scores


def test_a_model_without_a_card_or_without_a_pipeline(barenet, iris):
    predictor = load(iris / "model.safetensors")
    save(replace(predictor, card=None), "bare.safetensors")
    card = barenet("info", "bare.safetensors", "--json").json
    assert card["dataset"] == "iris"
    assert card["training"] is None and card["settings"] is None and card["scores"] is None
    done = barenet("info", "bare.safetensors")
    assert "setting" not in done.out and card_of(done)["trained on"] == "iris"
    save(Network.dense([2, 3, 1], seed=1), "alone.safetensors")
    card = barenet("info", "alone.safetensors", "--json").json
    assert (card["n_inputs"], card["n_outputs"]) == (2, 1) and "classes" not in card
    assert "2 → 3" in barenet("info", "alone.safetensors").ok().out


HOSTILE = "no\0name\x1b[2J\n\u202e.csv"


COMMANDS = ["info {}", "evaluate {} rows.csv", "predict {} rows.csv", "explain {}"]


@pytest.mark.parametrize("command", COMMANDS)
def test_hostile_names_are_escaped(barenet, iris, command):
    """No file has such a name, so the card's settings are ignored."""
    predictor = load(iris / "model.safetensors")
    settings = {**predictor.card.settings, "data": HOSTILE}
    scores = {"new\nones": {"f1": 0.5}, "others": {"loss": 1e300, "accuracy": -1}}
    card = replace(
        predictor.card,
        settings=settings | {HOSTILE: "x" * 5000},
        scores=scores,
    )
    save(replace(predictor, card=card, target_name=HOSTILE), "evil.safetensors")
    header = ",".join([*predictor.feature_names, "x"])
    Path("rows.csv").write_text(f"{header}\n5,3,1,1,setosa\n6,3,1,1,virginica\n")
    done = barenet(*command.format("evil.safetensors").split())
    assert not set(done.out + done.err) & set("\0\x1b\u202e")
    assert max(map(len, done.out.splitlines()), default=0) < 200
    assert "null byte" not in done.err
    # The table has no target to evaluate by.
    assert done.status == (2 if command.startswith("evaluate") else 0), done.err


@pytest.mark.case(241)
def test_names_with_commas_are_in_quotes(barenet, tmp_path):
    path = tmp_path / "towns.csv"
    rows = "".join(f"{number / 7},{number % 3},{number * 2}\n" for number in range(40))
    path.write_text(f'"city, country",size,price\n{rows}')
    run = str(tmp_path / "run")
    plain = ("--no-plots", "--no-baselines")
    done = barenet("train", path, "--target", "price", "--epochs", "1", "--out", run, *plain)
    assert "city, country  number" in done.ok().err  # in a line of its own
    assert "2 features: 'city, country', size\n" in barenet("info", run).ok().out

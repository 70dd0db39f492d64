"""Model cards: written, read, and refused if invalid."""

import json
from dataclasses import replace

import numpy as np
import pytest
from model_bytes import rewrite
from predictors import predictor_of

from barenet import (
    History,
    ModelCard,
    Network,
    Predictor,
    Scaling,
    fingerprint,
    load_predictor,
    save,
    train,
)
from barenet.errors import ArgumentError, ModelFileError
from barenet.files._model_card import TrainingLog
from barenet.files._model_file import read_model

X = np.random.default_rng(0).normal(size=(9, 3))
y = X[:, 0]


def card_of(history, **parts):
    rows = {"training": len(y)}
    return ModelCard(data_fingerprint=fingerprint(X, y), rows=rows, **parts).with_history(history)


@pytest.fixture(name="model", scope="module")
def make_model() -> Predictor:
    network = Network.dense([3, 4, 1])
    history = train(network, X, y, epochs=3, metrics="r2", engine="reference")
    scores = {"training": {"r2": 0.25}}
    card = card_of(history, settings={"epochs": 3, "hidden": ["relu"]}, scores=scores)
    return predictor_of(network, Scaling.fit("none", X), card=card)


def test_card_round_trip(model, path):
    save(model, path)
    first, second = model.card, load_predictor(path).card
    assert first.to_dict() == second.to_dict()
    assert second.settings == {"epochs": 3, "hidden": ("relu",)}
    assert second.rows == {"training": 9} and second.scores == {"training": {"r2": 0.25}}
    assert second.log.engine == "reference" and "numba" not in second.versions
    assert second.versions["numpy"] == np.__version__
    assert set(second.log.curves) >= {"loss", "r2"}


def test_a_long_history_makes_a_small_file(model, path):
    history = History({name: [1 / 3] * 100_000 for name in ("loss", "r2", "validation_loss")})
    save(replace(model, card=model.card.with_history(history)), path)
    assert path.stat().st_size < 20_000
    assert load_predictor(path).card.log.n_epochs == 100_000


def test_a_run_without_epochs_has_no_log(model):
    assert model.card.with_history(History(engine="reference")).log is None


WRONG = [
    (7, "card: expected values by names, got 7"),
    ({}, "'data' is missing"),
    ({"training": {"n_epochs": 10**9, "history": {"epoch": [0]}}}, ""),
    *(({"settings": each}, "") for each in ({"\ud800": 1}, {"a": ["\ud800"]})),
    *(({"data": {"fingerprint": each, "rows": {}}}, "") for each in ("a" * 63, "a" * 63 + "G")),
]


@pytest.mark.parametrize(("changes", "messages"), WRONG)
def test_fault_57_invalid_cards_are_refused(model, path, changes, messages):
    save(model, path)
    extra = read_model(path)[1]
    is_part = isinstance(changes, dict) and changes
    extra["card"] = {**extra["card"], **changes} if is_part else changes
    rewrite(path, extra=extra)
    with pytest.raises(ModelFileError, match=f"not a valid model: {messages}"):
        load_predictor(path)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_fault_57_a_non_numeric_score_is_refused(model, path, number):
    save(model, path)
    extra = read_model(path)[1]
    extra["card"]["scores"]["training"]["r2"] = "here"
    layers = [layer.config() for layer in model.network.layers]
    description = {"format_version": 1, "network": {"layers": layers}, "extra": extra}
    text = json.dumps(description | {"sha256": "0" * 64})
    rewrite(path, text=text.replace('"here"', number))
    with pytest.raises(ModelFileError, match="scores: training: r2: expected a number"):
        load_predictor(path)


def test_unknown_entries_of_later_versions_are_ignored(model, path):
    save(model, path)
    extra = read_model(path)[1]
    rewrite(path, extra={**extra, "card": {**extra["card"], "carbon": {"grams": 3}}})
    assert load_predictor(path).card.to_dict() == model.card.to_dict()


@pytest.mark.parametrize(
    "parts", [{"settings": {"a": object()}}, {"data_fingerprint": "x"}, {"log": History()}]
)
def test_a_card_that_could_not_be_read_back_is_refused(parts):
    with pytest.raises(ArgumentError) as caught:
        ModelCard(**parts)
    assert [caught.value.argument] == list(parts)


def test_numpy_scalars_are_accepted():
    card = ModelCard(
        settings={"alpha": np.float32(0.5), "layers": (np.int32(4), 3), "shuffle": np.True_},
        rows={"training": np.int64(5)},
        scores={"held_out": {"accuracy": np.float32(0.5), "loss": 1}},
        log=TrainingLog(
            n_epochs=np.int64(2),
            epochs=np.arange(1, 3),
            curves={"loss": (None, np.float32(0.5))},
            best_epoch=np.int64(1),
        ),
    )
    plain = json.loads(json.dumps(card.to_dict(), allow_nan=False))
    assert plain["settings"] == {"alpha": 0.5, "layers": [4, 3], "shuffle": True}
    assert plain["data"]["rows"] == {"training": 5}
    assert plain["scores"] == {"held_out": {"accuracy": 0.5, "loss": 1.0}}
    assert plain["training"]["history"] == {"epoch": [0, 1], "loss": [None, 0.5]}
    assert ModelCard.from_dict(plain).to_dict() == card.to_dict()
    assert plain["settings"]["shuffle"] is True and plain["training"]["best_epoch"] == 0

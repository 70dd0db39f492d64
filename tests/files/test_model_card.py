"""Model cards: written, read, and refused if invalid."""

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from model_bytes import rewrite
from predictors import predictor_of

from barenet import ModelCard, Network, Predictor, Scaling, load, save, train
from barenet.files._model_card import MAX_EPOCHS, TrainingLog
from barenet.files._model_file import read_model
from barenet.tables.frames._fingerprint import fingerprint
from barenet.typing import History

X = np.random.default_rng(0).normal(size=(9, 3))
y = X[:, 0]


@pytest.fixture(name="model", scope="module")
def make_model() -> Predictor:
    network = Network.dense([3, 4, 1])
    history = train(network, X, y, epochs=3, metrics="r2", engine="reference")
    parts = {"rows": {"training": 9}, "scores": {"training": {"r2": 0.25}}}
    parts["settings"] = {"epochs": 3, "hidden": ["relu"]}
    card = ModelCard(data_fingerprint=fingerprint(X, y), **parts).with_history(history)
    return predictor_of(network, Scaling.fit("none", X), card=card)


def test_card_round_trip(model, path):
    save(model, path)
    first, second = model.card, load(path).card
    assert first.to_dict() == second.to_dict()
    assert second.settings == {"epochs": 3, "hidden": ("relu",)}
    assert second.rows == {"training": 9} and second.scores == {"training": {"r2": 0.25}}
    assert second.log.engine == "reference" and "numba" not in second.versions
    assert second.versions["numpy"] == np.__version__
    assert set(second.log.curves) >= {"loss", "r2"}


def test_a_run_without_epochs_has_no_log(model):
    assert model.card.with_history(History(engine="reference")).log is None


@pytest.mark.parametrize(
    "entry", [{"carbon": {"grams": 3}}, {"group_means": [{"date": "day", "place": ""}]}]
)
def test_unknown_entries_of_other_versions_are_ignored(model, path, entry):
    """barenet 0.3.0 listed the means of groups, which are part of the weights."""
    save(model, path)
    extra = read_model(path)[1]
    rewrite(path, extra={**extra, "card": {**extra["card"], **entry}})
    assert load(path).card.to_dict() == model.card.to_dict()


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


@pytest.mark.parametrize("n_epochs", [MAX_EPOCHS + 1, 100_000])
def test_a_long_log_is_thinned_but_keeps_first_last_and_best(model, path, n_epochs):
    curves = {"loss": [1 / (1 + epoch) for epoch in range(n_epochs)], "r2": [1 / 3] * n_epochs}
    history = History(curves, "reference", 7, "completed", n_epochs - 77)
    save(replace(model, card=model.card.with_history(history)), path)
    assert path.stat().st_size < 20_000
    log = load(path).card.log
    assert {1, 2, 3, 4, 5, n_epochs - 77, n_epochs} <= set(log.epochs)
    assert MAX_EPOCHS / 2 < len(log.epochs) <= MAX_EPOCHS
    assert log.n_epochs == n_epochs and log.selected_epoch == n_epochs - 77
    assert log.curves["loss"] == pytest.approx([1 / epoch for epoch in log.epochs], rel=1e-5)
    assert np.diff(log.epochs).max() <= math.ceil(n_epochs / (MAX_EPOCHS / 2 - 2))


def test_a_log_with_non_finite_values_round_trips():
    history = History({"loss": [math.inf, 0.5, 1 / 3]}, "compiled", 1, "x", 1)
    first = TrainingLog.from_history(history)
    second = TrainingLog.from_dict(json.loads(json.dumps(first.to_dict(), allow_nan=False)))
    assert second == first and second.curves["loss"] == (None, 0.5, 0.333333)

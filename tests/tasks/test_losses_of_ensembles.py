"""The losses of ensembles of numbers, chosen in a task and on the command line."""

import numpy as np
import pandas
import pytest

from barenet import MLPEnsembleRegressor, Task, load, save
from barenet.cli._main import main

LOSSES = {
    "poisson": {"loss": "poisson"},
    "gamma": {"loss": "gamma"},
    "tweedie:power=1.3": {"loss": "tweedie", "power": 1.3},
    "quantile:q=0.9": {"loss": "quantile", "quantile": 0.9},
    "absolute_error": {"loss": "absolute_error"},
}


@pytest.fixture(scope="module")
def claims():
    """Numbers above 0, the mean of which depends on age and town."""
    rng = np.random.default_rng(0)
    age = rng.uniform(18, 90, 240)
    town = rng.integers(0, 4, 240)
    mean = np.exp(0.02 * (age - 40) + 0.4 * town)
    amount = (1 + rng.poisson(4 * mean)) / 4
    return pandas.DataFrame({"age": age, "town": [f"t{code}" for code in town], "amount": amount})


@pytest.mark.parametrize(("spec", "options"), LOSSES.items())
def test_a_task_trains_the_ensemble_of_the_estimator(spec, options, claims, tmp_path):
    task = Task.open(claims, "amount", task="regression")
    seed = int(np.random.RandomState(0).randint(2**31 - 1))  # as estimators draw it
    predictor = task.train(quick=False, loss=spec, epochs=4, seed=seed)
    training = task.training
    estimator = MLPEnsembleRegressor(max_iter=4, random_state=0, **options)
    estimator.fit(training.X, training.y)
    expected = estimator.predict(claims[["age", "town"]])
    np.testing.assert_array_equal(predictor.predict(claims), expected)
    save(predictor, tmp_path / "claims.safetensors")
    loaded = load(tmp_path / "claims.safetensors")
    np.testing.assert_array_equal(loaded.predict(claims), expected)
    assert loaded.card.settings["loss"] == spec
    assert predictor.card.scores["held_out"]["loss"] > 0


def test_classes_have_the_log_loss(claims):
    table = claims.assign(amount=claims["amount"] > 2)
    with pytest.raises(ValueError, match="'amount' has classes; leave it out, or predict numbers"):
        Task.open(table, "amount").train(quick=False, loss="poisson")


def test_losses_of_single_networks_are_refused(claims):
    with pytest.raises(ValueError, match=r"loss: unknown .huber. \(choose from absolute_error"):
        Task.open(claims, "amount", task="regression").train(quick=False, loss="huber")


def test_the_command_trains_with_a_loss(claims, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    claims.to_csv("claims.csv", index=False)
    options = ["--target", "amount", "--task", "regression", "--no-quick", "--epochs", "2"]
    assert main(["train", "claims.csv", *options, "--loss", "poisson", "--no-plots"]) == 0
    shown = capsys.readouterr()
    assert "16 such networks" in shown.err
    assert "poisson" in shown.out
    assert (load("runs/claims").predict(claims) > 0).all()

"""The losses of ensembles of numbers, chosen in a task and on the command line."""

from pathlib import Path

import numpy as np
import pandas
import pytest
from sklearn.metrics import mean_pinball_loss, mean_poisson_deviance

from barenet import MLPEnsembleRegressor, Task, load, save
from barenet.cli._main import main
from barenet.errors import DataError
from barenet.insight._baselines import fit_baseline


@pytest.fixture(scope="module")
def claims():
    """Numbers above 0, the mean of which depends on age and town."""
    rng = np.random.default_rng(0)
    age = rng.uniform(18, 90, 240)
    town = rng.integers(0, 4, 240)
    mean = np.exp(0.02 * (age - 40) + 0.4 * town)
    amount = (1 + rng.poisson(4 * mean)) / 4
    return pandas.DataFrame({"age": age, "town": [f"t{code}" for code in town], "amount": amount})


@pytest.mark.integration
def test_a_task_trains_the_ensemble_of_the_estimator(claims, tmp_path):
    task = Task.open(claims, "amount", task="regression")
    seed = int(np.random.RandomState(0).randint(2**31 - 1))  # as estimators draw it
    predictor = task.train(model="ensemble", loss="tweedie:power=1.3", epochs=2, seed=seed)
    training = task.training
    estimator = MLPEnsembleRegressor(max_iter=2, random_state=0, loss="tweedie", power=1.3)
    estimator.fit(training.X, training.y)
    expected = estimator.predict(claims[["age", "town"]])
    np.testing.assert_array_equal(predictor.predict(claims), expected)
    save(predictor, tmp_path / "claims.safetensors")
    loaded = load(tmp_path / "claims.safetensors")
    np.testing.assert_array_equal(loaded.predict(claims), expected)
    assert loaded.card.settings["loss"] == "tweedie:power=1.3"
    assert predictor.card.scores["held_out"]["loss"] > 0


def test_classes_have_the_log_loss(claims):
    table = claims.assign(amount=claims["amount"] > 2)
    with pytest.raises(ValueError, match="'amount' has classes; leave it out, or predict numbers"):
        Task.open(table, "amount").train(model="ensemble", loss="poisson")


def test_losses_of_single_networks_are_refused(claims):
    with pytest.raises(ValueError, match=r"loss: unknown .huber. \(choose from absolute_error"):
        Task.open(claims, "amount", task="regression").train(model="ensemble", loss="huber")


@pytest.fixture(scope="module")
def counts():
    """Counts that depend on a number, and their predictor."""
    rng = np.random.default_rng(0)
    table = pandas.DataFrame({"x": rng.normal(size=200)})
    table["n"] = rng.poisson(np.exp(table["x"]))
    task = Task.open(table, "n", task="regression")
    return task, task.train(model="ensemble", loss="poisson", epochs=1)


@pytest.mark.case(236)
def test_targets_that_the_loss_is_not_defined_for_are_not_scored(counts, tmp_path, capsys):
    task, predictor = counts
    wrong = pandas.DataFrame({"x": [0.5, 1.0, 2.0], "n": [0, 3, -2]})
    problem = r"row 2: column 'n': the poisson loss needs targets of 0 or more, got -2; correct it"
    with pytest.raises(DataError, match=problem):
        task.evaluate(predictor, wrong)
    path = tmp_path / "wrong.csv"
    wrong.to_csv(path, index=False)
    with pytest.raises(DataError, match=problem):
        task.evaluate(predictor, path)
    save(predictor, tmp_path / "counts.safetensors")
    assert main(["evaluate", str(tmp_path / "counts.safetensors"), str(path)]) == 2
    assert "got -2; correct it, or leave the row out" in capsys.readouterr().err
    with pytest.raises(ValueError, match=r"strictly positive|non-negative"):  # scikit-learn refuses
        mean_poisson_deviance(wrong["n"], predictor.predict(wrong))
    right = wrong[:2]
    scores = task.evaluate(predictor, right)
    factor = predictor.target_scaling.factor[0]
    deviance = mean_poisson_deviance(factor * right["n"], factor * predictor.predict(right))
    assert scores["loss"] == pytest.approx(deviance / 2, rel=1e-5)
    zeros = right.assign(n=0)
    assert np.isfinite(task.evaluate(predictor, zeros)["loss"])


@pytest.mark.case(236)
@pytest.mark.parametrize(("loss", "wrong"), [("gamma", 0.0), ("tweedie:power=1.5", -0.5)])
def test_amounts_have_limits_of_their_own(claims, loss, wrong):
    task = Task.open(claims, "amount", task="regression")
    predictor = task.train(model="network", loss=loss, output="exponential", epochs=1)
    rows = claims[:12].assign(amount=[wrong] + [1.0] * 11)
    with pytest.raises(DataError, match=rf"row 0: column 'amount': the .* got {wrong:g};"):
        task.evaluate(predictor, rows)


@pytest.mark.case(237)
@pytest.mark.integration
def test_quantiles_are_judged_by_their_loss_and_coverage(claims, tmp_path, capsys):
    claims.to_csv(tmp_path / "claims.csv", index=False)
    arguments = ["train", str(tmp_path / "claims.csv"), "--target", "amount", "--model", "ensemble"]
    out = str(tmp_path / "run")
    options = ["--task", "regression", "--loss", "quantile:q=0.8", "--epochs", "2", "--out", out]
    assert main([*arguments, *options]) == 0
    words = " ".join(capsys.readouterr().out.split())
    predictor = load(out)
    task = Task.open(claims, "amount", task="regression")
    y = task.test.y
    predicted = predictor.predict(task.test.X)
    covered = (y <= predicted).mean()
    sentence = (
        f"{100 * covered:.1f} % of the targets are at most the prediction; 80 % are expected."
    )
    assert sentence in words
    factor = predictor.target_scaling.factor[0]
    ours = factor * mean_pinball_loss(y, predicted, alpha=0.8)
    assert task.evaluate(predictor)["loss"] == pytest.approx(ours)
    constant = np.full(len(y), np.quantile(task.training.y, 0.8))
    theirs = factor * mean_pinball_loss(y, constant, alpha=0.8)
    assert f"0.8-quantile {len(y)} test" in words
    measured = task._measured(predictor)
    losses = {
        baseline.title: scored.scores["loss"] for baseline, scored in measured.baselines.items()
    }
    assert losses["0.8-quantile"] == pytest.approx(theirs)
    linear, *_ = [one for one in measured.verdicts() if "linear model" in one]
    assert f"quantile loss {losses['linear model']:.5g}" in linear and "R²" not in linear
    assert f"quantile loss is {ours:.5g}" in Path(out, "report.html").read_text("utf-8")


def test_a_linear_quantile_leaves_its_share_of_the_targets_above():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(500, 2))
    y = X[:, 0] + rng.exponential(size=500)
    baseline = fit_baseline("linear", X, y, quantile=0.9)
    assert (y <= baseline.outputs(X)[:, 0]).mean() == pytest.approx(0.9, abs=0.002)
    for wrong in (0, 1, "a"):
        with pytest.raises(ValueError, match=r"^quantile: expected a number"):
            fit_baseline("linear", X, y, quantile=wrong)
    with pytest.raises(ValueError, match=r"^quantile: classes have no quantiles"):
        fit_baseline("linear", X, (y > 0) * 1, n_classes=2, quantile=0.5)


@pytest.mark.case(238)
def test_the_error_of_a_loss_names_the_output_and_the_ensemble(claims, tmp_path, capsys):
    claims.to_csv(tmp_path / "claims.csv", index=False)
    arguments = ["train", str(tmp_path / "claims.csv"), "--target", "amount", "--loss", "gamma"]
    assert main([*arguments, "--task", "regression", "--out", str(tmp_path / "run")]) == 2
    remedy = "; use --output exponential, or train an ensemble with --model ensemble\n"
    assert capsys.readouterr().err.endswith(remedy)
    task = Task.open(claims, "amount", task="regression")
    remedy = r"use output='exponential', or train an ensemble with model='ensemble'$"
    with pytest.raises(ValueError, match=remedy):
        task.train(model="network", loss="poisson")
    with pytest.raises(ValueError, match=r"; use output='exponential'$"):
        task.train(model="network", loss="poisson", hidden=("tanh",))  # of one network
    with pytest.raises(ValueError, match="quantile needs an output activation of ascending"):
        task.train(model="network", loss="quantile:levels=[0.1,0.9]")
    assert task.train(model="network", loss="gamma", output="exponential").network


@pytest.mark.case(239)
def test_a_teacher_with_another_loss_is_compared_by_metrics_alone(counts, tmp_path, capsys):
    task, _ = counts
    table = task.rows.dataset.to_pandas()
    path = tmp_path / "counts.csv"
    table.to_csv(path, index=False)
    run = str(tmp_path / "teacher")
    arguments = ["train", str(path), "--target", "n", "--task", "regression", "--no-plots"]
    arguments += ["--no-baselines"]
    options = ["--model", "ensemble", "--loss", "poisson", "--epochs", "1", "--out", run]
    assert main([*arguments, *options]) == 0
    capsys.readouterr()
    student = ["train", str(path), "--teacher", run, "--epochs", "2", "--no-plots"]
    assert main([*student, "--no-baselines", "--out", str(tmp_path / "student")]) == 0
    *_, heading = [
        line for line in capsys.readouterr().out.splitlines() if "scores on the test rows" in line
    ]
    assert heading.split()[-2:] == ["RMSE", "MAE"]

"""`barenet search`: the scores are those of trainings fold by fold, and the run that of `train`."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler

from barenet import Network, load_dataset, train
from barenet.optimizers import SGD


def candidates(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings and the scores of each candidate, the best of the last rung first."""
    results = document["search"]["cv_results"]
    params = results.pop("params")
    columns = zip(*results.values(), strict=True)
    rows = [
        dict(zip(results, row, strict=True)) | p for row, p in zip(columns, params, strict=True)
    ]
    rows.sort(key=lambda row: (-row.get("iter", 0), row["rank_test_score"]))
    assert rows[0].items() >= params[document["search"]["best_index"]].items()
    return rows


TABLE = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{(i % 7) * (i % 5) + i % 2}\n" for i in range(60))


def test_the_scores_are_those_of_trainings_fold_by_fold(barenet):
    values = {"layers": ["4,3", "4 6 3"], "learning_rate": [0.1, 0.5]}
    options = ["--layers", *values["layers"], "--learning-rate", 0.1, 0.5, "--optimizer", "sgd"]
    fixed = ["--epochs", 6, "--batch-size", 16, "--folds", 3, "--no-plots"]
    rows = candidates(barenet("search", "iris", *options, *fixed, "--json").json)
    available, _ = load_dataset("iris").split(0.2, 0)
    X, y = StandardScaler().fit_transform(available.X).astype(np.float32), available.y
    folds = StratifiedKFold(3, shuffle=True, random_state=0)
    assert len(rows) == 4
    for row in rows:
        sizes = row["layers"]
        scores = []
        for training, test in folds.split(X, y):
            network = Network.dense(sizes, hidden="relu", output="softmax", seed=0)
            optimizer = SGD(learning_rate=row["learning_rate"])
            train(network, X[training], y[training], optimizer=optimizer, epochs=6, batch_size=16)
            scores.append((network.predict(X[test]).argmax(axis=1) == y[test]).mean())
        assert [row[f"split{k}_test_score"] for k in range(3)] == pytest.approx(scores)
        assert row["mean_test_score"] == pytest.approx(np.mean(scores))
    means = [row["mean_test_score"] for row in rows]
    assert means == sorted(means, reverse=True)
    lines = barenet("search", "iris", *options, *fixed).ok().out.splitlines()
    assert lines[0].split() == ["rank", "accuracy", "±", "layers", "learning_rate"]
    layers = ",".join(map(str, rows[0]["layers"]))
    assert lines[1].split()[::3] == ["1", layers] and f"{means[0]:.4g}" in lines[1]
    assert max(map(len, lines)) < 80


@pytest.mark.integration
def test_the_folder_is_that_of_a_run_with_the_best_settings(barenet):
    command = ("search", "iris", "--optimizer", "sgd", "adam", "--hidden", "relu", "tanh")
    rest = ("--epochs", 4, "--batch-norm", "true", "false", "--candidates", 5, "--no-plots")
    result = barenet(*command, *rest, "--seed", 2, "--json").json
    rows = candidates(result)
    assert len(rows) == 5
    best, name = rows[0], "model.safetensors"
    options = ["--optimizer", best["optimizer"], "--hidden", *best["hidden"], "--epochs", 4]
    options += ["--batch-norm"] if best["batch_norm"] else []
    options += ["--patience", 0, "--no-plots", "--out"]
    barenet("train", "iris", *options, "train", "--seed", 2).ok()
    barenet("train", "--config", "runs/iris/settings.toml", "--no-plots", "--out", "again").ok()
    models = [Path(run, name).read_bytes() for run in ("runs/iris", "train", "again")]
    assert models[0] == models[1] == models[2]
    assert result["metrics"]["evaluated_on"] == "test rows"


def test_halving_trains_the_best_third_for_longer(barenet):
    Path("table.csv").write_text(TABLE)
    rates = [0.0001, 0.001, 0.01, 0.1]
    command = ("search", "table.csv", "--target", "y", "--learning-rate", *rates, "--halving")
    result = barenet(*command, "--epochs", 9, "--folds", 2, "--no-plots", "--json").json
    rows = candidates(result)
    assert [row["epochs"] for row in rows] == [9, 9, 3, 3, 3, 3]
    first = sorted(rows[2:], key=lambda row: -row["mean_test_score"])
    assert {row["learning_rate"] for row in rows[:2]} == {row["learning_rate"] for row in first[:2]}
    assert result["search"]["metric"] == "r2"


def test_candidates_that_diverge_come_last_and_the_rest_is_counted(barenet):
    options = ("--learning-rate", 1e30, 0.1, "--optimizer", "sgd", "--epochs", 3, "--no-plots")
    done = barenet("search", "iris", *options).ok()
    assert done.out.splitlines()[2].split() == ["2", "nan", "nan", "1e+30"]
    assert "warning: 5 of 10 networks failed; network 0 diverged" in done.err
    rates = [0.001 * number for number in range(1, 13)]
    done = barenet("search", "iris", "--epochs", 1, "--learning-rate", *rates, "--no-plots").ok()
    lines = done.out.splitlines()
    assert lines[10].split()[0] and lines[11] == "… 2 more; --json lists all"
    failed = barenet("search", "iris", "--learning-rate", 1e30, 1e29, *options[3:])
    assert failed.status == 1 and "--clip-norm" in failed.err

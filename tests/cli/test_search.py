"""``barenet search``: each network is that of a training of its own."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

from barenet import load_dataset, search
from barenet.tasks import _fit
from barenet.tasks._task_folds import make_task_folds

pytestmark = pytest.mark.integration


def candidates(document: dict[str, Any]) -> list[dict[str, Any]]:
    """The settings and the scores of each candidate, the best of the last rung first."""
    results = document["search"]["cv_results"]
    params = results.pop("params")
    rows = [
        {name: column[at] for name, column in results.items()} | own
        for at, own in enumerate(params)
    ]
    rows.sort(key=lambda row: (-row.get("iter", 0), row["rank_test_score"]))
    assert rows[0].items() >= params[document["search"]["best_index"]].items()
    return rows


TABLE = "a,b,y\n" + "".join(f"{i % 7},{i % 5},{(i % 7) * (i % 5) + i % 2}\n" for i in range(60))


def test_the_scores_are_those_of_a_search_on_the_training_rows(barenet):
    values = {"layers": [(4, 3), (4, 6, 3)], "learning_rate": [0.1, 0.5]}
    options = ["--layers", "4,3", "4 6 3", "--learning-rate", 0.1, 0.5, "--optimizer", "sgd"]
    fixed = ["--epochs", 6, "--batch-size", 16, "--folds", 3, "--no-plots"]
    rows = candidates(barenet("search", "iris", *options, *fixed, "--json").json)
    available, _ = load_dataset("iris").split(0.2, 0)
    X = StandardScaler().fit_transform(available.X).astype(np.float32)
    cv = make_task_folds(available, 3)
    how = {"optimizer": "sgd", "epochs": 6, "batch_size": 16, "hidden": "relu"}
    expected = search(values, X, available.y, cv=cv, refit=False, **how).cv_results_
    means = [row["mean_test_score"] for row in rows]
    assert means == pytest.approx(sorted(expected["mean_test_score"], reverse=True))
    lines = barenet("search", "iris", *options, *fixed).ok().out.splitlines()
    assert lines[0].split() == ["rank", "accuracy", "±", "layers", "learning_rate"]
    layers = ",".join(map(str, rows[0]["layers"]))
    assert lines[1].split()[::3] == ["1", layers] and f"{means[0]:.4g}" in lines[1]
    assert max(map(len, lines)) < 80


def test_a_table_of_many_categories_has_the_scores_of_all_its_inputs(barenet, monkeypatch):
    rows = (f"{7 * i % 307},{i % 5},{7 * i % 307 % 3 + i % 2}\n" for i in range(2000))
    Path("t.csv").write_text("town,size,y\n" + "".join(rows))
    columns = ("t.csv", "--target", "y", "--task", "regression", "--categories", "town")
    options = ("--rare", 0, "--learning-rate", 0.1, 0.01, "--folds", 2, "--epochs", 2, "--no-plots")
    means = []
    for is_looked_up in (_fit.is_looked_up, lambda *_: False):
        monkeypatch.setattr(_fit, "is_looked_up", is_looked_up)
        found = candidates(barenet("search", *columns, *options, "--json").json)
        means.append([row["mean_test_score"] for row in found])
    assert means[0] == pytest.approx(means[1], rel=1e-4) and means[0] != means[1]


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
    assert failed.status == 1 and "--clip norm:limit=1" in failed.err

"""A test set from a table of its own: its rows are read as those of the training are."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import Task
from barenet.cli._main import main
from barenet.errors import ArgumentError, DataError

N = 150
ONE = {"model": "network", "epochs": 2}
NAMES = {"columns": {"code": "names"}}


@pytest.fixture
def tables(tmp_path, monkeypatch):
    """Rows to train on, and others in which nothing but the first ones shows how to read them."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    size, code = rng.uniform(30, 200, N).round(1), rng.integers(0, 4, N)
    days = pd.date_range("2024-01-01", periods=N)
    training = pd.DataFrame({"row": np.arange(N), "size": size, "code": code})
    training["day"] = days.strftime("%d/%m/%Y")
    training["price"] = (3 * size + 20 * code + rng.normal(size=N)).round(2)
    test = training.iloc[:40].copy()
    test["size"] += 0.5
    test["day"] = "05/06/2024"
    test["code"] = 1
    training.to_csv("training.csv", index=False)
    test.to_csv("test.csv", index=False)
    test.to_parquet("test.parquet")
    return training, test


@pytest.mark.parametrize("model", ["network", "ensemble"])
def test_the_scores_are_those_of_the_file_as_new_rows(tables, small_ensembles, model):
    training, frame = tables
    tests = ["test.csv", "test.parquet", frame, frame.to_dict("records")]
    for test in tests[: 4 if model == "network" else 1]:
        task = Task.open("training.csv", "price", test=test, **NAMES)
        assert task.training.n_samples == N and task.test.n_samples == 40
        assert task.test.X["day"][0] == np.datetime64("2024-06-05")
        predictor = task.train(model=model, epochs=2)
        assert task.evaluate(predictor) == pytest.approx(task.evaluate(predictor, frame))
        assert predictor.card.rows["held_out"] == 40
        assert predictor.card.scores["held_out"]["r2"] == task.evaluate(predictor)["r2"]
    whole = Task.open(training, "price", test_size=0, **NAMES).train(model=model, epochs=2)
    np.testing.assert_array_equal(whole.predict(frame), predictor.predict(frame))


def test_values_that_cannot_be_read_are_named_by_their_place(tables):
    _, test = tables
    wrong = test.assign(price=[*test["price"][:-1].astype(str), "high"])
    wrong.to_csv("wrong.csv", index=False)
    with pytest.raises(DataError, match=r"wrong.csv:41: column 'price': expected a number"):
        Task.open("training.csv", "price", test="wrong.csv")
    test.drop(columns="size").to_csv("few.csv", index=False)
    with pytest.raises(DataError, match=r"few.csv: no column size"):
        Task.open("training.csv", "price", test="few.csv")
    with pytest.warns(UserWarning, match="missing columns: 'size' in 1 of 1 file"):
        Task.open("training.csv", "price", test="few.csv", allow_missing_columns=True)
    test.assign(price="").to_csv("none.csv", index=False)
    with pytest.raises(DataError, match=r"none.csv: column 'price' has no value in any row"):
        Task.open("training.csv", "price", test="none.csv")


@pytest.mark.parametrize("test", ["test.csv", {"size": [1.0], "price": [2.0]}])
def test_a_table_of_test_rows_excludes_a_fraction_of_the_others(tables, test):
    problem = "test_size: the test set has a table of its own, so no rows are held out; leave it"
    with pytest.raises(ArgumentError, match=problem):
        Task.open("training.csv", "price", test=test, test_size=0.1)
    if test == "test.csv":
        with pytest.raises(ArgumentError, match=r"test: test.csv has the training rows; leave it"):
            Task.open("./test.csv", "price", test=test)
        with pytest.raises(ArgumentError, match="test: this is an option for tables, and iris"):
            Task.open("iris", test=test)


def test_test_rows_that_are_training_rows_are_counted(tables):
    training, _ = tables
    with pytest.warns(UserWarning, match="30 of 30 test rows also occur among the training rows"):
        Task.open(training, "price", test=training[:30])


def test_the_rows_of_another_table_are_not_those_that_a_model_has_seen(tables):
    """Rows of both tables have the same numbers."""
    task = Task.open("training.csv", "price", test="test.csv")
    predictor = task.train(**ONE)
    with pytest.warns(UserWarning, match="was trained on 30 of these 30 rows"):
        split = Task.open("training.csv", "price")
        split.evaluate(predictor)
    assert task.evaluate(split.train(**ONE))["r2"] > -9  # without a warning


def test_blocks_are_tested_on_a_table_too(tables):
    task = Task.open("training.csv", "price", test="test.csv", memory="100MB")
    predictor = task.train(epochs=2)
    assert task.evaluate(predictor) == pytest.approx(task.evaluate(predictor, "test.csv"))


@pytest.mark.integration
def test_commands_measure_the_file_of_the_test_set_and_name_it(tables, capfd):
    run = ["train", "training.csv", "--target", "price", "--model", "network", "--epochs", "2"]
    assert main([*run, "--test", "test.csv", "--out", "run", "--no-plots"]) == 0
    trained = capfd.readouterr()
    assert "40 test rows of test.csv\n" in trained.err
    scores = [line.split() for line in trained.out.splitlines()[:4]]
    assert main(["evaluate", "run"]) == 0
    evaluated = capfd.readouterr()
    assert [line.split() for line in evaluated.out.splitlines()[:4]] == scores
    assert evaluated.err.startswith("no data named: test rows of ")
    assert main(["report", "run"]) == 0
    page = Path("run/report.html").read_text("utf-8")
    assert "on 40 rows of test.csv that it was not trained on" in page
    shutil.copy("training.csv", "again.csv")
    assert main(["evaluate", "run", "again.csv"]) == 0
    assert f"was trained on {N} of these {N} rows" in capfd.readouterr().err

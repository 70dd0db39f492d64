"""A model with a column of dates, from the hint of its training to each of its uses."""

import json
import runpy
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import drift, export, load
from barenet.plots import plot_dependence

pytestmark = pytest.mark.integration

PLACEHOLDER = "9999-12-31"


def sales(n_rows: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    years = 4 * rng.random(n_rows)
    days = (18_000 + 365.25 * years).astype(np.int64).astype("M8[D]")
    y = 12 + 3 * years + 4 * np.sin(2 * np.pi * years) + 0.3 * rng.normal(size=n_rows)
    return pd.DataFrame({"day": days.astype(str), "size": rng.normal(size=n_rows), "y": y})


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("sales") / "sales.csv"
    rows = sales(600, seed=0)
    rows.loc[7, "day"] = PLACEHOLDER
    rows.to_csv(path, index=False)
    return path


@pytest.fixture(
    scope="module", params=["as it is", pytest.param("missing", marks=pytest.mark.slow)]
)
def model(table, train, request) -> Path:
    options = ["--missing", PLACEHOLDER] if request.param == "missing" else []
    return train(table, "--target", "y", "--model", "ensemble", "--epochs", 15, *options)


@pytest.mark.case(153)
def test_the_hint_of_a_training_is_a_command_that_helps(barenet, table):
    options = ("--target", "y", "--no-plots", "--no-baselines", "--model", "network", "--epochs", 1)
    done = barenet("train", table, *options).ok()
    assert "! day" in done.err and "9999-12-31, in 1 of 600 rows, is farther from" in done.err
    remedy = done.err.split("if it stands for a missing value, use ")[1].splitlines()[0]
    assert remedy == "--missing 9999-12-31"
    done = barenet("train", table, *options, *shlex.split(remedy)).ok()
    assert "9999" not in done.err and "; 1 of 600 missing\n" in done.err


@pytest.mark.case(153)
def test_one_date_does_not_spoil_the_scores(model):
    assert load(model / "model.safetensors").card.scores["held_out"]["r2"] > 0.95


NEW = ["0001-01-01", "1900-01-01", "2019-04-14", "2021-02-28", "2100-01-01", PLACEHOLDER, ""]


@pytest.mark.case(153, 154)
def test_every_use_of_a_model_predicts_the_same(barenet, model, tmp_path):
    predictor = load(model / "model.safetensors")
    rows = pd.DataFrame({"day": NEW, "size": 0.5})
    expected = predictor.predict({"day": NEW, "size": [0.5] * len(NEW)})
    assert expected.min() > -5 and expected.max() < 35
    same = predictor.preprocessing.missing.count(PLACEHOLDER) == 1
    assert (expected[-1] == expected[-2]) == same

    frame = rows.assign(day=pd.Series(np.array([day or "NaT" for day in NEW], "M8[us]")))
    assert np.array_equal(predictor.predict(frame), expected)
    rows.to_csv("new.csv", index=False)
    frame.to_parquet("new.parquet")
    for name in ("new.csv", "new.parquet"):
        barenet("predict", model, name, "--out", "answers.csv").ok()
        found = pd.read_csv("answers.csv")["prediction"]
        np.testing.assert_allclose(found, expected, rtol=1e-6)
    records = [{"day": day or None, "size": 0.5} for day in NEW]
    assert np.array_equal(predictor.predict(records), expected)

    export(predictor, "exported_dates.py")
    module = runpy.run_path("exported_dates.py")
    outputs = module["outputs"]([[day, 0.5] for day in NEW])
    np.testing.assert_allclose(outputs[:, 0], expected, rtol=1e-6)
    export(predictor, "exported_dates.json")
    steps = json.loads(Path("exported_dates.json").read_text())["steps"]
    (encode,) = [step for step in steps if step["do"] == "encode"]
    assert len(encode["columns"][0]["edges"]) > 20


def test_a_placeholder_is_drawn_and_compared(barenet, model, tmp_path):
    predictor = load(model / "model.safetensors")
    rows = sales(60, seed=3).drop(columns="y")
    rows.loc[::3, "day"] = PLACEHOLDER
    rows.loc[1::30, "day"] = "0001-01-01"
    rows = rows.assign(day=rows["day"].to_numpy("M8[us]"))
    figure = plot_dependence(predictor, rows.to_dict("list") | {"day": rows["day"]}, ["day"])
    figure.savefig(tmp_path / "day.png")
    day = next(column for column in drift(predictor, rows).columns if column["name"] == "day")
    is_missing = PLACEHOLDER in predictor.preprocessing.missing
    assert day["range"][1][1] == (PLACEHOLDER if not is_missing else str(last_day(rows)))


def last_day(rows):
    days = rows["day"].to_numpy("M8[D]")
    return days[days < np.datetime64(PLACEHOLDER)].max()

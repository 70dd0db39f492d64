"""Columns that alone predict the target are named, and strong columns are not."""

import os
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr

from barenet import MLPEnsembleClassifier, MLPEnsembleRegressor, Task, load_dataset
from barenet.cli._main import main
from barenet.tasks._target_leakage import _correlation, _ranks, leaking_columns

TABLES = Path(os.environ.get("BARENET_DATA", "")) / "tables"

N_ROWS = 400
RNG = np.random.default_rng(7)
NOISE = pd.DataFrame(
    {
        "noise": RNG.normal(size=N_ROWS),
        "kind": RNG.choice(["red", "green", "blue"], N_ROWS),
        "flag": RNG.random(N_ROWS) > 0.5,
    }
)
CLASSES = RNG.choice(["won", "lost", "drawn"], N_ROWS)
PRICES = RNG.lognormal(5, 0.8, N_ROWS).round(2)


def leaks_of(table, target, **options):
    """The leaking columns of the training rows, as `Task.train` finds them."""
    task = Task.open(table, target, **options)
    return leaking_columns(task.training, task._encoding)


@pytest.mark.case(207)
@pytest.mark.case(164)
@pytest.mark.integration
@pytest.mark.filterwarnings("ignore:58 of 262 test rows also occur")  # without their names
def test_a_column_that_gives_the_target_away_is_named(titanic, tmp_path, capfd):
    passengers = pd.read_csv(titanic)
    passengers["alive"] = np.where(passengers["survived"] == 1, "yes", "no")
    passengers.to_csv(tmp_path / "titanic.csv", index=False)
    path = str(tmp_path / "titanic.csv")
    task = Task.open(path, "survived", drop=["name", "ticket", "boat", "body", "home.dest"])
    with pytest.warns(UserWarning, match=r"^alive alone predicts 'survived' .* drop=\['alive'\]\)"):
        task.train(model="network", epochs=1)
    arguments = ["train", path, "--target", "survived", "--model", "network", "--epochs", "1"]
    arguments += ["--no-plots", "--out", str(tmp_path / "run")]
    assert main(arguments) == 0
    words = " ".join(capfd.readouterr().out.split())
    leak = "alive alone predicts 'survived' on rows left out: unless it is known before, drop it"
    assert f"{leak} (--drop)." in words
    arguments[-1] += "-2"
    assert main([*arguments, "--no-baselines"]) == 0
    assert f"{leak} (--drop)." in " ".join(capfd.readouterr().out.split())
    arguments[-1] += "-3"
    assert main([*arguments, "--drop", "alive"]) == 0
    assert "alone predicts" not in capfd.readouterr().out


LEAKS = {
    "the class in other words": (CLASSES, pd.Series(CLASSES).map(str.upper)),
    "a number for each class": (CLASSES, pd.Series(CLASSES).map({"won": 3, "drawn": 1, "lost": 0})),
    "a number above a threshold": (PRICES > 150, PRICES * 3),
    "present for one class": (PRICES > 150, np.where(PRICES > 150, RNG.random(N_ROWS), np.nan)),
    "rounded": (PRICES, (PRICES * 1.17).round(1)),
    "as text": (PRICES.round(-1), pd.Series(PRICES.round(-1)).map("band {:.0f}".format)),
    "a square": (RNG.permutation(N_ROWS) / 7, None),
    "the logarithm": (PRICES, np.log(PRICES)),
    "a decreasing function": (PRICES, 1 / PRICES),
    "a rounded logarithm of few rows": (PRICES[:80], np.log(PRICES[:80]).round(3)),
    "noise of 1 %": (PRICES, PRICES + RNG.normal(0, 0.01 * PRICES.std(), N_ROWS)),
    "a tenth is missing": (PRICES, np.where(RNG.random(N_ROWS) < 0.1, np.nan, PRICES)),
    "a code, of which a tenth is missing": (
        CLASSES,
        pd.Series(CLASSES).map({"won": 3, "drawn": 1, "lost": 0}).where(RNG.random(N_ROWS) > 0.1),
    ),
    "a code with noise": (
        CLASSES,
        pd.Series(CLASSES).map({"won": 3, "drawn": 1, "lost": 0}) + RNG.normal(0, 0.1, N_ROWS),
    ),
    "reasons of a class, one of them rare": (
        PRICES > 150,
        np.where(PRICES > 150, np.where(PRICES > 1000, "held up", "sold"), "withdrawn"),
    ),
}


@pytest.mark.case(164)
@pytest.mark.parametrize("case", LEAKS)
def test_a_copy_of_the_target_in_any_form_is_found(case):
    target, copy = LEAKS[case]
    copy = target**2 if copy is None else copy
    table = NOISE[: len(target)].assign(copy=copy, target=target)
    assert leaks_of(table, "target") == ["copy"]


BUNDLED = ("iris", "wine", "breast_cancer", "diabetes")
NAMED = ("digits", "moons", "xor", "sine", "plane")


@pytest.mark.case(164)
@pytest.mark.parametrize("name", BUNDLED)
def test_strong_columns_of_known_tables_are_not_named(name):
    rows = load_dataset(name)
    frame = pd.DataFrame(rows.X, columns=rows.feature_names).assign(target=rows.y)
    if rows.classes:
        frame["target"] = np.array(rows.classes)[rows.y]
    assert leaks_of(frame, "target") == []


@pytest.mark.case(164)
@pytest.mark.parametrize("name", NAMED)
def test_columns_of_named_data_are_not_named(name):
    assert leaks_of(name, None) == []


TARGETS = {
    "autos.csv": "price",
    "concrete_eu.csv": "strength",
    "german.csv": "risk",
    "insurance.csv": "charges",
    "life.csv": "Life expectancy",
    "phoneme.csv": "nasal",
    "pima.csv": "diabetes",
    "sonar.csv": "kind",
    "winewhite.csv": "quality",
}
#: The tables that make test reads; the others are for the nights.
QUICK = ("concrete_eu.csv", "german.csv", "sonar.csv")


@pytest.mark.case(164)
@pytest.mark.skipif(not TABLES.is_dir(), reason="BARENET_DATA names no folder with tables")
@pytest.mark.parametrize(
    "file",
    [
        *QUICK,
        *(pytest.param(file, marks=pytest.mark.slow) for file in TARGETS if file not in QUICK),
    ],
)
def test_columns_of_real_tables_are_not_named(file):
    options = {}
    if file == "concrete_eu.csv":
        options["decimal"] = ","
    assert leaks_of(TABLES / file, TARGETS[file], **options) == []


DAYS = pd.date_range("2020-01-01", periods=N_ROWS)
RARE = (np.arange(N_ROWS) % 100 == 3).astype(int)

HARMLESS = {
    "a twentieth of the classes differ": (
        CLASSES, np.where(RNG.random(N_ROWS) < 0.05, "won", CLASSES),
    ),
    "noise of 3 %": (PRICES, PRICES + RNG.normal(0, 0.03 * PRICES.std(), N_ROWS)),
    "a logarithm with noise": (PRICES, np.log(PRICES) + RNG.normal(0, 0.03, N_ROWS)),
    "a target that is nearly constant": (np.r_[1.0, np.full(N_ROWS - 1, 1e-60)], PRICES),
    "a term of a formula": (3 * PRICES + 30 * NOISE["noise"], PRICES),
    "ten bands of prices": (PRICES, pd.qcut(PRICES, 10, labels=False)),
    "a class of most copies": (CLASSES, pd.Series(CLASSES).where(RNG.random(N_ROWS) > 0.6)),
    "one class in 99 % of the rows": (RARE, RNG.normal(size=N_ROWS)),
    "a constant": (RARE, np.full(N_ROWS, 5)),
    "a smooth series over dates": (np.sin(np.arange(N_ROWS) / 60), DAYS),
    "another value in each row": (CLASSES, [f"row {number}" for number in range(N_ROWS)]),
}  # fmt: skip


@pytest.mark.case(164)
@pytest.mark.parametrize("case", HARMLESS)
def test_columns_that_leave_errors_are_not_named(case):
    target, column = HARMLESS[case]
    assert leaks_of(NOISE.assign(column=column, target=target), "target") == []


@pytest.mark.case(164)
def test_few_rows_and_a_single_column_prove_nothing():
    few = NOISE[:20].assign(copy=np.arange(20) % 2, target=np.arange(20) % 2)
    assert leaks_of(few, "target") == []
    single = pd.DataFrame({"size": PRICES, "price": 3 * PRICES + 20})
    assert leaks_of(single, "price") == []
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Task.open(single, "price").train(model="network", epochs=2)


def test_rows_that_are_split_are_halved_by_their_keys():
    team = np.repeat(np.arange(40), N_ROWS // 40)
    names = pd.Series(team).map("team {}".format)
    won = np.where(team % 2 == 1, "yes", "no")
    table = NOISE.assign(team=names, town=names.map(str.upper), won=won)
    assert leaks_of(table, "won") == ["team", "town"]
    assert leaks_of(table, "won", split_by_group="team") == []  # unknown towns


@pytest.mark.case(164)
@pytest.mark.integration
def test_ensembles_of_scikit_learn_warn_of_columns():
    table = NOISE.assign(logarithm=np.log(PRICES))
    prices = pd.Series(PRICES, name="price")
    leak = r"^logarithm alone predicts 'price' on rows left out: .* drop=\['logarithm'\]\)$"
    with pytest.warns(UserWarning, match=leak) as warned:
        MLPEnsembleRegressor(max_iter=1, random_state=0).fit(table, prices)
    assert warned[0].filename == __file__
    team = np.repeat(np.arange(40), N_ROWS // 40)
    towns = NOISE.assign(town=pd.Series(team).map("town {}".format))
    won = team % 2 == 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # Towns of other groups are unknown.
        MLPEnsembleClassifier(max_iter=1, random_state=0).fit(towns, won, groups=team)


def test_ranks_correlate_as_in_scipy():
    rng = np.random.default_rng(2)
    x = rng.integers(0, 30, 100).astype(float)
    y = x + rng.normal(0, 9, 100).round()
    assert _correlation(_ranks(x), _ranks(y)) == pytest.approx(spearmanr(x, y).statistic, abs=1e-12)

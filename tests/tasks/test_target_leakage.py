"""Columns that alone predict the target are named, and strong columns are not."""

import warnings

import numpy as np
import pandas as pd
import pytest

from barenet import Task, load_dataset
from barenet.cli._main import main
from barenet.tasks._target_leakage import leaking_columns

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
    encoding = task.prepare().predictor.preprocessing
    return leaking_columns(task.training, encoding)


@pytest.mark.case(164)
def test_a_column_that_gives_the_target_away_is_named(titanic, tmp_path, capfd):
    passengers = pd.read_csv(titanic)
    passengers["alive"] = np.where(passengers["survived"] == 1, "yes", "no")
    passengers.to_csv(tmp_path / "titanic.csv", index=False)
    path = str(tmp_path / "titanic.csv")
    task = Task.open(path, "survived", drop=["name", "ticket", "boat", "body", "home.dest"])
    with pytest.warns(UserWarning, match=r"^alive alone predicts 'survived' .* drop=\['alive'\]\)"):
        predictor = task.train(epochs=5)
    task.report(tmp_path / "report.html", predictor)
    page = (tmp_path / "report.html").read_text("utf-8")
    assert "alive alone predicts &#x27;survived&#x27; on rows left out" in page
    assert "--drop" not in page  # which is no option of `Task.report`
    out = ["--out", str(tmp_path / "run"), "--no-plots"]
    arguments = ["train", path, "--target", "survived", "--quick", "--epochs", "5", *out]
    assert main(arguments) == 0
    words = " ".join(capfd.readouterr().out.split())
    leak = "alive alone predicts 'survived' on rows left out: unless it is known before, drop it"
    assert f"{leak} (--drop)." in words
    assert main([*arguments, "--drop", "alive", "--overwrite"]) == 0
    assert "alone predicts" not in capfd.readouterr().out


LEAKS = {
    "the class in other words": (CLASSES, pd.Series(CLASSES).map(str.upper)),
    "a number for each class": (CLASSES, pd.Series(CLASSES).map({"won": 3, "drawn": 1, "lost": 0})),
    "a number above a threshold": (PRICES > 150, PRICES * 3),
    "present for one class": (PRICES > 150, np.where(PRICES > 150, RNG.random(N_ROWS), np.nan)),
    "other units": (PRICES, PRICES * 1.17),
    "rounded": (PRICES, (PRICES * 1.17).round(1)),
    "as text": (PRICES.round(-1), pd.Series(PRICES.round(-1)).map("band {:.0f}".format)),
    "a square": (RNG.permutation(N_ROWS) / 7, None),
}


@pytest.mark.case(164)
@pytest.mark.parametrize("case", LEAKS)
def test_a_copy_of_the_target_in_any_form_is_found(case):
    target, copy = LEAKS[case]
    copy = target**2 if copy is None else copy
    assert leaks_of(NOISE.assign(copy=copy, target=target), "target") == ["copy"]


SETS = ("iris", "wine", "breast_cancer", "digits", "diabetes", "moons", "spirals", "sine")


@pytest.mark.case(164)
@pytest.mark.parametrize("name", SETS)
def test_strong_columns_of_known_data_are_not_named(name):
    if name in ("digits", "moons", "spirals", "sine"):
        assert leaks_of(name, None) == []
        return
    rows = load_dataset(name)
    frame = pd.DataFrame(rows.X, columns=rows.feature_names).assign(target=rows.y)
    if rows.classes:
        frame["target"] = np.array(rows.classes)[rows.y]
    assert leaks_of(frame, "target") == []


DAYS = pd.date_range("2020-01-01", periods=N_ROWS)
RARE = (np.arange(N_ROWS) % 100 == 3).astype(int)

HARMLESS = {
    "a twentieth of the classes differ": (
        CLASSES, np.where(RNG.random(N_ROWS) < 0.05, "won", CLASSES),
    ),
    "two per cent of noise": (PRICES, PRICES * RNG.normal(1, 0.02, N_ROWS)),
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
        Task.open(single, "price").train(epochs=2)


def test_rows_that_are_split_are_halved_by_their_keys():
    team = np.repeat(np.arange(40), N_ROWS // 40)
    names = pd.Series(team).map("team {}".format)
    won = np.where(team % 2 == 1, "yes", "no")
    table = NOISE.assign(team=names, town=names.map(str.upper), won=won)
    assert leaks_of(table, "won") == ["team", "town"]
    assert leaks_of(table, "won", split_by="team") == []  # unknown towns

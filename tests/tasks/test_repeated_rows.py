"""Test rows that also occur among the training rows are counted, unless chance explains them."""

import warnings

import numpy as np
import pandas as pd
import pytest

from barenet import Task
from barenet.cli._main import main
from barenet.datasets._dataset_loading import DATASETS

pytestmark = pytest.mark.case(217)

WORDS = r"^(\d+) of (\d+) test rows also occur among the training rows"


def table_of(n_rows, seed=0):
    """Rows of each kind of column, with missing values, and a target that is noise."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=n_rows),
            "town": rng.choice(["Rome", "Bern", "Oslo", None], n_rows),
            "sold": pd.Timestamp("2024-01-01") + pd.to_timedelta(rng.integers(0, 999, n_rows), "D"),
            "new": rng.random(n_rows) < 0.5,
            "price": rng.normal(size=n_rows),
        }
    )
    frame.loc[::7, "size"] = np.nan
    return frame


def warning_of(frame, target="price", **options):
    """The numbers of repeated rows and of test rows in the warning; none without one."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        task = Task.open(frame, target, **options)
    texts = [str(each.message) for each in caught if "also occur" in str(each.message)]
    assert len(texts) <= 1
    return task, [tuple(map(int, pd.Series(texts).str.extract(WORDS).loc[0])) for _ in texts]


def count_by_hand(task, frame):
    """The test rows that equal a training row in every column, by their texts."""
    texts = frame.map(str).agg("|".join, axis=1).to_numpy()
    training = set(texts[task.training.numbers])
    return sum(text in training for text in texts[task.test.numbers])


@pytest.mark.parametrize("target", ["price", "new"])
@pytest.mark.parametrize("columns", [["town", "size"], ["size", "town", "sold"]])
def test_copies_of_rows_in_both_sets_are_counted(target, columns):
    frame = table_of(300)[[*columns, target]].dropna()
    copies = pd.concat([frame, frame]).sample(frac=1, random_state=0, ignore_index=True)
    task, found = warning_of(copies, target)
    assert found == [(count_by_hand(task, copies), task.test.n_samples)]
    assert found[0][0] > 0.6 * found[0][1]
    assert warning_of(frame, target)[1] == []


def test_a_matrix_and_a_tenth_of_copies_are_counted_too():
    frame = table_of(400)
    some = pd.concat([frame, frame[:40]]).sample(frac=1, random_state=0, ignore_index=True)
    task, found = warning_of(some)
    assert found == [(count_by_hand(task, some), task.test.n_samples)]
    X = np.random.default_rng(0).normal(size=(100, 3))
    _, found = warning_of(np.concatenate([X, X]), np.tile(np.arange(100.0), 2))
    assert found[0][1] == 40


def test_rows_that_are_equal_by_chance_are_not_copies():
    """Of a few categories, most rows are equal to others; other targets make other rows."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({name: rng.choice(list("abcd"), 900) for name in ("x", "y", "z")})
    frame["price"] = rng.random(900) < 0.5
    assert warning_of(frame)[1] == []
    rounded = pd.DataFrame({"x": rng.normal(size=400).round(3), "price": np.arange(400) % 9 == 0})
    assert warning_of(rounded)[1] == []
    frame = table_of(300).dropna()
    assert warning_of(pd.concat([frame, frame.assign(price=-frame["price"])]))[1] == []
    assert warning_of(pd.concat([frame, frame]), test_size=0)[1] == []


@pytest.mark.parametrize("name", [name for name in DATASETS if "mnist" not in name])
def test_named_data_sets_have_no_copies(name):
    assert warning_of(name, None)[1] == []


@pytest.mark.integration
def test_the_command_states_it(tmp_path, capfd):
    frame = table_of(200)
    pd.concat([frame, frame]).sample(frac=1, random_state=0).to_csv(
        tmp_path / "rows.csv", index=False
    )
    out = ["--out", str(tmp_path / "run"), "--no-plots", "--model", "network", "--epochs", "1"]
    assert main(["train", str(tmp_path / "rows.csv"), "--target", "price", *out]) == 0
    lines = [line for line in capfd.readouterr().err.splitlines() if "also occur" in line]
    assert len(lines) == 1 and lines[0].startswith("warning: ")

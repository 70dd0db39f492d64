"""Splits by time and by group, ``--date-format``, and columns that identify the rows."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from barenet import Task, load, search as barenet_search
from barenet.cli import _search_command
from barenet.cli._flags import FileOptions, RunSettings

pytestmark = pytest.mark.integration

QUICK = ("--target", "y", "--model", "network", "--epochs", 3, "--no-plots", "--no-baselines")
DATES = ("--date-format", "%d.%m.%Y")


@pytest.fixture
def series(tmp_path) -> Path:
    """A series of 120 days, with a row counter, whose rows are alike; 10 machines take turns."""
    rng = np.random.default_rng(0)
    y = np.cumsum(rng.normal(size=120))
    days = np.datetime_as_string(np.datetime64("2024-01-01") + np.arange(120))
    rows = [
        f"{n + 1};{day[8:]}.{day[5:7]}.{day[:4]};m{n // 12};{value + rng.normal():.3f};{value:.3f}"
        for n, (day, value) in enumerate(zip(days, y, strict=True))
    ]
    path = tmp_path / "series.csv"
    path.write_text("\n".join(["No;day;machine;x;y", *rows]) + "\n")
    return path


def test_rows_split_at_random_are_reported_where_they_are_dated(barenet, series):
    done = barenet("train", series, *QUICK, *DATES).ok()
    assert "day has dates, and rows are split at random: " in done.err
    assert "`--split-by-time day` tests on the last rows\n" in done.err
    done = barenet("train", series, *QUICK, *DATES, "--drop", "day").ok()
    assert "neighbouring rows have similar targets, and rows are split at random: " in done.err
    done = barenet("train", series, *QUICK, *DATES, "--test-size", 0).ok()
    assert "at random" not in done.err


@pytest.mark.parametrize(
    ("option", "column", "part"),
    [
        ("--split-by-time", "day", "the last rows, from 2024-04-06T00:00:00 on"),
        ("--split-by-group", "machine", "2 whole groups"),
    ],
)
def test_a_split_is_the_same_in_every_command(barenet, series, option, column, part):
    options = (*DATES, option, column, "--patience", 3)
    document = barenet("train", series, *QUICK, *options, "--json").json
    shutil.copy(series, "copy.csv")
    shutil.copy("runs/series/model.safetensors", "model.safetensors")
    for arguments in (("runs/series",), ("runs/series", "copy.csv"), ("model.safetensors", series)):
        done = barenet("evaluate", *arguments, "--json")
        assert done.json["metrics"]["evaluated_on"] == "test rows"
        assert done.json["metrics"]["r2"] == document["metrics"]["r2"]
    barenet("train", "--config", "runs/series/settings.toml", "--out", "again", "--no-plots").ok()
    assert Path("again/model.safetensors").read_bytes() == Path("model.safetensors").read_bytes()
    done = barenet("train", series, *QUICK, *options, "--verbose-epoch", 1)
    assert f"split by {column}: the test rows are {part}" in done.err
    assert "at random" not in done.err
    if column == "machine":
        assert document["rows"]["held_out"] == 24
        assert "machine" not in load("model.safetensors").feature_names


def test_groups_may_be_numbers(barenet):
    rows = [f"{n % 8},{n % 7},{(n * n) % 11 / 2}" for n in range(80)]
    Path("t.csv").write_text("\n".join(["team,x,y", *rows]) + "\n")
    done = barenet("train", "t.csv", *QUICK, "--split-by-group", "team", "--json")
    assert "split by team: the test rows are 2 whole groups\n" in done.err
    assert load(done.json["model"]).feature_names == ("x",)
    again = barenet("evaluate", "runs/t", "--json").json["metrics"]
    assert again["evaluated_on"] == "test rows" and again["r2"] == done.json["metrics"]["r2"]


@pytest.mark.parametrize(
    ("column", "option"), [("day", "split-by-time"), ("machine", "split-by-group")]
)
def test_the_deprecated_option_and_its_run_files_are_read(barenet, series, column, option):
    done = barenet("train", series, *QUICK, *DATES, "--split-by", column).ok()
    [line] = [line for line in done.err.splitlines() if "deprecated" in line]
    assert line.startswith("warning: --split-by: is deprecated")
    assert line.endswith(f"; use --{option} {column}")
    settings = Path("runs/series/settings.toml")
    setting = f'{option.replace("-", "_")} = "{column}"'
    assert setting in settings.read_text()
    settings.write_text(settings.read_text().replace(setting, f'split_by = "{column}"'))
    old = barenet("evaluate", "runs/series", "--json").json["metrics"]
    barenet("train", "--config", settings, "--out", "again", "--no-plots", "--no-baselines").ok()
    assert setting in Path("again/settings.toml").read_text()
    assert barenet("evaluate", "again", "--json").json["metrics"]["r2"] == old["r2"]


def test_a_student_may_be_split_otherwise_than_its_teacher(barenet, series):
    split = ("--split-by-time", "day", "--drop", "machine")
    barenet("train", series, *QUICK, *DATES, *split).ok()
    student = ("--teacher", "runs/series", "--epochs", 3, "--no-plots", "--no-baselines")
    barenet("train", *student, "--split-by-group", "machine", "--out", "student").ok()
    settings = Path("student/settings.toml").read_text()
    assert 'split_by_group = "machine"' in settings and "split_by_time" not in settings


@pytest.mark.parametrize("split", [{"split_by_group": "machine"}, {"split_by_time": "day"}])
def test_a_search_has_the_folds_of_the_task(barenet, series, split, monkeypatch):
    option, column = next(iter(split.items()))
    options = ("--target", "y", "--epochs", 3, *DATES, "--learning-rate", 0.001, 0.01)
    options += ("--no-plots", f"--{option.replace('_', '-')}", column, "--folds")
    searches = []

    def search(*arguments, **settings):
        searches.append(settings)
        return barenet_search(*arguments, **settings)

    monkeypatch.setattr(_search_command, "search_settings", search)
    barenet("search", series, *options, 3).ok()
    task = Task.open(series, "y", date_format=DATES[1], **split)
    keys = task.training.split_keys
    for train, test in searches[0]["cv"]:
        assert not {*keys[train]} & {*keys[test]}
        assert option == "split_by_group" or keys[train].max() < keys[test].min()
    error = barenet("search", series, *options, 99).err.splitlines()[-1]
    assert error.startswith("barenet search: error: --folds: 99 folds ")


@pytest.mark.parametrize("split", [{"split_by_group": "machine"}, {"split_by_time": "day"}])
def test_no_network_of_an_ensemble_sees_a_group_or_period_that_it_leaves_out(series, split):
    file = FileOptions(date_format=DATES[1])
    settings = RunSettings(data=str(series), target="y", file=file, **split)
    task = Task.from_settings(settings)
    training, keys = task.prepare().ensemble_training, task.training.split_keys
    assert len(training.left_out) == 16 and len({*map(tuple, training.left_out)}) > 8
    for left in training.left_out:
        others = np.setdiff1d(np.arange(len(keys)), left)
        assert not {*keys[left]} & {*keys[others]}
        if "split_by_time" in split:  # whole periods: most neighbours are left out together
            assert np.mean(np.isin(left + 1, left)) > 0.6


IDENTIFIER = "looks like an identifier: 80 values in"
REASONS = ("numbers the rows", f"{IDENTIFIER} as many rows", f"{IDENTIFIER} 80 rows")


def test_row_counters_and_identifiers_are_left_out_unless_they_are_kept(barenet):
    rng = np.random.default_rng(0)
    ids = rng.permutation(np.arange(700, 1000))[:100]
    rows = [f"{n + 1},{ids[n]},{1900 + n},{n % 7},name{n},{n % 7 / 2 + n % 2}" for n in range(100)]
    Path("t.csv").write_text("\n".join(["n,CustomerId,year,x,name,y", *rows]) + "\n")
    done = barenet("train", "t.csv", *QUICK).ok()
    lines = [line for line in done.err.splitlines() if "left out" in line]
    for line, name, reason in zip(lines, ("n", "CustomerId", "name"), REASONS, strict=True):
        start, remedy = line.split("; to keep it, use ")
        assert " ".join(start.split()).startswith(f"{name} left out: {reason}, such as ")
        assert remedy == f"--columns {name}=keep" + " --rare 0" * (name == "name")
    assert load("runs/t/model.safetensors").feature_names == ("year", "x")
    done = barenet("train", "t.csv", *QUICK, "--keep-column", "n", "CustomerId").ok()
    kept = ("n", "CustomerId", "year", "x")
    assert load("runs/t-2/model.safetensors").feature_names == kept
    barenet("train", "--config", "runs/t-2/settings.toml", "--out", "again", "--no-plots").ok()
    assert "CustomerId" in load("again/model.safetensors").feature_names
    barenet("train", "t.csv", *QUICK, "--keep-column", "name", "--rare", 0).ok()
    assert "name" in load("runs/t-3/model.safetensors").feature_names
    error = barenet("train", "t.csv", *QUICK, "--keep-column", "z").err.splitlines()[-1]
    assert error.startswith("barenet train: error: --keep-column: unknown 'z' (choose from ")

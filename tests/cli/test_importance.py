import re
from pathlib import Path

import pytest

from barenet import load_predictor, permutation_importance
from barenet.data import load_dataset


def test_the_columns_are_told_in_the_order_of_what_is_lost(barenet, iris):
    done = barenet("importance", iris, "iris", "--json")
    assert (done.status, done.err) == (0, "")
    result = done.json
    _, held_out = load_dataset("iris").split(0.2, 0)
    predictor = load_predictor(iris / "model.safetensors")
    expected = permutation_importance(predictor, held_out.X, held_out.y)
    told = {column["name"]: column["mean"] for column in result["columns"]}
    assert told == dict(zip(expected.names, expected.mean, strict=True))
    assert list(told.values()) == sorted(told.values(), reverse=True)
    assert (result["metric"], result["rows"], result["repeats"]) == ("accuracy", 30, 10)
    assert result["evaluated_on"] == "test rows"


def test_people_get_bars_over_the_data_of_the_run(barenet, iris):
    done = barenet("importance", iris, "--repeats", 3)
    assert done.status == 0
    assert re.match(r"accuracy \d\.\d{4} on 30 test rows; each column shuffled 3×\n", done.err)
    heading, first, *rest = done.out.splitlines()
    assert heading.split() == ["column", "accuracy", "lost"]
    assert first.endswith("█" * 24) and len(rest) == 3
    assert re.search(r" 0\.\d{4} ± 0\.\d{4} ", first)
    assert max(map(len, done.out.splitlines())) < 80


def test_numbers_lose_r2_and_fewer_rows_are_taken_by_chance(barenet, line):
    result = barenet("importance", line, "--most-rows", 5, "--json").json
    assert (result["metric"], result["rows"]) == ("r2", 5)
    everything = barenet("importance", line, "--rows", "all", "--json").json
    assert (everything["rows"], everything["evaluated_on"]) == (60, "all rows")


def test_of_many_columns_some_are_told(barenet, digits):
    done = barenet("importance", digits, "--repeats", 1)
    assert len(done.out.splitlines()) == 27
    assert done.out.endswith("(and 39 columns that matter less; --json has them all)\n")


@pytest.mark.parametrize("run", ["iris", "digits"])
def test_it_is_a_picture_too(barenet, request, run):
    folder = request.getfixturevalue(run)
    done = barenet("plot", "importance", folder, "--out", "importance.png")
    assert (done.status, done.out) == (0, "importance.png\n"), done.err
    assert Path("importance.png").read_bytes().startswith(b"\x89PNG")

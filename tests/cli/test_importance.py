import re

from barenet import load_predictor, permutation_importance
from barenet.data import load_dataset


def test_columns_are_in_the_order_of_their_importance(barenet, iris):
    result = barenet("importance", iris, "iris", "--json").json
    _, held_out = load_dataset("iris").split(0.2, 0)
    predictor = load_predictor(iris / "model.safetensors")
    expected = permutation_importance(predictor, held_out.X, held_out.y)
    means = {column["name"]: column["mean"] for column in result["columns"]}
    assert means == dict(zip(expected.names, expected.mean, strict=True))
    assert list(means.values()) == sorted(means.values(), reverse=True)
    assert (result["metric"], result["rows"], result["repeats"]) == ("accuracy", 30, 10)
    assert result["evaluated_on"] == "test rows"


def test_bars_are_drawn_for_the_data_of_the_run(barenet, iris):
    done = barenet("importance", iris, "--repeats", 3)
    assert done.status == 0
    assert re.match(r"accuracy \d\.\d{4} on 30 test rows; each column shuffled 3×\n", done.err)
    heading, first, *rest = done.out.splitlines()
    assert heading.split() == ["column", "accuracy", "lost"]
    assert first.endswith("█" * 24) and len(rest) == 3
    assert re.search(r" 0\.\d{4} ± 0\.\d{4} ", first)
    assert max(map(len, done.out.splitlines())) < 80


def test_regression_is_measured_by_r2_on_a_sample_of_the_rows(barenet, line):
    result = barenet("importance", line, "--most-rows", 5, "--json").json
    assert (result["metric"], result["rows"]) == ("r2", 5)
    everything = barenet("importance", line, "--rows", "all", "--json").json
    assert (everything["rows"], everything["evaluated_on"]) == (60, "all rows")


def test_of_many_columns_the_most_important_are_shown(barenet, digits):
    done = barenet("importance", digits, "--repeats", 1)
    assert len(done.out.splitlines()) == 27
    assert done.out.endswith("(and 39 columns that matter less; --json has them all)\n")

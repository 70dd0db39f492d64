"""``barenet predict --reasons``: the columns that contribute most to each prediction."""

import json
from pathlib import Path

import numpy as np
import pandas
import pytest
from predictors import predictor_of

from barenet import Network, Scaling, contributions, load, load_dataset, save
from barenet.insight.contributions._written_numbers import standard_error_text

IRIS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def linear_model(classes=None):
    """Predict 3 a + b, or its probability of the second class."""
    output, names = ("identity", None) if classes is None else ("sigmoid", classes)
    network = Network.dense([2, 1], output=output, init="zeros")
    network.parameters[:] = [3, 1, 0]
    scaling = Scaling("none", np.zeros(2), np.ones(2))
    return predictor_of(network, scaling, classes=names, feature_names=("a", "b"), target_name="y")


@pytest.fixture
def files(tmp_path, barenet):
    """A model of numbers, rows to predict, and rows to compare with."""
    save(linear_model(), "m.safetensors")
    (tmp_path / "new.csv").write_text("key,a,b\np,5,1\nq,1,9\n")
    (tmp_path / "old.csv").write_text("a,b\n0,0\n2,2\n")
    return ("predict", "m.safetensors", "new.csv")


def test_reasons_follow_the_predictions(barenet, files):
    rows = barenet(*files, "--reasons", 2, "--background", "old.csv", "--keep", "key").rows
    names = ["reason", "value", "contribution", "standard_error"]
    assert [*rows[0]] == [
        *("key", "prediction", "expected"),
        *(f"{name}_1" for name in names),
        *(f"{name}_2" for name in names),
    ]
    assert [*rows[0].values()] == [
        "p",
        "16.0",
        "4.0",
        "a",
        "5",
        "12.0",
        "0.0",
        "b",
        "1",
        "0.0",
        "0.0",
    ]
    assert [*rows[1].values()] == [
        "q",
        "12.0",
        "4.0",
        "b",
        "9",
        "8.0",
        "0.0",
        "a",
        "1",
        "0.0",
        "0.0",
    ]
    more = barenet(*files, "--reasons", 9, "--background", "old.csv").rows
    assert [*more[0]][-1] == "standard_error_2"


def test_reasons_are_written_in_every_format(barenet, files, tmp_path):
    options = ("--reasons", 1, "--background", "old.csv")
    document = barenet(*files, *options, "--json").json
    first = {"column": "a", "value": "5", "contribution": 12.0, "standard_error": 0.0}
    second = {"column": "b", "value": "9", "contribution": 8.0, "standard_error": 0.0}
    assert document["reasons"] == [[first], [second]]
    assert document["expected"] == [4.0, 4.0]
    one = barenet(*files, *options, "--json", "--row", 1).json
    assert one["reasons"] == [[second]]
    assert "reasons" not in barenet(*files, "--json").json
    expected = {"prediction": 16.0, "expected": 4.0, "reason_1": "a", "value_1": "5"}
    expected |= {"contribution_1": 12.0, "standard_error_1": 0.0}
    for _ in range(2):  # the second time, an earlier file is replaced
        barenet(*files, *options, "--out", "out.jsonl").ok()
        line = (tmp_path / "out.jsonl").read_text().splitlines()[0]
        assert json.loads(line) == expected
    parquet = pytest.importorskip("pyarrow.parquet")
    barenet(*files, *options, "--out", "out.parquet").ok()
    assert parquet.read_table("out.parquet").to_pylist()[0] == expected


def test_reasons_of_two_classes_are_those_of_the_second_one(barenet, files):
    """A sign has the same meaning in all rows, whichever class is predicted."""
    save(linear_model(("no", "yes")), "classes.safetensors")
    command = ("predict", "classes.safetensors", "old.csv", "--reasons", 1)
    rows = barenet(*command, "--background", "new.csv").rows
    assert [row["prediction"] for row in rows] == ["no", "yes"]
    assert [row["explained_class"] for row in rows] == ["yes", "yes"]
    assert all(float(row["contribution_1"]) != 0 for row in rows)
    expected = contributions(load("classes.safetensors"), [[0, 0]], [[5, 1], [1, 9]])
    assert float(rows[0]["contribution_1"]) == pytest.approx(
        expected.reasons(0, 1, "yes")[0].contribution, rel=1e-3
    )
    document = barenet(*command, "--background", "new.csv", "--json").json
    assert document["explained_classes"] == ["yes", "yes"]


def test_rows_are_compared_with_the_training_data(barenet, iris):
    rows = barenet("predict", iris, "iris", "--reasons", 4).rows
    predictor, X = load(iris / "model.safetensors"), load_dataset("iris").X
    result = contributions(predictor, X, X)
    assert {row["reason_1"] for row in rows} <= set(IRIS)
    for row, printed in enumerate(rows[:3]):
        assert printed["explained_class"] == printed["prediction"]  # of three classes
        output = predictor.classes.index(printed["prediction"])
        total = sum(float(printed[f"contribution_{place}"]) for place in (1, 2, 3, 4))
        expected = result.predictions[row, output] - result.expected[output]
        assert total == pytest.approx(expected, abs=1e-3)


def test_reasons_on_the_scale_of_log_odds(barenet, files):
    save(linear_model(("no", "yes")), "classes.safetensors")
    command = ("predict", "classes.safetensors", "old.csv", "--background", "new.csv")
    options = ("--reasons", 2, "--scale", "log-odds")
    rows = barenet(*command, *options).rows
    background = [[5, 1], [1, 9]]
    predictor = load("classes.safetensors")
    result = contributions(predictor, [[0, 0], [2, 2]], background, scale="log-odds")
    for row, printed in enumerate(rows):
        expected = result.reasons(row, 2, "yes")
        assert float(printed["expected"]) == pytest.approx(result.expected[1], rel=1e-3)
        for place, reason in enumerate(expected, 1):
            assert printed[f"reason_{place}"] == reason.column
            contribution = float(printed[f"contribution_{place}"])
            assert contribution == pytest.approx(reason.contribution, rel=1e-3)
    document = barenet(*command, *options, "--json").json
    assert document["scale"] == "log-odds"
    explained = barenet(*command, "--reasons", 2, "--json")
    assert explained.json["scale"] == "probability"
    assert "the reasons explain the probability of " in explained.err
    assert barenet(*command, "--reasons", 2, "--scale", "probability").rows != rows
    error = barenet(*command[:3], "--scale", "log-odds").error
    assert "--scale: it is for the reasons of predictions; add --reasons 3" in error
    error = barenet(*files, "--background", "old.csv", *options).error
    assert "--scale: numbers have no log-odds; leave it out" in error


def test_the_rows_that_reasons_compare_with_are_described(barenet, files, tmp_path):
    options = ("--reasons", 2, "--background", "old.csv")
    done = barenet(*files, *options, "--out", "out.csv").ok()
    compared = "the reasons explain the prediction of y, compared with 2 rows of old.csv; standard "
    compared += "errors up to 0"
    assert compared in done.err
    table = pandas.read_csv("out.csv")  # without options
    assert table["contribution_1"].tolist() == [12.0, 8.0]
    document = barenet(*files, *options, "--json").json
    assert document["compared_with"] == {"rows": 2, "source": "old.csv"}
    assert "scale" not in document
    save(linear_model().with_background([[0, 0], [2, 2]]), "kept.safetensors")
    kept = barenet("predict", "kept.safetensors", "new.csv", "--reasons", 2, "--json")
    assert kept.json["compared_with"] == {"rows": 2, "source": "the model file"}
    assert "compared with 2 rows in the model file" in kept.err
    lines = [f"{row % 7},{row % 11}" for row in range(1500)]
    (tmp_path / "many.csv").write_text("\n".join(["a,b", *lines]) + "\n")
    many = barenet(*files, "--reasons", 2, "--background", "many.csv", "--json")
    assert many.json["compared_with"] == {"rows": 1000, "source": "many.csv"}
    errors = [reason["standard_error"] for row in many.json["reasons"] for reason in row]
    described = "1,000 rows drawn from the 1,500 rows of many.csv; standard errors up to "
    assert f"{described}{standard_error_text(max(errors))}" in many.err
    assert "reasons" not in barenet(*files).ok().err


def test_tables_without_rows_have_no_reasons(barenet, files, tmp_path):
    (tmp_path / "none.csv").write_text("a,b\n")
    options = ("--reasons", 1, "--background", "old.csv")
    empty = barenet("predict", "m.safetensors", "none.csv", *options).ok().out
    assert empty.strip() == "prediction,expected,reason_1,value_1,contribution_1,standard_error_1"
    error = barenet(*files, "--reasons", 1, "--background", "none.csv").error
    assert "--background: " in error


def test_the_reasons_of_a_row_do_not_depend_on_the_others(barenet, iris):
    command = ("predict", iris, "iris", "--reasons", 4)
    rows = barenet(*command).rows
    for row in (0, 17, 149):
        [alone] = barenet(*command, "--row", row).rows
        assert alone == rows[row]


def test_options_that_do_not_fit_are_refused(barenet, files):
    error = barenet(*files, "--background", "old.csv").error
    assert "--background: these rows are for the reasons of predictions; add --reasons 3" in error
    error = barenet(*files, "--reasons", 0, "--background", "old.csv").error
    assert "--reasons: expected a whole number of 1 or more, got 0" in error
    error = barenet(*files, "--reasons", 3).error
    assert "--background: m.safetensors" in error
    assert "give rows to compare with, such as --background rows.csv" in error
    network = Network.dense([2, 2], seed=0)
    scaling = Scaling("none", np.zeros(2), np.ones(2))
    several = predictor_of(network, scaling, feature_names=("a", "b"), classes=None)
    save(several, "several.safetensors")
    error = barenet("predict", "several.safetensors", "new.csv", "--reasons", 3).error
    assert "--reasons: the model predicts several numbers for each row; leave it out" in error


def test_columns_of_reasons_are_grouped(barenet, files):
    command = (*files, "--background", "old.csv")
    rows = barenet(*command, "--reasons", 3, "--groups", "both=a, b").rows
    assert "reason_2" not in rows[0], "one group of two columns"
    shown = [(row["reason_1"], row["value_1"], row["contribution_1"]) for row in rows]
    assert shown == [("both", "", "12.0"), ("both", "", "8.0")]
    document = barenet(*command, "--reasons", 1, "--groups", "both=a,b", "--json").json
    model = load("m.safetensors")
    groups = {"both": ["a", "b"]}
    result = contributions(model, [[5, 1], [1, 9]], [[0, 0], [2, 2]], groups=groups)
    for place, [reason] in enumerate(document["reasons"]):
        assert reason["column"] == "both" and reason["value"] == ""
        assert reason["contribution"] == pytest.approx(result.values[place, 0, 0])
    for groups, message in (
        ("a,b", "expected a name and columns, such as address=street,town, got 'a,b'"),
        ("both=a,c", "unknown 'c' (choose from a, b)"),
        ("b=a", "'b' is the name of a column outside the group"),
    ):
        error = barenet(*command, "--reasons", 1, "--groups", groups, "--out", "new.csv").error
        assert f"--groups: {message}" in error
    error = barenet(*files, "--groups", "both=a,b").error
    assert "--groups: it is for the reasons of predictions; add --reasons 3" in error


def test_rows_in_the_model_file_are_compared_with(barenet, files):
    save(linear_model().with_background([[0, 0], [2, 2]]), "kept.safetensors")
    kept = barenet("predict", "kept.safetensors", "new.csv", "--reasons", 2)
    assert kept.rows == barenet(*files, "--reasons", 2, "--background", "old.csv").rows
    assert "compared with 2 rows in the model file" in kept.err
    information = barenet("info", "kept.safetensors").words
    assert "2 rows of its data, to compare predictions with" in information


def test_train_keeps_background_rows_on_request(barenet, tmp_path):
    rng = np.random.default_rng(0)
    numbers = rng.normal(size=150).round(3).tolist()
    lines = [
        f"{'abc'[row % 3]},{number},{number * (row % 3)}" for row, number in enumerate(numbers)
    ]
    (tmp_path / "rows.csv").write_text("\n".join(["kind,size,price", *lines]) + "\n")
    plain = ("--no-plots", "--no-baselines")
    command = ("train", "rows.csv", "--target", "price", "--epochs", 2, *plain)
    barenet(*command, "--out", "without").ok()
    barenet(*command, "--out", "with", "--keep-background").ok()
    assert load("without").background is None
    background = load("with").background
    assert background.shape == (100, 2)
    (tmp_path / "rows.csv").rename("new.csv")
    rows = barenet("predict", "with", "new.csv", "--reasons", 2).rows
    assert {row["reason_1"] for row in rows} == {"kind", "size"}
    assert "give rows" in barenet("predict", "without", "new.csv", "--reasons", 2).error


@pytest.mark.case(215)
def test_a_column_of_a_group_may_have_a_comma_in_its_name(barenet):
    rows = "".join(f"{i % 7},{i % 3},{i % 5},{i % 2}\n" for i in range(60))
    Path("table.csv").write_text(f'a,"b,c",d,y\n{rows}')
    options = ("--target", "y", "--model", "network", "--epochs", 1, "--no-plots")
    barenet("train", "table.csv", *options, "--out", "run").ok()
    command = ("predict", "run", "table.csv", "--reasons", 9, "--json", "--groups")
    document = barenet(*command, 'g="b,c", d').json
    assert {reason["column"] for reason in document["reasons"][0]} == {"a", "g"}
    for part in ("b", "c"):
        error = barenet(*command, f"g={part},d").error
        assert error.endswith(
            f"""--groups: unknown '{part}', did you mean 'b,c'?; write "b,c", in double quotes"""
        )

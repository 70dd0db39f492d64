from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest

from barenet import Predictor
from barenet.data import load_dataset

IRIS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def rows_of(done) -> list[dict[str, str]]:
    assert done.status == 0, done.err
    return list(csv.DictReader(io.StringIO(done.out)))


def test_classes_and_their_probabilities(barenet, iris):
    rows = rows_of(barenet("predict", iris, "iris"))
    predictor, X = Predictor.load(iris / "model.safetensors"), load_dataset("iris").X
    assert [row["prediction"] for row in rows] == predictor.predict(X).tolist()
    columns = [f"probability_{name}" for name in predictor.classes]
    printed = np.array([[row[column] for column in columns] for row in rows], np.float32)
    assert (printed == predictor.probabilities(X)).all()


def test_numbers(barenet, line):
    rows = rows_of(barenet("predict", line / "model.safetensors", "plane"))
    X = load_dataset("plane", samples=60).X  # as for the training, which is known from its folder
    expected = Predictor.load(line / "model.safetensors").predict(X)
    assert list(rows[0]) == ["prediction"]
    printed = [row["prediction"] for row in rows]
    np.testing.assert_array_equal(np.array(printed, float), expected)


def test_columns_are_found_by_name_and_need_no_truth(barenet, iris):
    X = load_dataset("iris").X[[0, 60, 149]]
    shuffled = [IRIS[2], IRIS[0], IRIS[3], IRIS[1]]
    lines = [",".join([*shuffled, "note"])]
    lines += [",".join([*(str(row[IRIS.index(name)]) for name in shuffled), "x"]) for row in X]
    Path("new.csv").write_text("\n".join(lines) + "\n")
    rows = rows_of(barenet("predict", iris, "new.csv"))
    expected = Predictor.load(iris / "model.safetensors").predict(X)
    assert [row["prediction"] for row in rows] == expected.tolist()


def test_fault_42_a_table_of_one_row_is_enough(barenet, iris):
    Path("one.csv").write_text(",".join(IRIS) + "\n5.1,3.5,1.4,0.2\n")
    (row,) = rows_of(barenet("predict", iris, "one.csv"))
    assert row["prediction"] == "setosa"


def test_json(barenet, iris):
    done = barenet("predict", iris, "iris", "--row", 149, "--json")
    result = json.loads(done.out)
    assert result["classes"] == ["setosa", "versicolor", "virginica"]
    assert len(result["predictions"]) == len(result["probabilities"]) == 1
    assert sum(result["probabilities"][0]) == pytest.approx(1)


def test_an_image_is_told_in_words_and_drawn(barenet, digits):
    done = barenet("predict", digits, "digits", "--row", 7)
    assert done.status == 0
    sentence, *drawing = done.out.splitlines()
    assert sentence.startswith("I'm ") and "% sure that it's a" in sentence
    assert len(drawing) == 8
    assert "█" in "".join(drawing)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["iris", "--row", 150], "row: expected 0 to 149, got 150"),
        (["wine"], "wine has 13 features, and"),
        (["short.csv"], "no column petal length (cm), petal width (cm)"),
        (["ragged.csv"], "ragged.csv:3: expected 4 values, as in the first line, got 3"),  # F38
        (["nothing.csv"], "nothing.csv: no such file"),
    ],
)
def test_what_does_not_fit_the_model_is_one_line(barenet, iris, arguments, said):
    Path("short.csv").write_text(",".join(IRIS[:2]) + "\n5.1,3.5\n")
    Path("ragged.csv").write_text(",".join(IRIS) + "\n5.1,3.5,1.4,0.2\n5.1,3.5,1.4\n")
    done = barenet("predict", iris, *arguments)
    assert (done.status, done.out) == (2, "")
    (line,) = done.err.splitlines()
    assert line.startswith("barenet predict: error: ") and said in line


def test_fault_54_a_damaged_model_is_one_line(barenet, iris):
    damaged = bytearray((iris / "model.safetensors").read_bytes())[:-5]
    Path("damaged.safetensors").write_bytes(damaged)
    done = barenet("predict", "damaged.safetensors", "iris")
    assert (done.status, done.out) == (2, "")
    assert done.err.startswith("barenet predict: error: damaged.safetensors: ")
    assert len(done.err.splitlines()) == 1
    done = barenet("predict", "nowhere.safetensors", "iris")
    assert done.err == "barenet predict: error: nowhere.safetensors: there is no such file\n"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_that_are_kept_stand_before_the_predictions(barenet, iris, kind):
    pyarrow = pytest.importorskip("pyarrow")
    csv_files, parquet = (pytest.importorskip(f"pyarrow.{name}") for name in ("csv", "parquet"))
    X = load_dataset("iris").X[[0, 60, 149]]
    table = pyarrow.table({**dict(zip(IRIS, X.T, strict=True)), "key": ["007", 'a "b"', "c, d"]})
    if kind == "csv":
        csv_files.write_csv(table, "new.csv")
    else:
        parquet.write_table(table, "new.parquet")
    said = ("predict", iris, f"new.{kind}")
    alone, rows = rows_of(barenet(*said)), rows_of(barenet(*said, "--keep", "key", IRIS[3]))
    assert list(rows[0])[:3] == ["key", IRIS[3], "prediction"]
    assert [row.pop("key") for row in rows] == ["007", 'a "b"', "c, d"]
    assert [float(row.pop(IRIS[3])) for row in rows] == X[:, 3].tolist()
    assert rows == alone
    result = json.loads(barenet(*said, "--keep", "key", "--row", 2, "--json").out)
    assert (result["kept"], len(result["predictions"])) == ({"key": ["c, d"]}, 1)


def test_what_can_not_be_kept(barenet, iris):
    Path("one.csv").write_text(",".join(IRIS) + "\n5.1,3.5,1.4,0.2\n")
    for data, said in (
        ("iris", "keep: this is an option for tables, and iris is none"),
        ("one.csv", "keep: one.csv has no column key; its columns are sepal length (cm), "),
    ):
        done = barenet("predict", iris, data, "--keep", "key")
        assert (done.status, done.out) == (2, "") and said in done.err

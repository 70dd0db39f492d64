import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from predictors import predictor_of
from sklearn.metrics import confusion_matrix

from barenet import Network, Scaling, load, load_dataset, permutation_importance, save


def test_the_test_rows_are_those_of_the_training_with_or_without_its_run(barenet, iris):
    done = barenet("evaluate", iris, "iris", "--json")
    result, predictor = done.json, load(iris / "model.safetensors")
    _, held_out = load_dataset("iris").split(0.2, 0)
    right = predictor.predict(held_out.X) == np.array(held_out.classes)[held_out.y]
    assert (result["rows"], result["rows_seen"], done.err) == (30, 0, "")
    assert result["metrics"]["evaluated_on"] == "test rows"
    assert result["metrics"]["accuracy"] == right.mean()
    predicted = predictor.predict_proba(held_out.X).argmax(axis=1)
    assert result["confusion_matrix"] == confusion_matrix(held_out.y, predicted).tolist()
    save(predictor, "alone.safetensors")
    alone = barenet("evaluate", "alone.safetensors", "iris", "--json")
    assert alone.json == result | {"model": "alone.safetensors"} and alone.err == ""


def test_a_model_without_a_card_is_measured_on_all_rows(barenet, iris):
    predictor = load(iris / "model.safetensors")
    save(replace(predictor, card=None), "bare.safetensors")
    done = barenet("evaluate", "bare.safetensors", "iris", "--json")
    assert (done.json["rows"], done.json["metrics"]["evaluated_on"]) == (150, "all rows")
    assert done.json["rows_seen"] is None
    assert "the network was trained on perhaps some of these 150 rows" in done.err
    assert "unknown option --rows; evaluate" in barenet("evaluate", iris, "--rows", "all").error
    save(replace(predictor, dataset="", card=None), "alone.safetensors")
    named = "has no name of its training data; name the rows after the model"
    assert f"DATA: alone.safetensors {named}" in barenet("evaluate", "alone.safetensors").error


@pytest.mark.integration
def test_by_default_a_model_is_measured_on_the_data_of_its_training(barenet, iris, towns):
    here = str(Path("towns.csv").resolve())
    for run, data, rows in ((iris, "iris", "test rows"), (towns, here, "training rows")):
        named, by_default = barenet("evaluate", run, data), barenet("evaluate", run)
        assert (by_default.status, by_default.out) == (0, named.out)
        assert by_default.err == f"no data named: {rows} of {data}\n\n{named.err}"
    Path("towns.csv").unlink()
    for command in (["evaluate"], ["importance"], ["explain"], ["plot", "confusion"]):
        error = barenet(*command, towns).error
        assert "towns.csv, not found here; name the rows after the model" in error
    error = barenet("export", towns, "--out", "net.c", "--arithmetic", "int8").error
    assert "--calibration: " in error and error.endswith("not found here; name rows like those")


@pytest.fixture
def towns(barenet) -> Path:
    """A run on a table of text and numbers without test rows."""
    rows = [f"{i % 7},{'Oslo' if i % 3 else 'Rome'},{'yes' if i % 2 else 'no'}" for i in range(40)]
    Path("towns.csv").write_text("\n".join(["size,town,likes", *rows]) + "\n")
    plan = ["--target", "likes", "--epochs", 2, "--test-size", 0, "--no-plots", "--no-baselines"]
    assert barenet("train", "towns.csv", *plan).status == 0
    return Path("runs/towns")


@pytest.mark.parametrize("rows", ["as on the card", "new"])
def test_one_warning_names_the_values_that_cannot_be_read(barenet, train, rows):
    """The first rows are as many as those of the training, so they are read at once."""
    lines = [f"{row % 9},{row % 7}" for row in range(60)]
    Path("sums.csv").write_text("\n".join(["a,y", *lines]))
    model = train("sums.csv", "--target", "y", "--model", "network", "--epochs", 1)
    lines[7] = "many,0"
    new = lines if rows == "as on the card" else lines[:20]
    Path("new.csv").write_text("\n".join(["a,y", *new]))
    done = barenet("evaluate", model, "new.csv").ok()
    counts = f"1 of {len(new)} values can't be read as 'number' and count as missing: 'many'"
    assert [line for line in done.err.splitlines() if "values" in line] == [
        f"warning: column 'a': {counts}"
    ]


@pytest.mark.integration
def test_scores_on_training_rows_are_marked(barenet, towns):
    """By their fingerprint, whatever the names of the files are."""
    Path("elsewhere").mkdir()
    Path("elsewhere/mine.csv").write_bytes(Path("towns.csv").read_bytes())
    Path("mine.safetensors").write_bytes((towns / "model.safetensors").read_bytes())
    for model, data in [(towns, "towns.csv"), ("mine.safetensors", "elsewhere/mine.csv")]:
        done = barenet("evaluate", model, data, "--json")
        assert done.json["rows_seen"] == done.json["rows"] == 40
        (line,) = done.err.splitlines()
        assert line.startswith("warning: the network was trained on 40 of these 40 rows, so its")
    Path("towns.csv").write_text(Path("towns.csv").read_text().replace("6,", "5,"))
    done = barenet("evaluate", towns, "towns.csv", "--json")
    assert done.json["rows_seen"] is None and done.json["baselines"] == {}
    assert done.err.startswith("warning: the network was trained on perhaps some of these 40 rows")
    Path("others.csv").write_text(Path("towns.csv").read_text())
    assert barenet("evaluate", towns, "others.csv", "--json").err == ""


#: Columns beside a number that changes, of which some are dropped, in tables that hold only numbers
#: or look like it.
ODD_COLUMNS = {
    "constant": lambda i: "7",
    "missing": lambda i: "",
    "some_missing": lambda i: "" if i % 3 else "1.5",
    "truth": lambda i: "yes" if i % 2 else "no",
    "zero_or_one": lambda i: str(i % 2),
    "identifier": lambda i: f"customer {i}",
    "code": lambda i: f"{i:05}",
    "day": lambda i: f"2026-01-{1 + i % 28:02}",
    "duplicate": lambda i: str(i % 7),
    "rarely_else": lambda i: "1" if i else "2",
}


@pytest.mark.case(99)
@pytest.mark.integration
@pytest.mark.parametrize(
    ("names", "target"),
    [
        (["constant", "zero_or_one"], "numbers"),
        (["missing"], "classes"),
        (["some_missing"], "numbers"),
        (["truth"], "classes"),
        (["identifier"], "numbers"),
        (["code"], "classes"),
        (["day"], "numbers"),
        (["duplicate"], "classes"),
        (["rarely_else"], "numbers"),
    ],
)
def test_test_rows_are_found_whichever_columns_are_dropped(barenet, names, target):
    truth = {"numbers": lambda i: f"{i * i % 31}.25", "classes": lambda i: "ab"[i % 2]}[target]
    rows = [[str(i % 9), *(ODD_COLUMNS[name](i) for name in names), truth(i)] for i in range(60)]
    lines = [",".join(row) for row in [["a", *names, "y"], *rows]]
    Path("t.csv").write_text("\n".join(lines) + "\n")
    plan = ["--target", "y", "--epochs", 1, "--no-plots", "--no-baselines", "--test-size", 0.25]
    assert barenet("train", "t.csv", *plan).status == 0
    done = barenet("evaluate", "runs/t", "t.csv", "--json")
    assert done.json["metrics"]["evaluated_on"] == "test rows"
    assert done.json["rows"] == 15 and "has changed" not in done.err


@pytest.mark.case(99)
def test_booleans_beside_a_constant_column_of_parquet_are_read(barenet):
    pyarrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    every = range(60)
    columns = {"a": [i % 9 for i in every], "is_open": [i % 2 == 0 for i in every]}
    columns |= {"same": [1.0] * 60, "y": [i * i % 31 + 0.25 for i in every]}
    parquet.write_table(pyarrow.table(columns), "t.parquet")
    plan = ["--target", "y", "--epochs", 1, "--no-plots", "--no-baselines"]
    assert barenet("train", "t.parquet", *plan).status == 0
    result = barenet("evaluate", "runs/t", "t.parquet", "--json").json
    assert (result["rows"], result["metrics"]["evaluated_on"]) == (12, "test rows")


@pytest.mark.integration
def test_bars_are_drawn_for_the_data_of_the_run(barenet, iris, line, digits):
    done = barenet("importance", iris, "--repeats", 3)
    assert done.status == 0
    assert re.match(r"accuracy \d\.\d{4} on 30 test rows; each column shuffled 3×\n", done.err)
    predictor, data = load(iris / "model.safetensors"), load_dataset("iris")
    held_out = data.split(0.2, 0)[1]
    expected = permutation_importance(predictor, held_out.X, held_out.y)
    result = barenet("importance", iris, "iris", "--json").json
    means = {column["name"]: column["mean"] for column in result["columns"]}
    assert means == dict(zip(expected.names, expected.mean, strict=True))
    assert [*means.values()] == sorted(means.values(), reverse=True)
    assert (result["metric"], result["rows"], result["repeats"]) == ("accuracy", 30, 10)
    heading, first, *rest = done.out.splitlines()
    assert heading.split() == ["column", "accuracy", "lost"]
    assert first.endswith("█" * 24) and len(rest) == 3
    assert re.search(r" 0\.\d{4} ± 0\.\d{4} ", first)
    assert max(map(len, done.out.splitlines())) < 80
    result = barenet("importance", line, "--max-rows", 5, "--json").json
    assert (result["metric"], result["rows"], result["evaluated_on"]) == ("r2", 5, "test rows")
    many = barenet("importance", digits, "--repeats", 1).out
    assert len(many.splitlines()) == 27
    assert many.endswith("(and 39 columns that matter less; --json has them all)\n")


@pytest.mark.integration
def test_a_model_of_several_numbers_has_no_target_in_a_table(barenet):
    X = np.random.default_rng(0).normal(size=(30, 2))
    names = {"feature_names": ("x0", "x1"), "target_name": "y", "dataset": ""}
    several = predictor_of(Network.dense([2, 2]), Scaling.fit("standardize", X), **names)
    save(several, "two.safetensors")
    Path("two.csv").write_text("x0,x1,y\n" + "".join(f"{a},{b},{a}\n" for a, b in X))
    problem = "predicts 2 numbers for each row, and a table has one target; train a model for each"
    for command in ("evaluate", "importance", "explain", "plot fit", "plot importance"):
        name = {"explain": "SOURCE", "plot": "RUN"}.get(command.split()[0], "MODEL")
        for data in ("two.csv",), ():  # the advice is no detour
            error = barenet(*command.split(), "two.safetensors", *data).error
            assert error.endswith(f"error: {name}: two.safetensors {problem}")
    barenet("predict", "two.safetensors", "two.csv", "--row", 0).ok()


def test_a_score_beyond_its_limit_fails_after_the_output(barenet, iris, line):
    plain = barenet("evaluate", iris, "iris").ok()
    scores = barenet("evaluate", iris, "iris", "--json").json["metrics"]
    accuracy, log_loss = scores["accuracy"], scores["log_loss"]
    passed = barenet(
        "evaluate", iris, "iris", "--fail-below", f"accuracy={accuracy!r}", "auc=0"
    ).ok()
    assert passed.out == plain.out
    barenet("evaluate", iris, "iris", "--fail-above", f"log_loss={log_loss!r}", "loss=99").ok()

    above = np.nextafter(accuracy, 2)
    failed = barenet(
        "evaluate", iris, "iris", "--fail-below", "auc=0", f"accuracy={float(above)!r}"
    )
    assert (failed.status, failed.out) == (1, plain.out)
    beginning = "barenet evaluate: error: --fail-below: accuracy is "
    assert failed.err.startswith(beginning) and failed.err.endswith(", on 30 test rows\n")
    failed = barenet("evaluate", line, "--fail-above", "mae=0", "--fail-below", "r2=-1e9")
    assert failed.status == 1 and "--fail-above: mae is" in failed.err


def test_a_score_that_is_undefined_fails(barenet, towns):
    """The AUC of a single class is no score that a pipeline may pass with."""
    Path("one.csv").write_text("\n".join(Path("towns.csv").read_text().splitlines()[:2]) + "\n")
    failed = barenet("evaluate", towns, "one.csv", "--fail-below", "auc=0")
    assert failed.status == 1 and "auc is undefined on these rows, on all 1 rows" in failed.err


@pytest.mark.parametrize(
    ("option", "text", "problem"),
    [
        ("--fail-below", "accuracy", "expected a score and its limit, such as accuracy=.9, got"),
        ("--fail-below", "acuracy=.9", "unknown 'acuracy', did you mean 'accuracy'? (choose from"),
        ("--fail-below", "r2=.9", "unknown 'r2' (choose from accuracy, auc"),
        ("--fail-below", "accuracy=high", "accuracy: expected a number, got 'high'"),
        ("--fail-below", "accuracy=nan", "accuracy: expected a number, got"),
        ("--fail-below", "log_loss=.3", "are better; use --fail-above log_loss=.3"),
        ("--fail-above", "accuracy=.9", "are better; use --fail-below accuracy=.9"),
    ],
)
def test_wrong_limits_of_scores_are_refused(barenet, iris, option, text, problem):
    error = barenet("evaluate", iris, "iris", option, text).error
    assert f"{option}: " in error and problem in error

"""``barenet predict``: rows that are printed or written to a file, whole or not at all."""

import csv
import gzip
import io
import json
from pathlib import Path

import numpy as np
import pytest
from predictors import predictor_of

from barenet import Network, Predictor, Scaling, load, load_dataset, save
from barenet.cli._prediction_file import for_spreadsheets

IRIS = ["sepal length (cm)", "sepal width (cm)", "petal length (cm)", "petal width (cm)"]


def test_classes_and_their_probabilities_or_an_image(barenet, iris, digits):
    rows = barenet("predict", iris, "iris").rows
    predictor, X = load(iris / "model.safetensors"), load_dataset("iris").X
    assert [row["prediction"] for row in rows] == predictor.predict(X).tolist()
    columns = [f"probability_{name}" for name in predictor.classes]
    printed = np.array([[row[column] for column in columns] for row in rows], np.float32)
    assert (printed == predictor.predict_proba(X)).all()
    result = barenet("predict", iris, "iris", "--row", 149, "--json").json
    assert result["classes"] == list(predictor.classes)
    assert result["predictions"] == [rows[149]["prediction"]]
    assert sum(result["probabilities"][0]) == pytest.approx(1)
    sentence, *drawing = barenet("predict", digits, "digits", "--row", 7).ok().out.splitlines()
    assert sentence.startswith("I'm ") and "% sure that it's a" in sentence
    assert len(drawing) == 8 and "█" in "".join(drawing)


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_columns_kept_are_printed_before_the_predictions(barenet, iris, kind):
    pyarrow = pytest.importorskip("pyarrow")
    csv_files, parquet = (pytest.importorskip(f"pyarrow.{name}") for name in ("csv", "parquet"))
    X = load_dataset("iris").X[[0, 60, 149]]
    table = pyarrow.table({**dict(zip(IRIS, X.T, strict=True)), "key": ["007", 'a "b"', "c, d"]})
    if kind == "csv":
        csv_files.write_csv(table, "new.csv")
    else:
        parquet.write_table(table, "new.parquet")
    predict = ("predict", iris, f"new.{kind}")
    alone, rows = barenet(*predict).rows, barenet(*predict, "--keep", "key", IRIS[3]).rows
    assert list(rows[0])[:3] == ["key", IRIS[3], "prediction"]
    assert [row.pop("key") for row in rows] == ["007", 'a "b"', "c, d"]
    assert [float(row.pop(IRIS[3])) for row in rows] == X[:, 3].tolist()
    assert rows == alone
    result = barenet(*predict, "--keep", "key", "--row", 2, "--json").json
    assert (result["kept"], len(result["predictions"])) == ({"key": ["c, d"]}, 1)


def plain_predictor(classes) -> Predictor:
    """Predict classes, or two numbers, from the columns a and b: with whole weights, exactly."""
    output, width = ("identity", 2) if classes is None else ("softmax", len(classes))
    network = Network.dense([2, width], output=output, init="normal:std=2", seed=3)
    network.parameters[:] = network.parameters.round()
    names = {"classes": classes, "feature_names": ("a", "b"), "target_name": "y"}
    return predictor_of(network, Scaling("none", np.zeros(2), np.ones(2)), **names)


def numbered_rows(path, n_rows, key="k") -> np.ndarray:
    X = np.random.default_rng(0).integers(-8, 9, (n_rows, 2)) / 4
    lines = [f"{key}{number},{a},{b}" for number, (a, b) in enumerate(X.tolist())]
    Path(path).write_text("\n".join(["key,a,b", *lines]) + "\n")
    return X


@pytest.mark.case(108)
@pytest.mark.integration
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux shows the peak")
@pytest.mark.parametrize("option", ["--safe-csv", "--json"])
def test_long_class_names_take_no_memory_per_row(measured, tmp_path, monkeypatch, option):
    monkeypatch.chdir(tmp_path)
    numbered_rows("rows.csv", 30_000)
    command, peaks = ("predict", "m.safetensors", "-", "--keep", "key", option), []
    for length in (1, 400):  # an array of texts has as much room for each as for the longest
        save(plain_predictor(tuple(letter * length for letter in "abc")), "m.safetensors")
        with Path("rows.csv").open("rb") as rows, Path("out").open("wb") as out:
            done, peak, _ = measured(*command, stdin=rows, out=out)
        assert done.returncode == 0
        peaks.append(peak)
        assert Path("out").stat().st_size > 30_000 * length
    assert peaks[1] - peaks[0] < 2**25  # a block of texts, not all of them


@pytest.mark.case(108)
@pytest.mark.integration
@pytest.mark.parametrize("classes", [None, ("no", "yes"), ("=x", "a,b", "c")])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_output_in_blocks_equals_output_at_once(barenet, monkeypatch, classes, kind):
    predictor, X = plain_predictor(classes), numbered_rows("rows.csv", 50)
    save(predictor, "m.safetensors")
    if kind == "parquet":
        parquet = pytest.importorskip("pyarrow.parquet")
        parquet.write_table(pytest.importorskip("pyarrow.csv").read_csv("rows.csv"), "rows.parquet")
    plans = [[], ["--json"], ["--keep", "key", "a"], ["--keep", "key", "--json"], ["--safe-csv"]]
    plans = [["predict", "m.safetensors", f"rows.{kind}", *plan] for plan in plans]
    whole = [barenet(*plan).out for plan in plans]
    document = {"model": "m.safetensors", "target": "y", "predictions": predictor.predict(X)}
    if classes:
        document |= {"classes": classes, "probabilities": predictor.predict_proba(X).tolist()}
    document["predictions"] = document["predictions"].tolist()
    assert whole[1] == json.dumps(document) + "\n"
    for n_rows in (50, 49, 1, 7):
        for module in ("cli._prediction_file", "files._predictor"):
            monkeypatch.setattr(f"barenet.{module}.ROWS", n_rows)
        assert [barenet(*plan).out for plan in plans] == whole
    if kind == "csv" and classes is None:  # a late faulty row is numbered from the first one
        lines = Path("rows.csv").read_text().splitlines()
        lines[31] = "k30,3e38,3e38"
        Path("rows.csv").write_text("\n".join(lines) + "\n")
        done = barenet("predict", "m.safetensors", "rows.csv")
        assert (done.status, done.out) == (2, "") and "row 30 " in done.err


HOSTILE = "\x1b]0;owned\x07\x1b[2J\x9b2J\u202e"


@pytest.mark.case(115)
@pytest.mark.integration
def test_control_characters_are_escaped_on_a_terminal(barenet, terminal):
    save(plain_predictor((f"no{HOSTILE}", "yes", "\x7f")), "m.safetensors")
    numbered_rows("rows.csv", 9, key=HOSTILE)
    for plan in (["--keep", "key"], ["--keep", "key", "--json"], ["--keep", HOSTILE]):
        text = terminal("predict", "m.safetensors", "rows.csv", *plan, NO_COLOR="1")
        assert not {"\x1b", "\x07", "\x7f", "\x9b", "\u202e"} & {*text}
        assert "owned" in text
    piped = barenet("predict", "m.safetensors", "rows.csv", "--keep", "key").out
    assert HOSTILE in piped and next(csv.DictReader(io.StringIO(piped)))["key"] == f"{HOSTILE}0"
    result = barenet("predict", "m.safetensors", "rows.csv", "--json").json
    assert result["classes"] == [f"no{HOSTILE}", "yes", "\x7f"]


COMPUTED = ["=HYPERLINK(1)", "+1+1", "-1+1", "@A1", "\t=1", "\r=1", "\n=1", "  =1", "-", "-1e"]
COMPUTED += ["\uff1d1"]
AS_IT_IS = ["-1.5", "+3e-7", "a=b", "Rome", "0", "1-1", "'=1", "a\n=1"]


def test_a_terminal_shows_the_digits_of_the_network(barenet, monkeypatch):
    """Pipes and files have all digits of the numbers in the units of the target."""
    network = Network.dense([2, 1], output="identity", seed=3)
    scaling = Scaling.fit("standardize", np.array([[1e3], [7e3], [2e3]]))
    parts = {"classes": None, "feature_names": ("a", "b"), "target_name": "y", "dataset": "rows"}
    predictor = Predictor(
        network=network,
        preprocessing=Scaling.fit("none", np.eye(2)),
        target_scaling=scaling,
        **parts,
    )
    save(predictor, "model.safetensors")
    Path("new.csv").write_text("a,b\n0.1,0.7\n")
    [expected] = predictor.predict([[0.1, 0.7]]).tolist()
    command = ("predict", "model.safetensors", "new.csv")
    piped = barenet(*command).out
    assert piped == f"prediction\n{expected!r}\n" and len(repr(expected)) > 15
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    [_, shown] = barenet(*command).out.split()
    assert len(shown) == 10 and float(shown) == pytest.approx(expected, rel=1e-8)
    barenet(*command, "--out", "rows.csv").ok()
    assert Path("rows.csv").read_text() == piped


@pytest.mark.case(115)
def test_spreadsheet_formulas_are_marked():
    assert for_spreadsheets(COMPUTED) == [f"'{text}" for text in COMPUTED]
    assert for_spreadsheets(AS_IT_IS) == AS_IT_IS


@pytest.mark.case(115)
def test_predictions_in_csv_are_safe_in_a_spreadsheet(barenet):
    save(plain_predictor(("=HYPERLINK(1)", "-7", "-x")), "m.safetensors")
    numbered_rows("rows.csv", 40, key="=k")
    predict = ("predict", "m.safetensors", "rows.csv", "--keep", "key", "a")
    rows, safe = barenet(*predict).rows, barenet(*predict, "--safe-csv").rows
    assert [row["key"] for row in safe] == [f"'{row['key']}" for row in rows]
    assert [row["a"] for row in safe] == [row["a"] for row in rows]
    marked = {"=HYPERLINK(1)": "'=HYPERLINK(1)", "-7": "-7", "-x": "'-x"}
    assert [row["prediction"] for row in safe] == [marked[row["prediction"]] for row in rows]
    assert {row["prediction"] for row in rows} == {*marked}
    assert "--safe-csv: JSON has no cells" in barenet(*predict, "--safe-csv", "--json").error


def test_replaced_values_are_noted_by_column(barenet, train):
    kinds = (("Oslo", "no"), ("Rome", "yes"))
    rows = [f"{i / 2},{kinds[i % 2][0]},{i % 3},{kinds[i % 2][1]}" for i in range(40)]
    Path("towns.csv").write_text("\n".join(["age,town,size,y", *rows]))
    run = train(Path("towns.csv").resolve(), "--target", "y", "--epochs", 1)
    Path("new.csv").write_text("age,town,size\n,Rome,1\n3,Bern,2\nNA,Rom,0\n")
    done = barenet("predict", run, "new.csv").ok()
    note = "missing values and unknown or rare categories, replaced as in training"
    assert done.err == f"{note}: age (2), town (2)\n" and len(done.rows) == 3
    Path("new.csv").write_text("age,town,size\n4,Rome,1\n")
    assert barenet("predict", run, "new.csv").ok().err == ""


@pytest.mark.case(139)
@pytest.mark.parametrize("data", ["e.csv", "e*.csv", "no-groups.parquet"])
def test_a_table_without_rows_gives_the_header(barenet, iris, data):
    pyarrow, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    Path("e.csv").write_text(",".join([*IRIS, "key"]) + "\n")
    table = pyarrow.table({**{name: [0.5] for name in IRIS}, "key": ["x"]}).slice(0, 0)
    parquet.ParquetWriter("no-groups.parquet", table.schema).close()
    classes = ["setosa", "versicolor", "virginica"]
    header = ",".join(["key", "prediction", *(f"probability_{name}" for name in classes)])
    done = barenet("predict", iris, data, "--keep", "key").ok()
    assert (done.out, done.err) == (f"{header}\n", "")
    if "*" in data:
        return
    document = barenet("predict", iris, data, "--keep", "key", "--json").json
    assert document["classes"] == classes and document["kept"] == {"key": []}
    assert document["predictions"] == document["probabilities"] == []
    assert f"a row, and {data} has none" in barenet("predict", iris, data, "--row", 0).error


@pytest.mark.case(140)
@pytest.mark.parametrize("labels", [[0, 1, 12], [False, True], ["1", "2"]], ids=str)
def test_json_has_the_classes_of_python(barenet, labels):
    X, names = np.random.default_rng(0).normal(size=(40, 2)), [*map(str, labels)]
    parts = {"feature_names": ("x", "y"), "target_name": "kind", "dataset": "", "classes": names}
    network = Network.dense([2, 4, len(names)], output="softmax", seed=1)
    scaling = Scaling.fit("none", X)
    model = predictor_of(network, scaling, text_classes=names == labels, **parts)
    save(model, "net.safetensors")
    lines = ["x,y,kind", *(f"{x},{y},{names[at % len(names)]}" for at, (x, y) in enumerate(X))]
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    predicted = barenet("predict", "net.safetensors", "rows.csv", "--json").json
    expected = model.predict(X).tolist()
    assert json.dumps(predicted["predictions"]) == json.dumps(expected)
    info = barenet("info", "net.safetensors", "--json").json
    evaluated = barenet("evaluate", "net.safetensors", "rows.csv", "--json").json
    for document in (predicted, info, evaluated):
        assert json.dumps(document["classes"]) == json.dumps(labels)
    in_csv = [row["prediction"] for row in barenet("predict", "net.safetensors", "rows.csv").rows]
    assert in_csv == [names[labels.index(each)] for each in expected]
    barenet("export", "net.safetensors", "--to", "json").ok()
    exported = json.loads(Path("net.json").read_text())["classes"]
    assert exported == (labels if all(type(each) is int for each in labels) else names)


@pytest.mark.integration
def test_a_pipe_gets_utf_8_whatever_the_terminal_has(process, tmp_path):
    save(plain_predictor(("Ω", "日")), tmp_path / "m.safetensors")
    numbered_rows(tmp_path / "rows.csv", 9)
    done = process(
        "predict", "m.safetensors", "rows.csv", environment={"PYTHONIOENCODING": "cp1252"}
    )
    header, *rows = done.communicate()[0].splitlines()
    assert header == "prediction,probability_Ω,probability_日"
    assert {row[0] for row in rows} <= {*"Ω日"} and len(rows) == 9


HEADER = "id,age,town,member,y"


def table(n_rows: int, *, towns=("Rome", "Oslo")) -> list[str]:
    rng = np.random.default_rng(0)
    ages, towns = rng.normal(40, 9, n_rows).round(1), rng.choice(towns, n_rows)
    words = [("yes" if row % 3 else "no", "a" if ages[row] > 40 else "b") for row in range(n_rows)]
    lines = [f"{row:03d},{ages[row]},{towns[row]},{','.join(words[row])}" for row in range(n_rows)]
    return [HEADER, *lines]


def write(name: str, lines: list[str]) -> None:
    Path(name).write_text("\n".join(lines) + "\n")


@pytest.fixture(scope="module")
def model(train, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("data") / "people.csv"
    path.write_text("\n".join(table(120)) + "\n")
    return train(path, "--target", "y", "--drop", "id", "--epochs", 2)


def read(path: str) -> list[dict]:
    """The rows of a file of any format, with their numbers as text."""
    if path.endswith(".csv"):
        return list(csv.DictReader(Path(path).read_text().splitlines()))
    if path.endswith(".jsonl"):
        rows = [json.loads(line) for line in Path(path).read_text().splitlines()]
    else:
        rows = pytest.importorskip("pyarrow.parquet").read_table(path).to_pylist()
    return [
        {key: str(np.float32(each)) if type(each) is float else each for key, each in row.items()}
        for row in rows
    ]


@pytest.mark.parametrize(
    ("suffix", "n_rows"), [(".csv", 60), (".jsonl", 60), (".parquet", 60), (".jsonl", 0)]
)
def test_a_file_has_the_rows_that_are_printed(barenet, model, monkeypatch, suffix, n_rows):
    write("new.csv", table(n_rows))
    printed = barenet("predict", model, "new.csv", "--keep", "id").rows
    path = f"scores{suffix}"
    monkeypatch.setattr("barenet.cli._prediction_file.ROWS", 7)
    done = barenet("predict", model, "new.csv", "--keep", "id", "--out", path).ok()
    assert done.out == f"{path}\n" and read(path) == printed and len(printed) == n_rows
    if suffix == ".parquet":
        schema = pytest.importorskip("pyarrow.parquet").read_schema(path)
        names = ["id", "prediction", "probability_a", "probability_b"]
        assert (schema.names, [*map(str, schema.types)]) == (names, 2 * ["string"] + 2 * ["float"])
    assert [*Path().glob("*.tmp")] == []


#: The rows that cannot be read by their lines.
REJECTED = {
    "3": ("001,old,Rome,yes,a", "column 'age': expected a number, got 'old'"),
    "6": ("004,1,Rome,yes,a,7", "expected 5 values, as in the first line, got 6"),
    "7": ("005", "expected 5 values, as in the first line, got 1"),
    "42": ("039,1,Rome,1?,a", "column 'member': expected a boolean, such as yes or no, got '1?'"),
}


@pytest.mark.parametrize("form", ["file", "blocks", "without Arrow"])
def test_rows_that_cannot_be_read_are_set_aside(barenet, model, monkeypatch, form):
    lines = table(60)
    lines[20] = '019,1,"Ro\nme",yes,a'
    lines = "\n".join(lines).split("\n")
    for line, (row, _) in REJECTED.items():
        lines[int(line) - 1] = row
    write("bad.csv", lines)
    assert "bad.csv:6: expected 5 values" in barenet("predict", model, "bad.csv").error
    if form == "blocks":
        monkeypatch.setattr("barenet.tables.files._csv_blocks._BLOCK", 300)
    elif form == "without Arrow":
        monkeypatch.setattr("barenet.tables.files._text_column.find_spec", lambda name: None)
    rejected = "rejected.jsonl" if form == "blocks" else "rejected.csv"
    options = ("--keep", "id", "--rejected", rejected, "--out", "o.csv", "--safe-csv")
    barenet("predict", model, "bad.csv", *options).ok()
    found = read(rejected)
    assert {row["line"]: (row["row"], row["reason"]) for row in found} == REJECTED
    assert {row["file"] for row in found} == {"bad.csv"}
    wrong = {row[:3] for row, _ in REJECTED.values()}
    ids = [f"{row:03d}" for row in range(60)]
    assert [row["id"] for row in read("o.csv")] == [each for each in ids if each not in wrong]


UNREAD = ["001,old,Rome,yes,a", "039,1,Rome,1?,a", "040,young,Rome,no,b"]


@pytest.mark.parametrize("form", ["file", "files"])
def test_one_warning_names_the_values_that_cannot_be_read_and_count_as_missing(
    barenet, model, form
):
    """No row of the last file can be read, though the column can."""
    header, *rows = table(60)
    write("a.csv", [header, *rows[:50], UNREAD[0]])
    write("b.csv", [header, *UNREAD[1:]])
    write("all.csv", [header, *rows[:50], *UNREAD])
    name = "all.csv" if form == "file" else "?.csv"
    done = barenet("predict", model, name, "--out", "o.csv").ok()
    warnings = [line for line in done.err.splitlines() if line.startswith("warning: ")]
    counted = "values can't be read as"
    assert warnings == [
        f"warning: column 'age': 2 of 53 {counted} 'number' and count as missing: 'old', 'young'",
        f"warning: column 'member': 1 of 53 {counted} 'yes/no' and count as missing: '1?'",
    ]
    predicted = read("o.csv")
    write("all.csv", [header, *rows[:50], "001,,Rome,yes,a", "039,1,Rome,,a", "040,,Rome,no,b"])
    barenet("predict", model, "all.csv", "--out", "o.csv").ok()
    assert predicted == read("o.csv")


def test_a_column_without_a_readable_value_is_an_error_before_any_output(barenet, model):
    header, *rows = table(4)
    wrong = [row.replace(",yes,", ",so,").replace(",no,", ",la,") for row in rows]
    write("new.csv", [header, *wrong])
    done = barenet("predict", model, "new.csv")
    assert (done.status, done.out) == (2, "")
    assert "new.csv:2: column 'member': expected a boolean" in done.err
    done = barenet("predict", model, "new.csv", "--rejected", "r.csv")
    assert (done.status, done.out) == (1, "") and "no row can be read" in done.err


@pytest.mark.parametrize("limit", [0.01, 0.1])
def test_values_that_cannot_be_read_fail_by_their_share(barenet, model, limit):
    write("new.csv", [*table(50), *UNREAD])
    done = barenet("predict", model, "new.csv", "--out", "o.csv", "--max-missing", limit)
    assert done.status == (limit < 2 / 53) and Path("o.csv").exists() == (limit > 2 / 53)


def test_too_many_unknown_rows_write_nothing(barenet, model):
    write("new.csv", [*table(40, towns=("Rome", "Bern")), *"xyz"])
    bern = Path("new.csv").read_text().count("Bern")
    Path("o.parquet").touch()
    predict = ("predict", model, "new.csv", "--rejected", "r.csv", "--max-unknown")
    for out, limit, columns in [
        ("o.csv", 0.05, f"town ({bern}), rows that cannot be read, lines 42, 43, 44 (3)"),
        ("o.jsonl", 0.1, f"town ({bern})"),
        ("o.parquet", 0.1, f"town ({bern})"),
    ]:
        done = barenet(*predict, limit, "--out", out)
        values = "unknown or rare categories, or missing values that are new,"
        text = f"{values} in more than {limit} of 43 rows"
        assert (done.status, done.out) == (1, "")
        assert done.err == f"barenet predict: error: --max-unknown: {text}: {columns}\n"
    sizes = {path.name: path.stat().st_size > 0 for path in Path().iterdir()}
    assert sizes == {"new.csv": True, "o.parquet": False}
    assert barenet(*predict, bern / 43, "--out", "o.csv").ok().out == "o.csv\n"


@pytest.mark.case(169)
@pytest.mark.parametrize(
    ("option", "column"),
    [("--max-missing", "age"), ("--max-missing", "member"), ("--max-unknown", "town")],
)
def test_a_column_that_is_empty_in_every_row_writes_nothing(barenet, model, option, column):
    """The training had no missing value in any of these columns."""
    lines = table(40)
    write("new.csv", lines)
    barenet("predict", model, "new.csv", "--out", "o.csv", option, 0.05).ok()
    Path("o.csv").unlink()
    place = HEADER.split(",").index(column)
    rows = [line.split(",") for line in lines[1:]]
    for row in rows:
        row[place] = ""
    write("new.csv", [HEADER, *map(",".join, rows)])
    done = barenet("predict", model, "new.csv", "--out", "o.csv", option, 0.05)
    assert (done.status, done.out) == (1, "") and not Path("o.csv").exists()
    assert f"{option}: " in done.err and f": {column} (" in done.err


@pytest.mark.case(169)
def test_missing_values_count_beyond_their_share_in_the_training(barenet, train):
    """In the training, a column of numbers and one of categories lack a value in half the rows."""
    header, *lines = table(120)
    sparse = []
    for number, line in enumerate(lines):
        key, age, town, *rest = line.split(",")
        if number % 2:
            age = town = ""
        sparse.append(",".join([key, age, town, *rest]))
    write("people.csv", [header, *sparse])
    options = (
        "--target",
        "y",
        "--drop",
        "id",
        "--model",
        "network",
        "--epochs",
        2,
        "--test-size",
        0,
    )
    model = train(Path("people.csv").resolve(), *options)
    predict = ("predict", model, "people.csv", "--out", "o.csv")
    barenet(*predict, "--max-missing", 0).ok()
    empty = [f"{line.split(',')[0]},,,{line.split(',', 3)[3]}" for line in sparse]
    write("people.csv", [header, *sparse[:60], *empty[:60]])  # 90 of 120 rows
    barenet(*predict, "--max-missing", 0.25).ok()
    barenet(*predict, "--max-unknown", 0).ok()  # what was missing in the training is not unknown
    done = barenet(*predict, "--max-missing", 0.24)
    names = "age (75.0% of the rows, in the training 50.0%), town (75.0% of the rows"
    assert done.status == 1 and names in done.err
    assert "--max-missing: expected a number" in barenet(*predict, "--max-missing", 2).error


@pytest.mark.case(172)
@pytest.mark.integration
@pytest.mark.parametrize("full", ["o.csv", "r.csv"])
def test_a_full_disk_names_the_file_without_room(process, tmp_path, model, full):
    """Many rejected rows and few predictions, or the other way round."""
    right = table(3000 if full == "o.csv" else 20)
    wrong = ["x,y" for _ in range(20 if full == "o.csv" else 3000)]
    (tmp_path / "new.csv").write_text("\n".join([*right, *wrong]) + "\n")
    options = ("--keep", *HEADER.split(","), "--out", "o.csv", "--rejected", "r.csv")
    running = process("predict", model, "new.csv", *options, largest_file=120_000)
    _, message = running.communicate()
    assert f"error: {full}: File too large" in message
    assert running.returncode == 1
    assert [file.name for file in tmp_path.iterdir()] == ["new.csv"]


@pytest.mark.parametrize("out", ["o.csv", "o.parquet"])
def test_a_file_without_a_readable_row_is_an_error(barenet, model, out):
    write("new.csv", table(40))
    write("bad.csv", ["id,age,town,member,y", *(f"{row},x" for row in range(5))])
    barenet("predict", model, "new.csv", "--out", out).ok()
    before = Path(out).read_bytes()
    done = barenet("predict", model, "bad.csv", "--out", out, "--rejected", "r.csv")
    assert done.status == 1 and "no row can be read, so nothing is written; bad.csv:2: " in done.err
    assert Path(out).read_bytes() == before and not Path("r.csv").exists()


def test_rows_of_a_compressed_file_are_set_aside(barenet, model):
    lines = [*table(40), "041"]
    Path("new.csv.gz").write_bytes(gzip.compress("\n".join(lines).encode()))
    barenet("predict", model, "new.csv.gz", "--out", "o.csv", "--rejected", "r.csv").ok()
    assert [(row["line"], row["row"]) for row in read("r.csv")] == [("42", "041")]
    assert len(read("o.csv")) == 40


def test_numbers_that_a_network_cannot_take_are_named_and_set_aside(barenet, train):
    write("people.csv", table(120))
    model = train(
        "people.csv", "--target", "y", "--drop", "id", "--epochs", 2, "--model", "network"
    )
    write("far.csv", [*table(20), "020,1e300,Rome,yes,a"])
    error = barenet("predict", model, "far.csv").error
    assert "far.csv:22: column 'age': expected a number nearer" in error
    barenet("predict", model, "far.csv", "--out", "o.csv", "--rejected", "r.csv").ok()
    assert [row["line"] for row in read("r.csv")] == ["22"] and len(read("o.csv")) == 20


def test_a_marker_of_one_column_is_no_reason_to_set_a_row_aside(barenet, train, tmp_path):
    write(tmp_path / "people.csv", table(120))
    marked = ("--columns", "age=number missing=not asked")
    run = train(tmp_path / "people.csv", "--target", "y", "--drop", "id", *marked, "--epochs", 2)
    write("new.csv", [HEADER, "1,not asked,Rome,yes,a", "2,unknown,Rome,yes,a", "3,40,Rome,yes,b"])
    barenet("predict", run, "new.csv", "--out", "o.csv", "--rejected", "r.csv").ok()
    assert [row["line"] for row in read("r.csv")] == ["3"]
    assert len(read("o.csv")) == 2

"""Files of predictions hold what is printed, whole or not at all, without the rows rejected."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

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


@pytest.mark.parametrize("n_rows", [60, 0])
@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_a_file_has_the_rows_that_are_printed(barenet, model, monkeypatch, suffix, n_rows):
    write("new.csv", table(n_rows))
    printed = barenet("predict", model, "new.csv", "--keep", "id").rows
    path = f"scores{suffix}"
    for n_slice in (2**14, 7):
        monkeypatch.setattr("barenet.cli._prediction_file.ROWS", n_slice)
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
        monkeypatch.setattr("barenet.data._csv_table._BLOCK", 300)
    elif form == "without Arrow":
        monkeypatch.setattr("barenet.data._text_column.find_spec", lambda name: None)
    rejected = "rejected.jsonl" if form == "blocks" else "rejected.csv"
    options = ("--keep", "id", "--rejected", rejected, "--out", "o.csv", "--safe-csv")
    barenet("predict", model, "bad.csv", *options).ok()
    found = read(rejected)
    assert {row["line"]: (row["row"], row["reason"]) for row in found} == REJECTED
    assert {row["file"] for row in found} == {"bad.csv"}
    wrong = {row[:3] for row, _ in REJECTED.values()}
    ids = [f"{row:03d}" for row in range(60)]
    assert [row["id"] for row in read("o.csv")] == [each for each in ids if each not in wrong]


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
        text = f"unknown or rare categories in more than {limit} of 43 rows"
        assert (done.status, done.out) == (1, "")
        assert done.err == f"barenet predict: error: --max-unknown: {text}: {columns}\n"
    sizes = {path.name: path.stat().st_size > 0 for path in Path().iterdir()}
    assert sizes == {"new.csv": True, "o.parquet": False}
    assert barenet(*predict, bern / 43, "--out", "o.csv").ok().out == "o.csv\n"


def test_numbers_that_a_network_cannot_take_are_named_and_set_aside(barenet, train):
    write("people.csv", table(120))
    model = train("people.csv", "--target", "y", "--drop", "id", "--epochs", 2, "--quick")
    write("far.csv", [*table(20), "020,1e300,Rome,yes,a"])
    error = barenet("predict", model, "far.csv").error
    assert "far.csv:22: column 'age': expected a number nearer" in error
    barenet("predict", model, "far.csv", "--out", "o.csv", "--rejected", "r.csv").ok()
    assert [row["line"] for row in read("r.csv")] == ["22"] and len(read("o.csv")) == 20

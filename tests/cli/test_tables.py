"""Tables with text, missing values and dates, without a header, and from standard input."""

import gzip
import io
import runpy
import shutil
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import load
from barenet.errors import DataError
from barenet.storage._file_io import read_file_bytes

pytestmark = pytest.mark.integration

PENGUINS = Path(__file__).parents[2] / "docs" / "tutorials" / "penguins.csv"
QUICK = ("--model", "network", "--epochs", 20, "--no-plots", "--no-baselines")


@pytest.fixture(scope="session")
def birds(train) -> Path:
    """The folder of a run on a table of numbers and text, with missing values."""
    return train(PENGUINS, "--target", "species", "--epochs", 20)


def test_a_table_needs_nothing_but_its_target(barenet):
    done = barenet("train", PENGUINS, "--target", "species").ok()
    assert "6 features that become 112 numbers, 3 classes" in done.err
    assert "16 such networks" in done.err
    assert "\n  bill_length_mm     number: 39.1; 2 of 344 missing\n" in done.err
    assert "\n  sex                names: 'MALE', 'FEMALE' (2 different); 11 of" in done.err
    network = done.out.splitlines()[1].split()
    assert float(network[network.index("test") + 1]) > 0.95
    assert "Adelie" in done.out and "Chinstrap" in done.out
    assert Path("runs/penguins/confusion.png").exists()
    settings = tomllib.loads(Path("runs/penguins/settings.toml").read_text())
    assert settings["model"] == "ensemble" and settings["epochs"] == 96 and "layers" not in settings
    document = barenet("evaluate", "runs/penguins", "--json").json
    assert document["metrics"]["evaluated_on"] == "test rows" and document["rows"] == 69


def test_predictions_and_scores_do_not_depend_on_the_column_order(barenet, birds):
    table = pd.read_csv(PENGUINS, dtype=str, keep_default_na=False)
    other = table.assign(note="extra").sample(frac=1, axis=1, random_state=3)
    other.to_csv("other.csv", index=False)
    other.drop(columns="species").to_csv("no_truth.csv", index=False)
    expected = barenet("predict", birds, PENGUINS).out
    for name in ("other.csv", "no_truth.csv"):
        assert barenet("predict", birds, name).out == expected
    for command in ("evaluate", "importance"):
        expected = barenet(command, birds, PENGUINS, "--json").json
        done = barenet(command, birds, "other.csv", "--json").json
        for key in ("metrics", "confusion_matrix", "columns", "score"):
            assert done.get(key) == expected.get(key)
    assert {each["name"] for each in done["columns"]} == {*table.columns} - {"species"}
    assert "no column species" in barenet("evaluate", birds, "no_truth.csv").error


def test_settings_with_options_of_columns_repeat_the_run(barenet):
    ages = ["-999" if n % 9 == 0 else n % 50 for n in range(80)]
    codes = ["NA" if n % 20 == 5 else f"00{n % 3}" for n in range(80)]
    rows = [
        f"{n};{ages[n]};{codes[n]};{n % 7},{n % 10};2026-01-{n % 28 + 1:02};7" for n in range(80)
    ]
    Path("t.csv").write_text("\n".join(["id;age;code;cost;when;same", *rows]) + "\n")
    reading = ("--delimiter", ";", "--decimal", ",", "--missing", "-999", "--drop", "id")
    options = ("--target", "cost", "--scaling", "robust", *reading, "--rare", 0, *QUICK)
    done = barenet("train", "t.csv", *options).ok()
    for line in (
        "  age   number: 1; 9 of 80 missing",
        "  code  names: '000', '001', '002' (3 different); 4 of 80 missing",
        "  when  date: 2026-01-01",
        "  same  left out: 7 in every row",
        "  id    left out: dropped by request",
    ):
        assert f"\n{line}\n" in done.err
    settings = tomllib.loads(Path("runs/t/settings.toml").read_text())
    kept = {"drop": ["id"], "missing": ["-999"], "rare": 0.0, "decimal": ",", "scaling": "robust"}
    assert settings == settings | kept
    barenet("train", "--config", "runs/t/settings.toml", "--out", "again", "--no-plots").ok()
    first, again = (Path(run, "model.safetensors") for run in ("runs/t", "again"))
    assert first.read_bytes() == again.read_bytes()
    assert barenet("evaluate", "again", "t.csv").status == 0  # as the file was read before
    Path("new.csv").write_text("code;age;when\n001;5;2026-01-01\n")
    barenet("predict", "again", "new.csv").ok()  # columns left out need not even be there


def test_new_rows_have_the_decimal_commas_and_missing_targets_of_the_training(barenet):
    rows = [f"{n % 7},{n % 10};{-999 if n % 8 == 0 else n % 9},5" for n in range(80)]
    text = "\n".join(["a;y", *rows]).replace("-999,5", "-999")
    Path("t.csv").write_text(text)
    Path("new.csv").write_text(text + "\n1,5;2,5")
    Path("points.csv").write_text("a,y\n1.5,2.5\n2.5,3.5\n")
    options = ("--target", "y", "--decimal", ",", "--missing", "-999", *QUICK)
    assert "70 rows" in barenet("train", "t.csv", *options).ok().err
    assert "(10 without a target left out: '-999')" in barenet("evaluate", "runs/t", "new.csv").err
    assert len(barenet("predict", "runs/t", "new.csv").rows) == 81
    assert "--decimal ." in barenet("predict", "runs/t", "points.csv").error
    assert len(barenet("predict", "runs/t", "points.csv", "--decimal", ".").rows) == 2


ROWS = "".join(
    f"{at % 7 / 4},{('Rome', 'Oslo')[at % 2]},{at % 5},{('no', 'yes')[at % 3 // 2]}\n"
    for at in range(60)
)


@pytest.fixture
def run(barenet, tmp_path):
    """A run on a table without a header."""
    (tmp_path / "t.csv").write_text(ROWS)
    (tmp_path / "new.csv").write_text(ROWS[:200].rsplit("\n", 1)[0])
    options = ("--target", "x4", "--no-header", "--epochs", 2, "--no-plots", "--no-baselines")
    assert barenet("train", "t.csv", *options).status == 0
    return tmp_path / "runs" / "t"


@pytest.mark.case(101)
def test_a_table_without_a_header_suggests_no_header(barenet, tmp_path):
    (tmp_path / "t.csv").write_text(ROWS)
    done = barenet("train", "t.csv", "--target", "x4")
    assert done.status == 2 and "use --no-header; if it has the names, --header" in done.err
    done = barenet("train", "t.csv", "--no-header")
    assert "are x1, x2, x3, x4; name the one to predict, such as --target x4" in done.err


@pytest.mark.case(101)
def test_every_command_reads_a_table_without_a_header(barenet, run, tmp_path):
    assert "header = false\n" in (run / "settings.toml").read_text()
    for command in (
        *("predict {} new.csv --keep x2", "predict {}/model.safetensors new.csv"),
        *("predict {} new.csv --no-header", "evaluate {}", "evaluate {} new.csv", "importance {}"),
        *("explain {}", "explain t.csv --target x4 --no-header", "plot confusion {}"),
        "train --config {}/settings.toml --no-plots --out again",
    ):
        barenet(*(word.format(run) for word in command.split())).ok()
    shutil.copy(run / "model.safetensors", tmp_path / "alone.safetensors")
    (run / "settings.toml").unlink()
    assert barenet("predict", tmp_path / "alone.safetensors", "new.csv").status == 0
    (tmp_path / "named.csv").write_text("x4,x3,x2,x1\nno,4,Rome,0.25\nyes,4,Oslo,0.25\n")
    assert len(barenet("predict", "alone.safetensors", "named.csv", "--header").rows) == 2


TABLE = PENGUINS.read_bytes()
SPECIES = ("--target", "species", "--epochs", 5, "--no-plots", "--no-baselines")


@pytest.fixture
def give(monkeypatch):
    """Put bytes into standard input."""

    def put(data: bytes) -> None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))

    return put


def test_standard_input_is_a_table_like_the_file(barenet, give):
    give(TABLE)
    barenet("train", "-", *SPECIES).ok()
    barenet("train", PENGUINS, *SPECIES).ok()
    runs = [Path("runs", name, "model.safetensors") for name in ("stdin", "penguins")]
    given, read = (load(path).network.parameters for path in runs)
    assert given.tobytes() == read.tobytes()
    expected = barenet("predict", "runs/penguins", PENGUINS).out
    for data in (TABLE, gzip.compress(TABLE)):
        give(data)
        assert barenet("predict", "runs/stdin", "-").out == expected
    give(TABLE)
    done = barenet("predict", "runs/stdin", "--row", 3, "--json", "-")
    assert len(done.json["predictions"]) == 1


@pytest.mark.parametrize("options", [("-q",), ("--target=species",), ("--target", "species", "-q")])
def test_standard_input_may_follow_any_option(barenet, give, options):
    expected = barenet("columns", PENGUINS, *options).ok().out
    give(TABLE)
    assert barenet("columns", *options, "-").ok().out == expected


def test_rows_of_standard_input_are_recognized_by_their_fingerprint(barenet, give):
    give(TABLE)
    assert barenet("train", "-", *SPECIES).status == 0
    assert tomllib.loads(Path("runs/stdin/settings.toml").read_text())["data"] == "/dev/stdin"
    shorter = TABLE[: TABLE.rindex(b"\n", 0, -1)]
    for table, rows in ((TABLE, "test rows"), (shorter, "all rows")):
        give(table)
        done = barenet("evaluate", "runs/stdin", "-", "--json")
        assert done.json["metrics"]["evaluated_on"] == rows
    error = barenet("importance", "runs/stdin").error
    assert "was trained on standard input; name the rows" in error
    give(b"a,y\n1,no\n2\n")
    error = barenet("train", "-", "--target", "y").error
    assert error.startswith("barenet train: error: /dev/stdin:3: expected 2 values")
    done = barenet("train", PENGUINS, "--target", "-")  # a dash is the value of the option
    assert done.status == 2 and "stdin" not in done.err


def test_standard_input_is_read_block_by_block(barenet, give):
    runs = []
    for rows in ("-", PENGUINS):
        give(TABLE)
        barenet("train", rows, *SPECIES, "--memory", "1GB").ok()
        name = "stdin" if rows == "-" else "penguins"
        runs.append(load(Path("runs", name, "model.safetensors")).network)
    assert np.array_equal(runs[0].parameters, runs[1].parameters)


def test_standard_input_is_limited(give, monkeypatch):
    monkeypatch.setattr("barenet.storage._file_io.machine_memory", lambda: 200)
    give(b"x" * 101)
    with pytest.raises(DataError, match=r"/dev/stdin: more than 100 bytes of data .* BAR"):
        read_file_bytes(Path("/dev/stdin"))
    monkeypatch.setattr("sys.stdin", None)
    with pytest.raises(DataError, match=r"/dev/stdin: standard input is closed"):
        read_file_bytes(Path("/dev/stdin"))


@pytest.mark.case(185)
def test_lines_of_many_columns_are_cut_and_a_command_lists_them(barenet):
    names = [f"constant_{number}" for number in range(120)]
    rows = [",".join([str(n % 7), str(n % 2), *["5"] * 120]) for n in range(60)]
    Path("t.csv").write_text("\n".join([",".join(["x", "y", *names]), *rows]) + "\n")
    done = barenet("train", "t.csv", "--target", "y", *QUICK).ok()
    assert "\n  constant_28  left out: 5 in every row\n" in done.err
    assert "constant_29" not in done.err and "\n  … and 91 more: 91 left out\n" in done.err
    assert "\n  `barenet columns t.csv` lists them all\n" in done.err
    lines = barenet("columns", "t.csv").ok().out.splitlines()
    reasons = {line.split()[0]: line for line in lines if line.startswith("constant_")}
    assert [*reasons] == names
    assert all("5 in every row" in line for line in reasons.values())
    assert "constant" not in barenet("--quiet", "train", "t.csv", "--target", "y", *QUICK).err


@pytest.mark.case(185)
@pytest.mark.parametrize("word", ["None", "NA"])
def test_a_word_for_a_missing_value_may_be_a_class(barenet, word):
    rows = [f"{n},{('spruce', 'pine', word, word)[n % 4]}" for n in range(80)]
    Path("t.csv").write_text("\n".join(["x,tree", *rows]) + "\n")
    options = ("--target", "tree", *QUICK)
    done = barenet("train", "t.csv", *options).ok()
    assert f"40 rows (40 without a target left out: '{word}')" in done.err
    assert "`--task classification` makes the words of a missing target a class" in done.err
    done = barenet("train", "t.csv", *options, "--task", "classification").ok()
    assert "80 rows, 2 columns" in done.err and "3 classes" in done.err
    assert "words of a missing target" not in done.err


@pytest.mark.case(185)
def test_a_model_of_a_file_without_quoting_reads_others_so(barenet):
    lines = ["size;wood;y"]
    woods = ("pine", 'oak 1"', 'ash "red"')
    lines.extend(f"{row % 7};{woods[row % 3]};{row % 5}.5" for row in range(60))
    lines[-1] = '3;"oak;2.5'  # no other quote closes this one
    Path("t.csv").write_text("\n".join(lines) + "\n")
    options = ("--target", "y", "--rare", 0, "--delimiter", ";", "--test-size", 0, *QUICK)
    error = barenet("train", "t.csv", *options).error
    assert error.endswith("if all quotes of the file belong to values, use --no-quoting")
    barenet("train", "t.csv", *options, "--no-quoting").ok()
    categories = load("runs/t").preprocessing.columns[1].categories
    assert categories == ('"oak', 'ash "red"', 'oak 1"', "pine")
    Path("new.csv").write_text("\n".join([lines[0], *lines[-3:]]) + "\n")
    expected = barenet("predict", "runs/t", "new.csv").rows
    assert len(expected) == 3


@pytest.mark.case(156)
def test_a_model_of_a_file_with_separators_of_thousands_reads_others_so(barenet):
    rows = [f'"{n * 7919 % 5000:,}.50",{n % 7},{n * 7919 % 5000}' for n in range(120)]
    Path("t.csv").write_text("\n".join(["size,x,y", *rows]))
    options = ("--target", "y", "--model", "network", "--epochs", 2, "--no-plots")
    barenet("train", "t.csv", *options).ok()
    Path("plain.csv").write_text("size,x\n2919.5,1\n15000,2\n")
    Path("new.csv").write_text('size,x\n"2,919.50",1\n"15,000",2\n')
    expected = barenet("predict", "runs/t", "plain.csv").rows
    assert barenet("predict", "runs/t", "new.csv").rows == expected
    Path("wrong.csv").write_text('size,x\n"2,919.50",1\n"15,00",2\n')
    done = barenet("predict", "runs/t", "wrong.csv")
    assert "column 'size': 1 of 2 values can't be read as 'number 1,234.5'" in done.err
    assert len(done.rows) == 2


@pytest.mark.case(156)
def test_the_flag_that_reads_the_columns_is_named(barenet):
    rows = [f'"{1 + n % 8},{100 + n}",0{1 + n % 8}.0{1 + n % 9}.2024,{n}' for n in range(60)]
    Path("t.csv").write_text("\n".join(["amount,day,y", *rows]))
    options = ("--target", "y", "--model", "network", "--epochs", 2, "--no-plots")
    error = barenet("train", "t.csv", *options).error
    assert "column 'amount': '1,100' is 1.1 as 'number 1234,5' or 1100 as 'number 1,234.5'" in error
    columns = "amount=number 1,234.5", "day=date day-first"
    done = barenet("train", "t.csv", *options, "--columns", *columns).ok()
    assert "warning" not in done.err


@pytest.mark.slow
def test_texts_are_read_by_their_words(barenet):
    kinds = ["Red car", "old red bike", "new green car", "new yellow car", "old blue bike"]
    lines = ["title,x,price"]
    for row in range(300):
        x = row * 37 % 100
        title = f'"{kinds[row % 5]}, no {row}"'
        if row % 60 == 7:
            title = ""
        lines.append(f"{title},{x},{x + 50 * ('bike' in title)}")
    Path("t.csv").write_text("\n".join([*lines]) + "\n")
    done = barenet("train", "t.csv", "--target", "price", "--model", "ensemble", "--epochs", 3).ok()
    assert "(295 different, 8 words used); 5 of 300 missing\n" in done.err
    assert barenet("train", "t.csv", "--target", "price", "--model", "network", "--epochs", 1).ok()
    Path("new.csv").write_text('title,x\n"A BIKE, old",5\n,5\ncar,5\n')
    bike, missing, car = barenet("predict", "runs/t", "new.csv").ok().rows
    assert float(bike["prediction"]) > float(car["prediction"])
    assert "title" in barenet("explain", "runs/t-2", "t.csv").ok().out
    assert "title" in barenet("drift", "runs/t", "t.csv").ok().out
    error = barenet("export", "runs/t", "--out", "it.onnx").error
    assert "column 'title': exports to ONNX do not split texts into words; use" in error
    assert (
        "--to python" in error and "--columns title=drop" in error and not Path("it.onnx").exists()
    )
    barenet("export", "runs/t", "--out", "it.py").ok()
    barenet("export", "runs/t", "--out", "it.schema.json").ok()
    numbers = runpy.run_path("it.py")["predict"]([["A BIKE, old", "5"], ["", "5"], ["car", "5"]])
    expected = [float(row["prediction"]) for row in (bike, missing, car)]
    assert numbers == pytest.approx(expected, rel=1e-4)

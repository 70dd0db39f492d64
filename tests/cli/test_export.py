import csv
import json
import re
import runpy
import shutil
from pathlib import Path

import pytest
from sklearn.model_selection import train_test_split

from barenet import Network, export, load, load_dataset, save
from barenet.files.exports import SUFFIXES


@pytest.mark.case(228)
@pytest.mark.parametrize("to", ["c", "json"])
def test_an_export_is_beside_the_model_or_has_the_format_of_its_suffix(barenet, iris, to):
    suffixes = [SUFFIXES[to], *[".h"] * (to == "c")]
    done = barenet("export", iris, "--to", to)
    files = [iris / f"iris{suffix}" for suffix in suffixes]
    n_bytes = sum(file.stat().st_size for file in files)
    assert (done.status, done.err) == (0, f"{n_bytes / 1000:,.1f} kB\n")
    assert done.out.splitlines() == [str(file) for file in files]
    out = f"net{SUFFIXES[to]}"
    result = barenet("export", iris / "model.safetensors", "--out", out, "--json").json
    assert (result["to"], result["files"]) == (to, [f"net{suffix}" for suffix in suffixes])
    assert result["bytes"] == sum(Path(name).stat().st_size for name in result["files"])
    for suffix in suffixes:
        (iris / f"iris{suffix}").unlink()
    save(Network.dense([2, 3, 1], seed=1), "alone.safetensors")  # it has no pipeline
    done = barenet("export", "alone.safetensors", "--to", to)
    assert done.ok().out.splitlines() == [f"alone{suffix}" for suffix in suffixes]


def write_rows(name, data, rows):
    lines = [",".join(data.feature_names), *(",".join(map(str, row)) for row in rows)]
    Path(name).write_text("\n".join(lines) + "\n")


def test_an_export_is_beside_a_model_with_a_folder_of_its_name(barenet, iris, tmp_path):
    shutil.copy(iris / "model.safetensors", tmp_path / "net.safetensors")
    (tmp_path / "net").mkdir()
    assert not barenet("export", tmp_path / "net.safetensors", "--to", "json").status
    assert (tmp_path / "net.json").is_file()


def test_integers_are_calibrated_on_the_training_rows_or_on_those_given(barenet, iris):
    done = barenet("export", iris, "--out", "net.c", "--arithmetic", "int8", "--json").json
    assert done["arithmetic"] == "int8"
    by_default = Path("net.c").read_text()
    data = load_dataset("iris")
    X, _ = train_test_split(data.X, test_size=30, stratify=data.y, random_state=0)
    write_rows("training.csv", data, X)
    write_rows("few.csv", data, data.X[::4])
    options = ("--out", "net.c", "--arithmetic", "int8", "--calibration")
    assert barenet("export", iris, *options, "training.csv").ok().out == "net.c\nnet.h\n"
    assert Path("net.c").read_text() == by_default
    barenet("export", iris, *options, "few.csv").ok()
    assert Path("net.c").read_text() != by_default
    predictor = load(iris / "model.safetensors")
    export(predictor, "net.c", arithmetic="int8", calibration=X)
    assert Path("net.c").read_text() == by_default


@pytest.mark.case(171)
def test_integers_are_compared_on_rows_beside_those_of_the_calibration(barenet, iris):
    data = load_dataset("iris")
    order = data.X[:, 2].argsort()
    write_rows("5.csv", data, data.X[order[:5]])
    write_rows("40.csv", data, data.X[order[:40]])
    options = ("--out", "net.c", "--arithmetic", "int8", "--calibration")
    few = barenet("export", iris, *options, "5.csv").ok()
    assert "5 rows determine the ranges of int8" in few.err
    assert re.search(r"int8 changes the classes of \d\d % of the rows for comparison", few.err)
    assert "use 30 rows or more" in few.err
    more = barenet("export", iris, *options, "40.csv").ok()
    assert re.search(r"int8 changes the classes of \d\d % of the rows for comparison", more.err)
    assert "30 rows" not in more.err


@pytest.mark.integration
def test_integers_of_a_model_whose_training_data_are_gone(barenet):
    """Or lack their targets by now: no rows are there to compare on."""
    numbers = [f"{at / 50},{at % 7}" for at in range(50)]
    Path("rows.csv").write_text("\n".join(["a,b,y", *(f"{row},1.{row[-1]}" for row in numbers)]))
    options = ("--model", "network", "--epochs", 2, "--no-plots", "--no-baselines", "--out", "run")
    barenet("train", "rows.csv", "--target", "y", *options).ok()
    Path("rows.csv").rename("later.csv")
    export_it = ("export", "run", "--out", "net.c", "--arithmetic", "int8")
    assert barenet(*export_it, "--calibration", "later.csv").ok().out == "net.c\nnet.h\n"
    refused = barenet(*export_it)
    assert refused.status == 2 and "name rows like those" in refused.err
    Path("rows.csv").write_text("\n".join(["a,b", *numbers]))
    assert barenet(*export_it).ok().out == "net.c\nnet.h\n"


@pytest.mark.case(67)
@pytest.mark.integration
def test_a_full_disk_keeps_the_old_files(barenet, iris, process):
    barenet("export", iris, "--out", "net.c")
    before = {name: Path(name).read_bytes() for name in ("net.c", "net.h")}
    done = process("export", iris, "--out", "net.c", "--arithmetic", "int8", largest_file=2000)
    out, err = done.communicate(timeout=100)
    assert (done.returncode, out) == (1, "")
    assert err.endswith("File too large\n") and len(err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in Path.cwd().iterdir()} == before


@pytest.mark.integration
def test_dates_of_the_format_of_the_training_are_read_as_by_predict(barenet):
    lines = (f"{1 + at % 28:02}.{1 + at % 12:02}.{2020 + at % 3},{at}" for at in range(40))
    Path("sales.csv").write_text("\n".join(["day,y", *lines, "2021-05-17,3"]))
    options = ("--model", "network", "--epochs", 1, "--no-plots", "--no-baselines")
    barenet("train", "sales.csv", "--target", "y", "--date-format", "%d.%m.%Y", *options).ok()
    expected = barenet("predict", "runs/sales", "sales.csv").rows
    for kind in ("py", "json"):
        barenet("export", "runs/sales", "--out", f"it.{kind}").ok()
    assert json.loads(Path("it.json").read_text())["steps"][0]["date_format"] == "%d.%m.%Y"
    with Path("sales.csv").open(newline="") as file:
        rows = [[*row.values()][:-1] for row in csv.DictReader(file)]
    predictions = runpy.run_path("it.py")["predict"](rows)
    numbers = [float(row["prediction"]) for row in expected]
    assert predictions.tolist() == pytest.approx(numbers, rel=1e-5)


@pytest.mark.case(157)
@pytest.mark.integration
def test_each_column_keeps_the_format_of_its_dates(barenet):
    days = [(1 + at % 28, 1 + at % 12, 20 + at % 3) for at in range(40)]
    lines = [f"{d:02}.{m:02}.{y},{y}/{m:02}/{d:02},{at}" for at, (d, m, y) in enumerate(days)]
    Path("sales.csv").write_text("\n".join(["day,end,y", *lines]))
    options = ("--target", "y", "--model", "network", "--epochs", 1, "--no-plots", "--no-baselines")
    error = barenet("train", "sales.csv", *options).error
    assert "use --columns 'day=date %d.%m.%y' 'end=date %d/%m/%y' or " in error
    formats = ("--date-format", "day=%d.%m.%y", "--date-format", "end=%y/%m/%d")
    barenet("train", "sales.csv", *options, *formats).ok()
    expected = barenet("predict", "runs/sales", "sales.csv").rows
    for kind in ("py", "json"):
        barenet("export", "runs/sales", "--out", f"it.{kind}").ok()
    steps = json.loads(Path("it.json").read_text())["steps"]
    assert steps[0]["date_format"] == {"day": "%d.%m.%y", "end": "%y/%m/%d"}
    with Path("sales.csv").open(newline="") as file:
        rows = [[*row.values()][:-1] for row in csv.DictReader(file)]
    predictions = runpy.run_path("it.py")["predict"](rows)
    numbers = [float(row["prediction"]) for row in expected]
    assert predictions.tolist() == pytest.approx(numbers, rel=1e-5)
    # The run file repeats the run.
    again = ("--config", "runs/sales/settings.toml", "--out", "again", "--no-plots")
    barenet("train", *again, "--no-baselines").ok()
    assert barenet("predict", "again", "sales.csv").rows == expected

import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import pytest

from barenet import Network, export, load, save
from barenet.data import load_dataset
from barenet.files.exports import SUFFIXES


@pytest.mark.parametrize("to", SUFFIXES)
def test_an_export_is_beside_the_model_or_has_the_format_of_its_suffix(barenet, iris, to):
    suffixes = [SUFFIXES[to], *[".h"] * (to == "c")]
    done = barenet("export", iris, "--to", to)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [str(iris / f"iris{suffix}") for suffix in suffixes]
    out = f"net{SUFFIXES[to]}"
    result = barenet("export", iris / "model.safetensors", "--out", out, "--json").json
    assert (result["to"], result["files"]) == (to, [f"net{suffix}" for suffix in suffixes])
    assert result["bytes"] == sum(Path(name).stat().st_size for name in result["files"])
    for suffix in suffixes:
        (iris / f"iris{suffix}").unlink()
    save(Network.dense([2, 3, 1], seed=1), "alone.safetensors")  # it has no pipeline
    done = barenet("export", "alone.safetensors", "--to", to)
    assert done.ok().out.splitlines() == [f"alone{suffix}" for suffix in suffixes]


def test_integers_are_calibrated_on_the_training_rows_or_on_those_given(barenet, iris):
    done = barenet("export", iris, "--out", "net.c", "--arithmetic", "int8", "--json").json
    assert (done["arithmetic"], done["weights"]) == ("int8", "int8")
    by_default = Path("net.c").read_text()
    data = load_dataset("iris")
    for name, rows in {"all": data.X, "few": data.X[:20]}.items():
        lines = [",".join(data.feature_names), *(",".join(map(str, row)) for row in rows)]
        Path(f"{name}.csv").write_text("\n".join(lines) + "\n")
    options = ("--out", "net.c", "--arithmetic", "int8", "--calibration")
    assert barenet("export", iris, *options, "all.csv").ok().out == "net.c\nnet.h\n"
    assert Path("net.c").read_text() == by_default
    barenet("export", iris, *options, "few.csv").ok()
    assert Path("net.c").read_text() != by_default
    predictor = load(iris / "model.safetensors")
    export(predictor, "net.c", arithmetic="int8", calibration=data.X)
    assert Path("net.c").read_text() == by_default


@pytest.mark.integration
def test_fault_67_a_full_disk_keeps_the_old_files(barenet, iris, process):
    barenet("export", iris, "--out", "net.c")
    before = {name: Path(name).read_bytes() for name in ("net.c", "net.h")}
    done = process("export", iris, "--out", "net.c", "--weights", "int8", largest_file=2000)
    out, err = done.communicate(timeout=100)
    assert (done.returncode, out) == (1, "")
    assert err.endswith("File too large\n") and len(err.splitlines()) == 1
    assert {path.name: path.read_bytes() for path in Path.cwd().iterdir()} == before


@pytest.mark.integration
def test_dates_of_the_format_of_the_training_are_read_as_by_predict(barenet):
    lines = (f"{1 + at % 28:02}.{1 + at % 12:02}.{2020 + at % 3},{at}" for at in range(40))
    Path("sales.csv").write_text("\n".join(["day,y", *lines, "2021-05-17,3"]))
    options = ("--quick", "--epochs", 1, "--no-plots", "--no-baselines")
    barenet("train", "sales.csv", "--target", "y", "--date-format", "%d.%m.%Y", *options).ok()
    expected = barenet("predict", "runs/sales", "sales.csv").rows
    for kind in ("py", "json"):
        barenet("export", "runs/sales", "--out", f"it.{kind}").ok()
    assert json.loads(Path("it.json").read_text())["steps"][0]["date_format"] == "%d.%m.%Y"
    command = [sys.executable, "it.py", "sales.csv"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    for found, row in zip(csv.DictReader(io.StringIO(printed)), expected, strict=True):
        assert float(found["prediction"]) == pytest.approx(float(row["prediction"]), rel=1e-5)

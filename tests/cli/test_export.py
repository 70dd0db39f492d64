import csv
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest

from barenet import Network, load_predictor, save
from barenet.data import load_dataset
from barenet.files.exports import SUFFIXES

BESIDE = {
    "onnx": ["iris.onnx"],
    "c": ["iris.c", "iris.h"],
    "python": ["iris.py"],
    "json": ["iris.json"],
}


@pytest.mark.parametrize("to", SUFFIXES)
def test_by_default_an_export_is_beside_the_model_and_named_after_the_run(barenet, iris, to):
    done = barenet("export", iris, "--to", to)
    assert (done.status, done.err) == (0, "")
    assert done.out.splitlines() == [str(iris / name) for name in BESIDE[to]]
    for name in BESIDE[to]:
        (iris / name).unlink()


@pytest.mark.parametrize("to", SUFFIXES)
def test_the_suffix_determines_the_format(barenet, iris, to):
    done = barenet("export", iris / "model.safetensors", "--out", f"net{SUFFIXES[to]}").ok()
    assert done.out.splitlines()[0] == f"net{SUFFIXES[to]}"
    assert Path(f"net{SUFFIXES[to]}").stat().st_size > 0


def test_the_python_file_prints_what_barenet_predict_prints(barenet, iris):
    expected = barenet("predict", iris, "iris").out
    barenet("export", iris, "--out", "net.py")
    iris_data = load_dataset("iris")
    lines = [",".join(iris_data.feature_names), *(",".join(map(str, row)) for row in iris_data.X)]
    Path("rows.csv").write_text("\n".join(lines) + "\n")
    done = subprocess.run([sys.executable, "net.py", "rows.csv"], capture_output=True, text=True)
    assert done.stderr == ""
    assert_equal_tables(done.stdout, expected)


def assert_equal_tables(found: str, expected: str) -> None:
    """The same predictions, and probabilities that differ by no more than float32's rounding."""
    (head, *rows), (other, *others) = (
        [*csv.reader(text.splitlines())] for text in (found, expected)
    )
    assert head == other and [row[0] for row in rows] == [row[0] for row in others]
    numbers = [np.array([row[1:] for row in each], float) for each in (rows, others)]
    np.testing.assert_allclose(*numbers, rtol=0, atol=1e-6)


def test_onnx_predicts_numbers_in_the_units_of_the_target(barenet, line):
    barenet("export", line, "--out", "net.onnx")
    predictor = load_predictor(line / "model.safetensors")
    assert predictor.target_scaling is not None
    X = load_dataset("plane").X
    (predicted,) = onnxruntime.InferenceSession("net.onnx").run(None, {"X": X})
    assert predicted[:, 0] == pytest.approx(predictor.predict(X), rel=1e-5, abs=1e-5)


def test_export_prints_json(barenet, iris):
    options = ("--out", "net.c", "--weights", "int8", "--json")
    result = barenet("export", iris, *options).json
    assert (result["to"], result["files"], result["weights"]) == ("c", ["net.c", "net.h"], "int8")
    assert result["bytes"] == Path("net.c").stat().st_size + Path("net.h").stat().st_size


def test_a_network_without_a_pipeline_can_be_exported(barenet):
    save(Network.dense([2, 3, 1], seed=1), "alone.safetensors")
    assert barenet("export", "alone.safetensors", "--to", "c").ok().out == "alone.c\nalone.h\n"


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
    lines = [
        "day,y",
        *(f"{1 + at % 28:02}.{1 + at % 12:02}.{2020 + at % 3},{at}" for at in range(40)),
    ]
    Path("sales.csv").write_text("\n".join([*lines, "2021-05-17,3"]))
    options = ("--quick", "--epochs", 1, "--no-plots", "--no-baselines")
    barenet("train", "sales.csv", "--target", "y", "--date-format", "%d.%m.%Y", *options).ok()
    expected = [
        float(row["prediction"]) for row in barenet("predict", "runs/sales", "sales.csv").rows
    ]
    for kind in ("py", "json"):
        barenet("export", "runs/sales", "--out", f"it.{kind}").ok()
    command = [sys.executable, "it.py", "sales.csv"]
    printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    answers = [float(row["prediction"]) for row in csv.DictReader(io.StringIO(printed))]
    assert answers == pytest.approx(expected, rel=1e-5)
    encode = json.loads(Path("it.json").read_text())["steps"][0]
    assert (encode["do"], encode["date_format"]) == ("encode", "%d.%m.%Y")

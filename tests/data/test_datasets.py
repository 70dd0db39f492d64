"""One way in: names, files, and options that must go with them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from barenet.data._datasets import DATASETS, load_dataset
from barenet.errors import DataError

SLICE = Path(__file__).parent / "mnist_slice"


def test_the_names():
    assert set(DATASETS) == {
        *("digits", "iris", "wine", "breast_cancer", "diabetes"),
        *("moons", "circles", "spirals", "xor", "gaussians", "sine", "plane", "hills"),
        *("mnist", "fashion_mnist"),
    }


def test_an_unknown_name_lists_the_right_ones():
    with pytest.raises(ValueError, match=r"^data: unknown 'moon', did you mean 'moons'\?.*wine"):
        load_dataset("moon")


@pytest.mark.parametrize(
    ("other", "name"),
    [
        ("circle", "circles"),
        ("gaussian", "gaussians"),
        ("spiral", "spirals"),
        ("multi_gaussian", "hills"),
        ("multi-gaussian", "hills"),
    ],
)
def test_what_others_call_them(other, name):
    assert load_dataset(other, samples=20).name == name


def test_options_reach_their_set():
    assert load_dataset("mnist", data_dir=SLICE).n_samples == 260
    made = load_dataset("gaussians", samples=30, noise=0.5, data_seed=3)
    assert made.X.shape == (30, 2)
    assert (made.config.samples, made.config.noise, made.config.data_seed) == (30, 0.5, 3)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("iris", {"noise": 0.1}, r"^noise: no option of iris \(its options: none\)$"),
        ("moons", {"target": "y"}, r"^target: no option of moons \(.*: samples, noise, data_seed"),
        ("digits", {"samples": 5, "data_seed": 0}, r"^samples, data_seed: no option of digits"),
        ("mnist", {"samples": 5}, r"^samples: no option of mnist \(its options: data_dir\)$"),
        ("x.csv", {"noise": 0}, r"^noise: no option of x\.csv \(its options: target, task, del"),
        ("x.npz", {"target": "y"}, r"^target: no option of x\.npz \(its options: task\)$"),
    ],
)
def test_options_of_another_set(name, options, message):
    with pytest.raises(ValueError, match=message):
        load_dataset(name, **options)


@pytest.mark.parametrize("name", ["t.csv", "t.CSV", "my.data.csv", "t.txt", "t.csv.gz"])
def test_tables_by_their_ending(tmp_path, name):
    path = tmp_path / name
    path.write_text("a;y\n1;no\n2;yes\n")  # Not packed, whatever it is called.
    for form in (path, str(path)):
        data = load_dataset(form, target="y", delimiter=";", encoding="ascii")
        assert (data.X.tolist(), data.classes) == ([[1], [2]], ("no", "yes"))


def test_fault_45_reaches_the_caller(tmp_path):
    path = tmp_path / "t.csv"
    path.write_bytes(b"a,y\n1,no\n\0,yes\n")
    with pytest.raises(DataError, match=r"t\.csv:3: a zero byte"):
        load_dataset(path, target="y")


def test_fault_35_44_no_such_file_and_no_such_target(tmp_path):
    with pytest.raises(DataError, match=r"nowhere\.csv: no such file$"):
        load_dataset(tmp_path / "nowhere.csv", target="y")
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(DataError, match=r"folder\.csv: is a folder, expected a file$"):
        load_dataset(tmp_path / "folder.csv", target="y")
    (tmp_path / "t.csv").write_text("a,y\n1,no\n2,yes\n")
    with pytest.raises(ValueError, match=r"^target: name the column .*; the columns are a, y$"):
        load_dataset(tmp_path / "t.csv")


def test_arrays(tmp_path):
    np.savez(tmp_path / "t.npz", X=np.eye(4), y=[0, 1, 0, 1])
    assert load_dataset(tmp_path / "t.npz").task == "classification"
    assert load_dataset(tmp_path / "t.npz", task="regression").task == "regression"


def test_a_file_of_an_unknown_kind():
    with pytest.raises(ValueError, match=r"^data: 'x\.xlsx' is a file of an unknown kind \(kn"):
        load_dataset("x.xlsx")


def test_listing_the_sets_loads_none_of_them():
    listing = "[(n, d.kind, d.description, d.config) for n, d in DATASETS.items()]"
    code = (
        f"import sys; from barenet.data._datasets import DATASETS; assert {listing}; "
        "print(sorted({'sklearn', 'scipy', 'pyarrow', 'matplotlib'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_numpys_numbers_are_numbers():
    data = load_dataset("moons", samples=np.int64(50), noise=np.float32(0), data_seed=np.uint8(3))
    same = load_dataset("moons", samples=50, noise=0.0, data_seed=3)
    np.testing.assert_array_equal(data.X, same.X)
    assert type(data.config.samples) is int


@pytest.mark.parametrize(
    ("name", "argument", "value"),
    [
        ("moons", "samples", "50"),
        ("moons", "samples", 50.0),
        ("moons", "samples", True),
        ("moons", "noise", "much"),
        ("moons", "noise", [0.1]),
        ("moons", "data_seed", 1.5),
        ("t.csv", "target", 7),
        ("t.csv", "delimiter", 7),
        ("t.csv", "encoding", 7),
        ("mnist", "data_dir", 7),
    ],
)
def test_options_of_a_wrong_type_are_named(tmp_path, monkeypatch, name, argument, value):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text("a,b\n1,2\n3,4\n")
    with pytest.raises(ValueError, match=rf"^{argument}: expected"):
        load_dataset(name, **{argument: value})


def test_a_name_of_a_wrong_type():
    with pytest.raises(ValueError, match=r"^data: expected a name or a path, got 7"):
        load_dataset(7)

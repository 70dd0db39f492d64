"""The export for Python: the network's own bits, from NumPy alone."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from barenet import Network, export
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._python_file import render
from barenet.layers import Dense

#: scikit-learn's own normal distribution is in no other package, so it is taken from `math`.
ROUNDED = ("gelu",)


def run(text: str) -> dict[str, object]:
    """Run a file's text as an import would."""
    module = {"__name__": "exported"}
    exec(compile(text, "exported.py", "exec"), module)
    return module


def exported(model, name="exported") -> dict[str, object]:
    return run(render(program_of(model), name)[".py"].decode())


def test_it_says_what_the_model_says(case):
    program = program_of(case.model)
    module = exported(case.model)
    outputs = module["outputs" if program.answer == "numbers" else "probabilities"](case.X)
    if any(name in program.sketch() for name in ROUNDED):
        # The last bit of a normal distribution, after some layers.
        precision = 1e-5 if case.dtype == "float32" else 1e-12
        np.testing.assert_allclose(outputs, case.outputs, rtol=precision, atol=precision)
    else:
        assert np.array_equal(outputs, case.outputs)
    assert outputs.dtype == case.outputs.dtype
    if case.labels is not None:
        assert module["predict"](case.X).tolist() == case.labels.tolist()


def test_one_number_a_row_is_a_vector(build):
    case = build("scaled number")
    assert np.array_equal(exported(case.model)["predict"](case.X), case.model.predict(case.X))


@pytest.fixture(scope="module")
def numpy_alone(tmp_path_factory) -> Path:
    """A folder with NumPy and nothing else."""
    folder = tmp_path_factory.mktemp("packages")
    site = Path(np.__file__).parents[1]
    for name in ("numpy", "numpy.libs", ".dylibs"):
        if (site / name).exists():
            (folder / name).symlink_to(site / name)
    return folder


def in_isolation(numpy_alone: Path, file: Path, *arguments: str) -> subprocess.CompletedProcess:
    """Run a file where no package but NumPy can be imported."""
    program = f"""
import runpy, sys
sys.path.insert(0, {str(numpy_alone)!r})
for name in ("barenet", "scipy", "sklearn"):
    try:
        __import__(name)
    except ImportError:
        continue
    sys.exit(name + " is here")
sys.argv = {[str(file), *arguments]!r}
runpy.run_path(sys.argv[0], run_name="__main__")
"""
    command = [sys.executable, "-I", "-S", "-c", program]
    environment = {k: os.environ[k] for k in ("PATH", "SYSTEMROOT") if k in os.environ}
    environment["PYTHONUTF8"] = "1"
    return subprocess.run(command, capture_output=True, encoding="utf-8", env=environment)


def write_csv(path: Path, header: list[str] | None, X: np.ndarray) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([*([header] if header else []), *X.tolist()])


@pytest.mark.parametrize(
    "name", ["sigmoids", "classifier labels", "scaled numbers", "scaled number"]
)
def test_it_runs_with_numpy_alone_and_prints_answers(build, numpy_alone, tmp_path, name):
    case = build(name)
    export(case.model, tmp_path / "it.py")
    write_csv(tmp_path / "rows.csv", None, case.X)
    done = in_isolation(numpy_alone, tmp_path / "it.py", str(tmp_path / "rows.csv"))
    assert (done.returncode, done.stderr) == (0, "")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    printed = [[*row.values()][-case.outputs.shape[1] :] for row in rows]
    np.testing.assert_allclose(np.array(printed, float), case.outputs, rtol=1e-5)
    if name == "sigmoids":
        assert [row["prediction"] for row in rows] == case.labels.tolist()


def test_fault_71_a_pipe_that_closes_is_quiet(build, tmp_path):
    case = build("classes")
    export(case.model, tmp_path / "it.py")
    write_csv(tmp_path / "rows.csv", None, np.tile(case.X, (200, 1)))
    command = [sys.executable, "it.py", "rows.csv"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=tmp_path, **pipes) as done:
        done.stdout.close()
        assert (done.stderr.read(), done.wait(timeout=30)) == (b"", 0)


def test_columns_are_found_by_their_names(build, numpy_alone, tmp_path):
    case = build("classes")
    export(case.model, tmp_path / "it.py")
    header = ["note", "feature 2", "feature 0", "feature 1"]
    mixed = np.column_stack([np.arange(len(case.X)), case.X[:, [2, 0, 1]]])
    write_csv(tmp_path / "rows.csv", header, mixed)
    done = in_isolation(numpy_alone, tmp_path / "it.py", str(tmp_path / "rows.csv"))
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["prediction"] for row in rows] == case.labels.tolist()
    assert list(rows[0])[1:] == ["probability_yes", "probability_no", "probability_größer?"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("feature 0,feature 1\n1,2\n", "no column feature 2"),
        ("feature 0,feature 1,feature 2\n1,2\n", "3 names in the header, and 2 values"),
        ("1,2\n", "expected finite numbers in rows of 3, got (1, 2)"),
        ("1,2,inf\n", "expected finite numbers"),
        ("feature 0,feature 1,feature 2\n1,2,many\n", "could not convert string to float"),
        ("", "expected finite numbers in rows of 3, got (0,)"),
        (None, "No such file"),
    ],
)
def test_wrong_rows_are_one_line(build, numpy_alone, tmp_path, content, said):
    export(build("classes").model, tmp_path / "it.py")
    if content is not None:
        (tmp_path / "rows.csv").write_text(content)
    done = in_isolation(numpy_alone, tmp_path / "it.py", str(tmp_path / "rows.csv"))
    assert (done.returncode, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(str(tmp_path / "rows.csv")) and said in line


EVIL = [
    '"); __import__("os").abort(); ("',
    '"""',
    "\\",
    "a\nimport os",
    "\u202e",
    "\ud800",
    "{x}",
    "",
]


def test_no_name_gets_out_of_its_quotes(build):
    names = tuple(EVIL[:3])
    program = replace(
        program_of(build("classes").model),
        classes=names,
        feature_names=tuple(EVIL[3:6]),
        target_name='"""\nraise SystemExit',
        dataset='\\"""; raise SystemExit #',
    )
    text = render(program, "it")[".py"]
    module = run(text.decode())
    assert module["CLASSES"] == list(names)
    assert module["FEATURES"] == EVIL[3:6]
    assert set(module["predict"](build("classes").X)) <= set(names)


@given(st.text(), st.text())
def test_any_name_stays_a_name(class_name, other):
    network = Network.dense([1, 2], output="softmax")
    model = program_of(network)
    program = replace(
        model, answer="class", classes=(class_name, "x"), dataset=other, target_name=class_name
    )
    module = run(render(program, "it")[".py"].decode())
    assert module["CLASSES"] == [class_name, "x"]


@given(
    st.lists(st.floats(width=32, allow_nan=False, allow_infinity=False), min_size=1, max_size=90),
    st.sampled_from(["float32", "float64"]),
)
def test_every_number_comes_back(values, dtype):
    network = Network([Dense(len(values), 1)], dtype=dtype)
    network.layers[0].weights[:, 0] = values
    module = exported(network)
    assert module["WEIGHTS_1"].dtype == dtype
    assert module["WEIGHTS_1"].tobytes() == network.layers[0].weights.tobytes()


def test_a_file_that_cannot_be_imported_does_not_say_so(build):
    head = render(program_of(build("numbers").model), "my model")[".py"].decode().split("\n\n\n")[0]
    assert "python my model.py rows.csv" in head and "import my model" not in head

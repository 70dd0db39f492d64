"""The command line and the library where Numba has no wheel: the reference engine does the work."""

import csv
import io
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import barenet

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there"),
]


@pytest.fixture(scope="module")
def packages(tmp_path_factory) -> Path:
    """A folder with all installed packages but Numba."""
    folder = tmp_path_factory.mktemp("packages")
    for path in Path(np.__file__).parents[1].iterdir():
        is_compiler = path.name.startswith(("numba", "llvmlite"))
        if not (is_compiler or path.suffix == ".pth" or path.name.startswith("__editable__")):
            (folder / path.name).symlink_to(path)
    return folder


@pytest.fixture
def python(packages, tmp_path):
    """Run Python with these packages in an empty folder."""
    source = Path(barenet.__file__).parents[1]
    paths = os.pathsep.join([str(source), str(packages)])

    def run(*arguments: object) -> subprocess.CompletedProcess:
        environment = {**os.environ, "PYTHONPATH": paths}
        command = [sys.executable, "-S", *map(str, arguments)]
        return subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True
        )

    return run


def ok(done: subprocess.CompletedProcess) -> str:
    assert done.returncode == 0, done.stderr
    return done.stdout


WARNING = "Numba is not installed: the slower reference engine is used"


def test_the_command_line_trains_predicts_and_exports(python, tmp_path):
    train = ["train", "iris", "--epochs", 9, "--seed", 3, "--no-plots", "--out", "run", "--json"]
    done = python("-m", "barenet", *train)
    result = json.loads(ok(done))
    assert result["engine"] == "reference"
    assert done.stderr.count(WARNING) == 1
    assert "Traceback" not in done.stderr
    answers = ok(python("-m", "barenet", "predict", "run", "iris"))
    rows = [*csv.DictReader(io.StringIO(answers))]
    predictor = barenet.load(tmp_path / "run" / "model.safetensors")
    expected = predictor.predict(barenet.load_dataset("iris").X)
    assert [row["prediction"] for row in rows] == expected.tolist()
    for command in (["evaluate", "run"], ["export", "run", "--to", "c"]):
        ok(python("-m", "barenet", *command))


def test_the_compiled_engine_is_a_clear_error(python):
    done = python("-m", "barenet", "train", "iris", "--engine", "compiled", "--epochs", 1)
    assert (done.returncode, done.stdout) == (2, "")
    error = done.stderr.splitlines()[-1]
    assert "--engine: compiled cannot run this: Numba is not installed" in error
    assert "pip install numba" in error and "--engine reference" in error


def test_doctor_shows_it(python):
    findings = json.loads(ok(python("-m", "barenet", "doctor", "--json")))
    assert findings["numba"] is None
    assert findings["engines"] == ["reference"]
    assert findings["kernel_folder"] is None
    assert "Numba is not installed" in findings["advice"][0]
    done = python("-m", "barenet", "doctor", "--warm")
    assert (done.returncode, done.stdout) == (1, "")
    assert "there are no kernels to build: Numba is not installed" in done.stderr


#: An estimator, a search and a population: each uses engines in a way of its own.
LIBRARY = """
import json, warnings
import numpy as np

warnings.simplefilter("ignore")
from barenet import MLPClassifier, MLPEnsembleRegressor
from barenet import Network, train_many

X = np.arange(120.0).reshape(40, 3) % 7
y = X[:, 0] > X[:, 1]
scores = [
    MLPClassifier(4, random_state=0, max_iter=40).fit(X, y).score(X, y),
    MLPEnsembleRegressor(max_iter=4, random_state=0).fit(X, X[:, 0]).score(X, X[:, 0]),
]
networks = [Network.dense([3, 3, 1], seed=seed) for seed in range(2)]
population = train_many(networks, X, X[:, 2], epochs=3, seed=[0, 1], threads=2)
print(json.dumps([scores, [history.loss for history in population.histories]]))
"""


def test_estimators_and_populations_work(python):
    scores, losses = json.loads(ok(python("-c", LIBRARY)))
    assert np.isfinite(scores).all()
    assert np.isfinite(losses).all() and np.shape(losses) == (2, 3)

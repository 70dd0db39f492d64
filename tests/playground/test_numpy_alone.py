"""The library and the playground where NumPy is the only package, such as in a browser."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import barenet

ROOT = Path(__file__).parents[2]

ENGINE = """
import warnings
import barenet
from barenet.datasets._dataset_loading import load_dataset
from barenet.datasets._named_datasets import EMBEDDED

moons = load_dataset("moons", samples=80)
training, test = moons.split(0.25, seed=3)
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    for _ in range(2):
        network = barenet.Network.dense([2, 8, 1], hidden="tanh", output="sigmoid", seed=1)
        history = barenet.train(network, training.X, training.y, epochs=5, seed=2)
found = {
    "engine": history.engine,
    "warnings": [str(each.message) for each in caught],
    "loss": history.loss,
    "test": test.numbers.tolist(),
    "embedded": [len(each.load().X) for each in EMBEDDED.values()],
}
"""

PAGE = """
import gzip
from tools.opening import record_opening

found = gzip.decompress(record_opening("data=spirals", (3,))).count(b'"type": "frame"')
"""


def run(code, tmp_path):
    """Run code with NumPy alone; it sets `found`, which becomes the result."""
    numpy = Path(np.__file__).parent
    for folder in (numpy, *numpy.parent.glob("numpy.libs")):
        (tmp_path / folder.name).symlink_to(folder)
    paths = [str(Path(barenet.__file__).parents[1]), str(ROOT), str(tmp_path)]
    start = f"import json, sys\nsys.modules['lzma'] = None\nsys.path += {paths!r}\n"
    end = "\npackages = ('numba', 'scipy', 'sklearn', 'safetensors', 'rich', 'starlette')\n"
    end += "assert not {*packages} & {*sys.modules}\nprint(json.dumps(found))\n"
    command = [sys.executable, "-S", "-c", start + code + end]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="links need a privilege there")


def test_a_network_is_trained_by_the_reference_engine(tmp_path):
    found = run(ENGINE, tmp_path)
    assert found["engine"] == "reference"
    assert found["embedded"] == [1797, 10_000, 150, 178, 569, 442]
    assert found["warnings"] == ["Numba is not installed: the slower reference engine is used"]
    training, test = barenet.load_dataset("moons", samples=80).split(0.25, seed=3)
    network = barenet.Network.dense([2, 8, 1], hidden="tanh", output="sigmoid", seed=1)
    options = {"epochs": 5, "seed": 2, "engine": "reference"}
    assert barenet.train(network, training.X, training.y, **options).loss == found["loss"]
    assert test.numbers.tolist() == found["test"]


@pytest.mark.integration
def test_a_page_is_served(tmp_path):
    assert run(PAGE, tmp_path) == 2, "the pictures of the epochs 0 and 3"

"""The library and the playground where NumPy is the only package, such as in a browser."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import barenet

ENGINE = """
import warnings
import barenet
from barenet.data import load_dataset

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
}
"""

PAGE = """
import asyncio
import warnings
from barenet.playground._client import Client
from barenet.playground._cooperative_trainer import CooperativeTrainer
from barenet.playground._file_store import FileStore
from barenet.playground._opening import RecordingConnection, _header
from barenet.playground._page_state import PageState
from barenet.playground._sessions import Sessions

async def visit():
    sessions = Sessions(CooperativeTrainer(), FileStore(), PageState())
    line = RecordingConnection()
    page = asyncio.create_task(Client(line, sessions).serve())

    async def answer(to, kind, **fields):
        line.request(kind, **fields)
        while (reply := _header(await asyncio.wait_for(line.sent.get(), 30)))["type"] != to:
            pass
        return reply

    state = await answer("state", "hello")
    await answer("frame", "play")
    epoch = 0
    while epoch < 3:
        epoch = (await answer("frame", "drawn"))["networks"][0]["epoch"]
    refused = await answer("error", "choose", source="iris")
    other = await answer("state", "choose", source="spirals")
    await line.incoming.put(None)
    await page
    sessions.close()
    sources = [each["state"]["data"]["source"] for each in (state, other)]
    return {"sources": sources, "refused": refused["message"]}

warnings.simplefilter("ignore")
found = asyncio.run(visit())
"""


def run(code, tmp_path):
    """Run code with NumPy alone; it sets `found`, which becomes the result."""
    numpy = Path(np.__file__).parent
    for folder in (numpy, *numpy.parent.glob("numpy.libs")):
        (tmp_path / folder.name).symlink_to(folder)
    paths = [str(Path(barenet.__file__).parents[1]), str(tmp_path)]
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
    assert found["warnings"] == ["Numba is not installed: the slower reference engine is used"]
    training, test = barenet.data.load_dataset("moons", samples=80).split(0.25, seed=3)
    network = barenet.Network.dense([2, 8, 1], hidden="tanh", output="sigmoid", seed=1)
    options = {"epochs": 5, "seed": 2, "engine": "reference"}
    assert barenet.train(network, training.X, training.y, **options).loss == found["loss"]
    assert test.numbers.tolist() == found["test"]


def test_a_page_is_served(tmp_path):
    """A data set of scikit-learn is refused in one line, and nothing else changes."""
    found = run(PAGE, tmp_path)
    assert found == {"sources": ["circles", "spirals"], "refused": "No module named 'sklearn'"}

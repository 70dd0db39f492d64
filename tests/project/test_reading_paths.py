"""The absence of import cycles, and the length of the path of a mini-batch.

`docs/how-it-is-built.md` draws that path; a reader can follow it only while it is short.
"""

import graphlib
import inspect
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType

import grimp
import numpy as np
import pytest

from barenet import Network, train

PACKAGE = Path(__file__).parents[2] / "src" / "barenet"

#: Limits of the path of a mini-batch: files, functions, changes from one file to another.
PATH_FILES, PATH_FUNCTIONS, PATH_SWITCHES = 20, 70, 53


@pytest.mark.integration
def test_no_import_runs_in_a_cycle():
    """In functions and for types neither. A package's `__init__` only gathers names."""
    imports = grimp.build_graph("barenet", cache_dir=None)
    modules = {name for name in imports.modules if not imports.find_children(name)}
    graph = {name: imports.find_modules_directly_imported_by(name) & modules for name in modules}
    assert sum(map(len, graph.values())) > len(graph)  # the imports were found
    assert set(graphlib.TopologicalSorter(graph).static_order()) == modules


@contextmanager
def recorded_calls() -> Iterator[list[tuple[str, str]]]:
    """The files and the functions of the package that are entered meanwhile."""
    calls: list[tuple[str, str]] = []

    def record(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code
        # The bodies of modules and classes, which run at the first import, are not optimized.
        is_function = code.co_flags & inspect.CO_OPTIMIZED
        if code.co_name == "__setattr__":  # an assignment, which nobody reads as a call
            return
        if event == "call" and is_function and code.co_filename.startswith(str(PACKAGE)):
            calls.append((code.co_filename, code.co_qualname))

    sys.setprofile(record)
    try:
        yield calls
    finally:
        sys.setprofile(None)


def test_the_path_of_a_batch_is_short():
    network = Network.dense([3, 4, 2], output="softmax")
    X, y = np.zeros((8, 3), np.float32), np.array([0, 1] * 4)
    # Without progress, the path is the same where an earlier test has imported IPython.
    options = {"epochs": 1, "batch_size": 8, "optimizer": "sgd", "progress": False}
    for run in ("first", "second"):  # the first one imports modules, too
        with recorded_calls() as calls, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # all gradients of the first layer are 0
            train(network, X, y, **options, engine="reference")
        assert calls, run
    update = next(place for place, (_, name) in enumerate(calls) if name == "SGD.update")
    path = calls[: update + 1]
    files = [file for file, _ in path]
    steps = "\n".join(f"{Path(file).name}: {function}" for file, function in path)
    assert len(set(files)) <= PATH_FILES, steps
    assert len(set(path)) <= PATH_FUNCTIONS, steps
    assert sum(a != b for a, b in pairwise(files)) <= PATH_SWITCHES


@pytest.mark.integration
@pytest.mark.parametrize(("name", "trains"), [("Network", True), ("load", False)])
def test_the_training_is_imported_with_a_network_and_not_to_predict(name, trains):
    """Its path is without imports then, and a service starts without code that it never runs."""
    code = f"import sys, barenet; barenet.{name}; print('barenet.training._loop' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(trains)

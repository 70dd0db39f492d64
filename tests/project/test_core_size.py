"""The size of the core's code, the absence of import cycles, and the lengths of two paths.

The core is `model`, `optimization`, `training` and the function `train`: the part that a reader
finishes in an afternoon. `docs/how-it-is-built.md` draws the paths of a mini-batch and of a table;
a reader can follow them only while they are short.
"""

import ast
import graphlib
import inspect
import io
import subprocess
import sys
import tokenize
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import grimp
import numpy as np
import pytest

from barenet import Network, train
from barenet.cli._main import main
from barenet.population import _ensemble_training

PACKAGE = Path(__file__).parents[2] / "src" / "barenet"
CORE = ("model", "optimization", "training")
CORE_LINES, CORE_CODE_LINES = 6_000, 3_000

#: Limits of the path of a mini-batch: files, functions, changes from one file to another.
PATH_FILES, PATH_FUNCTIONS, PATH_SWITCHES = 19, 61, 47
#: And of the path from a CSV file to the training of its ensemble.
TABLE_FILES, TABLE_FUNCTIONS = 72, 337

NO_CODE = {"COMMENT", "DEDENT", "ENDMARKER", "INDENT", "NEWLINE", "NL"}


def code_lines(text: str) -> int:
    """Lines that hold code: neither blank, nor a comment, nor a docstring."""
    documented = {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    tokens = tokenize.generate_tokens(io.StringIO(text).readline)
    code = {
        line
        for token in tokens
        if tokenize.tok_name[token.type] not in NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    return len(code - documented)


def test_the_core_can_be_read_in_an_afternoon():
    files = [path for name in CORE for path in (PACKAGE / name).rglob("*.py")]
    texts = [path.read_text("utf-8") for path in [*files, PACKAGE / "_train.py"]]
    code, lines = sum(map(code_lines, texts)), sum(text.count("\n") for text in texts)
    message = (
        f"{', '.join(CORE)}, train: {lines} lines, {code} of code; simplify, or raise the limit"
    )
    assert 1_000 < code <= CORE_CODE_LINES and lines <= CORE_LINES, message


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
    for run in ("first", "second"):  # the first one imports modules, too
        with recorded_calls() as calls, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # all gradients of the first layer are 0
            train(network, X, y, epochs=1, batch_size=8, optimizer="sgd", engine="reference")
        assert calls, run
    update = next(place for place, (_, name) in enumerate(calls) if name == "SGD.update")
    path = calls[: update + 1]
    files = [file for file, _ in path]
    assert len(set(files)) <= PATH_FILES
    assert len(set(path)) <= PATH_FUNCTIONS
    assert sum(a != b for a, b in pairwise(files)) <= PATH_SWITCHES


@pytest.mark.integration
@pytest.mark.parametrize(("name", "trains"), [("Network", True), ("load_predictor", False)])
def test_the_training_is_imported_with_a_network_and_not_to_predict(name, trains):
    """Its path is without imports then, and a service starts without code that it never runs."""
    code = f"import sys, barenet; barenet.{name}; print('barenet.training._loop' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(trains)


class TrainingBeginsError(BaseException):
    """Ends the command where the networks would be trained."""


def begin_training(*_: Any, **__: Any) -> None:
    raise TrainingBeginsError


def test_the_path_of_a_table_is_short(tmp_path, monkeypatch):
    rows = (f"{row * 7 % 30},{('Rome', 'Oslo')[row % 2]},{row * row % 31}.5\n" for row in range(60))
    table = tmp_path / "prices.csv"
    table.write_text("".join(["size,town,price\n", *rows]))
    monkeypatch.setattr(_ensemble_training, "train_many", begin_training)
    for run in ("first", "second"):  # the first one imports modules, too
        with recorded_calls() as calls, pytest.raises(TrainingBeginsError):
            main(["train", str(table), "--target", "price", "--out", str(tmp_path / run)])
    named = {call for call in calls if not call[1].rpartition(".")[2].startswith("<")}
    files = {file for file, _ in named}
    found = len(files), len(named)
    assert found[0] <= TABLE_FILES and found[1] <= TABLE_FUNCTIONS, found

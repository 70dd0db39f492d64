"""The size of the core's code, and the absence of import cycles, which the README promises.

The core is `model`, `optimization`, `training` and the function `train`: the part that a reader
finishes in an afternoon.
"""

import ast
import graphlib
import io
import sys
import tokenize
import warnings
from itertools import pairwise
from pathlib import Path
from types import FrameType

import grimp
import numpy as np
import pytest

from barenet import Network, train

PACKAGE = Path(__file__).parents[2] / "src" / "barenet"
CORE = ("model", "optimization", "training")
CORE_LINES, CORE_CODE_LINES = 6_000, 3_000

#: Limits of the path of a mini-batch: files, functions, changes from one file to another.
PATH_FILES, PATH_FUNCTIONS, PATH_SWITCHES = 19, 61, 47

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


def calls_before_the_first_update() -> list[tuple[str, str]]:
    """Files and functions that one mini-batch enters, with the NumPy engine."""
    network = Network.dense([3, 4, 2], output="softmax")
    X, y = np.zeros((8, 3), np.float32), np.array([0, 1] * 4)
    calls: list[tuple[str, str]] = []

    def record(frame: FrameType, event: str, _: object) -> None:
        file = frame.f_code.co_filename
        if event == "call" and file.startswith(str(PACKAGE)):
            calls.append((file, frame.f_code.co_qualname))

    sys.setprofile(record)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # all gradients of the first layer are 0
            train(network, X, y, epochs=1, batch_size=8, optimizer="sgd", engine="reference")
    finally:
        sys.setprofile(None)
    update = next(place for place, (_, name) in enumerate(calls) if name == "SGD.update")
    return calls[: update + 1]


def test_the_path_of_a_batch_is_short():
    calls = calls_before_the_first_update()
    files = [file for file, _ in calls]
    assert len(set(files)) <= PATH_FILES
    assert len(set(calls)) <= PATH_FUNCTIONS
    assert sum(a != b for a, b in pairwise(files)) <= PATH_SWITCHES

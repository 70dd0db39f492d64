"""The house rules: linters pass; files and functions are short; modules have docstrings."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
FILE_LINES = 400
FUNCTION_LINES = 40
#: Files of one subject, which each new entry of a registry lengthens.
REGISTRIES = {"src/barenet/model/_activations.py"}
ENGINE_LINES = 1750
#: Names of modules that mirror one of another room on purpose.
MIRRORED = {"_activations", "_datasets", "_dense", "_dropout", "_train"}


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, the docstring aside."""
    first = function.body[0]
    docstring = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - docstring


@pytest.mark.parametrize(
    "command",
    [
        "lint-imports --no-cache",
        "ruff check --no-cache --quiet",
        "ruff format --check --no-cache --quiet",
        pytest.param("mypy", marks=pytest.mark.integration),
    ],
)
def test_linters_pass(command):
    """With the settings of `make lint` and `make types`."""
    tool, *options = command.split()
    path = Path(sys.executable).with_name(tool)
    done = subprocess.run([path, *options], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tool != "lint-imports" or "Contracts: 2 kept, 0 broken." in done.stdout


def test_no_file_is_too_long():
    sizes = {path: len(path.read_text("utf-8").splitlines()) for path in SOURCES}
    long = {str(path.relative_to(ROOT)) for path, size in sizes.items() if size > FILE_LINES}
    assert long - REGISTRIES == set()


def test_packages_of_the_compiled_engine_are_short():
    for room in ("compiled", "kernels", "simd"):
        files = [path for path in SOURCES if path.parent == ROOT / "src/barenet/engines" / room]
        assert 500 < sum(len(path.read_text("utf-8").splitlines()) for path in files) < ENGINE_LINES


def test_a_module_name_is_unique_except_for_mirrors():
    rooms: dict[str, set[Path]] = {}
    for path in SOURCES:
        rooms.setdefault(path.stem, set()).add(path.parent)
    shared = {name for name, places in rooms.items() if len(places) > 1}
    assert shared - {"__init__", "__main__"} <= MIRRORED


def test_no_function_is_too_long():
    sizes = {
        (path, node.name): lines_of(node)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert [name for name, size in sizes.items() if size > FUNCTION_LINES] == []
    assert len(sizes) > 100  # the sweep found the code


def test_every_module_has_a_docstring():
    trees = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    assert [path for path, tree in trees.items() if not ast.get_docstring(tree)] == []

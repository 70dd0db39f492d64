"""The house rules: linters pass; names of modules are unique; modules have docstrings."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
#: Names of modules that mirror one of another room on purpose.
MIRRORED = {"_activations", "_dense", "_dropout", "_train"}


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
    assert tool != "lint-imports" or "Contracts: 3 kept, 0 broken." in done.stdout


@pytest.mark.integration
def test_scripts_and_styles_are_formatted():
    """With the command of `make lint`, whose version is that of the commit hook."""
    makefile = (ROOT / "Makefile").read_text("utf-8")
    command = re.search(r"^PRETTIER = \.venv/bin/(.+)$", makefile, re.MULTILINE)[1]
    files = re.search(r"^PAGE_FILES = (.+)$", makefile, re.MULTILINE)[1]
    tool, *options = command.split()
    path = Path(sys.executable).with_name(tool)
    arguments = [path, *options, "--check", "--log-level=warn", *shlex.split(files)]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert command in (ROOT / ".pre-commit-config.yaml").read_text("utf-8")


def test_a_module_name_is_unique_except_for_mirrors():
    rooms: dict[str, set[Path]] = {}
    for path in SOURCES:
        rooms.setdefault(path.stem, set()).add(path.parent)
    shared = {name for name, places in rooms.items() if len(places) > 1}
    assert shared - {"__init__", "__main__"} <= MIRRORED


def test_every_module_has_a_docstring():
    trees = {path: ast.parse(path.read_text("utf-8")) for path in SOURCES}
    assert [path for path, tree in trees.items() if not ast.get_docstring(tree)] == []

"""The Makefile on machines that lack something: one line that says what to do, and a failure."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

#: How the commands run the tests in several processes.
PARALLEL = "--numprocesses auto --dist worksteal"

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="there is no make here")


def make(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {"PATH": os.environ["PATH"]}
    return subprocess.run(
        ["make", *arguments], cwd=folder, env=environment, capture_output=True, text=True
    )


@pytest.fixture
def clone(tmp_path):
    """A folder with what `make` reads, and no .venv yet."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def python(folder: Path, behaviour: str) -> str:
    """A command that behaves as a Python that lacks something."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{behaviour}\n")
    path.chmod(0o755)
    return f"PYTHON={path}"


def test_every_target_is_in_the_help():
    text = (ROOT / "Makefile").read_text("utf-8")
    targets = re.search(r"^\.PHONY: (.+)$", text, re.MULTILINE)[1].split()
    assert re.findall(r"^make ([\w-]+)", make(ROOT, "help").stdout, re.MULTILINE) == targets


@pytest.mark.parametrize("target", ["demo", "test"])
@pytest.mark.parametrize(
    ("behaviour", "line"),
    [
        ("exit 1", "Python 3.11 or newer is needed; tried"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
    ids=["too old", "no venv module"],
)
def test_missing_tools_are_one_line_errors(clone, target, behaviour, line):
    done = make(clone, "-j4", target, python(clone, behaviour))
    assert done.returncode == 2
    message, *rest = done.stderr.splitlines()
    assert line in message
    assert len(rest) == 1 and rest[0].startswith("make: ***")
    assert not (clone / ".venv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="the emulator is for Linux")
def test_without_an_emulator_a_line_names_it(tmp_path):
    script = ROOT / "tests" / "arm" / "emulated.py"
    environment = {"PATH": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, script], env=environment, capture_output=True, text=True)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert line.startswith("make test-arm needs qemu-aarch64 ")
    assert "apt install qemu-user-static" in line
    assert not list(tmp_path.iterdir())  # nothing is downloaded


def test_a_failed_installation_is_repeated(clone):
    """What was not finished leaves no stamp that would say it was."""
    behaviour = """case "$*" in *--clear*) mkdir -p .venv/bin; cp "$0" .venv/bin/python;; esac
case "$*" in *pip*install*) echo refused >&2; exit 1;; esac"""
    for _ in range(2):
        done = make(clone, "test", python(clone, behaviour))
        assert done.returncode == 2
        assert "refused" in done.stderr


#: A newer Python, which logs the modules that it runs.
NEWER = """case "$*" in *version_info*) exit 0;; esac
echo "$*" >> log
case "$*" in *--clear*) mkdir -p .venv-newest/bin; cp "$0" .venv-newest/bin/python;; esac"""


@pytest.fixture
def default(clone):
    """A clone with a .venv of Python 3.11."""
    path = clone / ".venv" / "bin" / "python"
    path.parent.mkdir(parents=True)
    path.write_text("#!/bin/sh\necho '(3, 11)'\n")
    path.chmod(0o755)
    return clone


def test_the_newest_python_has_an_environment_of_its_own(default):
    newest = "NEWEST=nowhere " + python(default, NEWER).removeprefix("PYTHON=")
    for runs in (3, 4):  # it is installed once
        done = make(default, "test-newest", newest)
        assert (done.returncode, done.stderr) == (0, "")
        lines = (default / "log").read_text().splitlines()
        assert len(lines) == runs and lines[-1] == f"-m pytest {PARALLEL}"
    assert lines[0] == "-m venv --clear .venv-newest"
    assert re.fullmatch(r"-m pip install .* --editable \.\[test\]", lines[1])


@pytest.mark.parametrize("behaviour", ["exit 1", "exit 127"], ids=["older", "missing"])
def test_without_a_newer_python_a_line_states_how_to_get_one(default, behaviour):
    newest = python(default, behaviour).replace("PYTHON=", "NEWEST=")
    done = make(default, "test-newest", newest)
    assert done.returncode == 2
    message, *rest = done.stderr.splitlines()
    assert message.startswith("No Python is newer than (3, 11) of .venv; tried ")
    assert "uv python install" in message and "make NEWEST=" in message
    assert len(rest) == 1 and rest[0].startswith("make: ***")
    assert not (default / ".venv-newest").exists()


def test_a_failed_installation_for_the_newest_python_is_repeated(default):
    behaviour = (
        NEWER
        + """
case "$*" in *pip*install*) echo refused >&2; exit 1;; esac"""
    )
    newest = python(default, behaviour).replace("PYTHON=", "NEWEST=")
    for _ in range(2):
        done = make(default, "test-newest", newest)
        assert done.returncode == 2 and "refused" in done.stderr


def test_continuous_integration_runs_what_a_contributor_runs():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    text = script.read_text("utf-8")
    commands = [line for line in text.splitlines() if line.startswith(("make ", "exec make "))]
    assert commands == [
        "make docs",
        "make test",
        "make test-integration RERUNS=1",
        "exec make test-site RERUNS=1",
    ]


def test_only_continuous_integration_runs_a_failed_test_again():
    dry = ("--dry-run", "--assume-old=.venv/.installed-test")
    for target in ("test-integration", "test-site"):
        assert "--reruns 0 " in make(ROOT, *dry, target).stdout
        assert "--reruns 1 " in make(ROOT, *dry, target, "RERUNS=1").stdout
    assert "--reruns" not in make(ROOT, *dry, "test").stdout


def test_each_test_is_run_by_a_command():
    """`make test` deselects those of the others by the options in pyproject.toml."""
    dry = ("--dry-run", "--assume-old=.venv/.installed-test")
    assert make(ROOT, *dry, "test-all").stdout.endswith(
        f"pytest {PARALLEL} -m '' --hypothesis-profile=whole\n"
    )
    assert make(ROOT, *dry, "test").stdout.endswith(f"-m pytest {PARALLEL}\n")
    newest = make(ROOT, "--dry-run", "--assume-old=.venv-newest/.installed", "test-newest").stdout
    assert newest.endswith(f".venv-newest/bin/python -m pytest {PARALLEL}\n")
    others = make(ROOT, *dry, "test-integration").stdout
    assert "-m 'integration and not slow' tests " in others
    on_site = make(ROOT, *dry, "test-site").stdout
    assert "BARENET_SITE=1" in on_site and "not slow' tests/playground/page " in on_site
    ignored = "--ignore tests/playground/page/test_page_{}.py"
    left_out = [{*re.findall(r"--ignore \S+", command)} for command in (others, on_site)]
    assert left_out[0] == {ignored.format(name) for name in ("site", "documentation")}
    assert left_out[1] == {ignored.format("recording")}
    options = "-m 'not slow and not integration'"
    assert options in (ROOT / "pyproject.toml").read_text("utf-8")

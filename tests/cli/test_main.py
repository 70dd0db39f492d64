import inspect
import os
import re
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import barenet as package
from barenet.cli._main import COMMANDS

pytestmark = pytest.mark.integration

full_device = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_a_command_describes_its_usage_and_every_option(barenet, name):
    done = barenet(name, "--help").ok()
    first, *lines = done.out.splitlines()
    command = import_module(f"barenet.cli.{COMMANDS[name][0]}").__dict__[name]
    words = [
        each.name.upper() if each.default is each.empty else f"[{each.name.upper()}]"
        for each in inspect.signature(command).parameters.values()
        if each.kind is not each.KEYWORD_ONLY
    ]
    assert first == " ".join(["Usage: barenet", name, *words, "[OPTIONS]"])
    options = [line for line in lines if line.startswith("│ --")]
    assert "│ --quiet -q " in done.out
    assert [line for line in options if len(line.strip("│ ").split("  ", 1)) < 2] == []
    assert max(map(len, lines)) <= 80


#: A short training that imports no scikit-learn, which takes a process as long as all else.
SHORT = ["train", "sine", "--epochs", "1", "--no-plots", "--no-baselines"]
LARGE_BATCHES = [*SHORT, "--batch-size", "1000"]


@pytest.mark.parametrize("columns", ["0", "1", "80"])
def test_the_help_lists_every_command_in_a_terminal_of_any_width(barenet, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    shown = barenet("--help").ok().out
    if columns == "80":
        assert all(re.search(f"│ {name} +[A-Z]", shown) for name in COMMANDS)
    for flag in ("--version", "-V"):
        done = barenet(flag).ok()
        assert (done.out, done.err) == (f"{package.__version__}\n", "")


@pytest.mark.case(64)
def test_an_unknown_command_gets_a_hint(barenet):
    known = f"(choose from {', '.join(COMMANDS)})"
    hint = "barenet: error: unknown command 'trian', did you mean 'train'?"
    assert barenet("trian", "iris").error == f"{hint} {known}"
    assert barenet("zzz").error == f"barenet: error: unknown command 'zzz' {known}"
    assert "unknown command distill; `barenet train --teacher MODEL`" in barenet("distill").error


@pytest.mark.case(71)
@pytest.mark.parametrize("arguments", [["completion", "bash"], ["--help"]])
def test_a_pipe_that_closes_is_quiet(process, arguments):
    done = process(*arguments)
    done.stdout.close()
    assert (done.stderr.read(), done.wait(timeout=100)) == ("", 0)


@pytest.mark.case(67)
@full_device
def test_unwritable_output_is_status_1(process):
    with Path("/dev/full").open("w") as full:
        done = process("datasets", "--json", stdout=full)
        _, err = done.communicate()
    assert done.returncode == 1
    assert err == "barenet datasets: error: cannot write the result: No space left on device\n"


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors are closed by the shell")
def test_closed_streams_are_ignored(process):
    done = process("datasets", "--json", stderr=None, preexec_fn=lambda: os.close(2))
    out, _ = done.communicate()
    assert done.returncode == 0
    assert out.startswith("[{")


@full_device
@pytest.mark.parametrize(("arguments", "status"), [(["nope"], 2), (SHORT, 0)])
def test_a_failing_standard_error_does_not_change_the_status(process, arguments, status):
    with Path("/dev/full").open("w") as full:
        done = process(*arguments, stderr=full)
        done.communicate(timeout=100)
    assert done.returncode == status


@pytest.mark.case(68)
@pytest.mark.parametrize("module", ["barenet.cli", "numpy", "barenet.cli._main", "cyclopts"])
def test_an_interrupt_while_python_imports_is_quiet(module):
    """By the entry that pyproject.toml names; the package itself imports nothing at first."""
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))
    entry = project["project"]["scripts"]["barenet"]
    program = f"""
import importlib.metadata, sys
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            raise KeyboardInterrupt
sys.meta_path.insert(0, Interrupt())
sys.argv = ["barenet", "datasets"]
entry = importlib.metadata.EntryPoint("barenet", {entry!r}, "console_scripts")
sys.exit(entry.load()())
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "")


#: An import of SciPy's compiled modules that Ctrl-C reaches, as their `import_array` treats it.
INTERRUPTED_SCIPY = """
import signal, sys, time, traceback
class Interrupt:
    def find_spec(self, name, path=None, target=None):
        if name.startswith("scipy"):
            sys.meta_path.remove(self)
            try:
                signal.raise_signal(signal.SIGINT)
                time.sleep(0.1)
            except KeyboardInterrupt:
                traceback.print_exc()
                raise ImportError("numpy.core.multiarray failed to import") from None
sys.meta_path.insert(0, Interrupt())
from barenet.__main__ import main
sys.exit(main())
"""


@pytest.mark.case(184)
@pytest.mark.integration
def test_an_interrupt_while_scipy_is_imported_ends_with_status_130(tmp_path):
    """scikit-learn's tree imports SciPy, for the target means of an ensemble's categories."""
    lines = (f"{at % 7},{'abcd'[at % 4]},{at % 5 + at % 4}" for at in range(400))
    (tmp_path / "table.csv").write_text("\n".join(["number,letter,y", *lines]))
    arguments = ["train", "table.csv", "--target", "y", "--no-plots"]
    command = [sys.executable, "-c", INTERRUPTED_SCIPY, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_quiet_prints_only_the_result_warnings_and_errors(barenet):
    done = barenet("train", "iris", "--epochs", 3, "-q")
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("  ") and "accuracy" in done.out
    assert Path("runs/iris/model.safetensors").exists()
    done = barenet(*LARGE_BATCHES, "--quiet")
    assert done.err == "warning: --batch-size: 1000 is more than the 500 rows; taking 500\n"
    assert barenet("train", "iris", "-q", "--epochs", 0).err.startswith("barenet train: error: ")


RED, YELLOW = "\x1b[1;31merror:\x1b[0m", "\x1b[33mwarning:\x1b[0m"


def test_errors_and_warnings_are_coloured_on_a_terminal(terminal):
    assert terminal("train", "iris", "--epochs", "0").startswith(f"barenet train: {RED} --epochs: ")
    assert terminal(*LARGE_BATCHES, "-q").startswith(f"{YELLOW} --batch-size: ")
    assert terminal("info", "nowhere", "--json").startswith("barenet info: error: nowhere: ")
    for plain in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        output = terminal("train", "iris", "--epochs", "0", **plain)
        assert output.startswith("barenet train: error: --epochs: expected a whole number")

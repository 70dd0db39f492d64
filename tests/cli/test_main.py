from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

import barenet as package


def test_the_version_is_told(barenet):
    done = barenet("--version")
    assert (done.status, done.out.strip()) == (0, package.__version__)


def test_the_help_lists_every_command(barenet):
    done = barenet("--help")
    assert done.status == 0
    for name in ("train", "predict", "evaluate", "plot", "datasets", "doctor"):
        assert f"│ {name} " in done.out


@pytest.mark.parametrize("name", ["train", "predict", "evaluate", "plot", "datasets", "doctor"])
def test_every_option_is_explained(barenet, name):
    done = barenet(name, "--help")
    assert done.status == 0
    options = [line for line in done.out.splitlines() if line.startswith("│ --")]
    assert options
    assert [line for line in options if len(line.strip("│ ").split("  ", 1)) < 2] == []
    assert max(map(len, done.out.splitlines())) <= 80


def test_f64_an_unknown_command_gets_a_hint(barenet):
    done = barenet("trian", "iris")
    assert done.status == 2
    assert done.err.startswith('barenet: error: Unknown command "trian". Did you mean "train"?')
    assert len(done.err.splitlines()) == 1


def test_f71_a_pipe_that_closes_is_quiet(process):
    done = process("datasets")
    done.stdout.close()
    err = done.stderr.read()
    assert done.wait() == 0
    assert err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_f67_output_that_cannot_be_written_is_a_failure(process):
    with Path("/dev/full").open("w") as full:
        done = process("datasets", "--json", stdout=full)
        _, err = done.communicate()
    assert done.returncode == 1
    assert err == "barenet datasets: error: cannot write the result: No space left on device\n"


def test_letters_that_the_output_lacks_are_no_failure(process):
    done = process("datasets", environment={"PYTHONIOENCODING": "ascii"})
    out, err = done.communicate()
    assert (done.returncode, err) == (0, "")
    assert "rows ? features" in out


@pytest.mark.skipif(sys.platform == "win32", reason="file descriptors are closed by the shell")
def test_closed_streams_are_no_failure(process):
    done = process("datasets", "--json", stderr=None, preexec_fn=lambda: os.close(2))
    out, _ = done.communicate()
    assert done.returncode == 0
    assert out.startswith("[{")

"""What the tests of the command line share: the command itself, and a run that is over."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from barenet.cli._main import main

COMMAND = str(Path(sys.executable).with_name("barenet"))


@pytest.fixture
def barenet(capfd, monkeypatch, tmp_path) -> Callable[..., SimpleNamespace]:
    """Run the command line in this process, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def run(*arguments: object) -> SimpleNamespace:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        output = capfd.readouterr()
        return SimpleNamespace(status=status, out=output.out, err=output.err)

    return run


@pytest.fixture
def process(tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command line as a process of its own, in an empty folder."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        # Buffered, as it is for a user, whatever the tests are started with.
        environment = {**os.environ, "PYTHONUNBUFFERED": "", **pipes.pop("environment", {})}
        command = [COMMAND, *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=tmp_path, env=environment, text=True, **pipes))
        return started[-1]

    yield start
    for each in started:
        each.kill()
        each.wait()
        for pipe in (each.stdout, each.stderr):
            if pipe is not None:
                pipe.close()


@pytest.fixture
def terminal(tmp_path) -> Callable[..., str]:
    """Run the command line in a terminal; returns what is seen there."""
    pexpect = pytest.importorskip("pexpect")

    def run(*arguments: str, **environment: str) -> str:
        given = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}
        output, _ = pexpect.run(
            " ".join([COMMAND, *arguments]),
            cwd=tmp_path,
            env=given,
            encoding="utf-8",
            timeout=60,
            withexitstatus=True,
        )
        return output

    return run


@pytest.fixture(scope="session")
def iris(tmp_path_factory) -> Path:
    """The folder of a run on iris."""
    folder = tmp_path_factory.mktemp("runs") / "iris"
    assert main(["train", "iris", "--epochs", "20", "--no-plots", "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="session")
def line(tmp_path_factory) -> Path:
    """The folder of a run on numbers."""
    folder = tmp_path_factory.mktemp("runs") / "plane"
    arguments = ["--samples", "60", "--epochs", "5", "--no-plots", "--out", str(folder)]
    assert main(["train", "plane", *arguments]) == 0
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory) -> Path:
    """The folder of a run on images."""
    folder = tmp_path_factory.mktemp("runs") / "digits"
    assert main(["train", "digits", "--epochs", "3", "--no-plots", "--out", str(folder)]) == 0
    return folder

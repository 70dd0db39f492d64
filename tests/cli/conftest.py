"""Fixtures of the command line's tests: the command itself, and finished runs."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from barenet.cli._main import main

sys.path.insert(0, str(Path(__file__).parents[1] / "files"))  # the models of the tests

#: The command line; at its end, the process writes its peak memory in KiB and its CPU seconds, as
#: a parent's count is its own too.
MEASURED = """
import pathlib, re, sys, time
from barenet.__main__ import main
try:
    sys.exit(main())
finally:
    peak = re.search(r"VmHWM:\\s*(\\d+)", pathlib.Path("/proc/self/status").read_text())[1]
    pathlib.Path("used").write_text(f"{peak} {time.process_time()}")
"""

COMMAND = str(Path(sys.executable).with_name("barenet"))


@dataclass(frozen=True)
class Done:
    """A finished command."""

    status: int
    out: str
    err: str

    def ok(self) -> Done:
        """Check that it succeeded."""
        assert self.status == 0, self.err
        return self

    @property
    def json(self) -> Any:
        """The document that it printed."""
        return json.loads(self.ok().out)

    @property
    def rows(self) -> list[dict[str, str]]:
        """The table that it printed."""
        return list(csv.DictReader(io.StringIO(self.ok().out)))

    @property
    def words(self) -> str:
        """Its output, without line breaks."""
        return " ".join(self.ok().out.split())

    @property
    def error(self) -> str:
        """Its error message, without any other output."""
        assert (self.status, self.out) == (2, ""), (self.out, self.err)
        (line,) = self.err.splitlines()
        return line


@pytest.fixture
def barenet(capfd, monkeypatch, tmp_path) -> Callable[..., Done]:
    """Run the command line in this process, in an empty folder, as on 80 columns."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")  # help is laid out for the terminal that tests run in
    # On a new machine, any test may be the first that compiles kernels.
    monkeypatch.setattr("barenet.engines._machine_code.print_once", lambda text: None)

    def run(*arguments: object) -> Done:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        output = capfd.readouterr()
        return Done(status, output.out, output.err)

    return run


@pytest.fixture
def process(tmp_path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Start the command line as a separate process, in an empty folder.

    No file that it writes may grow beyond `largest_file` bytes, as on a full disk.
    """
    started: list[subprocess.Popen[str]] = []

    def start(
        *arguments: object, largest_file: int | None = None, **options: object
    ) -> subprocess.Popen[str]:
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        # Buffered, as by default, even if the tests run unbuffered.
        environment = {**os.environ, "PYTHONUNBUFFERED": "", **pipes.pop("environment", {})}
        command = [COMMAND, *map(str, arguments)]
        if largest_file is not None:
            pipes["preexec_fn"] = _file_limit(largest_file)
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
def serve(process, tmp_path):
    """Start the service; returns its process and a function that sends a request."""

    def start(model, *options):
        with (tmp_path / "log.txt").open("w") as log:
            running = process("serve", model, "--port", 0, *options, stderr=log)
        address = urlsplit(running.stdout.readline().strip())

        def send(body=None, path="/predict", method=None, headers=None, raw=False):
            data = json.dumps(body).encode() if body is not None and not raw else body
            verb = method or ("GET" if body is None else "POST")
            with closing(HTTPConnection(address.hostname, address.port, timeout=600)) as connection:
                connection.request(verb, path, data, headers or {})
                answer = connection.getresponse()
                content = answer.read()
            return answer.status, json.loads(content) if content[:1] in b"[{" else content

        send.address = address.hostname, address.port
        return running, send

    return start


def _file_limit(largest: int) -> Callable[[], None]:
    """Return a function that limits the size of files, for a new process to call."""
    resource = pytest.importorskip("resource", reason="there are no limits of this kind")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))

    return limit


@pytest.fixture
def measured(tmp_path) -> Callable[..., tuple[subprocess.CompletedProcess[str], int, float]]:
    """Run the command line in a process; returns its result, its peak memory and CPU seconds."""

    def run(*arguments: object, memory: str = "", stdin: Any = None, out: Any = subprocess.PIPE):
        command = [sys.executable, "-c", MEASURED, *map(str, arguments)]
        given = {**os.environ, **({"BARENET_MEMORY": memory} if memory else {})}
        pipes = {"stdin": stdin, "stdout": out, "stderr": subprocess.PIPE}
        done = subprocess.run(command, cwd=tmp_path, text=True, env=given, **pipes)
        kilobytes, seconds = (tmp_path / "used").read_text().split()
        return done, int(kilobytes) * 1024, float(seconds)

    return run


@pytest.fixture
def terminal(tmp_path) -> Callable[..., str]:
    """Run the command line in a terminal, and return its output."""
    pexpect = pytest.importorskip("pexpect")

    def run(*arguments: str, **environment: str) -> str:
        given = {**os.environ, "TERM": "xterm", "NO_COLOR": "", **environment}
        options = {"encoding": "utf-8", "timeout": 60, "dimensions": (40, 100)}
        with pexpect.spawn(COMMAND, [*arguments], cwd=str(tmp_path), env=given, **options) as child:
            return child.read()

    return run


@pytest.fixture(scope="session")
def train(tmp_path_factory) -> Callable[..., Path]:
    """Train without plots and baselines; returns the folder of the run."""

    def run(data: object, *options: object) -> Path:
        folder = tmp_path_factory.mktemp("runs") / Path(str(data)).stem
        arguments = ["train", data, *options, "--no-plots", "--no-baselines", "--out", folder]
        assert main([str(argument) for argument in arguments]) == 0
        return folder

    return run


@pytest.fixture(scope="session")
def iris(train) -> Path:
    """The folder of a run on iris."""
    return train("iris", "--epochs", 20)


@pytest.fixture(scope="session")
def line(train) -> Path:
    """The folder of a run on numbers."""
    return train("plane:samples=60", "--epochs", 5)


@pytest.fixture(scope="session")
def digits(train) -> Path:
    """The folder of a run on images."""
    return train("digits", "--epochs", 3)

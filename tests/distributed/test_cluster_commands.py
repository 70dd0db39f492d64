"""Commands with workers: the same results, and nothing that is left behind or open to others."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import psutil
import pytest

from barenet.cli._main import main
from barenet.settings._task_settings import HEADER

posix = pytest.mark.skipif(sys.platform == "win32", reason="there are no signals of this kind")
pytestmark = [pytest.mark.integration, posix]

COMMAND = str(Path(sys.executable).with_name("barenet"))
SEARCH = ("search", "iris", "--learning-rate", "0.001", "0.01", "--folds", "2", "--no-plots")
ENSEMBLE = ("train", "table.csv", "--target", "y", "--model", "ensemble", "--no-plots")


@pytest.fixture
def start(tmp_path):
    """Start a command in a process group of its own, as a terminal does."""
    started = []

    def run(*arguments):
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        command = [COMMAND, *map(str, arguments)]
        started.append(subprocess.Popen(command, cwd=tmp_path, start_new_session=True, **pipes))
        return started[-1]

    yield run
    for each in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(each.pid, signal.SIGKILL)
        each.wait()


def write_table():
    """Write the table of `ENSEMBLE`."""
    rows = np.random.default_rng(0).normal(size=(60, 3)).round(2)
    lines = [f"{a},{b},{'yes' if c > a else 'no'}" for a, b, c in rows]
    Path("table.csv").write_text("\n".join(["a,b,y", *lines]))


def is_worker(process):
    """Whether a process is one that has been spawned, and has not ended."""
    with contextlib.suppress(psutil.NoSuchProcess):
        return "spawn_main" in str(process.cmdline())
    return False


@pytest.mark.parametrize("command", [SEARCH, ENSEMBLE], ids=["search", "ensemble"])
def test_workers_give_the_same_model(client, capfd, monkeypatch, tmp_path, command):
    monkeypatch.chdir(tmp_path)
    write_table()
    where = {"here": (), "there": ("--scheduler", client.scheduler.address)}
    for name, options in where.items():
        assert main([*command, "--epochs", "5", "--out", name, *options]) == 0
        assert "distributed" not in capfd.readouterr().err
    models = {(tmp_path / name / "model.safetensors").read_bytes() for name in where}
    assert len(models) == 1


@pytest.mark.parametrize(
    ("number", "status", "on_workers"),
    [
        (signal.SIGKILL, -9, True),
        pytest.param(signal.SIGINT, 130, False, marks=pytest.mark.slow),
    ],
    ids=["killed", "ctrl-c"],
)
def test_an_ensemble_on_workers_resumes(
    client, start, capfd, monkeypatch, tmp_path, number, status, on_workers
):
    monkeypatch.chdir(tmp_path)
    write_table()
    process = start(*ENSEMBLE, "--out", "run", "--checkpoint-every", 2, "--workers", 1)
    line = next(line for line in process.stderr if line.startswith("epoch 5 "))
    assert "out-of-fold accuracy" in line
    os.killpg(process.pid, number)
    _, errors = process.communicate()
    assert process.returncode == status, errors
    assert "Traceback" not in errors
    assert Path("run", "checkpoint.safetensors").exists()
    if number == signal.SIGINT:
        assert "to resume it: barenet train --resume run" in errors
        assert Path("run", "model.safetensors").exists()
    where = ["--scheduler", client.scheduler.address] if on_workers else []
    assert main(["train", "--resume", "run", "--no-plots", *where]) == 0
    resumed = capfd.readouterr().err
    assert "resuming from the checkpoint" in resumed and "\nepoch 3 " not in resumed
    assert main([*ENSEMBLE, "--out", "whole"]) == 0
    for name in ("model.safetensors", "settings.toml"):
        assert Path("run", name).read_bytes() == Path("whole", name).read_bytes()


def test_one_network_is_not_resumed_on_workers(client, capfd, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    Path("run").mkdir()
    Path("run", "unfinished.toml").write_text(f'{HEADER}data = "iris"\n')
    command = ["train", "--resume", "run", "--scheduler", client.scheduler.address]
    assert main(command) == 2
    assert "--workers, --scheduler: a single network is trained here" in capfd.readouterr().err


def test_a_scheduler_that_does_not_answer_is_given_up(start, monkeypatch):
    monkeypatch.setenv("DASK_DISTRIBUTED__COMM__TIMEOUTS__CONNECT", "1s")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        _, errors = start(*SEARCH, "--scheduler", address).communicate(timeout=60)
    line = f"barenet search: error: --scheduler: can't connect to {address}: it does not answer"
    assert errors.strip() == line


@pytest.mark.parametrize(
    ("command", "number", "status", "seconds", "text"),
    [
        (SEARCH, signal.SIGINT, 130, 0, "^barenet search: error: interrupted\n$"),
        pytest.param(SEARCH, signal.SIGTERM, 143, 0, "^$", marks=pytest.mark.slow),
        pytest.param(SEARCH, signal.SIGINT, 130, 3, "", marks=pytest.mark.slow),
        (SEARCH, signal.SIGTERM, 143, 1, ""),
    ],
    ids=["ctrl-c at the start", "terminated at the start", "ctrl-c", "terminated"],
)
def test_a_signal_leaves_no_process_and_nothing_listens_to_others(
    start, command, number, status, seconds, text
):
    """While the first worker starts, or after some seconds of work of both."""
    process = start(*command, "--epochs", 10**8, "--workers", 2)
    this, workers, n_workers = psutil.Process(process.pid), [], 2 if seconds else 1
    while len(workers) < n_workers or sum(sum(w.cpu_times()[:2]) for w in workers) < seconds:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
        workers = [*filter(is_worker, this.children())]
    processes = [this, *this.children(recursive=True)]
    connections = [c for each in processes for c in each.net_connections() if c.status == "LISTEN"]
    assert {c.laddr.ip for c in connections} <= {"127.0.0.1"}
    if number == signal.SIGINT:
        os.killpg(process.pid, number)  # as the terminal does
    else:
        os.kill(process.pid, number)
    _, errors = process.communicate()
    assert process.returncode == status, errors
    assert "Traceback" not in errors and re.search(text, errors), errors
    _, alive = psutil.wait_procs(processes, timeout=20)
    assert not alive

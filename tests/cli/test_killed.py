"""Runs that are killed before each change that they make to a file, and resumed."""

import json
import os
import shutil
import signal
import sys
from pathlib import Path

import pytest

from barenet.cli._main import main

posix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and SIGKILL")
pytestmark = [pytest.mark.integration, posix]

RUN = ["train", "iris", "--epochs", "3", "--batch-size", "40", "--dropout", "0.1", "--threads", "1"]
#: Audit events of changes to a folder.
CHANGES = ("open", "os.rename", "os.remove", "os.rmdir", "os.mkdir")


def kill_before(change: int) -> None:
    """Kill this process with SIGKILL before so many changes to files of the run's folder."""
    left, folder = [change], f"{Path('run').resolve()}"

    def watch(event: str, arguments: tuple[object, ...]) -> None:
        if event not in CHANGES or not str(arguments[0]).startswith(folder):
            return
        if event == "open" and not int(arguments[2]) & (os.O_WRONLY | os.O_RDWR):
            return
        if not left[0]:
            os.kill(os.getpid(), signal.SIGKILL)
        left[0] -= 1

    sys.addaudithook(watch)


def command(*arguments: str, killed_before: int | None = None) -> int:
    """Run the command line in a separate process, and return its exit status."""
    child = os.fork()
    if not child:
        try:
            for stream in (1, 2):
                os.dup2(os.open(os.devnull, os.O_WRONLY), stream)
            if killed_before is not None:
                kill_before(killed_before)
            os._exit(main([*arguments]))
        finally:
            os._exit(70)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def results(folder: Path) -> dict[str, bytes]:
    """All files of a run, without the times of its epochs."""
    files = {path.name: path.read_bytes() for path in folder.iterdir()}
    lines = files.pop("history.jsonl").splitlines()
    curves = [{**json.loads(line), "seconds": 0} for line in lines]
    return {**files, "history.jsonl": json.dumps(curves).encode()}


def kill_and_resume(step: int, run: list[str], *options: str) -> int:
    """Kill a run before every step-th change, resume it, and compare it with an undisturbed one."""
    here = Path("run")
    resume = ["train", "--resume", "run", "--threads", "1", *options]
    run = [*run, *options, "--out", "run"]
    assert command(*run) == 0
    whole, change, started = results(here), 0, False
    while True:
        shutil.rmtree(here, ignore_errors=True)
        status = command(*run, killed_before=change)
        if status == 0:
            return change
        assert status == -signal.SIGKILL
        # From when its settings are on the disk, each of the later moments can be resumed.
        known = (here / "unfinished.toml").exists() or (here / "checkpoint.safetensors").exists()
        assert known or not started or results(here) == whole
        started = started or known
        if started:
            assert command(*resume) == 0, change
            assert results(here) == whole, change
        change += step


#: Before every ninth change, or before every one.
every = pytest.mark.parametrize("step", [9, pytest.param(1, marks=pytest.mark.slow)])


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.case(112)
@every
def test_a_run_killed_before_its_first_checkpoint_is_resumed(step):
    options = ("--no-plots", "--no-baselines", "--checkpoint-every", "never")
    assert kill_and_resume(step, RUN, *options) >= 10


@pytest.mark.case(111, 112)
@pytest.mark.promise(4)
@every
def test_a_run_killed_with_a_checkpoint_of_each_epoch_is_resumed(step):
    assert kill_and_resume(step, RUN, "--no-baselines", "--checkpoint-every", "1") > 20

"""A lock: one process at a time, and none waits for one that was killed."""

from __future__ import annotations

import multiprocessing
import subprocess
import sys

import pytest

from barenet.files._lock import locked

HOLD = """
import sys, time
from pathlib import Path
from barenet.files._lock import locked
with locked(Path(sys.argv[1]), "another"):
    print("held", flush=True)
    time.sleep(60)
"""


def test_one_at_a_time(tmp_path):
    for _ in range(2):
        with locked(tmp_path / "lock", "another"):
            assert is_held(tmp_path) and is_held(tmp_path)
            assert (tmp_path / "lock").exists()
        assert not (tmp_path / "lock").exists()


def is_held(folder) -> bool:
    try:
        with locked(folder / "lock", "another"):
            return False
    except OSError as error:
        assert str(error).endswith("another is writing there")
        return True


def test_it_is_released_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="on purpose"), locked(tmp_path / "lock", "another"):
        raise RuntimeError("on purpose")
    assert not is_held(tmp_path)


def test_a_process_holds_it_until_it_is_killed(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout.readline() == "held\n" and is_held(tmp_path)
        holder.kill()
        holder.wait()
    assert (tmp_path / "lock").exists()  # but it is not locked
    assert not is_held(tmp_path)


def count_up(folder, times):
    done = 0
    while done < times:
        try:
            with locked(folder / "lock", "another"):
                number = folder / "number"
                number.write_text(str(int(number.read_text()) + 1))
                done += 1
        except OSError:
            pass


def test_processes_that_contend_for_it(tmp_path):
    (tmp_path / "number").write_text("0")
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=count_up, args=(tmp_path, 50)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert (tmp_path / "number").read_text() == "150"

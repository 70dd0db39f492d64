"""A lock: one process at a time, and none waits for one that was killed."""

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

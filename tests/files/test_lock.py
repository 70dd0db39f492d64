"""A lock: one process at a time, and none waits for one that was killed."""

import os
import signal
import time

import pytest

from barenet.files._atomic import locked


def test_a_lock_is_exclusive(tmp_path):
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


def test_a_lock_is_released_after_an_error(tmp_path):
    with pytest.raises(RuntimeError, match="on purpose"), locked(tmp_path / "lock", "another"):
        raise RuntimeError("on purpose")
    assert not is_held(tmp_path)


def test_a_lock_is_released_when_its_process_is_killed(tmp_path):
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        with locked(tmp_path / "lock", "another"):
            os.write(writer, b"held")
            time.sleep(60)
    assert os.read(reader, 4) == b"held" and is_held(tmp_path)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert (tmp_path / "lock").exists()  # but it is not locked
    assert not is_held(tmp_path)

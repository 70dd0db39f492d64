from __future__ import annotations

import threading

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.training import checkpointing
from barenet.training.checkpointing import _in_background


def test_it_is_computed_in_another_thread_and_waited_for():
    go = threading.Event()
    ahead = _in_background(lambda: go.wait(60) and threading.current_thread())
    go.set()
    assert ahead.result() is not threading.current_thread()
    assert ahead.result() is ahead.result()


def test_what_fails_there_is_raised_here():
    with pytest.raises(ZeroDivisionError):
        _in_background(lambda: 1 / 0).result()


def test_checksums_of_the_data_are_those_of_a_run_that_waits_for_them(tmp_path, monkeypatch):
    X = np.linspace(-1, 1, 40).reshape(-1, 1)
    kept = []
    for name, seconds in (("at once", -1.0), ("at the end", 1e9)):
        monkeypatch.setattr(checkpointing, "CHECKSUM_DELAY", seconds)
        checkpoint = Checkpoint(tmp_path / name, every=1)
        train(Network.dense([1, 4, 1]), X, X[:, 0], epochs=3, checkpoint=checkpoint)
        kept.append(checkpoint.read()["data"])
    assert kept[0] == kept[1] != {}

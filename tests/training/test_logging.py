"""The library's log: silent by default, with the end of a training for programs that ask for it."""

import logging
import re
import subprocess
import sys

import numpy as np
import pytest

from barenet import Checkpoint, Network, train

FIT = """
import numpy as np
from barenet import Network, train
{}
train(Network.dense([1, 3, 1]), np.ones((4, 1)), np.ones(4), epochs=2, progress=False)
"""


def test_the_end_of_a_training_and_checkpoints_are_logged(caplog, tmp_path):
    caplog.set_level(logging.DEBUG, "barenet")
    network = Network.dense([1, 3, 1], seed=0)
    X = np.linspace(0, 1, 8).reshape(-1, 1)
    checkpoint = Checkpoint(tmp_path / "run.checkpoint", every=3)
    history = train(network, X, X[:, 0], epochs=4, checkpoint=checkpoint)
    found = [(each.levelname, each.getMessage()) for each in caplog.records]
    assert ("DEBUG", f"{tmp_path / 'run.checkpoint'}: saved after 3 epochs") in found
    words = f"4 epochs on the {history.engine} engine, loss {history.loss[-1]:.4g}: completed"
    assert ("INFO", words) in found


@pytest.mark.integration
def test_the_log_is_silent_unless_it_is_configured():
    for setting, expected in (("", ""), ("import logging; logging.basicConfig(level=20)", "INFO")):
        command = [sys.executable, "-c", FIT.format(setting)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "" and re.match(expected or "$", done.stderr)

"""SciPy's BLAS has one thread while L-BFGS runs, and afterwards what it had.

Measured in a process of its own: the number is the process's, and a run that another test has left
in the background would set it too.
"""

import json
import subprocess
import sys

import pytest

SCRIPT = """
import contextlib, json, threading
import numpy as np
from threadpoolctl import ThreadpoolController
from barenet import Network, train
from barenet.engines._threads import scipy_on_one_thread, scipy_pools

entered, leave, found = threading.Event(), threading.Event(), {}

def all_pools():
    return {pool["filepath"]: pool["num_threads"] for pool in ThreadpoolController().info()}

def scipys():
    return sorted({pool["num_threads"] for pool in scipy_pools().info()})

def stay():
    with scipy_on_one_thread():
        entered.set()
        leave.wait(10)

network, X, within = Network.dense([1, 1], dtype="float64"), np.arange(4.0).reshape(-1, 1), []
watch = lambda run: within.append(scipys())
with scipy_pools().limit(limits=2):
    train(network, X, X[:, 0], optimizer="lbfgs", epochs=2, engine="reference", callbacks=watch)
    found["a run"] = within[-1], scipys()
    with contextlib.suppress(KeyError), scipy_on_one_thread():
        raise KeyError
    found["an error"] = [1], scipys()
    other = threading.Thread(target=stay)
    with scipy_on_one_thread():
        other.start()
        within = entered.wait(10) and scipys()
    leave.set()
    other.join()
    found["two Python threads at once"] = within, scipys()
    before = all_pools()
    with scipy_on_one_thread():
        after = all_pools()
    changed = {file for file in before if after[file] != before[file]}
    found["only SciPy's own"] = [changed == {pool["filepath"] for pool in scipy_pools().info()}]
print(json.dumps(found if scipys() else None))
"""


@pytest.fixture(scope="module")
def found():
    done = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout) or pytest.skip("SciPy has no BLAS of its own here")


@pytest.mark.parametrize("case", ["a run", "an error", "two Python threads at once"])
def test_scipy_has_one_thread_within_and_gives_back_those_before(found, case):
    assert found[case] == [[1], [2]]


def test_numpys_own_keeps_its_threads(found):
    assert found["only SciPy's own"] == [True]

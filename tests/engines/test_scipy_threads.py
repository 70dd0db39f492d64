"""SciPy's BLAS has one thread while L-BFGS runs, and afterwards what it had."""

import threading

import numpy as np
import pytest
from threadpoolctl import ThreadpoolController

from barenet import Network, train
from barenet.engines._scipy_threads import scipy_on_one_thread, scipy_pools


@pytest.fixture(autouse=True)
def two_threads():
    """As many as SciPy's own has at the begin."""
    if not scipy_pools().info():
        pytest.skip("SciPy has no BLAS of its own here")
    with scipy_pools().limit(limits=2):
        yield


def threads_of(pools):
    return {pool["filepath"]: pool["num_threads"] for pool in pools.info()}


def scipys():
    return set(threads_of(scipy_pools()).values())


def test_l_bfgs_has_one_thread_and_gives_back_what_was():
    seen = set()
    network, X = Network.dense([1, 1], dtype="float64"), np.arange(4.0).reshape(-1, 1)
    watch = [lambda run: seen.update(scipys())]
    train(network, X, X[:, 0], optimizer="lbfgs", epochs=2, engine="reference", callbacks=watch)
    assert (seen, scipys()) == ({1}, {2})


def test_an_error_gives_them_back_as_well():
    with pytest.raises(KeyError), scipy_on_one_thread():
        raise KeyError
    assert scipys() == {2}


def test_two_python_threads_at_once_leave_what_was():
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with scipy_on_one_thread():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with scipy_on_one_thread():
        other.start()
        assert entered.wait(10)
        assert scipys() == {1}
    leave.set()
    other.join()
    assert scipys() == {2}


def test_numpys_own_keeps_its_threads():
    before = threads_of(ThreadpoolController())
    with scipy_on_one_thread():
        within = threads_of(ThreadpoolController())
    changed = {file for file in before if within[file] != before[file]}
    assert changed == set(threads_of(scipy_pools()))

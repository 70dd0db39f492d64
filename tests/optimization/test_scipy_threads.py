"""SciPy's BLAS has one thread while L-BFGS runs, and afterwards what it had."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from barenet.optimization.optimizers import LBFGS
from barenet.optimization.scipy_threads import scipy_libraries, scipy_on_one_thread


@pytest.fixture
def libraries():
    """SciPy's own, with two threads each."""
    found = scipy_libraries()
    if not found:
        pytest.skip("SciPy has no BLAS of its own here")
    before = counts(found)
    for each in found:
        each.set_num_threads(2)
    yield found
    for each, count in zip(found, before, strict=True):
        each.set_num_threads(count)


def counts(libraries):
    return [each.num_threads for each in libraries]


def test_l_bfgs_has_one_thread_and_gives_back_what_was(libraries):
    seen, parameters = [], np.array([3.0])

    def square():
        seen.extend(counts(libraries))
        return float(parameters @ parameters), 2 * parameters

    LBFGS().minimize(square, parameters, 5, lambda value, gradient: False)
    assert set(seen) == {1}
    assert set(counts(libraries)) == {2}


def test_an_error_gives_them_back_as_well(libraries):
    with pytest.raises(KeyError), scipy_on_one_thread():
        raise KeyError
    assert set(counts(libraries)) == {2}


def test_of_two_python_threads_the_last_one_gives_them_back(libraries):
    entered, leave = threading.Event(), threading.Event()

    def stay():
        with scipy_on_one_thread():
            entered.set()
            leave.wait(10)

    other = threading.Thread(target=stay)
    with scipy_on_one_thread():
        other.start()
        assert entered.wait(10)
    assert set(counts(libraries)) == {1}
    leave.set()
    other.join()
    assert set(counts(libraries)) == {2}


def test_numpys_own_is_left_alone(libraries):
    from threadpoolctl import ThreadpoolController

    files = {each.filepath for each in libraries}
    others = [each for each in ThreadpoolController().lib_controllers if each.filepath not in files]
    before = counts(others)
    with scipy_on_one_thread():
        assert counts(others) == before

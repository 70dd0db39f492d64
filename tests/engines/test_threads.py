"""Threads: how many are chosen, and that learning gets along with threads, forks and processes."""

import os
import subprocess
import sys
from textwrap import indent

import pytest

from barenet.engines import _threads as threads
from barenet.engines._threads import WORTHWHILE, allowed_cores, choose_threads, load_tbb

SCRIPT = """
import multiprocessing, os, threading
import numpy as np
from barenet import Network, train

def learn(seed, sizes=(300, 20, 3)):
    X = np.random.default_rng(seed).normal(size=(120, sizes[0]))
    network = Network.dense(sizes, hidden="tanh", output="softmax", seed=seed)
    history = train(network, X, np.arange(120) % 3, epochs=2, seed=seed, threads=2)
    assert history.engine == "compiled"
    return network.parameters.tobytes()

def learn_small(seed):
    return learn(seed, (4, 8, 3))

def in_eight_threads(function):
    found = [None] * 8
    def work(seed):
        found[seed] = function(seed)
    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found

expected = [learn(seed) for seed in range(8)]
"""

EIGHT_THREADS = """
for _ in range(5):
    assert in_eight_threads(learn) == expected
"""

A_FORK = """
child = os.fork()
if not child:
    os._exit(0 if [learn(seed) for seed in range(8)] == expected else 1)
assert os.waitpid(child, 0)[1] == 0
assert learn(3) == expected[3]
"""

FORKED_WORKERS = """
with multiprocessing.get_context("fork").Pool(2) as pool:
    assert pool.map(learn, range(8)) == expected
"""

WORKERS_OF_JOBLIB = """
from joblib import Parallel, delayed
assert Parallel(n_jobs=2)(delayed(learn)(seed) for seed in range(4)) == expected[:4]
"""

NOTHING_BUILT_YET = """
assert in_eight_threads(learn_small) == [learn_small(seed) for seed in range(8)]
"""

ANOTHER_LIBRARY = """
import numba, numpy
@numba.njit(parallel=True)
def fill(x):
    for i in numba.prange(len(x)):
        x[i] += 1
fill(numpy.zeros(9))
"""


@pytest.fixture(autouse=True)
def nothing_said(monkeypatch):
    monkeypatch.delenv("BARENET_THREADS", raising=False)


def assert_runs(script, **environment):
    done = subprocess.run(
        [sys.executable, "-c", script + "print('done')"], timeout=100, capture_output=True,
        text=True, env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "done\n"), done.stderr


def test_a_small_step_gets_one_thread_and_a_large_one_all_cores(monkeypatch):
    monkeypatch.setattr(threads, "_limits", list)  # these tests run with one thread for BLAS
    assert choose_threads(None, WORTHWHILE - 1) == 1
    assert choose_threads(None, WORTHWHILE) == (allowed_cores() if load_tbb() else 1)


#: What a worker may use, told by itself; the machine is said to have four cores.
WORKERS = """
import multiprocessing, os, sys
import joblib, threadpoolctl
from joblib import Parallel, delayed
from barenet.engines import _threads as threads

def chosen(asked=None):
    threads.allowed_cores, threads.load_tbb = (lambda: 4), (lambda: True)
    threads.uses_tbb = lambda: True
    threads._limits = lambda: []
    return threads.choose_threads(asked, 1e9)

def inside(count=2, backend="threading"):
    return Parallel(n_jobs=count, backend=backend)(delayed(chosen)() for _ in range(count))

def two(backend, function=chosen, *args):
    return Parallel(n_jobs=2, backend=backend)(delayed(function)(*args) for _ in range(2))
"""

LOKY = """
with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
    assert Parallel(n_jobs=2)(delayed(chosen)() for _ in range(2)) == [1, 1]
    assert Parallel(n_jobs=2)(delayed(chosen)(4) for _ in range(2)) == [1, 1]
"""
LOKY_OF_TWO = """
with joblib.parallel_config(backend="loky", inner_max_num_threads=2):
    assert Parallel(n_jobs=2)(delayed(chosen)() for _ in range(2)) == [2, 2]
    assert Parallel(n_jobs=2)(delayed(inside)() for _ in range(2)) == [[1, 1], [1, 1]]
"""
THREADS = """
assert chosen() == 4
assert two("threading") == [1, 1]
assert two("threading", chosen, 2) == [2, 2]
assert two("threading", inside) == [[1, 1], [1, 1]]
assert chosen() == 4
"""
PROCESSES = """
assert two("multiprocessing") == [1, 1]
"""
LIMITS = """
limits = threads._limits
def fair():
    chosen()
    threads._limits = limits
    return threads.choose_threads(None, 1e9)
before = fair()
with threadpoolctl.threadpool_limits(limits=1):
    assert fair() == 1
    assert threads.choose_threads(3, 1e9) == 3
assert fair() == before == min([4, *limits()])
"""


@pytest.mark.parametrize("script", [LOKY, LOKY_OF_TWO, THREADS, PROCESSES, LIMITS])
def test_fault_94_threads_times_workers_are_no_more_than_the_cores(script, tmp_path):
    """A file, as workers import what they run."""
    path = tmp_path / "workers.py"
    path.write_text(f"{WORKERS}\nif __name__ == '__main__':\n{indent(script, '    ')}")
    environment = {**os.environ, "NUMBA_NUM_THREADS": "4"}
    done = subprocess.run([sys.executable, path], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr


def test_what_is_asked_for_counts_up_to_the_cores(monkeypatch):
    monkeypatch.setattr(threads, "allowed_cores", lambda: 4)
    monkeypatch.setattr(threads, "load_tbb", lambda: True)
    monkeypatch.setattr(threads, "pool_size", lambda: 8)
    assert [choose_threads(n, 1) for n in (1, 2, 4, 5, 99)] == [1, 2, 4, 4, 4]
    monkeypatch.setenv("BARENET_THREADS", "3")
    assert choose_threads(None, 1) == 3
    assert choose_threads(2, 1) == 2
    monkeypatch.setattr(threads, "load_tbb", lambda: False)
    assert choose_threads(4, 1e9) == 1


@pytest.mark.parametrize("text", ["two", "1.5", "-1", "0", "00", "9" * 5_000])
def test_a_number_of_threads_that_is_none(text, monkeypatch):
    monkeypatch.setenv("BARENET_THREADS", text)
    with pytest.raises(
        ValueError, match=r"^BARENET_THREADS: expected a whole number of 1 or more, got "
    ):
        choose_threads(None, 1)


def test_cores_are_those_of_the_affinity_and_of_the_control_group(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    monkeypatch.setattr(threads, "_quota", lambda: 3)
    assert allowed_cores() == 3
    monkeypatch.setattr(threads, "_quota", lambda: 64)
    assert allowed_cores() == 6
    monkeypatch.setattr(threads, "_quota", lambda: 0)
    assert allowed_cores() == 1


def test_fault_90_promise_18_eight_threads_train_at_once_with_the_bits_of_one():
    assert_runs(SCRIPT + EIGHT_THREADS)


def test_eight_python_threads_may_be_the_first_to_need_the_kernels(tmp_path):
    script = SCRIPT.replace("expected =", "never = lambda:")
    assert_runs(script + NOTHING_BUILT_YET, NUMBA_CACHE_DIR=str(tmp_path))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.parametrize("script", [A_FORK, FORKED_WORKERS], ids=["fork", "pool"])
def test_fault_92_a_fork_after_threads_have_worked_learns_as_well(script):
    assert_runs(SCRIPT + script)


def test_workers_of_joblib():
    assert_runs(SCRIPT + WORKERS_OF_JOBLIB)


@pytest.mark.parametrize("layer", ["workqueue", "omp"])
def test_another_library_for_threads_that_numba_is_told_to_take(layer):
    """Workqueue ends the process if two threads call it, OpenMP if it forks: one thread is safe."""
    script = SCRIPT + EIGHT_THREADS + (A_FORK if hasattr(os, "fork") else "")
    assert_runs(script, NUMBA_THREADING_LAYER=layer)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_another_library_that_has_made_numba_start_its_threads_before():
    assert_runs(ANOTHER_LIBRARY + SCRIPT + A_FORK)

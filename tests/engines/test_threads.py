"""Threads: their number, and training beside other threads, forks and processes."""

import os
import subprocess
import sys
from textwrap import indent

import numba
import pytest

from barenet.engines import _threads as threads
from barenet.engines._threads import (
    START,
    WORTHWHILE,
    allowed_cores,
    choose_threads,
    worth_starting,
)

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.delenv("BARENET_THREADS", raising=False)


def run(functions, script, folder, **environment):
    """Run a script as a file, whose functions workers import; return what it prints."""
    path = folder / "script.py"
    path.write_text(f"{functions}\nif __name__ == '__main__':\n{indent(script, '    ')}")
    done = subprocess.run(
        [sys.executable, path], timeout=100, capture_output=True, text=True,
        env={**os.environ, "PYTHONWARNINGS": "ignore", **environment},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_call_gets_as_many_threads_as_shorten_it(monkeypatch):
    monkeypatch.setattr(threads, "_limits", list)  # these tests run with one thread for BLAS
    monkeypatch.setattr(threads, "allowed_cores", lambda: 16)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 16)
    assert worth_starting(WORTHWHILE - 1, 1e12) == 1
    for in_call in (1e6, 1e7, 5e7, 3e8, 1e12):
        durations = {count: in_call / count + START * count for count in range(1, 10_000)}
        worth, best = worth_starting(WORTHWHILE, in_call), min(durations, key=durations.get)
        assert worth == pytest.approx(best, abs=1)
        assert choose_threads(None, worth) == min(worth, 16)


def test_a_requested_number_counts_up_to_the_cores(monkeypatch):
    monkeypatch.setattr(threads, "allowed_cores", lambda: 4)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 8)
    assert [choose_threads(n, 1) for n in (1, 2, 4, 5, 99)] == [1, 2, 4, 4, 4]
    monkeypatch.setenv("BARENET_THREADS", "3")
    assert (choose_threads(None, 1), choose_threads(2, 1)) == (3, 2)
    monkeypatch.setattr(numba.config, "NUMBA_NUM_THREADS", 2)
    assert choose_threads(4, 1_000) == 2


def test_a_wrong_number_of_threads_in_the_environment_is_refused(monkeypatch):
    for text in ("two", "1.5", "-1", "0", "00", "9" * 5_000):
        monkeypatch.setenv("BARENET_THREADS", text)
        with pytest.raises(ValueError, match=r"^BARENET_THREADS: "):
            choose_threads(None, 1)


def test_cores_respect_affinity_and_control_group(monkeypatch):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(6)), raising=False)
    for quota, cores in ((3, 3), (64, 6), (0, 1)):
        monkeypatch.setattr(threads, "_quota", lambda quota=quota: quota)
        assert allowed_cores() == cores


#: On a machine that seems to have four cores.
WORKERS = """
import joblib, threadpoolctl
from joblib import Parallel, delayed
from barenet.engines import _threads as threads

limits = threads._limits

def chosen(requested=None, limits=lambda: []):
    threads.allowed_cores, threads._limits = (lambda: 4), limits
    return threads.choose_threads(requested, 1_000)

def inside(count=2, backend="threading"):
    return Parallel(n_jobs=count, backend=backend)(delayed(chosen)() for _ in range(count))

def two(backend, function=chosen, *args):
    return Parallel(n_jobs=2, backend=backend)(delayed(function)(*args) for _ in range(2))
"""
PROCESSES = """
for inner in (1, 2):
    with joblib.parallel_config(backend="loky", inner_max_num_threads=inner):
        assert two(None) == [inner, inner]
        assert two(None, chosen, 4) == [inner, inner]
        assert two(None, inside) == [[1, 1], [1, 1]]
assert two("multiprocessing") == [1, 1]
"""
THREADS = """
assert chosen() == 4
assert two("threading") == [1, 1]
assert two("threading", chosen, 2) == [2, 2]
assert two("threading", inside) == [[1, 1], [1, 1]]
before = chosen(None, limits)
with threadpoolctl.threadpool_limits(limits=1):
    assert chosen(None, limits) == 1
    assert chosen(3, limits) == 3
assert chosen(None, limits) == before == min([4, *limits()])
"""


@pytest.mark.case(94)
@pytest.mark.parametrize("script", [PROCESSES, pytest.param(THREADS, marks=pytest.mark.slow)])
def test_threads_times_workers_are_no_more_than_the_cores(script, tmp_path):
    run(WORKERS, script, tmp_path, NUMBA_NUM_THREADS="4")


#: On a machine that seems to have four cores, with a limit in the environment alone.
ENVIRONMENT = """
import sys, threading
import numpy as np
from barenet import Network, train, train_many
from barenet.typing import Ensemble
from barenet.engines import _threads as threads

assert "threadpoolctl" not in sys.modules
threads.allowed_cores = lambda: 4
X, y = np.random.default_rng(0).normal(size=(2000, 200)).astype("float32"), np.arange(2000) % 9

def networks(count=1):
    sizes = [200, 900, 9]
    return [Network.dense(sizes, hidden="tanh", output="softmax", seed=at) for at in range(count)]

def most(function, *arguments, **options):
    \"\"\"Largest number of threads during a call, of those that it has started and helped in.\"\"\"
    threads.helpers.cache_clear()
    before, counts, done = threading.active_count(), [1], threading.Event()
    def watch():
        while not done.wait(0.001):
            counts.append(threading.active_count() - before)
    watcher = threading.Thread(target=watch)
    watcher.start()
    function(*arguments, **options)
    done.set()
    watcher.join()
    return max(counts)

options = {"epochs": 1, "batch_size": 1000, "optimizer": "sgd"}
print(most(train, *networks(), X, y, **options, engine="compiled"),
      most(networks()[0].predict, X), most(Ensemble(networks(2)).predict, X),
      most(train_many, networks(4), X, y, **options) - 1)
"""


@pytest.mark.case(136)
@pytest.mark.parametrize("name", ["OMP", ""])
def test_limits_of_the_environment_hold_where_nothing_else_is_imported(name, tmp_path):
    """Without a limit there are several threads, so that the one with it is a choice."""
    given = dict.fromkeys(("OMP", "NUMBA", "OPENBLAS"), "4") | {name: "1"}
    environment = {f"{each}_NUM_THREADS": count for each, count in given.items() if each}
    counts = [int(count) for count in run("", ENVIRONMENT, tmp_path, **environment).split()]
    if name:
        assert counts == [1] * 4
    else:
        assert len(set(counts)) == 1 and counts[0] >= min(2, allowed_cores())


TRAINING = """
import multiprocessing, os
import numpy as np
from barenet import Network, train
from joblib import Parallel, delayed

def learn(seed, sizes=(300, 20, 3)):
    X = np.random.default_rng(seed).normal(size=(120, sizes[0]))
    network = Network.dense(sizes, hidden="tanh", output="softmax", seed=seed)
    history = train(network, X, np.arange(120) % 3, epochs=2, seed=seed, threads=2)
    assert history.engine == "compiled"
    return network.parameters.tobytes()
"""
EXPECTED = "expected = [learn(seed) for seed in range(8)]"
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
assert Parallel(n_jobs=2)(delayed(learn)(seed) for seed in range(4)) == expected[:4]
"""
FORK = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")


@pytest.mark.case(92)
@FORK
def test_a_fork_after_threaded_training_can_train(tmp_path):
    run(TRAINING, EXPECTED + A_FORK + FORKED_WORKERS + WORKERS_OF_JOBLIB, tmp_path)

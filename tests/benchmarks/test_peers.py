"""Every library does every task of its own on few rows, and its networks learn.

A library that is not installed is skipped; barenet, scikit-learn and the tutorials always run.
"""

import numpy as np
import pytest
from benchmarks.estimators import CALLS
from benchmarks.peers import PEERS
from benchmarks.populations import POPULATIONS
from benchmarks.rows import make_rows
from benchmarks.speed_map import prediction, step
from benchmarks.works import WORKS, Work

SMALL = {
    "mnist-16": {"data": "digits", "sizes": (64, 16, 10), "learning_rate": 0.3},
    "mnist-256": {"data": "digits", "sizes": (64, 32, 16, 10), "learning_rate": 0.01},
    "deep": {"data": "digits", "sizes": (64, 32, 16, 16, 10), "learning_rate": 0.01},
    "sine": {"n_rows": 50, "learning_rate": 0.1},
    "one-row": {"learning_rate": 0.01},
}
CASES = [(name, work) for name, peer in PEERS.items() for work in WORKS if peer.does(work)]
#: The other tasks, on few rows.
JOBS = (
    step("sgd", 8, 16).but(n_rows=24),
    prediction(30, 16),
    *(work.but(n_rows=40, sizes=(work.sizes[0], 8, 3), epochs=3, networks=2) for work in CALLS[5:]),
    *(work.but(epochs=2, networks=3) for work, _ in POPULATIONS),
)


def small(work: Work) -> Work:
    return work.but(**{"n_rows": 500, **SMALL.get(work.name, {})}, task="epoch")


def trained(name: str, work: Work, epochs: int):
    if not PEERS[name].installed:
        pytest.skip(f"{PEERS[name].library} is not installed")
    trainer = PEERS[name].job(work, make_rows(work))
    trainer.run(epochs)
    return trainer


@pytest.mark.slow
@pytest.mark.parametrize(("name", "work"), CASES, ids=lambda value: getattr(value, "name", value))
def test_every_peer_trains_and_starts_over(name, work):
    work = small(work)
    trainer = trained(name, work, 60 if work.classifies else 300)
    X, y = trainer.rows.X, trainer.rows.y

    def error() -> float:
        wrong = trainer.predict(X) - y
        return np.mean(wrong != 0) if work.classifies else np.mean(wrong**2)

    learned = error()
    assert trainer.predict(X).shape == y.shape
    assert learned < (0.1 if work.classifies else 0.9 * np.var(y))
    trainer.reset()
    trainer.advance()
    assert error() > learned


@pytest.mark.slow
@pytest.mark.parametrize("work", JOBS, ids=lambda work: work.name)
@pytest.mark.parametrize("name", PEERS)
def test_every_task_runs(name, work):
    if not PEERS[name].does(work):
        assert work.task not in PEERS[name].tasks
        return
    if not PEERS[name].installed:
        pytest.skip(f"{PEERS[name].library} is not installed")
    job = PEERS[name].job(work, make_rows(work))
    job.run(2)
    assert 0 < job.share <= 1
    assert isinstance(job.about(), str)

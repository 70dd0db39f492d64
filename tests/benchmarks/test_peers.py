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
from benchmarks.works import TASKS, WORKS, Work

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


@pytest.mark.integration
@pytest.mark.parametrize(("name", "work"), CASES, ids=lambda case: getattr(case, "name", case))
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


@pytest.mark.integration
@pytest.mark.parametrize(("epochs", "loss"), [(0, 0.062240609), (200, 0.006234695)])
def test_the_sine_tutorial_has_the_loss_of_its_code(epochs, loss):
    """The oracle: the losses of the tutorial's own code from RandomState(1), in float64."""
    trainer = trained("tutorial", next(work for work in WORKS if work.name == "sine"), epochs)
    losses = []
    for x, y in zip(trainer.X, trainer.y, strict=True):
        losses.append(0.5 * (trainer.predict(x.reshape(1, 1))[0] - y) ** 2)
        trainer.step(x.reshape(1, 1), y)
    assert np.mean(losses) == pytest.approx(loss, rel=1e-5)  # the rows are float32


@pytest.mark.integration
@pytest.mark.parametrize("work", JOBS, ids=lambda work: work.name)
@pytest.mark.parametrize("name", ["barenet", "scikit-learn", "JAX", "PyTorch"])
def test_every_task_runs(name, work):
    if name not in PEERS or not PEERS[name].does(work):
        assert work.task not in PEERS[name].tasks
        return
    if not PEERS[name].installed:
        pytest.skip(f"{PEERS[name].library} is not installed")
    job = PEERS[name].job(work, make_rows(work))
    job.run(2)
    assert 0 < job.share <= 1
    assert isinstance(job.about(), str)


def test_every_task_is_measured():
    assert {work.task for work in (*WORKS, *JOBS, *CALLS)} == TASKS.keys()
    assert {task for peer in PEERS.values() for task in peer.tasks} == TASKS.keys()


@pytest.mark.parametrize(
    ("name", "operations"),
    [
        # Forward and each weight's gradient for 784·16, and the error carried down through 16·10.
        ("mnist-16", 46_900 * (2 + 2) * 784 * 16 + 46_900 * (2 + 2 + 2) * 16 * 10),
        ("mnist-256", 46_900 * (4 * 200_704 + 6 * 34_048)),
        ("sine", 500 * (4 * 10 + 6 * 100 + 6 * 10)),
        ("one-row", 2 * (64 * 32 + 32 * 10)),
    ],
)
def test_operations_are_counted_by_matrix_products(name, operations, monkeypatch):
    monkeypatch.delenv("BARENET_DATA", raising=False)
    (work,) = (work for work in WORKS if work.name == name)
    assert work.operations == operations
    assert not name.startswith("mnist") or make_rows(work).origin == "random numbers"


def test_both_libraries_fit_the_same_classifier():
    """The same settings and seeds lead to the same probabilities."""
    work = CALLS[1].but(epochs=20)
    jobs = [PEERS[name].job(work, make_rows(work)) for name in ("barenet", "scikit-learn")]
    for job in jobs:
        job.run(1)
    ours, theirs = (job.model.predict_proba(job.X) for job in jobs)
    np.testing.assert_allclose(ours, theirs, rtol=1e-6)

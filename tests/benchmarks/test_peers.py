"""Every peer does every work of its own on few rows, and learns.

A peer whose library is not installed is skipped; barenet, scikit-learn and the tutorials always
run.
"""

import dataclasses

import numpy as np
import pytest
from benchmarks.peers import PEERS
from benchmarks.rows import make_rows
from benchmarks.works import WORKS, Work

SMALL = {
    "mnist-16": {"data": "digits", "sizes": (64, 16, 10), "learning_rate": 0.3},
    "mnist-256": {"data": "digits", "sizes": (64, 32, 16, 10), "learning_rate": 0.01},
    "sine": {"n_rows": 50, "learning_rate": 0.1},
    "one-row": {"learning_rate": 0.01},
}
CASES = [(name, work) for name, peer in PEERS.items() for work in WORKS if peer.does(work.name)]


def small(work: Work) -> Work:
    return dataclasses.replace(work, **{"n_rows": 500, **SMALL[work.name]})


def trained(name: str, work: Work, epochs: int):
    if not PEERS[name].installed:
        pytest.skip(f"{PEERS[name].library} is not installed")
    trainer = PEERS[name].trainer(work, make_rows(work))
    trainer.run(epochs)
    return trainer


@pytest.mark.parametrize(("name", "work"), CASES, ids=lambda case: getattr(case, "name", case))
def test_every_peer_trains(name, work):
    work = small(work)
    trainer = trained(name, work, 60 if work.classifies else 300)
    X, y = trainer.rows.X, trainer.rows.y
    prediction = trainer.predict(X)
    assert prediction.shape == y.shape
    if work.classifies:
        assert np.mean(prediction == y) > 0.9
    else:
        assert np.mean((prediction - y) ** 2) < 0.9 * np.var(y)


@pytest.mark.parametrize(("name", "work"), CASES, ids=lambda case: getattr(case, "name", case))
def test_reset_starts_over_and_advance_continues(name, work):
    work = small(work)
    trainer = trained(name, work, 5)
    X = trainer.rows.X

    def error() -> float:
        wrong = trainer.predict(X) - trainer.rows.y
        return np.mean(wrong != 0) if work.classifies else np.mean(wrong**2)

    for _ in range(40):
        trainer.advance()
    learned = error()
    trainer.reset()
    trainer.advance()
    assert error() > learned


@pytest.mark.parametrize(("epochs", "loss"), [(0, 0.062240609), (200, 0.006234695)])
def test_the_sine_tutorial_has_the_loss_of_its_code(epochs, loss):
    """The oracle: the losses of the tutorial's own code from RandomState(1), in float64."""
    trainer = trained("tutorial", next(work for work in WORKS if work.name == "sine"), epochs)
    losses = []
    for x, y in zip(trainer.X, trainer.y, strict=True):
        losses.append(0.5 * (trainer.predict(x.reshape(1, 1))[0] - y) ** 2)
        trainer.step(x.reshape(1, 1), y)
    assert np.mean(losses) == pytest.approx(loss, rel=1e-5)  # the rows are float32

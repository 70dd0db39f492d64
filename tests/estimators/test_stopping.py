"""Stopping: the rules by hand, epoch by epoch, without a network that learns."""

from __future__ import annotations

import math

import pytest

from barenet import SGD, History, Network, Run
from barenet.estimators.stopping import BestScore, InverseTime, Patience, Report, Standing


def epochs(callback, losses, scores=()):
    """Show a callback these losses and scores; return the epoch in which it ends the run."""
    network = Network.dense([1, 1], init="zeros")
    run = Run(network=network, history=History(), epochs=len(losses), n_batches=1)
    for run.epoch, loss in enumerate(losses, 1):
        network.parameters[:] = run.epoch
        score = {"validation_accuracy": scores[run.epoch - 1]} if scores else {}
        run.history.append({"loss": loss, **score})
        callback.on_epoch(run)
        if run.stop_reason:
            break
    callback.on_end(run)
    return run


def test_one_epoch_more_than_it_waits_for():
    losses = [1.0, 0.95, 0.95, 0.99, 0.1, 0.1]
    assert epochs(Patience(Standing(), tol=0.1, most=2), losses).epoch == 4
    assert epochs(Patience(Standing(), tol=0.1, most=3), losses).stop_reason is None


def test_better_by_exactly_tol_counts():
    standing = Standing()
    epochs(Patience(standing, tol=0.25, most=1), [1.0, 0.75, 0.5, 0.25])
    assert standing == Standing(best=0.25, count=0)


def test_it_may_wait_for_ever():
    standing = Standing()
    run = epochs(Patience(standing, tol=1e9, most=math.inf), [1.0] * 30)
    assert run.stop_reason is None
    assert standing.count == 29


def test_it_goes_on_from_call_to_call():
    standing = Standing()
    for losses in ([1.0, 1.1], [1.1, 1.1]):
        run = epochs(Patience(standing, tol=0, most=3), losses)
    assert run.stop_reason is None
    assert epochs(Patience(standing, tol=0, most=3), [1.1]).stop_reason


def test_a_fifth_of_the_rate_until_it_is_tiny():
    optimizer = SGD(1e-5)
    run = epochs(Patience(Standing(), 0.1, 1, optimizer), [1.0] * 30)
    # Every other epoch a fifth: 2e-6 after the third, 4e-7 after the fifth, and the end.
    assert run.epoch == 7
    assert optimizer.learning_rate == pytest.approx(4e-7)


def test_the_best_score_is_put_back():
    scores = [0.5, 0.7, 0.6, math.nan, 0.7, 0.1]
    standing = Standing()
    rule = BestScore("validation_accuracy", standing, tol=0, most=9)
    run = epochs(rule, [1.0] * 6, scores)
    assert run.history.best_epoch == 2
    assert run.network.parameters.tolist() == [2, 2]
    assert standing.best == -0.7
    assert len(standing.scores) == 6


def test_a_score_that_is_no_number_is_no_better():
    rule = BestScore("validation_accuracy", Standing(), tol=0, most=2)
    assert epochs(rule, [1.0] * 9, [0.5] + 8 * [math.nan]).epoch == 4


def test_inverse_time():
    optimizer = SGD(0.5)
    epochs(InverseTime(optimizer, 0.5, power=0.5, visited=5, n_rows=10), [1.0])
    assert optimizer.learning_rate == pytest.approx(0.5 / math.sqrt(5 + 10 + 1))


def test_report(capsys):
    standing = Standing(scores=[0.25])
    epochs(Report(standing), [1.0, 0.5])
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == ["Iteration 1, loss = 1.00000000", "Validation score: 0.250000"]
    assert len(lines) == 4

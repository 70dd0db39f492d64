"""The rules of early stopping, epoch by epoch without training, and the validation split."""

from __future__ import annotations

import math

import numpy as np
import pytest

from barenet import History, Network
from barenet.callbacks import Run
from barenet.estimators._early_stopping import (
    InverseScalingRate,
    Patience,
    StoppingState,
    split_validation,
)
from barenet.model._array_dataset import ArrayDataset
from barenet.optimizers import SGD

ROWS = ArrayDataset(np.arange(40.0).reshape(20, 2), np.arange(20.0)[:, None], np.arange(20.0))


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
    assert epochs(Patience(StoppingState(), tol=0.1, patience=2), losses).epoch == 4
    assert epochs(Patience(StoppingState(), tol=0.1, patience=3), losses).stop_reason is None


def test_better_by_exactly_tol_counts():
    state = StoppingState()
    epochs(Patience(state, tol=0.25, patience=1), [1.0, 0.75, 0.5, 0.25])
    assert state == StoppingState(best=0.25, n_epochs_no_change=0)


def test_it_may_wait_for_ever():
    state = StoppingState()
    run = epochs(Patience(state, tol=1e9, patience=math.inf), [1.0] * 30)
    assert run.stop_reason is None
    assert state.n_epochs_no_change == 29


def test_it_goes_on_from_call_to_call():
    state = StoppingState()
    for losses in ([1.0, 1.1], [1.1, 1.1]):
        run = epochs(Patience(state, tol=0, patience=3), losses)
    assert run.stop_reason is None
    assert epochs(Patience(state, tol=0, patience=3), [1.1]).stop_reason


def test_a_fifth_of_the_rate_until_it_is_tiny():
    optimizer = SGD(1e-5)
    run = epochs(Patience(StoppingState(), 0.1, 1, optimizer), [1.0] * 30)
    # Every other epoch a fifth: 2e-6 after the third, 4e-7 after the fifth, and the end.
    assert run.epoch == 7
    assert optimizer.learning_rate == pytest.approx(4e-7)


def test_the_best_score_is_put_back():
    scores = [0.5, 0.7, 0.6, math.nan, 0.7, 0.1]
    state = StoppingState()
    rule = Patience(state, 0, 9, score="validation_accuracy")
    run = epochs(rule, [1.0] * 6, scores)
    assert run.history.best_epoch == 2
    assert run.network.parameters.tolist() == [2, 2]
    assert state.best == -0.7
    assert len(state.scores) == 6


def test_a_score_that_is_no_number_is_no_better():
    rule = Patience(StoppingState(), 0, 2, score="validation_accuracy")
    assert epochs(rule, [1.0] * 9, [0.5] + 8 * [math.nan]).epoch == 4


def test_inverse_time():
    optimizer = SGD(0.5)
    epochs(InverseScalingRate(optimizer, 0.5, power=0.5, n_visited=5, n_rows=10), [1.0])
    assert optimizer.learning_rate == pytest.approx(0.5 / math.sqrt(5 + 10 + 1))


def test_each_row_is_on_one_side_with_its_target_and_weight():
    training, validation = split_validation(ROWS, 0.25, None, np.random.RandomState(0))
    assert len(validation.X) == 5
    for rows in (training, validation):
        assert (rows.X[:, 0] / 2 == rows.y[:, 0]).all()
        assert (rows.sample_weight == rows.y[:, 0]).all()
    assert sorted([*training.y[:, 0], *validation.y[:, 0]]) == list(range(20))


def test_a_share_of_each_group():
    strata = np.arange(20) < 4
    _, validation = split_validation(ROWS, 0.5, strata, np.random.RandomState(0))
    assert (validation.y[:, 0] < 4).sum() == 2


@pytest.mark.parametrize("fraction", [0.01, 0.05])
def test_fault_34_too_few_rows(fraction):
    with pytest.raises(ValueError, match=r"^validation_fraction: "):
        split_validation(ROWS, fraction, None, np.random.RandomState(0))


def test_fault_34_a_group_of_one_row():
    strata = np.arange(20) == 3
    with pytest.raises(
        ValueError, match=r"^validation_fraction: The least populated class.*\[True"
    ):
        split_validation(ROWS, 0.5, strata, np.random.RandomState(0))


@pytest.mark.parametrize("heavy", [0, 1])
def test_fault_26_rows_that_all_weigh_nothing_can_not_be_a_side(heavy):
    """Their mean score would be 0 / 0."""
    side = split_validation(ROWS, 0.25, None, np.random.RandomState(0))[heavy]
    weights = np.isin(np.arange(20), side.y).astype(float)
    with pytest.raises(ValueError, match=r"^sample_weight: all .* have weight 0; give validation"):
        split_validation(ROWS._replace(sample_weight=weights), 0.25, None, np.random.RandomState(0))

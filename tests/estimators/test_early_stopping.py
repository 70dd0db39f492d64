"""The rules of early stopping, epoch by epoch without training, and the validation split.

That they agree with scikit-learn's is tested in test_agreement.py.
"""

import math

import numpy as np
import pytest

from barenet import History, Network
from barenet.callbacks import Run
from barenet.estimators._early_stopping import Patience, StoppingState, split_validation
from barenet.model._array_dataset import ArrayDataset

ROWS = ArrayDataset(np.arange(40.0).reshape(20, 2), np.arange(20.0)[:, None], np.arange(20.0))


def split(rows=ROWS, fraction=0.25, strata=None):
    return split_validation(rows, fraction, strata, np.random.RandomState(0))


def epochs(callback, losses, scores=()):
    """Call a callback with these losses and scores; return the run that it ended."""
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


@pytest.mark.parametrize(("patience", "last"), [(2, 4), (3, 6), (math.inf, 6)])
def test_the_run_ends_after_one_epoch_more_than_the_patience(patience, last):
    run = epochs(Patience(StoppingState(), 0.1, patience), [1.0, 0.95, 0.95, 0.99, 0.1, 0.1])
    assert run.epoch == last
    assert (run.stop_reason is None) == (last == 6)


def test_the_patience_continues_from_call_to_call():
    state = StoppingState()
    for losses in ([1.0, 1.1], [1.1, 1.1]):
        assert epochs(Patience(state, 0, 3), losses).stop_reason is None
    assert epochs(Patience(state, 0, 3), [1.1]).stop_reason


def test_the_network_of_the_best_score_is_restored():
    """A score that is NaN is no better."""
    scores, state = [0.5, 0.7, 0.6, math.nan, 0.7, 0.1], StoppingState()
    run = epochs(Patience(state, 0, 9, score="validation_accuracy"), [1.0] * 6, scores)
    assert run.history.best_epoch == 2
    assert run.network.parameters.tolist() == [2, 2]
    assert (state.best, len(state.scores)) == (-0.7, 6)


def test_each_row_is_on_one_side_with_its_target_and_weight():
    training, validation = split()
    assert len(validation.X) == 5
    for rows in (training, validation):
        assert (rows.X[:, 0] / 2 == rows.y[:, 0]).all()
        assert (rows.sample_weight == rows.y[:, 0]).all()
    assert sorted([*training.y[:, 0], *validation.y[:, 0]]) == list(range(20))


def test_a_fraction_of_each_stratum():
    _, validation = split(fraction=0.5, strata=np.arange(20) < 4)
    assert (validation.y[:, 0] < 4).sum() == 2


@pytest.mark.parametrize(
    ("fraction", "strata"), [(0.01, None), (0.05, None), (0.5, np.arange(20) == 3)]
)
def test_fault_34_rows_that_can_not_be_split(fraction, strata):
    with pytest.raises(ValueError) as caught:
        split(fraction=fraction, strata=strata)
    assert caught.value.argument == "validation_fraction"


@pytest.mark.parametrize("heavy", [0, 1])
def test_fault_26_weights_that_are_all_zero_on_one_side(heavy):
    """Their mean score would be 0 / 0."""
    weights = np.isin(np.arange(20), split()[heavy].y).astype(float)
    with pytest.raises(ValueError, match=r"^sample_weight: all .* have weight 0; give validation"):
        split(ROWS._replace(sample_weight=weights))

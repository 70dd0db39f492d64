import json
import math

import pytest

from barenet import History
from barenet.files._model_card import MAX_EPOCHS, TrainingLog


def history(n_epochs: int, best_epoch: int | None = None) -> History:
    curves = {"loss": [1 / (1 + epoch) for epoch in range(n_epochs)], "seconds": [0.1] * n_epochs}
    return History(curves, "reference", 7, "completed", best_epoch)


@pytest.mark.parametrize("n_epochs", [1, 2, MAX_EPOCHS])
def test_a_short_log_is_complete(n_epochs):
    log = TrainingLog.from_history(history(n_epochs))
    assert log.epochs == tuple(range(1, n_epochs + 1))
    assert log.curves.keys() == {"loss"}  # the seconds differ each time
    assert log.curves["loss"] == pytest.approx(history(n_epochs).loss, rel=1e-5)


@pytest.mark.parametrize("n_epochs", [MAX_EPOCHS + 1, 3000, 100_000])
def test_a_long_log_is_thinned_but_keeps_first_last_and_best(n_epochs):
    log = TrainingLog.from_history(history(n_epochs, best_epoch=n_epochs - 77))
    assert {1, n_epochs - 77, n_epochs} <= set(log.epochs)
    assert MAX_EPOCHS / 2 < len(log.epochs) <= MAX_EPOCHS
    assert log.n_epochs == n_epochs and log.selected_epoch == n_epochs - 77
    for epoch in log.epochs:
        loss = log.curves["loss"][log.epochs.index(epoch)]
        assert loss == pytest.approx(1 / epoch, rel=1e-5)
    gaps = [after - before for before, after in zip(log.epochs, log.epochs[1:], strict=False)]
    assert max(gaps) <= math.ceil(n_epochs / (MAX_EPOCHS / 2 - 2))
    assert log.epochs[:5] == (1, 2, 3, 4, 5)
    assert len(json.dumps(log.to_dict())) < 10_000


def test_round_trip_with_non_finite_values():
    first = TrainingLog.from_history(
        History({"loss": [math.inf, 0.5, 1 / 3]}, "compiled", 1, "x", 1)
    )
    text = json.dumps(first.to_dict(), allow_nan=False)
    second = TrainingLog.from_dict(json.loads(text))
    assert json.dumps(second.to_dict()) == text
    assert second == first and second.curves["loss"] == (None, 0.5, 0.333333)


@pytest.mark.parametrize(
    "changes",
    [
        *({"n_epochs": -1}, {"best_epoch": "x"}, {"stopped_because": "\ud800"}),
        {"history": {"loss": [1, 2, 3]}},
        *({"history": {"epoch": [0, 1, 2], "loss": each}} for each in ([1, 2], [1, 2, math.inf])),
    ],
)
def test_invalid_logs_are_refused(changes):
    plain = {**TrainingLog.from_history(history(3)).to_dict(), **changes}
    with pytest.raises((LookupError, TypeError, ValueError, AttributeError)):
        TrainingLog.from_dict(plain)

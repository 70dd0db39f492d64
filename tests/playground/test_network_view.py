from __future__ import annotations

import pytest

from barenet.playground.page_state import DataSettings
from barenet.playground.learning_curve import EpochMetrics
from barenet.playground.page_state import NetworkSettings
from barenet.playground.network_view import NetworkView
from barenet.playground.prepared_data import prepare
from barenet.playground.progress_report import Progress


class Listening:
    """Takes orders instead of a trainer, and does nothing."""

    def __init__(self):
        self.commands = []

    def begin(self, task, pace, listener):
        self.task, self.listener = task, listener
        return 7

    def command(self, key, action, value=None):
        self.commands.append((key, action, value))


@pytest.fixture
def view():
    made = NetworkView(NetworkSettings(), prepare(DataSettings(), {}), Listening(), 30.0)
    made.start(lambda progress: None)
    return made


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "dropout": 0.1}, {"dropout": 0.3}])
def test_every_weight_is_found_in_the_vector(changes):
    view = NetworkView(
        NetworkSettings().copy(**changes), prepare(DataSettings(), {}), Listening(), 0
    )
    dense = [layer for layer in view.network.layers if hasattr(layer, "weights")]
    for place, (layer, told) in enumerate(zip(dense, view.layout(), strict=True)):
        assert (told["n_in"], told["n_out"]) == layer.weights.shape
        for row in range(layer.n_in):
            for column in range(layer.n_out):
                index = view.index_of(place, row, column)
                assert view.network.parameters[index] == layer.weights[row, column]
        view.network.parameters[view.index_of(place, -1, 0)] = 42.0 + place
        assert layer.bias[0] == 42.0 + place


def test_a_weight_that_is_none_is_refused(view):
    for place in ((9, 0, 0), (0, 2, 0), (0, -2, 0), (0, 0, 4)):
        with pytest.raises(ValueError, match=r"layer|weight"):
            view.edit(*place, 1.0)
    for value in (float("nan"), 1e7, "1", None):
        with pytest.raises(ValueError, match="value"):
            view.edit(0, 0, 0, value)
    assert view.trainer.commands == []
    view.edit(1, -1, 1, 2.5)
    assert view.trainer.commands == [(7, "edit", (12 + 8 + 1, 2.5))]


def test_a_report_is_taken_over_and_drawn(view):
    parameters = view.network.parameters + 1
    rows = [EpochMetrics(1, 0.5, 0.6, 0.7, 0.8), EpochMetrics(2, 0.4, float("inf"), 0.7, 0.8)]
    view.receive(
        Progress(epoch=2, parameters=parameters, statistics=view.network.statistics, rows=rows)
    )
    version = view.curve.version
    header = view.header((version, 0))
    assert header["epoch"] == 2 and header["newest"] == [2, 0.4, None, 0.7, 0.8]
    assert [row[0] for row in header["rows"]] == [1, 2]
    assert view.header((version, 2))["rows"] == []
    _, arrays = view.draw(view.latest)
    assert (arrays["weights"] == parameters).all()
    assert (view.current().parameters == parameters).all()
    assert view.current() is not view.network


def test_a_redesign_that_does_not_fit_changes_nothing(view):
    with pytest.raises(ValueError, match="loss"):
        view.redesign(view.settings.copy(loss="huber"))
    assert view.settings == NetworkSettings() and view.trainer.commands == []


def test_a_trainer_that_is_gone_is_told_of(view):
    view.receive(None)
    header = view.header((0, 0))
    assert header["failed"] and "has ended" in header["words"] and header["epoch"] == 0

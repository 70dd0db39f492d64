from __future__ import annotations

import pytest

from barenet.playground.design import Design
from barenet.playground.lane import Lane
from barenet.playground.material import prepare
from barenet.playground.progress import Progress
from barenet.playground.scene import Scene
from barenet.playground.trace import Measure


class Listening:
    """Takes orders instead of a trainer, and does nothing."""

    def __init__(self):
        self.orders = []

    def begin(self, task, pace, listener):
        self.task, self.listener = task, listener
        return 7

    def order(self, key, verb, value=None):
        self.orders.append((key, verb, value))


@pytest.fixture
def lane():
    made = Lane(Design(), prepare(Scene(), {}), Listening(), 30.0)
    made.start(lambda progress: None)
    return made


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "dropout": 0.1}, {"dropout": 0.3}])
def test_every_weight_is_found_in_the_vector(changes):
    lane = Lane(Design().copy(**changes), prepare(Scene(), {}), Listening(), 0)
    dense = [layer for layer in lane.network.layers if hasattr(layer, "weights")]
    for place, (layer, told) in enumerate(zip(dense, lane.layout(), strict=True)):
        assert (told["n_in"], told["n_out"]) == layer.weights.shape
        for row in range(layer.n_in):
            for column in range(layer.n_out):
                index = lane.index_of(place, row, column)
                assert lane.network.parameters[index] == layer.weights[row, column]
        lane.network.parameters[lane.index_of(place, -1, 0)] = 42.0 + place
        assert layer.bias[0] == 42.0 + place


def test_a_weight_that_is_none_is_refused(lane):
    for place in ((9, 0, 0), (0, 2, 0), (0, -2, 0), (0, 0, 4)):
        with pytest.raises(ValueError, match=r"layer|weight"):
            lane.edit(*place, 1.0)
    for value in (float("nan"), 1e7, "1", None):
        with pytest.raises(ValueError, match="value"):
            lane.edit(0, 0, 0, value)
    assert lane.trainer.orders == []
    lane.edit(1, -1, 1, 2.5)
    assert lane.trainer.orders == [(7, "edit", (12 + 8 + 1, 2.5))]


def test_a_report_is_taken_over_and_drawn(lane):
    parameters = lane.network.parameters + 1
    rows = [Measure(1, 0.5, 0.6, 0.7, 0.8), Measure(2, 0.4, float("inf"), 0.7, 0.8)]
    lane.receive(
        Progress(epoch=2, parameters=parameters, statistics=lane.network.statistics, rows=rows)
    )
    version = lane.trace.version
    header = lane.header((version, 0))
    assert header["epoch"] == 2 and header["newest"] == [2, 0.4, None, 0.7, 0.8]
    assert [row[0] for row in header["rows"]] == [1, 2]
    assert lane.header((version, 2))["rows"] == []
    _, arrays = lane.draw(lane.latest)
    assert (arrays["weights"] == parameters).all()
    assert (lane.current().parameters == parameters).all()
    assert lane.current() is not lane.network


def test_a_redesign_that_does_not_fit_changes_nothing(lane):
    with pytest.raises(ValueError, match="loss"):
        lane.redesign(lane.design.copy(loss="huber"))
    assert lane.design == Design() and lane.trainer.orders == []


def test_a_trainer_that_is_gone_is_told_of(lane):
    lane.receive(None)
    header = lane.header((0, 0))
    assert header["failed"] and "has ended" in header["words"] and header["epoch"] == 0

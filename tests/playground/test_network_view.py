import pytest

from barenet.errors import ArgumentError
from barenet.model._network import Snapshot
from barenet.playground._data_preparation import prepare_named
from barenet.playground._network_layout import describe, parameter_index
from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings, NetworkSettings, WeightEdit
from barenet.playground._problems import Problem
from barenet.playground._timeline import EpochMetrics
from barenet.playground._trainer_messages import ProgressReport


class RecordingTrainer:
    """Records the commands, and trains nothing."""

    def __init__(self):
        self.commands = []

    def begin(self, task, pace, listener):
        return 7

    def send(self, key, action, value=None):
        self.commands.append((key, action, value))


@pytest.fixture
def view():
    view = NetworkView(NetworkSettings(), prepare_named(DataSettings()), RecordingTrainer())
    view.start(30.0, lambda report: None)
    return view


def report(view, losses, **status):
    """A report of epochs with these test losses."""
    rows = [EpochMetrics(epoch, 0.5, loss, 0.7, 0.8) for epoch, loss in losses.items()]
    snapshot = Snapshot(view.network.parameters + 1, view.network.statistics)
    last = max(losses, default=0)
    return ProgressReport(snapshot=snapshot, rows=rows, **{"epoch": last, "last": last, **status})


@pytest.mark.parametrize("changes", [{}, {"batch_norm": True, "dropout": 0.1}, {"dropout": 0.3}])
def test_every_weight_is_found_in_the_parameter_vector(new_task, changes):
    network = new_task(**changes)[0].network
    dense = [layer for layer in network.layers if hasattr(layer, "weights")]
    for number, (layer, offsets) in enumerate(zip(dense, describe(network)["layout"], strict=True)):
        assert (offsets["n_in"], offsets["n_out"]) == layer.weights.shape
        for row in range(layer.n_in):
            for column in range(layer.n_out):
                index = parameter_index(network, number, row, column)
                assert network.parameters[index] == layer.weights[row, column]
        network.parameters[parameter_index(network, number, -1, 0)] = 42.0 + number
        assert layer.bias[0] == 42.0 + number


@pytest.mark.parametrize("place", [(9, 0, 0), (0, 2, 0), (0, -2, 0), (0, 0, 4)])
def test_an_unknown_weight_is_rejected(view, place, refused):
    with pytest.raises(ArgumentError) as caught:
        view.edit(*place, 1.0)
    assert caught.value.argument in ("layer", "weight")
    with refused("edits"):
        view.plan((WeightEdit(0, view.network.n_parameters, 1.0),))
    view.edit(1, -1, 1, 2.5)
    assert view.trainer.commands == [(7, "edit", (12 + 8 + 1, 2.5))]


def test_reports_are_shown(view):
    view.receive(report(view, {1: 0.6, 2: float("inf")}))
    version = view.curve.version
    header = view.header({version: 0})
    assert header["epoch"] == 2 and header["newest"] == [2, 0.5, None, 0.7, 0.8]
    assert [row[0] for row in header["rows"]] == [1, 2]
    assert header["lowest"] == [1, 0.5, 0.6, 0.7, 0.8]
    assert view.header({version: 2})["rows"] == []
    _, arrays = view.draw(view.latest)
    assert (arrays["weights"] == view.latest.snapshot.parameters).all()
    assert (view.current().parameters == view.latest.snapshot.parameters).all()
    assert view.current() is not view.network


def test_the_curve_ends_where_the_later_epochs_are_discarded(view):
    view.receive(report(view, dict.fromkeys(range(6), 0.6), last=5))
    view.receive(report(view, {}, epoch=2, last=5))
    assert len(view.header({})["rows"]) == 6, "back in time, the curve stays"
    diverged = Problem("It diverged", failed=True)
    view.receive(report(view, {}, epoch=2, last=2, problem=diverged))
    assert len(view.header({})["rows"]) == 6, "it shows the divergence"
    version = view.curve.version
    view.receive(report(view, {}, epoch=4, last=4))
    assert [row[0] for row in view.header({version: 5})["rows"]] == [0, 1, 2, 3, 4]
    view.receive(report(view, {3: 0.5}, last=3))
    assert [row[0] for row in view.header({})["rows"]] == [0, 1, 2, 3]


def test_the_end_of_the_trainer_is_reported(view):
    view.receive(None)
    header = view.header({})
    assert header["failed"] and "has ended" in header["message"] and header["epoch"] == 0

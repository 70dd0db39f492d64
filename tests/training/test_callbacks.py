"""Callbacks: called in order, stopping for the right reasons."""

from __future__ import annotations

import numpy as np
import pytest

from barenet import Network, train
from barenet.callbacks import Callback, EarlyStopping, LambdaCallback, TimeLimit
from barenet.errors import ArgumentError
from barenet.training._train import as_callbacks

X = np.linspace(-1, 1, 40).reshape(-1, 1)
Y = X[:, 0] ** 2


def fit(callbacks, network=None, **settings):
    network = network or Network.dense([1, 8, 1], seed=1)
    return train(network, X, Y, **({"epochs": 5, "batch_size": 8} | settings), callbacks=callbacks)


class Recorder(Callback):
    def __init__(self):
        self.calls = []

    def on_start(self, run):
        self.calls.append("start")

    def on_chunk(self, run):
        self.calls.append(("chunk", run.epoch, run.batch))

    def on_epoch(self, run):
        self.calls.append(("epoch", run.epoch, len(run.history)))

    def on_end(self, run):
        self.calls.append("end")


def test_the_calls_come_in_order():
    recorder = Recorder()
    fit(recorder, epochs=3)
    epochs = [entry for entry in recorder.calls if entry[0] == "epoch"]
    assert recorder.calls[0] == "start" and recorder.calls[-1] == "end"
    assert epochs == [("epoch", 1, 1), ("epoch", 2, 2), ("epoch", 3, 3)]
    chunks = [entry for entry in recorder.calls if entry[0] == "chunk"]
    assert {entry[1] for entry in chunks if entry[2] == 5} == {1, 2, 3}
    assert recorder.calls.index(("chunk", 1, 5)) < recorder.calls.index(("epoch", 1, 1))


def test_a_callback_limits_the_chunks():
    class Every(Recorder):
        def __init__(self, limit):
            super().__init__()
            self.limit = limit

        def on_start(self, run):
            run.chunk_limit = self.limit

    networks = [Network.dense([1, 8, 1], seed=1) for _ in range(3)]
    recorders = [Every(limit) for limit in (None, 1, 3)]
    for network, recorder in zip(networks, recorders, strict=True):
        fit(recorder, network, epochs=12)
    looked = [
        [entry[2] for entry in recorder.calls if entry[:2] == ("chunk", 11)]
        for recorder in recorders
    ]
    assert looked[1] == [1, 2, 3, 4, 5] and looked[2] == [3, 5]
    for network in networks[1:]:
        assert np.array_equal(network.parameters, networks[0].parameters)


@pytest.mark.parametrize("limit", [0, -1, 1.5, True])
def test_a_limit_that_is_no_count_is_refused(limit):
    class Wrong(Callback):
        def on_start(self, run):
            run.chunk_limit = limit

    with pytest.raises(ValueError, match=r"^chunk_limit: expected a whole number of 1 or more"):
        fit(Wrong(), epochs=1)


def test_a_function_is_called_after_each_epoch_and_can_end_the_run():
    seen = []
    history = fit(lambda run: seen.append(run.epoch) or len(seen) == 3)
    assert seen == [1, 2, 3] and len(history) == 3
    assert history.stop_reason == "a callback returned True"
    assert len(fit(lambda run: np.mean(run.history.loss) < 1e9)) == 1  # NumPy's True
    assert len(fit(LambdaCallback(lambda run: 1))) == 5  # not True


def test_on_end_is_called_after_every_error():
    class Fails(Callback):
        def on_end(self, run):
            raise RuntimeError(run.history.stop_reason)

    def fail(run):
        raise KeyError("on purpose")

    recorder = Recorder()
    with pytest.raises(RuntimeError, match="failed with KeyError"):
        fit([Fails(), recorder, fail])
    assert recorder.calls[-1] == "end"
    with pytest.raises(RuntimeError, match="completed"):
        fit([Fails(), recorder])


def test_stopping_in_a_chunk_leaves_an_unfinished_epoch_out():
    class StopAtOnce(Callback):
        def on_chunk(self, run):
            run.stop("now")

    history = fit(StopAtOnce())
    assert len(history) == 0 and history.stop_reason == "now"


def test_a_time_limit_stops():
    history = fit(TimeLimit(0.05), epochs=1_000_000)
    assert history.stop_reason == "0.05 seconds were over"
    assert 0.02 < sum(history["seconds"]) < 5


def test_early_stopping_takes_up_a_state_before_any_run():
    first, other = EarlyStopping("loss"), EarlyStopping("loss")
    other.load_state_dict(first.state_dict())
    assert other.state_dict() == {"best": np.inf, "waited": 0}
    fit(first, epochs=2)
    other.load_state_dict(first.state_dict())
    assert np.array_equal(other.snapshot.parameters, first.snapshot.parameters)


def test_early_stopping_waits_and_restores_the_best_epoch():
    network = Network.dense([1, 8, 1], seed=1)
    saved = []
    history = fit(
        [lambda run: saved.append(run.network.parameters.copy()), EarlyStopping(patience=4)],
        network,
        epochs=300,
        validation_data=(X, -Y),
    )
    curve = history.validation_loss
    assert history.best_epoch == int(np.argmin(curve)) + 1
    assert len(history) == history.best_epoch + 4
    assert history.stop_reason == "validation_loss has not improved for 4 epochs"
    assert np.array_equal(network.parameters, saved[history.best_epoch - 1])


def test_early_stopping_restores_after_a_complete_run_too():
    network = Network.dense([1, 8, 1], seed=1)
    history = fit(EarlyStopping(patience=99), network, epochs=60, validation_data=(X, -Y))
    assert history.stop_reason == "completed"
    assert history.best_epoch < 60
    network_loss = np.mean((network.predict(X)[:, 0] + Y) ** 2) / 2
    assert network_loss == pytest.approx(min(history.validation_loss), rel=1e-4)


def test_early_stopping_can_leave_the_last_parameters():
    settings = {"epochs": 60, "validation_data": (X, -Y)}
    first, second = Network.dense([1, 8, 1], seed=1), Network.dense([1, 8, 1], seed=1)
    stopped = fit(EarlyStopping(patience=4, restore_best=False), first, **settings)
    assert stopped.best_epoch is None  # its parameters are gone
    fit((), second, **{**settings, "epochs": len(stopped)})
    assert np.array_equal(first.parameters, second.parameters)


def test_early_stopping_on_a_metric_takes_the_greatest():
    labels = (X[:, 0] > 0).astype(int)
    network = Network.dense([1, 4, 2], output="softmax", seed=0)
    history = train(
        network,
        X,
        labels,
        epochs=200,
        batch_size=8,
        metrics="accuracy",
        callbacks=EarlyStopping("accuracy", patience=5),
    )
    assert history.best_epoch == int(np.argmax(history["accuracy"])) + 1


def test_a_minimum_delta_asks_for_more():
    patient = fit(EarlyStopping("loss", patience=2, minimum_delta=10.0), epochs=50)
    assert len(patient) == 3 and patient.best_epoch == 1


def test_a_curve_that_is_not_measured_is_named():
    with pytest.raises(ValueError, match=r"monitor: 'validation_loss' is not measured.*loss"):
        fit(EarlyStopping())
    network = Network.dense([1, 8, 1], seed=1)
    before = network.parameters.copy()
    with pytest.raises(ValueError, match="monitor: 'los'"):
        fit(EarlyStopping("los"), network)
    assert np.array_equal(network.parameters, before)  # refused before the first step


def test_test_rows_never_decide_when_to_stop():
    with pytest.raises(ArgumentError, match="of the test set") as caught:
        fit(EarlyStopping("test_loss"), test_data=(X, Y))
    assert caught.value.argument == "monitor"


@pytest.mark.parametrize(
    "make",
    [
        lambda: EarlyStopping(patience=0),
        lambda: EarlyStopping(minimum_delta=-1),
        lambda: TimeLimit(0),
        lambda: TimeLimit(float("nan")),
        lambda: as_callbacks([3]),
        lambda: as_callbacks([EarlyStopping]),
    ],
)
def test_settings_that_make_no_sense(make):
    with pytest.raises(ValueError, match=r"^(patience|minimum_delta|seconds|callbacks): expected"):
        make()

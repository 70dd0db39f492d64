"""Callbacks: called in order, stopping for the right reasons."""

import copy
import pickle
from functools import partial

import numpy as np
import pytest

from barenet import Network, train
from barenet.callbacks import Callback, EarlyStopping, LambdaCallback, TimeLimit
from barenet.training._callbacks import as_callbacks

X = np.linspace(-1, 1, 40).reshape(-1, 1)
Y = X[:, 0] ** 2


def fit(callbacks, network=None, **settings):
    network = network or Network.dense([1, 8, 1], seed=1)
    return train(network, X, Y, **({"epochs": 5, "batch_size": 8} | settings), callbacks=callbacks)


class Recorder(Callback):
    def __init__(self, limit=None):
        self.limit, self.calls = limit, []

    def on_start(self, run):
        run.chunk_limit = self.limit
        self.calls.append(("start",))

    def on_chunk(self, run):
        self.calls.append(("chunk", run.epoch, run.batch))

    def on_epoch(self, run):
        self.calls.append(("epoch", run.epoch, len(run.history)))

    def on_end(self, run):
        self.calls.append(("end",))


def test_callbacks_are_called_in_order():
    recorder = Recorder(limit=5)
    fit(recorder, epochs=3)
    epochs = [call for n in (1, 2, 3) for call in (("chunk", n, 5), ("epoch", n, n))]
    last = [call for call in recorder.calls if call[0] != "chunk" or call[2] == 5]
    assert last == [("start",), *epochs, ("end",)]


def test_callbacks_limit_chunks_without_changing_bits():
    ends, results = [], set()
    for limit in (None, 1, 3):
        network, recorder = Network.dense([1, 8, 1], seed=1), Recorder(limit)
        fit(recorder, network, epochs=12)
        ends.append([call[2] for call in recorder.calls if call[:2] == ("chunk", 11)])
        results.add(network.parameters.tobytes())
    assert ends[1:] == [[1, 2, 3, 4, 5], [3, 5]] and len(results) == 1


def test_a_function_is_called_after_each_epoch_and_can_stop():
    seen = []
    history = fit(lambda run: seen.append(run.epoch) or len(seen) == 3)
    assert seen == [1, 2, 3] and len(history) == 3
    assert history.stop_reason == "a callback returned True"

    def low_enough(run):
        return True

    for callback in (low_enough, lambda run: "low_enough returned True"):
        assert repr(fit(callback)).endswith(", low_enough returned True>")
    assert len(fit(lambda run: np.mean(run.history.loss) < 1e9)) == 1  # NumPy's True
    assert len(fit(LambdaCallback(lambda run: 1))) == 5  # not True


def test_on_end_is_called_after_every_error():
    class Fails(Callback):
        def on_end(self, run):
            raise RuntimeError(run.history.stop_reason)

    def fail(run, error):
        raise error

    recorder = Recorder()
    for error in (KeyError, KeyboardInterrupt):
        with pytest.raises(RuntimeError, match=r"^(failed with KeyError|interrupted)$"):
            fit([Fails(), recorder, partial(fail, error=error)])
        assert recorder.calls[-1] == ("end",)
    with pytest.raises(RuntimeError, match="completed"):
        fit([Fails(), recorder])


def test_callbacks_after_one_that_fails_to_start_are_not_called():
    class FailsToStart(Recorder):
        def on_start(self, run):
            raise KeyError("on purpose")

    used, recorder, failing = EarlyStopping("loss"), Recorder(), FailsToStart()
    fit(used)
    network = Network.dense([1, 8, 1], seed=2)
    before = network.parameters.copy()
    with pytest.raises(KeyError):
        fit([recorder, failing, used], network)
    assert recorder.calls == [("start",), ("end",)] and failing.calls == [("end",)]
    assert np.array_equal(network.parameters, before)  # not those of the earlier run


def test_a_time_limit_stops_the_run_and_omits_an_unfinished_epoch():
    assert len(fit(TimeLimit(1e-9), engine="reference")) == 0  # which begins with a single batch
    history = fit(TimeLimit(0.05), epochs=1_000_000)
    assert history.stop_reason == "the time limit of 0.05 s was reached"
    assert sum(history["seconds"]) < 5


def test_the_copies_of_a_started_limit_end_at_its_time():
    """A limit that has not started counts from each run on, also from its second one."""
    limit = TimeLimit("0.2s")
    assert not fit(limit, epochs=1).resumable and not fit(limit, epochs=1).resumable
    limit.start()
    copies = [copy.deepcopy(limit), pickle.loads(pickle.dumps(limit))]
    assert all(abs(each.deadline - limit.deadline) < 0.1 for each in copies)
    limit.deadline -= 0.3
    history = fit(limit, epochs=1)
    assert len(history) == 0 and history.resumable


def test_early_stopping_loads_a_state_before_any_run():
    first, other = EarlyStopping("loss"), EarlyStopping("loss")
    other.load_state_dict(first.state_dict())
    assert other.state_dict() == {"best": np.inf, "waited": 0}
    fit(first, epochs=2)
    other.load_state_dict(first.state_dict())
    assert np.array_equal(other.snapshot.parameters, first.snapshot.parameters)


@pytest.mark.parametrize(("patience", "epochs"), [(4, 300), (99, 60)])
def test_early_stopping_restores_the_best_epoch(patience, epochs):
    network, saved = Network.dense([1, 8, 1], seed=1), []
    callbacks = [lambda run: saved.append(run.network.parameters.copy())]
    callbacks.append(EarlyStopping(patience=patience))
    history = fit(callbacks, network, epochs=epochs, validation_data=(X, -Y))
    assert history.best_epoch == int(np.argmin(history.validation_loss)) + 1 < len(history)
    assert np.array_equal(network.parameters, saved[history.best_epoch - 1])
    if patience == 4:
        assert len(history) == history.best_epoch + 4
        assert history.stop_reason == "validation_loss has not improved for 4 epochs"
    else:
        assert history.stop_reason == "completed"


def test_early_stopping_can_keep_the_last_parameters():
    settings = {"epochs": 60, "validation_data": (X, -Y)}
    first, second = Network.dense([1, 8, 1], seed=1), Network.dense([1, 8, 1], seed=1)
    stopping = EarlyStopping(patience=4, restore_best=False)
    stopped = fit(stopping, first, **settings)
    assert stopping.snapshot is None  # of large networks, a copy takes time
    assert stopped.best_epoch is None  # its parameters are gone
    fit((), second, **{**settings, "epochs": len(stopped)})
    assert np.array_equal(first.parameters, second.parameters)


def test_early_stopping_maximizes_metrics():
    network = Network.dense([1, 4, 2], output="softmax", seed=0)
    settings = {"metrics": "accuracy", "callbacks": EarlyStopping("accuracy", patience=5)}
    history = train(network, X, (X[:, 0] > 0).astype(int), epochs=200, batch_size=8, **settings)
    assert history.best_epoch == int(np.argmax(history["accuracy"])) + 1


def test_min_delta_requires_a_larger_improvement():
    patient = fit(EarlyStopping("loss", patience=2, minimum_delta=10.0), epochs=50)
    assert len(patient) == 3 and patient.best_epoch == 1


def monitoring(name):
    """Nothing is trained: the network stays as it was."""
    network = Network.dense([1, 8, 1], seed=1)
    before = network.parameters.copy()
    try:
        fit(EarlyStopping(name), network, test_data=(X, Y))
    finally:
        assert np.array_equal(network.parameters, before)


@pytest.mark.parametrize(("argument", "make", "problem"), [
    ("patience", lambda: EarlyStopping(patience=0), "expected"),
    ("minimum_delta", lambda: EarlyStopping(minimum_delta=-1), "expected"),
    *(("seconds", lambda s=s: TimeLimit(s), "expected") for s in (0, float("nan"))),
    ("callbacks", lambda: as_callbacks([EarlyStopping]), "expected"),
    *(("chunk_limit", lambda n=n: fit(Recorder(n), epochs=1), "") for n in (0, -1, 1.5, True)),
    ("monitor", lambda: monitoring("validation_loss"), "measured in this run; there are loss, "),
    ("monitor", lambda: monitoring("test_loss"), "is of the test set"),
])  # fmt: skip
def test_wrong_settings_are_named(argument, make, problem, refused):
    with refused(argument, problem):
        make()


@pytest.mark.case(175)
def test_early_stopping_monitors_curves_by_the_names_of_other_libraries():
    X = np.linspace(-1, 1, 20).reshape(-1, 1)
    y = (X[:, 0] > 0) * 1
    for monitor, curve in {"val_loss": "validation_loss", "val_acc": "validation_accuracy"}.items():
        histories = []
        for name in (monitor, curve):
            network = Network.dense([1, 4, 1], output="sigmoid", seed=0)
            stopping = EarlyStopping(monitor=name, patience=2)
            history = train(
                network, X, y, epochs=40, validation_data=(X, 1 - y), metrics=["acc"],
                callbacks=[stopping],
            )  # fmt: skip
            histories.append(history)
        ours, theirs = histories
        assert ours.loss == theirs.loss and ours.best_epoch == theirs.best_epoch
        assert ours.stop_reason == f"{curve} has not improved for 2 epochs"
    with pytest.raises(ValueError, match=r"^monitor: 'val_f1' is not measured in this run"):
        train(network, X, y, validation_data=(X, y), callbacks=[EarlyStopping("val_f1")])
    with pytest.raises(ValueError, match=r"^monitor: 'test_loss' is of the test set"):
        train(network, X, y, test_data=(X, y), callbacks=[EarlyStopping("test_loss")])


class OfKeras(Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise AssertionError("never called")


class OfLightning(Callback):
    def on_train_batch_end(self, trainer, module, outputs, batch, batch_index):
        raise AssertionError("never called")


class EpochAndLogs(Callback):
    def on_epoch(self, epoch, logs=None):
        raise AssertionError("never called")


class EpochAlone(Callback):
    def on_epoch(self, epoch):
        raise AssertionError("never called")


class Mixin:
    def on_train_begin(self, logs=None):
        raise AssertionError("never called")


class Mixed(Mixin, Recorder):
    pass


class Stopping(EarlyStopping):
    def on_batch_end(self, batch, logs):
        raise AssertionError("never called")


class Timed(TimeLimit):
    def on_chunk(self, run, batch):
        raise AssertionError("never called")


class Duck:
    def on_epoch(self, run):
        raise AssertionError("never called")


class CallableDuck(Duck):
    def __call__(self, run):
        raise AssertionError("never called")


def with_method(callback, name, function):
    setattr(callback, name, function)
    return callback


MISFITS = {
    "of Keras": OfKeras,
    "of Lightning": OfLightning,
    "epoch and logs": EpochAndLogs,
    "epoch alone": EpochAlone,
    "a mixin": Mixed,
    "of early stopping": lambda: Stopping("loss"),
    "of a time limit": lambda: Timed(60),
    "an unknown method of an object": lambda: with_method(Recorder(), "on_epoch_end", print),
    "a method of an object": lambda: with_method(Recorder(), "on_epoch", lambda epoch, logs: None),
    "not a method": lambda: with_method(Recorder(), "on_epoch", True),
    "another class": Duck,
    "another class with a call": CallableDuck,
    "a class": lambda: Recorder,
    "a class with arguments": lambda: TimeLimit,
    "a function of two": lambda: lambda epoch, logs: None,
    "a function of epoch and logs": lambda: lambda epoch, logs=None: None,
    "a function of epoch and metrics": lambda: lambda number, metrics=None: None,
    "a function of epoch": lambda: lambda epoch: None,
    "a function without arguments": lambda: lambda: None,
}


@pytest.mark.case(226)
@pytest.mark.parametrize("name", MISFITS)
def test_what_a_run_would_not_call_is_refused(name, refused):
    callback = MISFITS[name]()
    network = Network.dense([1, 8, 1], seed=1)
    before = network.parameters.copy()
    with refused("callbacks", ""):
        fit(callback, network)
    with refused("callbacks", ""):
        fit([Recorder(), callback], network)
    assert np.array_equal(network.parameters, before)


@pytest.mark.case(226)
def test_the_error_of_a_callback_names_what_a_run_calls(refused):
    problem = (
        "OfKeras.on_epoch_end would never be called, only on_start, on_chunk, on_epoch, on_end"
    )
    with refused("callbacks", problem):
        fit(OfKeras())
    with refused("callbacks", r"EpochAndLogs.on_epoch: expected a function of the run, got one of"):
        fit(EpochAndLogs())
    with refused("function", "expected a function of the run"):
        LambdaCallback(lambda epoch, logs=None: None)


@pytest.mark.case(226)
def test_whatever_takes_the_run_is_called():
    class Own(Recorder):
        on_gpu = False  # not a method

        def on_epoch(self, current, *, verbose=False):
            self.calls.append(current.epoch)

    calls = []
    own = Own()
    assigned = with_method(Callback(), "on_epoch", lambda run: calls.append(run.network.parameters))
    functions = [
        lambda run, calls=calls: calls.append(run),
        lambda _: calls.append(0),
        lambda *_: calls.append(0),
        calls.append,
        partial(lambda calls, run: calls.append(run), calls),
    ]
    fit([own, assigned, *functions], epochs=1)
    assert 1 in own.calls and len(calls) == 1 + len(functions)


@pytest.mark.case(226)
def test_a_method_of_an_object_sees_the_network_of_its_epoch():
    seen, expected = [], []
    assigned = Callback()
    assigned.on_epoch = lambda run: seen.append(run.network.parameters.copy())
    fit(assigned, epochs=20)
    fit(lambda run: expected.append(run.network.parameters.copy()), epochs=20)
    assert np.array_equal(seen, expected)

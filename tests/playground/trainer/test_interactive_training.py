"""The training of one network under the commands of the page."""

import itertools
import math
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
import sklearn.metrics
from sklearn.metrics import accuracy_score, log_loss, r2_score

from barenet import train
from barenet.playground.state._page_state import (
    DEFAULT_EPOCHS,
    DataSettings,
    NetworkSettings,
    WeightEdit,
)
from barenet.playground.trainer import _timeline as timeline_module
from barenet.playground.trainer._interactive_training import (
    REPORT_FRACTION,
    REPORT_SECONDS,
    InteractiveTraining,
)
from barenet.playground.trainer._timeline import ResumedSchedule
from barenet.playground.views._network_view import NetworkView
from barenet.schedules import Cosine

PLANE = DataSettings(source="plane", samples=60)


class Collected(InteractiveTraining):
    """A training in a thread, whose reports are collected."""

    def __init__(self, task, wait_until):
        self.reports, self.initial_parameters = [], task.network.parameters.copy()
        super().__init__(task, self.reports.append)
        self.wait_until = wait_until
        self.thread = threading.Thread(target=self.work)
        self.thread.start()
        self.seen(0)

    def seen(self, epoch=None, condition=lambda report: not report.playing):
        """Wait for a report of an epoch, by default at rest."""
        return self.wait_until(
            lambda: (
                self.reports
                and epoch in (None, self.reports[-1].epoch)
                and condition(self.reports[-1])
                and self.reports[-1]
            )
        )

    def run_to(self, epoch):
        self.send("run_to", epoch)
        return self.seen(epoch)

    def play(self, condition):
        self.send("play")
        return self.seen(condition=condition)


class InTurns(Collected):
    """The training of a page without threads, in a thread of the test."""

    def work(self):
        while not self.closed:
            seconds = self.advance(0.004)
            while seconds is None and self.commands.empty() and not self.closed:
                time.sleep(0.001)
            time.sleep(seconds or 0)


@pytest.fixture
def start(request, wait_until, new_task):
    """Start a training in a thread, which is closed at the end."""
    started = []
    kind = getattr(request, "param", Collected)

    def begin(data=None, **changes):
        settings = {"hidden": (4,), "activations": ("tanh",), **changes}
        started.append(kind(new_task(data, **settings)[0], wait_until))
        return started[-1]

    yield begin
    for training in started:
        training.send("close")
        training.thread.join(100)
        assert not training.thread.is_alive()


def trained_by_library(training, new_task, epochs):
    """The weights after `barenet.train` with the same settings."""
    settings, (X, y) = training.settings, training.setup.training
    task, _ = new_task(**vars(settings))
    arguments = settings.run_config(len(X)).train_arguments()
    train(task.network, X, y, **{**arguments, "epochs": epochs}, metrics="accuracy")
    return task.network.parameters


#: With threads, and without them as on a page with Python in the browser.
BOTH = pytest.mark.parametrize("start", [Collected, InTurns], indirect=True)


@BOTH
def test_training_equals_the_librarys_bit_for_bit(start, new_task):
    training = start(seed=3)
    for epoch in (1, 2, 9):
        report = training.run_to(epoch)
    assert (report.snapshot.parameters == trained_by_library(training, new_task, 9)).all()


OVERFITTING = DataSettings(source="moons", noise=0.4, samples=100, test_size=0.6)


@pytest.mark.case(179)
@pytest.mark.integration
def test_the_lowest_test_loss_of_a_long_run_is_that_of_all_epochs(start, new_task, monkeypatch):
    """The oracle is the history of `barenet.train`, which has every epoch."""
    monkeypatch.setattr(timeline_module, "MAX_POINTS", 40)
    changes = {"hidden": (16,), "activations": ("relu",), "learning_rate": 0.01}
    training = start(OVERFITTING, **changes)
    last = training.run_to(600)
    task, prepared = new_task(OVERFITTING, **changes)
    view = NetworkView(training.settings, prepared, None)
    for report in training.reports:
        view.receive(report)
    header = view.header(view.latest, {})
    assert len(view.curve.rows) <= 41, "the curve is thinned out"

    X, y = task.training
    arguments = training.settings.run_config(len(X)).train_arguments()
    history = train(task.network, X, y, **{**arguments, "epochs": 600}, test_data=task.test)
    losses = np.array(history.curves["test_loss"])
    best = int(losses.argmin()) + 1
    assert 1 < best < 300, "it overfits"
    assert header["lowest"][0] == best
    assert header["lowest"][2] == pytest.approx(losses.min(), rel=1e-6)
    assert header["overfitting"]["epoch"] == best
    assert header["overfitting"]["test_loss"][0] == header["lowest"][2]

    training.send("scrub", best // 2)
    back = training.seen(condition=lambda report: report.epoch < best)
    assert back.lowest == last.lowest, "until it trains on, the curve has all epochs"
    after = training.run_to(back.epoch + 1)
    known = {int(epoch): losses[epoch - 1] for epoch in range(1, back.epoch + 1)}
    known[after.epoch] = after.current.test_loss
    assert after.lowest.epoch == min(known, key=known.get)


@BOTH
def test_stepping_by_batch_changes_no_bits(start, new_task):
    training = start(batch_size=7)
    for batch in range(5):
        training.send("batch")
        place = ((batch + 1) // 5, (batch + 1) % 5)
        report = training.seen(place[0], lambda report, b=place[1]: report.batch[0] == b)
        assert not report.playing
    report = training.run_to(4)
    assert (report.snapshot.parameters == trained_by_library(training, new_task, 4)).all()
    training.send("edit", (0, 5.0))
    training.seen(4, lambda report: report.snapshot.parameters[0] == 5.0)
    assert abs(training.run_to(5).snapshot.parameters[0] - 5.0) < 1, "it learns on from the weight"


def test_reset_restores_the_initial_weights_and_repeats_the_run(start):
    training = start()
    before = training.run_to(7).snapshot.parameters
    training.send("reset")
    assert (training.seen(0).snapshot.parameters == training.initial_parameters).all()
    assert (training.run_to(7).snapshot.parameters == before).all()


@BOTH
@pytest.mark.parametrize(
    "changes",
    [{"learning_rate": 1e-30}, {"optimizer": "lbfgs"}],
)
def test_settings_can_change_during_training(start, changes):
    training = start(optimizer="sgd", learning_rate=0.1)
    training.play(lambda report: report.epoch > 2)
    training.send("configure", replace(training.settings, **changes))
    training.send("pause")
    still = training.seen()
    after = training.run_to(still.epoch + 1)
    is_same = (after.snapshot.parameters == still.snapshot.parameters).all()
    assert not after.problem.failed and is_same == ("learning_rate" in changes)
    assert training.segments == 1 or not is_same, "a learning rate needs no other loop"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"dropout": 0.1}, "optimizer: lbfgs can't be used with dropout"),
        ({"schedule": "cosine"}, "schedule: lbfgs chooses"),
    ],
)
def test_settings_refused_by_the_library_are_reported(start, changes, words):
    report = start(**{"optimizer": "lbfgs", **changes}).play(lambda r: r.problem.failed)
    assert words in report.problem.message and report.epoch == 0


@BOTH
def test_divergence_returns_to_the_epoch_with_the_lowest_loss(start):
    training = start(PLANE, optimizer="sgd", learning_rate=0.03)
    before = training.run_to(30)
    training.send("configure", replace(training.settings, learning_rate=1e3))
    report = training.play(lambda report: report.problem.failed)
    best = min(training.timeline.states, key=lambda state: state.loss)
    assert report.epoch == best.epoch > 20 and not report.playing
    message = report.problem.message
    assert "diverged" in message and f"back at epoch {best.epoch}" in message
    assert (report.snapshot.parameters == best.snapshot.parameters).all()
    training.send("configure", replace(training.settings, learning_rate=0.03))
    training.send("recover")
    report = training.seen(condition=lambda report: report.epoch > 60 and report.rows)
    assert report.playing and report.problem.message == ""
    assert report.rows[-1].loss < before.rows[-1].loss


def test_training_from_an_earlier_epoch_discards_the_later_ones(start):
    training = start()
    training.send("edit", (0, 1.5))
    end = training.run_to(9)
    training.send("scrub", 4)
    assert training.seen(4).last == 9
    training.send("scrub", 9)
    assert (training.seen(9).snapshot.parameters == end.snapshot.parameters).all()
    training.send("edit", (1, 3.5))
    training.send("scrub", 4)
    assert [edit.value for edit in training.seen(4).edits] == [1.5]
    training.send("edit", (1, 2.5))
    new = training.run_to(5)
    assert new.last == 5 and max(new.saved) <= 5
    assert [edit.value for edit in new.edits] == [1.5, 2.5]
    training.send("reset")
    report = training.seen(0)
    assert report.saved == [0] and len(report.edits) == 1 and report.last == 0


def test_the_pace_is_limited(start):
    training = start()
    training.send("pace", 20.0)
    started = time.perf_counter()
    training.run_to(10)
    assert time.perf_counter() - started > 0.3, "ten epochs of 0.05 s, but for two"


def test_reports_wait_after_a_slow_one(new_task):
    """Reports take a twentieth of the time."""
    reports = []

    def report(progress):
        started, worked = time.perf_counter(), time.thread_time()
        while (work := time.thread_time() - worked) < 0.005:
            pass
        if progress.playing:
            reports.append((started, work))

    training = InteractiveTraining(new_task()[0], report)
    training.send("play")
    while len(reports) < 5:
        training.advance(0.1)
    for (before, work), (after, _) in itertools.pairwise(reports):
        assert after - before >= work / REPORT_FRACTION > REPORT_SECONDS


def test_training_continues_after_the_maximum_of_epochs(start, monkeypatch):
    monkeypatch.setattr("barenet.playground.trainer._interactive_training.MAX_EPOCHS", 10)
    training = start(stop_epoch=5)
    training.play(lambda report: report.epoch == 5 and not report.playing)
    training.play(lambda report: report.epoch > 30 and report.playing)


@pytest.fixture
def state(new_task):
    task, _ = new_task(DataSettings(source="moons", samples=60))
    return InteractiveTraining(task, lambda report: None)


def test_a_preset_starts_from_the_initial_weights(state):
    expected = state.network.parameters.copy()
    state.do_edit((0, 5.0))
    assert state.network.parameters[0] == 5.0
    assert state.timeline.edits == (WeightEdit(0, 0, 5.0),)
    state.network.parameters[:], state.epoch = 1.0, 3
    state.timeline.add(state.snapshot())
    state.do_plan((WeightEdit(0, 1, 7.0), WeightEdit(2, 0, 9.0)))
    expected[1] = 7.0
    assert state.epoch == 0 and np.array_equal(state.network.parameters, expected)
    assert [each.epoch for each in state.timeline.states] == [0]


def test_a_resumed_schedule_continues_where_it_was():
    schedule = ResumedSchedule(NetworkSettings(schedule="cosine", stop_epoch=100), 40)
    assert schedule.factor(10, 0) == Cosine().factor(50, 100) and not schedule.steady
    assert schedule.factor(1000, 0) == Cosine().factor(100, 100)
    endless = ResumedSchedule(NetworkSettings(schedule="cosine"), 0)
    assert endless.factor(7, 0) == Cosine().factor(7, DEFAULT_EPOCHS)
    assert ResumedSchedule(NetworkSettings(), 0).steady
    plateau = ResumedSchedule(NetworkSettings(schedule="reduce_on_plateau:patience=1"), 0)
    for _ in range(5):
        plateau.observe(1.0)
    assert plateau.factor(5, 0) == plateau.schedule.factor(5, DEFAULT_EPOCHS) < 1


def test_a_network_with_too_many_weights_is_rejected(new_task, refused):
    _, prepared = new_task()
    wide = replace(prepared, input_names=("x",) * 2500)
    with refused("hidden"):
        wide.make_network(NetworkSettings(hidden=(256, 1)))


@pytest.mark.parametrize("data", ["iris", "plane"])
def test_scores_agree_with_scikit_learn(new_task, data):
    task, prepared = new_task(DataSettings(source=data), seed=2)
    _, rows = prepared.dataset.split(0.5)
    X, y = rows.X[:, : len(prepared.input_names)], rows.y
    predictor = prepared.predictor(task.network)
    found = task.evaluate(3, task.network, "")
    matrix = prepared.confusion_matrix(task.network)
    assert found.epoch == 3
    if data == "plane":
        assert found.test_score == pytest.approx(r2_score(y, predictor.outputs(X)), rel=1e-5)
        assert matrix is None
        return
    probabilities, labels = predictor.predict_proba(X), range(len(prepared.classes))
    predicted = probabilities.argmax(axis=1)
    assert matrix == sklearn.metrics.confusion_matrix(y, predicted, labels=labels).tolist()
    assert found.test_score == pytest.approx(accuracy_score(y, predicted))
    assert found.test_loss == pytest.approx(log_loss(y, probabilities, labels=labels), rel=1e-5)


@pytest.mark.parametrize(
    ("data", "loss", "expected"),
    [
        ("xor", "", lambda y, at: -np.mean(np.where(at, np.log(y.mean()), np.log(1 - y.mean())))),
        ("xor", "squared_error", lambda y, at: np.mean((at - y.mean()) ** 2) / 2),
        ("plane", "absolute_error", lambda y, at: np.mean(np.abs(at - np.median(y)))),
    ],
)
def test_baseline_losses(new_task, data, loss, expected):
    task, _ = new_task(DataSettings(source=data, samples=80), loss=loss)
    training, test = (np.ravel(part[1]) for part in (task.training, task.test))
    found = task.constant_losses(loss)
    exact = expected(training, training), expected(training, test)
    assert found == pytest.approx(exact, rel=1e-5)
    assert all(map(math.isfinite, found))

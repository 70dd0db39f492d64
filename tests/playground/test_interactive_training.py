from __future__ import annotations

import itertools
import threading
import time

import pytest

from barenet.playground._interactive_training import (
    REPORT_FRACTION,
    REPORT_SECONDS,
    InteractiveTraining,
)
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._prepared_data import prepare
from barenet.playground._run_setup import build_network, make_task
from barenet.training._train import train


@pytest.fixture
def start(wait_until):
    """A training in a thread, with its reports; it is told to close at the end."""
    started = []

    def begin(data=None, **changes):
        settings = NetworkSettings(**{"hidden": (4,), "activations": ("tanh",), **changes})
        prepared = prepare(data or DataSettings(samples=60))
        reports = []
        training = InteractiveTraining(
            make_task(settings, prepared, build_network(settings, prepared)), reports.append
        )
        thread = threading.Thread(target=training.work)
        thread.start()
        started.append((training, thread))
        training.seen = lambda condition: wait_until(
            lambda: reports and condition(reports[-1]) and reports[-1]
        )
        training.prepared = prepared
        training.seen(lambda report: report.epoch == 0)
        return training

    yield begin
    for training, thread in started:
        training.send("close")
        thread.join(30)
        assert not thread.is_alive()


def reference(training, epochs, **changes):
    """What `barenet.train` makes of the same network."""
    settings = training.settings.copy(**changes)
    network = build_network(settings, training.prepared)
    train(
        network,
        *training.task.training,
        **{
            **settings.run_config(len(training.task.training[0])).train_arguments(),
            "epochs": epochs,
        },
        validation_data=training.task.test,
        metrics="accuracy",
    )
    return network.parameters


def test_it_is_the_librarys_own_training_bit_for_bit(start):
    training = start(seed=3)
    training.send("run_to", 12)
    report = training.seen(lambda report: report.epoch == 12 and not report.playing)
    assert (report.parameters == reference(training, 12)).all()


def test_pausing_and_stepping_change_no_bit(start):
    training = start()
    for epoch in range(1, 6):
        training.send("step")
        report = training.seen(lambda report, epoch=epoch: report.epoch == epoch)
    training.send("pause")
    training.send("run_to", 9)
    report = training.seen(lambda report: report.epoch == 9)
    assert (report.parameters == reference(training, 9)).all()


def test_a_batch_after_another_changes_no_bit(start):
    training = start(batch_size=7)
    for batch in range(5):
        training.send("batch")
        place = ((batch + 1) // 5, (batch + 1) % 5)
        report = training.seen(
            lambda report, place=place: (report.epoch, report.batch[0]) == place and report.update
        )
        assert report.update.batch == batch and not report.playing
        assert (report.update.before.snapshot.parameters != report.parameters).any()
    assert report.batch == (0, 5) and report.update.batch == 4
    training.send("run_to", 4)
    report = training.seen(lambda report: report.epoch == 4 and not report.playing)
    assert (report.parameters == reference(training, 4, batch_size=7)).all()
    training.send("edit", (0, 5.0))
    assert training.seen(lambda report: report.parameters[0] == 5.0).update is None


def test_reset_gives_the_initial_weights_and_the_same_run_again(start):
    training = start()
    first = build_network(training.settings, training.prepared).parameters
    training.send("run_to", 7)
    before = training.seen(lambda report: report.epoch == 7).parameters
    training.send("reset")
    assert (training.seen(lambda report: report.epoch == 0).parameters == first).all()
    training.send("run_to", 7)
    assert (training.seen(lambda report: report.epoch == 7).parameters == before).all()


def test_a_rate_changes_while_it_runs(start):
    training = start(optimizer="sgd", learning_rate=0.1)
    training.send("play")
    training.seen(lambda report: report.epoch > 3)
    training.send("configure", training.settings.copy(learning_rate=1e-30))
    training.send("pause")
    still = training.seen(lambda report: not report.playing)
    training.send("step")
    after = training.seen(lambda report: report.epoch == still.epoch + 1)
    assert (after.parameters == still.parameters).all()
    assert training.segments == 1, "the same loop goes on"


@pytest.mark.parametrize(
    "changes",
    [
        {"optimizer": "rmsprop"},
        {"batch_size": 5},
        {"penalty": "l2"},
        {"schedule": "cosine"},
        {"loss": "squared_error"},
        {"optimizer": "lbfgs"},
    ],
)
def test_other_settings_change_while_it_runs(start, changes):
    training = start()
    training.send("play")
    training.seen(lambda report: report.epoch > 2)
    training.send("configure", training.settings.copy(**changes))
    training.send("pause")
    still = training.seen(lambda report: not report.playing)
    training.send("step")
    after = training.seen(lambda report: report.epoch == still.epoch + 1 and not report.playing)
    assert not after.failed and (after.parameters != still.parameters).any()


def test_going_back_in_time_is_what_was_then(start):
    training = start()
    kept = {}
    for epoch in range(1, 6):
        training.send("step")
        kept[epoch] = training.seen(
            lambda report, epoch=epoch: report.epoch == epoch and not report.playing
        ).parameters
    training.send("scrub", 2)
    report = training.seen(lambda report: report.epoch == 2)
    assert (report.parameters == kept[2]).all() and report.saved_epochs == [0, 1, 2, 3, 4, 5]
    training.send("step")
    report = training.seen(lambda report: report.epoch == 3)
    assert report.saved_epochs == [0, 1, 2, 3], "what came after is another story now"
    assert report.rows[-1].loss > 0.2, "measured anew"


def test_a_weight_is_changed_and_learned_on_from(start):
    training = start()
    training.send("edit", (0, 5.0))
    report = training.seen(lambda report: report.parameters[0] == 5.0)
    training.send("step")
    after = training.seen(lambda report: report.epoch == 1)
    assert after.parameters[0] != report.parameters[0]
    assert abs(after.parameters[0] - 5.0) < 1


def test_it_stops_where_it_is_told_to(start):
    training = start(stop_epoch=11)
    training.send("play")
    report = training.seen(lambda report: not report.playing and report.epoch)
    assert report.epoch == 11 and "as you asked" in report.problem.message
    other = start(stop_loss=0.5)
    other.send("play")
    report = other.seen(lambda report: not report.playing and report.epoch)
    assert report.rows[-1].loss <= 0.5 and "has reached" in report.problem.message


def test_divergence_is_told_in_words_and_can_be_recovered_from(start):
    training = start(DataSettings(source="plane", samples=60), optimizer="sgd", learning_rate=1e4)
    training.send("play")
    report = training.seen(lambda report: report.failed)
    assert (
        "diverged" in report.problem.message
        and "back at epoch 0" in report.problem.message
        and not report.playing
    )
    assert (
        report.parameters == build_network(training.settings, training.prepared).parameters
    ).all()
    training.send("configure", training.settings.copy(learning_rate=0.01))
    training.send("run_to", 20)
    report = training.seen(lambda report: report.epoch == 20 and not report.playing)
    assert not report.failed and report.problem.message == ""


def test_after_divergence_it_goes_on_from_the_epoch_with_the_lowest_loss(start):
    training = start(DataSettings(source="plane", samples=60), optimizer="sgd", learning_rate=0.03)
    training.send("run_to", 30)
    before = training.seen(lambda report: report.epoch == 30 and not report.playing)
    training.send("configure", training.settings.copy(learning_rate=1e3))
    training.send("play")
    report = training.seen(lambda report: report.failed)
    best = min(training.timeline.states, key=lambda state: state.loss)
    assert (
        report.epoch == best.epoch > 20 and f"back at epoch {best.epoch}" in report.problem.message
    )
    assert (report.parameters == best.snapshot.parameters).all()
    training.send("configure", training.settings.copy(learning_rate=0.03))
    training.send("recover")
    report = training.seen(lambda report: report.epoch > 60)
    assert report.playing and not report.failed and report.problem.message == ""
    assert training.loss < before.rows[-1].loss


def test_the_path_that_was_left_can_be_returned_to(start):
    training = start()
    training.send("edit", (0, 1.5))
    training.send("run_to", 9)
    end = training.seen(lambda report: report.epoch == 9 and not report.playing)
    training.send("scrub", 4)
    past = training.seen(lambda report: report.epoch == 4)
    assert (past.path, past.last, past.other_path) == (end.path, 9, None)
    training.send("scrub", 9)
    assert (training.seen(lambda report: report.epoch == 9).parameters == end.parameters).all()
    training.send("scrub", 4)
    training.send("edit", (1, 2.5))
    training.send("step")
    fork = training.seen(lambda report: report.epoch == 5 and not report.playing)
    assert (fork.fork, fork.last, fork.other_path) == (4, 5, end.path) and fork.path != end.path
    assert [edit.value for edit in fork.edits] == [1.5, 2.5]
    training.send("swap")
    back = training.seen(lambda report: report.epoch == 9)
    assert (back.parameters == end.parameters).all() and back.other_path == fork.path
    assert [edit.value for edit in back.edits] == [1.5]
    training.send("swap")
    assert (training.seen(lambda report: report.epoch == 5).parameters == fork.parameters).all()
    training.send("reset")
    report = training.seen(lambda report: report.epoch == 0)
    assert report.other_path is None and report.saved_epochs == [0] and len(report.edits) == 1


def test_dead_neurons_are_told_of(start):
    training = start(activations=("relu",))
    layer = training.network.layers[0]
    training.send("pause")
    for index in range(layer.weights.size, layer.weights.size + 4):
        training.send("edit", (index, -1e5))
    for index in range(layer.weights.size + 4, training.network.n_parameters):
        training.send("edit", (index, 0.0))
    training.send("step")
    report = training.seen(lambda report: report.epoch == 1)
    assert report.problem.message == "" or "dead" in report.problem.message


def test_the_pace_is_kept(start):
    training = start()
    training.send("pace", 20.0)
    training.send("play")
    first = training.seen(lambda report: report.playing and report.epochs_per_second > 0)
    assert first.epochs_per_second < 30


def test_an_hour_of_history_is_not_kept(start):
    training = start()
    training.send("run_to", 3000)
    training.seen(lambda report: report.epoch == 3000 and not report.playing)
    assert len(training.rows) <= 256
    assert len(training.timeline.states) <= training.timeline.max_states


def test_reports_of_what_is_large_are_fewer():
    """After a report the next one waits until the work of the first is a twentieth of the time."""
    settings = NetworkSettings()
    prepared = prepare(DataSettings(samples=60))
    reports = []

    def report(progress):
        worked = time.thread_time()
        while (work := time.thread_time() - worked) < 0.005:
            pass
        reports.append((training.reported, work, progress.playing))

    training = InteractiveTraining(
        make_task(settings, prepared, build_network(settings, prepared)), report
    )
    thread = threading.Thread(target=training.work)
    thread.start()
    training.send("play")
    while len(reports) < 5:
        time.sleep(0.01)
    training.send("close")
    thread.join(30)
    assert not thread.is_alive()
    for (before, work, _), (after, _, playing) in itertools.pairwise(reports[:5]):
        assert playing and after - before >= work / REPORT_FRACTION > REPORT_SECONDS


def test_it_goes_on_after_the_most_epochs_of_a_run(start, monkeypatch):
    monkeypatch.setattr("barenet.playground._interactive_training.MAX_EPOCHS", 10)
    training = start(stop_epoch=5)
    training.send("play")
    training.seen(lambda report: report.epoch == 5 and not report.playing)
    training.send("play")
    training.seen(lambda report: report.epoch > 30 and report.playing)

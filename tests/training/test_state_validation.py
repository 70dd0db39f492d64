"""A state that no run has saved is refused, and changes nothing."""

from __future__ import annotations

import copy

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback, EarlyStopping

X = np.random.default_rng(0).normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
ADAM = {"optimizer": "adam", "batch_size": 10, "schedule": "reduce_on_plateau"}
LBFGS = {"optimizer": "lbfgs"}


class Interrupt(Callback):
    """End a run in the middle of its third epoch."""

    def on_chunk(self, run):
        if run.epoch == 3:
            run.stop("interrupted", resumable=True)


def network():
    return Network.dense([3, 4, 2], output="softmax")


def learn(network, settings, *callbacks, **more):
    callbacks = [EarlyStopping("loss", patience=3), *callbacks]
    return train(network, X, Y, epochs=6, callbacks=callbacks, **settings, **more)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory):
    """Checkpoints of runs, and their settings."""
    runs = {}
    for settings in (ADAM, LBFGS):
        path = tmp_path_factory.mktemp("form") / "run.safetensors"
        learn(network(), settings, Interrupt(), checkpoint=Checkpoint(path))
        runs[settings["optimizer"]] = path, settings
    return runs


def resume(run, monkeypatch, change):
    """Resume from a changed checkpoint with a valid checksum."""
    path, settings = run
    state = copy.deepcopy(Checkpoint(path).read())
    change(state)
    monkeypatch.setattr(Checkpoint, "read", lambda _: state)
    net = network()
    before = net.parameters.copy()
    try:
        return learn(net, settings, resume=path)
    except ValueError:
        assert np.array_equal(net.parameters, before)
        raise


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_an_unchanged_state_resumes(interrupted, monkeypatch, optimizer):
    assert len(resume(interrupted[optimizer], monkeypatch, lambda state: None)) == 6


@pytest.mark.parametrize(
    ("part", "key", "value"),
    [
        ("run", "epoch", 10**9),
        ("run", "epoch", "2"),
        ("run", "batch", -1),
        ("run", "batch", 10**6),
        ("run", "stop_reason", 7),
        ("run", "best_epoch", "first"),
        ("run", "best_epoch", 6),
        ("run", "best_epoch", 3),
        ("run", "curve_loss", np.zeros(0)),
        ("run", "curve_seconds", np.zeros((2, 2))),
        ("guard", "parameters", np.zeros(1, np.float32)),
        ("guard", "limit", "high"),
        ("guard", "limit", 10**400),
        ("guard", "warned", 3),
        ("tally", "seconds", None),
        ("schedule", "waited", [1]),
        ("callback 0", "best", "low"),
        ("callback 0", "parameters", np.zeros(3, np.float32)),
    ],
)
def test_promise_17_what_is_not_as_a_run_says_it_is_refused(
    interrupted, monkeypatch, part, key, value
):
    def change(state):
        state[part][key] = value

    with pytest.raises(ValueError, match=r"^resume: not a valid checkpoint: .+$"):
        resume(interrupted["adam"], monkeypatch, change)


def test_promise_17_the_expected_curves_are_listed(interrupted, monkeypatch):
    def change(state):
        state["run"]["curve_loss"] = np.zeros(5)

    with pytest.raises(ValueError, match=r"curves: expected 2 or 3 epochs, got 5$"):
        resume(interrupted["adam"], monkeypatch, change)


@pytest.mark.parametrize("part", ["run", "guard", "tally", "optimizer", "schedule", "callback 0"])
def test_promise_17_a_part_that_is_missing_is_named(interrupted, monkeypatch, part):
    with pytest.raises(ValueError, match=f"^resume: not a valid checkpoint: '{part}'"):
        resume(interrupted["adam"], monkeypatch, lambda state: state.pop(part))


@pytest.mark.parametrize("part", ["settings", "data"])
def test_promise_17_a_run_that_does_not_say_what_it_was_is_another(interrupted, monkeypatch, part):
    with pytest.raises(
        ValueError, match=r"^resume: the checkpoint is of another run: .* was nothing"
    ):
        resume(interrupted["adam"], monkeypatch, lambda state: state.pop(part))


@pytest.mark.parametrize(
    ("optimizer", "key", "value"),
    [
        ("adam", "n_steps", -1),
        ("adam", "learning_rate", 0),
        ("adam", "moment_mean", np.zeros(26, np.float64)),
        ("adam", "moment_mean", np.zeros(2, np.float32)),
        ("adam", "moment_squares", None),
        ("lbfgs", "reported", 99),
        ("lbfgs", "start", np.zeros(2)),
        ("lbfgs", "gradients", np.zeros((1, 26))),
        ("lbfgs", "places", [1, 2]),
    ],
)
def test_promise_17_arrays_that_would_be_read_beyond_their_end(
    interrupted, monkeypatch, optimizer, key, value
):
    def change(state):
        state["optimizer"][key] = value

    with pytest.raises(ValueError, match=r"^resume: not a valid checkpoint: "):
        resume(interrupted[optimizer], monkeypatch, change)

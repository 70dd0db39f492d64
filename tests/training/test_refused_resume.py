"""A resume that is refused leaves the network, optimizer, schedule and callbacks as they were."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback, EarlyStopping, TimeLimit
from barenet.engines import ENGINES
from barenet.layers import BatchNorm, Dense
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import as_optimizer
from barenet.optimizers import OPTIMIZERS

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = (X[:, 0] * X[:, 1] > 0).astype(int)


class Counting(Callback):
    """Remembers the epochs, in a list of its own; its state can be refused late."""

    def __init__(self):
        self.seen = []

    def on_start(self, run):
        self.seen = []

    def on_epoch(self, run):
        self.seen.append(run.epoch)

    def state_dict(self):
        return {"count": len(self.seen)}

    def load_state_dict(self, state):
        self.seen = list(range(state["count"]))


class Parts:
    """Everything of a run that belongs to the user, used by an earlier run already."""

    def __init__(self, optimizer: str, engine: str) -> None:
        layers = [Dense(3, 6), BatchNorm(6), Dense(6, 2, "softmax")]
        net = Network.dense([3, 6, 2], output="softmax", seed=1)
        self.network = net if optimizer == "lbfgs" else Network(layers, seed=1)
        self.optimizer = as_optimizer(optimizer)
        plateau = None if optimizer == "lbfgs" else as_schedule("reduce_on_plateau:patience=1")
        self.schedule, self.engine = plateau, engine
        self.callbacks = [EarlyStopping(patience=90), Counting(), TimeLimit(1e9)]
        self.learn(epochs=4)

    def learn(self, *more: Callback, data=(X, Y), **options: object) -> None:
        train(
            self.network, *data, validation_data=(X, Y), batch_size=None, optimizer=self.optimizer,
            schedule=self.schedule, callbacks=[*self.callbacks, *more], engine=self.engine,
            **options,
        )  # fmt: skip

    def bits(self) -> bytes:
        vectors = (self.network.parameters.tobytes(), self.network.statistics.tobytes())
        parts = [self.optimizer, *self.callbacks] + [self.schedule] * (self.schedule is not None)
        return pickle.dumps((vectors, [vars(part) for part in parts]))


def stop_after_nine(run):
    if len(run.history) == 9:
        run.stop("interrupted", resumable=True)


def without(part, key):
    return lambda state: state[part].pop(key)


def other_steps(state):
    state["optimizer"]["gradients"][3, 0] += 1e-6


SPOILED = {
    "optimizer": without("optimizer", "n_steps"),
    "schedule": without("schedule", "reductions"),
    "first callback": without("callback 0", "waited"),
    "last callback": without("callback 1", "count"),
}


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_fault_118_a_refused_resume_changes_nothing(optimizer, engine, tmp_path, monkeypatch):
    path, read = tmp_path / "kept", Checkpoint.read
    Parts(optimizer, engine).learn(stop_after_nine, epochs=60, checkpoint=path)
    parts, kept = Parts(optimizer, engine), path.read_bytes()
    before = parts.bits()
    with pytest.raises(ValueError, match="X has other values"):
        parts.learn(epochs=60, data=(X + 1, Y), resume=path)
    assert parts.bits() == before
    spoiled = {**SPOILED, "steps": other_steps}
    for name in ["optimizer", "schedule"] if optimizer == "lbfgs" else ["steps"]:
        spoiled.pop(name)
    for spoil in spoiled.values():

        def spoiled_read(self, spoil=spoil):
            state = copy.deepcopy(read(self))
            spoil(state)
            return state

        monkeypatch.setattr(Checkpoint, "read", spoiled_read)
        with pytest.raises(ValueError, match=r"^resume: (not a valid checkpoint|L-BFGS takes)"):
            parts.learn(epochs=60, resume=path, checkpoint=path)
        assert parts.bits() == before
    assert path.read_bytes() == kept

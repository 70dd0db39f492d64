"""Measurement: in one go or in several, the numbers are the same, and it can be stopped between."""

from __future__ import annotations

import numpy as np
import pytest

from barenet import Callback, Network, train
from barenet.engines import ENGINES, Job, choose_engine
from barenet.model.array_dataset import validate_arrays
from barenet.model.losses import as_loss
from barenet.optimization.optimizers import as_optimizer
from barenet.training import epoch
from barenet.training.config import TrainingConfig
from barenet.training.epoch import MeasurementInterrupted
from barenet.training.epoch import measure as measure_epoch
from barenet.training.metrics import as_metrics

RNG = np.random.default_rng(0)
X = RNG.normal(size=(61, 3))
Y = np.arange(61) % 2
WEIGHT = np.where(np.arange(61) < 16, 0.0, RNG.random(61))


@pytest.fixture
def eight_rows(monkeypatch):
    """Measure eight rows in one go."""
    monkeypatch.setattr(epoch, "ROW_MULTIPLE", 8)
    monkeypatch.setattr(epoch, "MAX_MULTIPLICATIONS", 0)


def network():
    return Network.dense([3, 4, 2], output="softmax", seed=1, dtype="float64")


def measure(engine, weight, is_stopped=lambda: False):
    net, loss = network(), as_loss("categorical_cross_entropy", network().output_activation)
    rows = validate_arrays(net, loss, X, Y, weight)
    job = Job(network=net, rows=rows, loss=loss, optimizer=as_optimizer("sgd"))
    config = TrainingConfig(
        epochs=1, batch_size=8, metrics=as_metrics("accuracy"), held_out={"validation": rows}
    )
    return measure_epoch(choose_engine(engine, job), config, is_stopped)


@pytest.mark.parametrize("weight", [None, WEIGHT, WEIGHT + 1])
@pytest.mark.parametrize("engine", ENGINES)
def test_the_parts_are_the_whole(engine, weight, eight_rows, monkeypatch):
    asked = []
    parts = measure(engine, weight, lambda: asked.append(1))
    assert len(asked) == 16  # eight for the training rows, eight for the others
    monkeypatch.undo()
    whole = measure(engine, weight, lambda: asked.append(1))
    assert len(asked) == 16
    assert parts == pytest.approx(whole, rel=1e-13)
    assert parts["accuracy"] == whole["accuracy"] == whole["validation_accuracy"]


def test_it_can_be_stopped_between_two_parts(eight_rows):
    answers = iter([False] * 5 + [True])
    with pytest.raises(MeasurementInterrupted):
        measure("reference", None, lambda: next(answers))
    assert next(answers, None) is None


class Interrupt(Callback):
    """End a run for now at the n-th time that it looks up."""

    def __init__(self, turn):
        self.left = turn

    def on_chunk(self, run):
        self.left -= 1
        if not self.left:
            run.stop("interrupted", resumable=True)


@pytest.mark.parametrize("optimizer", ["adam", "lbfgs"])
def test_a_run_that_is_interrupted_while_it_is_measured_goes_on(optimizer, eight_rows, tmp_path):
    def go(*callbacks, **kept):
        net = network()
        history = train(
            net, X, Y, optimizer=optimizer, epochs=5, batch_size=16, metrics="accuracy",
            validation_data=(X, Y), callbacks=callbacks, **kept,
        )  # fmt: skip
        measured = {name: history[name] for name in history.curves if name != "seconds"}
        return net.parameters.tobytes(), measured, history.stop_reason

    more = {} if optimizer == "lbfgs" else {"schedule": "reduce_on_plateau:patience=1"}
    whole = go(**more)
    for turn in range(1, 60, 3):
        kept = {"checkpoint": tmp_path / f"{turn}", **more}
        part = go(Interrupt(turn), **kept)
        assert part[2] == "interrupted"
        assert go(**kept, resume=True) == whole

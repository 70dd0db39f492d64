"""Orders change where a training stands, without a thread and without an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.playground._edits import WeightEdit
from barenet.playground._page_state import DataSettings, NetworkSettings
from barenet.playground._prepared_data import prepare
from barenet.playground._run_setup import build_network, make_task
from barenet.playground._training_state import TrainingState
from barenet.playground._training_task import Command


@pytest.fixture
def state():
    prepared, settings = prepare(DataSettings(source="moons", samples=60)), NetworkSettings()
    return TrainingState(make_task(settings, prepared, build_network(settings, prepared)))


def test_a_goal_is_set_and_taken_back(state):
    state.execute(Command("run_to", 5))
    assert state.playing and state.goal == 5
    state.execute(Command("pause"))
    assert not state.playing and state.goal is None
    state.execute(Command("run_to", 0))
    assert not state.playing, "it is there already"
    state.execute(Command("batch"))
    assert state.playing and state.one_batch


def test_back_at_the_start_it_is_as_it_was_first(state):
    first = state.network.parameters.copy()
    state.execute(Command("edit", (0, 5.0)))
    assert state.network.parameters[0] == 5.0 and state.edits == (WeightEdit(0, 0, 5.0),)
    state.network.parameters[:], state.epoch = 1.0, 3
    state.timeline.add(state.snapshot())
    state.execute(Command("plan", (WeightEdit(0, 1, 7.0), WeightEdit(2, 0, 9.0))))
    expected = first.copy()
    expected[1] = 7.0
    assert state.epoch == 0 and np.array_equal(state.network.parameters, expected)
    assert list(state.timeline.epochs) == [0], "what came later is forgotten"


def test_another_design_brings_its_own_optimizer(state):
    state.execute(Command("configure", state.settings.copy(optimizer="sgd", learning_rate=0.5)))
    assert type(state.optimizer).__name__ == "SGD" and state.optimizer.learning_rate == 0.5
    kept = state.optimizer
    state.execute(Command("configure", state.settings.copy(learning_rate=0.25)))
    assert state.optimizer is kept and kept.learning_rate == 0.25

"""Orders change where a training stands, without a thread and without an epoch."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.playground.blueprint import build, task_of
from barenet.playground.course import Course
from barenet.playground.design import Design
from barenet.playground.edits import Edit
from barenet.playground.material import prepare
from barenet.playground.order import Order
from barenet.playground.scene import Scene


@pytest.fixture
def course():
    material, design = prepare(Scene(data="moons", samples=60), {}), Design()
    return Course(task_of(design, material, build(design, material)))


def test_a_goal_is_set_and_taken_back(course):
    course.obey(Order("run_to", 5), None)
    assert course.playing and course.goal == 5
    course.obey(Order("pause"), None)
    assert not course.playing and course.goal is None
    course.obey(Order("run_to", 0), None)
    assert not course.playing, "it is there already"
    course.obey(Order("batch"), None)
    assert course.playing and course.one_batch


def test_back_at_the_start_it_is_as_it_was_first(course):
    first = course.network.parameters.copy()
    course.obey(Order("edit", (0, 5.0)), None)
    assert course.network.parameters[0] == 5.0 and course.edits == (Edit(0, 0, 5.0),)
    course.network.parameters[:], course.epoch = 1.0, 3
    course.timeline.add(course.moment())
    course.obey(Order("plan", (Edit(0, 1, 7.0), Edit(2, 0, 9.0))), None)
    expected = first.copy()
    expected[1] = 7.0
    assert course.epoch == 0 and np.array_equal(course.network.parameters, expected)
    assert list(course.timeline.epochs) == [0], "what came later is forgotten"


def test_another_design_brings_its_own_optimizer(course):
    course.obey(Order("redesign", course.design.copy(optimizer="sgd", learning_rate=0.5)), None)
    assert type(course.optimizer).__name__ == "SGD" and course.optimizer.learning_rate == 0.5
    kept = course.optimizer
    course.obey(Order("redesign", course.design.copy(learning_rate=0.25)), None)
    assert course.optimizer is kept and kept.learning_rate == 0.25

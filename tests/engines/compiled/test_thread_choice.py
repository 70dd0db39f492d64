"""The choice of threads by the durations of batches, on a clock that the tests set."""

import numpy as np
import pytest

from barenet.engines.compiled import _thread_choice as choices
from barenet.engines.compiled._thread_choice import PERIOD, TRIAL, WARM_UP, new_choice
from barenet.engines.compiled._workspace import Workspace
from barenet.engines.simd._views import kernel_spec

takes_one_thread, observe = choices.takes_one_thread.py_func, choices.observe.py_func


@pytest.fixture
def choice():
    dtype = np.dtype("float32")
    return new_choice(Workspace(kernel_spec(dtype), dtype)).view(np.recarray)[()]


def run(choice, n_batches, *, alone, together):
    """Run batches of these durations; return on how many threads each has run."""
    threads = []
    for _ in range(n_batches):
        threads.append(1 if takes_one_thread(choice) else 2)
        observe(choice, alone if threads[-1] == 1 else together)
    return threads


def test_all_threads_go_on_if_they_are_faster(choice):
    before, trial = [2] * WARM_UP, [1] * TRIAL
    assert run(choice, WARM_UP + TRIAL, alone=100, together=60) == before + trial
    assert run(choice, PERIOD + TRIAL, alone=100, together=60) == [2] * PERIOD + trial


def test_one_thread_goes_on_if_it_is_faster(choice):
    run(choice, WARM_UP + TRIAL, alone=100, together=250)
    found = run(choice, 10 * (PERIOD + TRIAL), alone=100, together=250)
    assert found == ([1] * PERIOD + [2] * TRIAL) * 10


def test_the_choice_follows_cores_that_come_closer_and_part_again(choice):
    for together, faster in [(60, 2), (250, 1), (60, 2), (250, 1)]:
        run(choice, PERIOD + TRIAL, alone=100, together=together)
        assert run(choice, PERIOD, alone=100, together=together).count(faster) >= PERIOD - TRIAL


@pytest.mark.parametrize("together", [96, 104])
def test_a_small_difference_changes_nothing(choice, together):
    for alone in (0, 1):
        choice.single = alone
        run(choice, 3 * PERIOD, alone=100, together=together)
        assert choice.single == alone


def test_the_fastest_batches_are_compared_so_an_interruption_changes_nothing(choice):
    run(choice, WARM_UP - 2, alone=100, together=60)
    for cycles in (60_000, 60, 100, 100_000, 100):
        observe(choice, cycles)
    assert (choice.single, choice.count) == (0, 0)


def test_a_call_starts_other_threads_only_for_them_or_for_a_trial(choice):
    assert choices.threads_to_start(choice, 2, 5) == 2
    choice.single, choice.count = 1, 0
    assert [choices.threads_to_start(choice, 2, PERIOD // 2) for _ in range(3)] == [1, 1, 2]
    assert choice.count == PERIOD
    choice.count = 0
    assert choices.threads_to_start(choice, 2, 10 * PERIOD) == 2
    assert choice.count == PERIOD - TRIAL

"""Trainers: in another process, in a thread of it, and on an event loop."""

import asyncio
import os
import signal
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from barenet.errors import BarenetError
from barenet.playground.state._page_state import WeightEdit
from barenet.playground.trainer._cooperative_trainer import CooperativeTrainer
from barenet.playground.trainer._problems import TRAINER_ENDED
from barenet.playground.trainer._process_trainer import ProcessTrainer

pytestmark = pytest.mark.integration


@pytest.fixture(params=[True])
def trainer(request):
    """A trainer in a process, or in a thread; it ends in time."""
    yield (trainer := ProcessTrainer(process=request.param))
    trainer.close()
    trainer.reader.join(20)
    assert not trainer.reader.is_alive()


@pytest.mark.parametrize("trainer", [True, False], indirect=True)
def test_two_networks_train_together_and_separately(trainer, wait_until, new_task):
    reports, keys = {"a": [], "b": []}, {}
    for name, seed in (("a", 0), ("b", 1)):
        keys[name] = trainer.begin(new_task(seed=seed)[0], 0, reports[name].append)
    trainer.send(keys["a"], "run_to", 3)
    trainer.send(keys["b"], "run_to", 5)
    wait_until(lambda: [r and r[-1].epoch for r in reports.values()] == [3, 5])
    assert (reports["a"][-1].snapshot.parameters != reports["b"][-1].snapshot.parameters).any()
    trainer.send(keys["a"], "close")
    received = len(reports["a"])
    trainer.send(keys["a"], "step")
    trainer.send(keys["b"], "step")
    wait_until(lambda: reports["b"][-1].epoch == 6)
    assert len(reports["a"]) == received


async def visit(new_task):
    trainer, reports, keys = CooperativeTrainer(), {"a": [], "b": [], "c": []}, {}
    for seed, name in enumerate(reports):
        keys[name] = trainer.begin(new_task(seed=seed)[0], 0, reports[name].append)
    trainer.send(keys["a"], "run_to", 300)
    trainer.send(keys["b"], "play")
    while reports["a"][-1].epoch < 300:
        await asyncio.sleep(0.001)
    path = trainer.request_path(keys["a"]).result(0)
    trainer.send(keys["b"], "pause")
    while reports["b"][-1].playing:
        await asyncio.sleep(0.001)
    trainer.send(keys["a"], "close")
    trainer.send(keys["a"], "step")
    trainer.send(keys["b"], "step")
    epoch = reports["b"][-1].epoch
    while reports["b"][-1].epoch == epoch:
        await asyncio.sleep(0.001)
    trainer.close()
    return reports, path


def test_an_event_loop_trains_networks_in_turn(new_task):
    with ThreadPoolExecutor(1) as thread:  # the main thread may have Playwright's event loop
        reports, path = thread.submit(asyncio.run, visit(new_task)).result(60)
    assert reports["a"][-1].epoch == 300 and path.epochs[-1] <= 300 and len(path.epochs) > 5
    assert len([report for report in reports["b"] if report.epoch > 0]) > 3, "at the same time"
    assert [report.epoch for report in reports["c"]] == [0]


class HeldUpLoop(asyncio.SelectorEventLoop):
    """An event loop like that of Pyodide, in a worker that is held up at each look at its clock.

    Pyodide schedules nothing at a time that is over, and takes a delay as it is.
    """

    held_up = 0.0

    def time(self):
        self.held_up += 0.005
        return super().time() + self.held_up

    def call_at(self, when, callback, *arguments, context=None):
        return self.call_later(when - self.time(), callback, *arguments, context=context)

    def call_later(self, delay, callback, *arguments, context=None):
        if delay < 0:
            raise ValueError("Can't schedule in the past")
        when = super().time() + self.held_up + delay
        return super().call_at(when, callback, *arguments, context=context)


async def train_with_pauses(new_task):
    trainer, reports = CooperativeTrainer(), []
    key = trainer.begin(new_task()[0], 100.0, reports.append)
    trainer.send(key, "run_to", 20)
    for _ in range(4_000):  # of a busy machine
        await asyncio.sleep(0.01)
        if trainer.task.done() or reports[-1].epoch == 20:
            break
    await asyncio.sleep(0.05)
    has_ended = trainer.task.done()
    trainer.close()
    return has_ended, reports[-1].epoch


@pytest.mark.case(187)
def test_a_worker_that_is_held_up_trains_on(new_task):
    def run():
        with asyncio.Runner(loop_factory=HeldUpLoop) as runner:
            return runner.run(train_with_pauses(new_task))

    with ThreadPoolExecutor(1) as thread:
        has_ended, epoch = thread.submit(run).result(120)
    assert (has_ended, epoch) == (False, 20)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_the_trainer_ignores_ctrl_c(trainer, wait_until, new_task):
    reports = []
    key = trainer.begin(new_task()[0], 0, reports.append)
    wait_until(lambda: reports)
    os.kill(trainer.worker.pid, signal.SIGINT)
    trainer.send(key, "step")
    wait_until(lambda: reports[-1].epoch == 1)
    trainer.close()
    assert trainer.worker.exitcode in (0, -signal.SIGTERM)


@pytest.mark.case(131)
def test_a_training_that_fails_ends_no_other(trainer, wait_until, new_task):
    reports = {"good": [], "bad": [], "worse": []}
    tasks = {name: new_task(seed=1)[0] for name in reports}
    unchecked = replace(tasks["bad"].settings)
    object.__setattr__(unchecked, "optimizer", "no optimizer")
    tasks["worse"] = replace(tasks["worse"], settings=unchecked)
    keys = {name: trainer.begin(tasks[name], 0, reports[name].append) for name in reports}
    wait_until(lambda: reports["worse"] and "no optimizer" in reports["worse"][-1].problem.message)
    wait_until(lambda: reports["good"] and reports["bad"])
    process = trainer.worker.pid
    trainer.send(keys["good"], "play")
    trainer.send(keys["bad"], "configure", unchecked)
    wait_until(lambda: reports["bad"][-1].problem.failed)
    assert "no optimizer" in reports["bad"][-1].problem.message
    trainer.send(keys["bad"], "configure", tasks["bad"].settings)
    trainer.send(keys["bad"], "run_to", 2)
    wait_until(lambda: reports["bad"][-1].epoch == 2 and not reports["bad"][-1].problem.message)
    trainer.send(keys["worse"], "step")
    reached = reports["good"][-1].epoch
    wait_until(lambda: reports["good"][-1].epoch > reached)
    assert trainer.worker.pid == process


@pytest.mark.case(131)
def test_a_dead_trainer_process_is_started_again(trainer, wait_until, new_task):
    reports, task = [], new_task()[0]
    key = trainer.begin(task, 0, reports.append)
    edits = (WeightEdit(0, 2, 1.5),)
    trainer.send(key, "plan", edits)
    trainer.send(key, "run_to", 3)
    last = wait_until(lambda: reports and reports[-1].epoch == 3 and reports[-1])
    last = replace(last, problem=TRAINER_ENDED)
    trainer.worker.kill()
    wait_until(lambda: reports[-1] is None)
    again = []
    key = trainer.begin(replace(task, last=last), 0, again.append)
    wait_until(lambda: again)
    assert again[0].epoch == 3 and "another one was started" in again[0].problem.message
    assert np.array_equal(again[0].snapshot.parameters, last.snapshot.parameters)
    assert (again[0].edits, again[0].saved, again[0].rows) == (edits, [0, 3], [])
    trainer.send(key, "run_to", 5)
    wait_until(lambda: again[-1].epoch == 5 and not again[-1].problem.message)
    assert [row.epoch for report in again for row in report.rows] == [4, 5]
    trainer.send(key, "reset")
    wait_until(lambda: again[-1].epoch == 0)
    expected = task.network.parameters.copy()
    expected[2] = 1.5
    assert np.array_equal(again[-1].snapshot.parameters, expected)


@pytest.mark.case(131)
def test_a_training_begun_while_no_process_runs_ends_with_a_report(trainer, wait_until, new_task):
    reports, first = [], trainer.worker
    for _ in range(2):
        first.kill()
        first.join()
        trainer.begin(new_task()[0], 0, reports.append)
        path = trainer.request_path(0)
        wait_until(lambda: reports and reports[-1] is None)
        with pytest.raises(BarenetError, match="has ended"):
            path.result(5)
        assert trainer.worker is not first
        first = trainer.worker
    trainer.begin(new_task()[0], 0, reports.append)
    assert wait_until(lambda: reports[-1]).epoch == 0

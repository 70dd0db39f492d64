from __future__ import annotations

import os
import signal
import sys

import pytest

from barenet.playground.blueprint import build, task_of
from barenet.playground.design import Design
from barenet.playground.material import prepare
from barenet.playground.scene import Scene
from barenet.playground.trainer import Trainer


@pytest.mark.parametrize("process", [True, False])
def test_two_networks_learn_at_a_time_and_apart(process, wait_until):
    material = prepare(Scene(samples=60), {})
    trainer, reports = Trainer(process=process), {"a": [], "b": []}
    keys = {}
    for name, seed in (("a", 0), ("b", 1)):
        design = Design(seed=seed)
        task = task_of(design, material, build(design, material))
        keys[name] = trainer.begin(task, 0, reports[name].append)
    trainer.order(keys["a"], "run_to", 3)
    trainer.order(keys["b"], "run_to", 5)
    wait_until(lambda: [r and r[-1].epoch for r in reports.values()] == [3, 5])
    assert (reports["a"][-1].parameters != reports["b"][-1].parameters).any()
    trainer.order(keys["a"], "close")
    told = len(reports["a"])
    trainer.order(keys["a"], "step")
    trainer.order(keys["b"], "step")
    wait_until(lambda: reports["b"][-1].epoch == 6)
    assert len(reports["a"]) == told
    trainer.close()
    trainer.reader.join(20)
    assert not trainer.reader.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_ctrl_c_is_left_to_the_server(wait_until):
    material = prepare(Scene(samples=60), {})
    trainer, reports = Trainer(), []
    task = task_of(Design(), material, build(Design(), material))
    key = trainer.begin(task, 0, reports.append)
    wait_until(lambda: reports)
    os.kill(trainer.process.pid, signal.SIGINT)
    trainer.order(key, "step")
    wait_until(lambda: reports[-1].epoch == 1)
    trainer.close()
    assert trainer.process.exitcode in (0, -signal.SIGTERM)


def test_a_process_that_is_gone_is_told_of(wait_until):
    material = prepare(Scene(samples=60), {})
    trainer, reports = Trainer(), []
    trainer.begin(task_of(Design(), material, build(Design(), material)), 0, reports.append)
    wait_until(lambda: reports)
    trainer.process.kill()
    wait_until(lambda: reports[-1] is None)
    trainer.close()

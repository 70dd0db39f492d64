import os
import signal
import sys

import pytest

from barenet.errors import BarenetError
from barenet.playground._trainer import Trainer

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("process", [True, False])
def test_two_networks_train_together_and_separately(process, wait_until, new_task):
    trainer, reports, keys = Trainer(process=process), {"a": [], "b": []}, {}
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
    trainer.close()
    trainer.reader.join(20)
    assert not trainer.reader.is_alive()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals to send to a process")
def test_the_trainer_ignores_ctrl_c(wait_until, new_task):
    trainer, reports = Trainer(), []
    key = trainer.begin(new_task()[0], 0, reports.append)
    wait_until(lambda: reports)
    os.kill(trainer.worker.pid, signal.SIGINT)
    trainer.send(key, "step")
    wait_until(lambda: reports[-1].epoch == 1)
    trainer.close()
    assert trainer.worker.exitcode in (0, -signal.SIGTERM)


def test_a_dead_trainer_process_is_reported(wait_until, new_task):
    trainer, reports = Trainer(), []
    key = trainer.begin(new_task()[0], 0, reports.append)
    wait_until(lambda: reports)
    trainer.worker.kill()
    wait_until(lambda: reports[-1] is None)
    with pytest.raises(BarenetError, match="has ended"):
        trainer.request_path(key).result(5)
    later = []
    trainer.begin(new_task()[0], 0, later.append)
    assert later == [None], "a network made later reports it, too"
    trainer.close()

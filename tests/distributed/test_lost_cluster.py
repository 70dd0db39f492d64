"""A cluster that is lost, hangs, or has too little memory: one clear line, and nothing is lost."""

import os
import re
import signal
import subprocess
import sys
import time
import warnings

import cloudpickle
import dask.array as da
import numpy as np
import pytest

from barenet import Checkpoint, Network, train, train_many
from barenet.callbacks import Callback
from barenet.distributed import DaskRows, _dask_engine, _dask_workers
from barenet.errors import WorkersError
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._ensemble_training import EnsembleTraining
from barenet.population._out_of_fold import OutOfFold

pytestmark = pytest.mark.integration

# Workers can't import a file of tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = X.sum(axis=1)


def fit(client, epochs=3, **options):
    """Train on rows of the workers, or of this process without a client."""
    network = Network.dense([3, 4, 1], seed=1)
    rows = DaskRows(da.from_array(X, chunks=(50, 3)), client)
    options = {"batch_size": 40, "seed": 3, "epochs": epochs, **options}
    history = train(network, rows, da.from_array(Y, chunks=50), **options)
    return network.parameters.tobytes(), history.loss


class AtStep(Callback):
    """Call a function in the second epoch, after the fourth batch."""

    def __init__(self, function):
        self.function = function

    def on_chunk(self, run):
        run.chunk_limit = 1
        if (run.epoch, run.batch) == (2, 4):
            self.function()


def kill(*processes):
    for process in processes:
        process.kill()
        process.wait()


def start_processes(folder, n_workers, settings=None, worker_options=()):
    """Start a scheduler, whose file is `scheduler.json`, and its workers."""
    file = str(folder / "scheduler.json")
    where = ["--scheduler-file", file, "--no-dashboard", "--host", "127.0.0.1"]
    dask = [sys.executable, "-m", "dask"]
    worker = [*dask, "worker", *where, "--no-nanny", "--nthreads", "1", *worker_options]
    commands = [[*dask, "scheduler", *where, "--port", "0"], *[worker] * n_workers]
    environment = {**os.environ, **(settings or {})}
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    return [subprocess.Popen(command, cwd=folder, env=environment, **quiet) for command in commands]


@pytest.fixture
def processes(tmp_path, request):
    """A client of a scheduler with two workers, and the processes of these three.

    A parameter has settings of Dask for the scheduler, as environment variables.
    """
    from distributed import Client

    started = start_processes(tmp_path, 2, getattr(request, "param", None))
    file = str(tmp_path / "scheduler.json")
    with Client(scheduler_file=file, set_as_default=False, timeout=60) as client:
        client.wait_for_workers(2, timeout=120)
        yield client, started
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.case(193)
@pytest.mark.parametrize("lost", ["scheduler", "workers"])
def test_the_state_of_the_client_is_saved_before_the_error(
    client, processes, tmp_path, monkeypatch, lost
):
    """Also long before the next checkpoint is due; resumed, the run ends with the same bits."""
    monkeypatch.setattr(_dask_engine, "NEW_WORKERS", 2)
    remote, (scheduler, *workers) = processes
    saved = Checkpoint(tmp_path / "run", every="1h")

    def lose():
        if lost == "workers":
            kill(*workers)
            return
        kill(scheduler)
        while remote.status == "running":  # workers would answer one step more without it
            time.sleep(0.01)

    with pytest.raises(WorkersError) as caught:
        fit(remote, callbacks=AtStep(lose), checkpoint=saved)
    problem = "the scheduler is lost" if lost == "scheduler" else "all workers are lost"
    line = rf"tcp://[^\n]*{problem}[^\n]*; the state before is saved in [^\n]*"
    assert re.fullmatch(line, str(caught.value))
    assert caught.value.__suppress_context__ and caught.value.__cause__ is None
    state = saved.read()
    assert (state["run"]["epoch"], state["run"]["batch"]) == (1, 4)
    assert fit(client, checkpoint=saved, resume=True) == fit(client)


def ensemble_training():
    rows = OutOfFold(Y[:60, np.newaxis], np.full(60, 1 / 60))
    return EnsembleTraining(X[:60].astype(np.float32), rows, EnsembleRecipe(epochs=5))


@pytest.mark.case(193)
@pytest.mark.slow
def test_an_ensemble_saves_its_last_epoch_before_the_error(processes, tmp_path, monkeypatch):
    remote, (scheduler, *_) = processes
    saved = Checkpoint(tmp_path / "run", every="1h")
    lost = ensemble_training()
    after_epoch = lost._after_epoch

    def kill_then(population):
        after_epoch(population)
        if population.epoch == 2:
            kill(scheduler)

    monkeypatch.setattr(lost, "_after_epoch", kill_then)
    with pytest.raises(WorkersError, match=r"the scheduler is lost; the state before is saved in"):
        lost.run(checkpoint=saved, client=remote)
    assert saved.read()["ensemble"]["epoch"] == 2
    resumed, whole = ensemble_training(), ensemble_training()
    resumed.run(checkpoint=saved, resume=True)
    whole.run()
    assert resumed.best.epoch == whole.best.epoch
    for index, parameters in whole.best.parameters.items():
        assert np.array_equal(resumed.best.parameters[index], parameters)


@pytest.mark.case(193)
@pytest.mark.slow
def test_work_sent_after_the_scheduler_is_lost_does_not_wait_for_another_one(
    processes, monkeypatch
):
    """The client would look for one for a minute; the error comes while it does."""
    monkeypatch.setattr(_dask_workers, "LOOKING", 1.0)
    remote, (scheduler, *_) = processes

    def send_late(*args, **options):
        kill(scheduler)
        while remote.status == "running":
            time.sleep(0.01)
        return submit(*args, **options)

    submit = remote.submit
    monkeypatch.setattr(remote, "submit", send_late)
    with pytest.raises(WorkersError, match="the scheduler is lost"):
        train_networks(remote)
    assert remote.status == "connecting"


LOST = """
import logging
import sys
import numpy as np
import dask.array as da
from barenet import Network, train
from barenet.distributed import DaskRows
from distributed import Client

if __name__ == "__main__":
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)
    X = np.random.default_rng(0).normal(size=(400, 3))
    client = Client(scheduler_file=sys.argv[1], timeout=240)
    client.wait_for_workers(2, timeout=120)

    def report(run):
        print(run.epoch, flush=True)

    rows = DaskRows(da.from_array(X, chunks=(50, 3)), client)
    train(Network.dense([3, 4, 1]), rows, X.sum(axis=1), epochs=10**6, callbacks=report)
"""


@pytest.mark.case(193)
def test_a_script_without_the_log_of_dask_ends_with_one_line_and_no_traceback(processes, tmp_path):
    _, (scheduler, *_) = processes
    (tmp_path / "script.py").write_text(LOST)
    command = [sys.executable, "script.py", "scheduler.json"]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    script = subprocess.Popen(command, cwd=tmp_path, **pipes)
    for line in script.stdout:
        if line == "5\n":
            break
    kill(scheduler)
    _, errors = script.communicate(timeout=300)
    assert script.returncode == 1
    assert "direct cause" not in errors and "During handling" not in errors
    last = errors.strip().splitlines()[-1]
    assert re.fullmatch(r"barenet.errors.WorkersError: tcp://\S+: .* the scheduler is lost", last)


#: Settings of a scheduler that gives up a silent worker after some seconds.
IMPATIENT = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "8s"}


def stopping(client, worker, monkeypatch, wakes_up=True):
    """A function that stops a worker, its address, and the warnings; the first may wake it up."""
    monkeypatch.setattr(_dask_workers, "SILENCE", 3.0)
    monkeypatch.setattr(_dask_workers, "LOOKING", 1.0)
    monkeypatch.setattr(_dask_engine, "LOOKING", 1.0)
    [address] = [a for a, pid in client.run(os.getpid).items() if pid == worker.pid]
    messages = []

    def note(message, *_):
        messages.append(str(message))
        if wakes_up:
            worker.send_signal(signal.SIGCONT)

    def stop():
        worker.send_signal(signal.SIGSTOP)

    monkeypatch.setattr(warnings, "showwarning", note)
    return stop, address, messages


def train_networks(client):
    networks = [Network.dense([3, 4, 1], seed=seed) for seed in range(8)]
    return train_many(networks, X, Y, epochs=3, client=client).histories


@pytest.mark.case(194)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")
@pytest.mark.parametrize("kind", [pytest.param("rows", marks=pytest.mark.slow), "networks"])
def test_a_worker_that_hangs_before_the_work_is_named(processes, monkeypatch, kind):
    """The checks and the data, which go to all workers, wait for it; a line names it."""
    client, (_, worker, _) = processes
    stop, address, messages = stopping(client, worker, monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stop()
        if kind == "rows":
            fit(client)
        else:
            histories = train_networks(client)
            assert all(len(history) == 3 for history in histories)
    silent = [message for message in messages if "sign of life" in message]
    assert silent and silent[0].startswith(f"the worker {address} has sent no sign of life for 3 s")


@pytest.mark.case(194)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")
@pytest.mark.slow
@pytest.mark.parametrize("processes", [IMPATIENT], indirect=True)
def test_the_work_goes_on_without_a_worker_that_dask_gives_up(processes, monkeypatch):
    """The line names the time after which it does so."""
    client, (_, worker, _) = processes
    stop, address, messages = stopping(client, worker, monkeypatch, wakes_up=False)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        stop()
        histories = train_networks(client)
    assert all(len(history) == 3 for history in histories)
    assert address not in client.nthreads()
    assert any(f"the worker {address} has sent no sign of life" in text for text in messages)


@pytest.mark.case(194)
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGSTOP")
def test_a_worker_that_hangs_is_named(processes, monkeypatch):
    """The run goes on when it wakes up, with the same bits."""
    client, (_, worker, _) = processes
    stop, address, messages = stopping(client, worker, monkeypatch)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        expected = fit(client)
        assert fit(client, callbacks=AtStep(stop)) == expected
    silent = [message for message in messages if "sign of life" in message]
    assert silent and silent[0].startswith(f"the worker {address} has sent no sign of life for 3 s")


def full(block):
    """Take more memory than a worker may have."""
    hoard = []
    while True:
        hoard.append(bytearray(2**24))
        hoard[-1][:] = b"x" * 2**24


@pytest.mark.case(194)
def test_workers_out_of_memory_are_named_with_the_share(tmp_path):
    from dask import config
    from distributed import Client, LocalCluster

    here = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "local_directory": tmp_path}
    with (
        config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(1, threads_per_worker=1, memory_limit="500MB", **here) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        rows = da.from_array(X, chunks=(100, 3)).map_blocks(full, meta=X)
        with pytest.raises(WorkersError) as caught:
            train(Network.dense([3, 4, 1]), DaskRows(rows, client), da.from_array(Y, chunks=100))
    message = str(caught.value)
    assert "Attempted to run" not in message
    assert "the same task has ended 1 worker; often their memory is full: each needs" in message
    assert re.search(r"about 0\.1 MB .*, and the smallest limit is 500 MB; use workers", message)


@pytest.mark.case(194)
@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
def test_the_limits_of_workers_that_are_gone_are_named(tmp_path):
    """The scheduler forgets the last worker with its limit; the run has noted it before."""
    from distributed import Client

    settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    started = start_processes(tmp_path, 1, settings, ["--memory-limit", "700MB"])
    file = str(tmp_path / "scheduler.json")
    with Client(scheduler_file=file, set_as_default=False, timeout=60) as client:
        client.wait_for_workers(1, timeout=120)
        # The worker ends as it does when the system has no memory left.
        rows = da.from_array(X, chunks=(100, 3)).map_blocks(
            lambda block: os.kill(os.getpid(), signal.SIGKILL), meta=X
        )
        with pytest.raises(WorkersError, match=r"the smallest limit is 700 MB; use workers"):
            train(Network.dense([3, 4, 1]), DaskRows(rows, client), da.from_array(Y, chunks=100))
        assert client.nthreads() == {}
    kill(*started)

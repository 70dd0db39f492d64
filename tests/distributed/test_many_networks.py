"""Many networks on the workers of a cluster: the bits of one machine, whatever happens to it."""

import _thread
import os
import signal
import subprocess
import sys
import threading
import time

import dask.array as da
import numpy as np
import pytest

from barenet import Network, cross_validate, search, train_many
from barenet.callbacks import EarlyStopping
from barenet.distributed._dask_workers import PARTS, Workers, split_by_cost
from barenet.errors import ArgumentError, MissingExtraError, WorkersError
from barenet.estimators import MLPEnsembleClassifier, MLPEnsembleRegressor
from barenet.population._network_run import Stop
from barenet.population._population_checkpoint import PopulationCheckpoint
from barenet.population._training_slice import WorkersFactory

pytestmark = pytest.mark.integration

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 5)).astype(np.float32)
Y = RNG.integers(0, 3, 120)

#: Arguments of a population of very different networks; a list has one value for each.
MIXTURE = {
    "epochs": [7, 5, 6, 9, 4, 60, 5, 8],
    "optimizer": ["adam", "sgd", "rmsprop", "momentum:average=0.9", "lbfgs", "adam", "adam",
                  "sgd:learning_rate=1e20"],
    "batch_size": [32, 120, 7, 16, "auto", 16, 8, 32],
    "engine": ["auto", "auto", "auto", "auto", "auto", "auto", "reference", "auto"],
    "schedule": [None, None, "cosine", "reduce_on_plateau:patience=1", None, None, None, None],
    "rows": [None, None, np.arange(120) % 3 > 0, RNG.integers(0, 120, 70), *[None] * 4],
    "penalty": [None, "l2:strength=0.1", *[None] * 6],
    "seed": [0, 1, 2, 3, 4, 5, 6, 7],
    "sample_weight": RNG.random(120),
    "validation_data": (X[:30], Y[:30]),
    "metrics": ("accuracy",),
    "callbacks": EarlyStopping(patience=2),
}  # fmt: skip


#: The start of an error.
LOST = r"^tcp://\S*: the cluster has lost tasks: .*"


def networks(count=8, layers=(5, 6, 3)):
    return [Network.dense(layers, output="softmax", seed=seed) for seed in range(count)]


def curves(history):
    return {name: curve for name, curve in history.curves.items() if name != "seconds"}


def assert_equal(one, other):
    """The same bits, curves, ends and errors."""
    for a, b in zip(one.networks, other.networks, strict=True):
        assert a.parameters.tobytes() == b.parameters.tobytes()
    for a, b in zip(one.histories, other.histories, strict=True):
        assert curves(a) == curves(b)
        assert (a.stop_reason, a.best_epoch) == (b.stop_reason, b.best_epoch)
        assert (a.engine, a.seed) == (b.engine, b.seed)
    errors = [{k: str(e) for k, e in each.errors.items()} for each in (one, other)]
    assert errors[0] == errors[1]


@pytest.mark.filterwarnings("ignore:1 of 8 networks failed")
def test_networks_end_with_the_bits_of_one_machine(client):
    given = networks()
    there = train_many(given, X, Y, client=client, **MIXTURE)
    assert there.networks == given
    assert list(there.errors) == [7]
    assert "5 epochs" not in repr(there) and there.histories[5].best_epoch
    assert_equal(there, train_many(networks(), X, Y, **MIXTURE))


@pytest.mark.filterwarnings("ignore:1 of 8 networks failed")
@pytest.mark.parametrize("on_workers", [True, False])
def test_networks_saved_on_workers_are_resumed_anywhere(client, on_workers, tmp_path):
    there = train_many(networks(), X, Y, client=client, checkpoint=tmp_path, **MIXTURE)
    for index in (2, 5):
        (tmp_path / f"{index:05}.safetensors").unlink()
    where = {"client": client} if on_workers else {}
    again = train_many(networks(), X, Y, checkpoint=tmp_path, resume=True, **where, **MIXTURE)
    assert_equal(again, there)
    seconds = [[each.curves.get("seconds") for each in run.histories] for run in (there, again)]
    same = [index for index, both in enumerate(zip(*seconds, strict=True)) if both[0] == both[1]]
    assert same == [0, 1, 3, 4, 6, 7]  # the last one has none


@pytest.mark.filterwarnings("ignore:1 of 8 networks failed")
def test_slices_on_workers_are_resumed(client, tmp_path):
    def change(population):
        if population.epoch == 4 and not ended:
            ended.append(population.epoch)
            raise InterruptedError

    ended, options = list[int](), {"after_slice": change, "slice_epochs": 2, **MIXTURE}
    options |= {"client": client, "checkpoint": tmp_path}
    with pytest.raises(InterruptedError):
        train_many(networks(), X, Y, **options)
    again = train_many(networks(), X, Y, resume=True, **options)
    assert_equal(again, train_many(networks(), X, Y, **MIXTURE))


@pytest.mark.parametrize(
    "kind", [MLPEnsembleClassifier, pytest.param(MLPEnsembleRegressor, marks=pytest.mark.slow)]
)
def test_an_ensemble_on_workers_is_that_of_one_machine(client, kind):
    here, there = (kind(max_iter=3, random_state=0) for _ in range(2))
    here.fit(X, Y)
    there.fit(X, Y, client=client)
    assert there.predict(X).tobytes() == here.predict(X).tobytes()
    assert there.out_of_fold_predictions_.tobytes() == here.out_of_fold_predictions_.tobytes()
    assert (there.loss_curve_, there.n_iter_) == (here.loss_curve_, here.n_iter_)
    with pytest.raises(ArgumentError, match="threads: is for networks that are trained on this"):
        kind(threads=2).fit(X, Y, client=client)


@pytest.mark.filterwarnings("ignore:1 of 8 networks failed")
def test_networks_can_be_dropped_and_replaced_between_slices(client):
    def change(population):
        if population.epoch == 2:
            population.drop(3, "worse")
        if population.epoch == 4:
            population.replace(2, Network.dense((5, 4, 3), output="softmax"), epochs=3)

    slices = {"after_slice": change, "slice_epochs": 2, **MIXTURE}
    there = train_many(networks(), X, Y, client=client, **slices)
    assert (there.histories[3].stop_reason, len(there.histories[3])) == ("worse", 2)
    assert_equal(there, train_many(networks(), X, Y, **slices))


class Samples:
    """Samples that count how often they are sent by the process that made them."""

    sent = 0

    def __array__(self, *_, **__):
        return X

    def __reduce__(self):
        Samples.sent += 1
        return np.asarray, (X,)


def test_the_data_are_sent_once(client):
    held_out = {"validation_data": (Samples(), Y), "test_data": (X, Y)}
    train_many(networks(40), Samples(), Y, epochs=1, client=client, **held_out)
    assert Samples.sent == 2


def test_networks_are_split_by_their_costs():
    costs = RNG.integers(1, 1000, 500).astype(float)
    parts = split_by_cost(costs, 2 * PARTS)
    assert sorted(place for part in parts for place in part) == list(range(500))
    largest = [costs[part].max() for part in parts]
    assert largest == sorted(largest, reverse=True)
    assert max(costs[part].sum() for part in parts) <= costs.sum() / (2 * PARTS)
    assert split_by_cost([5.0, 1.0], 1) == [[0, 1]]
    assert split_by_cost([1.0, 100.0], 8) == [[1], [0]]


#: Options of networks that train long enough for a worker to be killed meanwhile.
LONG = {"epochs": 20_000, "batch_size": 20}


def test_the_networks_of_a_killed_worker_are_trained_again(client):
    processes = client.run(os.getpid)
    killed = list[str]()

    def kill():
        busy = list[str]()
        while len(busy) < 2:  # of the two workers
            time.sleep(0.01)
            busy = [address for address, tasks in client.processing().items() if tasks]
        time.sleep(0.1)
        os.kill(processes[busy[0]], signal.SIGKILL)
        killed.append(busy[0])

    thread = threading.Thread(target=kill, daemon=True)
    thread.start()
    there = train_many(networks(6, (5, 40, 3)), X, Y, client=client, **LONG)
    thread.join(timeout=60)
    assert killed and killed[0] not in client.processing()
    assert_equal(there, train_many(networks(6, (5, 40, 3)), X, Y, **LONG))


def test_a_task_that_ends_its_workers_is_one_clear_line(client, monkeypatch):
    monkeypatch.setattr(client.cluster.scheduler, "allowed_failures", 0)
    shared = WorkersFactory(X, Y, 1.0, 1, 1, Stop(), PopulationCheckpoint(states={}))
    with pytest.raises(WorkersError, match=LOST + "the same task has ended 1 worker;"):
        Workers(client, shared).map(lambda *_: os._exit(1), [0], [1.0], print)
    client.wait_for_workers(2, timeout=60)


def test_an_interrupt_keeps_what_is_finished_and_frees_the_workers(client):
    short, long = networks(1)[0], networks(2)[1]
    before = short.parameters.copy(), long.parameters.copy()

    def interrupt():
        while np.array_equal(short.parameters, before[0]):
            time.sleep(0.01)
        _thread.interrupt_main()

    threading.Thread(target=interrupt, daemon=True).start()
    with pytest.raises(KeyboardInterrupt):
        train_many([short, long], X, Y, epochs=[3, 10**8], client=client)
    alone = networks(1)
    train_many(alone, X, Y, epochs=3)
    assert np.array_equal(short.parameters, alone[0].parameters)
    assert np.array_equal(long.parameters, before[1])
    for address in client.nthreads():
        task = client.submit(os.getpid, workers=[address], pure=False)
        assert task.result(timeout=60)  # no worker's only thread is still in training


def test_a_lost_scheduler_is_one_clear_line(cluster_processes, tmp_path):
    from distributed import Client

    file, scheduler = cluster_processes
    saved = tmp_path / "states" / "00000.safetensors"
    # The first is as costly, and ends much sooner.
    options = {"epochs": [400, 399], "batch_size": [120, 1], "engine": ["auto", "reference"]}
    options |= {"checkpoint": tmp_path / "states"}
    with Client(scheduler_file=file, set_as_default=False) as client:
        client.wait_for_workers(1, timeout=60)

        def kill():
            while not saved.exists():
                time.sleep(0.01)
            scheduler.kill()

        threading.Thread(target=kill, daemon=True).start()
        with pytest.raises(WorkersError, match="the scheduler is lost") as caught:
            train_many(networks(2), X, Y, client=client, **options)
        assert "\n" not in str(caught.value)
        with pytest.raises(ArgumentError, match="client: is not connected to a scheduler"):
            train_many(networks(2), X, Y, client=client)
    assert [*saved.parent.glob("*.safetensors")] == [saved]
    options["engine"][1] = "auto"
    resumed = train_many(networks(2), X, Y, resume=True, **options)
    assert_equal(resumed, train_many(networks(2), X, Y, **{**options, "checkpoint": None}))


def test_a_scheduler_without_workers_is_refused():
    from distributed import LocalCluster

    options = {"dashboard_address": "127.0.0.1:0", "processes": False}
    match = "no workers; start some, .*; an adaptive cluster needs a minimum of 1"
    with (
        LocalCluster(n_workers=0, **options) as cluster,
        cluster.get_client() as client,
        pytest.raises(WorkersError, match=match),
    ):
        train_many(networks(1), X, Y, client=client)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"X": da.from_array(X)}, "X, y: each network needs all rows in one array, .*; call"),
        ({"y": da.from_array(Y)}, "X, y: each network needs all rows in one array, .*; call"),
        ({"threads": 2}, "threads: is for networks"),
        ({"resume": True}, "resume: there is no checkpoint"),
        ({"callbacks": print}, "callbacks: .* can't be called on a worker"),
        ({"batch_size": [1, 0]}, "batch_size: network 1: expected"),
    ],
)
def test_arguments_that_cannot_work_there_are_refused_here(client, arguments, match):
    with pytest.raises(ArgumentError, match=match):
        train_many(networks(2), **{"X": X, "y": Y, "client": client, **arguments})


def test_only_a_client_is_a_client(monkeypatch):
    with pytest.raises(ArgumentError, match="client: expected a dask"):
        train_many(networks(1), X, Y, client="tcp://127.0.0.1:8786")
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"pip install '\.\[distributed\]', in a copy"):
        train_many(networks(1), X, Y, client=object())


def test_dask_is_not_imported_without_a_client():
    code = "import sys, numpy as np; from barenet import Network, train_many;"
    code += "train_many([Network.dense([1, 1])], np.ones((2, 1)), np.ones(2), epochs=1);"
    code += "assert not {'dask', 'distributed'} & {*sys.modules}"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("halving", [pytest.param(None, marks=pytest.mark.slow), 2])
def test_a_search_has_the_scores_of_one_machine(client, halving):
    grid = {"learning_rate": [0.1, 0.01, 0.001], "hidden": ["relu", "tanh"]}
    options = {"layers": (5, 6, 3), "cv": 3, "epochs": 12, "halving": halving}
    here, there = (search(grid, X, Y, client=each, **options) for each in (None, client))
    assert here.best_params_ == there.best_params_
    assert np.array_equal(here.best_network_.parameters, there.best_network_.parameters)
    assert here.cv_results_.keys() == there.cv_results_.keys()
    for name, values in here.cv_results_.items():
        if "time" not in name:
            np.testing.assert_equal(values, there.cv_results_[name])


def test_a_cross_validation_has_the_scores_of_one_machine(client):
    options, where = {"cv": 3, "epochs": 9}, (None, client)
    here, there = (cross_validate(networks(1)[0], X, Y, client=c, **options) for c in where)
    for name in ("test_loss", "test_accuracy", "epochs"):
        assert np.array_equal(here[name], there[name])

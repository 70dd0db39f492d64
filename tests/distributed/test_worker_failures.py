"""Workers that die all at once or can't import, and partitions that can't be used."""

import importlib
import os
import signal
from multiprocessing.pool import ThreadPool

import dask.array as da
import dask.dataframe as dd
import numpy as np
import pytest
import scipy.sparse

from barenet import Network, train, train_many
from barenet.distributed import DaskRows
from barenet.distributed._cluster import open_client
from barenet.errors import ArgumentError, WorkersError
from barenet.layers import Dense

pytestmark = pytest.mark.integration

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = X.sum(axis=1)


def fit(client, network=None, **options):
    network = network or Network.dense([3, 4, 1], seed=1)
    rows = DaskRows(da.from_array(X, chunks=(10, 3)), client)
    train(network, rows, da.from_array(Y, chunks=10), **{"epochs": 3, "seed": 0, **options})
    return network.parameters.tobytes()


def ending(function, *arguments, **options):
    """The result of a call, which fails here if it does not end."""
    with ThreadPool(1) as pool:
        return pool.apply_async(function, arguments, options).get(timeout=120)


@pytest.mark.slow
def test_all_workers_that_die_at_once_change_no_bit(client):
    expected = fit(client)
    killed = dict[str, int]()

    def kill(run):
        if not killed:
            killed.update(client.run(os.getpid))
            for process in killed.values():
                os.kill(process, signal.SIGKILL)

    assert ending(fit, client, callbacks=kill) == expected
    assert len(killed) == 2


@pytest.mark.slow
def test_a_worker_that_its_cluster_no_longer_knows_is_ended():
    with open_client(1, None) as client:
        [process] = client.run(os.getpid).values()
        client.cluster.scheduler_info["workers"].clear()
    with pytest.raises(ProcessLookupError):
        os.kill(process, 0)
    assert client.cluster.status.name == "closed"


MODULES = {
    "loss": "from barenet.losses import SquaredError\nclass Own(SquaredError): pass\n",
    "optimizer": "from barenet.optimizers import SGD\nclass Own(SGD): pass\n",
    "layer": "from barenet.layers import Dense\nclass Own(Dense): pass\n",
}


@pytest.fixture
def own_parts(tmp_path, monkeypatch):
    """Parts of a training from modules that only this process can import, and their files."""
    monkeypatch.syspath_prepend(tmp_path)
    names = {kind: f"own_{kind}_{tmp_path.name}" for kind in MODULES}
    for kind, name in names.items():
        (tmp_path / f"{name}.py").write_text(MODULES[kind])
    own = {kind: importlib.import_module(name).Own for kind, name in names.items()}
    layers = Network([own["layer"](3, 4), Dense(4, 1)], seed=1)
    parts = {"loss": own["loss"](), "optimizer": own["optimizer"](0.1), "layer": layers}
    return parts, {kind: str(tmp_path / f"{name}.py") for kind, name in names.items()}


def fit_many(client, network=None, **options):
    networks = [network or Network.dense([3, 4, 1], seed=1), Network.dense([3, 4, 1], seed=2)]
    train_many(networks, X, Y, **{"epochs": 1, **options}, client=client)


@pytest.mark.parametrize(
    "kind", [pytest.param("loss", marks=pytest.mark.slow), "optimizer", "layer"]
)
def test_a_part_that_workers_cannot_import_is_one_line_with_the_remedy(client, own_parts, kind):
    parts, files = own_parts
    options = {"network" if kind == "layer" else kind: parts[kind]}
    # Workers with rows compute gradients, and the optimizer takes its steps in this process.
    functions = (fit_many,) if kind == "optimizer" else (fit, fit_many)
    message = rf"^the worker tcp://\S+ can't load .* No module named 'own_{kind}\w+'; .*upload_file"
    for train_there in functions:
        with pytest.raises(WorkersError, match=message) as caught:
            ending(train_there, client, **options)
        assert "\n" not in str(caught.value)
    client.upload_file(files[kind])
    for train_there in functions:
        ending(train_there, client, **options)


def test_a_worker_that_has_just_died_is_left_to_dask(client):
    expected = fit(client)
    process = next(iter(client.run(os.getpid).values()))
    os.kill(process, signal.SIGKILL)
    assert ending(fit, client) == expected


def without_memory(block):
    raise MemoryError


PARTITIONS = {
    scipy.sparse.csr_matrix: r"^X: partition 0: sparse partitions can't be used; call .toarray\(\)",
    print: "^X: partition 0: expected an array, got None$",
    without_memory: "^X: partition 0 can't be read: MemoryError$",
}


def test_partitions_that_cannot_be_used_are_one_line(client):
    for convert, message in PARTITIONS.items():
        rows = da.from_array(X, chunks=(10, 3)).map_blocks(convert, meta=X)
        with pytest.raises(ArgumentError, match=message):
            train(Network.dense([3, 4, 1]), DaskRows(rows, client), da.from_array(Y, chunks=10))


@pytest.mark.parametrize("to_target", [np.sum, lambda y: dd.from_dask_array(y).sum()])
def test_a_single_number_is_no_y(client, to_target):
    rows, y = da.from_array(X, chunks=(10, 3)), da.from_array(Y, chunks=10)
    with pytest.raises(ArgumentError, match=r"^y: expected a target for each row, got .*dask"):
        train(Network.dense([3, 4, 1]), DaskRows(rows, client), to_target(y))

"""One network, and rows on the workers of a cluster: the same bits on any number of workers."""

import os
import signal
import sys
from itertools import pairwise

import cloudpickle
import numpy as np
import pytest

from barenet import Checkpoint, Network, train, train_many
from barenet.callbacks import Callback
from barenet.distributed import DaskRows
from barenet.distributed._block_shares import BlockShares, add_up
from barenet.distributed._cluster import open_client
from barenet.distributed._dask_engine import BlockWorker, DaskEngine
from barenet.engines import Job, ReferenceEngine
from barenet.errors import ArgumentError, WorkersError
from barenet.layers import BatchNorm, Dense
from barenet.losses import SquaredError
from barenet.model._array_dataset import validate_arrays
from barenet.optimizers import SGD

pytestmark = pytest.mark.integration

da = pytest.importorskip("dask.array")
dd = pytest.importorskip("dask.dataframe")
delayed = pytest.importorskip("dask").delayed

# Workers can't import a file of tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

LENGTHS = (200, 41, 200, 1, 130)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(sum(LENGTHS), 3))
Y = np.sin(X.sum(axis=1))
BLOCKS = np.split(np.arange(len(X)), np.cumsum(LENGTHS[:-1]))


def make_network(**options):
    return Network.dense([3, 8, 1], seed=1, **{"dtype": "float64", **options})


def fit(client, network=None, lengths=LENGTHS, **options):
    network = network or make_network()
    rows = DaskRows(da.from_array(X, chunks=(lengths, 3)), client)
    given = {"seed": 4, "batch_size": 64, "epochs": 2, "engine": "reference", **options}
    return network, train(network, rows, da.from_array(Y, chunks=100), **given)


def bits(fitted):
    network, history = fitted
    return network.parameters.tobytes(), history.loss, history["gradient_norm"]


def batches_of(epoch, size=64, seed=4):
    """The rows of each block in each batch, from the orders of the blocks."""
    shares = BlockShares(LENGTHS, seed)
    orders = [rows[shares.order(epoch, number)] for number, rows in enumerate(BLOCKS)]
    ends = [shares.counts(at) for at in [*range(0, len(X), size), len(X)]]
    return [[o[a:b] for o, a, b in zip(orders, *pair, strict=True)] for pair in pairwise(ends)]


@pytest.mark.parametrize("lengths", [LENGTHS, (7,), (5, 5, 5, 5), (1, 1, 1000), (3,) * 30])
def test_a_batch_takes_a_share_of_each_block_and_an_epoch_all_rows(lengths):
    shares, n_rows = BlockShares(lengths, 0), sum(lengths)
    counts = np.array([shares.counts(position) for position in range(n_rows + 1)])
    assert np.array_equal(counts.sum(axis=1), np.arange(n_rows + 1))
    assert (np.diff(counts, axis=0) >= 0).all() and tuple(counts[-1]) == lengths
    exact = np.outer(np.arange(n_rows + 1) / n_rows, lengths)
    assert np.abs(counts - exact).max() <= 2


def test_a_block_has_another_order_in_each_epoch_and_under_each_seed():
    orders = [BlockShares((50, 50), seed).order(epoch, 0) for seed in (0, 1) for epoch in (0, 1)]
    orders.append(BlockShares((50, 50), 0).order(0, 1))
    assert len({tuple(order) for order in orders}) == 5
    assert all(sorted(order) == list(range(50)) for order in orders)


@pytest.mark.parametrize("splits", [[], [1], [4], [2, 3], [1, 2, 3, 4, 5, 6]])
def test_sums_do_not_depend_on_the_workers_that_add_them(splits):
    values = RNG.normal(size=(7, 100)).astype(np.float32)
    parts, joined = np.split(np.arange(7), splits), {}
    for part in parts:
        sums = {(number, number + 1): values[number].copy() for number in part.tolist()}
        add_up(sums, 0, 7)
        joined |= sums
    add_up(joined, 0, 7)
    a, b, c, d, e, f, g = values
    assert np.array_equal(joined[0, 7], (a + (b + c)) + ((d + e) + (f + g)))


def test_steps_are_those_of_the_same_batches_in_memory(client):
    order = np.concatenate([rows for batch in batches_of(0) for rows in batch])
    assert np.array_equal(np.sort(order), np.arange(len(X)))
    options = {"optimizer": "sgd", "penalty": "l2:strength=0.1", "clip": "norm:limit=1"}
    options |= {"seed": 4, "batch_size": 64, "epochs": 1, "engine": "reference"}
    own = make_network()
    expected = train(own, X[order], Y[order], shuffle=False, **options)
    network, history = fit(client, **options)
    np.testing.assert_allclose(network.parameters, own.parameters, rtol=1e-10)
    assert history.loss == pytest.approx(expected.loss, rel=1e-12)
    assert history["gradient_norm"] == pytest.approx(expected["gradient_norm"], rel=1e-10)


def test_a_step_is_the_sum_over_blocks_to_the_bit(client):
    def gradient(rows):
        one, loss = make_network(), SquaredError()
        data = validate_arrays(one, loss, X[rows], Y[rows])
        job = Job(network=one, rows=data, loss=loss, optimizer=SGD())
        return len(rows) / len(X) * ReferenceEngine(job).value_and_gradient()[1]

    a, b, c, d, e = (gradient(rows[order]) for rows, order in zip(BLOCKS, orders(), strict=True))
    expected = make_network()
    expected.parameters[:] -= 0.5 * ((a + b) + (c + (d + e)))
    options = {"optimizer": "sgd:learning_rate=0.5", "batch_size": None, "epochs": 1}
    network, _ = fit(client, **options)
    assert np.array_equal(network.parameters, expected.parameters)


def orders():
    shares = BlockShares(LENGTHS, 4)
    return [shares.order(0, number) for number in range(len(LENGTHS))]


OPTIONS = [
    {"engine": "compiled", "dropout": 0.2, "optimizer": "adam:average=0.9"},
    {"dropout": 0.2, "penalty": "l2:strength=1", "optimizer": "adam:average=0.9"},
    {"engine": "compiled", "optimizer": "lbfgs"},
]


def test_the_bits_are_the_same_with_1_2_and_4_workers(client):
    def all_bits(client):
        found = []
        for options in OPTIONS:
            given = dict(options)
            network = make_network(dtype="float32", dropout=given.pop("dropout", 0))
            found.append(bits(fit(client, network, **given)))
        return found

    from distributed import LocalCluster

    expected = all_bits(client)
    for count in (1, 4):  # as threads, which start at once
        options = {"threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
        with LocalCluster(count, **options) as cluster, cluster.get_client() as workers:
            assert all_bits(workers) == expected


@pytest.mark.parametrize("dropout", [0, 0.5])
def test_blocks_of_the_same_rows_drop_other_units(dropout):
    network, loss = make_network(dropout=dropout), SquaredError()
    rows = validate_arrays(network, loss, X[:20], Y[:20])
    job = Job(network=network, rows=rows, loss=loss, optimizer=SGD())
    # The third block is elsewhere, so that the first two are not added.
    worker = BlockWorker(
        rows,
        rows,
        job=job,
        engine="reference",
        threads=1,
        shares=BlockShares((20, 20, 20), 0),
        first=0,
    )
    for step in (0, 1):
        sums, _ = worker.compute(step, range(-60, 0), network.parameters.copy())
        assert np.array_equal(sums[0, 1], sums[1, 2]) == (not dropout)


def test_lbfgs_reaches_the_minimum_of_all_rows(client):
    own = make_network()
    expected = train(own, X, Y, optimizer="lbfgs", epochs=10, engine="reference")
    _, history = fit(client, optimizer="lbfgs", epochs=10)
    assert history.loss == pytest.approx(expected.loss, rel=1e-6)


class DeadlyError(SquaredError):
    """A loss whose gradient ends its process, once."""

    def __init__(self, path):
        self.path, self.home = path, os.getpid()

    def gradient(self, *arguments):
        if os.getpid() != self.home and self.path.exists():
            if self.path.stat().st_size >= 12:
                self.path.unlink(missing_ok=True)
                os.kill(os.getpid(), signal.SIGKILL)
            with self.path.open("a") as file:
                file.write(".")
        return super().gradient(*arguments)


def test_a_worker_that_dies_within_a_step_changes_no_bit(client, tmp_path):
    trigger = tmp_path / "die"
    expected = bits(fit(client, loss=DeadlyError(trigger)))
    trigger.touch()
    before = client.run(os.getpid)
    assert bits(fit(client, loss=DeadlyError(trigger))) == expected
    assert not trigger.exists()
    client.wait_for_workers(2, timeout=60)
    assert client.run(os.getpid) != before


class Pause(Callback):
    def on_chunk(self, run):
        run.chunk_limit = 2
        if run.epoch == 2 and run.batch >= 4:
            run.stop("paused", resumable=True)


def test_a_run_is_resumed_within_an_epoch_on_other_workers(client, tmp_path):
    options = {"epochs": 3, "metrics": "r2", "validation_data": (X[:50], Y[:50])}
    expected = fit(client, **options)
    _, first = fit(client, callbacks=Pause(), checkpoint=tmp_path, **options)
    assert first.stop_reason == "paused" and len(first) == 1
    with open_client(1, None) as one:
        again = fit(one, checkpoint=tmp_path, resume=True, **options)
    assert bits(again) == bits(expected)
    assert again[1]["validation_loss"] == expected[1]["validation_loss"]
    assert again[1]["r2"] == expected[1]["r2"]


def test_a_run_is_not_resumed_with_other_partitions(client, tmp_path):
    fit(client, callbacks=Pause(), checkpoint=tmp_path)
    with pytest.raises(ValueError, match=r"rows of the blocks was 200, 41, .* and is 400, 172"):
        fit(client, lengths=(400, 172), checkpoint=tmp_path, resume=True)


def test_a_scheduler_that_is_lost_leaves_the_checkpoint(client, cluster_processes, tmp_path):
    from distributed import Client

    file, scheduler = cluster_processes

    class Lose(Callback):
        def on_chunk(self, run):
            run.chunk_limit = 1
            if run.epoch == 2 and run.batch == 5:
                scheduler.kill()
                scheduler.wait()

    expected, saved = bits(fit(client, epochs=3)), Checkpoint(tmp_path / "run", every=1)
    with Client(scheduler_file=file, set_as_default=False, timeout=2) as lost:
        lost.wait_for_workers(1, timeout=20)
        with pytest.raises(WorkersError, match=r"^[^\n]*the cluster has lost tasks[^\n]*$"):
            fit(lost, callbacks=Lose(), checkpoint=saved, epochs=3)
    assert bits(fit(client, checkpoint=saved, resume=True, epochs=3)) == expected


def test_a_data_frame_with_partitions_of_unknown_lengths(client):
    import pandas as pd

    table = pd.DataFrame(X.astype("float32"), columns=list("abc")).assign(y=Y)
    frame = dd.from_pandas(table, npartitions=4)
    frame = frame[frame["a"] > -10]
    network = make_network(dtype="float32")
    with client.as_current():
        history = train(network, frame[["a", "b", "c"]], frame["y"], epochs=1, batch_size=None)
    own = make_network(dtype="float32")
    expected = train(own, X, Y, epochs=1, batch_size=None)
    assert history.loss == pytest.approx(expected.loss, rel=1e-6)
    for rows in (array(143, 143, 143, 143), frame[["a", "b", "c"]].to_dask_array()):
        mixed = train(make_network(), DaskRows(rows, client), frame["y"], epochs=1, batch_size=None)
        assert mixed.loss == pytest.approx(expected.loss, rel=1e-6)
    with pytest.raises(ArgumentError, match=r"^y: has 1 partition, and X has 4; split it as X"):
        train(network, DaskRows(frame[["a"]], client), Y)
    words = frame.assign(a="x")
    with pytest.raises(ArgumentError, match=r"^X: these columns have no numbers: a; encode"):
        train(network, DaskRows(words[["a", "b", "c"]], client), frame["y"])


@pytest.mark.parametrize("is_filtered", [pytest.param(False, marks=pytest.mark.slow), True])
def test_a_data_frame_of_parquet_files(client, tmp_path, is_filtered):
    """Dask joins partitions of files as it reads few of their columns, so those of y, not of X."""
    import pandas as pd

    names = list("abcdefghij")
    rng = np.random.default_rng(1)
    table = pd.DataFrame(rng.normal(size=(800, 11)), columns=[*names, "target"])
    for number in range(8):
        table[100 * number : 100 * number + 100].to_parquet(tmp_path / f"{number}.parquet")
    frame = dd.read_parquet(tmp_path)
    frame = frame[frame["a"] < 100] if is_filtered else frame
    inputs, targets = frame[names], frame["target"]
    assert targets.optimize().npartitions < inputs.optimize().npartitions
    network, own = (Network.dense([10, 4, 1], seed=1, dtype="float64") for _ in range(2))
    with client.as_current():
        history = train(network, inputs, targets, epochs=2, batch_size=None)
    expected = train(own, table[names], table["target"], epochs=2, batch_size=None)
    assert history.loss == pytest.approx(expected.loss, rel=1e-12)
    with pytest.raises(ArgumentError, match=r"^y: has \d partitions?, and X has \d.*persist\(\)"):
        train(network, DaskRows(inputs.values, client), targets.values)


def array(*chunks):
    return da.from_array(X, chunks=(chunks or 100, 3))


def from_file(path):
    return da.from_delayed(delayed(np.load)(path), (100, 3), float)


BATCH_NORM = Network([Dense(3, 4), BatchNorm(4), Dense(4, 1)], dtype="float64")
#: Arguments that are refused, and the error.
REFUSED = [
    ({"y": da.from_array(Y[:500], chunks=100)}, r"^y: has 500 rows, and X has 572"),
    ({"y": None}, r"^y: expected the targets, got None"),
    ({"y": Y[1:]}, r"^y: has 571 rows, and X has 572"),
    ({"y": np.where(Y[250] == Y, np.nan, Y)}, r"^y: partition 2: nan at .* only finite numbers"),
    ({"X": array()[:, :2]}, r"^X: partition 0: has 2 features, and the network takes 3 inputs$"),
    ({"X": X}, r"^X: expected a Dask array or data frame"),
    ({"X": da.concatenate([array()[:100], from_file("missing.npy")]), "y": Y[:200]},
     r"^X: partition 1 can't be read: .*missing\.npy"),
    ({"sample_weight": np.ones(572)}, r"^sample_weight: rows on workers"),
    ({"network": BATCH_NORM}, r"^network: batch norm .*; use layer norm$"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "message"), REFUSED)
def test_what_is_refused(client, changed, message):
    given = {"network": make_network(), "X": array(), "y": Y, **changed}
    network, rows, y = (given.pop(name) for name in [*given][:3])
    with pytest.raises(ArgumentError, match=message):
        train(network, DaskRows(rows, client), y, epochs=1, **given)
    with pytest.raises(ArgumentError, match=r"^X: there is no client of Dask.*Client\(\)$"):
        train(make_network(), array(), Y)


def test_a_worker_with_another_version_is_refused(client):
    def set_version(version):
        import barenet

        before, barenet.__version__ = barenet.__version__, version
        return before

    [worker, _] = sorted(client.nthreads())
    [ours] = client.run(set_version, "0.0.1", workers=[worker]).values()
    try:
        with pytest.raises(WorkersError, match=f"{worker} has another version: barenet 0.0.1"):
            fit(client)
        with pytest.raises(WorkersError, match=f"{worker} has another version.*install"):
            train_many([make_network()], X, Y, client=client)
    finally:
        client.run(set_version, ours, workers=[worker])


@pytest.mark.parametrize(
    ("asked", "problem", "found"), [(None, None, True), (None, OSError, None), (False, None, False)]
)
def test_steps_go_through_the_scheduler_only_where_they_must(
    client, asked, problem, found, monkeypatch
):
    from distributed import Client

    with Client(client.cluster, set_as_default=False) as own:
        own.direct_to_workers = asked
        relayed = list[str]()
        handlers = client.cluster.scheduler.handlers
        relay, connect = handlers["proxy"], own.rpc.connect

        def count(msg, worker, serializers=None):
            relayed.append(msg["op"])
            return relay(msg, worker, serializers)

        async def connect_to_scheduler(address, *arguments, **options):
            if problem and address != own.scheduler.address:
                raise problem("no route to host")
            return await connect(address, *arguments, **options)

        monkeypatch.setitem(handlers, "proxy", count)
        monkeypatch.setattr(own.rpc, "connect", connect_to_scheduler)
        n_steps, n_actors = -(-len(X) // 64), 2
        assert len(fit(own, epochs=1)[1]) == 1
        assert own.direct_to_workers is found
        assert relayed.count("actor_execute") == (0 if found else n_steps * n_actors)


def test_workers_without_a_partition_change_nothing(client, monkeypatch):
    starts, start = [], DaskEngine._start
    monkeypatch.setattr(DaskEngine, "_start", lambda *given: starts.append(1) or start(*given))
    fit(client, lengths=(len(X),), epochs=3)
    assert len(starts) == 1


@pytest.mark.parametrize("shuffle", [True, False])
def test_a_worker_that_joins_takes_part_from_the_next_epoch_on(client, shuffle, monkeypatch):
    from distributed import LocalCluster

    sizes, start = [], DaskEngine._start

    def start_and_note(engine, client):
        actors = start(engine, client)
        sizes.append(len(actors))
        return actors

    class Join(Callback):
        def on_epoch(self, run):
            cluster.scale(2)
            workers.wait_for_workers(2, timeout=60)

    monkeypatch.setattr(DaskEngine, "_start", start_and_note)
    expected = bits(fit(client, shuffle=shuffle))
    sizes.clear()
    options = {"threads_per_worker": 1, "processes": False, "dashboard_address": "127.0.0.1:0"}
    with LocalCluster(1, **options) as cluster, cluster.get_client() as workers:
        assert bits(fit(workers, shuffle=shuffle, callbacks=Join())) == expected
    assert sizes == [1, 2]


@pytest.mark.slow
def test_connections_are_encrypted_as_the_configuration_of_dask_requires(client, tmp_path):
    from dask import config
    from distributed import Security

    own = Security.temporary()
    place, tls = tmp_path / "own.pem", "distributed.comm.tls"
    place.write_text(own.tls_ca_file + own.tls_client_key)
    settings = {"distributed.comm.require-encryption": True, f"{tls}.ca-file": str(place)}
    for role in ("client", "scheduler", "worker"):
        settings |= {f"{tls}.{role}.cert": str(place), f"{tls}.{role}.key": str(place)}
    with config.set(settings), open_client(2, None) as encrypted:
        addresses = [encrypted.scheduler.address, *encrypted.nthreads()]
        assert all(each.startswith("tls://127.0.0.1:") for each in addresses)
        assert bits(fit(encrypted)) == bits(fit(client))
        without = config.set({f"{tls}.client.cert": None, f"{tls}.client.key": None})
        refused = pytest.raises(ArgumentError, match=r"^[^\n]*can't connect[^\n]*$")
        with without, refused, open_client(None, addresses[0]):
            pass


def test_frozen_layers_keep_their_bits(client):
    network = make_network(dtype="float32")
    network.layers[0].trainable = False
    first, last = network.layers
    before = first.weights.copy()
    last_before = last.weights.copy()
    fit(client, network, optimizer="adamw", penalty="l2:strength=0.1")
    assert first.weights.tobytes() == before.tobytes()
    assert (last.weights != last_before).all()

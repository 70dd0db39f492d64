"""Training on the rows of a stream, against the same rows in memory."""

import gc
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from barenet import Checkpoint, Network, train
from barenet._sparse_rows import SparseRows
from barenet.callbacks import Callback
from barenet.errors import ArgumentError, DataError, ResumeError
from barenet.losses import SquaredError
from barenet.streams import _stream_memory
from barenet.streams._block_order import BlockOrder
from barenet.streams._stream import stream

LENGTHS = (700, 41, 350, 1, 508)
RNG = np.random.default_rng(0)
TABLE = pd.DataFrame(RNG.normal(size=(sum(LENGTHS), 3)), columns=[*"abc"])
TABLE["y"] = np.sin(TABLE.sum(axis=1))


@pytest.fixture
def rows(tmp_path, monkeypatch):
    """A stream of blocks that are joined to groups of 400 rows or more."""
    monkeypatch.setattr(_stream_memory, "GROUP_ROWS", 400)
    return write(tmp_path, LENGTHS)


def write(folder, lengths):
    starts = np.cumsum([0, *lengths])
    for number, start in enumerate(starts[:-1]):
        TABLE[start : starts[number + 1]].to_parquet(folder / f"{number}.parquet")
    return stream(f"{folder}/*.parquet", "y", task="regression")


def make_network(**options):
    return Network.dense([3, 8, 1], seed=1, **options)


def in_memory(rows, seed=4):
    """The arrays of a stream in the order of the first epoch."""
    arrays = rows.make_rows(make_network(), SquaredError(), None, None, 1.0)
    [order] = arrays.orders(seed, [0])
    indices = order[:]
    return arrays.X[indices], arrays.y[indices]


def test_every_epoch_visits_every_row_once_in_another_order():
    orders = [BlockOrder(LENGTHS, 4, epoch, 400)[:] for epoch in range(3)]
    assert all(np.array_equal(np.sort(order), np.arange(sum(LENGTHS))) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(BlockOrder(LENGTHS, None, 2, 400), np.arange(sum(LENGTHS)))
    assert not np.array_equal(orders[0], BlockOrder(LENGTHS, 5, 0, 400))


def test_a_part_of_an_order_needs_its_groups_alone():
    whole, prepared = BlockOrder(LENGTHS, 4, 0, 400), []
    order = BlockOrder(LENGTHS, 4, 0, 400, lambda *groups: prepared.append(groups))
    for part in (slice(0, 7), slice(7, 1000), slice(990, 1100), slice(1500, 3000)):
        assert np.array_equal(order[part], whole[:][part])
    groups = [group.tolist() for group in whole.groups]
    assert sorted(block for group in groups for block in group) == [*range(5)]
    assert prepared == [(groups[0], groups[1]), (groups[1], groups[2]), (groups[2],)]
    assert len(order) == whole.starts[-1] == sum(LENGTHS)


@pytest.mark.parametrize(
    ("engine", "batch_size", "shuffle"),
    [("reference", 7, True), ("compiled", 1000, True), ("compiled", None, True),
     ("compiled", 32, False)],
)  # fmt: skip
def test_the_steps_are_those_of_the_same_rows_in_memory(rows, engine, batch_size, shuffle):
    streamed, own = make_network(dropout=0.2), make_network(dropout=0.2)
    options = {"seed": 4, "batch_size": batch_size, "engine": engine, "epochs": 2 - shuffle}
    history = train(streamed, rows, shuffle=shuffle, **options)
    expected = train(own, *in_memory(rows, 4 if shuffle else None), shuffle=False, **options)
    assert np.array_equal(streamed.parameters, own.parameters)
    assert (history.loss, history.engine) == (expected.loss, engine)


@pytest.mark.parametrize(
    ("engine", "numbers"), [("reference", "standardize"), ("compiled", "piecewise")]
)
def test_rows_of_many_categories_are_entries(tmp_path, engine, numbers):
    towns = pd.Series(RNG.integers(300, size=len(TABLE))).map("town {}".format)
    table = TABLE.assign(town=towns, a=TABLE["a"].where(TABLE["a"] > -1))
    for part in range(3):
        table[part::3].to_parquet(tmp_path / f"{part}.parquet")
    rows = stream(f"{tmp_path}/*.parquet", "y", rare=0, numbers=numbers)
    network = Network.dense([rows.n_inputs, 8, 1], seed=1)
    arrays = rows.make_rows(network, SquaredError(), None, None, 1.0)
    [order] = arrays.orders(4, [0])
    X, y = arrays.X[order[:]], arrays.y[order[:]]
    blocks = [rows.arrays(rows.read_block(number))[0] for number in range(3)]
    np.testing.assert_array_equal(np.asarray(arrays.X), np.concatenate(blocks))
    assert isinstance(X, SparseRows)
    streamed, options = network.copy(), {"seed": 4, "engine": engine, "epochs": 1}
    train(streamed, rows, **options)
    train(network, X, y, shuffle=False, **options)
    assert np.array_equal(streamed.parameters, network.parameters)


def test_a_run_is_resumed_within_an_epoch(rows, tmp_path):
    class Stop(Callback):
        def on_chunk(self, run):
            run.chunk_limit = 7
            if run.epoch == 2 and run.batch >= 20:
                run.stop("enough", resumable=True)

    options = {"batch_size": 32, "epochs": 4, "metrics": ["r2"], "seed": 3}
    whole, resumed, again = make_network(), make_network(), make_network()
    expected = train(whole, rows, **options)
    first = train(resumed, rows, callbacks=Stop(), checkpoint=tmp_path, **options)
    assert first.stop_reason == "enough" and len(first) == 1
    history = train(again, rows, checkpoint=tmp_path, resume=True, **options)
    assert np.array_equal(again.parameters, whole.parameters)
    assert history.loss == expected.loss and history["r2"] == expected["r2"]


def test_other_blocks_are_refused_by_a_checkpoint(rows, tmp_path):
    checkpoint = Checkpoint(tmp_path / "run.safetensors", every=1)
    train(make_network(), rows, epochs=1, checkpoint=checkpoint)
    (tmp_path / "4.parquet").unlink()
    other = write(tmp_path, (sum(LENGTHS[:2]), *LENGTHS[2:]))
    options = {"epochs": 2, "checkpoint": checkpoint, "resume": True}
    with pytest.raises(ResumeError, match="blocks was 700, 41, 350, 1, 508, and is 741"):
        train(make_network(), other, **options)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"optimizer": "lbfgs"}, "optimizer: needs all rows in each step, and a stream has some"),
        ({"y": [1.0]}, "y: expected None: a stream has its own"),
        ({"sample_weight": [1.0]}, "sample_weight: expected None: a stream has its own"),
    ],
)
def test_arguments_for_rows_in_memory_are_refused(rows, options, message):
    with pytest.raises(ArgumentError, match=f"^{message}"):
        train(make_network(), rows, **options)


@pytest.mark.skipif(sys.platform != "linux", reason="reads the mapped files from /proc")
def test_the_file_of_the_encoded_rows_is_removed_with_them(rows, tmp_path, monkeypatch):
    def mapped():
        return Path("/proc/self/maps").read_text().count(f"{folder}/")

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    arrays = rows.make_rows(make_network(), SquaredError(), None, None, 1.0)
    assert mapped() == 2 and not [*folder.iterdir()]
    del arrays
    gc.collect()
    assert mapped() == 0


@pytest.mark.skipif(sys.platform != "linux", reason="reads the open files from /proc")
def test_the_columns_of_a_csv_file_are_removed_with_the_stream(tmp_path, monkeypatch):
    """Their file has no name, so nothing is left by a process that is killed, either."""

    def opened():
        files = [file.readlink() for file in Path("/proc/self/fd").iterdir() if file.is_symlink()]
        return sum(folder in file.parents for file in files)

    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    for number in range(3):
        pd.DataFrame({"x": RNG.normal(size=50), "y": 1.5}).to_csv(tmp_path / f"{number}.csv")
    rows = stream(f"{tmp_path}/*.csv", "y", task="regression")
    assert opened() == 1 and not [*folder.iterdir()]
    del rows
    gc.collect()
    assert opened() == 0


@pytest.mark.skipif(sys.platform == "win32", reason="the size of files cannot be limited")
def test_too_little_room_on_the_disk_is_refused_with_the_room_that_is_needed(rows, tmp_path):
    import resource

    table = pd.DataFrame({"x": RNG.normal(size=2_000), "y": 1.5})
    table.to_csv(tmp_path / "a.csv")

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (15_000, before[1]))
    try:
        with pytest.raises(DataError, match=r"19\.2 kB are needed for encoded rows, and .*TMPDIR"):
            train(make_network(), rows)
        with pytest.raises(DataError, match="the columns of CSV files need more room") as caught:
            stream(tmp_path / "a.csv", "y", task="regression")
        assert caught.value.path == tempfile.gettempdir() and "TMPDIR" in caught.value.remedy
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


MEASURE = """
import sys
from barenet import Network, train
from barenet.streams._stream import stream
from barenet.callbacks import Callback

class Measure(Callback):
    def on_start(self, run):
        self.before, self.most = None, [0, 0]

    def on_chunk(self, run):
        lines = dict(line.split(":") for line in open("/proc/self/status"))
        now = [1024 * int(lines[name].split()[0]) for name in ("RssAnon", "RssFile")]
        self.before = self.before or now
        grown = [new - old for new, old in zip(now, self.before)]
        self.most = [*map(max, self.most, grown)]

rows = stream(sys.argv[1], "y", task="regression", memory="200MB")
for epochs in (1, 4):
    network, measure = Network.dense([rows.n_inputs, 64, 64, 1]), Measure()
    train(network, rows, epochs=epochs, batch_size=64, threads=1, callbacks=measure)
print(*measure.most, 4 * rows.n_rows * (rows.n_inputs + 1))
"""


@pytest.mark.integration
@pytest.mark.skipif(sys.platform != "linux", reason="reads the memory in use from /proc")
def test_later_epochs_take_no_memory_for_the_rows(tmp_path):
    table = pd.DataFrame(RNG.normal(size=(400_000, 20)).astype("float32"))
    table.columns = [f"x{column}" for column in range(19)] + ["y"]
    table.to_parquet(tmp_path / "a.parquet", row_group_size=10_000)
    command = [sys.executable, "-c", MEASURE, tmp_path / "a.parquet"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    own, mapped, size = map(int, done.stdout.split())
    # Pages of libraries that are loaded meanwhile are mapped as well.
    assert size == 32_000_000 and own < size / 5 and mapped < 0.75 * size

"""Training on rows that are read in blocks."""

from itertools import cycle

import numpy as np
import pytest

from barenet import Checkpoint, Network, train
from barenet.callbacks import Callback
from barenet.data._block_order import BlockOrder, epoch_positions
from barenet.data._stream_engine import StreamEngine, StreamRows
from barenet.engines import Job
from barenet.errors import ArgumentError, ResumeError
from barenet.losses import SquaredError
from barenet.model._array_dataset import ArrayDataset
from barenet.optimizers import SGD

LENGTHS = (700, 41, 350, 1, 508)
RNG = np.random.default_rng(0)
X = RNG.normal(size=(sum(LENGTHS), 3)).astype(np.float32)
Y = np.sin(X.sum(axis=1, keepdims=True)).astype(np.float32)


class ArrayBlocks:
    """Blocks of arrays, which count how many are read, and overwrite what was read before last."""

    def __init__(self, lengths=LENGTHS, group_rows=400):
        self.lengths, self.group_rows, self.n_read = lengths, group_rows, 0
        self.parts = np.split(np.arange(len(X)), np.cumsum(lengths)[:-1])
        self.arrays = cycle([(np.empty_like(X), np.empty_like(Y)) for _ in range(2)])

    def read(self, numbers):
        self.n_read += len(numbers)
        rows = np.concatenate([self.parts[number] for number in numbers])
        inputs, targets = next(self.arrays)
        inputs[:], targets[:] = np.nan, np.nan
        inputs[: len(rows)], targets[: len(rows)] = X[rows], Y[rows]
        return ArrayDataset(inputs[: len(rows)], targets[: len(rows)], None)

    def check_memory(self, batch_size):
        pass


def make_rows(blocks=None):
    return StreamRows(ArrayDataset(X[:50], Y[:50], None), blocks or ArrayBlocks())


def order_of(epoch, seed=4, group_rows=400):
    """The numbers of all rows in the order of an epoch, from the groups alone."""
    order, first = BlockOrder(LENGTHS, seed, group_rows), np.cumsum([0, *LENGTHS])
    found = []
    for number, group in enumerate(order.groups(epoch)):
        rows = np.concatenate([np.arange(first[block], first[block + 1]) for block in group])
        found.append(rows[order.rows(epoch, number, len(rows))])
    return np.concatenate(found)


def make_network(**options):
    return Network.dense([3, 8, 1], seed=1, **options)


def test_every_epoch_visits_every_row_once_in_another_order():
    orders = [order_of(epoch) for epoch in range(3)]
    assert all(np.array_equal(np.sort(order), np.arange(len(X))) for order in orders)
    assert not np.array_equal(orders[0], orders[1])
    assert np.array_equal(order_of(-1), np.arange(len(X)))
    assert not np.array_equal(order_of(0), order_of(0, seed=5))


def test_positions_are_counted_on_from_one_epoch_to_the_next():
    epochs = [epoch_positions(20, epoch) for epoch in (-1, 0, 1, 2)]
    assert [each for positions in epochs for each in positions] == [*range(-20, 60)]
    assert len(epochs[3]) == 20 and epochs[3][5:100] == range(45, 60)


@pytest.mark.parametrize("shuffle", [True, False])
@pytest.mark.parametrize("engine", ["reference", "compiled"])
def test_the_steps_are_those_of_the_same_rows_in_memory(engine, shuffle):
    streamed, own = make_network(dropout=0.2), make_network(dropout=0.2)
    options = {"seed": 4, "batch_size": 32, "engine": engine, "optimizer": "adam", "epochs": 1}
    history = train(streamed, make_rows(), shuffle=shuffle, **options)
    order = order_of(0 if shuffle else -1)
    expected = train(own, X[order], Y[order], shuffle=False, **options)
    assert np.array_equal(streamed.parameters, own.parameters)
    assert history.loss == pytest.approx(expected.loss, rel=1e-12)
    assert history.engine == engine


@pytest.mark.parametrize("batch_size", [7, 1000, None])
def test_batches_may_have_rows_of_several_groups(batch_size):
    streamed, own = make_network(), make_network()
    options = {"seed": 4, "batch_size": batch_size, "optimizer": "sgd", "epochs": 1}
    train(streamed, make_rows(), **options)
    train(own, X[order_of(0)], Y[order_of(0)], shuffle=False, **options)
    np.testing.assert_allclose(streamed.parameters, own.parameters, rtol=0, atol=1e-7)


def test_the_groups_are_read_once_in_an_epoch():
    blocks = ArrayBlocks()
    train(make_network(), make_rows(blocks), batch_size=64, epochs=3)
    assert len(LENGTHS) * 3 <= blocks.n_read <= len(LENGTHS) * 4  # the next group is read, too


def test_groups_that_are_asked_for_again_keep_their_rows():
    parts = {"network": make_network(), "rows": make_rows(), "loss": SquaredError()}
    engine = StreamEngine("reference", Job(**parts, optimizer=SGD(), seed=4))
    starts = BlockOrder(LENGTHS, 4, 400).starts(0)
    for number in (0, 1, 0, 1):
        _, rows, order = engine._group_at(starts[number])
        engine._reader.submit(int).result()  # the next group has been read, too
        stop = starts[number + 1]
        assert np.array_equal(rows.X[order], X[order_of(0)[starts[number] : stop]])
    engine.close()


def test_a_run_is_resumed_within_an_epoch(tmp_path):
    class Stop(Callback):
        def on_chunk(self, run):
            run.chunk_limit = 7
            if run.epoch == 2 and run.batch >= 20:
                run.stop("enough", resumable=True)

    options = {"batch_size": 32, "epochs": 4, "metrics": ["r2"], "seed": 3}
    whole, resumed = make_network(), make_network()
    expected = train(whole, make_rows(), **options)
    first = train(resumed, make_rows(), callbacks=Stop(), checkpoint=tmp_path, **options)
    assert first.stop_reason == "enough" and len(first) == 1
    again = make_network()
    history = train(again, make_rows(), checkpoint=tmp_path, resume=True, **options)
    assert np.array_equal(again.parameters, whole.parameters)
    assert history.loss == expected.loss and history["r2"] == expected["r2"]


def test_an_error_of_a_block_ends_the_run():
    class Broken(ArrayBlocks):
        def read(self, numbers):
            if 2 in numbers:
                raise OSError("part-2.parquet: cannot be read")
            return super().read(numbers)

    with pytest.raises(OSError, match=r"part-2\.parquet"):
        train(make_network(), make_rows(Broken()), epochs=2)


def test_an_optimizer_that_needs_all_rows_is_refused():
    with pytest.raises(ArgumentError, match="optimizer: needs all rows in each step"):
        train(make_network(), make_rows(), optimizer="lbfgs")


def test_targets_are_needed_for_an_array():
    with pytest.raises(ArgumentError, match=r"^y: "):
        train(make_network(), X)


def test_other_blocks_are_refused_by_a_checkpoint(tmp_path):
    train(make_network(), make_rows(), epochs=1, checkpoint=Checkpoint(tmp_path, every=1))
    other = ArrayBlocks((sum(LENGTHS[:2]), *LENGTHS[2:]))
    options = {"epochs": 2, "checkpoint": tmp_path, "resume": True}
    with pytest.raises(ResumeError, match="rows of the blocks was 700, 41, 350, 1, 508, and is"):
        train(make_network(), make_rows(other), **options)

"""Workers that die all at once or can't import, and partitions that can't be used."""

import os
import signal
from multiprocessing.pool import ThreadPool

import dask.array as da
import numpy as np
import pytest

from barenet import Network, train
from barenet.distributed import DaskRows
from barenet.distributed._cluster import open_client

pytestmark = pytest.mark.integration

RNG = np.random.default_rng(0)
X = RNG.normal(size=(80, 3))
Y = X.sum(axis=1)


def fit(client, **options):
    network = Network.dense([3, 4, 1], seed=1)
    rows = DaskRows(da.from_array(X, chunks=(10, 3)), client)
    train(network, rows, da.from_array(Y, chunks=10), **{"epochs": 3, "seed": 0, **options})
    return network.parameters.tobytes()


def ending(function, *arguments, **options):
    """The result of a call, which fails here if it does not end."""
    with ThreadPool(1) as pool:
        return pool.apply_async(function, arguments, options).get(timeout=60)


def test_all_workers_that_die_at_once_change_no_bit(client):
    expected = fit(client)
    with open_client(2, None) as other:
        killed = list[int]()

        def kill(run):
            if not killed:
                killed.extend(other.run(os.getpid).values())
                for process in killed:
                    os.kill(process, signal.SIGKILL)

        assert ending(fit, other, callbacks=kill) == expected
        assert len(killed) == 2

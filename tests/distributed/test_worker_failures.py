"""Workers that die all at once or can't import, and partitions that can't be used."""

import os
import signal
import threading
from concurrent.futures import Future

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
    result = Future()

    def call():
        try:
            result.set_result(function(*arguments, **options))
        except BaseException as error:
            result.set_exception(error)

    threading.Thread(target=call, daemon=True).start()
    return result.result(timeout=90)


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

import socket
from contextlib import closing

from threadpoolctl import threadpool_info, threadpool_limits

from barenet.playground._file_store import FileStore
from barenet.playground._page_state import PageState
from barenet.playground._server import HOST, MAX_CONNECTIONS, SETTINGS, Server, listen
from barenet.playground._sessions import Sessions
from barenet.playground._trainer import Trainer


def test_it_listens_to_this_machine_alone():
    with listen(0) as line:
        assert line.getsockname()[0] == HOST == "127.0.0.1"
        assert line.family == socket.AF_INET


def test_drawing_leaves_the_other_cores_to_the_training():
    found = []

    def count(address=""):
        pools = [pool for pool in threadpool_info() if pool["user_api"] == "blas"]
        found.append({pool["num_threads"] for pool in pools})
        server.should_exit = True

    with listen(0) as line, closing(FileStore()) as store:
        server = Server(Sessions(Trainer(process=False), store, PageState()), line, count)
        with threadpool_limits(limits=2, user_api="blas"):
            server.start()
            count()
    assert found == [{1}, {2}]


def test_the_limits_are_the_ones_that_are_promised():
    assert SETTINGS["ws_max_size"] == 2**16
    assert 2 * SETTINGS["backlog"] < MAX_CONNECTIONS < SETTINGS["limit_concurrency"]
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

import socket
from contextlib import contextmanager

from barenet.playground._server import HOST, MAX_CONNECTIONS, SETTINGS, listen


def test_it_listens_to_this_machine_alone():
    with listen(0) as line:
        assert line.getsockname()[0] == HOST == "127.0.0.1"
        assert line.family == socket.AF_INET


def test_drawing_leaves_the_other_cores_to_the_training(run_server, monkeypatch):
    """The limit of BLAS holds while the server runs."""
    limits = []

    @contextmanager
    def limit(**options):
        limits.append(options)
        yield
        limits.clear()

    monkeypatch.setattr("barenet.playground._server.threadpool_limits", limit)
    with run_server():
        assert limits == [{"limits": 1, "user_api": "blas"}]
    assert limits == []


def test_the_limits_are_the_ones_that_are_promised():
    assert SETTINGS["ws_max_size"] == 2**16
    assert 2 * SETTINGS["backlog"] < MAX_CONNECTIONS < SETTINGS["limit_concurrency"]
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

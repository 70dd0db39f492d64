import socket
from contextlib import contextmanager

from barenet.playground._server import HOST, MAX_CONNECTIONS, SETTINGS, listen


def test_the_server_listens_on_loopback_only():
    with listen(0) as line:
        assert line.getsockname()[0] == HOST == "127.0.0.1"
        assert line.family == socket.AF_INET


def test_drawing_uses_one_core(run_server, monkeypatch):
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


def test_limits_are_as_documented():
    assert SETTINGS["ws_max_size"] == 2**16
    assert 2 * SETTINGS["backlog"] < MAX_CONNECTIONS < SETTINGS["limit_concurrency"]
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

from __future__ import annotations

import socket
from contextlib import closing

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from barenet.errors import BarenetError
from barenet.playground.server import HOST, SETTINGS, Server, listen
from barenet.playground.sessions import Sessions
from barenet.playground.state import State
from barenet.playground.tables import Tables
from barenet.playground.trainer import Trainer


def test_it_listens_to_this_machine_alone():
    with listen(0) as line:
        assert line.getsockname()[0] == HOST == "127.0.0.1"
        assert line.family == socket.AF_INET


def test_a_port_that_is_taken_is_told():
    with listen(0) as line, pytest.raises(BarenetError, match="--port 0 takes a free one"):
        listen(line.getsockname()[1])


def test_each_start_has_another_secret(run_server):
    tokens = []
    for _ in range(2):
        with run_server() as served:
            tokens.append(served.token)
    assert tokens[0] != tokens[1]


def test_drawing_leaves_the_other_cores_to_the_training():
    def threads() -> set[int]:
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"}

    def ready(address: str) -> None:
        seen.append(threads())
        server.should_exit = True

    seen = []
    with listen(0) as line, closing(Tables()) as tables:
        sessions = Sessions(Trainer(process=False), tables, State())
        server = Server(sessions, line, ready)
        with threadpool_limits(limits=2, user_api="blas"):
            server.start()
            assert (seen, threads()) == ([{1}], {2})


def test_the_limits_are_the_ones_that_are_promised():
    assert SETTINGS["ws_max_size"] == 2**16
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

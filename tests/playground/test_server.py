from __future__ import annotations

import socket

import pytest
from threadpoolctl import threadpool_info

from barenet.errors import BarenetError
from barenet.playground.server import HOST, SETTINGS, listen


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


def test_drawing_leaves_the_other_cores_to_the_training(run_server):
    def threads() -> list[int]:
        return [pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas"]

    before = threads()
    with run_server():
        assert set(threads()) == {1}
    assert threads() == before


def test_the_limits_are_the_ones_that_are_promised():
    assert SETTINGS["ws_max_size"] == 2**16
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

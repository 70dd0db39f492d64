import contextlib
import os
import socket
import subprocess
import sys

import pytest
from benchmarks.processes import memory, processes, used, waiting

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux is asked")


def test_child_processes_are_classified():
    code = "held = bytearray(2**26); sum(range(10**6)); print(flush=True); input()"
    command = [sys.executable, "-c", code, "--type=renderer"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as child:
        child.stdout.readline()
        assert processes()[child.pid] == "page"
        assert os.getpid() not in processes()
        assert 64 < memory()["page"] < 200
        assert used()["page"] > 0
        child.stdin.close()


def test_unread_bytes_are_counted():
    with contextlib.ExitStack() as opened:
        listener = opened.enter_context(socket.create_server(("127.0.0.1", 0)))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}/"
        line = opened.enter_context(socket.create_connection(listener.getsockname()))
        other = opened.enter_context(listener.accept()[0])
        assert waiting(address) == 0
        line.sendall(bytes(1000))
        assert waiting(address) == 1000
        other.recv(1000)
        assert waiting(address) == 0

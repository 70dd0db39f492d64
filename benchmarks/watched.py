"""Watched: a playground as its user has it, `barenet play` with Chromium beside it, to be measured.

The processes are told apart by what they do, and asked of Linux what they have used: the trainer,
the server, and Chromium's that run the page, paint it, and do the rest.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from websockets.sync.client import connect

from barenet.playground.client import MOST_UNSHOWN
from barenet.playground.envelope import unpack

__all__ = ["Meter", "browser", "chromium", "memory", "processes", "served", "used", "waiting"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
TICKS = os.sysconf("SC_CLK_TCK")
SECONDS = 60.0


def chromium() -> str | None:
    """Find Chromium, which BARENET_CHROMIUM may name."""
    return os.environ.get("BARENET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)


@contextlib.contextmanager
def served() -> Iterator[str]:
    """Run `barenet play`, and give its address."""
    barenet = str(Path(sys.executable).with_name("barenet"))
    command = [barenet, "play", "--port", "0", "--no-browser"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield server.stdout.readline().strip()
        finally:
            server.terminate()


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """Run Chromium without a window; what it draws, the processor draws."""
    from playwright.sync_api import sync_playwright

    options = ["--no-sandbox", "--disable-dev-shm-usage"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=chromium(), args=options)
        yield started
        started.close()


def processes() -> dict[int, str]:
    """Name what runs below this process, by process id."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            status = (folder / "stat").read_text().rpartition(")")[2]
            parents[int(folder.name)] = int(status.split()[1])
    found: dict[int, str] = {}
    for number in parents:
        above = number
        while (above := parents.get(above, 0)) not in (0, os.getpid()):
            pass
        if above:
            with contextlib.suppress(OSError):
                found[number] = _role(Path(f"/proc/{number}/cmdline").read_text())
    return found


def _role(command: str) -> str:
    kind = re.search(r"--type=([a-z-]+)", command)
    if "barenet" in command and "play" in command:
        return "server"
    if "multiprocessing.spawn" in command:
        return "trainer"
    if kind is not None and kind[1] in ("renderer", "gpu-process"):
        return {"renderer": "page", "gpu-process": "painting"}[kind[1]]
    return "browser" if "chrom" in command else "rest"


def used() -> Counter[str]:
    """Sum the seconds of processor time that each has used."""
    sums: Counter[str] = Counter()
    for number, role in processes().items():
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
            sums[role] += (int(fields[11]) + int(fields[12])) / TICKS
    return sums


def memory() -> Counter[str]:
    """Sum the MiB that each has in memory."""
    sums: Counter[str] = Counter()
    for number, role in processes().items():
        with contextlib.suppress(OSError):
            pages = int(Path(f"/proc/{number}/statm").read_text().split()[1])
            sums[role] += pages * os.sysconf("SC_PAGE_SIZE") / 2**20
    return sums


def waiting(address: str) -> int:
    """Sum the bytes that Linux holds for either end of the lines to a server."""
    port = f":{urlsplit(address).port:04X}"
    total = 0
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        ends, queues = line.split()[1:3], line.split()[4]
        if any(end.endswith(port) for end in ends):
            total += sum(int(queue, 16) for queue in queues.split(":"))
    return total


class Meter:
    """A client that reads a session's numbers, and its pictures only where it is asked to.

    A server that waits for an answer sends it nothing, so it costs nothing.
    """

    def __init__(self, address: str, session: str = "", state: Any = None) -> None:
        origin = "/".join(address.split("/")[:3])
        self.line = connect(
            address.replace("http:", "ws:") + "socket", origin=origin, max_size=None
        )
        self.say("hello", session=session, state=state)
        self.session = json.loads(self.line.recv(SECONDS))["session"]
        self.unanswered = 0

    def say(self, kind: str, **fields: Any) -> None:
        self.line.send(json.dumps({"type": kind, **fields}))

    def picture(self) -> dict[str, Any]:
        """Take the next picture, and leave it unanswered."""
        while True:
            message = self.line.recv(SECONDS)
            if isinstance(message, bytes) and (told := unpack(message)[0])["type"] == "frame":
                self.unanswered += 1
                return told["networks"][0]

    def answer(self) -> None:
        """Say that a picture has been shown, so that another one comes."""
        self.unanswered -= 1
        self.say("shown")

    def epoch(self) -> int:
        """Ask how far a network is that is learning."""
        while self.unanswered < MOST_UNSHOWN:
            self.picture()
        self.answer()
        return self.picture()["epoch"]

"""Watched: a playground as its user has it, `barenet play` and Chromium, to be measured."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from websockets.sync.client import connect

from barenet.playground.server._client import MAX_UNDRAWN

__all__ = ["Meter", "browser", "served"]

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
SECONDS = 60.0


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
    """Run Chromium, which BARENET_CHROMIUM may name, without a window and without a GPU."""
    from playwright.sync_api import sync_playwright

    named = os.environ.get("BARENET_CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-dev-shm-usage"]
        started = playwright.chromium.launch(executable_path=named, args=options)
        try:
            yield started
        finally:
            started.close()


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
            if isinstance(message, bytes):
                told = json.loads(message[4 : 4 + int.from_bytes(message[:4], "little")])
                if told["type"] == "frame":
                    self.unanswered += 1
                    return told["networks"][0]

    def answer(self) -> None:
        """Say that a picture has been shown, so that another one comes."""
        self.unanswered -= 1
        self.say("drawn")

    def epoch(self) -> int:
        """Ask how far a network is that is learning."""
        while self.unanswered < MAX_UNDRAWN:
            self.picture()
        self.answer()
        return self.picture()["epoch"]

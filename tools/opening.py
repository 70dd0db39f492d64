"""The first pictures of a page, as recorded messages that it shows while Python is loading."""

import asyncio
import gzip
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

from barenet.playground.data._file_store import FileStore
from barenet.playground.server._client import Client
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._address import read_edits, split_address
from barenet.playground.state._default_settings import NETWORKS
from barenet.playground.state._page_state import PageState
from barenet.playground.trainer._cooperative_trainer import CooperativeTrainer

#: The epochs of a recorded training: every epoch at first, and fewer later.
EPOCHS = (*range(1, 31), *range(32, 91, 2))
#: Maximum number of seconds to wait for a picture.
SECONDS = 60.0


class RecordingConnection:
    """A `Connection` to a page that keeps the messages that are sent to it."""

    def __init__(self) -> None:
        self.incoming: asyncio.Queue[str | None] = asyncio.Queue()
        self.sent: asyncio.Queue[str | bytes] = asyncio.Queue()

    async def receive(self) -> str | None:
        return await self.incoming.get()

    async def send(self, message: str | bytes) -> None:
        await self.sent.put(message)

    async def close(self) -> None:
        pass

    def request(self, kind: str, **fields: Any) -> None:
        """Send a message, as a page does."""
        self.incoming.put_nowait(json.dumps({"type": kind, **fields}))

    async def pictures(self, epoch: int, n_edits: int = 0) -> list[str | bytes]:
        """Return the messages up to the picture of an epoch, without earlier pictures.

        It has a number of weights that were changed by hand.
        """
        messages: list[str | bytes] = []
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.sent.get()
                header = _header(message)
                if header["type"] != "frame":
                    messages.append(message)
                    continue
                self.request("drawn")
                n_changed = sum(len(network["edits"]) for network in header["networks"])
                if _is_paused_at(header, epoch) and n_changed == n_edits:
                    return [*messages, message]


def _is_paused_at(header: dict[str, Any], epoch: int) -> bool:
    """Return whether all networks in a picture are paused at an epoch."""
    for network in header["networks"]:
        if network["epoch"] != epoch or network["playing"]:
            return False
    return True


def record_opening(address: str, epochs: tuple[int, ...] = ()) -> bytes:
    """Record the state of an address, and pictures of its training at some epochs."""
    with ThreadPoolExecutor(1) as thread:  # another event loop may be running in this thread
        return thread.submit(asyncio.run, _record(address, epochs)).result()


async def _record(address: str, epochs: tuple[int, ...]) -> bytes:
    sessions = Sessions(CooperativeTrainer(), FileStore(), PageState())
    line = RecordingConnection()
    served = asyncio.create_task(Client(line, sessions).serve())
    line.request("hello", address=address)
    n_edits = 0
    words = split_address(address)
    for network, prefix in enumerate(NETWORKS):
        edits = read_edits(words.get(f"{prefix}edits", ""))
        if edits:
            entries = [asdict(edit) for edit in edits]
            line.request("plan", network=network, edits=entries)
            n_edits += len(edits)
    messages = await line.pictures(0, n_edits)
    for epoch in epochs:
        line.request("run_to", epoch=epoch)
        messages += await line.pictures(epoch, n_edits)
    line.incoming.put_nowait(None)
    await served
    sessions.close()
    framed = [_framed(message) for message in messages]
    return gzip.compress(b"".join(framed), mtime=0)


def _framed(message: str | bytes) -> bytes:
    """Write a message, preceded by its size and whether it is text."""
    if isinstance(message, str):
        is_text = True
        content = message.encode()
    else:
        is_text = False
        content = message
    return struct.pack("<I?", len(content), is_text) + content


def _header(message: str | bytes) -> dict[str, Any]:
    """Return the fields of a message, without the arrays after them."""
    if isinstance(message, bytes):
        size = int.from_bytes(message[:4], "little")
        message = message[4 : 4 + size].decode()
    return json.loads(message)

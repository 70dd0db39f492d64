"""The first pictures of a page, which it shows while Python is loading: recorded messages."""

import asyncio
import gzip
import json
import struct
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from barenet.playground.data._file_store import FileStore
from barenet.playground.server._client import Client
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._page_state import PageState
from barenet.playground.trainer._cooperative_trainer import CooperativeTrainer

#: The epochs of a recorded training: at first each, later fewer.
EPOCHS = (*range(1, 31), *range(32, 91, 2))
#: The least epochs a second of a training that ends at one of them.
SECONDS = 60.0


class RecordingConnection:
    """The `Connection` to a page that keeps what it is sent."""

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
        """Send a message as a page does."""
        self.incoming.put_nowait(json.dumps({"type": kind, **fields}))

    async def pictures(self, epoch: int) -> list[str | bytes]:
        """The messages up to the picture of an epoch, without the pictures before it."""
        messages = list[str | bytes]()
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.sent.get()
                header = _header(message)
                if header["type"] != "frame":
                    messages.append(message)
                    continue
                self.request("drawn")
                if _is_paused_at(header, epoch):
                    return [*messages, message]


def _is_paused_at(header: dict[str, Any], epoch: int) -> bool:
    """Whether all networks of a picture are paused at an epoch."""
    for network in header["networks"]:
        if network["epoch"] != epoch or network["playing"]:
            return False
    return True


def record_opening(address: str, epochs: tuple[int, ...] = ()) -> bytes:
    """Record the state of an address, and pictures of some epochs of its training."""
    with ThreadPoolExecutor(1) as thread:  # another event loop may run in this one
        return thread.submit(asyncio.run, _record(address, epochs)).result()


async def _record(address: str, epochs: tuple[int, ...]) -> bytes:
    sessions = Sessions(CooperativeTrainer(), FileStore(), PageState())
    line = RecordingConnection()
    served = asyncio.create_task(Client(line, sessions).serve())
    line.request("hello", address=address)
    messages = await line.pictures(0)
    for epoch in epochs:
        line.request("run_to", epoch=epoch)
        messages += await line.pictures(epoch)
    line.incoming.put_nowait(None)
    await served
    sessions.close()
    framed = [_framed(message) for message in messages]
    return gzip.compress(b"".join(framed), mtime=0)


def _framed(message: str | bytes) -> bytes:
    """Write a message after its size, and whether it is text."""
    if isinstance(message, str):
        is_text = True
        content = message.encode()
    else:
        is_text = False
        content = message
    return struct.pack("<I?", len(content), is_text) + content


def _header(message: str | bytes) -> dict[str, Any]:
    """The fields of a message, without the arrays behind them."""
    if isinstance(message, bytes):
        size = int.from_bytes(message[:4], "little")
        message = message[4 : 4 + size].decode()
    return json.loads(message)

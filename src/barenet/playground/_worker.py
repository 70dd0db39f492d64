"""The playground in a Web Worker: its page is at the other end of the worker's messages."""

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from barenet.playground._client import REJECTED, Client
from barenet.playground._cooperative_trainer import CooperativeTrainer
from barenet.playground._file_store import FileStore
from barenet.playground._page_state import PageState
from barenet.playground._sessions import Sessions


class WorkerPage:
    """The `Connection` to the page of a worker, and the files that it opens."""

    def __init__(self, post_text: Callable[[str], Any], post_bytes: Callable[[bytes], Any]) -> None:
        self.post_text, self.post_bytes = post_text, post_bytes
        self.incoming: asyncio.Queue[str] = asyncio.Queue()
        self.sessions = Sessions(CooperativeTrainer(), FileStore(), PageState())
        self.served = asyncio.create_task(Client(self, self.sessions).serve())

    def put(self, text: str) -> None:
        """Take a message of the page."""
        self.incoming.put_nowait(text)

    async def receive(self) -> str | None:
        return await self.incoming.get()

    async def send(self, message: str | bytes) -> None:
        if isinstance(message, str):
            self.post_text(message)
        else:
            self.post_bytes(message)

    async def close(self) -> None:
        pass

    async def upload(self, path: str, content: Any) -> str:
        """Open a table or a model; the answer as JSON, with a message if it can't be used."""
        try:
            answer = await self._open(path, content.to_bytes())
        except REJECTED as error:
            answer = {"ok": False, "message": str(error)}
        return json.dumps(answer)

    async def _open(self, path: str, content: bytes) -> dict[str, Any]:
        """Open a file as the server does at the same path."""
        if path.startswith("open/"):
            await self.sessions.open[path.removeprefix("open/")].open_model(content)
            return {"ok": True}
        name = unquote(path.partition("name=")[2])
        return {"ok": True, **await self.sessions.open_table(name, content)}


async def serve(post_text: Callable[[str], Any], post_bytes: Callable[[bytes], Any]) -> WorkerPage:
    """Serve the page of this worker, whose functions take its messages and files."""
    return WorkerPage(post_text, post_bytes)

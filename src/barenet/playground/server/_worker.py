"""The playground in a Web Worker, which exchanges messages with its page."""

import asyncio
import json
import os
import warnings
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from barenet.playground.data._file_store import MAX_UPLOAD_BYTES, FileStore
from barenet.playground.server._client import Client
from barenet.playground.server._sessions import Sessions
from barenet.playground.state._page_state import DataSettings, PageState
from barenet.playground.trainer._cooperative_trainer import CooperativeTrainer
from barenet.storage._file_io import VARIABLE


class WorkerPage:
    """A `Connection` between a worker and its page, including files that it opens and saves."""

    def __init__(self, post_text: Callable[[str], Any], post_bytes: Callable[[bytes], Any]) -> None:
        self.post_text = post_text
        self.post_bytes = post_bytes
        self.incoming: asyncio.Queue[str] = asyncio.Queue()
        self.sessions = Sessions(CooperativeTrainer(), FileStore(), PageState())
        client = Client(self, self.sessions)
        self.served = asyncio.create_task(client.serve())

    def put(self, text: str) -> None:
        """Receive a message from the page."""
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

    def save(self, path: str) -> bytes:
        """Return a network as a model file, given the path of its download on a server."""
        _, session, network = path.split("/")
        return self.sessions.open[session].model_file(int(network))

    async def upload(self, path: str, content: Any) -> str:
        """Open a file from the page; return JSON, with a message if the file can't be used."""
        try:
            if content.byteLength > MAX_UPLOAD_BYTES:
                raise ValueError(f"the file is larger than {MAX_UPLOAD_BYTES // 2**20} MiB")
            opened = await self._open(path, content.to_bytes())
            answer = {"ok": True, **opened}
        except Exception as error:  # noqa: BLE001 - the page waits for an answer
            answer = {"ok": False, "message": str(error) or "there is too little memory for it"}
        return json.dumps(answer)

    async def _open(self, path: str, content: bytes) -> dict[str, Any]:
        """Open a table or a model as a server does at the same path, or open lessons."""
        action, _, session = path.partition("/")
        if action == "open":
            if session in self.sessions.open:
                await self.sessions.open[session].open_model(content)
            else:  # another worker had opened the session
                self.sessions.store.upload_model(content, DataSettings())
            return {}
        action, _, name = path.partition("?name=")
        if action == "lessons":
            return await self.sessions.open_course(unquote(name), content)
        return await self.sessions.open_table(unquote(name), content)


#: Maximum memory for a table; browsers limit a page to 2 to 4 GB.
MEMORY = "500MB"


async def serve(post_text: Callable[[str], Any], post_bytes: Callable[[bytes], Any]) -> WorkerPage:
    """Serve the page of this worker; the functions post messages and files to it."""
    os.environ[VARIABLE] = MEMORY
    warnings.filterwarnings("ignore", "Numba is not installed")  # as in every browser
    return WorkerPage(post_text, post_bytes)

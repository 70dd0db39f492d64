"""Replaces the model of a running service by that of its file, which may have changed.

The new model is loaded and checked in a thread while the old one answers requests. It replaces the
old one only if no client of the old one breaks.
"""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime

from barenet._messages import count_of, with_addresses
from barenet.errors import message_of
from barenet.service._model_comparison import compare_models
from barenet.service._served_model import ServedModel
from barenet.service._service import Service

#: Number of characters of a checksum in a log line.
DIGITS = 12


class ModelReload:
    """Loads the model of a service again, on request."""

    def __init__(self, service: Service, load: Callable[[], ServedModel]) -> None:
        self.service = service
        self.load = load
        self.is_requested = False
        self.task: asyncio.Task[None] | None = None

    def request(self) -> None:
        """Load the file, in the running event loop; if it is being loaded, once more afterwards."""
        self.is_requested = True
        if self.task is None or self.task.done():
            self.task = asyncio.get_running_loop().create_task(self._reload())

    async def _reload(self) -> None:
        while self.is_requested:
            self.is_requested = False
            try:
                self._replace(await asyncio.to_thread(self.load))
            except Exception as error:  # noqa: BLE001 - the old model stays in use
                text = message_of(error) if isinstance(error, OSError) else error
                message = " ".join(with_addresses(text).split())
                self._refuse(message or type(error).__name__)

    def _replace(self, new: ServedModel) -> None:
        """Use a loaded model, unless it breaks the clients of the old one."""
        old = self.service.model
        if new.sha256 == old.sha256:
            self._log(f"the model is unchanged, {_name(old)}")
            self.service.metrics.count_reload("unchanged")
            return
        differences = compare_models(old.predictor, new.predictor)
        breaking = [difference for difference in differences if difference.breaks]
        if breaking:
            listed = "; ".join(str(difference) for difference in breaking)
            self._refuse(f"clients of the model in use would break: {listed}")
            return
        self.service.use(new)
        self.service.metrics.count_reload("replaced")
        changes = count_of(len(differences), "difference")
        if differences:
            changes = "; ".join(str(difference) for difference in differences)
        self._log(f"the model is replaced by {_name(new)}, was {_name(old)}; {changes}")

    def _refuse(self, reason: str) -> None:
        """Keep the old model, and log the reason."""
        self.service.metrics.count_reload("refused")
        self._log(f"the model in use is kept, {_name(self.service.model)}: {reason}")

    def _log(self, text: str) -> None:
        time = datetime.now(UTC).isoformat(" ", "seconds").replace("+00:00", "Z")
        self.service.log(f"{time} SIGHUP: {text}")


def _name(model: ServedModel) -> str:
    """Name a model by the checksum of its file."""
    return f"SHA-256 {model.sha256[:DIGITS]}"

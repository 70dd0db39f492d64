"""The moving network of the first page: a recorded training, written when the pages are built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from barenet.playground._recording import record, write_recording
from barenet.playground.data._data_sources import prepare_named
from barenet.playground.state._page_state import PageState

if TYPE_CHECKING:
    from sphinx.application import Sphinx

NAME = "learning.html"
TITLE = "A network learns to enclose a circle"
EPOCHS = 120


def write_moving_network(app: Sphinx, error: Exception | None) -> None:
    """Train the default network of the playground, and write its recording beside the pages."""
    if error is not None or app.builder.format != "html":
        return
    state = PageState()
    prepared = prepare_named(state.data)
    recording = record(state, prepared, EPOCHS)
    recording["text"] = [prepared.dataset.description]
    recording["lesson"] = False
    path = Path(app.outdir) / NAME
    path.write_bytes(write_recording(TITLE, recording))


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("build-finished", write_moving_network)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

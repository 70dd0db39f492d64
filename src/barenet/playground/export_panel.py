"""Export: what is on the page, as a command and as Python that make the same network again."""

from __future__ import annotations

from typing import Any

from barenet.playground.page_state import DataSettings
from barenet.playground.file_store import FileStore
from barenet.playground.network_view import NetworkView
from barenet.playground.tables import PREFIX
from barenet.playground.train_command import differences, write_command
from barenet.playground.training_script import write_program

__all__ = ["export"]

#: What can be said of a network that was opened, and what to do with it.
OPENED = """\
import barenet

# The network was opened from a model file, and goes on from its weights: save it as a model file.
predictor = barenet.load("model.safetensors")
print(predictor.network.summary())
"""
UNLESS = (
    "The weights are the same to the last digit, unless you turned a setting while it learned, "
    "or went back in time."
)
COMPUTED = (
    "The model file takes what is computed from the columns as columns of its own, which the table "
    "has not: barenet evaluate, predict and play cannot use it with the table. A model of the "
    "columns alone they can."
)
CONTINUED = "barenet info model.safetensors"


def export(data: DataSettings, view: NetworkView, store: FileStore) -> dict[str, Any]:
    """Write the command, and the program."""
    if view.prepared.model is not None:
        notes = [
            "This network began as a model file: save it above; the command tells what is in it."
        ]
        return {"command": CONTINUED, "code": OPENED, "notes": notes}
    epochs = max(view.latest.epoch, 1)
    others = differences(data, view, store, epochs)
    comments = [f"# {each}" for each in others]
    if others:
        first = (
            "It trains another network: the lines with # say why. The Python code trains this one."
        )
    else:
        first = "In a terminal it trains this network again, and so does the Python code."
    notes = [first, UNLESS]
    if data.source.startswith(PREFIX) and not set(view.prepared.features) <= {"x1", "x2"}:
        notes.append(COMPUTED)
    return {
        "command": "\n".join([*comments, write_command(data, view, store, epochs)]),
        "code": write_program(data, view, store, epochs),
        "notes": notes,
    }

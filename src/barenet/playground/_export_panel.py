"""The run of the page as a command and as Python code, with notes on their differences."""

from __future__ import annotations

from typing import Any

from barenet.playground._network_view import NetworkView
from barenet.playground._page_state import DataSettings
from barenet.playground._train_command import differences, write_command
from barenet.playground._training_script import write_script

#: Command and code for a network that was opened from a model file.
OPENED_COMMAND = "barenet info model.safetensors"
OPENED_CODE = """\
import barenet

# The network was opened from a model file, and continues from its weights: save it as a model file.
predictor = barenet.load("model.safetensors")
print(predictor.network.summary())
"""
OPENED_NOTE = "This network began as a model file: save it above; the command prints its contents."
SAME_COMMAND = "In a terminal it trains this network again, and so does the Python code."
OTHER_COMMAND = (
    "It trains another network, for the reasons in the lines with #. The Python code trains this "
    "one."
)
SAME_WEIGHTS = (
    "The weights are the same to the last digit, unless you changed a setting during training, "
    "or went back in time."
)
COMPUTED_FEATURES = (
    "The model file takes features computed from the columns as columns of its own, which are not "
    "in the table: barenet evaluate, predict and play cannot use it with the table. They can use a "
    "model of the columns alone."
)


def export(view: NetworkView, data: DataSettings) -> dict[str, Any]:
    """Write the command, the code and the notes."""
    prepared = view.prepared
    if prepared.model is not None:
        return {"command": OPENED_COMMAND, "code": OPENED_CODE, "notes": [OPENED_NOTE]}
    epochs = max(view.latest.status.epoch, 1)
    comments = [f"# {each}" for each in differences(data, view, epochs)]
    notes = [OTHER_COMMAND if comments else SAME_COMMAND, SAME_WEIGHTS]
    if prepared.table is not None and prepared.features.has_computed:
        notes.append(COMPUTED_FEATURES)
    return {
        "command": "\n".join([*comments, write_command(data, view, epochs)]),
        "code": write_script(data, view, epochs),
        "notes": notes,
    }

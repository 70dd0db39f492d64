"""A recorded training: the network at some epochs, and the data, in one HTML file.

The file has the modules and styles of the playground's page, and needs no server: the page computes
everything else from the weights, with its own forward pass.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable
from dataclasses import asdict
from html import escape
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet import Scaling
from barenet.errors import ArgumentError
from barenet.playground._page_files import PAGE, bundle, compact, joined_styles, template
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.server._catalog import network_choices
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._default_settings import changes
from barenet.playground.state._page_state import PageState
from barenet.playground.state._wire_format import finite
from barenet.playground.trainer._interactive_training import InteractiveTraining
from barenet.playground.trainer._timeline import EpochMetrics, EpochState, thin
from barenet.playground.trainer._trainer_messages import TrainingSetup
from barenet.playground.views._network_view import (
    MAX_WEIGHTS,
    drawn_rows,
    output_side,
    point_arrays,
)
from barenet.tables.encoding._scaling import no_scaling
from barenet.training._callbacks import Run

#: Maximum number of recorded epochs, and of weights in all of them together.
MAX_STATES = 100
MAX_NUMBERS = 400_000
#: Maximum number of points, and of epochs in the learning curve.
MAX_POINTS = 500
MAX_MEASURED = 200

STYLES = ("style.css", "digits.css", "probe.css", "recording.css")

NONE = "'none'"


class RecordedTraining(InteractiveTraining):
    """A training that runs to its end, and records the network at some epochs."""

    def __init__(
        self, setup: TrainingSetup, epochs: int, on_epoch: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(setup, lambda report: None)
        limit = min(MAX_STATES, MAX_NUMBERS // setup.network.n_parameters)
        self.epochs = epochs
        self.count = on_epoch
        self.epochs_to_record = recorded_epochs(epochs, limit)
        self.recorded: list[EpochState] = []
        self.measured: list[EpochMetrics] = []

    def run_to_end(self) -> list[EpochState]:
        """Train, and return the recorded states, including the first and the last one."""
        self.send("run_to", self.epochs)
        while self.is_due:
            self.advance(math.inf)
        self.send("close")
        self.advance(0.0)
        states = [self.initial, *self.recorded, self.snapshot()]
        state_by_epoch = {state.epoch: state for state in states}
        return [state for epoch, state in state_by_epoch.items() if epoch <= self.epoch]

    def on_epoch(self, run: Run) -> None:
        super().on_epoch(run)
        self.count()
        if self.current is None or self.problem.failed:
            return
        self.measured.append(self.current)
        if self.epoch in self.epochs_to_record:
            self.recorded.append(self.snapshot())


def recorded_epochs(epochs: int, limit: int) -> set[int]:
    """Choose epochs: half of them evenly spaced, the other half denser at the start.

    Examples
    --------
    >>> sorted(recorded_epochs(100, 10))
    [0, 1, 3, 10, 25, 32, 50, 75, 100]
    """
    half = max(limit // 2, 2)
    even = np.linspace(0, epochs, half)
    dense = np.geomspace(1, epochs, half)
    return {round(epoch) for epoch in (*even, *dense)}


def check_recordable(state: PageState) -> None:
    """Reject settings that a recording does not support."""
    if len(state.networks) > 1:
        remedy = "leave out networks=2"
        raise ArgumentError("a recording shows one network", argument="networks", remedy=remedy)


def record(
    state: PageState,
    prepared: PreparedData,
    epochs: int,
    on_epoch: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Train a network for a number of epochs, and collect the content of the page as JSON data."""
    check_recordable(state)
    if not len(prepared.training.y):
        problem = "there are none to train on"
        remedy = "draw points, and share the page again"
        raise ArgumentError(problem, argument="points", remedy=remedy)
    settings = state.networks[0]
    setup = prepared.make_setup(settings)
    network = setup.network
    if network.n_parameters > MAX_WEIGHTS:
        problem = f"{network.n_parameters:,} weights are more than a recording holds"
        raise ArgumentError(problem, argument="hidden", remedy=f"{MAX_WEIGHTS:,} at most")
    training = RecordedTraining(setup, epochs, on_epoch)
    arrays = {**_point_arrays(prepared), **_recorded_arrays(training)}
    lowest = training.timeline.lowest.metrics
    scaling = prepared.scaling
    if prepared.has_input_axes:
        scaling = no_scaling(2)  # the coordinates of the plane are the inputs
    target_scaling = None
    if prepared.target_scaling is not None:
        target_scaling = _affine(prepared.target_scaling)
    activations = [
        layer.activation.name for layer in network.layers if layer.activation is not None
    ]
    return {
        "catalog": network_choices(),
        "data": prepared.describe(),
        "settings": asdict(settings),
        "changed": changes(state),
        **layout.describe(network, prepared.max_drawn),
        "activations": activations,
        "inputs": _input_map(prepared),
        "scaling": _affine(scaling),
        "target": target_scaling,
        "side": output_side(network),
        "constant": finite(setup.constant_losses(settings.loss)),
        "lowest": finite(lowest) if lowest is not None else None,
        "problem": training.problem.message,
        "arrays": {name: _encoded(array) for name, array in arrays.items()},
    }


def _affine(scaling: Scaling) -> list[list[float]]:
    """Return what is subtracted from each column, and the factor that is applied then."""
    return [scaling.offset.tolist(), scaling.factor.tolist()]


def _point_arrays(prepared: PreparedData) -> dict[str, NDArray[Any]]:
    """Return the points, and their inputs if these can't be computed from the positions."""
    rows = drawn_rows(prepared, MAX_POINTS)
    X = np.asarray(prepared.dataset.X)[rows]
    inputs = X[:0] if prepared.features.names else prepared.scaling.transform(X, np.float32)
    return {**point_arrays(prepared, MAX_POINTS), "X": inputs}


def _recorded_arrays(training: RecordedTraining) -> dict[str, NDArray[Any]]:
    """Train, and return weights and metrics of the recorded epochs, and the learning curve."""
    recorded = training.run_to_end()
    measured = thin(training.measured, MAX_MEASURED)
    metrics = [state.metrics for state in recorded if state.metrics is not None]
    rows = set(measured)
    rows.update(metrics)
    curve = np.array(sorted(rows))
    return {
        "weights": np.concatenate([state.snapshot.parameters for state in recorded]),
        "kept": np.array(metrics),
        "measured": curve[:, :3],  # epoch, loss and test loss
    }


def _input_map(prepared: PreparedData) -> dict[str, Any]:
    """Describe how to compute inputs from a point of the plane: features, or an affine map."""
    features = prepared.features
    plane = prepared.plane
    if features.names:
        return {"features": features.names, "units": _affine(features.scaling)}
    left, bottom = plane.low
    right, top = plane.high
    corners = np.array([[left, bottom], [right, bottom], [left, top]])
    columns = features.apply(plane.rows(corners))
    origin, to_the_right, at_the_top = prepared.scaling.transform(columns, np.float64)
    return {
        "origin": origin.tolist(),
        "across": (to_the_right - origin).tolist(),
        "up": (at_the_top - origin).tolist(),
    }


def _encoded(array: NDArray[Any]) -> list[str]:
    """Encode an array as its type, and its bytes in base64."""
    if array.dtype.kind == "f":
        array = array.astype("<f4")
    without_byte_order = array.dtype.str[1:]
    content = base64.b64encode(array.tobytes())
    return [without_byte_order, content.decode("ascii")]


def write_recording(title: str, recording: dict[str, Any]) -> bytes:
    """Write the page; its policy only allows its own scripts and styles."""
    style = compact(joined_styles(STYLES))
    script = compact(bundle("recording.js"))
    policy = {
        "default-src": NONE,
        "script-src": _digest(script),
        "style-src": _digest(style),
        "base-uri": NONE,
        "form-action": NONE,
    }
    rules = [f"{name} {allowed}" for name, allowed in policy.items()]
    parts = {
        "style": style,
        "script": script,
        "title": escape(title),
        "network_panel": template("network-panel"),
        "content": _json(recording),
        "policy": "; ".join(rules),
    }
    page = (PAGE / "recording.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page).encode()


def _json(content: Any) -> str:
    """Write JSON that can be embedded in a page."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def _digest(text: str) -> str:
    """Compute the hash of a script or a style, as used in the policy of a page."""
    digest = hashlib.sha256(text.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"

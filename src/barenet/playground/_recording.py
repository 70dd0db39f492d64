"""A recorded training: the network at some of its epochs and the data, as one HTML file.

It consists of the modules and styles of the playground's page, without a server: the page computes
everything else from the weights, by its own forward pass.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.playground import _network_layout as layout
from barenet.playground._interactive_training import InteractiveTraining
from barenet.playground._network_view import MAX_WEIGHTS, SIDES, drawn_rows, point_arrays
from barenet.playground._page_state import PageState
from barenet.playground._plane import FEATURES
from barenet.playground._prepared_data import PreparedData
from barenet.playground._timeline import EpochMetrics, EpochState, thin
from barenet.playground._trainer_messages import TrainingTask
from barenet.training._callbacks import Run

#: Maximum number of epochs whose weights are recorded, and of weights in all of them together.
MAX_STATES, MAX_NUMBERS = 100, 400_000
#: Maximum number of points, and of epochs of the learning curve.
MAX_POINTS, MAX_MEASURED = 500, 200

PAGE = Path(__file__).parent / "page"
STYLES = ("style.css", "digits.css", "probe.css", "recording.css")
#: The start of the file, by which it is recognized.
MARK = re.compile(
    rb'\A<!doctype html>.{,200}<meta name="generator" content="barenet recording">', re.S
)

IMPORT = re.compile(r'^import \{ (.+) \} from "\./(.+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
#: Indents, and lines that are comments.
MARGIN = re.compile(r"^ *(//.*\n)?", re.MULTILINE)
NONE = "'none'"
#: The shipped font, which a single file does not have.
FONT = re.compile(r"^@font-face .*\n", re.MULTILINE)


@dataclass(frozen=True)
class LivePage:
    """The page that a recording becomes: its text, with the style and the script in it."""

    text: str
    style: str
    script: str
    #: The address that the page has as a part of that of its file.
    hash: str
    #: A file of the runtime, by which a browser finds whether it can be loaded, and its sites.
    runtime: str
    origins: str


class RecordedTraining(InteractiveTraining):
    """A training that runs to its end by itself, and records the network at some epochs."""

    def __init__(
        self, task: TrainingTask, epochs: int, on_epoch: Callable[[], object] = lambda: None
    ) -> None:
        super().__init__(task, lambda report: None)
        limit = min(MAX_STATES, MAX_NUMBERS // task.network.n_parameters)
        self.epochs, self.count = epochs, on_epoch
        self.epochs_to_record = recorded_epochs(epochs, limit)
        self.recorded: list[EpochState] = []
        self.measured: list[EpochMetrics] = []

    def run_to_end(self) -> list[EpochState]:
        """Train, and return the recorded states, with the first and the last one."""
        self.send("run_to", self.epochs)
        while self.is_due:
            self.advance(math.inf)
        self.send("close")
        self.advance(0.0)
        recorded = {state.epoch: state for state in (self.initial, *self.recorded, self.snapshot())}
        return [state for epoch, state in recorded.items() if epoch <= self.epoch]

    def on_epoch(self, run: Run) -> None:
        super().on_epoch(run)
        self.count()
        if self.current is None or self.problem.failed:
            return
        self.measured.append(self.current)
        if self.epoch in self.epochs_to_record:
            self.recorded.append(self.snapshot())


def recorded_epochs(epochs: int, limit: int) -> set[int]:
    """Choose epochs: half of them evenly, half of them denser at the start.

    Examples
    --------
    >>> sorted(recorded_epochs(100, 10))
    [0, 1, 3, 10, 25, 32, 50, 75, 100]
    """
    half = max(limit // 2, 2)
    even, dense = np.linspace(0, epochs, half), np.geomspace(1, epochs, half)
    return {round(epoch) for epoch in (*even, *dense)}


def check_recordable(state: PageState) -> None:
    """Refuse settings that a recording does not show."""
    if len(state.networks) > 1:
        remedy = "leave out networks=2"
        raise ArgumentError("a recording shows one network", argument="networks", remedy=remedy)
    if state.networks[0].batch_norm:
        problem, remedy = "a recording has no batch norm", "leave it out"
        raise ArgumentError(problem, argument="batch_norm", remedy=remedy)


def record(
    state: PageState,
    prepared: PreparedData,
    epochs: int,
    on_epoch: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Train a network for a number of epochs, and collect the content of the page for JSON."""
    check_recordable(state)
    if not len(prepared.training[1]):
        problem, remedy = "there are none to train on", "draw points, and share the page again"
        raise ArgumentError(problem, argument="points", remedy=remedy)
    settings = state.networks[0]
    task = prepared.make_task(settings)
    network = task.network
    if network.n_parameters > MAX_WEIGHTS:
        problem = f"{network.n_parameters:,} weights are more than a recording holds"
        raise ArgumentError(problem, argument="hidden", remedy=f"{MAX_WEIGHTS:,} at most")
    training = RecordedTraining(task, epochs, on_epoch)
    arrays = {**_point_arrays(prepared), **_recorded_arrays(training)}
    scaling, target = prepared.scaling, prepared.target_scaling
    facts = {"epochs": training.epoch, **prepared.run_config(settings).set_fields()}
    described, labels = prepared.describe(), _labels(prepared, prepared.features.names)
    possible = [name for name in FEATURES if labels and not (prepared.is_curve and "x2" in name)]
    return {
        "data": {**described, "features": labels, "inputs": labels or described["inputs"]},
        "choices": _labels(prepared, possible),
        "settings": asdict(settings),
        "facts": {name.replace("_", " "): _words(value) for name, value in facts.items()},
        **layout.describe(network, prepared.max_drawn),
        "activations": [each.activation.name for each in network.layers if each.activation],
        "inputs": _input_map(prepared),
        "scaling": [scaling.offset.tolist(), scaling.factor.tolist()],
        "target": target and [target.offset.tolist(), target.factor.tolist()],
        "side": next(side for limit, side in SIDES if network.n_parameters <= limit),
        "problem": training.problem.message,
        "arrays": {name: _encoded(array) for name, array in arrays.items()},
    }


def _point_arrays(prepared: PreparedData) -> dict[str, NDArray[Any]]:
    """The points, and their inputs where these do not follow from their positions."""
    X = np.asarray(prepared.dataset.X)[drawn_rows(prepared, MAX_POINTS)]
    scaled = prepared.scaling.transform(X, np.float32) if not prepared.features.names else X[:0]
    return {**point_arrays(prepared, MAX_POINTS), "X": scaled}


def _recorded_arrays(training: RecordedTraining) -> dict[str, NDArray[Any]]:
    """Train; the weights and the metrics of the recorded epochs, and the learning curve."""
    recorded, measured = training.run_to_end(), thin(training.measured, MAX_MEASURED)
    metrics = [each.metrics for each in recorded if each.metrics is not None]
    return {
        "weights": np.concatenate([each.snapshot.parameters for each in recorded]),
        "kept": np.array(metrics),
        "measured": np.array(sorted({*measured, *metrics}))[:, :3],
    }


def _labels(prepared: PreparedData, features: Sequence[str]) -> list[str]:
    """Names of inputs that are computed from the axes; empty if there are none."""
    computed = replace(prepared.features, names=tuple(features))
    names = computed.input_names(prepared.dataset.feature_names)[: len(features)]
    return [FEATURES[name].label if name in FEATURES else name for name in names]


def _input_map(prepared: PreparedData) -> dict[str, Any]:
    """Describe the network's inputs at a place of the plane: features of it, or an affine map."""
    features, plane = prepared.features, prepared.plane
    if features.names:
        units = features.scaling
        return {"features": features.names, "units": [units.offset.tolist(), units.factor.tolist()]}
    corners = np.array([plane.low, [plane.high[0], plane.low[1]], [plane.low[0], plane.high[1]]])
    origin, right, top = prepared.scaling.transform(features.apply(plane.rows(corners)), np.float64)
    parts = {"origin": origin, "across": right - origin, "up": top - origin}
    return {name: part.tolist() for name, part in parts.items()}


def _words(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, tuple | list) else str(value)


def _encoded(array: NDArray[Any]) -> list[str]:
    """Encode an array as its kind, and its bytes in base64."""
    if array.dtype.kind == "f":
        array = array.astype("<f4")
    return [array.dtype.str[1:], base64.b64encode(array.tobytes()).decode("ascii")]


def write_recording(title: str, recording: dict[str, Any], live: LivePage | None = None) -> bytes:
    """Write the page, whose policy allows its own scripts and styles alone, and a live one's."""
    style, script = joined_styles(STYLES), bundle("recording.js")
    policy = {"default-src": NONE, "script-src": _digest(script), "style-src": _digest(style)}
    policy |= {"base-uri": NONE, "form-action": NONE}
    if live:
        recording = {**recording, "live": {"hash": live.hash, "runtime": live.runtime}}
        policy["script-src"] += f" {_digest(live.script)} blob: 'wasm-unsafe-eval'"
        policy["style-src"] += f" {_digest(live.style)}"
        policy |= {"img-src": "data:", "worker-src": "data:"}
        policy["connect-src"] = f"data: {live.origins}"
    parts = {"style": style, "script": script, "title": escape(title)}
    parts |= {"content": _json(recording), "live": _json(live.text if live else "")}
    parts["policy"] = "; ".join(f"{name} {allowed}" for name, allowed in policy.items())
    page = (PAGE / "recording.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page).encode()


def _json(content: Any) -> str:
    """Write JSON that can stand in a page."""
    text = json.dumps(content, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c")


def joined_styles(names: Sequence[str]) -> str:
    """Join styles to one, for a single file."""
    style = "".join((PAGE / name).read_text("utf-8") for name in names)
    return FONT.sub("", MARGIN.sub("", style))


def bundle(entry: str) -> str:
    """Join a module and those that it imports to one script, each in a scope of its own."""
    scopes: dict[str, str] = {}

    def add(name: str) -> None:
        text = MARGIN.sub("", (PAGE / name).read_text("utf-8"))
        for _, other in IMPORT.findall(text):
            if other not in scopes:
                add(other)
        names = ", ".join(EXPORT.findall(text))
        text = IMPORT.sub(r'const { \1 } = modules["\2"];\n', EXPORT.sub("", text))
        scopes[name] = f'modules["{name}"] = (() => {{\n{text}return {{ {names} }};\n}})();\n'

    add(entry)
    return '"use strict";\nconst modules = {};\n' + "".join(scopes.values())


def _digest(text: str) -> str:
    """Return the hash of a script or a style as the policy of a page names it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}'"

"""A network on the page: its settings, its last report, its learning curve and its pictures.

The library's layers compute the values in the pictures, which are scaled to bytes here.
"""

from collections.abc import Mapping
from dataclasses import asdict, replace
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.errors import ArgumentError
from barenet.model._network import Network, Snapshot
from barenet.playground.data._prepared_data import PreparedData
from barenet.playground.state import _network_layout as layout
from barenet.playground.state._page_state import MAX_EDITS, NetworkSettings, WeightEdit, check_edits
from barenet.playground.state._wire_format import finite
from barenet.playground.trainer._problems import (
    GOOD_SCORES,
    TRAINER_ENDED,
    find_overfitting,
    flat_layers,
)
from barenet.playground.trainer._timeline import LearningCurve
from barenet.playground.trainer._trainer import Listener, Trainer
from barenet.playground.trainer._trainer_messages import NextStep, ProgressReport

#: Maximum number of data points that are drawn.
MAX_POINTS = 1500
#: Points along each side of the picture of a neuron.
NEURON_SIDE = 24
#: Points along each side of the picture of the output, by the size of the network.
SIDES = ((2_000, 72), (20_000, 48), (10**9, 32))
LINE_POINTS = 200

Bytes = NDArray[np.int8]


class Picture(NamedTuple):
    """A network as the page draws it."""

    #: Points along each side of the output, or along a curve.
    side: int
    #: Values from −127 to 127: for two classes, the certainty of one class; for numbers, the
    #: position in the range of the targets. For more classes: the most probable class of each point
    #: and its probability, and then the second class and its probability. For a curve, float32
    #: predictions: a number, the probability of the second class, or a class.
    output: NDArray[np.generic]
    #: Outputs of the drawn hidden neurons, shape (n_drawn, 24, 24); for the first layer on images,
    #: the weights of the pixels.
    neurons: Bytes
    #: The value that 127 stands for in each of them.
    scales: list[float]


def rasterize(network: Network, prepared: PreparedData) -> Picture:
    """Draw a network."""
    if prepared.is_curve:
        side = LINE_POINTS
        outputs = prepared.outputs(network, "line", side)
    else:
        side = output_side(network)
        outputs = prepared.outputs(network, "grid", side)
    neurons, scales = _neuron_pictures(network, prepared)
    return Picture(side, _as_bytes(outputs, prepared), neurons, scales)


def output_side(network: Network) -> int:
    """Return the points along each side of the output's picture: fewer for a larger network."""
    for limit, side in SIDES:
        if network.n_parameters <= limit:
            return side
    raise ValueError(f"a network of {network.n_parameters:,} parameters is too large for a picture")


def drawn_rows(prepared: PreparedData, limit: int = MAX_POINTS) -> NDArray[np.intp]:
    """Return the indices of the rows that are drawn as points."""
    n_rows = len(prepared.points)
    step = max(ceil(n_rows / limit), 1)
    return np.arange(0, n_rows, step)


def point_arrays(prepared: PreparedData, limit: int = MAX_POINTS) -> dict[str, NDArray[Any]]:
    """Collect the positions and values of some points, and the pictures of the inputs."""
    chosen = drawn_rows(prepared, limit)
    inputs, scales = input_pictures(prepared)
    is_test = prepared.is_test
    # The training rows and the test rows are each counted from 1.
    numbers = np.where(is_test, is_test.cumsum(), (~is_test).cumsum())
    values = prepared.drawn_values(prepared.dataset.y[chosen])
    positions = prepared.plane.positions(prepared.points[chosen])
    return {
        "positions": positions,
        "values": values.astype(np.float32),
        "tests": is_test[chosen].astype(np.uint8),
        "numbers": numbers[chosen].astype(np.float32),
        "rows": chosen.astype(np.float32),
        "inputs": inputs,
        "scales": np.array(scales, np.float32),
    }


def input_pictures(prepared: PreparedData) -> tuple[Bytes, list[float]]:
    """Draw the inputs themselves."""
    chosen = prepared.drawn_inputs()
    rows = prepared.training.X[:, chosen]
    minimum: Any = 1.0
    if len(rows):
        minimum = np.abs(rows).max(axis=0)
    inputs = prepared.inputs("grid", NEURON_SIDE)[:, chosen]
    return _scaled(inputs, minimum)


def nan_to_large(values: NDArray[np.floating]) -> NDArray[np.float64]:
    """Replace NaN and infinities by finite numbers that can be drawn."""
    return np.nan_to_num(values.astype(np.float64), posinf=1e30, neginf=-1e30)


def _neuron_pictures(network: Network, prepared: PreparedData) -> tuple[Bytes, list[float]]:
    inputs = prepared.inputs("grid", NEURON_SIDE)
    shape = prepared.dataset.image_shape
    layers = layout.layer_values(network, inputs, -1)
    drawn = []
    minima = []
    for layer in layers:
        outputs = layer.outputs[:, : prepared.max_drawn]
        drawn.append(outputs)
        minima.append(np.ones(outputs.shape[1]))
    if drawn and shape is not None:
        first = layers[0].dense
        weights = first.weights[:, : prepared.max_drawn]
        drawn[0] = _enlarged(weights, shape)  # instead of the outputs
        minima[0][:] = 1e-9
    no_columns = inputs[:, :0]  # for a network without hidden layers
    columns = np.concatenate([no_columns, *drawn], axis=1)
    return _scaled(columns, np.concatenate([[], *minima]))


def _enlarged(images: layout.Values, shape: tuple[int, int]) -> layout.Values:
    """Resize images, one in each column, to the size of a neuron's picture."""
    height, width = shape
    rows = np.arange(NEURON_SIDE) * height // NEURON_SIDE
    columns = np.arange(NEURON_SIDE) * width // NEURON_SIDE
    pixels = rows[:, None] * width + columns
    return images[pixels.ravel()]


def _scaled(columns: NDArray[np.float32], minimum: Any) -> tuple[Bytes, list[float]]:
    """Scale each column to a picture; the scale is its largest absolute value, or a minimum."""
    columns = np.nan_to_num(columns, posinf=1e30, neginf=-1e30)
    largest = np.abs(columns).max(axis=0)
    scales = np.maximum(largest, minimum)
    fractions = columns / np.where(scales > 0, scales, 1.0)
    values = np.rint(127 * fractions).astype(np.int8)
    pictures = values.T.reshape(-1, NEURON_SIDE, NEURON_SIDE)
    return pictures, [float(scale) for scale in scales]


def _as_bytes(output: NDArray[np.floating], prepared: PreparedData) -> NDArray[np.generic]:
    """Encode the outputs at all points as in `Picture.output`."""
    output = nan_to_large(output)
    n_classes = len(prepared.classes or ())
    if n_classes > 2:
        if prepared.is_curve:
            return output.argmax(axis=1).astype(np.float32)
        ascending = output.argsort(axis=1)
        most_probable = ascending[:, [-1, -2]]  # the first and the second class of each point
        probabilities = np.take_along_axis(output, most_probable, axis=1)
        certainty = np.rint(127 * np.clip(probabilities, 0, 1))
        # One after the other: first classes, their certainties, second classes, their certainties.
        planes = np.stack([most_probable, certainty], axis=1).T
        return planes.reshape(-1).astype(np.int8)
    if n_classes:
        values = np.clip(output[:, -1], 0, 1)
        low = 0.0
        high = 1.0
    else:
        values = output[:, 0]
        low, high = prepared.target_range
    if prepared.is_curve:
        return values.astype(np.float32)
    middle = (low + high) / 2
    reach = (high - low) / 2
    if reach == 0:  # all targets are equal
        reach = 1.0
    fractions = np.clip((values - middle) / reach, -1, 1)
    return np.rint(127 * fractions).astype(np.int8)


#: Maximum number of weights that are sent with every picture; for more, no links are drawn.
MAX_WEIGHTS = 20_000
#: Commands after which a network that is about to play remains so.
KEEPS_PLAYING = {"configure", "rows", "pace", "edit"}


class NetworkView:
    """A network that is drawn here, and trained by the trainer."""

    def __init__(self, settings: NetworkSettings, prepared: PreparedData, trainer: Trainer) -> None:
        self.settings = settings
        self.prepared = prepared
        self.trainer = trainer
        self.setup = prepared.make_setup(settings)
        self.network = self.setup.network
        self.constant_losses = self.setup.constant_losses(settings.loss)
        self.curve = LearningCurve()
        snapshot = Snapshot.of(self.network)
        self.latest = ProgressReport(snapshot=snapshot, saved=[0])
        self.key: int | None = None
        #: The principal axes of each layer's space when it was last drawn.
        self.directions: dict[int, NDArray[np.float64]] = {}
        #: Whether the network has been told to play, but has not reported that it does.
        self.will_play = False

    def accepts(self, settings: NetworkSettings, prepared: PreparedData) -> bool:
        """Return whether the network can continue with other settings."""
        if not prepared.continues(self.prepared):
            return False
        return settings.has_same_architecture(self.settings)

    def start(self, pace: float, listener: Listener) -> None:
        """Pass the network to the trainer; if the trainer's process has ended, as last reported."""
        last = self.latest if self.key is not None else None
        self.close()
        setup = replace(self.setup, settings=self.settings, last=last)
        self.key = self.trainer.begin(setup, pace, listener)

    def send(self, action: str, value: Any = None) -> None:
        """Send a command to the trainer."""
        if action == "play":
            self.will_play = True
        elif action not in KEEPS_PLAYING:
            self.will_play = False
        if self.key is not None:
            self.trainer.send(self.key, action, value)

    @property
    def playing(self) -> bool:
        """Whether the network is being trained, or is about to be."""
        return self.latest.playing or self.will_play

    def close(self) -> None:
        """End the training."""
        self.send("close")
        self.key = None

    def receive(self, report: ProgressReport | None) -> None:
        """Receive a report from the trainer, or None if its process has ended."""
        if report is None:
            self.latest = replace(self.latest, playing=False, problem=TRAINER_ENDED)
            return
        has_trained = report.epoch > self.latest.epoch
        if report.playing or has_trained or report.problem.failed:
            self.will_play = False  # any other report may be older than the command
        self.latest = report
        for row in report.rows:
            self.curve.add(row)
        newest = self.curve.newest
        if newest and newest.epoch > report.last and not report.problem.failed:
            self.curve.cut(report.last)

    def configure(self, settings: NetworkSettings) -> None:
        """Continue with other settings of the same architecture."""
        self.settings = settings
        self.constant_losses = self.setup.constant_losses(settings.loss)
        self.send("configure", settings)

    def update_data(self, prepared: PreparedData) -> None:
        """Replace the data of the running training."""
        if prepared.training is not self.prepared.training:
            self.setup = replace(self.setup, training=prepared.training, test=prepared.test)
            self.constant_losses = self.setup.constant_losses(self.settings.loss)
            if self.key is not None:
                self.trainer.send(self.key, "rows", (prepared.training, prepared.test))
        self.prepared = prepared

    def edit(self, layer: int, row: int, column: int, value: float) -> None:
        """Change a weight; row −1 stands for the bias."""
        index = layout.parameter_index(self.network, layer, row, column)
        if len(self.latest.edits) >= MAX_EDITS:
            raise ArgumentError(
                f"{MAX_EDITS} weights were changed by hand, and no more fit into an address",
                argument="value",
                remedy="go back in time, or reset",
            )
        self.send("edit", (index, value))

    def plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again, repeating edits at their epochs."""
        check_edits(edits, self.network.n_parameters)
        in_order = sorted(edits, key=lambda edit: edit.epoch)
        self.send("plan", tuple(in_order))

    def current(self, report: ProgressReport | None = None) -> Network:
        """Copy the network of a report, by default the last one."""
        if report is None:
            report = self.latest
        network = self.network.copy()
        report.snapshot.restore(network)
        return network

    def next_step(self) -> NextStep | None:
        """Return the optimizer of the next update; None while the network is being trained."""
        if self.latest.next_step is not None or self.latest.playing:
            return self.latest.next_step
        n_rows = len(self.prepared.training.y)
        optimizer = self.settings.run_config(n_rows).make_optimizer()
        return NextStep(optimizer, self.settings.learning_rate)

    def header(self, latest: ProgressReport, sent: Mapping[int, float]) -> dict[str, Any]:
        """Describe the training at a report.

        `sent` has the last epoch that was sent of each version of the curve.
        """
        curve = self.curve
        newest = latest.current or curve.newest
        lowest = latest.lowest
        last_sent = sent.get(curve.version, -1)
        newest_values = finite(newest) if newest is not None else None
        lowest_values = finite(lowest) if lowest is not None else None
        new_rows = [row for row in curve.rows if row.epoch > last_sent]
        return {
            "epoch": latest.epoch,
            "batch": latest.batch,
            "playing": latest.playing,
            "saved": latest.saved,
            "last": latest.last,
            **latest.problem.describe(),
            "edits": [asdict(edit) for edit in latest.edits],
            "version": curve.version,
            "rows": finite(new_rows),
            "constant": finite(self.constant_losses),
            "newest": newest_values,
            "lowest": lowest_values,
            "overfitting": find_overfitting(curve.rows, lowest, self.constant_losses.test),
        }

    def draw(self, report: ProgressReport) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draw the network, in any thread, and return a header and arrays."""
        network = self.current(report)
        picture = rasterize(network, self.prepared)
        linear_score = None
        if report.epoch and not report.playing:
            linear_score = self.prepared.linear_score
        header = {
            "side": picture.side,
            "scales": picture.scales,
            "confusion": self.prepared.confusion_matrix(network),
            "problems": self._diagnose(network, report),
            "linear": linear_score,
        }
        weights = np.nan_to_num(report.snapshot.parameters, posinf=1e30, neginf=-1e30)
        weights = weights.astype(np.float32) if weights.size <= MAX_WEIGHTS else weights[:0]
        return header, {"output": picture.output, "neurons": picture.neurons, "weights": weights}

    def _diagnose(self, network: Network, report: ProgressReport) -> list[dict[str, Any]]:
        """Find flat neurons, unless the training has failed or gone back, or the score is good."""
        newest = self.curve.newest
        if report.problem.failed or newest is None or report.epoch < newest.epoch:
            return []
        if newest.score >= GOOD_SCORES[self.setup.metric]:
            return []
        problems = flat_layers(network, self.setup.training.X)
        return [problem.describe() for problem in problems]

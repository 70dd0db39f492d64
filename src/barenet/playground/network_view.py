"""Lane: one network on the page, as the server knows it: its design, its weights, its curve."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import numpy as np

from barenet.model.layers import Dense
from barenet.model.network import Network
from barenet.playground.diagnosis import diagnose
from barenet.playground.edits import MOST_EDITS, check_weight, read_edits
from barenet.playground.evaluation import confusion_matrix, constant_loss, evaluate, finite
from barenet.playground.learning_curve import LearningCurve, thin
from barenet.playground.messages import remedy
from barenet.playground.page_state import NetworkSettings
from barenet.playground.prepared_data import PreparedData
from barenet.playground.progress_report import Progress
from barenet.playground.rasterize import MAX_DRAWN, rasterize
from barenet.playground.run_setup import build_network, check_settings, make_task, neuron_layers
from barenet.playground.trainer import Trainer

__all__ = ["Lane"]

#: Maximum number of points of the curve of the other path.
MOST_OTHER_ROWS = 200
#: Weights that are sent with every picture; of larger networks the page draws no links.
MOST_WEIGHTS = 20_000
GONE = "The process that trains has ended. Start barenet play again; this address will do."


class NetworkView:
    """A network that is drawn here, and trained by the trainer."""

    def __init__(
        self,
        settings: NetworkSettings,
        prepared: PreparedData,
        trainer: Trainer,
        pace: float,
    ) -> None:
        self.settings, self.prepared, self.trainer = settings, prepared, trainer
        self.network = build_network(settings, prepared)
        check_settings(settings, prepared)
        self.pace = pace
        self.curve = LearningCurve()
        self.other: LearningCurve | None = None
        self.task = make_task(settings, prepared, self.network)
        if (first := evaluate(0, self.network, self.task, settings)) is not None:
            self.curve.add(first)
        self._measure_guess()
        self.latest = Progress(
            epoch=0,
            parameters=self.network.parameters.copy(),
            statistics=self.network.statistics.copy(),
            kept=[0],
        )
        self.key: int | None = None
        self.play_ordered = False  # and not yet reported, as while the trainer starts
        self.lock = threading.Lock()

    def start(self, listener: Any) -> None:
        """Hand the network to the trainer."""
        self.key = self.trainer.begin(self.task, self.pace, listener)

    def command(self, action: str, value: Any = None) -> None:
        """Tell the trainer what to do."""
        self.play_ordered = action == "play"
        if self.key is not None:
            self.trainer.command(self.key, action, value)

    def _measure_guess(self) -> None:
        """Measure the loss of a constant prediction, if there are rows."""
        has_rows = len(self.task.training[0]) > 0
        self.constant_loss = constant_loss(self.task, self.settings) if has_rows else None

    def close(self) -> None:
        """End the training."""
        self.command("close")
        self.key = None

    def receive(self, progress: Progress | None) -> None:
        """Take the trainer's report."""
        if progress is None:
            self.latest = replace(self.latest, playing=False, failed=True, words=GONE)
            return
        self.play_ordered = False
        self._follow(progress)
        self.latest = progress
        for row in progress.rows:
            self.curve.add(row)

    def _follow(self, progress: Progress) -> None:
        """Switch to the curve of the network's path, and keep that of the other path."""
        before = self.latest
        if progress.path == before.path:
            return
        if progress.other_path is None:
            self.curve, self.other = self.curve.until(progress.fork), None
        elif progress.path == before.other_path and self.other is not None:
            self.curve, self.other = self.other, self.curve
        else:
            self.curve, self.other = self.curve.until(progress.fork), self.curve

    def redesign(self, settings: NetworkSettings) -> None:
        """Go on with the same network by another design."""
        check_settings(settings, self.prepared)
        self.settings = settings
        self._measure_guess()
        self.command("redesign", settings)

    def edit(self, layer: int, row: int, column: int, value: Any) -> None:
        """Change a weight, or a bias."""
        place, value = self.index_of(layer, row, column), check_weight(value)
        if len(self.latest.edits) >= MOST_EDITS:
            raise ValueError(
                f"value: {MOST_EDITS} weights are changed by hand, more than an address can tell; "
                "go back in time, or reset"
            )
        self.command("edit", (place, value))

    def plan(self, edits: Any) -> None:
        """Start anew, and change weights on the way as it was done before."""
        self.command("plan", read_edits(edits, self.network.n_parameters))

    def index_of(self, layer: int, row: int, column: int) -> int:
        """Find a weight in the network's vector."""
        dense = [block[0] for block in neuron_layers(self.network)]
        if not 0 <= layer < len(dense):
            raise ValueError(f"layer: expected 0 to {len(dense) - 1}, got {layer}")
        target = dense[layer]
        assert isinstance(target, Dense)
        if not (-1 <= row < target.n_in and 0 <= column < target.n_out):
            raise ValueError(f"weight: there is none from {row} to {column} in layer {layer}")
        start = self._start_of(layer)
        inside = row * target.n_out + column
        return start + (target.weights.size + column if row < 0 else inside)

    def layout(self) -> list[dict[str, int]]:
        """Say where each layer's weights and biases are in the vector."""
        return [
            {"n_in": block[0].n_in or 0, "n_out": block[0].n_out or 0, "start": self._start_of(i)}
            for i, block in enumerate(neuron_layers(self.network))
        ]

    def _start_of(self, layer: int) -> int:
        target = neuron_layers(self.network)[layer][0]
        start = 0
        for each in self.network.layers:
            if each is target:
                break
            start += sum(int(np.prod(shape)) for shape in each.parameter_shapes.values())
        return start

    def current(self) -> Network:
        """Copy the network as the last report has it."""
        with self.lock:
            return self._up_to_date(self.latest).copy()

    def header(self, cursor: tuple[int, float]) -> dict[str, Any]:
        """Tell how the training stands."""
        latest, curve = self.latest, self.curve
        newest = latest.here or curve.newest
        known = cursor[0] == curve.version
        rows = curve.since(cursor[1] if known else -1)
        return {
            "epoch": latest.epoch,
            "playing": latest.playing,
            "words": latest.words,
            "failed": latest.failed,
            "remedy": remedy(latest.words),
            "speed": round(latest.epochs_per_second, 1),
            "kept": latest.kept,
            "edits": latest.edits,
            "batch": latest.batch,
            "explained": latest.update is not None,
            "version": curve.version,
            "rows": [[row.epoch, *finite(row[1:])] for row in rows],
            "last": max(latest.last, latest.epoch),
            "fork": latest.fork,
            "other": None if known else self._other_rows(),
            "guess": finite(self.constant_loss) if self.constant_loss else None,
            "newest": [newest.epoch, *finite(newest[1:])] if newest else None,
        }

    def _other_rows(self) -> list[list[Any]]:
        """Return the measures of the other path, from the epoch of the fork on."""
        if self.other is None:
            return []
        rows = thin(self.other.since(self.latest.fork - 1), MOST_OTHER_ROWS)
        return [[row.epoch, *finite(row[1:])] for row in rows]

    def draw(self, progress: Progress) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draw the network; may run in any thread."""
        with self.lock:
            network = self._up_to_date(progress)
            picture = rasterize(network, self.prepared)
            matrix = confusion_matrix(network, self.prepared)
            signs = self._signs(network, progress)
        header = {
            "side": picture.side,
            "scales": picture.scales,
            "confusion": matrix,
            "signs": signs,
        }
        weights = np.nan_to_num(progress.parameters, posinf=1e30, neginf=-1e30)
        shown = weights.astype(np.float32) if weights.size <= MOST_WEIGHTS else weights[:0]
        return header, {"output": picture.output, "neurons": picture.neurons, "weights": shown}

    def _signs(self, network: Network, progress: Progress) -> list[dict[str, str]]:
        """Diagnose the training, unless it has reported a failure or is back in time."""
        newest = self.curve.newest
        if progress.failed or newest is None or progress.epoch < newest.epoch:
            return []
        return diagnose(network, self.task, self.curve, self.constant_loss)

    def _up_to_date(self, progress: Progress) -> Network:
        self.network.parameters[:] = progress.parameters
        self.network.statistics[:] = progress.statistics
        return self.network

    @property
    def drawn(self) -> list[int]:
        """How many neurons of each hidden layer have a picture."""
        sizes = [block[0].n_out or 0 for block in neuron_layers(self.network)[:-1]]
        return [min(size, MAX_DRAWN) for size in sizes]

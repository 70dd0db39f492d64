"""One network of the page: its settings, its weights as last reported, and its learning curve."""

from __future__ import annotations

import threading
from dataclasses import asdict, replace
from typing import Any

import numpy as np

from barenet.errors import ArgumentError
from barenet.model._network import Network
from barenet.playground._diagnosis import diagnose, find_overfitting, lowest_test_loss
from barenet.playground._edits import MAX_EDITS, WeightEdit
from barenet.playground._evaluation import confusion_matrix, finite
from barenet.playground._learning_curve import EpochMetrics, LearningCurve, thin
from barenet.playground._messages import TRAINER_ENDED
from barenet.playground._network_layout import layer_offsets, parameter_index
from barenet.playground._page_state import NetworkSettings
from barenet.playground._prepared_data import PreparedData
from barenet.playground._progress_report import ProgressReport
from barenet.playground._rasterize import MAX_DRAWN, rasterize
from barenet.playground._run_setup import build_network, check_settings, make_task
from barenet.playground._trainer import Listener, Trainer

__all__ = ["NetworkView"]

#: Maximum number of points of the other path's curve.
MAX_OTHER_ROWS = 200
#: Maximum number of weights sent with every picture; of larger networks the page draws no links.
MAX_WEIGHTS = 20_000


class NetworkView:
    """A network that is drawn here and trained by the trainer."""

    def __init__(self, settings: NetworkSettings, prepared: PreparedData, trainer: Trainer) -> None:
        self.settings, self.prepared, self.trainer = settings, prepared, trainer
        self.check(settings)
        self.network = build_network(settings, prepared)
        self.task = make_task(settings, prepared, self.network)
        self.curve = LearningCurve()
        #: The curve of the path to which the user can return.
        self.other: LearningCurve | None = None
        self.latest = ProgressReport(
            epoch=0,
            parameters=self.network.parameters.copy(),
            statistics=self.network.statistics.copy(),
            saved_epochs=[0],
        )
        self.key: int | None = None
        #: Whether it was commanded to play, and has not reported since.
        self.will_play = False
        self.lock = threading.Lock()

    def check(self, settings: NetworkSettings) -> None:
        """Reject settings that cannot be trained."""
        check_settings(settings, self.prepared)

    def start(self, pace: float, listener: Listener) -> None:
        """Hand the network to the trainer."""
        self.key = self.trainer.begin(self.task, pace, listener)

    def send(self, action: str, value: Any = None) -> None:
        """Send a command to the trainer."""
        self.will_play = action == "play"
        if self.key is not None:
            self.trainer.send(self.key, action, value)

    @property
    def playing(self) -> bool:
        """Whether it is being trained, or is about to be."""
        return self.latest.playing or self.will_play

    def close(self) -> None:
        """End the training."""
        self.send("close")
        self.key = None

    def receive(self, report: ProgressReport | None) -> None:
        """Take a report of the trainer, or None if its process has ended."""
        if report is None:
            self.latest = replace(self.latest, playing=False, failed=True, problem=TRAINER_ENDED)
            return
        self.will_play = False
        self._follow_path(report)
        self.latest = report
        for row in report.rows:
            self.curve.add(row)

    def _follow_path(self, report: ProgressReport) -> None:
        """Switch to the curve of the network's path, and keep that of the other path."""
        before = self.latest
        if report.path == before.path:
            return
        if report.other_path is None:
            self.curve, self.other = self.curve.until(report.fork), None
        elif report.path == before.other_path and self.other is not None:
            self.curve, self.other = self.other, self.curve
        else:
            self.curve, self.other = self.curve.until(report.fork), self.curve

    def configure(self, settings: NetworkSettings) -> None:
        """Continue with other settings of the same architecture, which have been checked."""
        self.settings = settings
        self.send("configure", settings)

    def edit(self, layer: int, row: int, column: int, value: float) -> None:
        """Change a weight; row −1 is the bias."""
        index = parameter_index(self.network, layer, row, column)
        if len(self.latest.edits) >= MAX_EDITS:
            raise ArgumentError(
                f"{MAX_EDITS} weights were changed by hand, and no more fit into an address",
                argument="value",
                remedy="go back in time, or reset",
            )
        self.send("edit", (index, value))

    def plan(self, edits: tuple[WeightEdit, ...]) -> None:
        """Start again, and repeat edits on the way."""
        n_parameters = self.network.n_parameters
        for edit in edits:
            if edit.index >= n_parameters:
                raise ArgumentError.of("edits", edit.index, f"an index below {n_parameters}")
        self.send("plan", tuple(sorted(edits, key=lambda edit: edit.epoch)))

    def current(self) -> Network:
        """Copy the network as last reported."""
        with self.lock:
            return self._updated(self.latest).copy()

    def describe(self) -> dict[str, Any]:
        """Describe the architecture."""
        layers = layer_offsets(self.network)
        return {
            "layout": layers,
            #: The number of neurons with a picture in each hidden layer.
            "drawn": [min(layer["n_out"], MAX_DRAWN) for layer in layers[:-1]],
            "n_parameters": self.network.n_parameters,
            "layers": [repr(layer) for layer in self.network.layers],
        }

    def header(self, cursor: tuple[int, float]) -> dict[str, Any]:
        """Describe the training; the cursor is the version and epoch of the curve already sent."""
        latest, curve = self.latest, self.curve
        newest = latest.current or curve.newest
        known = cursor[0] == curve.version
        rows = curve.since(cursor[1] if known else -1)
        losses = latest.constant_losses
        measured = curve.since(-1)
        lowest = lowest_test_loss(measured)
        return {
            "epoch": latest.epoch,
            "playing": latest.playing,
            "message": latest.problem.message,
            "remedy": latest.problem.remedy,
            "failed": latest.failed,
            "speed": round(latest.epochs_per_second, 1),
            "saved": latest.saved_epochs,
            "edits": [asdict(edit) for edit in latest.edits],
            "batch": latest.batch,
            "explained": latest.update is not None,
            "version": curve.version,
            "rows": [_as_json(row) for row in rows],
            "last": max(latest.last, latest.epoch),
            "fork": latest.fork,
            "other": None if known else self._other_rows(),
            "constant": finite(losses) if losses else None,
            "newest": _as_json(newest) if newest else None,
            "lowest": _as_json(lowest) if lowest else None,
            "overfitting": find_overfitting(measured, losses),
        }

    def _other_rows(self) -> list[list[Any]]:
        """The curve of the other path, from the fork on."""
        if self.other is None:
            return []
        rows = thin(self.other.since(self.latest.fork - 1), MAX_OTHER_ROWS)
        return [_as_json(row) for row in rows]

    def draw(self, report: ProgressReport) -> tuple[dict[str, Any], dict[str, Any]]:
        """Draw the network; in any thread. Returns a header and arrays."""
        with self.lock:
            network = self._updated(report)
            picture = rasterize(network, self.prepared)
            matrix = confusion_matrix(network, self.prepared)
            problems = self._diagnose(network, report)
        header = {
            "side": picture.side,
            "scales": picture.scales,
            "confusion": matrix,
            "problems": problems,
        }
        weights = np.nan_to_num(report.parameters, posinf=1e30, neginf=-1e30)
        shown = weights.astype(np.float32) if weights.size <= MAX_WEIGHTS else weights[:0]
        return header, {"output": picture.output, "neurons": picture.neurons, "weights": shown}

    def _diagnose(self, network: Network, report: ProgressReport) -> list[dict[str, str]]:
        """Diagnose the training, unless it has failed or is back in time."""
        newest = self.curve.newest
        if report.failed or newest is None or report.epoch < newest.epoch:
            return []
        found = diagnose(network, self.task, self.curve, report.constant_losses)
        return [asdict(problem) for problem in found]

    def _updated(self, report: ProgressReport) -> Network:
        self.network.parameters[:] = report.parameters
        self.network.statistics[:] = report.statistics
        return self.network


def _as_json(row: EpochMetrics) -> list[Any]:
    return [row.epoch, *finite(row[1:])]

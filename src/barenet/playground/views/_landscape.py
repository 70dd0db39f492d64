"""The training loss around the path of the weights, on the plane that best fits the path.

Two weights are the plane themselves: its axes are the weights, on equal scales.
"""

from collections.abc import Sequence
from math import ceil
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from barenet.engines import Job, choose_engine
from barenet.errors import BarenetError
from barenet.optimization.optimizers import SGD
from barenet.playground._sentences import sentence
from barenet.playground.data._plane import principal_axes
from barenet.playground.state._wire_format import finite, rounded
from barenet.playground.trainer._trainer_messages import ProgressReport, WeightPath
from barenet.playground.views._network_view import MAX_WEIGHTS, NetworkView, nan_to_large
from barenet.playground.views._neuron_panel import contour

Array = NDArray[np.floating]

#: Number of losses along each side, and of lines of equal loss.
SIDE = 41
LEVELS = 12
#: Maximum number of rows, and maximum product of rows and weights.
MAX_ROWS = 1_000
MAX_PRODUCTS = 2_000_000
#: Margin on each side of the path, and its minimum extent, as fractions of the extent.
MARGIN = 0.3
MIN_EXTENT = 0.3
#: The largest weight on a plane of two weights, unless that of the start or of the best epoch is
#: larger.
REACH = 2.0
#: Seconds to wait for the trainer.
TIMEOUT = 10.0
NO_ANSWER = f"The process that trains has not answered for {TIMEOUT:g} seconds. Try again later."
TOO_SHORT = sentence(
    "Train for a few epochs: the map is drawn around the path that the weights take."
)
TOO_LARGE = sentence(
    "A landscape is drawn for networks of at most {0} weights.", f"{MAX_WEIGHTS:,}"
)


class PathPlane(NamedTuple):
    """The plane of the first two principal components of the weights on a path.

    Positions are fractions of a rectangle, to the right and down.
    """

    mean: Array
    #: Shape (2, n_parameters).
    directions: Array
    #: The fractions of variance along the directions.
    shares: Array
    low: Array
    high: Array

    @classmethod
    def of_two_weights(cls, states: Array, bias: float) -> "PathPlane":
        """Make the plane of two weights with a constant bias, which contains the given states."""
        reach = max(REACH, 1.2 * np.abs(states[:, :2]).max())
        return cls(
            mean=np.array([0.0, 0.0, bias]),
            directions=np.array([[1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
            shares=np.ones(2),
            low=np.full(2, -reach),
            high=np.full(2, reach),
        )

    @classmethod
    def through(cls, states: Array) -> "PathPlane":
        """Fit a plane to weights of shape (n_states, n_parameters); the path starts on the left."""
        axes = principal_axes(states)
        points = (states - axes.mean) @ axes.directions.T
        first = points[0]
        middle_of_path = points[len(points) // 2]
        last = points[-1]
        begins_on_the_right = last[0] < first[0]
        bends_up = middle_of_path[1] > 0
        turn = np.where([begins_on_the_right, bends_up], -1, 1)
        points = points * turn
        low = points.min(axis=0)
        high = points.max(axis=0)
        extent = high - low
        sides = np.maximum(extent, MIN_EXTENT * extent.max())
        reach = (0.5 + MARGIN) * sides
        middle = (low + high) / 2
        return cls(
            mean=axes.mean,
            directions=axes.directions * turn[:, None],
            shares=axes.shares,
            low=middle - reach,
            high=middle + reach,
        )

    def places(self, states: Array) -> Array:
        """Project weights to positions on the plane."""
        points = (states - self.mean) @ self.directions.T
        return (points - self.low) / (self.high - self.low)

    def states(self, places: Array) -> Array:
        """Return the weights at positions."""
        points = self.low + places * (self.high - self.low)
        return self.mean + points @ self.directions


class TrainingLoss:
    """The training loss of a network, without penalties, as a function of its weights."""

    def __init__(self, view: NetworkView) -> None:
        loss, rows, _ = view.setup.loss_and_rows(view.settings.loss)  # the training rows
        self.network = view.current()
        limit = max(MAX_PRODUCTS // self.network.n_parameters, 1)
        limit = min(MAX_ROWS, limit)
        step = ceil(rows.n_rows / limit)
        self.rows = rows.take(slice(None, None, step))
        job = Job(network=self.network, rows=self.rows, loss=loss, optimizer=SGD())
        self.engine = choose_engine("auto", job, 1)

    def at(self, states: Array) -> Array:
        """Compute the losses for weights of shape (n_states, n_parameters)."""
        losses = []
        with np.errstate(all="ignore"):
            for state in states:
                self.network.parameters = state
                loss, _ = self.engine.evaluate(self.rows)
                losses.append(loss)
        return np.array(losses)


def landscape(view: NetworkView, views: Sequence[NetworkView]) -> dict[str, Any]:
    """Compute the losses around the path of a network, and around comparable networks' paths."""
    if view.network.n_parameters > MAX_WEIGHTS:
        return {"hint": TOO_LARGE}
    # The loss of comparable networks is the same function of their weights.
    indices = []
    trainings = []
    for index, compared in enumerate(views):
        settings = compared.settings
        if settings.has_same_architecture(view.settings) and settings.loss == view.settings.loss:
            indices.append(index)
            trainings.append(_drawn_training(compared))
    has_two_weights = not view.settings.hidden and view.network.n_parameters == 3
    if has_two_weights:
        kept = [training.path.parameters[[0, training.best]] for training in trainings]
        ends = np.concatenate(kept)
        plane = PathPlane.of_two_weights(ends, view.latest.snapshot.parameters[-1])
    else:
        parameters = [training.path.parameters for training in trainings]
        states = np.concatenate(parameters).astype(np.float64)
        shortest = min(len(training.path.epochs) for training in trainings)
        if shortest < 3 or not np.ptp(states, axis=0).any():
            return {"hint": TOO_SHORT}
        plane = PathPlane.through(states)
    loss = TrainingLoss(view)
    steps = (np.arange(SIDE) + 0.5) / SIDE
    across = np.tile(steps, SIDE)
    down = np.repeat(steps, SIDE)
    grid = np.column_stack([across, down])
    losses = loss.at(plane.states(grid))
    lines = contours(losses.reshape(SIDE, SIDE))
    drawn_paths = [_describe(training, plane, loss) for training in trainings]
    return {
        "networks": indices,
        "side": SIDE,
        "losses": rounded(losses),
        "lines": [rounded(line) for line in lines],
        "shares": rounded(plane.shares),
        "reach": float(plane.high[0]) if has_two_weights else None,
        "constant": finite(view.constant_losses.training),
        "rows": [loss.rows.n_rows, len(view.setup.training.X)],
        "paths": drawn_paths,
    }


def contours(losses: Array) -> list[Array]:
    """Compute lines of equal loss, evenly spaced in its logarithm."""
    heights = np.log(np.maximum(nan_to_large(losses), 1e-30))
    lowest = heights.min()
    highest = heights[np.isfinite(losses)].max(initial=lowest)
    levels = np.linspace(lowest, highest, LEVELS + 2)
    return [contour(heights - level) for level in levels[1:-1]]


class DrawnTraining(NamedTuple):
    """The weights of a training on its way, and its last report."""

    path: WeightPath
    latest: ProgressReport

    @property
    def best(self) -> int:
        """Return the index of the epoch on the path nearest to that with the lowest test loss."""
        lowest_epoch: float = 0
        if self.latest.lowest is not None:
            lowest_epoch = self.latest.lowest.epoch
        return int(np.abs(np.array(self.path.epochs) - lowest_epoch).argmin())


def _drawn_training(view: NetworkView) -> DrawnTraining:
    """Collect the saved weights of a training, and the current ones if they are newer."""
    assert view.key is not None
    try:
        path = view.trainer.request_path(view.key).result(TIMEOUT)
    except TimeoutError:
        raise BarenetError(NO_ANSWER) from None
    latest = view.latest
    if latest.epoch > path.epochs[-1]:
        parameters = np.vstack([path.parameters, latest.snapshot.parameters])
        path = WeightPath([*path.epochs, latest.epoch], parameters)
    return DrawnTraining(path, latest)


def _describe(training: DrawnTraining, plane: PathPlane, loss: TrainingLoss) -> dict[str, Any]:
    """Describe a path on the plane, the current position, and the losses at both."""
    path = training.path
    latest = training.latest
    current = latest.snapshot.parameters[None]
    place = plane.places(current)
    states = np.vstack([current, plane.states(place)])
    best = training.best
    return {
        "epochs": path.epochs,
        "places": rounded(plane.places(path.parameters)),
        "current": rounded(place),
        "epoch": latest.epoch,
        "best": best,
        "best_epoch": path.epochs[best],
        "losses": rounded(loss.at(states)),
    }

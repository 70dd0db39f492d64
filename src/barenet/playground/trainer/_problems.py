"""Problems in training and their remedies: divergence, flat neurons, and overfitting."""

import math
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from barenet.model._network import Network
from barenet.playground._sentences import Sentence, english, joined, sentence
from barenet.playground.state._network_layout import LayerValues, Values, layer_values
from barenet.playground.trainer._timeline import EpochMetrics

PROBLEMS = tomllib.loads(Path(__file__).with_name("problems.toml").read_text("utf-8"))
#: Maximum number of training rows whose activations are examined.
MAX_ROWS = 200
#: Scores from which flat neurons are not reported.
GOOD_SCORES = {"accuracy": 0.95, "r2": 0.9}
#: A neuron is saturated if its slope is below 5 % of the steepest slope for 95 % of the rows.
FLAT_SLOPE = 0.05
SATURATED = 0.95
#: A network overfits if the test loss has not returned to its minimum for a tenth of its epochs,
#: and for at least this many: the mean of the last rows exceeds this multiple of the minimum, the
#: rise exceeds this fraction of the test loss of a constant prediction, and the mean training loss
#: has fallen.
WAIT_EPOCHS = 20
RECENT_ROWS = 5
RISE_FACTOR = 1.1
VISIBLE_RISE = 0.02

#: Sums for finding the steepest slope of an activation.
SUMS = np.linspace(-8, 8, 161)[:, np.newaxis]

#: Descriptions of neurons with a slope of almost 0, for activations with a special term.
_FLAT = {
    "tanh": sentence("saturated (tanh near −1 or 1)"),
    "sigmoid": sentence("saturated (sigmoid near 0 or 1)"),
    "relu": sentence("dead (ReLU at 0)"),
}


@dataclass(frozen=True)
class Problem:
    """A problem in training, and the name of the remedy that the page offers."""

    words: Sentence
    remedy: str = ""
    #: Whether the training can't continue in this state.
    failed: bool = False

    @classmethod
    def of(cls, name: str, *values: Any) -> Self:
        """Make the problem with a name in problems.toml, with the values of its message."""
        entry = PROBLEMS[name]
        return cls(
            words=sentence(entry["message"], *values),
            remedy=entry.get("remedy", ""),
            failed=entry.get("failed", False),
        )

    @property
    def message(self) -> str:
        """The message in English."""
        return english(self.words)

    def describe(self) -> dict[str, Any]:
        """Describe the problem for the page."""
        return {"message": self.words, "remedy": self.remedy, "failed": self.failed}


NO_PROBLEM = Problem("")
TRAINER_ENDED = Problem.of("trainer_ended")


def find_overfitting(
    rows: Sequence[EpochMetrics], lowest: EpochMetrics | None, constant_test_loss: float
) -> dict[str, Any] | None:
    """Find the epoch from which the test loss rises while the training loss falls, and both losses.

    `lowest` is the epoch with the lowest test loss, which may not be among the rows.
    """
    if lowest is None:
        return None
    first_epoch = max(1.1 * lowest.epoch, lowest.epoch + WAIT_EPOCHS)
    if rows[-1].epoch < first_epoch:
        return None
    recent_losses = [(row.loss, row.test_loss) for row in rows[-RECENT_ROWS:]]
    loss, test_loss = np.mean(recent_losses, axis=0).tolist()
    rise = test_loss - lowest.test_loss
    is_higher = test_loss > RISE_FACTOR * lowest.test_loss
    is_visible = rise > VISIBLE_RISE * constant_test_loss
    falls = loss < lowest.loss
    overfits = is_higher and is_visible and falls
    if not overfits or not math.isfinite(test_loss):
        return None
    return {
        "epoch": lowest.epoch,
        "loss": [lowest.loss, loss],
        "test_loss": [lowest.test_loss, test_loss],
    }


def _is_flat(layer: LayerValues) -> NDArray[np.bool_]:
    """Return whether the slope of an activation is almost 0 at each sum of a layer."""
    f = layer.activation
    with np.errstate(all="ignore"):
        slopes = f.derivative(layer.sums, f.forward(layer.sums))
        possible_slopes = f.derivative(SUMS, f.forward(SUMS))
        steepest = abs(possible_slopes).max()
        return abs(slopes) < FLAT_SLOPE * steepest


def flat_layers(network: Network, X: Values) -> list[Problem]:
    """Find layers in which most neurons have a slope of almost 0 for almost every row of X."""
    layers_by_condition: dict[tuple[Any, ...], list[Sentence]] = {}
    hidden = layer_values(network, X[:MAX_ROWS], -1)
    for number, layer in enumerate(hidden, 1):
        name = layer.activation.name
        condition = _FLAT.get(name, sentence("saturated (slope of {0} near 0)", name))
        share_of_rows = _is_flat(layer).mean(axis=0)
        count = int((share_of_rows >= SATURATED).sum())
        n_neurons = layer.outputs.shape[1]
        if 2 * count > n_neurons:
            neurons = sentence("{0} of {1} in hidden layer {2}", count, n_neurons, number)
            layers_by_condition.setdefault(condition, []).append(neurons)
    problems = []
    for condition, layers in layers_by_condition.items():
        percent = f"{100 * SATURATED:.0f}"
        problems.append(Problem.of("flat", condition, percent, joined(layers)))
    return problems

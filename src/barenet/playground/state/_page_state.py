"""The settings of a page: its data, one or two networks, and the speed.

They come from the page or a shared address, so `decode` checks every field.
"""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, Self

from barenet._registry import lookup
from barenet.datasets._images import DATA_VARIABLE, IMAGES
from barenet.datasets._named_datasets import EMBEDDED, GENERATED
from barenet.errors import ArgumentError
from barenet.model._activations import ACTIVATIONS
from barenet.optimization._schedules import as_schedule
from barenet.optimization.optimizers import as_optimizer
from barenet.playground._sentences import Sentence, sentence
from barenet.playground.state._features import FEATURES
from barenet.playground.state._wire_format import decode, restricted
from barenet.settings._run_config import RunConfig

#: Selects every column of a table as an input, instead of features of two columns.
ALL_COLUMNS = "all"
#: Not for hidden layers: two are for outputs, and hidden exponentials overflow at once.
OUTPUT_ACTIVATIONS = ("softmax", "ascending", "exponential")
HIDDEN_ACTIVATIONS = tuple(name for name in ACTIVATIONS if name not in OUTPUT_ACTIVATIONS)
LIMITS = {"layers": 8, "neurons": 256, "samples": 5000}
MAX_EPOCHS = 10**7
#: Length of a schedule if there is no epoch to stop at.
DEFAULT_EPOCHS = 1000
#: Maximum number of weight edits, as many as fit into an address.
MAX_EDITS = 64
LARGEST_WEIGHT = 1e6
LARGEST_PLACE = 1e30
#: The source for hand-drawn points, the pattern of a point, and the maximum number of points.
HAND_DRAWN = "drawn"
DRAWN_POINT = "[0-3][0-9a-z]{4}"
MAX_DRAWN_POINTS = 300
#: Maximum number of columns whose values on a slice are set by hand.
MAX_FIXED = 64
#: Smallest and largest fraction of test rows.
TEST_SIZES = (0.05, 0.95)

#: Default number of epochs per second, for one epoch per picture.
PACE = 30.0

_CHOICES_TEXT = Path(__file__).with_name("choices.toml").read_text("utf-8")
CHOICES: dict[str, Any] = tomllib.loads(_CHOICES_TEXT)


class DrawnData(NamedTuple):
    """The choices for a data set with a small picture on the page."""

    title: str
    max_noise: float
    default_noise: float


DRAWN = {name: DrawnData(*choices) for name, choices in CHOICES["drawn"].items()}
#: Losses by task, with their titles.
LOSSES: dict[str, dict[str, str]] = CHOICES["losses"]

#: Every data set that needs no download; images are included if their files are available.
NAMED = tuple(dict.fromkeys([*DRAWN, *GENERATED, *EMBEDDED]))
NAMED += tuple(name for name, images in IMAGES.items() if images.is_at_hand)


def check_source(source: str, *others: str) -> None:
    """Reject names of unknown data sets."""
    if source in IMAGES and source not in NAMED:
        remedy = f"put its four IDX files into a folder, and name it in {DATA_VARIABLE}"
        raise ArgumentError(f"the files of {source} are not here", argument="data", remedy=remedy)
    lookup(dict.fromkeys([*NAMED, *others]), source, "data")


#: Fields that define the network itself; a change of one requires a new network.
ARCHITECTURE = ("hidden", "activations", "dropout", "seed", "init")


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """Settings of the data, which both networks share."""

    #: A named data set, or ``table:`` or ``model:`` followed by the key of an uploaded file.
    source: str = "circles"
    #: The table for a model, if it isn't a named data set.
    rows: str = ""
    samples: int = restricted(500, ge=20, le=LIMITS["samples"])
    #: Standard deviation of the noise of generated data; negative for the default.
    noise: float = restricted(-1.0, ge=-1, le=100)
    data_seed: int = restricted(0, ge=0, le=2**31)
    test_size: float = restricted(0.5, ge=TEST_SIZES[0], le=TEST_SIZES[1])
    #: Names from `FEATURES`, or ``("all",)`` for every column.
    features: tuple[str, ...] = restricted(
        ("x1", "x2"), max_items=len(FEATURES), choices=(*FEATURES, ALL_COLUMNS)
    )
    #: The two columns of the picture; empty for the first two columns.
    axes: tuple[str, ...] = restricted((), max_items=2)
    #: Column of a table to predict; empty for the default column.
    target: str = ""
    #: Names and values, in turn, of columns that are fixed at other values than the default.
    fixed: tuple[str, ...] = restricted((), max_items=2 * MAX_FIXED)
    #: Hand-drawn points, in the format of `read_points`.
    points: str = ""
    #: Type of the target; empty to infer it from the values.
    task: Literal["", "classification", "regression"] = ""

    def __post_init__(self) -> None:
        if not re.fullmatch(f"({DRAWN_POINT}){{0,{MAX_DRAWN_POINTS}}}", self.points):
            expected = f"at most {MAX_DRAWN_POINTS} points, as the page writes them"
            raise ArgumentError.of("points", self.points, expected)
        chosen = set(self.features)
        is_repeated = len(chosen) < len(self.features)
        is_mixed = ALL_COLUMNS in chosen and len(chosen) > 1
        if not chosen or is_repeated or is_mixed:
            expected = f"one input or more, each once, or {ALL_COLUMNS!r} alone"
            raise ArgumentError.of("features", list(self.features), expected)

    @property
    def generator_options(self) -> dict[str, Any]:
        """The arguments of `load_dataset` for a generated data set; empty for other data."""
        if self.source not in GENERATED:
            return {}
        noise = self.noise
        if noise < 0:
            noise = DRAWN[self.source].default_noise
        return {"samples": self.samples, "noise": noise, "data_seed": self.data_seed}


@dataclass(frozen=True, kw_only=True)
class NetworkSettings:
    """Settings of one network and its training."""

    hidden: tuple[int, ...] = restricted(
        (4, 2), max_items=LIMITS["layers"], ge=1, le=LIMITS["neurons"]
    )
    #: Activation of each hidden layer.
    activations: tuple[str, ...] = restricted(
        ("tanh", "tanh"), max_items=LIMITS["layers"], choices=HIDDEN_ACTIVATIONS
    )
    dropout: float = restricted(0.0, ge=0, le=0.9)
    #: Seed of the initial weights, the order of the rows and the dropout.
    seed: int = restricted(0, ge=0, le=2**31)
    #: Initial weights; empty for random ones.
    init: Literal["", "zeros"] = ""
    #: Loss; empty for the default of the task.
    loss: str = restricted("", choices={**LOSSES["classification"], **LOSSES["regression"]})
    optimizer: str = "adam"
    learning_rate: float = restricted(0.01, gt=0, le=1e6)
    schedule: str = "constant"
    penalty: Literal["none", "l1", "l2"] = "none"
    penalty_rate: float = restricted(0.001, ge=0, le=1e3)
    #: Number of rows per batch; 0 for all rows.
    batch_size: int = restricted(16, ge=0, le=10**6)
    #: Epoch to stop at; 0 for no such epoch.
    stop_epoch: int = restricted(0, ge=0, le=MAX_EPOCHS)
    #: Training loss to stop at; 0 for no such loss. The test rows do not affect the training.
    stop_loss: float = restricted(0.0, ge=0, le=1e9)

    def __post_init__(self) -> None:
        self.run_config(1).make_optimizer()
        as_schedule(self.schedule)
        if len(self.activations) != len(self.hidden):
            raise ArgumentError(
                f"{len(self.activations)} activations for {len(self.hidden)} hidden layers",
                argument="activations",
                remedy="give one for each hidden layer",
            )

    def has_same_architecture(self, other: Self) -> bool:
        """Return whether two settings describe the same network, except for its training."""
        return all(getattr(self, name) == getattr(other, name) for name in ARCHITECTURE)

    def run_config(self, n_rows: int) -> RunConfig:
        """Convert the settings to the configuration of a training run on `n_rows` rows."""
        learning_rate: float | None = self.learning_rate
        batch_size: int | Literal["full"] = self.batch_size
        if self.batch_size == 0 or self.batch_size >= n_rows:
            batch_size = "full"
        if as_optimizer(self.optimizer).full_batch:  # L-BFGS chooses its own step sizes
            learning_rate = None
            batch_size = "full"
        schedule = self.schedule if self.schedule != "constant" else None
        penalty = None
        if self.penalty != "none" and self.penalty_rate:
            penalty = (f"{self.penalty}:strength={self.penalty_rate!r}",)
        return RunConfig(
            init=self.init or None,
            dropout=self.dropout or None,
            loss=self.loss or None,
            optimizer=self.optimizer,
            learning_rate=learning_rate,
            schedule=schedule,
            batch_size=batch_size,
            seed=self.seed,
            penalty=penalty,
        )

    @property
    def schedule_epochs(self) -> int:
        """Length of the schedule."""
        return self.stop_epoch or DEFAULT_EPOCHS

    def goal_reached(self, epoch: int, loss: float) -> Sentence:
        """Describe why the training ends, if it has reached the epoch or the loss to stop at."""
        if epoch == self.stop_epoch:
            return sentence("It stopped at epoch {0}, as set.", f"{epoch:,}")
        if self.stop_loss and loss <= self.stop_loss:
            return sentence("The training loss has reached {0}, as set.", f"{loss:.4g}")
        return ""

    def depends_on_epochs(self, epochs: int) -> bool:
        """Return whether the schedule would differ if its length were the completed epochs."""
        factor = as_schedule(self.schedule).factor
        for step in range(9):
            time = epochs * step / 8
            if factor(time, epochs) != factor(time, self.schedule_epochs):
                return True
        return False


@dataclass(frozen=True, kw_only=True)
class PageState:
    """All settings of a page."""

    data: DataSettings = field(default_factory=DataSettings)
    #: One or two networks.
    networks: tuple[NetworkSettings, ...] = restricted((NetworkSettings(),), max_items=2)
    #: Maximum number of epochs per second; 0 for no limit.
    pace: float = restricted(PACE, ge=0, le=10_000)

    def __post_init__(self) -> None:
        if not self.networks:
            raise ArgumentError.of("networks", [], "one network or two")

    @classmethod
    def defaults_for(cls, source: str, n_networks: int = 1) -> Self:
        """Return the default settings of a named data set, for one or two networks.

        Examples
        --------
        >>> PageState.defaults_for("xor").networks[0].hidden
        (8,)
        """
        settings = CHOICES["defaults"].get(source, {})
        data = {**settings.get("data", {}), "source": source}
        [network] = settings.get("networks", [{}])
        networks = [network for _ in range(n_networks)]
        return decode(cls, {**settings, "data": data, "networks": networks}, "state")


@dataclass(frozen=True)
class WeightEdit:
    """A weight that was changed by hand."""

    #: Number of completed epochs before the change.
    epoch: int = restricted(0, ge=0, le=MAX_EPOCHS)
    #: Index of the weight in the network's parameter vector.
    index: int = restricted(0, ge=0)
    value: float = restricted(0.0, ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)


@dataclass(frozen=True, kw_only=True)
class Message:
    """A message from the page; its type determines which fields are used."""

    type: str = ""
    #: Number of a request for other settings, which the state that answers it has, too.
    request: int = restricted(0, ge=0)
    session: str = ""
    #: A `PageState`, or its text in an address.
    state: Any = None
    address: str = ""
    #: Name of the data to choose.
    source: str = ""
    #: Index of the network.
    network: int = restricted(0, ge=0, le=1)
    epoch: int = restricted(0, ge=0, le=MAX_EPOCHS)
    layer: int = restricted(0, ge=0, le=LIMITS["layers"])
    neuron: int = restricted(0, ge=0)
    #: Row of a weight, with −1 for the bias; or the index of a row of the data.
    row: int = restricted(0, ge=-1)
    column: int = restricted(0, ge=0)
    value: float = restricted(0.0, ge=-LARGEST_WEIGHT, le=LARGEST_WEIGHT)
    edits: tuple[WeightEdit, ...] = restricted((), max_items=MAX_EDITS)
    #: A position on the plane.
    place: tuple[float, ...] = restricted((), max_items=2, ge=-LARGEST_PLACE, le=LARGEST_PLACE)
    #: Name of a lesson, and the key of its course if the page has opened it.
    lesson: str = ""
    course: str = ""
    #: A drawing in the format of the pad; and an image, row by row.
    ink: str = ""
    pixels: tuple[float, ...] = restricted((), max_items=1024, ge=0, le=255)


def fit_activations(activations: tuple[str, ...], n_layers: int) -> tuple[str, ...]:
    """Assign each layer an activation, repeating the last one for additional layers.

    Examples
    --------
    >>> fit_activations(("relu", "tanh"), 3)
    ('relu', 'tanh', 'tanh')
    """
    fitted = list(activations or ("tanh",))
    while len(fitted) < n_layers:
        fitted.append(fitted[-1])
    return tuple(fitted[:n_layers])


def check_edits(edits: tuple[WeightEdit, ...], n_parameters: int) -> None:
    """Reject edits of weights that a network does not have."""
    for edit in edits:
        if edit.index >= n_parameters:
            raise ArgumentError.of("edits", edit.index, f"an index below {n_parameters}")


def with_edit(edits: tuple[WeightEdit, ...], new: WeightEdit) -> tuple[WeightEdit, ...]:
    """Add an edit, replacing an edit of the same weight at the same epoch.

    Examples
    --------
    >>> with_edit((WeightEdit(0, 2, 1.5),), WeightEdit(0, 2, 2.0))
    (WeightEdit(epoch=0, index=2, value=2.0),)
    """
    kept = []
    for edit in edits:
        is_replaced = edit.epoch == new.epoch and edit.index == new.index
        if not is_replaced:
            kept.append(edit)
    in_order = sorted([*kept, new], key=lambda edit: edit.epoch)
    return tuple(in_order)

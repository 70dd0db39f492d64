"""The card of a model: its training data and settings, how the training went, and its scores.

The card is stored in the model file. After M. Mitchell et al., "Model Cards for Model Reporting"
(2019). It logs a limited number of epochs, so that a run of a hundred thousand epochs doesn't make
a large file; the history beside the model has every epoch.
"""

import platform
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from barenet._constraints import Count, convert, convert_fields
from barenet._display import write_display, write_facts, write_table
from barenet._messages import count_of, printable
from barenet._metrics import METRICS
from barenet._version import __version__
from barenet.errors import ArgumentError
from barenet.files._run_identity import environment
from barenet.training._history import History, finite_or_none

#: Maximum number of epochs: about the resolution of a plot.
MAX_EPOCHS = 500

#: Number of significant digits.
DIGITS = 6

#: Curves that differ each time that a run is repeated.
NOT_REPRODUCIBLE = ("seconds",)


@dataclass(frozen=True, kw_only=True)
class TrainingLog:
    """The history of a training run, for a model card.

    Attributes
    ----------
    n_epochs : int
        Number of epochs that were trained.
    epochs : tuple of int
        The epochs in the log, in order, counted from 1.
    curves : mapping of str to tuple of float
        The values of each curve, one for each logged epoch; None if a value was not finite.
    engine : str
        Name of the engine.
    seed : int
        The seed of the run.
    stop_reason : str
        ``"completed"``, or the reason for stopping early.
    best_epoch : int, optional
        The epoch whose parameters were restored, counted from 1.
    penalized : bool
        Whether the training losses include penalties.

    Examples
    --------
    >>> history = History({"loss": [1 / (1 + epoch) for epoch in range(100_000)]})
    >>> log = TrainingLog.from_history(history)
    >>> log.n_epochs, len(log.epochs) <= MAX_EPOCHS, log.curves["loss"][-1]
    (100000, True, 1e-05)
    """

    n_epochs: Count
    epochs: tuple[Count, ...] = field(repr=False)
    curves: Mapping[str, tuple[float | None, ...]] = field(default_factory=dict, repr=False)
    engine: str = ""
    seed: Count = 0
    stop_reason: str = ""
    best_epoch: Count | None = None
    penalized: bool = False

    def __post_init__(self) -> None:
        convert_fields(self)
        for name, curve in self.curves.items():
            if len(curve) != len(self.epochs):
                expected = f"a list of {len(self.epochs)} numbers"
                raise ArgumentError.of("history", [*curve], expected, part=name)

    def description(self) -> str:
        """Describe the length of the training, how it ended, and the restored epoch."""
        text = count_of(self.n_epochs, "epoch")
        if self.stop_reason not in ("", "completed"):
            text += f" ({self.stop_reason})"
        if self.best_epoch is not None:
            text += f", kept the best, epoch {self.best_epoch}"
        if self.engine:
            text += f", {self.engine} engine"
        return f"{text}, seed {self.seed}"

    @property
    def selected_epoch(self) -> int:
        """The epoch whose parameters the network has, counted from 1."""
        return self.n_epochs if self.best_epoch is None else self.best_epoch

    @classmethod
    def from_history(cls, history: History) -> Self:
        """Make a log from a history."""
        n_epochs = len(history)
        selected_epoch = history.best_epoch if history.best_epoch is not None else n_epochs
        epochs = _logged_epochs(n_epochs, selected_epoch)
        curves = {}
        for name, curve in history.curves.items():
            if name not in NOT_REPRODUCIBLE:
                curves[name] = _logged_curve(curve, epochs)
        return cls(
            n_epochs=n_epochs,
            epochs=epochs,
            curves=curves,
            engine=history.engine,
            seed=history.seed,
            stop_reason=history.stop_reason,
            best_epoch=history.best_epoch,
            penalized=history.penalized,
        )

    def to_dict(self) -> dict[str, Any]:
        """Convert to JSON, with epochs counted from 0."""
        best_epoch = self.best_epoch - 1 if self.best_epoch is not None else None
        epochs = [epoch - 1 for epoch in self.epochs]
        return {
            "engine": self.engine,
            "seed": self.seed,
            "n_epochs": self.n_epochs,
            "best_epoch": best_epoch,
            "penalized": self.penalized,
            "stopped_because": self.stop_reason,
            "history": {"epoch": epochs, **self.curves},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make a log from the JSON of `to_dict`."""
        curves = convert(plain["history"], Mapping[str, tuple[object, ...]], "history")
        epochs = convert(curves.pop("epoch"), tuple[Count, ...], "history", "epoch")
        best_epoch = convert(plain["best_epoch"], Count | None, "best_epoch")
        if best_epoch is not None:
            best_epoch += 1
        epochs_from_1 = tuple(epoch + 1 for epoch in epochs)
        return cls(
            epochs=epochs_from_1,
            curves=curves,
            stop_reason=plain["stopped_because"],
            best_epoch=best_epoch,
            n_epochs=plain["n_epochs"],
            engine=plain["engine"],
            seed=plain["seed"],
            penalized=plain["penalized"],
        )


def _logged_epochs(n_epochs: int, best: int) -> tuple[int, ...]:
    """Choose the epochs to log: all of them, or some with even and with logarithmic spacing."""
    if n_epochs <= MAX_EPOCHS:
        return tuple(range(1, n_epochs + 1))
    half = MAX_EPOCHS // 2 - 1
    evenly = np.linspace(0, n_epochs - 1, half).round().astype(int) + 1
    by_powers = np.geomspace(1, n_epochs, half).round().astype(int)
    logged = {best}
    logged.update(evenly.tolist())
    logged.update(by_powers.tolist())
    return tuple(sorted(logged))


def _logged_curve(curve: Sequence[float], epochs: Sequence[int]) -> tuple[float | None, ...]:
    """Round the values of a curve at some epochs."""
    numbers = []
    for epoch in epochs:
        rounded = float(f"{curve[epoch - 1]:.{DIGITS}g}")
        numbers.append(finite_or_none(rounded))
    return tuple(numbers)


_Value = str | bool | int | float
_Setting = str | bool | int | float | tuple[_Value, ...]


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """The origin and quality of a model.

    Attributes
    ----------
    settings : mapping of str to str, int, float, bool, or tuple of those
        The settings of the training.
    data_fingerprint : str, optional
        The fingerprint of the data, computed from all rows, including the test rows.
    rows : mapping of str to int
        Numbers of rows by their use, such as ``training``, ``validation`` and ``held_out``.
    log : TrainingLog, optional
        The history of the training.
    scores : mapping of str to mapping of str to float
        The final scores on each kind of rows.
    versions : mapping of str to str
        Versions of barenet and the libraries, and the kind of processor.
    summaries : mapping of str to mapping of str to tuple
        The distribution of each training column, for `drift`: the ``edges`` between bins or the
        most frequent ``categories``, the ``counts`` of rows, and the ``range`` of numbers.
    prediction_summary : mapping of str to tuple
        The distribution of the predictions, in the same form, for `drift`.

    Raises
    ------
    ValueError
        If a value is invalid.

    Examples
    --------
    >>> from barenet import Network, train
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> network = Network.dense([1, 8, 1])
    >>> history = train(network, X, X[:, 0] ** 2, epochs=10, optimizer="adam")
    >>> card = ModelCard(settings={"optimizer": "adam"}, rows={"training": 50})
    >>> card = card.with_history(history)
    >>> card.rows, card.log.n_epochs, sorted(card.versions)[:3]
    ({'training': 50}, 10, ['barenet', 'bits of a vector', 'llvmlite'])
    """

    settings: Mapping[str, _Setting] = field(default_factory=dict)
    data_fingerprint: str | None = None
    rows: Mapping[str, Count] = field(default_factory=dict)
    log: TrainingLog | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    summaries: Mapping[str, Mapping[str, tuple[_Value, ...]]] = field(default_factory=dict)
    prediction_summary: Mapping[str, tuple[_Value, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        convert_fields(self)
        hashed = self.data_fingerprint
        if hashed is not None and not re.fullmatch("[0-9a-f]{64}", hashed):
            raise ArgumentError.of("data_fingerprint", hashed, "64 hexadecimal digits")

    def _repr_html_(self) -> str:
        """Format the parts that are not empty as HTML tables, for a notebook."""
        versions = [f"{name} {version}" for name, version in self.versions.items()]
        facts = {"rows": describe_rows(self.rows), "training": None}
        if self.log is not None:
            facts["training"] = self.log.description()
        for name, value in self.settings.items():
            facts[name.replace("_", " ")] = str(value)
        facts["data"] = self.data_fingerprint
        facts["versions"] = ", ".join(versions)
        return write_display("Model card", write_facts(facts), write_scores(self.scores))

    @property
    def metric(self) -> str | None:
        """The main metric of the training, which the settings name, or which is the first score."""
        metric = self.settings.get("metric")
        if metric in METRICS:
            return str(metric)
        for scores in self.scores.values():
            for name in scores:
                if name in METRICS:
                    return name
        return None

    def with_history(self, history: History) -> Self:
        """Add a log of the training, and the versions of the libraries.

        Parameters
        ----------
        history : History
            From `train`.

        Returns
        -------
        ModelCard
            A copy; if the history is empty, it has no log.
        """
        versions = {"barenet": __version__, "python": platform.python_version()}
        for name, version in environment(history.engine).items():
            versions[name] = str(version)
        log = TrainingLog.from_history(history) if len(history) else None
        return replace(self, log=log, versions=versions)

    def summary(self) -> dict[str, Any]:
        """Convert the card to JSON without the history and the summaries, for an export.

        Returns
        -------
        dict
            The non-empty parts.
        """
        summary = {}
        for name, part in self.to_dict().items():
            if part and name not in ("training", "summaries", "prediction_summary"):
                summary[name] = part
        return summary

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to JSON.

        Returns
        -------
        dict
            The card as JSON, which `from_dict` reads.
        """
        log = self.log.to_dict() if self.log is not None else None
        plain: dict[str, Any] = {
            "settings": dict(self.settings),
            "data": {"fingerprint": self.data_fingerprint, "rows": dict(self.rows)},
            "training": log,
            "scores": {name: dict(scores) for name, scores in self.scores.items()},
            "versions": dict(self.versions),
        }
        if self.summaries:
            plain["summaries"] = dict(self.summaries)
        if self.prediction_summary:
            plain["prediction_summary"] = dict(self.prediction_summary)
        return plain

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make a card from JSON.

        Parameters
        ----------
        plain : mapping
            JSON from `to_dict`. Unknown names are ignored, as a later version may have written
            them.

        Returns
        -------
        ModelCard
            The card.

        Raises
        ------
        ValueError, KeyError
            If `plain` is not the JSON of a card.
        """
        plain = convert(plain, Mapping[str, object], "card")
        data = convert(plain["data"], Mapping[str, object], "data")
        training = convert(plain["training"], Mapping[str, object] | None, "training")
        log = TrainingLog.from_dict(training) if training is not None else None
        return cls(
            data_fingerprint=data["fingerprint"],
            rows=data["rows"],
            log=log,
            summaries=plain.get("summaries", {}),
            prediction_summary=plain.get("prediction_summary", {}),
            settings=plain["settings"],
            scores=plain["scores"],
            versions=plain["versions"],
        )


def describe_rows(rows: Mapping[str, int]) -> str:
    """Describe the numbers of rows: ``"1,200 training rows, 300 test rows"``."""
    counts = [count_of(n_rows, f"{rows_name(key)} row") for key, n_rows in rows.items()]
    return ", ".join(counts)


#: Names of kinds of rows whose keys don't explain themselves.
ROWS_NAMES = {
    "held_out": "test",
    "out_of_fold_at_temperature_1": "out of fold, without temperature scaling",
}


def rows_name(key: str) -> str:
    """Return the name of a kind of rows."""
    return ROWS_NAMES[key] if key in ROWS_NAMES else printable(key).replace("_", " ")


def write_scores(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Format the scores on each kind of rows as an HTML table, for a notebook."""
    if not scores:
        return ""
    names: dict[str, None] = {}
    for row_scores in scores.values():
        names |= dict.fromkeys(row_scores)
    table = []
    for key, row_scores in scores.items():
        line = [rows_name(key)]
        for name in names:
            entry = f"{row_scores[name]:.4g}" if name in row_scores else ""
            line.append(entry)
        table.append(line)
    headings = [name.replace("_", " ") for name in names]
    return write_table(["", *headings], table)

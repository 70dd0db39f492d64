"""The card of a model: its training data and settings, how the training went, and its scores.

It is stored in the model file. After M. Mitchell et al., "Model Cards for Model Reporting" (2019).
The history of the training has a bounded number of epochs there: a run of a hundred thousand must
not make a large file, and the history beside the model has every epoch.
"""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import numpy as np

from barenet._constraints import Count, convert, convert_fields
from barenet._display import write_display, write_facts, write_table
from barenet._version import __version__
from barenet.errors import ArgumentError, count_of, printable
from barenet.files._run_identity import environment
from barenet.training._history import History, finite_or_none

#: Maximum number of epochs: about the resolution of a plot.
MAX_EPOCHS = 500

#: Significant digits of a number.
DIGITS = 6

#: Curves that differ when the same run is repeated.
NOT_REPRODUCIBLE = ("seconds",)


@dataclass(frozen=True, kw_only=True)
class TrainingLog:
    """The history of a training, for a model card.

    Attributes
    ----------
    n_epochs : int
        Number of epochs of the training.
    epochs : tuple of int
        The epochs in the log, in order, counted from 1.
    curves : mapping of str to tuple of float
        For each curve, one number for each logged epoch; None if it was not finite.
    engine : str
        The engine.
    seed : int
        The seed of the run.
    stop_reason : str
        ``"completed"``, or the reason why it stopped early.
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
        """The length of the training, how it ended, and the restored epoch."""
        reason = "" if self.stop_reason in ("", "completed") else f" ({self.stop_reason})"
        best = "" if self.best_epoch is None else f", kept the best, epoch {self.best_epoch}"
        engine = f", {self.engine} engine" if self.engine else ""
        return f"{count_of(self.n_epochs, 'epoch')}{reason}{best}{engine}, seed {self.seed}"

    @property
    def selected_epoch(self) -> int:
        """The epoch whose parameters the network has, counted from 1."""
        return self.n_epochs if self.best_epoch is None else self.best_epoch

    @classmethod
    def from_history(cls, history: History) -> Self:
        """Log a history."""
        n_epochs, best = len(history), history.best_epoch
        epochs = _logged_epochs(n_epochs, n_epochs if best is None else best)
        curves = {
            name: tuple(finite_or_none(float(f"{curve[at - 1]:.{DIGITS}g}")) for at in epochs)
            for name, curve in history.curves.items()
            if name not in NOT_REPRODUCIBLE
        }
        fields = ("engine", "seed", "stop_reason", "best_epoch", "penalized")
        others = {name: getattr(history, name) for name in fields}
        return cls(n_epochs=n_epochs, epochs=epochs, curves=curves, **others)

    def to_dict(self) -> dict[str, Any]:
        """JSON, with epochs counted from 0."""
        return {
            "engine": self.engine,
            "seed": self.seed,
            "n_epochs": self.n_epochs,
            "best_epoch": None if self.best_epoch is None else self.best_epoch - 1,
            "penalized": self.penalized,
            "stopped_because": self.stop_reason,
            "history": {"epoch": [epoch - 1 for epoch in self.epochs], **self.curves},
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """The log of the JSON of `to_dict`."""
        curves = convert(plain["history"], Mapping[str, tuple[object, ...]], "history")
        epochs = convert(curves.pop("epoch"), tuple[Count, ...], "history", "epoch")
        best = convert(plain["best_epoch"], Count | None, "best_epoch")
        return cls(
            epochs=tuple(epoch + 1 for epoch in epochs),
            curves=curves,
            stop_reason=plain["stopped_because"],
            best_epoch=None if best is None else best + 1,
            **{name: plain[name] for name in ("n_epochs", "engine", "seed", "penalized")},
        )


def _logged_epochs(n_epochs: int, best: int) -> tuple[int, ...]:
    """The epochs of a log: all, or some that are evenly and logarithmically spaced."""
    if n_epochs <= MAX_EPOCHS:
        return tuple(range(1, n_epochs + 1))
    half = MAX_EPOCHS // 2 - 1
    evenly = np.linspace(0, n_epochs - 1, half).round().astype(int) + 1
    by_powers = np.geomspace(1, n_epochs, half).round().astype(int)
    return tuple(sorted({*evenly.tolist(), *by_powers.tolist(), best}))


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
        The `fingerprint` of the data: of all rows, the test rows included.
    rows : mapping of str to int
        Numbers of rows by their use, such as ``training``, ``validation`` and ``held_out``.
    log : TrainingLog, optional
        The history of the training.
    scores : mapping of str to mapping of str to float
        The final scores, for each kind of rows.
    versions : mapping of str to str
        Versions of barenet and the libraries, and the kind of processor.
    summaries : mapping of str to mapping of str to tuple
        The distribution of each training column, for `drift`: the ``edges`` between bins or the
        most frequent ``categories``, the ``counts`` of rows, and the ``range`` of numbers.

    Raises
    ------
    ValueError
        If a value is invalid.

    Examples
    --------
    >>> from barenet import Network, fingerprint, train
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> network = Network.dense([1, 8, 1])
    >>> history = train(network, X, X[:, 0] ** 2, epochs=10, optimizer="adam")
    >>> card = ModelCard(
    ...     settings={"optimizer": "adam"},
    ...     data_fingerprint=fingerprint(X, X[:, 0] ** 2),
    ...     rows={"training": 50},
    ... ).with_history(history)
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

    def __post_init__(self) -> None:
        convert_fields(self)
        hashed = self.data_fingerprint
        if hashed is not None and not re.fullmatch("[0-9a-f]{64}", hashed):
            raise ArgumentError.of("data_fingerprint", hashed, "64 hexadecimal digits")

    def _repr_html_(self) -> str:
        """Write the parts that are not empty as tables, for a notebook."""
        versions = ", ".join(f"{name} {version}" for name, version in self.versions.items())
        facts = {"rows": describe_rows(self.rows), "training": self.log and self.log.description()}
        facts |= {name.replace("_", " "): str(each) for name, each in self.settings.items()}
        facts |= {"data": self.data_fingerprint, "versions": versions}
        return write_display("Model card", write_facts(facts), write_scores(self.scores))

    def with_history(self, history: History) -> Self:
        """Add a log of the training, and the versions of the libraries.

        Parameters
        ----------
        history : History
            From `train`.

        Returns
        -------
        ModelCard
            A copy; without a log if the history is empty.
        """
        versions = {"barenet": __version__, "python": platform.python_version()}
        versions |= {name: str(each) for name, each in environment(history.engine).items()}
        log = TrainingLog.from_history(history) if len(history) else None
        return replace(self, log=log, versions=versions)

    def summary(self) -> dict[str, Any]:
        """Convert the card to JSON without the history and the summaries, for an export.

        Returns
        -------
        dict
            The parts that are not empty.
        """
        left_out = ("training", "summaries")
        return {
            name: each for name, each in self.to_dict().items() if name not in left_out and each
        }

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to JSON.

        Returns
        -------
        dict
            The card as JSON, which `from_dict` reads.
        """
        return {
            "settings": dict(self.settings),
            "data": {"fingerprint": self.data_fingerprint, "rows": dict(self.rows)},
            "training": self.log and self.log.to_dict(),
            "scores": {name: dict(scores) for name, scores in self.scores.items()},
            "versions": dict(self.versions),
            **({"summaries": dict(self.summaries)} if self.summaries else {}),
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Self:
        """Make a card of JSON.

        Parameters
        ----------
        plain : mapping
            From `to_dict`. Unknown names are ignored, as a later version may have written them.

        Returns
        -------
        ModelCard
            The card.

        Raises
        ------
        LookupError, ValueError
            If it is not the JSON of a card.
        """
        plain = convert(plain, Mapping[str, object], "card")
        data = convert(plain["data"], Mapping[str, object], "data")
        log = convert(plain["training"], Mapping[str, object] | None, "training")
        return cls(
            data_fingerprint=data["fingerprint"],
            rows=data["rows"],
            log=None if log is None else TrainingLog.from_dict(log),
            summaries=plain.get("summaries", {}),
            **{name: plain[name] for name in ("settings", "scores", "versions")},
        )


def describe_rows(rows: Mapping[str, int]) -> str:
    """The numbers of rows in words: ``"1,200 training rows, 300 test rows"``."""
    return ", ".join(count_of(number, f"{rows_name(key)} row") for key, number in rows.items())


def rows_name(key: str) -> str:
    """The name of a kind of rows; the test rows have the key ``held_out``."""
    return "test" if key == "held_out" else printable(key).replace("_", " ")


def write_scores(scores: Mapping[str, Mapping[str, float]]) -> str:
    """Write the scores of each kind of rows as a table, for a notebook."""
    names = dict.fromkeys(name for each in scores.values() for name in each)
    rows = [
        [rows_name(kind), *(f"{each[name]:.4g}" if name in each else "" for name in names)]
        for kind, each in scores.items()
    ]
    return write_table(["", *(name.replace("_", " ") for name in names)], rows) if rows else ""

"""The card of a model: trained on what, by which settings, how it went, and how good it is.

It is kept in the model file, so that who has the file alone can tell where it comes from. After
M. Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

from __future__ import annotations

import platform
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

from barenet.constraints import check_number
from barenet.data.fingerprint import fingerprint
from barenet.data.frame import Frame
from barenet.errors import brief
from barenet.files.description import describe_rows, rows_name
from barenet.files.plain import check_mapping, check_setting, check_text, check_whole
from barenet.files.training_log import TrainingLog
from barenet.training.history import History
from barenet.training.run_identity import environment
from barenet.version import __version__

__all__ = ["ModelCard"]

T = TypeVar("T")

#: What a fingerprint looks like.
FINGERPRINT = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, kw_only=True)
class ModelCard:
    """Where a model comes from.

    Attributes
    ----------
    settings : mapping of str to str, int, float, bool, or tuple of those
        What it was trained with, by name.
    data_fingerprint : str, optional
        The `fingerprint` of the data: of all rows, also of the test rows.
    rows : mapping of str to int
        How many rows were for what, such as ``training``, ``validation`` and ``held_out``.
    log : TrainingLog, optional
        How the training went.
    scores : mapping of str to mapping of str to float
        What was measured in the end, for each of the rows.
    versions : mapping of str to str
        What the bits depend on: barenet, NumPy and the other libraries, the kind of processor.

    Raises
    ------
    ValueError
        If a part is not what it should be.

    Examples
    --------
    >>> from barenet import Network, train
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> network = Network.dense([1, 8, 1])
    >>> history = train(network, X, X[:, 0] ** 2, epochs=10, optimizer="adam")
    >>> card = ModelCard.of(history, X, X[:, 0] ** 2, settings={"optimizer": "adam"})
    >>> card.rows, card.log.n_epochs, sorted(card.versions)[:3]
    ({'training': 50}, 10, ['barenet', 'bits of a vector', 'llvmlite'])
    """

    settings: Mapping[str, Any] = field(default_factory=dict)
    data_fingerprint: str | None = None
    rows: Mapping[str, int] = field(default_factory=dict)
    log: TrainingLog | None = None
    scores: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def __repr__(self) -> str:
        log = self.log.description() if self.log else ""
        scores = (f"{rows_name(rows)} {_in_a_line(s)}" for rows, s in self.scores.items())
        parts = filter(None, [describe_rows(self.rows), log, *scores])
        return f"<ModelCard: {'; '.join(parts) or 'empty'}>"

    def __post_init__(self) -> None:
        settings = _each(check_setting, self.settings, "settings")
        rows = _each(check_whole, self.rows, "rows")
        scores = _each(partial(_each, check_number), self.scores, "scores")
        versions = _each(check_text, self.versions, "versions")
        if self.data_fingerprint is not None:
            _check_fingerprint(self.data_fingerprint)
        if not isinstance(self.log, TrainingLog | None):
            raise ValueError(f"log: expected a TrainingLog, got {brief(self.log)}")
        checked = {"settings": settings, "rows": rows, "scores": scores, "versions": versions}
        for name, values in checked.items():
            object.__setattr__(self, name, values)  # of Python's own types, as JSON knows no others

    @classmethod
    def of(
        cls,
        history: History,
        X: ArrayLike | Frame,
        y: ArrayLike,
        *,
        settings: Mapping[str, Any] | None = None,
        scores: Mapping[str, Mapping[str, float]] | None = None,
    ) -> Self:
        """Write a card for a network that has learned from all rows.

        Parameters
        ----------
        history : History
            From `train`.
        X : array-like of shape (n_samples, n_features), or Frame
            The rows, as they were before anything was done to them.
        y : array-like of shape (n_samples,)
            Class indices, or numbers.
        settings : mapping, optional
            What is worth to be known of how it was trained.
        scores : mapping of str to mapping of str to float, optional
            What was measured, for each kind of rows.

        Returns
        -------
        ModelCard
            With the versions of what has computed.
        """
        return cls(
            settings=settings or {},
            data_fingerprint=fingerprint(X, y),
            rows={"training": np.shape(y)[0]},
            scores=scores or {},
        ).with_history(history)

    def with_history(self, history: History) -> Self:
        """Add how the training went, and what has computed.

        Parameters
        ----------
        history : History
            From `train`.

        Returns
        -------
        ModelCard
            With a log, if there was an epoch, and versions.
        """
        log = TrainingLog.of(history) if len(history) else None
        return replace(self, log=log, versions=_versions(history.engine))

    def shortened(self) -> ModelCard:
        """Leave out all of the history that can be left out.

        Returns
        -------
        ModelCard
            For a file that has no room for more.
        """
        return self if self.log is None else replace(self, log=self.log.only_ends())

    def summary(self) -> dict[str, Any]:
        """Give what fits on the card of an export: all but how the training went.

        Returns
        -------
        dict
            JSON.
        """
        return {name: part for name, part in self.to_dict().items() if name != "training" and part}

    def to_dict(self) -> dict[str, Any]:
        """Give all of it as plain data.

        Returns
        -------
        dict
            JSON, from which `from_dict` makes it again.
        """
        return {
            "settings": dict(self.settings),
            "data": {"fingerprint": self.data_fingerprint, "rows": dict(self.rows)},
            "training": self.log and self.log.to_dict(),
            "scores": {name: dict(scores) for name, scores in self.scores.items()},
            "versions": dict(self.versions),
        }

    @classmethod
    def from_dict(cls, plain: Any) -> Self:
        """Make it again from plain data.

        Parameters
        ----------
        plain : dict
            What `to_dict` gave, or JSON of it. Names that are not known are passed over, as a
            later version may have written them.

        Returns
        -------
        ModelCard
            The same.

        Raises
        ------
        LookupError, TypeError, ValueError
            If it is no such thing.
        """
        log, data = plain["training"], check_mapping(plain["data"], "data")
        return cls(
            settings=plain["settings"],
            data_fingerprint=data["fingerprint"],
            rows=data["rows"],
            log=None if log is None else TrainingLog.from_dict(check_mapping(log, "training")),
            scores=plain["scores"],
            versions=plain["versions"],
        )


def _check_fingerprint(value: object) -> None:
    if not FINGERPRINT.fullmatch(check_text(value, "data_fingerprint")):
        raise ValueError(f"data_fingerprint: expected 64 hexadecimal digits, got {brief(value)}")


def _in_a_line(scores: Mapping[str, float]) -> str:
    return ", ".join(f"{name} {score:.4g}" for name, score in scores.items())


def _versions(engine: str) -> dict[str, str]:
    """Write down what computes here."""
    found = {"barenet": __version__, "python": platform.python_version(), **environment(engine)}
    return {name: str(version) for name, version in found.items() if version is not None}


def _each(check: Callable[[Any, str], T], values: object, what: str) -> dict[str, T]:
    """Look at values by names, each of which is named in its error."""
    named = check_mapping(values, what)
    return {name: check(value, f"{what}: {name}") for name, value in named.items()}

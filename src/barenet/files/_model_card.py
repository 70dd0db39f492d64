"""The card of a model: its training data and settings, how the training went, and its scores.

It is stored in the model file. After M. Mitchell et al., "Model Cards for Model Reporting" (2019).
"""

import platform
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from barenet._constraints import Count, convert, convert_fields
from barenet._version import __version__
from barenet.errors import ArgumentError, printable
from barenet.files._run_identity import environment
from barenet.files._training_log import TrainingLog
from barenet.training._history import History

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
        The `fingerprint` of the data: of all rows, with the test rows.
    rows : mapping of str to int
        Numbers of rows by their use, such as ``training``, ``validation`` and ``held_out``.
    log : TrainingLog, optional
        The history of the training.
    scores : mapping of str to mapping of str to float
        The final scores, for each kind of rows.
    versions : mapping of str to str
        Versions of barenet and the libraries, and the kind of processor.

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

    def __post_init__(self) -> None:
        convert_fields(self)
        hashed = self.data_fingerprint
        if hashed is not None and not re.fullmatch("[0-9a-f]{64}", hashed):
            raise ArgumentError.of("data_fingerprint", hashed, "64 hexadecimal digits")

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
        """Convert the card to JSON without the history, for an export.

        Returns
        -------
        dict
            The parts that are not empty.
        """
        return {name: part for name, part in self.to_dict().items() if name != "training" and part}

    def to_dict(self) -> dict[str, Any]:
        """Convert the card to JSON.

        Returns
        -------
        dict
            For `from_dict`.
        """
        return {
            "settings": dict(self.settings),
            "data": {"fingerprint": self.data_fingerprint, "rows": dict(self.rows)},
            "training": self.log and self.log.to_dict(),
            "scores": {name: dict(scores) for name, scores in self.scores.items()},
            "versions": dict(self.versions),
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
            settings=plain["settings"],
            data_fingerprint=data["fingerprint"],
            rows=data["rows"],
            log=None if log is None else TrainingLog.from_dict(log),
            scores=plain["scores"],
            versions=plain["versions"],
        )


def describe_rows(rows: Mapping[str, int]) -> str:
    """The numbers of rows in words: ``"1,200 training rows, 300 test rows"``."""
    return ", ".join(f"{number:,} {rows_name(key)} rows" for key, number in rows.items())


def rows_name(key: str) -> str:
    """The name of a kind of rows; the test rows have the key ``held_out``."""
    return "test" if key == "held_out" else printable(key).replace("_", " ")

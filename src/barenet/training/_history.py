"""The history of a run: its curves, and the reason that it ended."""

import json
import math
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any, Self

from barenet._constraints import check_number
from barenet._display import write_curves, write_display
from barenet._messages import brief, count_of, some, suggestion
from barenet._registry import canonical

#: Held-out sets, by the prefix of their curves. The validation set may decide when to stop or to
#: reduce the learning rate; the test set decides nothing.
EVALUATION_SETS = ("validation", "test")
#: The training rows as predicted by the networks of an ensemble that left them out, by the prefix
#: of their curves.
OUT_OF_FOLD = "out_of_fold"


class History(dict[str, list[float]]):
    """The record of a run: its curves by name, each with one number per epoch.

    Like a table with a column for each curve, it is a dictionary of the curves, and its length is
    the number of epochs.

    Parameters
    ----------
    curves : mapping of str to list of float, optional
        One number per epoch, by name: ``loss`` (mean over the batches, each before its step, with
        the penalties), ``gradient_norm`` (mean over the batches), ``learning_rate`` (of the last
        batch), ``seconds``, each metric's name, and loss and metrics of the validation and the test
        set, such as ``validation_loss`` and ``test_accuracy``. For an ensemble,
        ``out_of_fold_loss``, the expected loss on new rows, and ``out_of_fold_accuracy`` or
        ``out_of_fold_r2``, the score of left-out rows; both are NaN for epochs after which these
        were not predicted.
    engine : str
        Name of the engine.
    seed : int
        Seed of the run.
    stop_reason : str
        ``"completed"``, or the reason that the run ended before its last epoch.
    best_epoch : int, optional
        The epoch whose parameters were restored, counted from 1; its loss is
        ``loss[best_epoch - 1]``.
    penalized : bool
        Whether there were penalties, which ``loss`` includes, but ``validation_loss`` and
        ``test_loss`` don't.
    resumable : bool
        Whether the run was ended from outside before its last epoch, such as by Ctrl-C or a time
        limit, and can be resumed from its checkpoint.

    Examples
    --------
    >>> history = History()
    >>> history.append({"loss": 0.5, "seconds": 0.1})
    >>> history["loss"], list(history), len(history), "val_loss" in history
    ([0.5], ['loss', 'seconds'], 1, False)
    >>> len(History({"seconds": [0.1, 0.1]}))
    2
    """

    def __init__(
        self,
        curves: Mapping[str, list[float]] = MappingProxyType({}),
        engine: str = "",
        seed: int = 0,
        stop_reason: str = "",
        best_epoch: int | None = None,
        penalized: bool = False,
        resumable: bool = False,
    ) -> None:
        super().__init__(curves)
        self.engine = engine
        self.seed = seed
        self.stop_reason = stop_reason
        self.best_epoch = best_epoch
        self.penalized = penalized
        self.resumable = resumable

    @property
    def curves(self) -> dict[str, list[float]]:
        """The curves by name, in a dictionary whose length is their number."""
        return dict(self)

    def append(self, values: Mapping[str, float]) -> None:
        """Append an epoch.

        Parameters
        ----------
        values : mapping of str to float
            A number for each curve.
        """
        for name, value in values.items():
            self.setdefault(name, []).append(value)

    @property
    def loss(self) -> list[float]:
        """The training loss of each epoch."""
        return super().get("loss", [])

    @property
    def validation_loss(self) -> list[float]:
        """The validation loss of each epoch, if there is a validation set."""
        return super().get("validation_loss", [])

    @property
    def test_loss(self) -> list[float]:
        """The test loss of each epoch, if there is a test set."""
        return super().get("test_loss", [])

    def last(self) -> dict[str, float]:
        """Return the values of the last epoch.

        Returns
        -------
        dict of str to float
            A number for each curve.
        """
        return {name: curve[-1] for name, curve in self.items()}

    def to_dict(self) -> dict[str, list[float]]:
        """Return a copy of the curves.

        Returns
        -------
        dict of str to list of float
            One number per epoch, by name.
        """
        return {name: list(curve) for name, curve in self.items()}

    def to_jsonl(self) -> str:
        """Write one line per epoch.

        Returns
        -------
        str
            JSON objects with ``epoch``, counted from 1, and the curves; null for infinity and NaN,
            which JSON lacks.

        Examples
        --------
        >>> History({"loss": [0.5, 0.25]}).to_jsonl()
        '{"epoch": 1, "loss": 0.5}\\n{"epoch": 2, "loss": 0.25}\\n'
        """
        lines = []
        values_of_epochs = zip(*self.values(), strict=True)
        for epoch, values in enumerate(values_of_epochs, 1):
            row: dict[str, float | None] = {"epoch": epoch}
            for name, value in zip(self, values, strict=True):
                row[name] = finite_or_none(value)
            lines.append(json.dumps(row) + "\n")
        return "".join(lines)

    @classmethod
    def from_jsonl(cls, text: str) -> Self:
        """Read the text that `to_jsonl` wrote.

        Parameters
        ----------
        text : str
            One JSON object per line, in the order of the epochs; they may count from 0, as in
            earlier versions.

        Returns
        -------
        History
            A history with only its curves.

        Raises
        ------
        ValueError
            If a line is not an epoch, or has other curves; the message has the line number.
        """
        history = cls()
        for number, line in enumerate(text.splitlines(), 1):
            try:
                history.append(_read_epoch(line, list(history)))
            except (ValueError, RecursionError) as error:
                raise ValueError(f"line {number}: {error}") from error
        return history

    def __getitem__(self, name: str) -> list[float]:
        """Return a curve; names of other libraries are understood, such as ``val_loss``."""
        spelled = spelled_curve(name, self.keys())
        if isinstance(spelled, str) and spelled in self.keys():
            return super().__getitem__(spelled)
        hint = suggestion(name, self) or ";" if isinstance(name, str) else ";"
        raise KeyError(f"{name!r} was not measured{hint} there are {', '.join(self)}")

    def __contains__(self, name: object) -> bool:
        """Return whether a curve was measured."""
        return spelled_curve(name, self.keys()) in self.keys()

    def get(self, name: str, default: Any = None) -> Any:
        """Return a curve, or the default if it was not measured."""
        try:
            return self[name]
        except KeyError:
            return default

    def __len__(self) -> int:
        """Return the number of epochs."""
        return len(next(iter(self.values()), []))

    def _repr_html_(self) -> str:
        """Draw the curves of the loss and of the metrics, for a notebook."""
        panels: dict[str, dict[str, list[float]]] = {}
        for name, curve in self.items():
            if name in ("gradient_norm", "learning_rate", "seconds"):
                continue
            label, measure = curve_rows(name)
            if self.penalized and name == "loss":
                label += " with penalty"
            panel = panels.setdefault(measure.replace("_", " "), {})
            panel[label] = curve
        drawings = []
        for measure, curves in panels.items():
            drawings.append(write_curves(measure, curves, self.best_epoch))
        title = repr(self)[1:-1]
        return write_display(title, f'<div class="curves">{"".join(drawings)}</div>')

    def __repr__(self) -> str:
        """Summarize the run in a line."""
        text = f"History: {count_of(len(self), 'epoch')}"
        if self.loss:
            text += f", loss {self.loss[0]:.4g} → {self.loss[-1]:.4g}"
        if self.stop_reason:
            text += f", {self.stop_reason}"
        return f"<{text}>"


def spelled_curve(name: Any, curves: Iterable[str]) -> Any:
    """Spell the name of a curve as it is among others; return an unknown name unchanged.

    >>> spelled_curve("val_acc", ["loss", "accuracy", "validation_loss", "validation_accuracy"])
    'validation_accuracy'
    """
    if not isinstance(name, str) or name in curves:
        return name
    if name.startswith("val_"):
        name = name.replace("val_", "validation_", 1)
    rows, measure = curve_rows(name)
    measures = {}
    for curve in curves:
        rows_of_curve, measure_of_curve = curve_rows(curve)
        if rows_of_curve == rows:
            measures[measure_of_curve] = curve
    spelled = canonical(measures, measure)
    return measures.get(spelled, name)


def curve_rows(name: str) -> tuple[str, str]:
    """Split the name of a curve into the set that it was measured on and the measure."""
    if name.startswith(f"{OUT_OF_FOLD}_"):
        return "out-of-fold", name.removeprefix(f"{OUT_OF_FOLD}_")
    rows, _, measure = name.partition("_")
    return (rows, measure) if rows in EVALUATION_SETS else ("training", name)


def finite_or_none(value: float) -> float | None:
    """Return a number, or None for infinity and NaN, which JSON lacks."""
    return value if math.isfinite(value) else None


def _read_epoch(line: str, curves: list[str]) -> dict[str, float]:
    """Read the numbers of an epoch."""
    row = json.loads(line)
    if not isinstance(row, dict) or "epoch" not in row:
        raise ValueError(f"expected an epoch with its numbers, got {brief(row)}")
    del row["epoch"]
    if curves and list(row) != curves:
        raise ValueError(f"expected the curves {some(curves)}, got {some(list(row))}")
    numbers = {}
    for name, value in row.items():
        if value is None:
            numbers[name] = math.nan
        else:
            numbers[name] = check_number(value, name)
    return numbers

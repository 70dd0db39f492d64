"""The works: tasks in numbers, the same for every library."""

from __future__ import annotations

import dataclasses
import itertools
from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["TASKS", "WORKS", "Work"]

#: What one unit of each task is.
TASKS = {
    "epoch": "an epoch of training, of a network that was made before",
    "steps": "an epoch, by a call that continues the training",
    "row": "a fitted network predicts one row",
    "predict_proba": "a fitted classifier computes the probabilities of all rows",
    "fit": "a whole fit of a classifier, of `epochs` epochs at most",
    "predict": "a fitted classifier predicts all rows",
    "partial_fit": "one call of partial_fit with all rows",
    "warm_start": "one more epoch by fit, with warm_start=True and max_iter=1",
    "bagging": "a BaggingClassifier of `networks` classifiers is fitted, one after another",
    "population": "`networks` networks are made and trained for `epochs` epochs",
    "search": "`networks` candidates are cross-validated in 5 folds, `epochs` epochs each",
    "ensemble": "a whole fit of an ensemble to a table, with its folds and its encoding",
}


@dataclass(frozen=True, kw_only=True)
class Work:
    """A network, its rows, and what is done with them.

    Attributes
    ----------
    name : str
        Its name in tables.
    data : {"mnist", "sine", "digits", "iris", "random", "text", "friedman"}
        Where the rows come from; "text" is a sparse matrix.
    sizes : tuple of int
        Units of each layer, the input first. One output is a sigmoid with half the squared error,
        more are a softmax with cross-entropy; hidden layers are ReLU.
    n_rows : int
        Number of rows.
    batch_size : int
        Rows in a step.
    optimizer : {"sgd", "adam"}
        The optimizer; SGD has no momentum.
    learning_rate : float
        Its learning rate.
    shuffle : bool
        Whether each epoch has an order of its own.
    task : str
        One of `TASKS`: the unit that is timed.
    epochs, networks : int
        For the tasks that train several epochs or networks at a time.
    """

    name: str
    data: Literal["mnist", "sine", "digits", "iris", "random", "text", "friedman"]
    sizes: tuple[int, ...]
    n_rows: int
    batch_size: int
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: float = 0.001
    shuffle: bool = True
    task: str = "epoch"
    epochs: int = 1
    networks: int = 1

    @property
    def classifies(self) -> bool:
        """Whether classes are predicted, or numbers."""
        return self.sizes[-1] > 1

    @property
    def operations(self) -> int:
        """Floating-point operations of the matrix products in an epoch, or for "row".

        Each weight takes two per row forward, two for its gradient and, above the first layer, two
        for the gradient of the layer's input.
        """
        if self.task == "row":
            return 2 * self._weights()
        return self.n_rows * (6 * self._weights() - 2 * self.sizes[0] * self.sizes[1])

    @property
    def threads(self) -> tuple[str, ...]:
        """The choices of threads that can be the fastest: one for tiny units, all for huge ones."""
        if self.task in ("population", "search"):
            return ("all",)
        rows = {"row": 1, "epoch": self.batch_size, "steps": self.batch_size}
        products = rows.get(self.task, self.n_rows) * self._weights()
        return ("one",) if products < 2e5 else ("all",) if products > 5e7 else ("one", "all")

    def _weights(self) -> int:
        return sum(a * b for a, b in itertools.pairwise(self.sizes))

    def but(self, **changes: Any) -> Work:
        """Copy the work with some changes."""
        return dataclasses.replace(self, **changes)

    def to_dict(self) -> dict[str, Any]:
        """Return all fields, as JSON holds them."""
        return {**asdict(self), "sizes": list(self.sizes)}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Work:
        """Read the dictionary that `to_dict` returned, or JSON made of it."""
        return cls(**{**fields, "sizes": tuple(fields["sizes"])})


_MNIST = Work(
    name="mnist-256", data="mnist", sizes=(784, 256, 128, 10), n_rows=46_900, batch_size=128
)
_SINE = Work(
    name="sine", data="sine", sizes=(1, 10, 10, 1), n_rows=500, batch_size=1, optimizer="sgd",
    learning_rate=0.01, shuffle=False,
)  # fmt: skip
_DIGITS = Work(name="one-row", data="digits", sizes=(64, 32, 10), n_rows=1_437, batch_size=32)

#: The networks of the table of epochs; the fit before a single row is predicted is not timed.
WORKS = (
    _MNIST.but(
        name="mnist-16", sizes=(784, 16, 10), batch_size=64, optimizer="sgd", learning_rate=0.1
    ),
    _MNIST,
    _MNIST.but(name="deep", data="random", sizes=(64, *[128] * 8, 10), n_rows=10_000),
    _SINE,
    _DIGITS.but(task="row"),
)

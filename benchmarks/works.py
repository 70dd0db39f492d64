"""The works: what every peer is asked to do, in numbers that no peer can bend."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

__all__ = ["BASE", "WORKS", "Work"]


@dataclass(frozen=True, kw_only=True)
class Work:
    """A network, its rows and how it learns.

    Attributes
    ----------
    name : str
        What it is called in every table.
    data : {"mnist", "sine", "digits", "random"}
        Where the rows come from.
    sizes : tuple of int
        Units of each layer, the input first. One output is a sigmoid with half the squared error,
        more are a softmax with cross-entropy; what is hidden is ReLU.
    n_rows : int
        Rows in an epoch.
    batch_size : int
        Rows in a step.
    optimizer : {"sgd", "adam"}
        How a gradient becomes a step.
    learning_rate : float
        Its learning rate.
    shuffle : bool
        Whether each epoch has an order of its own.
    unit : {"epoch", "call"}
        What is timed: an epoch of training, or a call that predicts one row.
    """

    name: str
    data: Literal["mnist", "sine", "digits", "random"]
    sizes: tuple[int, ...]
    n_rows: int
    batch_size: int
    optimizer: Literal["sgd", "adam"] = "adam"
    learning_rate: float = 0.001
    shuffle: bool = True
    unit: Literal["epoch", "call"] = "epoch"

    @property
    def classifies(self) -> bool:
        """Whether classes are learned, or numbers."""
        return self.sizes[-1] > 1

    @property
    def tiny(self) -> bool:
        """Whether a step is too small to be shared among threads: no library does so."""
        rows = 1 if self.unit == "call" else self.batch_size
        return rows * self._weights() < 10_000

    def _weights(self) -> int:
        return sum(a * b for a, b in zip(self.sizes, self.sizes[1:], strict=False))

    @property
    def operations(self) -> int:
        """Floating-point operations of a unit: those of the matrix products, two a multiplication.

        Each weight is used once forward, once for its own gradient and, above the first layer,
        once to carry the error down.
        """
        if self.unit == "call":
            return 2 * self._weights()
        return self.n_rows * (6 * self._weights() - 2 * self.sizes[0] * self.sizes[1])

    def to_dict(self) -> dict[str, Any]:
        """All of it, as JSON holds it."""
        return {**asdict(self), "sizes": list(self.sizes)}

    @classmethod
    def from_dict(cls, fields: dict[str, Any]) -> Work:
        """Read what `to_dict` wrote, or JSON made of it."""
        return cls(**{**fields, "sizes": tuple(fields["sizes"])})


#: The works that are compared; the fit before a single row is predicted is not timed.
WORKS = (
    Work(
        name="mnist-16",
        data="mnist",
        sizes=(784, 16, 10),
        n_rows=46_900,
        batch_size=64,
        optimizer="sgd",
        learning_rate=0.1,
    ),
    Work(name="mnist-256", data="mnist", sizes=(784, 256, 128, 10), n_rows=46_900, batch_size=128),
    Work(
        name="sine",
        data="sine",
        sizes=(1, 10, 10, 1),
        n_rows=500,
        batch_size=1,
        optimizer="sgd",
        learning_rate=0.01,
        shuffle=False,
    ),
    Work(
        name="one-row",
        data="digits",
        sizes=(64, 32, 10),
        n_rows=1_437,
        batch_size=32,
        unit="call",
    ),
)

#: Where the scaling of an epoch starts from: one number of it is changed at a time.
BASE = Work(name="base", data="random", sizes=(64, 128, 128, 10), n_rows=10_000, batch_size=128)

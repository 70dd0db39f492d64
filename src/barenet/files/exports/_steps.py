"""Steps of a prediction, each with plain arrays and one formula.

Every exporter writes each of these few steps; `forward` is the formula that it translates.
"""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet.data._column import Column, NumberColumn
from barenet.data._encoding import TableEncoding
from barenet.data._parsing import to_number
from barenet.errors import ArgumentError
from barenet.model._activations import Activation
from barenet.model._arrays import FloatArray


class Step(ABC):
    """A step on rows."""

    #: The name in exports.
    name: ClassVar[str]

    @abstractmethod
    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        """Compute the step."""


@dataclass(frozen=True, eq=False)
class Scale(Step):
    """(X − offset) · factor, in float64, then rounded to the network's dtype."""

    name: ClassVar[str] = "scale"
    offset: NDArray[np.float64]
    factor: NDArray[np.float64]
    dtype: np.dtype[Any]

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each input in float32, in units of its spread."""
        return single_error(self.offset, 1 / self.factor)

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return ((X - self.offset) * self.factor).astype(self.dtype)


@dataclass(frozen=True, eq=False)
class Affine(Step):
    """X W + b."""

    name: ClassVar[str] = "affine"
    weights: FloatArray
    bias: FloatArray

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return X @ self.weights + self.bias


@dataclass(frozen=True, eq=False)
class Apply(Step):
    """f(X)."""

    name: ClassVar[str] = "apply"
    activation: Activation

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return self.activation.forward(X)


@dataclass(frozen=True, eq=False)
class Normalize(Step):
    """γ · (X − μ) / s + β, column by column: a batch norm with its running averages."""

    name: ClassVar[str] = "normalize"
    mean: FloatArray
    deviation: FloatArray
    gain: FloatArray
    bias: FloatArray

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return self.gain * ((X - self.mean) / self.deviation) + self.bias


@dataclass(frozen=True, eq=False)
class NormalizeRow(Step):
    """γ · (X − μ) / √(σ² + ε) + β, with each row's mean μ and variance σ²: a layer norm."""

    name: ClassVar[str] = "normalize_row"
    gain: FloatArray
    bias: FloatArray
    epsilon: float

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        deviation = np.sqrt(X.var(axis=1, keepdims=True) + self.epsilon)
        return self.gain * ((X - X.mean(axis=1, keepdims=True)) / deviation) + self.bias


@dataclass(frozen=True, eq=False)
class BinaryToTwoClass(Step):
    """(1 − p, p) of the single output p: the probabilities of both classes."""

    name: ClassVar[str] = "both"

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return np.hstack([1 - X, X])


@dataclass(frozen=True, eq=False)
class Unscale(Step):
    """X / factor + offset, in float64: numbers in the units of the target."""

    name: ClassVar[str] = "unscale"
    offset: NDArray[np.float64]
    factor: NDArray[np.float64]

    def forward(self, X: NDArray[Any]) -> NDArray[Any]:
        return X / self.factor + self.offset


def single_error(center: Any, scale: Any) -> NDArray[np.float64]:
    """Bound of the rounding error of numbers in float32, in units of their scale."""
    with np.errstate(over="ignore", invalid="ignore"):
        size = np.asarray(np.abs(center) + np.abs(scale), np.float32)
        # Numbers below the smallest normal one, about 1e-38, may be treated as 0.
        return np.maximum(np.spacing(size) / 2, np.finfo(np.float32).tiny) / np.abs(scale)


@dataclass(frozen=True, eq=False)
class TableEncodeStep(Step):
    """Encodes the columns of a table.

    Not every language has tables, so in C a row consists of numbers, one for each column: a
    category is its index in the column's record, or the next index for any other. NaN is a missing
    value.
    """

    name: ClassVar[str] = "encode"
    encoding: TableEncoding
    dtype: np.dtype[Any]

    @property
    def columns(self) -> tuple[Column, ...]:
        """The records of the columns that are used."""
        return self.encoding.used

    @property
    def number_markers(self) -> list[float]:
        """The markers of a missing value that are numbers, such as -999."""
        numbers = map(to_number, self.encoding.missing)
        return sorted({number for number in numbers if number is not None})

    @property
    def single_errors(self) -> NDArray[np.float64]:
        """The largest rounding error of each column in float32, in units of its spread."""
        numbers = (each if isinstance(each, NumberColumn) else None for each in self.columns)
        return np.array([single_error(n.center, n.scale) if n else 0 for n in numbers])

    def forward(self, X: Any) -> NDArray[Any]:
        return self.encoding.transform(X, self.dtype)


def unsupported_column(column: Column, reason: str) -> ArgumentError:
    """The error for a column that a language has no type for."""
    problem = f"column {column.name!r} holds a {column.kind}, {reason}"
    remedy = "use {to} or {to_}"
    return ArgumentError(problem, argument="model", remedy=remedy, to="python", to_="json")

"""Features: functions of two columns that a network can have as inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from barenet.data._dataset import Dataset
from barenet.data._named import GENERATED
from barenet.data._scaling import Scaling

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Feature:
    """A function of the two columns of the picture."""

    label: str
    #: Takes both columns, arrays of shape (n_rows,), and returns an array of that shape.
    formula: Callable[[Array, Array], Array]
    #: The same as Python source, with ``u`` of shape (n_rows, 2).
    code: str


FEATURES = {
    "x1": Feature("x₁", lambda a, b: a, "u[:, 0]"),
    "x2": Feature("x₂", lambda a, b: b, "u[:, 1]"),
    "x1^2": Feature("x₁²", lambda a, b: a * a, "u[:, 0] ** 2"),
    "x2^2": Feature("x₂²", lambda a, b: b * b, "u[:, 1] ** 2"),
    "x1*x2": Feature("x₁x₂", lambda a, b: a * b, "u[:, 0] * u[:, 1]"),
    "sin(x1)": Feature("sin x₁", lambda a, b: np.sin(a), "np.sin(u[:, 0])"),
    "sin(x2)": Feature("sin x₂", lambda a, b: np.sin(b), "np.sin(u[:, 1])"),
}


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Computes a network's inputs from raw rows."""

    #: Names from `FEATURES`; empty if every column is an input.
    names: tuple[str, ...] = ()
    #: The columns of the picture's axes.
    columns: Sequence[int] = ()
    #: Features other than the columns themselves are functions of ``(x - offset) * factor``.
    offset: Array = field(default_factory=lambda: np.zeros(2))
    factor: Array = field(default_factory=lambda: np.ones(2))

    @classmethod
    def fit(cls, dataset: Dataset, names: tuple[str, ...], columns: Sequence[int]) -> FeatureMap:
        """Keep the features that the data have columns for, and standardize real columns."""
        names = tuple(n for n in names if n in FEATURES)
        if dataset.n_features == 1:
            names = tuple(name for name in names if "x2" not in name)
        offset, factor = np.zeros(2), np.ones(2)
        if dataset.name not in GENERATED:
            scaling = Scaling.fit("standardize", np.asarray(dataset.X, np.float64)[:, columns])
            offset[: len(columns)], factor[: len(columns)] = scaling.offset, scaling.factor
        return cls(names or ("x1",), columns, offset, factor)

    @property
    def has_computed(self) -> bool:
        """Whether some inputs are functions of the columns."""
        return not set(self.names) <= {"x1", "x2"}

    def apply(self, X: Array) -> Array:
        """Compute the inputs, shape (n_rows, n_inputs)."""
        if not self.names:
            return X
        raw = [X[:, self.columns[0]], X[:, self.columns[-1]]]
        units = [(raw[axis] - self.offset[axis]) * self.factor[axis] for axis in (0, 1)]
        own = {"x1": raw[0], "x2": raw[1]}
        return np.column_stack(
            [own[name] if name in own else FEATURES[name].formula(*units) for name in self.names]
        )

    def input_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Name the inputs, given the names of all columns."""
        if not self.names:
            return columns
        own = {"x1": columns[self.columns[0]], "x2": columns[self.columns[-1]]}
        return tuple(own.get(name, name) for name in self.names)

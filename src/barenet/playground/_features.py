"""Features: functions of two columns that a network can have as inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barenet import Dataset, Scaling
from barenet.data._named import GENERATED

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

UNSCALED = Scaling("none", np.zeros(2), np.ones(2))


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Computes a network's inputs from raw rows."""

    #: Names from `FEATURES`; empty if every column is an input.
    names: tuple[str, ...] = ()
    #: The columns of the picture's axes.
    columns: Sequence[int] = ()
    #: Of these columns, for features other than the columns themselves.
    scaling: Scaling = UNSCALED

    @classmethod
    def fit(cls, dataset: Dataset, names: tuple[str, ...], columns: Sequence[int]) -> FeatureMap:
        """Keep the features that the data have columns for, and standardize real columns."""
        names = tuple(n for n in names if n in FEATURES)
        if dataset.n_features == 1:
            names = tuple(name for name in names if "x2" not in name)
        kind = "none" if dataset.name in GENERATED else "standardize"
        axes = np.asarray(dataset.X, np.float64)[:, columns]
        return cls(names or ("x1",), columns, Scaling.fit(kind, axes))

    def apply(self, X: Array) -> Array:
        """Compute the inputs, shape (n_rows, n_inputs)."""
        if not self.names:
            return X
        axes = X[:, self.columns]
        units, own = self.scaling.transform(axes).T, {"x1": axes[:, 0], "x2": axes[:, -1]}
        return np.column_stack(
            [own[n] if n in own else FEATURES[n].formula(units[0], units[-1]) for n in self.names]
        )

    def input_names(self, columns: tuple[str, ...]) -> tuple[str, ...]:
        """Name the inputs, given the names of all columns."""
        if not self.names:
            return columns
        own = {"x1": columns[self.columns[0]], "x2": columns[self.columns[-1]]}
        return tuple(own.get(name, name) for name in self.names)

"""The kinds of columns: numbers, truth values, categories, dates, and dropped ones."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from barenet._registry import lookup
from barenet.data._column import Column, FilledColumn, check_scale, signed
from barenet.data._date_column import DateColumn
from barenet.data._frame import Frame
from barenet.data._parsing import as_booleans, as_labels, as_numbers
from barenet.errors import ArgumentError

__all__ = [
    "COLUMNS",
    "BooleanColumn",
    "CategoryColumn",
    "Column",
    "DateColumn",
    "DroppedColumn",
    "NumberColumn",
    "column_from_dict",
]


@dataclass(frozen=True)
class NumberColumn(FilledColumn):
    """Numbers: ``(x - center) / scale``.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : float
        Replaces a missing number: the median of the training rows.
    center : float
        Subtracted from the values.
    scale : float
        Divisor; its absolute value is 2e-308 at least.
    indicator : bool
        Whether one more output is 1 where the value is missing, else 0.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> NumberColumn("age", 40.0, center=30.0, scale=5.0, indicator=True).encode(
    ...     np.array([35.0, np.nan])
    ... )
    array([[1., 0.],
           [2., 1.]])
    """

    kind: ClassVar[str] = "number"
    fill: float
    center: float
    scale: float
    indicator: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        check_scale(self.scale)

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._name_outputs(self.name)

    @property
    def formula(self) -> str:
        change = f"(x {signed(-self.center)}) / {self.scale:.6g}"
        plain = "x" if (self.center, self.scale) == (0, 1) else change
        return f"{plain}, where missing x = {self.fill:.6g}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_numbers(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        x = np.where(missing, self.fill, values)
        return self._stack([(x - self.center) / self.scale], missing)


@dataclass(frozen=True)
class BooleanColumn(FilledColumn):
    """Truth values: 1 for true and 0 for false.

    Attributes
    ----------
    name : str
        Name of the column.
    fill : bool
        Replaces a missing value: the more frequent one of the training rows, false in a tie.
    indicator : bool
        Whether one more output is 1 where the value is missing, else 0.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> BooleanColumn("member", fill=True, indicator=False).encode(np.array([0.0, np.nan]))
    array([[0.],
           [1.]])
    """

    kind: ClassVar[str] = "boolean"
    fill: bool
    indicator: bool

    @property
    def outputs(self) -> tuple[str, ...]:
        return self._name_outputs(self.name)

    @property
    def formula(self) -> str:
        return f"1 if true, 0 if false, where missing {int(self.fill)}"

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[np.float64]:
        return as_booleans(frame, self.name, missing)

    def encode(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        missing = np.isnan(values)
        return self._stack([np.where(missing, float(self.fill), values)], missing)


@dataclass(frozen=True)
class CategoryColumn(Column):
    """Categories, one-hot: 1 for the category of the row, 0 for the others.

    Attributes
    ----------
    name : str
        Name of the column.
    categories : tuple of str
        The categories with an output of their own, in this order.
    rare : bool
        Whether one more output stands for rare and new categories; else a new one is all 0.
    missing : bool
        Whether one more output stands for missing values; else they are new categories.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> towns = CategoryColumn("town", ("Paris", "Rome"), rare=True, missing=False)
    >>> towns.outputs
    ('town=Paris', 'town=Rome', 'town rare')
    >>> towns.encode(np.array(["Rome", "Oslo"]))
    array([[0., 1., 0.],
           [0., 0., 1.]])
    """

    kind: ClassVar[str] = "category"
    categories: tuple[str, ...]
    rare: bool
    missing: bool

    def __post_init__(self) -> None:
        super().__post_init__()
        if len(set(self.categories)) < len(self.categories) or "" in self.categories:
            expected = "different names, none of them empty"
            raise ArgumentError.of("categories", self.categories, expected)

    @property
    def outputs(self) -> tuple[str, ...]:
        others = [word for word in ("rare", "missing") if getattr(self, word)]
        named = [f"{self.name}={category}" for category in self.categories]
        return (*named, *(f"{self.name} {word}" for word in others))

    @property
    def formula(self) -> str:
        others = "rare and new ones share one" if self.rare else "a new one is all 0"
        return f"one-hot: 1 for its own category, 0 for the others; {others}"

    @cached_property
    def _places(self) -> dict[str, int]:
        """The output of each label."""
        places = {category: at for at, category in enumerate(self.categories)}
        return places | {"": self._n_outputs - 1} if self.missing else places

    @property
    def _n_outputs(self) -> int:
        return len(self.categories) + self.rare + self.missing

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return as_labels(frame, self.name, missing)

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        other = len(self.categories) if self.rare else -1
        places = np.array([self._places.get(label, other) for label in values.tolist()])
        return (places[:, np.newaxis] == np.arange(self._n_outputs)).astype(np.float64)

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        most = encoded.sum(axis=0).argmax()
        return (np.arange(self._n_outputs) == most).astype(np.float64)


@dataclass(frozen=True)
class DroppedColumn(Column):
    """A column that is left out.

    Attributes
    ----------
    name : str
        Name of the column.
    reason : str
        The reason.

    Raises
    ------
    ValueError
        If a field is not valid.

    Examples
    --------
    >>> DroppedColumn("country", "'France' in every row").outputs
    ()
    """

    kind: ClassVar[str] = "dropped"
    reason: str

    @property
    def outputs(self) -> tuple[str, ...]:
        return ()

    @property
    def formula(self) -> str:
        return self.reason

    def read(self, frame: Frame, missing: Collection[str]) -> NDArray[Any]:
        return np.empty(len(frame))

    def encode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        return np.empty((len(values), 0))

    def usual(self, encoded: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.empty(0)


#: The kinds of columns by name.
COLUMNS: dict[str, type[Column]] = {
    kind.kind: kind
    for kind in (NumberColumn, CategoryColumn, BooleanColumn, DateColumn, DroppedColumn)
}


def column_from_dict(plain: Any) -> Column:
    """Make a column from the data of `Column.to_dict`."""
    if not isinstance(plain, dict) or not isinstance(plain.get("kind"), str):
        raise ArgumentError.of("column", plain, "a dictionary with a kind")
    kind: Callable[..., Column] = lookup(COLUMNS, plain["kind"], "kind")
    fields = {
        name: tuple(value) if isinstance(value, list) else value
        for name, value in plain.items()
        if name != "kind"
    }
    try:
        return kind(**fields)
    except TypeError as error:
        raise ArgumentError(str(error), argument="column", value=plain) from error

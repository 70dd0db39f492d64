"""A data set: features, targets, their names, and default settings for training."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from barenet._constraints import check_number, check_seed
from barenet._display import write_display
from barenet._extras import require_package
from barenet.datasets._random_split import random_split
from barenet.errors import ArgumentError
from barenet.tables.frames._column_names import check_names
from barenet.tables.frames._frame import Frame, Samples, write_first_rows
from barenet.tables.reading._class_labels import class_labels, is_number
from barenet.tables.reading._readers import PLAIN_KIND
from barenet.tables.reading._without_target import WithoutTarget


@dataclass(frozen=True, eq=False, kw_only=True)
class Dataset:
    """Rows with their targets.

    ``len(dataset)`` is the number of rows. Iteration yields each row with its target: an array, or
    a dictionary of a table's values by column; and a number, or a class as `Predictor.predict`
    returns it.

    Attributes
    ----------
    name : str
        The name of a named data set, or of a file.
    X : ndarray of shape (n_samples, n_features), float64, or uint8 for images; or Frame
        The rows; pixels are 0..255. A table with columns other than numbers is a frame.
    y : ndarray of shape (n_samples,), int64 for classes, float64 for numbers
        The targets: indices into `classes`, or numbers.
    classes : tuple of str, or None
        Names of the classes; None for numbers.
    feature_names : tuple of str
        One name for each column of `X`.
    target_name : str
        Name of the target.
    target_kind : str
        How numbers of the target are written, such as ``"number 1.234,5"``.
    image_shape : tuple of int, optional
        Height and width, if a row is an image.
    description : str
        Description in one line.
    defaults : dict of str to object
        Default settings for training, as fields of a `RunConfig` by name.
    stratify : bool
        Whether `split` keeps the proportions of the classes.
    split_keys : ndarray of shape (n_samples,), optional
        Keys for `split`, if rows are not split at random. They are times as float64, whose last
        rows become the test set, or names of groups, which are kept whole.
    weight : ndarray of shape (n_samples,), float64, optional
        The weight of each row in the losses and scores; without it, all are 1.
    numbers : ndarray of shape (n_samples,), int64, optional
        Numbers of the rows in their file, from 0; by default 0, 1, 2, …
    without_target : WithoutTarget
        The rows of the file that were left out because they have no target.

    Examples
    --------
    >>> from barenet.datasets._dataset_loading import load_dataset
    >>> iris = load_dataset("iris")
    >>> iris.task, iris.n_samples, iris.n_features, iris.classes
    ('classification', 150, 4, ('setosa', 'versicolor', 'virginica'))
    >>> train, test = iris.split(0.2, seed=0)
    >>> np.bincount(test.y)
    array([10, 10, 10])
    >>> row, species = next(iter(iris))
    >>> len(iris), row.tolist(), species
    (150, [5.1, 3.5, 1.4, 0.2], 'setosa')
    """

    name: str
    X: Samples
    y: NDArray[Any]
    classes: tuple[str, ...] | None
    feature_names: tuple[str, ...]
    target_name: str
    target_kind: str = PLAIN_KIND
    image_shape: tuple[int, int] | None = None
    description: str
    defaults: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    stratify: bool = True
    split_keys: NDArray[Any] | None = None
    weight: NDArray[np.float64] | None = None
    numbers: Any = None
    without_target: WithoutTarget = dataclasses.field(default_factory=WithoutTarget)

    def __post_init__(self) -> None:
        if self.numbers is None:
            object.__setattr__(self, "numbers", np.arange(len(self.X)))

    def __repr__(self) -> str:
        size = f"{self.n_samples:,} rows, {self.n_features:,} features"
        return f"Dataset({self.name!r}, {size}, {self.task} of {self.target_name!r})"

    def __len__(self) -> int:
        return self.n_samples

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        targets = self.targets.tolist()
        if not isinstance(self.X, Frame):
            yield from zip(self.X, targets, strict=True)
            return
        names = [*self.X]
        columns = [column.tolist() for column in self.X.columns.values()]
        for *values, target in zip(*columns, targets, strict=True):
            yield dict(zip(names, values, strict=True)), target

    def _repr_html_(self) -> str:
        """Show the first rows with their targets, for a notebook."""
        if isinstance(self.X, Frame):
            columns = dict(self.X.columns)
        else:
            columns = dict(zip(self.feature_names, self.X.T, strict=True))
        columns[self.target_name] = self.targets
        return write_display(repr(self), write_first_rows(columns))

    @property
    def targets(self) -> NDArray[Any]:
        """The targets as they are in the data: numbers, or the classes, shape (n_samples,)."""
        return self.y if self.classes is None else class_labels(self.classes)[self.y]

    def to_pandas(self) -> Any:
        """Make a pandas DataFrame of the rows, with their targets in the last column.

        Returns
        -------
        pandas.DataFrame
            The columns `feature_names` and `target_name`; classes have their names.

        Examples
        --------
        >>> from barenet.datasets._dataset_loading import load_dataset
        >>> load_dataset("iris").to_pandas().shape
        (150, 5)
        """
        pandas = require_package("pandas", "a DataFrame")
        if isinstance(self.X, Frame):
            table = self.X.to_pandas()
        else:
            table = pandas.DataFrame(self.X, columns=list(self.feature_names))
        table[self.target_name] = pandas.Series(self.targets)
        return table

    @property
    def task(self) -> Literal["classification", "regression"]:
        """Classification for classes, regression for numbers."""
        return "regression" if self.classes is None else "classification"

    @property
    def n_samples(self) -> int:
        """Number of rows."""
        return len(self.X)

    @property
    def n_features(self) -> int:
        """Number of columns."""
        return int(self.X.shape[1])

    def select(self, names: Sequence[str]) -> Dataset:
        """Select columns by their names.

        Parameters
        ----------
        names : sequence of str
            Names of columns, in any order.

        Returns
        -------
        Dataset
            The rows with these columns, in that order.

        Raises
        ------
        ValueError
            If a column does not exist.

        Examples
        --------
        >>> from barenet.datasets._dataset_loading import load_dataset
        >>> load_dataset("iris").select(["petal width (cm)", "petal length (cm)"]).X[0]
        array([0.2, 1.4])
        """
        names = tuple(names)
        if names == self.feature_names:
            return self
        spelled = check_names(names, self.feature_names, path=self.name)
        X: Samples
        if isinstance(self.X, Frame):
            X = self.X.select(names)
        else:
            places = [self.feature_names.index(name) for name in spelled]
            X = self.X[:, places]
        return dataclasses.replace(self, X=X, feature_names=names, image_shape=None)

    def split(self, test_size: float, seed: int = 0) -> tuple[Dataset, Dataset | None]:
        """Split the rows into a training set and a test set, like ``train_test_split`` or by keys.

        Parameters
        ----------
        test_size : float
            Fraction of the rows in the test set; 0 for no test set.
        seed : int, default=0
            Seed of the split.

        Returns
        -------
        train : Dataset
            The training set; all rows in order if there is no test set.
        test : Dataset or None
            The test set.

        Raises
        ------
        ValueError
            If the fraction is not in [0, 1), or either set would have no rows, or no rows of a
            class.
        """
        test_size = check_number(test_size, "test_size", ge=0, lt=1)
        seed = check_seed(seed)
        if test_size == 0:
            return self, None
        if self.split_keys is not None:
            return self._split_by_keys(self.split_keys, test_size, seed)
        strata = None
        if self.classes is not None and self.stratify:
            strata = self.y
            self._check_counts(self.classes)
        try:
            train, test = random_split(self.n_samples, test_size, seed, strata)
        except ValueError as error:
            problem = f"{test_size:g} of {self.name}: {error}"
            remedy = "add rows, or use {test_size}"
            if strata is not None:
                remedy += "; for numbers, the task regression"
            raise ArgumentError(
                problem,
                argument="test_size",
                value=test_size,
                remedy=remedy,
                test_size=0,
            ) from error
        return self.take(train), self.take(test)

    def _split_by_keys(
        self, keys: NDArray[Any], test_size: float, seed: int
    ) -> tuple[Dataset, Dataset]:
        """Split as close to the fraction as possible, keeping rows with equal keys together."""
        is_by_time = keys.dtype.kind == "f"
        different, codes, counts = np.unique(keys, return_inverse=True, return_counts=True)
        if len(different) < 2:
            problem = f"its values are equal in all {self.n_samples:,} rows"
            argument = "split_by_time" if is_by_time else "split_by_group"
            raise ArgumentError(problem, argument=argument, remedy="choose another column")
        order = np.arange(len(different))
        if not is_by_time:
            order = np.random.default_rng(seed).permutation(order)
        n_wanted = (1 - test_size) * self.n_samples
        # The rows of the training set with one key, with two keys, and so on; not with all.
        n_rows = np.cumsum(counts[order])[:-1]
        distances = np.abs(n_rows - n_wanted)
        nearest = int(distances.argmin())
        n_training_keys = nearest + 1
        is_test = np.isin(codes, order[n_training_keys:])
        training = self.take(np.flatnonzero(~is_test))
        test = self.take(np.flatnonzero(is_test))
        return training, test

    def _check_counts(self, classes: tuple[str, ...]) -> None:
        """Reject a class with a single row, which cannot be in both sets."""
        present, counts = np.unique(self.y, return_counts=True)
        if counts.min() >= 2:
            return
        are_numbers = all(is_number(name) for name in classes)
        if are_numbers and 2 * len(present) > self.n_samples:
            problem = f"column {self.target_name!r} of {self.name} has {len(present):,} "
            problem += f"different numbers in {self.n_samples:,} rows, too many for classes"
            remedy = "use {task}"
            raise ArgumentError(problem, argument="task", remedy=remedy, task="regression")
        rarest = present[counts.argmin()]
        problem = f"class {classes[rarest]!r} of {self.name} has a single row, which cannot be in "
        problem += "both the training set and the test set"
        remedy = "add rows of it, or use {test_size}; for numbers, the task regression"
        raise ArgumentError(problem, argument="test_size", remedy=remedy, test_size=0)

    def groups(self, n_periods: int) -> NDArray[Any] | None:
        """Group the rows for cross-validation, if they are not split at random.

        Parameters
        ----------
        n_periods : int
            Number of periods with about the same number of rows each, which are the groups for
            times.

        Returns
        -------
        ndarray of shape (n_samples,), or None
            The group of each row.
        """
        keys = self.split_keys
        if keys is None or keys.dtype.kind != "f":
            return keys
        n_earlier = np.searchsorted(np.sort(keys), keys)  # rows of an earlier time, for each row
        return n_earlier * n_periods // len(keys)

    def take(self, rows: NDArray[np.int64]) -> Dataset:
        """Select rows.

        Parameters
        ----------
        rows : ndarray of shape (n_rows,), int64
            Numbers of the rows, counted from 0.

        Returns
        -------
        Dataset
            The selected rows, in this order.
        """
        keys = self.split_keys
        if keys is not None:
            keys = keys[rows]
        weight = self.weight
        if weight is not None:
            weight = weight[rows]
        return dataclasses.replace(
            self,
            X=self.X[rows],
            y=self.y[rows],
            numbers=self.numbers[rows],
            split_keys=keys,
            weight=weight,
        )


def rows_alone(X: Any) -> Any:
    """Return the rows of a data set without their targets; return other rows as is."""
    return X.X if isinstance(X, Dataset) else X

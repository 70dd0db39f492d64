"""A table for a network, as a transformer: what is measured once is done to every row after it."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import _check_feature_names_in, check_is_fitted

from barenet.data.column_types import Column
from barenet.data.encoding import TableEncoding
from barenet.data.to_frame import column_names
from barenet.model.validation import check_dtype


class TablePreprocessor(TransformerMixin, BaseEstimator):
    """Turn a table of numbers, categories, truth values and dates into numbers for a network.

    What a column holds is decided by the training rows; ``describe()`` says it, with the formula
    of each column:

    - Numbers are scaled, what is missing is the median, and where some were missing in training
      one more output says so.
    - Categories are one-hot. Rare ones share an output, and what training did not hold is rare,
      or 0 everywhere where nothing was. Missing is a category where some were missing.
    - Truth values, such as yes and no, are 1 and 0.
    - Dates are a number that grows with time, and a place in the year, the week and the day.
    - Columns that say nothing are dropped: of one value, or of text that names the rows.

    Parameters
    ----------
    numbers : {"standardize", "robust", "minmax", "none"}, default "standardize"
        How numbers are scaled: to mean 0 and standard deviation 1; to median 0 and quartiles that
        are 1 apart, which outliers do not move; to 0..1; not at all. Numbers that are all 0 or 1
        are left as they are.
    rare : float, default 0.01
        A category in a smaller share of the rows that have one is rare; 1 or more is a number of
        rows, and 0 keeps every category.
    categories : list of str, optional
        Columns that hold categories, whatever they look like.
    numeric : list of str, optional
        Columns that hold numbers, even if they are written as codes, such as 00123.
    drop : list of str, optional
        Columns to leave out.
    missing : list of str, optional
        What stands for a missing value besides nothing at all, NA, N/A, NaN, null, None, ?, - and
        the like.
    dtype : {"float64", "float32"}, default "float64"
        Type of the output.

    Attributes
    ----------
    encoding_ : TableEncoding
        What was measured, as plain data.
    columns_ : tuple of Column
        The record of each column.
    n_features_in_ : int
        How many columns there were.
    feature_names_in_ : ndarray of shape (n_columns,), object
        Their names, where they had some.

    Examples
    --------
    >>> from barenet import TablePreprocessor
    >>> towns = {"size": ["3.5", "", "2.1"], "town": ["Rome", "Oslo", "Rome"]}
    >>> towns |= {"big": ["yes", "no", "no"]}
    >>> preprocessor = TablePreprocessor(numbers="minmax").fit(towns)
    >>> print(preprocessor.describe())
    column  kind      numbers  how
    size    number    2        (x - 2.1) / 1.4, where missing x = 2.8
    town    category  2        one-hot: 1 for its own category, 0 for the others; a new one is all 0
    big     boolean   1        1 if true, 0 if false, where missing 0
    >>> preprocessor.transform(towns)
    array([[1. , 0. , 0. , 1. , 1. ],
           [0.5, 1. , 1. , 0. , 0. ],
           [0. , 0. , 0. , 1. , 0. ]])
    """

    encoding_: TableEncoding
    n_features_in_: int
    feature_names_in_: NDArray[Any]

    def __init__(
        self,
        *,
        numbers: str = "standardize",
        rare: float = 0.01,
        categories: Collection[str] | None = None,
        numeric: Collection[str] | None = None,
        drop: Collection[str] | None = None,
        missing: Collection[str] | None = None,
        dtype: str = "float64",
    ) -> None:
        self.numbers = numbers
        self.rare = rare
        self.categories = categories
        self.numeric = numeric
        self.drop = drop
        self.missing = missing
        self.dtype = dtype

    @property
    def columns_(self) -> tuple[Column, ...]:
        """The record of each column."""
        check_is_fitted(self)
        return self.encoding_.columns

    def fit(self, X: Any, y: Any = None) -> Self:
        """Measure every column.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            The training rows; they are not changed.
        y : None
            Ignored.

        Returns
        -------
        TablePreprocessor
            This one.

        Raises
        ------
        DataError
            If a column's values do not go together, or none is left to learn from.
        ValueError
            If a parameter is wrong.
        """
        check_dtype(self.dtype)
        X, names = _table(X, self)
        encoding = TableEncoding.fit(
            X,
            numbers=self.numbers,
            rare=self.rare,
            categories=() if self.categories is None else self.categories,
            numeric=() if self.numeric is None else self.numeric,
            drop=() if self.drop is None else self.drop,
            missing=() if self.missing is None else self.missing,
        )
        if hasattr(self, "feature_names_in_"):
            del self.feature_names_in_
        self.encoding_, self.n_features_in_ = encoding, len(encoding.columns)
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Encode rows.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Columns with names may come in any order, and those that are
            dropped need not be there.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The numbers, of type `dtype`.

        Raises
        ------
        DataError
            If a value is not of its column's kind.
        ValueError
            If a column is missing, or their number is wrong.
        """
        check_is_fitted(self)
        X, names = _table(X, self)
        if names is None and X.shape[1] != self.n_features_in_:
            raise ValueError(
                f"X has {X.shape[1]} features, but {type(self).__name__} is expecting "
                f"{self.n_features_in_} features as input"
            )
        return self.encoding_.transform(X, self.dtype)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name the outputs.

        Parameters
        ----------
        input_features : array-like of str, optional
            The columns' names; they must be those of the training.

        Returns
        -------
        ndarray of shape (n_outputs,), object
            Such as ``age``, ``age missing``, ``town=Rome``.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        if hasattr(self, "feature_names_in_") or input_features is None:
            return np.array(self.encoding_.output_names, object)
        return np.array(self.encoding_.renamed(names.tolist()).output_names, object)

    def describe(self) -> str:
        """Say what is done to each column.

        Returns
        -------
        str
            A line for each: its name, its kind, how many numbers it becomes, and the formula.
        """
        check_is_fitted(self)
        return self.encoding_.describe()

    def _repr_html_inner(self) -> str:
        told = super()._repr_html_inner()
        return told + self.encoding_._repr_html_() if hasattr(self, "encoding_") else told

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


def _table(X: Any, estimator: Any) -> tuple[Any, list[str] | None]:
    """Check what is no table of columns with names; else tell the names."""
    names = column_names(X)
    if names is None:
        X = check_array(X, dtype=None, ensure_all_finite=False, estimator=estimator)
    return X, names

"""Tables as input of estimators: the parameters for columns, and the preprocessor."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Self, cast

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import Tags, _safe_indexing, check_array
from sklearn.utils.validation import (
    _check_feature_names_in,
    _check_n_features,
    check_consistent_length,
    check_is_fitted,
)

from barenet.estimators._array_inputs import errors_naming_argument
from barenet.estimators._estimator import Estimator, fitting
from barenet.estimators._sklearn_bases import TransformerMixin
from barenet.model._arrays import check_dtype
from barenet.settings._task_settings import without_none
from barenet.tables.encoding._alike_names import warn_of_alike_names
from barenet.tables.encoding._encoding import TableEncoding, TableOptions
from barenet.tables.encoding._placeholders import warn_of_placeholders
from barenet.tables.frames._to_frame import column_names
from barenet.tables.reading._column_words import merge_columns


def take_rows(X: Any, rows: NDArray[np.intp], n_rows: int) -> Any:
    """Select rows, in their order, of a table or an array with `n_rows` rows.

    >>> take_rows({"size": [3.5, 1.2, 2.1]}, np.array([0, 2]), 3)
    {'size': [3.5, 2.1]}
    """
    if len(rows) == n_rows:
        return X
    if isinstance(X, Mapping):
        with errors_naming_argument("X"):
            check_consistent_length(*X.values())
        return {name: take_rows(column, rows, n_rows) for name, column in X.items()}
    is_array = isinstance(X, np.ndarray)
    if hasattr(X, "take") and not is_array:
        return X.take(rows)
    return _safe_indexing(X, rows)


@dataclass(kw_only=True, eq=False, repr=False)
class TableInput(Estimator):
    """The base class of the estimators that take a table, with a fitted encoding."""

    rare: float | None = None
    columns: Mapping[str, str] | None = None
    categories: Collection[str] | None = None
    numeric: Collection[str] | None = None
    drop: Collection[str] | None = None
    keep_column: Collection[str] | None = None
    missing: Collection[str] | None = None

    def _options(self) -> TableOptions:
        """Collect the given options of `TableEncoding.fit`."""
        lists = {
            "categories": self.categories,
            "numeric": self.numeric,
            "drop": self.drop,
            "keep_column": self.keep_column,
        }
        requests = merge_columns(self.columns, **without_none(lists))
        options = {"rare": self.rare, "columns": requests, "missing": self.missing}
        return cast(TableOptions, without_none(options))

    def _checked(self, X: Any) -> Any:
        """Check an array; return a table as is."""
        if column_names(X) is not None:
            return X
        with errors_naming_argument("X"):
            array = check_array(X, dtype=None, ensure_all_finite=False, estimator=self)
        return X if np.ma.isMaskedArray(X) else array

    def _keep(self, encoding: TableEncoding, X: Any) -> None:
        """Set the attributes of a fit to these rows."""
        self.__dict__.pop("feature_names_in_", None)
        self.encoding_ = encoding
        self.n_features_in_ = len(encoding.columns)
        names = column_names(X)
        if names is not None:
            self.feature_names_in_ = np.array(names, object)
        warn_of_placeholders(encoding, X)
        warn_of_alike_names(encoding, X)

    def _to_encode(self, X: Any) -> Any:
        """Check that the estimator is fitted, and that rows match those of the fit."""
        check_is_fitted(self)
        X = self._checked(X)
        if column_names(X) is None:
            _check_n_features(self, X, reset=False)
        return X

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


@dataclass(kw_only=True, eq=False, repr=False)
class TablePreprocessor(TransformerMixin, TableInput):
    """Encode a table of numbers, categories, booleans and dates as numbers for a network.

    The training rows determine the type of each column, which ``describe()`` returns with its
    formula:

    - Numbers are scaled, and missing values are replaced by the median, with an indicator output if
      some were missing in training.
    - Categories are one-hot encoded. Rare and new categories share an output; if none was rare in
      training, new ones are all 0. Missing values are a category if some were missing in training.
    - Booleans, such as yes and no, are 1 and 0.
    - Dates become a number that increases with time, and positions in the year, the week and the
      day.
    - Uninformative columns are dropped: those with a single value, or that number or identify the
      rows.

    Parameters
    ----------
    rare : float, default=0.01
        Minimum fraction of the rows for a category of its own; 1 or more is a number of rows, and 0
        keeps every category.
    columns : dict of str to str, optional
        What single columns are, such as ``{"zip": "names", "opened": "date day-first"}``:
        ``names``, ``number``, ``date``, ``date day-first``, ``date month-first``, ``time``,
        ``yes/no``, ``words``, ``keep`` for a column that numbers or identifies the rows, or
        ``drop``.
    categories, numeric, drop, keep_column : list of str, optional
        Older spellings of ``names``, ``number``, ``drop`` and ``keep`` in `columns`.
    missing : list of str, optional
        Markers of missing values besides empty fields, NA, N/A, NaN, null, None, ?, - and the like.
    numbers : {"standardize", "robust", "minmax", "none", "piecewise"}, default="standardize"
        Scaling of numbers: to mean 0 and standard deviation 1; to median 0 and interquartile range
        1, which is robust to outliers; to 0..1; none. Columns of 0 and 1 are not scaled.
        ``"piecewise"`` standardizes, and adds the position in each of several bins of the range,
        so that a network learns steps and bends of a column more easily (Gorishniy et al., 2022).
    bins : int, default=24
        Number of these bins, each with about the same number of rows; fewer if there are many
        columns.
    dtype : {"float64", "float32"}, default="float64"
        Type of the output.

    Attributes
    ----------
    encoding_ : TableEncoding
        The fitted encoding.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_columns,), object
        Their names, if they have any.

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

    numbers: str = "standardize"
    rare: float | None = 0.01
    bins: int = 24
    dtype: str = "float64"

    def fit(self, X: Any, y: Any = None) -> Self:
        """Determine the encoding of every column.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            The training rows.
        y : None
            Ignored.

        Returns
        -------
        TablePreprocessor
            The fitted transformer.

        Raises
        ------
        DataError
            If the values of a column are inconsistent, or no column is left.
        ValueError
            If a parameter is invalid.
        """
        with fitting(self):
            check_dtype(self.dtype)
            X = self._checked(X)
            encoding = TableEncoding.fit(X, numbers=self.numbers, bins=self.bins, **self._options())
            self._keep(encoding, X)
        return self

    def transform(self, X: Any) -> NDArray[Any]:
        """Encode rows.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order, and dropped ones absent.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            The numbers, of type `dtype`.

        Raises
        ------
        DataError
            If a value is not of its column's type.
        ValueError
            If columns are missing.
        """
        rows = self._to_encode(X)
        return self.encoding_.transform(rows, self.dtype)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[Any]:
        """Name the outputs.

        Parameters
        ----------
        input_features : array-like of str, optional
            Names of the columns; they must be those of the training rows.

        Returns
        -------
        ndarray of shape (n_outputs,), object
            Names such as ``age``, ``age missing``, ``town=Rome``.
        """
        check_is_fitted(self)
        names = _check_feature_names_in(self, input_features)
        return np.array(self.encoding_.renamed(names.tolist()).input_names, object)

    def describe(self) -> str:
        """Describe the encoding of each column.

        Returns
        -------
        str
            A line for each: name, type, number of outputs and formula.
        """
        check_is_fitted(self)
        return self.encoding_.describe()

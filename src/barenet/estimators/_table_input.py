"""Tables as the input of estimators: the parameters of the columns, and the checks of X."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import Tags, check_array
from sklearn.utils.validation import _check_n_features, check_is_fitted

from barenet.data._encoding import TableEncoding
from barenet.data._to_frame import column_names


@dataclass(kw_only=True, eq=False, repr=False)
class TableInput(BaseEstimator):
    """The common base of the estimators that take a table, with a fitted encoding."""

    rare: float | None = None
    categories: Collection[str] | None = None
    numeric: Collection[str] | None = None
    drop: Collection[str] | None = None
    keep_column: Collection[str] | None = None
    missing: Collection[str] | None = None

    def _options(self) -> dict[str, Any]:
        """The options of `TableEncoding.fit` that are given."""
        names = ("rare", "categories", "numeric", "drop", "keep_column", "missing")
        return {name: value for name in names if (value := getattr(self, name)) is not None}

    def _checked(self, X: Any) -> Any:
        """Check an array; a table is left as it is."""
        if column_names(X) is not None:
            return X
        return check_array(X, dtype=None, ensure_all_finite=False, estimator=self)

    def _keep(self, encoding: TableEncoding, X: Any) -> None:
        """Set the attributes of a fit to these rows."""
        self.__dict__.pop("feature_names_in_", None)
        self.encoding_, self.n_features_in_ = encoding, len(encoding.columns)
        if (names := column_names(X)) is not None:
            self.feature_names_in_ = np.array(names, object)

    def _encoded(self, X: Any, dtype: DTypeLike) -> NDArray[Any]:
        """Encode rows."""
        check_is_fitted(self)
        X = self._checked(X)
        if column_names(X) is None:
            _check_n_features(self, X, reset=False)
        return self.encoding_.transform(X, dtype)

    def __sklearn_tags__(self) -> Tags:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags

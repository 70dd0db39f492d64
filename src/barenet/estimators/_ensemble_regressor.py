"""MLPEnsembleRegressor: an ensemble of networks that predicts numbers from a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from barenet.estimators._ensemble_base import MultilayerPerceptronEnsemble
from barenet.model._arrays import FloatArray


@dataclass(kw_only=True, eq=False, repr=False)
class MLPEnsembleRegressor(RegressorMixin, MultilayerPerceptronEnsemble):
    """A regressor for tables: an ensemble of small networks, which needs no settings.

    It takes numbers, words, truth values and dates, with missing values, without any preparation,
    and standardizes its targets.

    Parameters
    ----------
    rare, categories, numeric, drop, keep_column, missing : optional
        How the columns are read. These and the other parameters are described in the documentation
        of `MLPEnsembleClassifier`.
    max_iter, random_state, threads, verbose : optional
        The maximum number of epochs, the seed, and the progress.

    Attributes
    ----------
    network_, encoding_, target_scaling_ : Ensemble, TableEncoding and Scaling
        The networks, the encoding of the columns, and the scaling of the targets. The others are
        those of `MLPEnsembleClassifier`: ``history_``, ``loss_curve_``, ``n_iter_`` …
    out_of_fold_score_ : float
        R² of `out_of_fold_predictions_`.
    out_of_fold_predictions_ : ndarray of shape (n_samples, n_outputs)
        Standardized predictions for each training row, by networks not trained on it.
    n_features_in_ : int
        Number of columns.

    Raises
    ------
    ValueError
        In `fit`, if a parameter is invalid or the data can't be used.
    DataError
        In `fit` and `predict`, if the values of a column are inconsistent.

    See Also
    --------
    MLPEnsembleClassifier : The classifier.
    MLPRegressor : One network, with the parameters of scikit-learn's.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPEnsembleRegressor
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> model = MLPEnsembleRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> model.score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], int]:
        self._is_column = y.ndim == 1
        return y.astype(np.float64), 0

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        numbers = self.target_scaling_.inverse_transform(output)
        return numbers[:, 0] if self._is_column else numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

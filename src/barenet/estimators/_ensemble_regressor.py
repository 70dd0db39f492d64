"""MLPEnsembleRegressor: an ensemble of networks that predicts numbers from a table."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from barenet._constraints import check_flag
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
    residuals_ : ConformalResiduals
        The errors of the out-of-fold predictions, for `predict_interval`.

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
    >>> lower, upper = model.predict_interval(X, coverage=0.9)
    >>> float(np.mean((lower <= np.sin(X[:, 0])) & (np.sin(X[:, 0]) <= upper)).round(1))
    0.9
    """

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Predict the target of each row, and on request the spread of the networks.

        The spread is the uncertainty about the function that is learned: by how much networks of
        other initial weights, trained on other rows, differ. It is large where rows of the training
        are few, noisy or far, and small in a gap that all networks cross alike. The noise of the
        targets is not in it, so the mean ± twice the spread contains fewer than 95 % of them: use
        `predict_interval` for that.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.
        return_std : bool, default=False
            Whether to return the spread as well, as ``GaussianProcessRegressor`` does.

        Returns
        -------
        mean : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The mean predictions of the networks.
        std : ndarray of the same shape
            The standard deviation of the networks' predictions in the units of the target, if
            `return_std` is True.
        """
        check_flag(return_std, "return_std")
        if not return_std:
            return super().predict(X)
        inputs = self._encoded(X, np.float32)
        mean, spread = self.network_.mean_and_spread(inputs)
        std = spread / self.target_scaling_.factor
        return self._decode(mean), std[:, 0] if self._is_column else std

    def predict_interval(self, X: Any, coverage: float = 0.9) -> tuple[FloatArray, FloatArray]:
        """Predict intervals that contain a fraction of the targets.

        They are found by cross-conformal prediction: each training row was left out by some of the
        networks, whose errors on it are related to their spread. An interval is as wide as these
        errors, more where the networks differ by more. The coverage holds on average over rows that
        are drawn like those of the training, and not for every kind of row.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.
        coverage : float, default=0.9
            The fraction, above 0 and below 1; at most n / (n + 1) with n training rows, and 0.999.

        Returns
        -------
        lower : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The lower ends of the intervals around the predictions.
        upper : ndarray of the same shape
            The upper ends; the coverage holds for each output.
        """
        inputs = self._encoded(X, np.float32)
        mean, spread = self.network_.mean_and_spread(inputs)
        half = self.residuals_.half_width(spread, coverage)
        return self._decode(mean - half), self._decode(mean + half)

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

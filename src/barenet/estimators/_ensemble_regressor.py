"""MLPEnsembleRegressor: an ensemble of networks that predicts numbers from a table."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.base import RegressorMixin

from barenet.data._scaling import Scaling
from barenet.estimators._ensemble_base import MultilayerPerceptronEnsemble
from barenet.model._arrays import FloatArray


@dataclass(kw_only=True, eq=False, repr=False)
class MLPEnsembleRegressor(RegressorMixin, MultilayerPerceptronEnsemble):
    """A regressor for tables: an ensemble of small networks, which needs no settings.

    It takes numbers, words, truth values and dates, with missing values, without any preparation,
    and standardizes its targets.

    Parameters
    ----------
    rare : float, default=0.01
        Minimum fraction of the rows for a category of its own; 1 or more is a number of rows.
    categories, numeric, drop, missing : list of str, optional
        Columns to treat as categories, as numbers, or to leave out, and further markers of missing
        values, as in `TablePreprocessor`.
    max_iter : int, default=96
        Maximum number of epochs.
    random_state : int, RandomState or None, default=None
        Determines the folds, the initial weights and the order of the rows. The same integer gives
        the same bits, whatever the number of threads.
    threads : int, optional
        Number of networks that are trained at the same time; by default the number of cores.
    verbose : bool, default=False
        Whether to show the epoch and the out-of-fold score, as a bar on a terminal.

    Attributes
    ----------
    network_ : Ensemble
        The networks.
    encoding_ : TableEncoding
        The encoding of the columns.
    history_ : History
        The mean training loss of the networks by epoch, and the epoch that was kept.
    loss_curve_ : list of float
        The same losses.
    n_iter_ : int
        Epochs of the training.
    out_of_fold_score_ : float
        R² of `out_of_fold_predictions_`.
    out_of_fold_predictions_ : ndarray of shape (n_samples, n_outputs)
        Standardized predictions for each training row, by networks not trained on it.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, if they have any.
    target_scaling_ : Scaling
        The scaling of the targets.

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

    Notes
    -----
    Numbers are encoded in pieces (`TablePreprocessor`). Networks over several folds are trained by
    AdamW; the parameters of each are averaged over its epochs. The epoch at which training ends is
    that of the lowest expected loss of the ensemble, estimated from rows that networks left out.

    Ctrl-C ends the training with the best epoch until then.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPEnsembleRegressor
    >>> X = np.linspace(-3, 3, 200).reshape(-1, 1)
    >>> model = MLPEnsembleRegressor(random_state=0).fit(X, np.sin(X[:, 0]))
    >>> model.score(X, np.sin(X[:, 0])) > 0.99
    True
    """

    _numeric_targets: ClassVar[bool] = True

    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], int]:
        targets = y.reshape(len(y), -1).astype(np.float64)
        self._is_column = y.ndim == 1
        self.target_scaling_ = Scaling.fit("standardize", targets)
        return self.target_scaling_.transform(targets), 0

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        numbers = self.target_scaling_.inverse_transform(output)
        return numbers[:, 0] if self._is_column else numbers

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

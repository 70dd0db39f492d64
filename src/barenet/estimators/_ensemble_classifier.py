"""MLPEnsembleClassifier: an ensemble of networks that predicts classes from a table."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from sklearn.base import ClassifierMixin

from barenet.errors import ArgumentError
from barenet.estimators._ensemble_base import MultilayerPerceptronEnsemble
from barenet.estimators._target_encoders import LabelEncoder, weights_by_class
from barenet.model._arrays import FloatArray


@dataclass(kw_only=True, eq=False, repr=False)
class MLPEnsembleClassifier(ClassifierMixin, MultilayerPerceptronEnsemble):
    """A classifier for tables: an ensemble of small networks, which needs no settings.

    It takes numbers, words, truth values and dates, with missing values, without any preparation.

    Parameters
    ----------
    rare : float, optional
        Minimum fraction of the rows for a category of its own; 1 or more is a number of rows. By
        default 0.01, or one of 0, 0.005, 0.02 and 0.05 that lowers the leave-one-out error of ridge
        regression on the encoded columns by 1 % or more.
    categories, numeric, drop, keep_column, missing : list of str, optional
        Columns to treat as categories, as numbers, to leave out or to keep, and further markers of
        missing values, as in `TablePreprocessor`.
    max_iter : int, default=96
        Maximum number of epochs.
    random_state : int, RandomState or None, default=None
        Determines the folds, the initial weights and the order of the rows. The same integer gives
        the same bits, whatever the number of threads.
    threads : int, optional
        Number of networks that are trained at the same time; by default the number of cores.
    verbose : bool, default=False
        Whether to show the epoch and the out-of-fold score, as a bar on a terminal.
    class_weight : "balanced", dict or None, default=None
        Weights of the classes, or "balanced" for the same total weight of each class. They are
        multiplied by `sample_weight`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted.
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
        Accuracy of `out_of_fold_predictions_`.
    out_of_fold_predictions_ : ndarray of shape (n_samples, n_classes)
        Probabilities of the classes for each training row, by networks not trained on it.
    n_features_in_ : int
        Number of columns.
    feature_names_in_ : ndarray of shape (n_features,), object
        Their names, if they have any.

    Raises
    ------
    ValueError
        In `fit`, if a parameter is invalid or the data can't be used.
    DataError
        In `fit` and `predict`, if the values of a column are inconsistent.

    See Also
    --------
    MLPEnsembleRegressor : The regressor.
    MLPClassifier : One network, with the parameters of scikit-learn's.

    Notes
    -----
    Numbers are encoded in pieces (`TablePreprocessor`). Networks over several folds are trained by
    AdamW; the parameters of each are averaged over its epochs. The epoch at which training ends is
    that of the lowest expected loss of the ensemble, estimated from rows that networks left out.

    Ctrl-C ends the training with the best epoch until then.

    Examples
    --------
    >>> from barenet import MLPEnsembleClassifier
    >>> islands = ["Dream", "Biscoe", "", "Dream"]
    >>> birds = {"bill": [38.5, None, 46.0, 50.2] * 9, "island": islands * 9}
    >>> species = ["Adelie", "Adelie", "Gentoo", "Chinstrap"] * 9
    >>> model = MLPEnsembleClassifier(random_state=0).fit(birds, species)
    >>> model.predict({"bill": [45.5, 39.0], "island": ["", "Biscoe"]}).tolist()
    ['Gentoo', 'Adelie']
    """

    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None

    def predict_proba(self, X: Any) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`.
        """
        outputs = self._outputs(X)
        return outputs if len(self.classes_) > 1 else np.ones_like(outputs[:, :1])

    def _class_weights(self, y: NDArray[Any]) -> NDArray[Any]:
        return weights_by_class(self.class_weight, y, self.classes_)

    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], int]:
        encoder = LabelEncoder(y)
        if encoder.multilabel:
            raise ArgumentError("expected one class for each row", argument="y")
        self.classes_ = encoder.classes
        return np.searchsorted(self.classes_, y), max(2, len(self.classes_))

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        return self.classes_[output[:, : len(self.classes_)].argmax(axis=1)]

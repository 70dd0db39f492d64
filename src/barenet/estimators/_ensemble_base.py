"""The common base of the ensemble estimators: tables in, an ensemble trained, predictions out."""

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils import check_random_state
from sklearn.utils.validation import _num_samples

from barenet._constraints import check_fields, check_flag, option
from barenet.engines import Ensemble
from barenet.errors import caller_stacklevel
from barenet.estimators._array_inputs import check_y, errors_naming_argument
from barenet.estimators._table_input import TableInput
from barenet.model._array_dataset import check_sample_weight
from barenet.model._arrays import FloatArray
from barenet.population._ensemble_training import EnsembleTraining, train_on_table


@dataclass(kw_only=True, eq=False, repr=False)
class MultilayerPerceptronEnsemble(TableInput, ABC):
    """An ensemble of networks for tables; subclasses encode the targets."""

    max_iter: int = option(96, ge=1, integer=True)
    random_state: int | np.random.RandomState | None = None
    threads: int | None = option(None, ge=1, integer=True)
    verbose: bool = False

    def fit(self, X: Any, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Self:
        """Train on the rows of a table and their targets.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            The rows: numbers, words, truth values and dates, of which some may be missing.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The class of each row, of any type; or numbers.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        MLPEnsembleClassifier or MLPEnsembleRegressor
            The fitted estimator.
        """
        check_fields(self)
        check_flag(self.verbose, "verbose")
        with errors_naming_argument("random_state"):
            seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        X = self._checked(X)
        n_rows = _num_samples(X if hasattr(X, "shape") else next(iter(X.values()), ()))
        y = check_y(y, n_rows, self)
        targets, n_classes = self._encode(y)
        weight, float64 = self._class_weights(y), np.dtype(np.float64)
        if sample_weight is not None:
            weight = weight * check_sample_weight(sample_weight, n_rows, float64)
        weight = check_sample_weight(weight, n_rows, float64)
        options = {"weight": weight, "epochs": int(self.max_iter), "seed": seed, **self._options()}
        training, encoding, scaling = train_on_table(X, targets, n_classes, **options)
        if scaling is not None:
            self.target_scaling_ = scaling
        self._train(training)
        self._keep(encoding, X)
        self._n_rows = {"training": n_rows}
        return self

    def _train(self, training: EnsembleTraining) -> None:
        """Train the networks, and set the attributes of the result."""
        self.history_ = training.run(self.threads, progress=self.verbose)
        if training.was_interrupted:
            message = "interrupted; the estimator keeps the best epoch until now"
            warnings.warn(message, stacklevel=caller_stacklevel())
        best = training.best
        assert best is not None
        self.network_: Ensemble = training.ensemble()
        self.n_iter_ = len(self.history_)
        self.loss_curve_ = list(self.history_.loss)
        self.out_of_fold_score_, self.out_of_fold_predictions_ = best.score, best.predictions
        if best.residuals is not None:
            self.residuals_ = best.residuals
        self._scores = best.scores

    def predict(self, X: Any) -> NDArray[Any]:
        """Predict the target of each row.

        Parameters
        ----------
        X : DataFrame, Frame, mapping, or array-like of shape (n_samples, n_features)
            Rows of such a table. Named columns may be in any order.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class of each row, or numbers.
        """
        return self._decode(self._outputs(X))

    def _outputs(self, X: Any) -> FloatArray:
        """The outputs of the ensemble."""
        inputs = self._encoded(X, np.float32)
        return self.network_.predict(inputs)

    def _class_weights(self, y: NDArray[Any]) -> NDArray[Any]:
        """The weight of each row by its class, 1 for numbers."""
        return np.ones(len(y))

    @abstractmethod
    def _encode(self, y: NDArray[Any]) -> tuple[NDArray[Any], int]:
        """The targets of the networks, and the number of classes, 0 for numbers."""

    @abstractmethod
    def _decode(self, output: FloatArray) -> NDArray[Any]:
        """The predictions for outputs of the ensemble."""

"""The base class of both estimators: checks, initialization, continued training, predictions."""

from __future__ import annotations

import numbers
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import csr_matrix, issparse
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted, validate_data

from barenet._constraints import checks_arguments
from barenet._train import held_out_rows
from barenet.engines import Job
from barenet.errors import ArgumentError
from barenet.estimators._array_inputs import (
    check_groups,
    check_series,
    check_y,
    errors_naming_argument,
    is_plain,
)
from barenet.estimators._estimator import Estimator, absent, unchanged_on_error
from barenet.estimators._fit_loop import Patience, run_epochs
from barenet.estimators._parameters import Parameters, dense_layers_of, views_of
from barenet.estimators._scoring import ValidationScorer, split_validation
from barenet.estimators._sklearn_bases import CallbackSupportMixin, with_callbacks
from barenet.estimators._sklearn_callbacks import TaskReporter
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._arrays import INPUT_DTYPES, FloatArray
from barenet.model._network import Network
from barenet.model._randomness import derive_key
from barenet.model.losses import Loss, as_loss
from barenet.model.losses._scikit_learn import as_in_scikit_learn
from barenet.optimization._penalties import L2
from barenet.optimization.optimizers import LBFGS, Optimizer, as_optimizer
from barenet.optimization.optimizers._optimizer import as_clipping
from barenet.training._history import History
from barenet.training._loop import exclusive

#: scikit-learn's names of output activations, where they differ.
OUTPUT_NAMES = {"sigmoid": "logistic", "exponential": "exp"}


class MultilayerPerceptron(Parameters, CallbackSupportMixin, Estimator, ABC):
    """A network with scikit-learn's parameters and attributes; subclasses encode the targets."""

    network_: Network
    n_features_in_: int
    #: The encoder of the targets, a `LabelEncoder` or a `NumberEncoder`.
    _encoder: Any
    #: Whether the labels of the first fit were a sparse matrix; if so, predictions are sparse too.
    _has_sparse_labels = False

    coefs_ = views_of("weights", "The weights of each layer.")
    intercepts_ = views_of("bias", "The bias of each layer.")
    feature_importances_ = absent(
        "feature_importances_",
        "use barenet.permutation_importance(estimator, X, y); MLPEnsembleClassifier and "
        "MLPEnsembleRegressor have this attribute",
    )

    @checks_arguments
    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train on rows and their targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows, which should be scaled to about −1 … 1. float32 and float16 are trained in
            float32, all other types in float64. A sparse matrix stays sparse, but is converted to
            CSR.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            The targets of a regressor, which should also be scaled to about −1 … 1 unless the
            output is exponential; or the classes of a classifier, of one type, or 0 or 1 for each
            of several labels.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows. A row of weight 0 has no part in the loss, but, as in scikit-learn,
            it counts as a row of its mini-batch, and its class is one of `classes_`.
        validation_data : tuple of X and y, or of X, y and sample weights, optional
            Validation rows, measured after each epoch and used by early stopping.
        groups : array-like of shape (n_samples,), optional
            The group of each row, such as a patient with several rows: numbers, text or dates, of
            at least two different values. If ``early_stopping=True`` splits off a validation set,
            it has whole groups, `validation_fraction` of all; otherwise, they have no effect.

        Returns
        -------
        MLPClassifier or MLPRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, validation_data=validation_data, groups=groups)

    @available_if(lambda self: self._has_partial_fit())
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Train for one epoch, continuing from the last call.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.

        Returns
        -------
        MLPClassifier or MLPRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Predict the target of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Numbers in the network's precision; for a classifier, the most probable class, or 0 or 1
            for each label. A CSR matrix if a classifier was fitted to sparse labels.
        """
        output = self._predict_output(X)
        predictions: Any = self._encoder.decode(output)
        if self._has_sparse_labels:
            predictions = csr_matrix(predictions)
        return predictions

    # Subclasses

    @abstractmethod
    def _make_encoder(self, y: NDArray[Any], classes: ArrayLike | None) -> Any:
        """Make the encoder for the targets of the first call, given all `classes` if known."""

    def _make_loss(self: Any) -> Loss:
        """Make the loss that the parameters specify, with the value that scikit-learn stops by."""
        network = self.network_
        loss = as_loss(self.loss, network.output_activation)
        return as_in_scikit_learn(loss, self.n_outputs_, network.dtype)

    def _encode(self, y: NDArray[Any]) -> FloatArray:
        """Encode targets for the network."""
        return self._encoder.encode(y)

    def _sample_weight(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        """The weights of the rows."""
        if isinstance(sample_weight, numbers.Real):
            return np.full(len(y), sample_weight, float)
        return sample_weight

    # Training

    def _fit(self, X: ArrayLike, y: ArrayLike, *args: Any, **options: Any) -> Self:
        """Check the parameters and train, refusing a second call meanwhile."""
        with exclusive(self, type(self).__name__):
            self._check_parameters()
            self._fit_exclusively(X, y, *args, **options)
        return self

    @with_callbacks
    def _fit_exclusively(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
        groups: ArrayLike | None = None,
        incremental: bool = False,
        classes: ArrayLike | None = None,
    ) -> None:
        """Check the data, and then start or continue the training."""
        task = None
        if getattr(self, "_skl_callbacks", ()) and not incremental:
            task = self._init_callback_context(max_subtasks=int(self.max_iter))
        is_fitted = hasattr(self, "network_")
        continued = is_fitted and (self.warm_start or incremental)
        with unchanged_on_error(self, continued):
            is_sparse = issparse(y)
            X, y = self._check_arrays(X, y, reset=not continued)
            group_numbers = check_groups(groups, len(y)) if groups is not None else None
            if not continued:
                self._encoder = self._make_encoder(y, classes)
                self._has_sparse_labels = is_sparse and self._encoder.multilabel
            self._check_continued(y, continued, incremental)
            targets = self._encode(y)
            rng = self._make_random_state()
            if not continued:
                n_outputs = targets.shape[1] * self._encoder.outputs_per_target
                self._initialize(X, n_outputs, rng)
            loss = self._make_loss()
            weight = self._sample_weight(sample_weight, y)
            rows = validate_arrays(self.network_, loss, X, targets, weight)
            rows, scorer = self._split(rows, validation_data, rng, group_numbers)
            job = self._job(rows, loss, incremental, rng)
            reporter = TaskReporter(self, task, X, y, sample_weight) if task is not None else None
            history, self.loss_ = run_epochs(self, job, scorer, incremental, rng, reporter)
            self._set_attributes(job, history, scorer)
        if reporter is not None:
            reporter.end()

    def _check_arrays(self, X: Any, y: Any, *, reset: bool) -> tuple[Any, NDArray[Any]]:
        """Convert X to a float array or CSR matrix, and y to an array of one or two dimensions."""
        check_series(X, "X")
        is_accepted = is_plain(X)
        if is_accepted and not reset:
            has_names = len(getattr(self, "feature_names_in_", ())) > 0
            is_accepted = not has_names and X.shape[1] == self.n_features_in_
        if is_accepted:
            self.n_features_in_ = X.shape[1]
            self.__dict__.pop("feature_names_in_", None)
        else:
            dtypes: list[Any] = [np.float64, np.float32]
            if getattr(X, "dtype", None) == np.float16:
                dtypes = [np.float32]
            with errors_naming_argument("X", X):
                X = validate_data(self, X, accept_sparse="csr", dtype=dtypes, reset=reset)
        return X, check_y(y, X.shape[0], self)

    def _check_continued(self, y: NDArray[Any], continued: bool, incremental: bool) -> None:
        """Reject parameters that make it impossible to continue the training."""
        if incremental and self.early_stopping:
            problem = "partial_fit does not support early_stopping=True"
            raise ArgumentError(problem, argument="early_stopping")
        if incremental and self.schedule is not None:
            problem = "it follows the epochs of fit, and partial_fit has one"
            raise ArgumentError(problem, argument="schedule")
        if not continued:
            return
        structure = self._structure()
        # An estimator that was pickled by 0.2.0 lacks the structure of its network.
        built_with = getattr(self, "_built_with", structure)
        for name, value in structure.items():
            before = built_with[name]
            if repr(value) != repr(before):
                problem = f"{value}, and the network to continue has {before}"
                remedy = "fit with warm_start=False makes a new one"
                raise ArgumentError(problem, argument=name, remedy=remedy)

    def _initialize(self, X: Any, n_outputs: int, rng: np.random.RandomState) -> None:
        """Make a new network."""
        output = self._encoder.activation
        self.network_ = self._make_network(X, n_outputs, rng)
        self._built_with = self._structure()
        self.n_outputs_ = n_outputs
        self.n_layers_ = len(dense_layers_of(self.network_)) + 1
        self.out_activation_ = OUTPUT_NAMES.get(output, output)
        self.t_ = 0
        self.loss_curve_: list[float] = []
        self.best_loss_: float | None = None
        self._optimizer: Optimizer | LBFGS | None = None
        self._patience = Patience()

    def _split(
        self,
        rows: ArrayDataset,
        data: Sequence[ArrayLike] | None,
        rng: np.random.RandomState,
        groups: NDArray[np.intp] | None,
    ) -> tuple[ArrayDataset, ValidationScorer | None]:
        """Return the training rows, and a scorer if validation rows are given or needed."""
        if data is not None:
            validation = held_out_rows(data, "validation_data", self._validation_rows)
        elif self.early_stopping and not self._make_optimizer().full_batch:
            strata = self._encoder.strata(rows)
            fraction = self.validation_fraction
            rows, validation = split_validation(rows, fraction, strata, rng, groups)
        else:
            return rows, None
        return rows, ValidationScorer(self, validation)

    def _validation_rows(self, X: Any, y: Any, weight: ArrayLike | None = None) -> ArrayDataset:
        """Check given validation rows, and encode their targets."""
        X, y = self._check_arrays(X, y, reset=False)
        return validate_arrays(self.network_, self._make_loss(), X, self._encode(y), weight)

    def _job(
        self, rows: ArrayDataset, loss: Loss, incremental: bool, rng: np.random.RandomState
    ) -> Job:
        """Make the job of a step."""
        before = self._optimizer
        if incremental and isinstance(before, Optimizer):
            optimizer: Optimizer | LBFGS = before
        else:
            optimizer = self._make_optimizer()
            if isinstance(before, Optimizer) and type(before) is type(optimizer):
                optimizer.moments = before.moments
                optimizer.n_steps = before.n_steps
        self._optimizer = optimizer
        seed = 0
        if self.dropout > 0:  # scikit-learn draws nothing otherwise
            seed = rng.randint(2**31 - 1)
        penalties = []
        if self.alpha > 0:
            penalties.append(L2(self.alpha, normalize_by_batch=True))
        return Job(
            network=self.network_,
            rows=rows,
            loss=loss,
            optimizer=optimizer,
            penalties=penalties,
            clipping=as_clipping(self.clip),
            seed=derive_key(seed, self.t_) % 2**32,
        )

    def _set_attributes(self, job: Job, history: History, scorer: ValidationScorer | None) -> None:
        """Set scikit-learn's attributes after training."""
        n_rows = len(job.rows.X)
        stochastic = not job.optimizer.full_batch
        self.history_ = history
        self.n_iter_ = len(history)
        self._n_rows = {"training": n_rows}
        if scorer is not None:
            self._n_rows["validation"] = len(scorer.rows.X)
        if stochastic:
            self.t_ += n_rows * len(history)
        self.validation_scores_: list[float] | None = None
        self.best_validation_score_: float | None = None
        if stochastic and self.early_stopping:
            self.best_loss_ = None
            self.validation_scores_ = list(self._patience.scores)
            self.best_validation_score_ = -self._patience.best
        else:
            earlier = [self.best_loss_] if self.best_loss_ is not None else self.loss_curve_
            self.best_loss_ = min([*earlier, *history.loss, self.loss_])
        self.loss_curve_ += history.loss

    # Predictions

    def _predict_output(self, X: Any) -> FloatArray:
        """The network's output."""
        if self._takes_directly(X):
            with suppress(ArgumentError):  # scikit-learn's slower checks raise the error
                return self.network_.predict(X)
        check_is_fitted(self)
        check_series(X, "X")
        with errors_naming_argument("X", X):
            X = validate_data(self, X, accept_sparse="csr", reset=False)
        return self.network_.predict(X)

    def _takes_directly(self, X: Any) -> bool:
        """Return whether the network may take X itself, as it was fitted to such an array."""
        attributes = vars(self)
        if "network_" not in attributes or "feature_names_in_" in attributes:
            return False
        is_array = type(X) in (np.ndarray, np.memmap) or issparse(X)
        return is_array and X.dtype in INPUT_DTYPES

    def _has_partial_fit(self) -> bool:
        """Return whether the optimizer uses mini-batches; the call rejects an invalid one."""
        with suppress(ArgumentError):
            if self.optimizer is None:
                is_full = self.solver == "lbfgs"
            else:
                is_full = as_optimizer(self.optimizer).full_batch
            if is_full:
                raise AttributeError("partial_fit: lbfgs needs all rows at once")
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

"""The common base of both estimators: checks, initialization, continued training, predictions."""

from __future__ import annotations

import copy
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from barenet.engines import Job
from barenet.errors import ArgumentError
from barenet.estimators._array_inputs import as_dense, check_series, naming_argument
from barenet.estimators._early_stopping import StoppingState, ValidationSet, split_validation
from barenet.estimators._fit_loop import FitLoop, Rollback
from barenet.estimators._parameters import (
    check_parameters,
    dense_layers_of,
    hidden_sizes,
    make_network,
    make_optimizer,
    random_state_of,
)
from barenet.estimators._scoring import DefaultScorer, SklearnScorers, as_scorers
from barenet.estimators._sklearn_callbacks import (
    CallbackSupportMixin,
    SklearnCallbackAdapter,
    with_callbacks,
)
from barenet.model._array_dataset import ArrayDataset, validate_arrays
from barenet.model._arrays import FloatArray
from barenet.model._network import Network
from barenet.model._randomness import derive_key
from barenet.model.losses import Loss
from barenet.optimization._clipping import as_clipping
from barenet.optimization._penalties import L2
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.training._history import History
from barenet.training._loop import exclusive

#: scikit-learn's names of output activations, where they differ.
OUTPUT_NAMES = {"sigmoid": "logistic", "exponential": "exp"}

#: Rows of a sparse matrix that are made dense at a time in predictions.
CHUNK = 4096


class ParameterViews(list[Any]):
    """Weights or biases of a network's layers; assignments are written into the network.

    Examples
    --------
    >>> parameters = np.zeros(3)
    >>> views = ParameterViews([parameters[:2], parameters[2:]])
    >>> views[0] = [1.0, 2.0]
    >>> parameters
    array([1., 2., 0.])
    """

    def __setitem__(self, index: Any, value: Any) -> None:
        if isinstance(index, slice):
            for view, array in zip(self[index], value, strict=True):
                view[...] = array
        else:
            self[index][...] = value

    def write(self, arrays: Iterable[ArrayLike]) -> None:
        """Write arrays of the same shapes into all of these."""
        self[:] = list(arrays)


class MultilayerPerceptron(CallbackSupportMixin, BaseEstimator, ABC):
    """A network with scikit-learn's parameters and attributes; subclasses encode the targets."""

    _numeric_targets: ClassVar[bool]
    _default_score: ClassVar[str]

    network_: Network
    history_: History
    n_features_in_: int
    _n_rows: dict[str, int]
    _optimizer: Optimizer | LBFGS | None
    _stopping_state: StoppingState

    @property
    def coefs_(self) -> ParameterViews:
        """The weights of each layer."""
        return ParameterViews(layer.weights for layer in dense_layers_of(self.network_))

    @coefs_.setter
    def coefs_(self, arrays: Sequence[ArrayLike]) -> None:
        self.coefs_.write(arrays)

    @property
    def intercepts_(self) -> ParameterViews:
        """The bias of each layer."""
        return ParameterViews(layer.bias for layer in dense_layers_of(self.network_))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[ArrayLike]) -> None:
        self.intercepts_.write(arrays)

    def set_params(self, **params: Any) -> Self:
        """Set parameters: all of them, or none if one of the names is unknown.

        Parameters
        ----------
        **params : object
            The new values by name.

        Returns
        -------
        object
            The estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        with _unchanged_on_error(self):
            super().set_params(**params)
        return self

    # Targets

    @abstractmethod
    def _validate_targets(self, y: NDArray[Any], classes: ArrayLike | None) -> None:
        """Check the targets of the first call; `classes` are all of them, if known."""

    @abstractmethod
    def _encode(self, y: NDArray[Any]) -> FloatArray:
        """Encode targets for the network."""

    @abstractmethod
    def _decode(self, output: FloatArray) -> NDArray[Any]:
        """Decode outputs of the network into predictions."""

    @abstractmethod
    def _output_name(self) -> str:
        """The name of the output activation."""

    @abstractmethod
    def _make_loss(self) -> Loss:
        """The loss of the parameters."""

    @abstractmethod
    def _score_output(self, output: FloatArray, rows: ArrayDataset) -> float:
        """The default score of an output; greater is better."""

    def _strata(self, rows: ArrayDataset) -> NDArray[Any] | None:
        """The groups by which validation rows are stratified."""
        return None

    def _sample_weight(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        """The weights of the rows."""
        if isinstance(sample_weight, numbers.Real):
            return np.full(len(y), float(sample_weight))
        return sample_weight

    # Training

    def _fit(self, X: ArrayLike, y: ArrayLike, *rest: Any, **more: Any) -> Self:
        """Check the parameters, and train; a second call meanwhile is an error."""
        with exclusive(self, type(self).__name__):
            check_parameters(self)
            as_scorers(self.scoring)
            self._fit_exclusively(X, y, *rest, **more)
        return self

    @with_callbacks
    def _fit_exclusively(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
        incremental: bool = False,
        classes: ArrayLike | None = None,
    ) -> None:
        """Check the data, and then start or continue the training."""
        adapter = None if incremental else SklearnCallbackAdapter(self)
        with _unchanged_on_error(self) as on_error:
            continued = hasattr(self, "network_") and (self.warm_start or incremental)
            X, y = self._check_arrays(X, y, reset=not continued)
            if not continued:
                self._validate_targets(y, classes)
            targets, rng = self._encode(y), random_state_of(self)
            self._check_continued(y, continued, incremental)
            if not continued:
                self._initialize(X, targets.shape[1], rng)
            loss, weight = self._make_loss(), self._sample_weight(sample_weight, y)
            rows = validate_arrays(self.network_, loss, X, targets, weight)
            training, validation = self._split(rows, validation_data, rng)
            job = self._job(training, loss, incremental, rng)
            rollback = Rollback(job.optimizer, self._stopping_state) if continued else None
            if rollback is not None:
                on_error.callback(rollback.restore)
            scored = self._validation_set(validation)
            loop = FitLoop(self, job, self._stopping_state, rng, scored, rollback)
            if adapter is not None:
                adapter.begin(X, y, sample_weight)
            history = loop.run(1 if incremental else int(self.max_iter), self.t_, adapter)
            self._set_fitted_attributes(loop, history)
            if not incremental:
                loop.warn_unless_converged(history)
        if adapter is not None:
            adapter.end()

    def _check_arrays(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """X as a dense float array, and y as an array of one or two dimensions."""
        check_series(X, "X")
        check_series(y, "y", dates=not self._numeric_targets)
        half = getattr(X, "dtype", None) == np.float16
        with naming_argument(X):
            X, y = validate_data(
                self,
                X,
                y,
                accept_sparse="csr",
                multi_output=True,
                y_numeric=self._numeric_targets,
                dtype=[np.float32] if half else [np.float64, np.float32],
                reset=reset,
            )
        X, y = as_dense(X, "X"), as_dense(y, "y")
        return X, column_or_1d(y, warn=True) if y.ndim == 2 and y.shape[1] == 1 else y

    def _check_continued(self, y: NDArray[Any], continued: bool, incremental: bool) -> None:
        """Refuse parameters with which the training can't continue."""
        if incremental and self.early_stopping:
            problem = "partial_fit does not support early_stopping=True"
            raise ArgumentError(problem, argument="early_stopping")
        if incremental and self.schedule is not None:
            problem = "it follows the epochs of fit, and partial_fit has one"
            raise ArgumentError(problem, argument="schedule")
        if continued:
            widths = [layer.n_out for layer in dense_layers_of(self.network_)[:-1]]
            if widths != hidden_sizes(self):
                raise ArgumentError(
                    f"{hidden_sizes(self)}, and the network to continue has {widths}",
                    argument="hidden_layer_sizes",
                    remedy="fit with warm_start=False makes a new one",
                )

    def _initialize(self, X: NDArray[Any], n_outputs: int, rng: np.random.RandomState) -> None:
        """Make a new network."""
        output = self._output_name()
        self.network_ = make_network(self, X.shape[1], n_outputs, output, rng, X.dtype)
        self.n_outputs_ = n_outputs
        self.n_layers_ = len(dense_layers_of(self.network_)) + 1
        self.out_activation_ = OUTPUT_NAMES.get(output, output)
        self.t_ = 0
        self.loss_curve_: list[float] = []
        self._optimizer, self._stopping_state = None, StoppingState()

    def _split(
        self,
        rows: ArrayDataset,
        validation_data: Sequence[ArrayLike] | None,
        rng: np.random.RandomState,
    ) -> tuple[ArrayDataset, ArrayDataset | None]:
        """Split off validation rows, if early stopping needs them and none are given."""
        if validation_data is not None:
            return rows, self._check_validation(validation_data)
        stochastic = not make_optimizer(self).full_batch
        if not (self.early_stopping and stochastic):
            return rows, None
        return split_validation(rows, self.validation_fraction, self._strata(rows), rng)

    def _check_validation(self, data: Sequence[ArrayLike]) -> ArrayDataset:
        if not isinstance(data, tuple | list) or len(data) not in (2, 3):
            raise ArgumentError(
                "expected (X, y) or (X, y, sample_weight)", argument="validation_data"
            )
        try:
            X, y = self._check_arrays(*data[:2], reset=False)
            weight = data[2] if len(data) == 3 else None
            return validate_arrays(self.network_, self._make_loss(), X, self._encode(y), weight)
        except ValueError as error:
            raise ArgumentError(str(error), argument="validation_data") from error

    def _validation_set(self, rows: ArrayDataset | None) -> ValidationSet | None:
        if rows is None:
            return None
        scorers = as_scorers(self.scoring)
        if not scorers:
            scorer = DefaultScorer(self._default_score, self._score_output, rows)
            return ValidationSet(rows, scorer)
        scores = SklearnScorers(self, scorers, rows, self._decode(rows.y))
        scores.check(self.network_.predict(rows.X))
        return ValidationSet(rows, scores)

    def _job(
        self, rows: ArrayDataset, loss: Loss, incremental: bool, rng: np.random.RandomState
    ) -> Job:
        optimizer = make_optimizer(self)
        if self._optimizer is not None and type(self._optimizer) is type(optimizer):
            if incremental:
                optimizer = self._optimizer
            elif isinstance(self._optimizer, Optimizer) and isinstance(optimizer, Optimizer):
                optimizer.moments = copy.deepcopy(self._optimizer.moments)
                optimizer.n_steps = self._optimizer.n_steps
        self._optimizer = optimizer
        seed = rng.randint(2**31 - 1) if self.dropout > 0 else 0  # else scikit-learn draws nothing
        return Job(
            network=self.network_,
            rows=rows,
            loss=loss,
            optimizer=optimizer,
            penalties=[L2(self.alpha, normalize_by_batch=True)] if self.alpha > 0 else [],
            clipping=as_clipping(self.clip),
            seed=derive_key(seed, self.t_) % 2**32,
        )

    def _set_fitted_attributes(self, loop: FitLoop, history: History) -> None:
        """Set scikit-learn's attributes after the training."""
        state, n_rows = self._stopping_state, len(loop.job.rows.X)
        self.history_, self.n_iter_ = history, len(history)
        self.loss_ = loop.loss(history)
        self.loss_curve_ = [*self.loss_curve_, *history.loss]
        self.t_ += n_rows * len(history) if loop.stochastic else 0
        scored = loop.stochastic and self.early_stopping
        self.best_loss_ = None if scored else min([*self.loss_curve_, self.loss_])
        self.validation_scores_ = list(state.scores) if scored else None
        self.best_validation_score_ = -state.best if scored else None
        self._n_rows = {"training": n_rows}
        if loop.validation is not None:
            self._n_rows["validation"] = len(loop.validation.rows.X)

    # Predictions

    def _predict_output(self, X: Any) -> FloatArray:
        """The network's output; sparse rows are made dense in chunks."""
        check_is_fitted(self)
        check_series(X, "X")
        with naming_argument(X):
            X = validate_data(self, X, accept_sparse="csr", reset=False)
        if isinstance(X, np.ndarray):
            return self.network_.predict(X)
        starts = range(0, X.shape[0], CHUNK)
        chunks = (as_dense(X[start : start + CHUNK], "X") for start in starts)
        return np.concatenate([self.network_.predict(chunk) for chunk in chunks])

    def _has_partial_fit(self) -> bool:
        """Whether the optimizer has mini-batches."""
        optimizer = self.solver if self.optimizer is None else self.optimizer
        name = optimizer.partition(":")[0].strip() if isinstance(optimizer, str) else ""
        if isinstance(optimizer, LBFGS) or name == LBFGS.name:
            raise AttributeError("partial_fit: lbfgs needs all rows at once")
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@contextmanager
def _unchanged_on_error(estimator: object) -> Iterator[ExitStack]:
    """Restore an estimator's attributes, and run the callbacks of the stack, if the block fails."""
    before, on_error = dict(vars(estimator)), ExitStack()
    try:
        yield on_error
    except BaseException:
        on_error.close()
        vars(estimator).clear()
        vars(estimator).update(before)
        raise

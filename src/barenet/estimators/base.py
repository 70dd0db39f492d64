"""What both estimators have in common: checking, where learning starts and goes on, predicting."""

from __future__ import annotations

import copy
import numbers
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted, column_or_1d, validate_data

from barenet.engines import Job
from barenet.estimators.arrays import check_series, naming
from barenet.estimators.coefficients import Views
from barenet.estimators.dense import as_dense
from barenet.estimators.held_out import Examination, split_off
from barenet.estimators.rounds import Rounds
from barenet.estimators.scoring import Scores, as_scorers
from barenet.estimators.settings import (
    Settings,
    check_settings,
    hidden_sizes,
    make_optimizer,
    random_state_of,
)
from barenet.estimators.start import dense_layers_of, make_network
from barenet.estimators.stopping import Standing
from barenet.estimators.tasks import CallbackSupportMixin, Tasks, with_callbacks
from barenet.estimators.undo import Undo
from barenet.estimators.usual_score import UsualScore
from barenet.model.array_dataset import ArrayDataset, validate_arrays
from barenet.model.arrays import FloatArray
from barenet.model.losses import Loss
from barenet.model.network import Network
from barenet.model.randomness import derive_key
from barenet.optimization.clipping import as_clipping
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.penalties import L2
from barenet.training.history import History
from barenet.training.run import exclusive

__all__ = ["MultilayerPerceptron"]

#: scikit-learn's names of output activations, where they differ.
OUTPUT_NAMES = {"sigmoid": "logistic", "exponential": "exp"}

#: Rows of a sparse matrix that are made dense at a time.
CHUNK = 4096


class MultilayerPerceptron(CallbackSupportMixin, Settings, BaseEstimator, ABC):
    """A network with scikit-learn's parameters and attributes.

    A subclass says what its targets are, and how they become what a network says and back.
    """

    _numeric_targets: ClassVar[bool]
    _usual_score: ClassVar[str]

    network_: Network
    history_: History
    n_features_in_: int
    _n_rows: dict[str, int]
    _optimizer: Optimizer | LBFGS | None
    _standing: Standing

    @property
    def coefs_(self) -> Views:
        """The weights of each layer."""
        return Views(layer.weights for layer in dense_layers_of(self.network_))

    @coefs_.setter
    def coefs_(self, arrays: Sequence[ArrayLike]) -> None:
        self.coefs_.write(arrays)

    @property
    def intercepts_(self) -> Views:
        """The bias of each layer."""
        return Views(layer.bias for layer in dense_layers_of(self.network_))

    @intercepts_.setter
    def intercepts_(self, arrays: Sequence[ArrayLike]) -> None:
        self.intercepts_.write(arrays)

    def set_params(self, **params: Any) -> Self:
        """Change parameters: all of them, or none if there is one of another name.

        Parameters
        ----------
        **params : object
            Their new values, by name.

        Returns
        -------
        object
            This estimator.

        Raises
        ------
        ValueError
            If there is no such parameter.
        """
        with _unchanged_if_it_fails(self):
            super().set_params(**params)
        return self

    # What the two differ in

    @abstractmethod
    def _meet(self, y: NDArray[Any], classes: ArrayLike | None) -> None:
        """Look at the first targets that there are."""

    @abstractmethod
    def _encode(self, y: NDArray[Any]) -> FloatArray:
        """Turn targets into what the network should say."""

    @abstractmethod
    def _decode(self, output: FloatArray) -> NDArray[Any]:
        """Turn what the network says into targets."""

    @abstractmethod
    def _output(self) -> str:
        """Name the output activation."""

    @abstractmethod
    def _loss(self) -> Loss:
        """Choose what is made small."""

    @abstractmethod
    def _score_output(self, output: FloatArray, rows: ArrayDataset) -> float:
        """Measure what the network says; greater is better."""

    def _strata(self, rows: ArrayDataset) -> NDArray[Any] | None:
        """The groups that a validation set takes its share of, row by row."""
        return None

    def _weigh(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        """How much each row counts."""
        if isinstance(sample_weight, numbers.Real):
            return np.full(len(y), float(sample_weight))
        return sample_weight

    # Learning

    def _learn(self, X: ArrayLike, y: ArrayLike, *rest: Any, **more: Any) -> Self:
        """Let nobody else learn meanwhile, and look at the parameters before all else."""
        with exclusive(self, type(self).__name__):
            check_settings(self)
            as_scorers(self.scoring)
            self._learn_alone(X, y, *rest, **more)
        return self

    @with_callbacks
    def _learn_alone(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
        incremental: bool = False,
        classes: ArrayLike | None = None,
    ) -> None:
        """Check everything, and only then begin or go on; `classes` are all of them, if known."""
        tasks = None if incremental else Tasks(self)
        with _unchanged_if_it_fails(self) as undone:
            continued = hasattr(self, "network_") and (self.warm_start or incremental)
            X, y = self._check_arrays(X, y, reset=not continued)
            if not continued:
                self._meet(y, classes)
            targets, rng = self._encode(y), random_state_of(self)
            self._check_continued(y, continued, incremental)
            if not continued:
                self._start(X, targets.shape[1], rng)
            loss = self._loss()
            rows = validate_arrays(self.network_, loss, X, targets, self._weigh(sample_weight, y))
            learned, held_out = self._set_aside(rows, validation_data, rng)
            job = self._job(learned, loss, incremental, rng)
            undo = Undo(job.optimizer, self._standing) if continued else None
            if undo is not None:
                undone.callback(undo.back)
            rounds = Rounds(self, job, self._standing, rng, self._examination(held_out), undo)
            if tasks is not None:
                tasks.begin(X, y, sample_weight)
            history = rounds.go(1 if incremental else int(self.max_iter), self.t_, tasks)
            self._note(rounds, history)
            if not incremental:
                rounds.warn_unless_converged(history)
        if tasks is not None:
            tasks.end()

    def _check_arrays(self, X: Any, y: Any, *, reset: bool) -> tuple[NDArray[Any], NDArray[Any]]:
        """Turn X into dense floats, and y into an array of one dimension or two."""
        check_series(X, "X")
        check_series(y, "y", dates=not self._numeric_targets)
        half = getattr(X, "dtype", None) == np.float16
        with naming(X):
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
        """Refuse what can't be gone on with."""
        if incremental and self.early_stopping:
            raise ValueError("early_stopping: partial_fit does not support early_stopping=True")
        if incremental and self.schedule is not None:
            raise ValueError("schedule: it goes by the epochs of fit, and partial_fit has one")
        if continued:
            widths = [layer.n_out for layer in dense_layers_of(self.network_)[:-1]]
            if widths != hidden_sizes(self):
                raise ValueError(
                    f"hidden_layer_sizes: {hidden_sizes(self)}, and the network to go on with has "
                    f"{widths}; fit with warm_start=False makes a new one"
                )

    def _start(self, X: NDArray[Any], n_outputs: int, rng: np.random.RandomState) -> None:
        """Forget everything, and make a network."""
        output = self._output()
        self.network_ = make_network(self, X.shape[1], n_outputs, output, rng, X.dtype)
        self.n_outputs_ = n_outputs
        self.n_layers_ = len(dense_layers_of(self.network_)) + 1
        self.out_activation_ = OUTPUT_NAMES.get(output, output)
        self.t_ = 0
        self.loss_curve_: list[float] = []
        self._optimizer, self._standing = None, Standing()

    def _set_aside(
        self, rows: ArrayDataset, given: Sequence[ArrayLike] | None, rng: np.random.RandomState
    ) -> tuple[ArrayDataset, ArrayDataset | None]:
        """Split validation rows off, if they are needed and not given."""
        if given is not None:
            return rows, self._check_validation(given)
        stochastic = not isinstance(make_optimizer(self), LBFGS)
        if not (self.early_stopping and stochastic):
            return rows, None
        return split_off(rows, self.validation_fraction, self._strata(rows), rng)

    def _check_validation(self, given: Sequence[ArrayLike]) -> ArrayDataset:
        if not isinstance(given, tuple | list) or len(given) not in (2, 3):
            raise ValueError("validation_data: expected (X, y) or (X, y, sample_weight)")
        try:
            X, y = self._check_arrays(*given[:2], reset=False)
            weight = given[2] if len(given) == 3 else None
            return validate_arrays(self.network_, self._loss(), X, self._encode(y), weight)
        except ValueError as error:
            raise ValueError(f"validation_data: {error}") from error

    def _examination(self, rows: ArrayDataset | None) -> Examination | None:
        """How the rows that are not learned from are scored."""
        if rows is None:
            return None
        scorers = as_scorers(self.scoring)
        if not scorers:
            return Examination(rows, UsualScore(self._usual_score, self._score_output, rows))
        scores = Scores(self, scorers, rows, self._decode(rows.y))
        scores.try_once(self.network_.predict(rows.X))
        return Examination(rows, scores)

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

    def _note(self, rounds: Rounds, history: History) -> None:
        """Write down what was learned, under scikit-learn's names."""
        standing, stochastic = self._standing, rounds.stochastic
        self.history_, self.n_iter_ = history, len(history)
        self.loss_ = rounds.loss(history)
        self.loss_curve_ = [*self.loss_curve_, *history.loss]
        self.t_ += len(rounds.job.rows.X) * len(history) if stochastic else 0
        scored = stochastic and self.early_stopping
        self.best_loss_ = None if scored else min([*self.loss_curve_, self.loss_])
        self.validation_scores_ = list(standing.scores) if scored else None
        self.best_validation_score_ = -standing.best if scored else None
        self._n_rows = {"training": len(rounds.job.rows.X)}
        if rounds.examination is not None:
            self._n_rows["validation"] = len(rounds.examination.rows.X)

    # Predicting

    def _predict_output(self, X: Any) -> FloatArray:
        """What the network says; of sparse rows, some at a time."""
        check_is_fitted(self)
        check_series(X, "X")
        with naming(X):
            X = validate_data(self, X, accept_sparse="csr", reset=False)
        if isinstance(X, np.ndarray):
            return self.network_.predict(X)
        starts = range(0, X.shape[0], CHUNK)
        chunks = (as_dense(X[start : start + CHUNK], "X") for start in starts)
        return np.concatenate([self.network_.predict(chunk) for chunk in chunks])

    def _steps_by_batches(self) -> bool:
        """Whether there is a `partial_fit`: L-BFGS has none."""
        given = self.solver if self.optimizer is None else self.optimizer
        name = given.partition(":")[0].strip() if isinstance(given, str) else ""
        if isinstance(given, LBFGS) or name == LBFGS.name:
            raise AttributeError("partial_fit: lbfgs learns from all rows at once")
        return True

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags


@contextmanager
def _unchanged_if_it_fails(estimator: object) -> Iterator[ExitStack]:
    """Put an estimator's attributes back, and undo what it is told to, if a call fails."""
    before, undone = dict(vars(estimator)), ExitStack()
    try:
        yield undone
    except BaseException:
        undone.close()
        vars(estimator).clear()
        vars(estimator).update(before)
        raise

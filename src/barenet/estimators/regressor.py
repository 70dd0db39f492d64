"""MLPRegressor: a network for numbers, a drop-in for scikit-learn's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from barenet.estimators.base import MultilayerPerceptron
from barenet.estimators.documentation import documented
from barenet.estimators.scoring import Scoring
from barenet.estimators.usual_score import variance_explained
from barenet.model.activations import Activation
from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray
from barenet.model.losses import LOSSES, Loss, Poisson, as_loss
from barenet.optimization.clipping import Clipping
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.schedules import Schedule
from barenet.registry import build
from barenet.training.callbacks import Callbacks

__all__ = ["MLPRegressor"]


@documented(usual_score="R²", usual_curve="``validation_r2``")
class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """Neural network for numbers, with the parameters of scikit-learn's class of that name.

    The same `random_state` gives the same first weights and the same batches as there, so the loss
    takes the same course. What is new comes after `max_fun`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        What is made small: half the squared error, half the deviance of counts for "poisson",
        whose output is the exponential, or another name from `LOSSES`, such as "absolute_error",
        "huber:delta=2" or "quantile:q=0.9".
    {old}
    {new}

    Attributes
    ----------
    {fitted}

    {trouble}

    See Also
    --------
    MLPClassifier : The same for classes.
    Predictor.from_estimator : A fitted one, or a pipeline, as a model file.
    train : The function below it, for networks of any layers.

    Notes
    -----
    Two things differ from scikit-learn on purpose. Of several outputs, the squared errors are added
    up in `loss_` as they are in the gradient, where scikit-learn tells their mean. And `warm_start`
    goes on where the optimizer was.

    {going_on}

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPRegressor
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> regressor = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=1)
    >>> regressor.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _numeric_targets, _usual_score = True, "r2"
    loss: str | Loss

    def __init__(
        self,
        loss: str | Loss = "squared_error",
        hidden_layer_sizes: int | Sequence[int] = (100,),
        activation: str | Activation | Sequence[str | Activation] = "relu",
        *,
        solver: Literal["lbfgs", "sgd", "adam"] = "adam",
        alpha: float = 0.0001,
        batch_size: int | Literal["auto"] = "auto",
        learning_rate: Literal["constant", "invscaling", "adaptive"] = "constant",
        learning_rate_init: float = 0.001,
        power_t: float = 0.5,
        max_iter: int = 200,
        shuffle: bool = True,
        random_state: int | np.random.RandomState | None = None,
        tol: float = 1e-4,
        verbose: bool | int = False,
        warm_start: bool = False,
        momentum: float = 0.9,
        nesterovs_momentum: bool = True,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-8,
        n_iter_no_change: float = 10,
        max_fun: int = 15000,
        dropout: float = 0.0,
        batch_norm: bool = False,
        optimizer: str | Optimizer | LBFGS | None = None,
        schedule: str | Schedule | None = None,
        clip: str | Clipping | None = None,
        callbacks: Callbacks = (),
        scoring: Scoring = None,
        engine: str = "auto",
        threads: int | None = None,
    ) -> None:
        self.__dict__.update({k: v for k, v in locals().items() if k not in ("self", "__class__")})

    def fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        *,
        validation_data: Sequence[ArrayLike] | None = None,
    ) -> Self:
        """Learn from rows and their targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, one a row, best scaled to about −1 … 1. float32 is learned from in
            float32, all else in float64. A sparse matrix is made dense as a whole, which takes
            n_samples · n_features · 8 bytes, or 4 of float32; one that does not fit into the
            memory is refused, and `partial_fit` takes it part by part.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        validation_data : tuple of X and y, and of sample weights if there are any, optional
            Rows that are measured after each epoch and not learned from, for the curves
            ``validation_loss`` and ``validation_`` with the name of a score in `history_`; early
            stopping takes them in place of rows of X.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        return self._learn(X, y, sample_weight, validation_data=validation_data)

    @available_if(lambda self: self._steps_by_batches())
    def partial_fit(
        self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> Self:
        """Learn for one epoch, going on from the last call.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.

        Returns
        -------
        MLPRegressor
            Itself.
        """
        return self._learn(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> FloatArray:
        """Tell the target of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the network's precision.
        """
        return self._decode(self._predict_output(X))

    def _meet(self, y: NDArray[Any], classes: ArrayLike | None) -> None:
        """Any numbers will do."""

    def _encode(self, y: NDArray[Any]) -> FloatArray:
        return y.reshape(len(y), -1)

    def _decode(self, output: FloatArray) -> FloatArray:
        return output[:, 0] if output.shape[1] == 1 else output

    def _output(self) -> str:
        loss = build(Loss, LOSSES, self.loss, "loss")
        return "exponential" if isinstance(loss, Poisson) else "identity"

    def _loss(self) -> Loss:
        return as_loss(self.loss, self.network_.output_activation)

    def _score_output(self, output: FloatArray, rows: ArrayDataset) -> float:
        return variance_explained(rows.y, output, rows.sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

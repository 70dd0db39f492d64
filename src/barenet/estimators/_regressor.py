"""MLPRegressor: a neural network regressor, compatible with scikit-learn's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import RegressorMixin
from sklearn.utils.metaestimators import available_if

from barenet._registry import build
from barenet.estimators._base import MultilayerPerceptron
from barenet.estimators._scoring import Scoring, r2
from barenet.model._activations import Activation
from barenet.model._array_dataset import ArrayDataset
from barenet.model._arrays import FloatArray
from barenet.model.losses import LOSSES, Loss, Poisson, as_loss
from barenet.optimization._clipping import Clipping
from barenet.optimization._schedules import Schedule
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.training._callbacks import Callbacks


class MLPRegressor(RegressorMixin, MultilayerPerceptron):
    """Neural network regressor with the parameters of scikit-learn's ``MLPRegressor`` and more.

    With the same `random_state`, the initial weights, the mini-batches and so the loss curve are
    those of scikit-learn. Additional parameters follow after `max_fun`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        The loss: half the squared error; half the deviance of counts for "poisson", with an
        exponential output; or another name from `LOSSES`, such as "absolute_error",
        "huber:delta=2" or "quantile:q=0.9".
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Widths of the hidden layers; ``()`` for a linear model.
    activation : str, Activation or a sequence of them, default="relu"
        Activation of the hidden layers: "identity", "logistic", "tanh", "relu" or another name from
        `ACTIVATIONS`; one for all, or one for each.
    solver : {"lbfgs", "sgd", "adam"}, default="adam"
        The optimizer. "lbfgs" uses all rows at once; it suits small data.
    alpha : float, default=0.0001
        L2 regularization: ½ alpha Σw², divided by the sum of the batch's row weights.
    batch_size : int or "auto", default="auto"
        Rows in a mini-batch; "auto" is 200, or all rows if there are fewer.
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Learning rate schedule of "sgd". "invscaling" divides the rate by (t + 1)^`power_t`, with t
        rows visited; "adaptive" divides it by 5 whenever "constant" would stop, down to 1e-6.
    learning_rate_init, power_t : float, default=0.001 and 0.5
        Initial learning rate of "sgd" and "adam", and exponent of "invscaling".
    max_iter : int, default=200
        Maximum number of epochs, or of iterations of "lbfgs".
    shuffle : bool, default=True
        Whether to shuffle the rows in each epoch.
    random_state : int, RandomState or None, default=None
        Seed of the initial weights, the validation rows, the order of the rows and the dropout.
    tol : float, default=0.0001
        Minimum improvement for `n_iter_no_change`; for "lbfgs", limit of the gradient's entries.
    verbose : bool or int, default=False
        Whether to print a line for each epoch.
    warm_start : bool, default=False
        Whether `fit` continues from the last call, with the state of the optimizer. See the notes.
    momentum, nesterovs_momentum : float, default=0.9, and bool, default=True
        Momentum of "sgd", and whether it is Nesterov's.
    early_stopping : bool, default=False
        Whether to stop when the score of `validation_data`, or of rows set aside, has not improved
        by `tol` for `n_iter_no_change` epochs, and to restore the best epoch. Not for "lbfgs".
    validation_fraction : float, default=0.1
        Fraction of the rows to set aside for early stopping.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Decay rates of the two moments of "adam".
    epsilon : float, default=1e-08
        Numerical stability term of "adam".
    n_iter_no_change : int or inf, default=10
        Maximum number of epochs in a row without an improvement.
    max_fun : int, default=15000
        Maximum number of evaluations of the loss by "lbfgs".
    dropout : float, default=0.0
        Fraction of each hidden layer's outputs that is set to 0 in training.
    batch_norm : bool, default=False
        Whether to apply batch normalization before the hidden activations.
    optimizer : str, Optimizer or LBFGS, optional
        Replaces `solver` and its parameters, such as ``"adamw:learning_rate=0.01"``.
    schedule : str or Schedule, optional
        Factor on the learning rate over the epochs of `fit`: a name from `SCHEDULES`.
    clip : str or Clipping, optional
        Limit of each gradient, such as ``"norm:limit=1"``.
    callbacks : Callback, callable, or a sequence of them, default=()
        Callbacks invoked during training; a function is called with the `Run` after each epoch, and
        stops the training by returning True. scikit-learn's own are set by ``set_callbacks``.
    scoring : str, callable, sequence of str, dict or None, default=None
        Score of the validation rows after each epoch (R² by default): a scorer.s name,
        a callable ``scorer(estimator, X, y)``, or a list or dict of several, of which early
        stopping uses the first. Greater is better.
    engine : {"auto", "reference", "compiled"}, default="auto"
        The engine that does the arithmetic; see `train`.
    threads : int, optional
        Maximum number of threads of the compiled engine; by default as many as are useful.

    Attributes
    ----------
    network_ : Network
        The trained network.
    history_ : History
        The curves of the last call, its engine, and why it stopped. With validation rows there are
        ``validation_loss`` and ``validation_r2``, or one by a name of `scoring`.
    coefs_, intercepts_ : list of ndarray
        Weights (n_in, n_out) and biases (n_out,) of each layer: writable views of the network's.
    loss_ : float
        Loss of the last epoch, with the penalty; for "lbfgs", of the final parameters.
    loss_curve_ : list of float
        Loss of each epoch, of all calls since the first.
    validation_scores_ : list of float or None
        The first score after each epoch, of all calls; None without early stopping.
    best_loss_, best_validation_score_ : float or None
        The best of them; one is None with early stopping, the other without.
    n_iter_, t_ : int
        Epochs of the last call, and rows visited in all epochs (0 for "lbfgs").
    n_layers_, n_outputs_, n_features_in_ : int
        Numbers of layers (with the input), outputs and features.
    out_activation_ : str
        Output activation, by scikit-learn's name.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X, if all are text.

    Raises
    ------
    ValueError
        In `fit`, if a parameter or the data are invalid; the fitted attributes are unchanged.
    DivergenceError
        In `fit`, if the loss or a weight is no longer a finite number.
    RuntimeError
        In `fit`, if the estimator is being fitted in another thread or by a callback.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` is reached before the training converges.

    See Also
    --------
    MLPClassifier : The classifier.
    Predictor.from_estimator : A fitted estimator, or a pipeline, as a model file.

    Notes
    -----
    Two differences from scikit-learn are intended. `loss_` adds the squared errors of several
    outputs, as the gradient does, where scikit-learn averages them. And `warm_start` continues with
    the optimizer's state.

    `partial_fit` keeps the optimizer, and `warm_start` its moments and count of steps, which
    scikit-learn resets. Each `fit` resets the order of the rows, the schedule, and the learning
    rate of "adaptive" and (until its first epoch ends) "invscaling". So without these, shuffling
    and dropout, 5 epochs and 5 more give the same bits as 10 at once.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPRegressor
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> regressor = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=1)
    >>> regressor.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    _numeric_targets, _default_score = True, "r2"

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
        """Train on rows and their targets.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows, best scaled to about −1 … 1. float32 is trained in float32, everything else in
            float64. A sparse matrix becomes dense, if it fits into the memory.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.
        validation_data : tuple of X and y, or of X, y and sample weights, optional
            Validation rows, measured after each epoch and used by early stopping.

        Returns
        -------
        MLPRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, validation_data=validation_data)

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
        MLPRegressor
            The fitted estimator.
        """
        return self._fit(X, y, sample_weight, incremental=True)

    def predict(self, X: ArrayLike) -> FloatArray:
        """Predict the target of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            In the network's precision.
        """
        return self._decode(self._predict_output(X))

    def _validate_targets(self, y: NDArray[Any], classes: ArrayLike | None) -> None:
        """Accept any numbers."""

    def _encode(self, y: NDArray[Any]) -> FloatArray:
        return y.reshape(len(y), -1)

    def _decode(self, output: FloatArray) -> FloatArray:
        return output[:, 0] if output.shape[1] == 1 else output

    def _output_name(self) -> str:
        loss = build(Loss, LOSSES, self.loss, "loss")
        return "exponential" if isinstance(loss, Poisson) else "identity"

    def _make_loss(self) -> Loss:
        return as_loss(self.loss, self.network_.output_activation)

    def _score_output(self, output: FloatArray, rows: ArrayDataset) -> float:
        return r2(rows.y, output, rows.sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags

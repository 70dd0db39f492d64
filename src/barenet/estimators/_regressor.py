"""MLPRegressor: a neural network regressor, compatible with scikit-learn's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import r2_score

from barenet._registry import build
from barenet.errors import ArgumentError
from barenet.estimators._base import MultilayerPerceptron
from barenet.estimators._sklearn_bases import MultiOutputMixin, RegressorMixin
from barenet.estimators._target_encoders import NumberEncoder
from barenet.model._activations import Activation
from barenet.model.losses import LOSSES, Loss


@dataclass(eq=False, repr=False)
class MLPRegressor(MultiOutputMixin, RegressorMixin, MultilayerPerceptron):
    """Neural network regressor with the parameters of scikit-learn's ``MLPRegressor`` and more.

    With the same `random_state`, the initial weights and the mini-batches are the same as in
    scikit-learn, and so is the loss curve. The additional parameters follow `max_fun`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        The loss: half the squared error; half the deviance for "poisson", "gamma" and
        "tweedie:power=1.5", with an exponential output; or another name from `LOSSES`, such as
        "absolute_error", "huber:delta=2" or "quantile:q=0.9". With
        "quantile:levels=[0.1,0.5,0.9]", `predict` returns a column for each level, in ascending
        order, and the middle one is scored. With "gaussian_nll", it returns the means;
        ``network_.predict`` returns log variances after them.
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Widths of the hidden layers; ``()`` for a linear model.
    activation : str, Activation or a sequence of them, default="relu"
        Activation of the hidden layers: "identity", "logistic", "tanh", "relu" or another name from
        `ACTIVATIONS`, or "prelu"; one for all, or one for each.
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
        Minimum improvement for `n_iter_no_change`; for "lbfgs", tolerance of the gradient.
    verbose : bool or int, default=False
        Whether to print the loss and the validation score of each epoch.
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
        Fraction of each hidden layer's outputs that is set to 0 during training.
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
        stops training by returning True. Pass scikit-learn's callbacks to ``set_callbacks``.
    scoring : str, callable, sequence of str, dict or None, default=None
        Score of the validation rows after each epoch (R² by default): the name of a scorer, a
        callable ``scorer(estimator, X, y)``, or a list or dict of several; early stopping uses the
        first. Greater is better.
    engine : {"auto", "reference", "compiled", "jax"}, default="auto"
        The engine that does the arithmetic; see `train`.
    threads : int, optional
        Maximum number of threads of the compiled engine; by default as many as are useful.

    Attributes
    ----------
    network_ : Network
        The trained network.
    history_ : History
        The curves of the last call, its engine, and the reason that it stopped. With validation
        rows, there are ``validation_loss`` and ``validation_r2``, or curves with the names in
        `scoring`.
    coefs_, intercepts_ : list of ndarray
        Weights (n_in, n_out) and biases (n_out,) of each layer: writable views into the network.
    loss_ : float
        Loss of the last epoch, with the penalty; for "lbfgs", of the final parameters.
    loss_curve_ : list of float
        Loss of each epoch, of all calls since the first.
    validation_scores_ : list of float or None
        The first score after each epoch, of all calls; None without early stopping.
    best_loss_, best_validation_score_ : float or None
        The lowest loss, which is None with early stopping, and the best score, None without it.
    n_iter_, t_ : int
        Epochs of the last call, and rows visited in all epochs (0 for "lbfgs").
    n_layers_, n_outputs_, n_features_in_ : int
        Numbers of layers (with the input), outputs and features.
    out_activation_ : str
        Output activation, by scikit-learn's name.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of the columns of X, if they all are strings.

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
    The results are scikit-learn's up to rounding, which the steps of "lbfgs" amplify, also with
    `sample_weight`, `early_stopping` and several targets. One difference is intentional:
    `warm_start` continues with the optimizer's state. As in scikit-learn, the loss of an epoch
    averages the mini-batches by their rows, not by their weights, and "squared_error" averages the
    squares of several targets, while the gradient is that of their sum.

    `partial_fit` keeps the optimizer, and `warm_start` its moments and count of steps, which
    scikit-learn resets. Each `fit` resets the order of the rows, the schedule, and the learning
    rate of "adaptive" and (until its first epoch ends) "invscaling". Without these, shuffling and
    dropout, 5 epochs and 5 more thus give the same bits as 10 at once.

    Examples
    --------
    >>> import numpy as np
    >>> from barenet import MLPRegressor
    >>> X = np.linspace(-1, 1, 50).reshape(-1, 1)
    >>> regressor = MLPRegressor(hidden_layer_sizes=8, solver="lbfgs", random_state=1)
    >>> regressor.fit(X, X[:, 0] ** 2).score(X, X[:, 0] ** 2) > 0.99
    True
    """

    loss: str | Loss = "squared_error"
    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: str | Activation | Sequence[str | Activation] = "relu"

    def _make_encoder(self, y: NDArray[Any], classes: ArrayLike | None) -> NumberEncoder:
        loss: Any = self.loss
        if isinstance(loss, int | np.integer | list | tuple | np.ndarray):
            raise ArgumentError.of(
                "loss",
                loss,
                "a loss, which is the first parameter, as in scikit-learn",
                remedy="for the sizes of hidden layers, use {hidden_layer_sizes}",
                hidden_layer_sizes=loss,
            )
        return NumberEncoder(build(Loss, LOSSES, loss, "loss"))

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Compute R².

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
        float
            R² of the predictions; with several quantiles, R² of the middle one.
        """
        output = self._predict_output(X)
        return float(r2_score(y, self._encoder.loss.point(output), sample_weight=sample_weight))

"""MLPRegressor: a neural network regressor, compatible with scikit-learn's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike, NDArray
from sklearn.base import MultiOutputMixin, RegressorMixin
from sklearn.metrics import r2_score

from barenet._registry import build
from barenet.estimators._base import MultilayerPerceptron
from barenet.estimators._target_encoders import NumberEncoder
from barenet.model._activations import Activation
from barenet.model.losses import LOSSES, Loss


@dataclass(eq=False, repr=False)
class MLPRegressor(MultiOutputMixin, RegressorMixin, MultilayerPerceptron):
    """Neural network regressor with the parameters of scikit-learn's ``MLPRegressor`` and more.

    With the same `random_state`, the initial weights, the mini-batches and so the loss curve are
    those of scikit-learn. Additional parameters follow after `max_fun`.

    Parameters
    ----------
    loss : str or Loss, default="squared_error"
        The loss: half the squared error; half the deviance of counts for "poisson", with an
        exponential output; or another name from `LOSSES`, such as "absolute_error",
        "huber:delta=2" or "quantile:q=0.9". With "quantile:levels=[0.1,0.5,0.9]", `predict` returns
        a column for each level, in ascending order, and scores are of the middle one; with
        "gaussian_nll" it returns the means, and ``network_.predict`` log variances after them.
    hidden_layer_sizes, activation : optional
        Widths and activation of the hidden layers. These and the other parameters are described
        in the documentation of `MLPClassifier`.
    solver, alpha, batch_size, learning_rate, learning_rate_init, power_t : optional
        The optimizer, the L2 regularization, and the rows in a mini-batch.
    max_iter, shuffle, random_state, tol, verbose, warm_start : optional
        The epochs, the order of the rows and the seed.
    momentum, nesterovs_momentum : optional
        Momentum of "sgd".
    early_stopping, validation_fraction : optional
        Early stopping by the R² of validation rows.
    beta_1, beta_2, epsilon, n_iter_no_change, max_fun : optional
        Options of "adam", of the end of the training, and of "lbfgs".
    dropout, batch_norm, optimizer, schedule, clip, callbacks, scoring, engine, threads : optional
        Features that scikit-learn's class lacks.

    Attributes
    ----------
    network_, history_, coefs_, intercepts_ : Network, History and lists of ndarray
        The trained network, the curves of the last call, with ``validation_r2`` for validation
        rows, and the network's weights and biases. These and the others are those of
        `MLPClassifier`: ``loss_``, ``loss_curve_``, ``n_iter_``, ``best_validation_score_`` …
    n_features_in_ : int
        Number of features.

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
    Three differences from scikit-learn are intended. `loss_` adds the squared errors of several
    outputs, as the gradient does, where scikit-learn averages them. With `sample_weight`, the loss
    of an epoch averages its batches by their weights, not by their rows. And `warm_start` continues
    with the optimizer's state.

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

    loss: str | Loss = "squared_error"
    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: str | Activation | Sequence[str | Activation] = "relu"

    def _make_encoder(self, y: NDArray[Any], classes: ArrayLike | None) -> NumberEncoder:
        return NumberEncoder(build(Loss, LOSSES, self.loss, "loss"))

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
            R² of the predictions; of several quantiles, that of the middle one.
        """
        output = self._predict_output(X)
        return float(r2_score(y, self._encoder.loss.point(output), sample_weight=sample_weight))

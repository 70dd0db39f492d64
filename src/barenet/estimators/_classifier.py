"""MLPClassifier: a neural network classifier, compatible with scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.utils.metaestimators import available_if

from barenet._constraints import option
from barenet.errors import ArgumentError
from barenet.estimators._base import MultilayerPerceptron
from barenet.estimators._estimator import ProbabilisticClassifier
from barenet.estimators._target_encoders import LabelEncoder, is_multilabel, weights_by_class
from barenet.model._activations import Activation
from barenet.model._arrays import FloatArray
from barenet.model.losses import Loss


@dataclass(eq=False, repr=False)
class MLPClassifier(ProbabilisticClassifier, MultilayerPerceptron):
    """Neural network classifier with the parameters of scikit-learn's ``MLPClassifier`` and more.

    With the same `random_state`, the initial weights and the mini-batches are the same as in
    scikit-learn, and so is the loss curve. The additional parameters follow `max_fun`.

    Parameters
    ----------
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
        Score of the validation rows after each epoch (accuracy by default): the name of a scorer, a
        callable ``scorer(estimator, X, y)``, or a list or dict of several; early stopping uses the
        first. Greater is better.
    engine : {"auto", "reference", "compiled", "jax"}, default="auto"
        The engine that does the arithmetic; see `train`.
    threads : int, optional
        Maximum number of threads of the compiled engine; by default as many as are useful.
    class_weight : "balanced", dict or None, default=None
        Weights of the classes, or "balanced" for the same total weight of each class; only
        "balanced" if rows have several labels. They also apply to rows set aside, but not to
        `validation_data`.
    label_smoothing : float, default=0.0
        Label smoothing ε: with k classes, the target is 1 − ε + ε/k for the correct class and ε/k
        for each other; with several labels, 1 − ε/2 and ε/2. It also applies to `validation_loss`.
    loss : str or Loss, default="log_loss"
        The loss: "log_loss" is the cross-entropy; "focal", or ``"focal:gamma=1"``, gives less
        weight to well-predicted rows, which helps with rare classes; or a name from `LOSSES`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; for several labels of a row, their indices.
    network_ : Network
        The trained network.
    history_ : History
        The curves of the last call, its engine, and the reason that it stopped. With validation
        rows, there are ``validation_loss`` and ``validation_accuracy``, or curves with the names in
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
    MLPRegressor : The regressor.
    Predictor.from_estimator : A fitted estimator, or a pipeline, as a model file.

    Notes
    -----
    The results are scikit-learn's up to rounding, which the steps of "lbfgs" amplify, also with
    `sample_weight` and `early_stopping`. One difference is intentional: `warm_start` continues with
    the optimizer's state. As in scikit-learn, the loss of an epoch averages the mini-batches by
    their rows, not by their weights, and the loss of a row has a maximum: −ln ε = 36.04 in float64.

    `partial_fit` keeps the optimizer, and `warm_start` its moments and count of steps, which
    scikit-learn resets. Each `fit` resets the order of the rows, the schedule, and the learning
    rate of "adaptive" and (until its first epoch ends) "invscaling". Without these, shuffling and
    dropout, 5 epochs and 5 more thus give the same bits as 10 at once.

    Label smoothing: Szegedy et al., "Rethinking the inception architecture" (2016).

    Examples
    --------
    >>> from barenet import MLPClassifier
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> classifier = MLPClassifier(16, "tanh", solver="lbfgs", random_state=1, max_iter=1000)
    >>> classifier.fit(X, y).score(X, y) > 0.97
    True
    >>> classifier.predict_proba(X[:2]).shape
    (2, 3)
    """

    hidden_layer_sizes: int | Sequence[int] = (100,)
    activation: str | Activation | Sequence[str | Activation] = "relu"
    _: KW_ONLY
    class_weight: Mapping[Any, float] | Literal["balanced"] | None = None
    label_smoothing: float = option(0.0, ge=0, lt=1)
    loss: str | Loss = "log_loss"

    @available_if(lambda self: self._has_partial_fit())
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Train for one epoch, continuing from the last call.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes; some may be absent.
        sample_weight : array-like of shape (n_samples,), optional
            Weights of the rows.
        classes : array-like of shape (n_classes,), optional
            All classes, in any order; required in the first call.

        Returns
        -------
        MLPClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            If the classes are missing in the first call, or differ later.
        """
        if self.class_weight == "balanced":
            problem = "partial_fit does not have all rows to balance"
            raise ArgumentError(problem, argument="class_weight", remedy="give a dict")
        if hasattr(self, "classes_"):
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                problem = f"{classes!r}, and before {self.classes_.tolist()}"
                raise ArgumentError(problem, argument="classes")
        elif classes is None:
            raise ArgumentError("required in the first call of partial_fit", argument="classes")
        return self._fit(X, y, sample_weight, incremental=True, classes=classes)

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Predict the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Probabilities in the order of `classes_`; those of several labels are independent.
        """
        output = self._predict_output(X)
        return self._encoder.probabilities(output)

    def _make_encoder(self, y: NDArray[Any], classes: ArrayLike | None) -> LabelEncoder:
        labels: ArrayLike = y
        if classes is not None and y.ndim != 2:
            labels = classes
        encoder = LabelEncoder(labels)
        self.classes_: NDArray[Any] = encoder.classes
        return encoder

    def _encode(self, y: NDArray[Any]) -> FloatArray:
        targets = super()._encode(y)
        if self.label_smoothing == 0:
            return targets
        encoder = self._encoder
        return encoder.target_kind.smooth(targets, self.label_smoothing, encoder.activation)

    def _check_continued(self, y: NDArray[Any], continued: bool, incremental: bool) -> None:
        super()._check_continued(y, continued, incremental)
        of_labels = self._encoder.multilabel or is_multilabel(y)
        if not continued or incremental or of_labels:
            return
        if set(np.unique(y)) != set(self.classes_):
            problem = (  # scikit-learn's message
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes_}, `y` has {np.unique(y)}"
            )
            raise ArgumentError(problem, argument="y")

    def _sample_weight(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        weight = super()._sample_weight(sample_weight, y)
        if self.class_weight is None:
            return weight
        by_class = weights_by_class(self.class_weight, y, self.classes_)
        return by_class if weight is None else by_class * np.asarray(weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

"""MLPClassifier: a network for classes, a drop-in for scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if

from barenet.estimators.base import MultilayerPerceptron
from barenet.estimators.labels import Labels, shown
from barenet.model.activations import Activation
from barenet.model.arrays import FloatArray
from barenet.model.losses import Loss, as_loss
from barenet.model.rows import Rows
from barenet.optimization.clipping import Clipping
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.schedules import Schedule
from barenet.training.callbacks import Callbacks

__all__ = ["MLPClassifier"]


class MLPClassifier(ClassifierMixin, MultilayerPerceptron):
    """Neural network for classes, with the parameters of scikit-learn's class of that name.

    The same `random_state` gives the same first weights and the same batches as there, so the loss
    takes the same course. What is new comes after `max_fun`.

    Parameters
    ----------
    hidden_layer_sizes : int or sequence of int, default=(100,)
        Widths of the hidden layers; ``()`` for none, which is a linear model.
    activation : str, Activation or a sequence of them, default="relu"
        Of the hidden layers: "identity", "logistic", "tanh", "relu", or another name from
        `ACTIVATIONS`; one for all, or one for each.
    solver : {"lbfgs", "sgd", "adam"}, default="adam"
        How a gradient becomes a step. "lbfgs" looks at all rows at once; good for small data.
    alpha : float, default=0.0001
        Price on large weights: ½ alpha Σw² over the number of rows in the batch, or the sum of
        their weights, is added to the loss.
    batch_size : int or "auto", default="auto"
        Rows in a step; "auto" is 200, or all if there are fewer.
    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        How the learning rate of "sgd" changes. "invscaling" divides the first one by
        (t + 1) to the power of `power_t`, after each epoch, where t counts the rows visited;
        "adaptive" by 5 whenever "constant" would have ended the run, until it is 1e-6.
    learning_rate_init : float, default=0.001
        The first learning rate of "sgd" and "adam".
    power_t : float, default=0.5
        For "invscaling".
    max_iter : int, default=200
        The most epochs, or iterations of "lbfgs".
    shuffle : bool, default=True
        Visit the rows in a new order each epoch.
    random_state : int, RandomState or None, default=None
        Fixes the first weights, the validation rows, the order of the rows and the dropout; the
        first three are as scikit-learn draws them.
    tol : float, default=0.0001
        What counts as better for `n_iter_no_change`; for "lbfgs", it ends when no entry of the
        gradient is larger.
    verbose : bool or int, default=False
        Print a line for each epoch.
    warm_start : bool, default=False
        True for `fit` to go on from the last one, with what the optimizer remembers.
    momentum : float, default=0.9
        Share of its speed that "sgd" keeps.
    nesterovs_momentum : bool, default=True
        Whether that is Nesterov's momentum.
    early_stopping : bool, default=False
        Set rows aside, end when their score is no better by `tol` for `n_iter_no_change` epochs,
        and put the best epoch's weights back. Not for "lbfgs".
    validation_fraction : float, default=0.1
        Share of the rows that are set aside.
    beta_1, beta_2 : float, default=0.9 and 0.999
        Share of its two averages that "adam" keeps.
    epsilon : float, default=1e-08
        What "adam" adds to the root that it divides by.
    n_iter_no_change : int or inf, default=10
        Epochs that are waited for something better; the run ends when there is one more.
    max_fun : int, default=15000
        The most times that "lbfgs" computes the loss.
    class_weight : "balanced", dict or None, default=None
        How much the rows of each class count: a number for each class, or "balanced" for all
        classes to count the same.
    dropout : float, default=0.0
        Share of each hidden layer's outputs that is silenced while learning.
    batch_norm : bool, default=False
        Normalize what goes into the hidden activations over each batch.
    optimizer : str, Optimizer or LBFGS, optional
        In place of `solver` and its numbers: a name from `OPTIMIZERS` with its options, such as
        ``"adamw:learning_rate=0.01"``.
    schedule : str or Schedule, optional
        A factor on the learning rate, over the epochs of `fit`: a name from `SCHEDULES`.
    clip : str or Clipping, optional
        A limit to each gradient, such as ``"norm:limit=1"``.
    callbacks : Callback, callable, or a sequence of them, default=()
        What looks on; a function is called with the `Run` after each epoch, and ends it by
        returning True.
    engine : {"auto", "reference", "compiled"}, default="auto"
        Where the arithmetic runs; see `train`.
    threads : int, optional
        The most threads that the compiled engine may use; by default what pays.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; the numbers of the labels where a row may have several.
    network_ : Network
        What was learned; it saves itself to a model file.
    history_ : History
        The last call's curves, its engine, and why it ended.
    coefs_, intercepts_ : list of ndarray
        Weights of shape (n_in, n_out) and bias of shape (n_out,) of each layer: views into the
        network's parameters, so what is written into them counts.
    loss_ : float
        Of the last epoch, with the penalty; of "lbfgs", at the end.
    loss_curve_ : list of float
        The loss of each epoch, of all calls that went on from the first.
    best_loss_ : float or None
        The lowest of them; None with early stopping.
    validation_scores_ : list of float or None
        Accuracy of the validation rows after each epoch; None without early stopping.
    best_validation_score_ : float or None
        The best of them.
    t_ : int
        Rows visited, in all epochs; 0 for "lbfgs".
    n_iter_ : int
        Epochs of the last call.
    n_layers_ : int
        Layers, the input among them.
    n_outputs_ : int
        Outputs of the network.
    out_activation_ : str
        Of the output, by scikit-learn's name.
    n_features_in_ : int
        Width of X.
    feature_names_in_ : ndarray of shape (n_features,)
        Names of its columns, where they all have one.

    Raises
    ------
    ValueError
        When it is fitted, if a parameter or the data can't be used; what was learned before stays.
    DivergenceError
        When it is fitted, if the loss or a weight stops being a finite number.

    Warns
    -----
    ConvergenceWarning
        If `max_iter` has come before any rule ended the run.

    See Also
    --------
    MLPRegressor : The same for numbers.
    train : The function below it, for networks of any layers.

    Notes
    -----
    Two things differ from scikit-learn on purpose. The rows for early stopping are taken from each
    class alike with three classes or more, too, not with two alone. And `warm_start` goes on with
    the optimizer's averages and momentum, where scikit-learn starts them from 0.

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

    _numeric_targets = False
    classes_: NDArray[Any]
    class_weight: Mapping[Any, float] | Literal["balanced"] | None

    def __init__(
        self,
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
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        dropout: float = 0.0,
        batch_norm: bool = False,
        optimizer: str | Optimizer | LBFGS | None = None,
        schedule: str | Schedule | None = None,
        clip: str | Clipping | None = None,
        callbacks: Callbacks = (),
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
        """Learn from rows and their classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, one a row, best scaled to about −1 … 1. A sparse matrix is made dense as
            a whole. float32 is learned from in float32, all else in float64.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes, numbers or text; or a 0 or 1 for each of several labels.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        validation_data : tuple of X and y, and of sample weights if there are any, optional
            Rows that are measured after each epoch and not learned from, for the curve
            ``history_.validation_loss``; early stopping takes them in place of rows of X.

        Returns
        -------
        MLPClassifier
            Itself.
        """
        return self._learn(X, y, sample_weight, validation_data=validation_data)

    @available_if(lambda self: self._steps_by_batches())
    def partial_fit(
        self,
        X: ArrayLike,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        classes: ArrayLike | None = None,
    ) -> Self:
        """Learn for one epoch, going on from the last call.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, one a row.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes; not all of them need be there.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        classes : array-like of shape (n_classes,), optional
            All classes, in any order; needed in the first call.

        Returns
        -------
        MLPClassifier
            Itself.

        Raises
        ------
        ValueError
            If the classes are missing in the first call, or others later.
        """
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight: partial_fit does not see all rows to balance; give a dict"
            )
        if hasattr(self, "classes_"):
            if classes is not None and not np.array_equal(np.unique(classes), self.classes_):
                raise ValueError(f"classes: {classes!r}, and until now {self.classes_.tolist()}")
        elif classes is None:
            raise ValueError("classes: the first call of partial_fit needs all classes")
        return self._learn(X, y, sample_weight, incremental=True, classes=classes)

    def predict(self, X: ArrayLike) -> NDArray[Any]:
        """Tell the class of each row.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_labels)
            The most probable class; or a 0 or 1 for each label.
        """
        output = self._predict_output(X)
        return self._labels.decode(output)

    def predict_proba(self, X: ArrayLike) -> FloatArray:
        """Tell the probability of each class.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`, 1 where there is just one class; of several labels, each
            has a probability of its own.
        """
        output = self._predict_output(X)
        return self._labels.probabilities(output)

    def predict_log_proba(self, X: ArrayLike) -> FloatArray:
        """Tell the logarithm of each class's probability.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            In the order of `classes_`; −inf where the probability is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))

    def _meet(self, y: NDArray[Any], classes: ArrayLike | None) -> None:
        self._labels = Labels(y if classes is None or y.ndim == 2 else classes)
        self.classes_ = self._labels.classes

    def _encode(self, y: NDArray[Any]) -> FloatArray:
        return self._labels.encode(y)

    def _check_continued(self, y: NDArray[Any], continued: bool, incremental: bool) -> None:
        super()._check_continued(y, continued, incremental)
        several = self._labels.several
        if continued and not (incremental or several) and set(np.unique(y)) != set(self.classes_):
            raise ValueError(
                f"y: has the classes {shown(y)}, and the network that warm_start goes on with "
                f"{shown(self.classes_)}"
            )

    def _output(self) -> str:
        return self._labels.output

    def _loss(self) -> Loss:
        return as_loss(None, self.network_.output_activation)

    def _weigh(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        weight = super()._weigh(sample_weight, y)
        if self.class_weight is None:
            return weight
        of_class = compute_sample_weight(self.class_weight, y)
        return of_class if weight is None else of_class * np.asarray(weight)

    def _strata(self, rows: Rows) -> NDArray[Any] | None:
        return None if self._labels.several else self._labels.decode(rows.y)

    def _score_output(self, output: FloatArray, rows: Rows) -> float:
        decode = self._labels.decode
        score = accuracy_score(decode(rows.y), decode(output), sample_weight=rows.sample_weight)
        return float(score)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

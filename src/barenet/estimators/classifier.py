"""MLPClassifier: a network for classes, a drop-in for scikit-learn's."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import ClassifierMixin
from sklearn.utils.class_weight import compute_sample_weight
from sklearn.utils.metaestimators import available_if

from barenet.errors import brief
from barenet.estimators.base import MultilayerPerceptron
from barenet.estimators.documentation import documented
from barenet.estimators.labels import Labels, shown
from barenet.estimators.scoring import Scoring
from barenet.estimators.usual_score import share_right
from barenet.model.activations import Activation
from barenet.model.array_dataset import ArrayDataset
from barenet.model.arrays import FloatArray
from barenet.model.losses import LOSSES, Loss, as_loss
from barenet.model.validation import check_share
from barenet.optimization.clipping import Clipping
from barenet.optimization.optimizers import LBFGS, Optimizer
from barenet.optimization.schedules import Schedule
from barenet.registry import lookup
from barenet.training.callbacks import Callbacks

__all__ = ["MLPClassifier"]

#: What a loss of classes is called by the output that it is computed from.
OF_CLASSES = {
    "sigmoid": {"log_loss": "binary_cross_entropy", "focal": "binary_focal"},
    "softmax": {"log_loss": "categorical_cross_entropy", "focal": "categorical_focal"},
}


@documented(usual_score="the accuracy", usual_curve="``validation_accuracy``")
class MLPClassifier(ClassifierMixin, MultilayerPerceptron):
    """Neural network for classes, with the parameters of scikit-learn's class of that name.

    The same `random_state` gives the same first weights and the same batches as there, so the loss
    takes the same course. What is new comes after `max_fun`.

    Parameters
    ----------
    {old}
    class_weight : "balanced", dict or None, default=None
        How much the rows of each class count: a number for each class, or "balanced" for all
        classes to count the same. Rows that are set aside count so as well; those of
        `validation_data` as they are given.
    label_smoothing : float, default=0.0
        Share of each target that is spread over all classes alike, in `validation_loss`, too: of
        k classes, the right one becomes 1 − ε + ε/k and each other ε/k; of several labels, a
        yes becomes 1 − ε/2 and a no ε/2.
    loss : str or Loss, default="log_loss"
        What is made small: "log_loss" is cross-entropy; "focal", or ``"focal:gamma=1"``, takes
        weight from rows that are right already, for a class that is rare; or a name from `LOSSES`.
    {new}

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The classes, sorted; the numbers of the labels where a row may have several.
    {fitted}

    {trouble}

    See Also
    --------
    MLPRegressor : The same for numbers.
    Predictor.from_estimator : A fitted one, or a pipeline, as a model file.
    train : The function below it, for networks of any layers.

    Notes
    -----
    Two things differ from scikit-learn on purpose. The rows for early stopping are taken from each
    class alike with three classes or more, too, not with two alone. And `warm_start` goes on where
    the optimizer was.

    {going_on}

    Label smoothing is from Szegedy et al., "Rethinking the inception architecture for computer
    vision" (2016); what it does is told by Müller, Kornblith and Hinton, "When does label smoothing
    help?" (2019).

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

    _numeric_targets, _usual_score = False, "accuracy"
    classes_: NDArray[Any]
    class_weight: Mapping[Any, float] | Literal["balanced"] | None
    label_smoothing: float
    loss: str | Loss

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
        label_smoothing: float = 0.0,
        loss: str | Loss = "log_loss",
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
        """Learn from rows and their classes.

        Parameters
        ----------
        X : array-like or sparse matrix of shape (n_samples, n_features)
            The samples, one a row, best scaled to about −1 … 1. float32 is learned from in
            float32, all else in float64. A sparse matrix is made dense as a whole, which takes
            n_samples · n_features · 8 bytes, or 4 of float32; one that does not fit into the
            memory is refused, and `partial_fit` takes it part by part.
        y : array-like of shape (n_samples,) or (n_samples, n_labels)
            Their classes, numbers or text; or a 0 or 1 for each of several labels.
        sample_weight : array-like of shape (n_samples,), optional
            How much each row counts.
        validation_data : tuple of X and y, and of sample weights if there are any, optional
            Rows that are measured after each epoch and not learned from, for the curves
            ``validation_loss`` and ``validation_`` with the name of a score in `history_`; early
            stopping takes them in place of rows of X.

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
        return self._decode(output)

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
        smoothing = check_share(self.label_smoothing, "label_smoothing")
        return self._labels.encode(y, smoothing)

    def _decode(self, output: FloatArray) -> NDArray[Any]:
        return self._labels.decode(output)

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
        activation, spec = self.network_.output_activation, self.loss
        if isinstance(spec, str):
            name, *options = spec.split(":", 1)
            names = {**{known: known for known in LOSSES}, **OF_CLASSES[activation.name]}
            spec = ":".join([lookup(names, name.strip(), "loss"), *options])
        return as_loss(spec, activation)

    def _weigh(self, sample_weight: ArrayLike | None, y: NDArray[Any]) -> ArrayLike | None:
        weight = super()._weigh(sample_weight, y)
        if self.class_weight is None:
            return weight
        if not isinstance(self.class_weight, str | Mapping):
            raise ValueError(
                f"class_weight: expected 'balanced' or a number for each class in a dict, "
                f"got {brief(self.class_weight)}"
            )
        try:
            of_class = compute_sample_weight(self._weight_of_classes(y), y)
        except OverflowError as error:
            given = brief(self.class_weight)
            raise ValueError(f"class_weight: a number too large for a float, in {given}") from error
        return of_class if weight is None else of_class * np.asarray(weight)

    def _weight_of_classes(self, y: NDArray[Any]) -> Any:
        """The class weights, but for known classes that these rows do not have."""
        given = self.class_weight
        if not isinstance(given, Mapping) or y.ndim > 1:
            return given
        absent = set(self.classes_.tolist()) - set(np.unique(y).tolist())
        return {label: weight for label, weight in given.items() if label not in absent}

    def _strata(self, rows: ArrayDataset) -> NDArray[Any] | None:
        return None if self._labels.several else self._decode(rows.y)

    def _score_output(self, output: FloatArray, rows: ArrayDataset) -> float:
        return share_right(self._labels.agree(output, rows.y), rows.sample_weight)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

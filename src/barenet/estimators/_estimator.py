"""The base class of all estimators: a fit excludes others, and errors keep the state."""

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, Self

import numpy as np

from barenet._constraints import check_arguments
from barenet.estimators._sklearn_bases import BaseEstimator, ClassifierMixin
from barenet.model._arrays import FloatArray
from barenet.model._network import Snapshot
from barenet.optimization.optimizers import Optimizer
from barenet.training._loop import exclusive


class Estimator(BaseEstimator):
    """An estimator whose parameters are all set, or none of them."""

    def __new__(cls, *_: Any, **parameters: Any) -> Self:
        """Refuse unknown parameters, and suggest the nearest one."""
        check_arguments(cls.__name__, parameters, cls._get_param_names())
        return super().__new__(cls)

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
        with unchanged_on_error(self):
            super().set_params(**params)
        return self


class ProbabilisticClassifier(ClassifierMixin):
    """A classifier that predicts the probability of each class with `predict_proba`."""

    if TYPE_CHECKING:  # subclasses have them
        classes_: Any
        predict_proba: Any

    def predict_log_proba(self, X: Any) -> FloatArray:
        """Predict the logarithm of the probability of each class.

        Parameters
        ----------
        X : array-like, sparse matrix, DataFrame, Frame or mapping, as for `predict_proba`
            The rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            Logarithms in the order of `classes_`; −inf where the probability is 0.
        """
        with np.errstate(divide="ignore"):
            return np.log(self.predict_proba(X))


def absent(name: str, remedy: str) -> Any:
    """Make a property that estimators of other libraries have, and that is refused here."""

    def read(estimator: Any) -> NoReturn:
        problem = f"{type(estimator).__name__!r} object has no attribute {name!r}; {remedy}"
        raise AttributeError(problem, name=name, obj=estimator)

    return property(read, doc=f"Absent: {remedy}.")


@contextmanager
def fitting(estimator: Estimator) -> Iterator[None]:
    """Refuse a second fit during the block, and restore the estimator if the block fails."""
    with exclusive(estimator, type(estimator).__name__), unchanged_on_error(estimator):
        yield


@contextmanager
def unchanged_on_error(estimator: Any, continued: bool = False) -> Iterator[None]:
    """Restore the attributes if the block fails, and whatever continued training changes."""
    before = dict(vars(estimator))
    optimizer: Any = None
    snapshot = None
    if continued:
        optimizer = estimator._optimizer
        snapshot = Snapshot.of(estimator.network_)
    optimizer_state: dict[str, Any] = {}
    if isinstance(optimizer, Optimizer):
        optimizer_state = copy.deepcopy(optimizer.state_dict())
    generator: Any = before.get("random_state")
    generator_state: Any = None
    if isinstance(generator, np.random.RandomState):
        generator_state = generator.get_state()
    try:
        yield
    except BaseException:
        if snapshot is not None:
            snapshot.restore(before["network_"])
        if optimizer_state:
            optimizer.load_state_dict(optimizer_state)
        if generator_state is not None:
            generator.set_state(generator_state)
        vars(estimator).clear()
        vars(estimator).update(before)
        raise

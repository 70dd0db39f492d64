"""Jobs of scikit-learn's interface, which barenet and scikit-learn do with the same code.

X is float64 as in most users' hands, except for `predict_proba` and sparse rows, which are float32
as in PyTorch. Both libraries get the same settings and seeds.
"""

import itertools
import warnings
from typing import Any, ClassVar

import numpy as np
from sklearn.exceptions import ConvergenceWarning

from benchmarks.peers.job import Job

__all__ = ["JOBS", "Estimator", "grid", "in_slices"]

#: A prediction whose hidden layers would take more values than these (1 GiB in float32) is cut into
#: slices of rows where the library does not do so itself.
MAX_VALUES = 2**28


class Estimator(Job):
    """A classifier and its rows.

    `kind` is the class of the classifier; the module of each library sets it.
    """

    kind: ClassVar[Any]
    dtype: ClassVar[Any] = np.float64
    #: Settings besides those of the work.
    settings: ClassVar[dict[str, Any]] = {}
    slices: ClassVar[bool] = False

    def reset(self) -> None:
        self.X, self.y = self.rows.X.astype(self.dtype, copy=False), self.rows.y
        self.model = self.new()

    def new(self) -> Any:
        """Make a classifier with default settings, for as many epochs as the work has."""
        settings = {"max_iter": self.work.epochs, "random_state": 0} | self.settings
        layers, solver = self.work.sizes[1:-1], self.work.optimizer
        return self.kind(hidden_layer_sizes=layers, solver=solver, **settings)

    def run(self, times: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            for _ in range(times):
                self.once()

    def once(self) -> None:
        """Do the unit of work."""
        raise NotImplementedError


class Fit(Estimator):
    """A whole fit, from new weights; sparse rows stay float32."""

    def reset(self) -> None:
        if self.work.data == "text":
            self.dtype = np.float32
        super().reset()

    def once(self) -> None:
        self.model = self.new().fit(self.X, self.y)


class PartialFit(Estimator):
    """A call with all rows, which is an epoch of a network that was fitted before."""

    def reset(self) -> None:
        super().reset()
        self.run(1)

    def once(self) -> None:
        self.model.partial_fit(self.X, self.y, classes=np.arange(self.work.sizes[-1]))


class WarmStart(Estimator):
    """One more epoch by `fit`."""

    settings: ClassVar[dict[str, Any]] = {"max_iter": 1, "warm_start": True}

    def reset(self) -> None:
        super().reset()
        self.run(1)

    def once(self) -> None:
        self.model.fit(self.X, self.y)


class Bagging(Estimator):
    """Many networks on samples with replacement."""

    def once(self) -> None:
        from sklearn.ensemble import BaggingClassifier

        BaggingClassifier(self.new(), n_estimators=self.work.networks, random_state=0).fit(
            self.X, self.y
        )


class Predict(Estimator):
    """The classes of all rows."""

    dtype = np.float32
    method = "predict"

    def reset(self) -> None:
        super().reset()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            n, classes = min(2_000, self.X.shape[0]), self.work.sizes[-1]
            y = np.arange(n) % classes  # all classes, however few rows
            rows = self.X[np.arange(max(n, classes)) % n]
            self.model.set_params(max_iter=1).fit(rows, np.resize(y, max(n, classes)))

    def once(self) -> None:
        predict = getattr(self.model, self.method)
        for rows in in_slices(self.X, sum(self.work.sizes[1:])) if self.slices else (self.X,):
            predict(rows)


class PredictProba(Predict):
    """The probabilities of all rows."""

    method = "predict_proba"


def in_slices(X: Any, n_units: int) -> list[Any]:
    """Cut the rows into slices, each of at most `MAX_VALUES` values in a network's layers."""
    n = max(1, MAX_VALUES // n_units)
    return [X[start : start + n] for start in range(0, X.shape[0], n)]


def grid(n_candidates: int) -> list[dict[str, Any]]:
    """List candidates of a search: layers, L2 penalties and learning rates."""
    every = itertools.product(
        ((16,), (32,), (64,), (32, 16)), np.logspace(-5, -1, 5), np.logspace(-4, -2, 5)
    )
    names = ("hidden_layer_sizes", "alpha", "learning_rate_init")
    candidates = [dict(zip(names, values, strict=True)) for values in every]
    return candidates[:: len(candidates) // n_candidates][:n_candidates]


JOBS: dict[str, type[Estimator]] = {
    "fit": Fit,
    "partial_fit": PartialFit,
    "warm_start": WarmStart,
    "bagging": Bagging,
    "predict": Predict,
    "predict_proba": PredictProba,
}

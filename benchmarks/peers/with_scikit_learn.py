"""scikit-learn: `MLPClassifier.fit`, or `MLPRegressor.fit` for numbers.

Its regressor has no sigmoid at the output: on `sine` it does a little less than the others.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.peers import estimators
from benchmarks.peers.job import Job, Trainer
from benchmarks.works import Work


class ScikitLearn(Trainer):
    """Each `run` is a fit from new weights; `advance` learns on."""

    def reset(self) -> None:
        work = self.work
        kind = MLPClassifier if work.classifies else MLPRegressor
        self.model = kind(
            hidden_layer_sizes=work.sizes[1:-1],
            solver=work.optimizer,
            learning_rate_init=work.learning_rate,
            momentum=0,
            alpha=0,
            batch_size=work.batch_size,
            shuffle=work.shuffle,
            n_iter_no_change=1_000_000,  # it stops when the epochs are over
            random_state=0,
        )

    def run(self, epochs: int) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            self.model.set_params(max_iter=epochs).fit(self.rows.X, self.rows.y)

    def advance(self) -> None:
        classes = {"classes": np.arange(self.work.sizes[-1])} if self.work.classifies else {}
        self.model.partial_fit(self.rows.X, self.rows.y, **classes)

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        return self.model.predict(X)


class Continued(ScikitLearn):
    """Each epoch continues by `partial_fit`, so that large weights are drawn only once."""

    def run(self, times: int) -> None:
        for _ in range(times):
            self.advance()


class Population(Job):
    """Classifiers with different seeds, fitted by joblib in two processes."""

    #: The most networks that are fitted; the time of more is extrapolated.
    most = 200

    @property
    def share(self) -> float:
        return min(1.0, self.most / self.work.networks)

    def reset(self) -> None:
        """Start the processes, and let them import scikit-learn."""
        self._fit(2)

    def run(self, times: int) -> None:
        for _ in range(times):
            self._fit(min(self.most, self.work.networks))

    def _fit(self, n: int) -> None:
        import joblib

        fits = (
            joblib.delayed(_fit)(self.work, seed, self.rows.X, self.rows.y) for seed in range(n)
        )
        joblib.Parallel(n_jobs=2)(fits)

    def about(self) -> str:
        sample = f", extrapolated from {self.most} networks" if self.share < 1 else ""
        return f"joblib, n_jobs=2{sample}"


class Search(Job):
    """`GridSearchCV` in two processes, with candidates from the whole grid."""

    #: The most candidates that are fitted; the time of more is extrapolated.
    most = 20

    def reset(self) -> None:
        """Start the processes, and let them import scikit-learn."""
        self._search(2)

    @property
    def share(self) -> float:
        return min(1.0, self.most / self.work.networks)

    def run(self, times: int) -> None:
        for _ in range(times):
            self._search(min(self.most, self.work.networks))

    def _search(self, n_candidates: int) -> None:
        from sklearn.model_selection import GridSearchCV

        candidates = [
            {name: [value] for name, value in candidate.items()}
            for candidate in estimators.grid(n_candidates)
        ]
        model = _classifier(self.work, 0)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            GridSearchCV(model, candidates, cv=5, n_jobs=2).fit(self.rows.X, self.rows.y)

    def about(self) -> str:
        sample = f", extrapolated from {self.most} candidates" if self.share < 1 else ""
        return f"GridSearchCV, n_jobs=2{sample}"


def _classifier(work: Work, seed: int) -> MLPClassifier:
    """A classifier that trains for the work's number of epochs."""
    return MLPClassifier(
        hidden_layer_sizes=work.sizes[1:-1],
        learning_rate_init=work.learning_rate,
        batch_size=work.batch_size,
        max_iter=work.epochs,
        n_iter_no_change=work.epochs + 1,
        random_state=seed,
    )


def _fit(work: Work, seed: int, X: NDArray[np.float32], y: NDArray[Any]) -> MLPClassifier:
    """Fit one network of a population."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        return _classifier(work, seed).fit(X, y)


def _of_scikit_learn(job: type[estimators.Estimator]) -> type[estimators.Estimator]:
    return type(job.__name__, (job,), {"kind": MLPClassifier, "slices": True})


#: The job of each task.
JOBS: dict[str, type[Job]] = {
    "epoch": ScikitLearn,
    "steps": Continued,
    "population": Population,
    "search": Search,
    **{task: _of_scikit_learn(job) for task, job in estimators.JOBS.items()},
}

"""scikit-learn: `MLPClassifier.fit`, or `MLPRegressor.fit` for numbers.

Its regressor has no sigmoid at the output: on `sine` it does a little less than the others.
"""

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier, MLPRegressor

from benchmarks.peers.trainer import Trainer


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


#: What the worker calls.
trainer = ScikitLearn

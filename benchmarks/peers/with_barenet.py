"""barenet through its public functions, as its README shows them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import barenet
from benchmarks.peers import estimators
from benchmarks.peers.job import Job, Trainer


class Barenet(Trainer):
    """`barenet.train`, again and again on one network."""

    history: barenet.typing.History | None = None

    def reset(self) -> None:
        work = self.work
        self.network = barenet.Network.dense(
            work.sizes, hidden="relu", output="softmax" if work.classifies else "sigmoid"
        )
        kind = barenet.optimizers.Adam if work.optimizer == "adam" else barenet.optimizers.SGD
        self.optimizer = kind(learning_rate=work.learning_rate)
        self.predictor: barenet.Network | barenet.typing.CompiledNetwork = self.network
        self.epoch = 0

    def run(self, epochs: int) -> None:
        self.history = barenet.train(
            self.network,
            self.rows.X,
            self.rows.y,
            loss=None if self.work.classifies else "squared_error",
            optimizer=self.optimizer,
            epochs=epochs,
            batch_size=self.work.batch_size,
            shuffle=self.work.shuffle,
            engine=self.engine,
            seed=self.epoch,  # another order in each call
        )
        self.epoch += epochs

    def settle(self) -> None:
        self.predictor = barenet.typing.CompiledNetwork(self.network)

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        output = self.predictor.predict(X)
        return output.argmax(axis=1) if self.work.classifies else output[:, 0]

    def about(self) -> str:
        return f"{self.history.engine} engine" if self.history else ""


class Population(Job):
    """Networks that differ in their seeds alone, made and trained in one call."""

    def reset(self) -> None:
        pass

    def run(self, times: int) -> None:
        work = self.work
        for _ in range(times):
            seeds = list(range(work.networks))
            networks = [
                barenet.Network.dense(work.sizes, hidden="relu", output="softmax", seed=seed)
                for seed in seeds
            ]
            optimizer = barenet.optimizers.Adam(learning_rate=work.learning_rate)
            settings: dict[str, Any] = {"epochs": work.epochs, "batch_size": work.batch_size}
            settings["engine"] = self.engine
            barenet.train_many(
                networks, self.rows.X, self.rows.y, optimizer=optimizer, seed=seeds, **settings
            )


class Search(Job):
    """`barenet.search` with the whole grid, which trains the best network at the end."""

    def reset(self) -> None:
        pass

    def run(self, times: int) -> None:
        work = self.work
        candidates = [
            {
                "layers": [(work.sizes[0], *candidate["hidden_layer_sizes"], work.sizes[-1])],
                "penalty": [f"l2:strength={candidate['alpha']}"],
                "learning_rate": [candidate["learning_rate_init"]],
            }
            for candidate in estimators.grid(work.networks)
        ]
        settings: dict[str, Any] = {"epochs": work.epochs, "batch_size": work.batch_size}
        for _ in range(times):
            barenet.search(candidates, self.rows.X, self.rows.y, cv=5, **settings)


class Ensemble(Job):
    """The default ensemble for a table."""

    def reset(self) -> None:
        self.estimator = barenet.MLPEnsembleRegressor(engine=self.engine, random_state=0)

    def run(self, times: int) -> None:
        for _ in range(times):
            self.estimator.fit(self.rows.X, self.rows.y)

    def about(self) -> str:
        """Return the score on the test rows."""
        score = self.estimator.score(self.rows.X_test, self.rows.y_test)
        return f"R² {score:.4f}"


def _of_barenet(job: type[estimators.Estimator]) -> type[estimators.Estimator]:
    return type(job.__name__, (job,), {"kind": barenet.MLPClassifier})


#: The job of each task.
JOBS: dict[str, type[Job]] = {
    "epoch": Barenet,
    "steps": Barenet,
    "population": Population,
    "search": Search,
    "ensemble": Ensemble,
    **{task: _of_barenet(job) for task, job in estimators.JOBS.items()},
}

"""barenet through its public functions, as its README shows them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

import barenet
from benchmarks.peers.trainer import Trainer


class Barenet(Trainer):
    """`barenet.train`, again and again on one network."""

    history: barenet.History | None = None

    def reset(self) -> None:
        work = self.work
        self.network = barenet.Network.dense(
            work.sizes, hidden="relu", output="softmax" if work.classifies else "sigmoid"
        )
        kind = barenet.optimizers.Adam if work.optimizer == "adam" else barenet.optimizers.SGD
        self.optimizer = kind(learning_rate=work.learning_rate)
        self.predictor: barenet.Network | barenet.CompiledNetwork = self.network
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
        self.predictor = barenet.CompiledNetwork(self.network)

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        output = self.predictor.predict(X)
        return output.argmax(axis=1) if self.work.classifies else output[:, 0]

    def about(self) -> str:
        return f"{self.history.engine} engine" if self.history else ""


#: What the worker calls.
trainer = Barenet

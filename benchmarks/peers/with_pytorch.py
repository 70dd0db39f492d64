"""PyTorch: the loop that its users write, over batches of a permuted index.

The optimizers are the fused ones, which take the fewest passes over the parameters.
"""

import itertools
import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.peers.trainer import Trainer


class PyTorch(Trainer):
    """Eager, with all rows in one tensor."""

    def reset(self) -> None:
        work = self.work
        torch.manual_seed(0)
        layers = [
            layer
            for sizes in itertools.pairwise(work.sizes)
            for layer in (torch.nn.Linear(*sizes), torch.nn.ReLU())
        ]
        last = [] if work.classifies else [torch.nn.Sigmoid(), torch.nn.Flatten(0)]
        self.model = torch.nn.Sequential(*layers[:-1], *last)
        self.loss = torch.nn.CrossEntropyLoss() if work.classifies else half_squared_error
        kind = torch.optim.Adam if work.optimizer == "adam" else torch.optim.SGD
        self.optimizer = kind(self.model.parameters(), lr=work.learning_rate, fused=True)
        self.X, self.y = torch.from_numpy(self.rows.X), torch.from_numpy(self.rows.y)

    def run(self, epochs: int) -> None:
        for _ in range(epochs):
            n = len(self.X)
            order = torch.randperm(n) if self.work.shuffle else torch.arange(n)
            for batch in order.split(self.work.batch_size):
                self.optimizer.zero_grad()
                self.loss(self.model(self.X[batch]), self.y[batch]).backward()
                self.optimizer.step()

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        with torch.inference_mode():
            output = self.model(torch.from_numpy(X))
            return (output.argmax(dim=1) if self.work.classifies else output).numpy()

    def about(self) -> str:
        return f"{torch.get_num_threads()} of {os.cpu_count()} threads"


def half_squared_error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The sine tutorial's loss."""
    return 0.5 * torch.square(prediction - target).mean()


#: What the worker calls.
trainer = PyTorch

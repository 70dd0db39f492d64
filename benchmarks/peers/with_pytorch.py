"""PyTorch: the loop that its users write, over batches of a permuted index.

The optimizers are the fused ones, which take the fewest passes over the parameters.
"""

import itertools
import os
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.peers.estimators import in_slices
from benchmarks.peers.job import Job, Trainer

#: Where the tensors are: on the GPU that the process sees, or in the memory of the processor.
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")


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
        self.model = torch.nn.Sequential(*layers[:-1], *last).to(DEVICE)
        self.loss = torch.nn.CrossEntropyLoss() if work.classifies else half_squared_error
        kind = torch.optim.Adam if work.optimizer == "adam" else torch.optim.SGD
        self.optimizer = kind(self.model.parameters(), lr=work.learning_rate, fused=True)
        self.X = on_device(self.rows.X)
        self.y = on_device(self.rows.y)

    def run(self, epochs: int) -> None:
        for _ in range(epochs):
            n = len(self.X)
            arrange = torch.randperm if self.work.shuffle else torch.arange
            order = arrange(n, device=DEVICE)
            for batch in order.split(self.work.batch_size):
                self.optimizer.zero_grad()
                self.loss(self.model(self.X[batch]), self.y[batch]).backward()
                self.optimizer.step()
        synchronize()

    def predict(self, X: NDArray[np.float32]) -> NDArray[Any]:
        with torch.inference_mode():
            output = self.model(on_device(X))
            if self.work.classifies:
                output = output.argmax(dim=1)
            return output.cpu().numpy()

    def about(self) -> str:
        if DEVICE.type == "cuda":
            return torch.cuda.get_device_name()
        return f"{torch.get_num_threads()} of {os.cpu_count()} threads"


def on_device(numbers: NDArray[Any]) -> torch.Tensor:
    """Make a tensor where the model computes."""
    return torch.from_numpy(numbers).to(DEVICE)


def synchronize() -> None:
    """Wait until all is computed: calls to a GPU return before."""
    if DEVICE.type == "cuda":
        torch.cuda.synchronize()


def half_squared_error(prediction: torch.Tensor, target: torch.Tensor) -> torch.Tensor:
    """The sine tutorial's loss."""
    return 0.5 * torch.square(prediction - target).mean()


class Population(Job):
    """All networks at once: their weights are stacked, a batch of each is one `torch.baddbmm`.

    Adam treats each number alone, so this is the training of each network by itself.
    """

    def reset(self) -> None:
        self.X = on_device(self.rows.X)
        self.y = on_device(self.rows.y)

    def run(self, times: int) -> None:
        work, n = self.work, len(self.X)
        for _ in range(times):
            layers = [self._layer(*sizes) for sizes in itertools.pairwise(work.sizes)]
            optimizer = torch.optim.Adam(
                [p for layer in layers for p in layer], lr=work.learning_rate, fused=True
            )
            for _ in range(work.epochs):
                order = torch.argsort(torch.rand(work.networks, n, device=DEVICE), dim=1)
                for batch in order.split(work.batch_size, dim=1):
                    optimizer.zero_grad()
                    self._loss(layers, batch).backward()
                    optimizer.step()
        synchronize()

    def _layer(self, n_in: int, n_out: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Draw the weights of a layer of all networks as `torch.nn.Linear` does."""
        shapes, limit = (n_in, n_out), n_in**-0.5
        networks = self.work.networks
        weights = torch.empty(networks, *shapes, device=DEVICE).uniform_(-limit, limit)
        bias = torch.empty(networks, 1, n_out, device=DEVICE).uniform_(-limit, limit)
        return weights.requires_grad_(), bias.requires_grad_()

    def _loss(self, layers: list[tuple[torch.Tensor, ...]], batch: torch.Tensor) -> torch.Tensor:
        """Sum the networks' losses on their batches, of shape (networks, rows)."""
        a = self.X[batch]
        for weights, bias in layers[:-1]:
            a = torch.relu(torch.baddbmm(bias, a, weights))
        weights, bias = layers[-1]
        scores = torch.baddbmm(bias, a, weights).flatten(0, 1)
        loss = torch.nn.functional.cross_entropy(scores, self.y[batch].flatten(), reduction="sum")
        return loss / batch.shape[1]


class PredictProba(PyTorch):
    """The probabilities of all rows, as a NumPy array."""

    def run(self, times: int) -> None:
        for _ in range(times):
            for rows in in_slices(self.rows.X, sum(self.work.sizes[1:])):
                with torch.inference_mode():
                    torch.softmax(self.model(on_device(rows)), dim=1).cpu().numpy()


#: The job of each task.
JOBS: dict[str, type[Job]] = {
    "epoch": PyTorch,
    "steps": PyTorch,
    "population": Population,
    "predict_proba": PredictProba,
}

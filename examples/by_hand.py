"""The whole of training, by hand: forward, backward, step. And a check that backward is right.

`barenet.train` does the same, with a history, callbacks and a watch for what goes wrong.
"""

import numpy as np

from barenet import Network, batches, check_gradients
from barenet.data import load_dataset
from barenet.losses import BinaryCrossEntropy
from barenet.optimizers import Adam


def main(epochs: int | None = None) -> None:
    """Train on the two moons for 300 epochs, or as many as asked for."""
    moons = load_dataset("moons")
    X, y = moons.X, moons.y.reshape(-1, 1).astype(np.float64)
    network = Network.dense([2, 8, 1], hidden="tanh", output="sigmoid", dtype="float64")
    loss, optimizer = BinaryCrossEntropy(), Adam(learning_rate=0.01)
    rng = np.random.default_rng(0)

    print(check_gradients(network, X, y))
    for _ in range(epochs or 300):
        for X_batch, y_batch in batches(X, y, size=32, rng=rng):
            output, cache = network.forward(X_batch, training=True)
            gradient = network.backward(cache, loss.gradient(output, y_batch))
            optimizer.step(network.parameters, gradient)

    output = network.predict(X)
    right = np.mean((output > 0.5) == y)
    print(f"loss {loss.value(output, y):.4f}, {right:.1%} of the points are right")


if __name__ == "__main__":
    main()

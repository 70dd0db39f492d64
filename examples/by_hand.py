"""A training loop by hand: forward pass, gradient of the loss, backward pass, update.

`barenet.train` takes the same steps; it adds validation, callbacks, checkpoints and a history.
"""

import numpy as np

from barenet import Network, Scaling, batches, check_gradients, load_dataset, one_hot
from barenet.losses import SoftmaxCrossEntropy
from barenet.optimizers import SGD


def main(epochs: int = 20) -> None:
    """Train on handwritten digits, and print a gradient check and the accuracy."""
    training_set, test_set = load_dataset("digits").split(0.2)
    scaling = Scaling.fit("standardize", training_set.X)
    X, Y = scaling.transform(training_set.X), one_hot(training_set.y, 10)

    network = Network.dense([64, 32, 10], hidden="relu", output="softmax")
    loss, optimizer, rng = SoftmaxCrossEntropy(), SGD(learning_rate=0.1), np.random.default_rng(0)

    print(check_gradients(network, X[:8], Y[:8]))
    for _ in range(epochs):
        for X_batch, Y_batch in batches(X, Y, batch_size=64, rng=rng):
            logits, cache = network.forward(X_batch, training=True, logits=True)
            gradient = network.backward(cache, loss.gradient(logits, Y_batch))
            optimizer.step(network.parameters, gradient)

    predictions = network.predict(scaling.transform(test_set.X)).argmax(axis=1)
    print(f"accuracy on the test set: {np.mean(predictions == test_set.y):.1%}")


if __name__ == "__main__":
    main()

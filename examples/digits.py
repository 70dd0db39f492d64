"""Handwritten digits: 16 hidden units are right about 94 of 100 that they have never seen.

BARENET_DATA names the folder that holds MNIST's IDX files. Without it, scikit-learn's 1,797 smaller
digits take their place, which are there without a network.
"""

import os
from pathlib import Path

import numpy as np

from barenet import Network, Scaling, load_dataset, train
from barenet.callbacks import Run
from barenet.plots import plot_digits, plot_history, save_figure
from barenet.typing import Dataset


def load() -> tuple[Dataset, int]:
    """Load the digits, and say how many make a batch: few where there are few."""
    if folder := os.environ.get("BARENET_DATA"):
        return load_dataset("mnist", data_dir=folder), 64
    print("BARENET_DATA names no folder: taking scikit-learn's 8 × 8 digits instead of MNIST.")
    return load_dataset("digits"), 8


def report(run: Run) -> None:
    """Print how many of the test digits are right, after each epoch."""
    right = run.history["test_accuracy"][-1]
    print(f"epoch {run.epoch:2}: {right:.2%} of the test digits are right")


def main(epochs: int | None = None, out: str | Path = "runs/examples/digits") -> None:
    """Train for 50 epochs, or as many as asked for, and leave three pictures in a folder."""
    digits, batch_size = load()
    learned, test = digits.split(test_size=0.33, seed=42)
    scaling = Scaling.fit("minmax", learned.X)
    X_test = scaling.transform(test.X)

    network = Network.dense(
        [digits.n_features, 16, 10],
        hidden="relu",
        output="sigmoid",
        init="normal:std=0.1",
        bias_init="normal:std=0.1",
    )
    history = train(
        network,
        scaling.transform(learned.X),
        learned.y,
        loss="squared_error:factor=1",
        optimizer="sgd:learning_rate=0.1",
        epochs=epochs or 50,
        batch_size=batch_size,
        test_data=(X_test, test.y),
        metrics="accuracy",
        callbacks=report,
    )

    outputs = network.predict(X_test)
    said, sure = outputs.argmax(axis=1), outputs.max(axis=1)
    print(f"{sure[0]:.1%} sure that the first test digit is {said[0]}. Its label is {test.y[0]}.")

    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    wrong = np.flatnonzero(said != test.y)[:25]
    for name, rows in {"digit": np.array([0]), "mistakes": wrong}.items():
        picture = plot_digits(
            test.X[rows], test.y[rows], said[rows], sure[rows], image_shape=digits.image_shape
        )
        save_figure(picture, folder / f"{name}.png")
    save_figure(plot_history(history), folder / "history.png")
    print(f"Pictures are in {folder}: digit.png, mistakes.png, history.png.")


if __name__ == "__main__":
    main()

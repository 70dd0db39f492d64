"""A sine wave, learned one sample at a time: what the network says after 10 epochs and after 1000.

Every picture comes from one run, looked at on the way, so that a panel shows the epoch it names.
"""

from pathlib import Path

import numpy as np

from barenet import Network, Scaling, load_dataset, train
from barenet.callbacks import Run
from barenet.plots import plot_fit, plot_history, save_figure

PANELS = (10, 50, 100, 500, 1000)


def main(epochs: int | None = None, out: str | Path = "runs/examples/sine") -> None:
    """Train for 1000 epochs, or as many as asked for, and leave four pictures in a folder."""
    epochs = epochs or 1000
    sine = load_dataset("sine")  # 500 points of (sin x + 1) / 2
    X = Scaling.fit("standardize", sine.X).transform(sine.X)
    network = Network.dense(
        [1, 10, 10, 1],
        hidden="relu",
        output="sigmoid",
        init="normal:std=0.1",
        bias_init="normal:std=0.1",
        seed=38,
        dtype="float64",
    )

    predictions = {0: network.predict(X)}

    def look(run: Run) -> None:
        if run.epoch % 200 == 1 or run.epoch == epochs:
            print(f"epoch {run.epoch:4}: loss {run.history.loss[-1]:.5f}")
        if run.epoch in PANELS or run.epoch == epochs:
            predictions[run.epoch] = network.predict(X)

    history = train(
        network,
        X,
        sine.y,
        loss="squared_error",
        optimizer="sgd:learning_rate=0.01",
        epochs=epochs,
        batch_size=1,
        shuffle=False,
        callbacks=look,
    )

    names = {"feature_name": "x", "target_name": "(sin x + 1) / 2"}
    losses = {done: float(np.mean((p[:, 0] - sine.y) ** 2) / 2) for done, p in predictions.items()}
    pictures = {
        "data": plot_fit(sine.X, sine.y, predictions[0], **names, title="Before the first step"),
        "loss": plot_history(history),
        "fit": plot_fit(sine.X, sine.y, predictions[epochs], **names),
        "epochs": plot_fit(sine.X, sine.y, predictions, losses=losses, **names),
    }
    folder = Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.items():
        save_figure(picture, folder / f"{name}.png")
    print(f"Pictures are in {folder}: {', '.join(f'{name}.png' for name in pictures)}.")


if __name__ == "__main__":
    main()

"""Two moons: one hidden unit draws a straight line, three draw a curve that parts them.

First the tutorial's own run, to its published digits; then 1, 2, 3 and 8 hidden units.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from barenet import Network, load_dataset, train
from barenet.plots import plot_boundary, plot_history, save_figure
from barenet.typing import Dataset

SHADES = ("#8FC1DE", "#D6E8F3", "#FBEBCD", "#F3CB7C")
LOOKS = (("o", "#0072B2"), ("s", "#E69F00"))


def learn_as_published(moons: Dataset, epochs: int, folder: Path) -> None:
    """Train 2-1-1 by gradient descent on all points at once, and print every thousandth cost."""
    network = Network.dense(
        [2, 1, 1], hidden="tanh", output="sigmoid", init="normal:std=0.01", seed=2, dtype="float64"
    )
    history = train(
        network,
        moons.X,
        moons.y,
        optimizer="sgd:learning_rate=0.01",
        epochs=epochs,
        batch_size=None,
        metrics="accuracy",
    )
    for step in range(0, epochs, 1000):
        print(f"step {step:4}: cost {history.loss[step]:.6f}")
    print(f"accuracy {history['accuracy'][-1]:.3f}")
    save_figure(plot_history(history), folder / "cost.png")
    save_figure(plot_boundary(network.predict, moons.X, moons.y), folder / "boundary.png")


def learn_with(n_units: int, moons: Dataset, epochs: int) -> Network:
    """Train 2-n-1 with Adam, from Glorot's start, whose units are not all alike."""
    network = Network.dense([2, n_units, 1], hidden="tanh", output="sigmoid", dtype="float64")
    adam = "adam:learning_rate=0.05"
    train(network, moons.X, moons.y, optimizer=adam, epochs=epochs, batch_size=None)
    return network


def draw(networks: list[Network], moons: Dataset) -> Figure:
    """Draw where each network is for one class or the other, and where it is sure (90 %)."""
    figure = Figure(figsize=(9, 6.5), layout="constrained")
    panels = figure.subplots(2, 2, sharex=True, sharey=True).flat
    across, up = np.meshgrid(np.linspace(-1.7, 2.7, 300), np.linspace(-1.4, 1.8, 300))
    plane = np.column_stack([across.ravel(), up.ravel()])
    for axes, network in zip(panels, networks, strict=True):
        seen = network.predict(plane).reshape(across.shape)
        axes.contourf(across, up, seen, levels=[0, 0.1, 0.5, 0.9, 1], colors=SHADES)
        for label, (marker, color) in enumerate(LOOKS):
            points = moons.X[moons.y == label].T
            axes.plot(*points, marker, markersize=5, color=color, markeredgecolor="#262626")
        right = np.mean((network.predict(moons.X)[:, 0] > 0.5) == moons.y)
        axes.set_title(f"hidden units: {network.sizes[1]}, {right:.1%} right", loc="left")
        axes.spines[:].set_visible(False)
    return figure


def main(epochs: int | None = None, out: str | Path = "runs/examples/moons") -> None:
    """Train for 10,000 steps, or as many as asked for, and leave three pictures in a folder."""
    moons, folder = load_dataset("moons"), Path(out)
    folder.mkdir(parents=True, exist_ok=True)
    learn_as_published(moons, epochs or 10_000, folder)
    networks = [learn_with(n_units, moons, epochs or 1000) for n_units in (1, 2, 3, 8)]
    save_figure(draw(networks, moons), folder / "units.png")
    print(f"Pictures are in {folder}: cost.png, boundary.png, units.png.")


if __name__ == "__main__":
    main()

"""Rows for the works: real ones where they are at hand, else made-up ones of the same shape.

The parent makes them once and leaves them in a folder, from which every peer reads the same bits.
So no peer's memory holds what it took to make them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.works import Work

__all__ = ["Rows", "make_rows"]


@dataclass(frozen=True)
class Rows:
    """What is learned from, and what is tested on: X is float32, y int64 classes or float32."""

    X: NDArray[np.float32]
    y: NDArray[Any]
    X_test: NDArray[np.float32]
    y_test: NDArray[Any]
    origin: str

    def save(self, path: Path) -> Path:
        """Leave the arrays in a file of their own."""
        np.savez(path, **{key: value for key, value in vars(self).items() if key != "origin"})
        return path

    @classmethod
    def load(cls, path: str | Path) -> Rows:
        """Read what `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files}, origin="")


def make_rows(work: Work) -> Rows:
    """Find or make the rows of a work; `origin` says which it was."""
    return MAKERS[work.data](work)


def _mnist(work: Work) -> Rows:
    """MNIST where BARENET_DATA names it. Nothing is fetched: a benchmark waits for no network."""
    import os

    from barenet import load_dataset
    from barenet.errors import DataError

    try:
        folder = os.environ.get("BARENET_DATA")
        mnist = load_dataset("mnist", data_dir=folder) if folder else None
    except DataError:
        mnist = None
    if mnist is None:
        return _random(work)
    train, test = mnist.split(0.33, seed=42)
    assert test is not None
    return Rows(
        np.divide(train.X[: work.n_rows], 255, dtype=np.float32),
        train.y[: work.n_rows],
        np.divide(test.X, 255, dtype=np.float32),
        test.y,
        "MNIST",
    )


def _random(work: Work) -> Rows:
    """Random rows, whose classes a linear rule tells apart; a speed does not depend on them."""
    rng = np.random.default_rng(0)
    X = rng.random((work.n_rows + 1_000, work.sizes[0]), dtype=np.float32)
    y = (X @ rng.normal(size=(work.sizes[0], work.sizes[-1])).astype(np.float32)).argmax(axis=1)
    n = work.n_rows
    return Rows(X[:n], y[:n], X[n:], y[n:], "made-up numbers")


def _sine(work: Work) -> Rows:
    """(sin x + 1) / 2 from −2π to 2π, x standardised."""
    x = np.linspace(-2 * np.pi, 2 * np.pi, work.n_rows)
    X = ((x - x.mean()) / x.std()).astype(np.float32).reshape(-1, 1)
    y = ((np.sin(x) + 1) / 2).astype(np.float32)
    return Rows(X, y, X, y, "a sine wave")


def _digits(work: Work) -> Rows:
    """The 8 × 8 digits that come with scikit-learn."""
    from sklearn.datasets import load_digits

    X, y = load_digits(return_X_y=True)
    X, y, n = (X / 16).astype(np.float32), y.astype(np.int64), work.n_rows
    return Rows(X[:n], y[:n], X[n:], y[n:], "scikit-learn's digits")


MAKERS: dict[str, Callable[[Work], Rows]] = {
    "mnist": _mnist,
    "random": _random,
    "sine": _sine,
    "digits": _digits,
}

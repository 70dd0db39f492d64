"""Rows for the works: real data where they are available, else random numbers of the same shape.

The parent process saves them once, and every library's process reads the same bits; large random
rows are made in each process, from one seed.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.works import Work

__all__ = ["Rows", "make_rows"]

#: Non-zero values in a row of a sparse matrix.
WORDS = 80


@dataclass(frozen=True)
class Rows:
    """Training rows and test rows: X is float32, y int64 classes or float32."""

    X: Any
    y: NDArray[Any]
    X_test: Any
    y_test: NDArray[Any]
    origin: str

    def save(self, path: Path) -> Path:
        """Save the arrays."""
        np.savez(path, **{key: value for key, value in vars(self).items() if key != "origin"})
        return path

    @classmethod
    def load(cls, path: str | Path) -> Rows:
        """Read the file that `save` wrote."""
        with np.load(path) as arrays:
            return cls(**{name: arrays[name] for name in arrays.files}, origin="")


def make_rows(work: Work) -> Rows:
    """Load or make the rows of a work; `origin` names their source."""
    return MAKERS[work.data](work)


def _mnist(work: Work) -> Rows:
    """MNIST from the folder BARENET_DATA. Nothing is downloaded."""
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
    return _random_numbers(work.n_rows, work.sizes[0], work.sizes[-1])


@functools.lru_cache(1)
def _random_numbers(n_rows: int, n_features: int, n_classes: int) -> Rows:
    """Random rows of classes that a linear rule separates; the speed does not depend on them."""
    rng = np.random.default_rng(0)
    X = rng.random((n_rows + 1_000, n_features), dtype=np.float32)
    y = (X @ rng.normal(size=(n_features, n_classes)).astype(np.float32)).argmax(axis=1)
    return Rows(X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:], "random numbers")


def _text(work: Work) -> Rows:
    """A sparse matrix like word counts, with `WORDS` non-zero values in each row."""
    from scipy.sparse import csr_array

    rng, n = np.random.default_rng(0), work.n_rows
    columns = np.sort(rng.integers(0, work.sizes[0], (n, WORDS), dtype=np.int32), axis=1)
    starts = np.arange(0, n * WORDS + 1, WORDS, dtype=np.int32)
    values = rng.random(n * WORDS, dtype=np.float32)
    X = csr_array((values, columns.ravel(), starts), shape=(n, work.sizes[0]))
    X.sum_duplicates()
    y = columns[:, 0] % work.sizes[-1]
    return Rows(X, y.astype(np.int64), X[:1_000], y[:1_000], "random sparse rows")


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


def _iris(work: Work) -> Rows:
    """All 150 rows of iris, standardised."""
    from sklearn.datasets import load_iris

    X, y = load_iris(return_X_y=True)
    X = ((X - X.mean(axis=0)) / X.std(axis=0)).astype(np.float32)
    return Rows(X, y.astype(np.int64), X, y.astype(np.int64), "iris")


def _friedman(work: Work) -> Rows:
    """A formula of five columns with noise (Friedman, 1991); the other columns mean nothing."""
    from sklearn.datasets import make_friedman1

    n_rows = work.n_rows
    X, y = make_friedman1(n_rows + 10_000, work.sizes[0], noise=1.0, random_state=0)
    X = X.astype(np.float32)
    y = y.astype(np.float32)
    return Rows(X[:n_rows], y[:n_rows], X[n_rows:], y[n_rows:], "Friedman's formula")


MAKERS: dict[str, Callable[[Work], Rows]] = {
    "mnist": _mnist,
    "random": _random,
    "text": _text,
    "sine": _sine,
    "digits": _digits,
    "iris": _iris,
    "friedman": _friedman,
}

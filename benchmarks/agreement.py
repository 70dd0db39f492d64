"""Agreement of MLPClassifier and MLPRegressor with scikit-learn's, on twenty data sets.

    .venv/bin/python -m benchmarks.agreement

Both fit the same rows with the same `random_state`, five times each, with the default `tol`: with
and without weights and early stopping, by each solver. The differences are added to
`results/agreement.jsonl`, so that an interrupted comparison goes on where it ended, and a table of
them is printed.

L-BFGS sums the loss over all rows, so the order of the rows changes its rounding alone. Its last
lines compare scikit-learn's estimators with themselves, on the rows in reverse order.
"""

import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sklearn.neural_network
from sklearn import datasets
from sklearn.preprocessing import scale

import barenet
from benchmarks.markdown import table

#: Where the differences are kept.
RESULTS = Path(__file__).parent / "results" / "agreement.jsonl"

#: The number of random states.
SEEDS = 5

#: The largest number of rows of a data set.
MOST_ROWS = 300

#: The parameters of all estimators.
COMMON = {"hidden_layer_sizes": (20,), "max_iter": 300}

#: The parameters by solver.
SOLVERS: dict[str, dict[str, Any]] = {
    "adam": {"solver": "adam", "learning_rate_init": 0.01},
    "sgd, constant": {"solver": "sgd", "learning_rate_init": 0.05},
    "sgd, adaptive": {"solver": "sgd", "learning_rate_init": 0.05, "learning_rate": "adaptive"},
    "lbfgs": {"solver": "lbfgs"},
}
REORDERED = "lbfgs, scikit-learn reordered"
SOLVERS[REORDERED] = SOLVERS["lbfgs"]

WEIGHTS = ("none", "random", "3:1")

#: The classes; "unscaled" rows make networks certain of wrong classes at first.
OF_CLASSES = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "wine, unscaled": datasets.load_wine,
    "breast cancer": datasets.load_breast_cancer,
    "breast cancer, unscaled": datasets.load_breast_cancer,
    "digits": datasets.load_digits,
    "two classes": lambda **_: datasets.make_classification(300, 10, random_state=0),
    "four classes": lambda **_: datasets.make_classification(
        300, 12, n_informative=6, n_classes=4, random_state=1
    ),
    "moons": lambda **_: datasets.make_moons(200, noise=0.2, random_state=0),
    "circles": lambda **_: datasets.make_circles(200, noise=0.1, random_state=0),
    "blobs": lambda **_: datasets.make_blobs(200, centers=3, random_state=0),
    "quantiles": lambda **_: datasets.make_gaussian_quantiles(n_samples=200, random_state=0),
}
#: One, two or three targets.
OF_NUMBERS = {
    "diabetes": datasets.load_diabetes,
    "linnerud": datasets.load_linnerud,
    "linear": lambda **_: datasets.make_regression(200, 8, noise=10, random_state=0),
    "two targets": lambda **_: datasets.make_regression(
        200, 8, n_targets=2, noise=10, random_state=0
    ),
    "three targets": lambda **_: datasets.make_regression(
        200, 8, n_targets=3, noise=10, random_state=0
    ),
    "friedman 1": lambda **_: datasets.make_friedman1(200, noise=0.5, random_state=0),
    "friedman 2": lambda **_: datasets.make_friedman2(200, noise=0.5, random_state=0),
    "friedman 3": lambda **_: datasets.make_friedman3(200, noise=0.1, random_state=0),
}
DATA_SETS = (*OF_CLASSES, *OF_NUMBERS)


def read(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Read the rows of a data set, scaled, and their targets."""
    if name in OF_NUMBERS:
        X, y = OF_NUMBERS[name](return_X_y=True)
        y = scale(y)
    else:
        X, y = OF_CLASSES[name](return_X_y=True)
    X = X[:MOST_ROWS]
    y = y[:MOST_ROWS]
    if not name.endswith("unscaled"):
        X = scale(X)
    return X, y


def weights_of(kind: str, y: np.ndarray, seed: int) -> np.ndarray | None:
    """Make the weights of the rows: of numbers, 3:1 are above and below the median."""
    if kind == "none":
        return None
    if kind == "random":
        return np.random.default_rng(seed).random(len(y))
    first = y.reshape(len(y), -1)[:, 0]
    return np.where(first > np.median(first), 3.0, 1.0)


def compare(
    name: str, solver: str, weights: str, seed: int, *, early_stopping: bool
) -> dict[str, float]:
    """Fit both estimators, and return how they differ."""
    X, y = read(name)
    weight = weights_of(weights, y, seed)
    kind = "MLPRegressor" if name in OF_NUMBERS else "MLPClassifier"
    settings = COMMON | SOLVERS[solver] | {"random_state": seed, "early_stopping": early_stopping}
    theirs = getattr(sklearn.neural_network, kind)(**settings).fit(X, y, sample_weight=weight)
    if solver == REORDERED:
        ours = getattr(sklearn.neural_network, kind)(**settings)
        ours.fit(X[::-1], y[::-1], sample_weight=None if weight is None else weight[::-1])
    else:
        ours = getattr(barenet, kind)(**settings).fit(X, y, sample_weight=weight)
    method = "predict_proba" if kind == "MLPClassifier" else "predict"
    coefficients = zip(
        theirs.coefs_ + theirs.intercepts_, ours.coefs_ + ours.intercepts_, strict=True
    )
    # scikit-learn keeps no curve of L-BFGS, and curves of other lengths can't be compared.
    their_curve = [theirs.loss_]
    our_curve = [ours.loss_]
    if hasattr(theirs, "loss_curve_"):
        their_curve = theirs.loss_curve_
        our_curve = ours.loss_curve_
    common = min(len(their_curve), len(our_curve))
    differences_of_loss = np.subtract(their_curve[:common], our_curve[:common])
    return {
        "epochs": theirs.n_iter_,
        "difference of epochs": ours.n_iter_ - theirs.n_iter_,
        "loss": float(np.abs(differences_of_loss).max()),
        "coefficients": max(float(np.abs(one - other).max()) for one, other in coefficients),
        "predictions": float(np.abs(getattr(theirs, method)(X) - getattr(ours, method)(X)).max()),
    }


def measure() -> None:
    """Measure what has no result yet; a line of the file has the largest differences of a group."""
    done = [(result["data"], result["solver"]) for result in read_results()]
    for name in DATA_SETS:
        for solver in SOLVERS:
            if (name, solver) in done:
                continue
            lines = ""
            for weights in WEIGHTS:
                stops_early = [False]
                if "lbfgs" not in solver:
                    stops_early.append(True)
                for early_stopping in stops_early:
                    pairs = [
                        compare(name, solver, weights, seed, early_stopping=early_stopping)
                        for seed in range(SEEDS)
                    ]
                    result = {
                        "data": name,
                        "solver": solver,
                        "weights": weights,
                        "early": early_stopping,
                        "pairs": len(pairs),
                        "same": sum(pair["difference of epochs"] == 0 for pair in pairs),
                        "stopped": sum(pair["epochs"] < COMMON["max_iter"] for pair in pairs),
                    }
                    for key in ("loss", "coefficients", "predictions"):
                        result[key] = float(f"{max(pair[key] for pair in pairs):.1e}")
                    lines += json.dumps(result) + "\n"
            with RESULTS.open("a") as file:
                file.write(lines)


def read_results() -> list[dict[str, Any]]:
    """Read the differences that have been measured."""
    if not RESULTS.exists():
        return []
    return [json.loads(line) for line in RESULTS.read_text().splitlines()]


def report() -> str:
    """Write the table: the number of pairs, and their largest differences."""
    header = ("solver", "weights", "early stopping", "pairs", "ended before 300", "same epoch",
              "loss curve", "coefficients", "predictions")  # fmt: skip
    return table(header, rows_of_report())


def rows_of_report() -> Iterator[tuple[str, ...]]:
    """Yield the cells of each row."""
    groups: dict[tuple[str, str, bool], list[dict[str, Any]]] = {}
    for result in read_results():
        key = (result["solver"], result["weights"], result["early"])
        groups.setdefault(key, []).append(result)
    for (solver, weights, early), results in groups.items():
        cells = [solver, weights, "yes" if early else "no"]
        for count in ("pairs", "stopped", "same"):
            total = sum(result[count] for result in results)
            cells.append(str(total))
        for difference in ("loss", "coefficients", "predictions"):
            largest = max(result[difference] for result in results)
            cells.append(f"{largest:.1e}")
        yield tuple(cells)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    measure()
    print(report())

"""What every exporter is held against: one sweep of models, each with rows and its own answers.

The oracle is what the model itself says of the rows; no exporter has a part in it. Rows hold
numbers that float32 has exactly, so that all are asked the same.
"""

import csv
import sys
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from predictors import predictor_of

from barenet import MLPClassifier, MLPRegressor, Network, Predictor, Scaling, TableEncoding
from barenet.activations import ACTIVATIONS
from barenet.data._table_loading import load_table
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm

sys.path.insert(0, str(Path(__file__).parent))  # the files that the tests share

RNG = np.random.default_rng(7)
X3 = RNG.normal(0, 2, size=(40, 3)).astype(np.float32).astype(np.float64)
OPTIONS = {"leaky_relu": ":slope=0.3", "elu": ":alpha=0.7"}


@dataclass(frozen=True)
class Case:
    """A model, rows, and what the model says of them."""

    model: Any
    X: Any
    outputs: np.ndarray
    labels: np.ndarray | None = None
    dtype: str = "float32"


def settled(network: Network, X: np.ndarray, seed: int = 3) -> Network:
    """Give norms statistics and gains that are not those of the start."""
    rng = np.random.default_rng(seed)
    for _ in range(20):
        network.forward(X.astype(network.dtype), training=True)
    for layer in network.layers:
        if hasattr(layer, "gain"):
            layer.gain = rng.uniform(0.5, 2, layer.gain.shape)
        if hasattr(layer, "bias"):
            layer.bias = rng.normal(0, 0.5, layer.bias.shape)
    return network


def of_network(network: Network, X: np.ndarray = X3) -> Case:
    return Case(network, X, network.predict(X), dtype=network.dtype.name)


def of_predictor(network: Network, X: np.ndarray = X3, **parts: Any) -> Case:
    parts.setdefault("preprocessing", Scaling.fit("standardize", X))
    return case_of(predictor_of(network, **parts), X)


def case_of(predictor: Predictor, X: Any) -> Case:
    dtype = predictor.network.dtype.name
    if predictor.classes is None:
        return Case(predictor, X, predictor.outputs(X), dtype=dtype)
    return Case(predictor, X, predictor.probabilities(X), predictor.predict(X), dtype)


def of_classifier(y: np.ndarray, dtype: str, **options: Any) -> Case:
    X = X3.astype(dtype)
    settings = {"solver": "lbfgs", "max_iter": 400, "random_state": 0, **options}
    model = MLPClassifier(5, **settings).fit(X, y)
    return Case(model, X, model.predict_proba(X), model.predict(X), dtype=dtype)


def of_regressor(y: np.ndarray, dtype: str) -> Case:
    X = X3.astype(dtype)
    model = MLPRegressor(hidden_layer_sizes=5, solver="lbfgs", max_iter=400, random_state=0)
    outputs = model.fit(X, y).predict(X)
    return Case(model, X, outputs.reshape(len(X), -1), dtype=dtype)


def activation_case(name: str, dtype: str) -> Case:
    spec = name + OPTIONS.get(name, "")
    layers = [Dense(3, 5, spec), Dense(5, 4), ActivationLayer(spec), Dense(4, 2, spec)]
    network = settled(Network(layers, seed=1, dtype=dtype), X3 / 8)
    if name == "exponential":
        network.parameters *= 0.25  # as three of them, one on the other, grow fast
    return of_network(network)


def norm_last() -> Case:
    layers = [Dense(3, 4, "tanh"), Dropout(0.5), BatchNorm(4), ActivationLayer("relu")]
    return of_network(settled(Network([*layers, LayerNorm(4)], seed=1), X3))


def norms_of_float64() -> Case:
    layers = [Dense(3, 4), BatchNorm(4, epsilon=0.1), LayerNorm(4, epsilon=0.1)]
    return of_network(settled(Network(layers, seed=5, dtype="float64"), X3))


def some_layers(seed: int) -> Case:
    """Layers of any kind and width, in any order."""
    rng = np.random.default_rng(seed)
    names = sorted(set(ACTIVATIONS) - {"exponential"})
    layers, width = [], 3
    for _ in range(rng.integers(2, 6)):
        n_out = int(rng.integers(1, 20))
        norm = [None, BatchNorm, LayerNorm][rng.integers(3)]
        layers += [Dense(width, n_out, rng.choice(names)), *([norm(n_out)] if norm else [])]
        layers += [Dropout(0.2), ActivationLayer(rng.choice(names))] if rng.random() < 0.5 else []
        width = n_out
    return of_network(settled(Network(layers, seed=seed), X3))


def wide() -> Case:
    X = RNG.integers(0, 256, size=(5, 300)).astype(np.uint8)
    network = Network.dense([300, 40, 12], output="softmax", seed=2)
    names = tuple(f"class {number}" for number in range(12))
    scaling = Scaling.fit("minmax", X)
    return of_predictor(network, X, classes=names, preprocessing=scaling, image_shape=(15, 20))


def extremes(output: str) -> Case:
    """Logits of ten thousand, rows of zeros, and numbers that are hardly any."""
    network = Network([Dense(3, 4), Dense(4, 3, output)], seed=1)
    network.layers[1].weights *= 10_000
    X = X3.copy()
    X[0], X[1], X[2] = 0, 1e-40, 3e4
    return of_network(network, X)


def denormal() -> Case:
    network = Network([Dense(3, 4, "silu"), Dense(4, 2, "elu")], seed=1)
    network.layers[0].weights *= 1e-38
    network.layers[1].weights *= 1e-4
    return of_network(network, X3)


def scaled_numbers(n_outputs: int, dtype: str) -> Case:
    y = RNG.normal(300, 20, size=(30, n_outputs))
    network = Network.dense([3, 6, n_outputs], hidden="tanh", seed=4, dtype=dtype)
    return of_predictor(network, target_scaling=Scaling.fit("standardize", y))


def classes_of(n_outputs: int, output: str, **parts: Any) -> Case:
    network = Network.dense([3, 6, n_outputs], hidden="gelu", output=output, seed=4)
    names = ("yes", "no", "größer?") if n_outputs > 1 else ("no", "yes")
    return of_predictor(network, classes=names, **parts)


KIND = (X3[:, 0] > 0).astype(int) + (X3[:, 1] > 0)

CASES: dict[str, Callable[[], Case]] = {
    **{
        f"{name} {dtype}": lambda name=name, dtype=dtype: activation_case(name, dtype)
        for name in sorted(ACTIVATIONS)
        for dtype in ("float32", "float64")
    },
    "norm first": lambda: of_network(
        settled(Network([BatchNorm(3), LayerNorm(3), Dense(3, 2)], seed=1), X3)
    ),
    "norm last": norm_last,
    "norm alone": lambda: of_network(settled(Network([LayerNorm(3, epsilon=0.1)]), X3)),
    "norms float64": norms_of_float64,
    **{f"some layers {seed}": lambda seed=seed: some_layers(seed) for seed in range(8)},
    "one product": lambda: of_network(Network([Dense(3, 1)], seed=2)),
    "wide": wide,
    "one row": lambda: of_network(Network.dense([3, 4, 2], seed=1), X3[:1]),
    "one by one": lambda: of_network(Network.dense([1, 1], seed=1), X3[:, :1]),
    "extreme softmax": lambda: extremes("softmax"),
    "extreme sigmoid": lambda: extremes("sigmoid"),
    "denormal": denormal,
    "classes": lambda: classes_of(3, "softmax"),
    "two classes": lambda: classes_of(1, "sigmoid"),
    "sigmoids": lambda: classes_of(3, "sigmoid", preprocessing=Scaling.fit("minmax", X3)),
    "not scaled": lambda: classes_of(3, "softmax", preprocessing=Scaling.fit("none", X3)),
    "numbers": lambda: of_predictor(Network.dense([3, 4, 2], seed=1)),
    "scaled number": lambda: scaled_numbers(1, "float32"),
    "scaled numbers": lambda: scaled_numbers(3, "float64"),
    "classifier": lambda: of_classifier(np.array(["a", "b b", "ç"])[KIND], "float32"),
    "classifier float64": lambda: of_classifier(KIND * 2 - 1, "float64", activation="tanh"),
    "classifier yes or no": lambda: of_classifier(KIND == 1, "float32", activation="silu"),
    "classifier numbers": lambda: of_classifier((KIND > 0) * 1.0, "float64"),
    "classifier labels": lambda: of_classifier(np.stack([KIND > 0, KIND > 1], 1) * 1, "float32"),
    "classifier norm": lambda: of_classifier(KIND, "float32", solver="adam", batch_norm=True),
    "regressor": lambda: of_regressor(X3[:, 0] ** 2, "float32"),
    "regressor of two": lambda: of_regressor(X3[:, :2] ** 2, "float64"),
}


@cache
def build(name: str) -> Case:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that learning has not come to its end is no matter
        return CASES[name]()


@pytest.fixture(params=CASES)
def case(request) -> Case:
    return build(request.param)


@pytest.fixture(name="build")
def make_build() -> Callable[[str], Case]:
    return build


#: Columns as a table's file has them, with all that a kind may hold.
COLUMNS = {
    "age": ["1", " 3.5", "", "40", "2e1", "7", "NA", "-999", "11", "0.25"],
    "size": ["1", "2", "3", "4", "5", "6", "7", "8", "9.5", "1e3"],
    "town": ["Oslo", "Rome", "Rome ", "", "Oslo", '"); x', "größer?", "Rome", "Oslo", "Rome"],
    "code": ["007", "1.0", "1", "2", "7", "2", "007", "1e0", "2.5", "7"],
    "open": ["yes", "no", "YES", "yes", "?", "no", "no", "Yes", "no", "yes"],
    "full": ["1", "0", "1", "0", "1", "0", "1", "0", "1", "0"],
}
DATES = {
    "day": ["2024-02-29", "2025/01/01", "", "2026-12-31", "1999-07-05", *["2020-03-01"] * 5],
    "time": ["2024-02-29 12:30", "2025-01-01T00:00:05.5+02:00", "2026-12-31T23:59:59.123456789Z"]
    + [f"2020-0{month}-11 {month}:00 UTC".replace(" ", " 0", 1) for month in range(1, 8)],
}


def table_case(columns: dict[str, list[str]], rare: float, dtype: str = "float32") -> Case:
    """A network for a table, and rows that it has and has not seen."""
    missing = ["NA", "?", "-999"]
    encoding = TableEncoding.fit(columns, rare=rare, categories=["town", "code"], missing=missing)
    rows = {name: [*values, *values[:2]] for name, values in columns.items()}
    rows["town"][-2:] = ["Paris", ""]
    network = Network.dense([encoding.n_outputs, 6, 3], output="softmax", seed=2, dtype=dtype)
    return case_of(predictor_of(network, encoding, classes=("a", "b", "c")), rows)


TABLES = {
    "every category": lambda: table_case(COLUMNS, 0),
    "rare categories": lambda: table_case(COLUMNS, 3),
    "float64": lambda: table_case(COLUMNS, 3, "float64"),
}
DATED = {"dates": lambda: table_case(COLUMNS | DATES, 0, "float64")}


@pytest.fixture(params=TABLES)
def table(request) -> Case:
    return TABLES[request.param]()


@pytest.fixture(params=TABLES | DATED)
def dated(request) -> Case:
    """Tables, those with dates among them."""
    return (TABLES | DATED)[request.param]()


@pytest.fixture
def dates() -> Case:
    return DATED["dates"]()


@pytest.fixture
def passengers(titanic) -> Case:
    """A real table."""
    with titanic.open(newline="", encoding="utf-8") as file:
        names, *lines = csv.reader(file)
    X = dict(zip(names, map(list, zip(*lines, strict=True)), strict=True))
    del X["survived"]
    encoding = TableEncoding.fit(load_table(titanic, "survived").X, drop=["boat", "body"])
    network = Network.dense([encoding.n_outputs, 8, 1], output="sigmoid", seed=1)
    return case_of(predictor_of(network, encoding, classes=("died", "survived")), X)

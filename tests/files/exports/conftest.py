"""Models that every exporter is tested with, each with rows and its predictions.

The oracle is the model itself, without any exporter. The numbers of the rows are exact in float32,
so that all exports get the same ones.
"""

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

from barenet import (
    MLPClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    Network,
    Predictor,
    Scaling,
    TableEncoding,
)
from barenet._expressions import FUNCTIONS, Expression
from barenet.activations import ACTIVATIONS, Activation
from barenet.layers import ActivationLayer, BatchNorm, Dense, Dropout, LayerNorm, PReLU
from barenet.model._network import _OUTPUT_FUNCTIONS
from barenet.typing import Ensemble

sys.path.insert(0, str(Path(__file__).parent))  # the files that the tests share

RNG = np.random.default_rng(7)


@pytest.fixture(autouse=True, scope="module")
def numpy_engine():
    """Predict with `Network.forward`, whose bits the steps of an export reproduce."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delitem(_OUTPUT_FUNCTIONS, "compiled")
        patch.setattr(Ensemble, "_programs", None)
        yield


X3 = RNG.normal(0, 2, size=(40, 3)).astype(np.float32).astype(np.float64)
OPTIONS = {"leaky_relu": ":slope=0.3", "elu": ":alpha=0.7"}


@dataclass(frozen=True)
class Case:
    """A model, rows, and the model's predictions."""

    model: Any
    X: Any
    outputs: np.ndarray
    labels: np.ndarray | None = None
    dtype: str = "float32"


def case_of(model: Any, X: Any) -> Case:
    """The predictions of a network, a predictor or a fitted estimator for rows."""
    if isinstance(model, Network | Ensemble):
        return Case(model, X, model.predict(X), dtype=model.dtype.name)
    if isinstance(model, Predictor):
        network, classes = model.network, model.classes
        numbers, probabilities = model.outputs, model.predict_proba
    else:
        network, classes = model.network_, getattr(model, "classes_", None)
        numbers, probabilities = model.predict, getattr(model, "predict_proba", None)
    if classes is None:
        outputs = numbers(X)
        return Case(model, X, outputs.reshape(len(outputs), -1), dtype=network.dtype.name)
    return Case(model, X, probabilities(X), model.predict(X), network.dtype.name)


def of_layers(layers: list[Any], seed: int = 1, dtype: str = "float32", scale: float = 1) -> Case:
    """A network whose norms have statistics and gains that are not those of the start."""
    network, rng = Network(layers, seed=seed, dtype=dtype), np.random.default_rng(3)
    for layer in layers:
        if hasattr(layer, "gain"):
            layer.gain = rng.uniform(0.5, 2, layer.gain.shape)
        if hasattr(layer, "bias"):
            layer.bias = rng.normal(0, 0.5, layer.bias.shape)
    network.parameters *= scale
    for _ in range(20):
        network.forward(X3.astype(dtype), training=True)
    return case_of(network, X3)


def of_predictor(network: Network, X: np.ndarray = X3, **parts: Any) -> Case:
    parts.setdefault("preprocessing", Scaling.fit("standardize", X))
    return case_of(predictor_of(network, **parts), X)


def of_estimator(y: np.ndarray, dtype: str, kind: Any = MLPClassifier, **options: Any) -> Case:
    settings = {"hidden_layer_sizes": 5, "solver": "lbfgs", "max_iter": 400, "random_state": 0}
    X = X3.astype(dtype)
    return case_of(kind(**settings | options).fit(X, y), X)


def activation_case(name: str, dtype: str) -> Case:
    spec = name + OPTIONS.get(name, "")
    layers = [Dense(3, 5, spec), Dense(5, 4), ActivationLayer(spec), Dense(4, 2, spec)]
    # Three exponentials, one on the other, grow fast.
    return of_layers(layers, dtype=dtype, scale=0.25 if name == "exponential" else 1)


@dataclass(frozen=True)
class EveryOperation(Activation):
    """All functions and operators that a formula may have."""

    half: float = 0.5
    name = "every_operation"
    formula = "clip(Z, 0.3, half) + where(Z >= half, Z, 2) + max(Z, 0.5) + min(-Z, 1)"
    formula += "".join(f" + {name}(half * tanh(Z) + 0.6)" for name, n in FUNCTIONS.items() if n < 2)
    formula += " + (Z**2 / 3 - Z if Z < half else Z if Z <= 1 else -sign(Z) if Z > 2 else 3 * Z)"

    def forward(self, Z):
        return Expression.parse(self.formula, half=self.half).evaluate({"Z": Z}).astype(Z.dtype)


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
    return of_layers(layers, seed)


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
    return case_of(network, X)


def denormal() -> Case:
    network = Network([Dense(3, 4, "silu"), Dense(4, 2, "elu")], seed=1)
    network.layers[0].weights *= 1e-38
    network.layers[1].weights *= 1e-4
    return case_of(network, X3)


def scaled_numbers(n_outputs: int, dtype: str) -> Case:
    y = RNG.normal(300, 20, size=(30, n_outputs))
    network = Network.dense([3, 6, n_outputs], hidden="tanh", seed=4, dtype=dtype)
    return of_predictor(network, target_scaling=Scaling.fit("standardize", y))


def classes_of(n_outputs: int, output: str, **parts: Any) -> Case:
    network = Network.dense([3, 6, n_outputs], hidden="gelu", output=output, seed=4)
    names = ("yes", "no", "größer?") if n_outputs > 1 else ("no", "yes")
    return of_predictor(network, classes=names, **parts)


def several(output: str = "identity", dtype: str = "float32", width: int = 3) -> Ensemble:
    """Networks of different layers, the first of which begins with a step in place."""
    layers = [
        [LayerNorm(width), Dense(width, 4, "silu"), Dense(4, 3, output)],
        [Dense(width, 9, "relu"), Dropout(0.5), Dense(9, 3, output)],
        [Dense(width, 3), LayerNorm(3), ActivationLayer(output)],
    ]
    members = [Network(each, seed=at, dtype=dtype) for at, each in enumerate(layers)]
    return Ensemble(members)


def two_classes() -> Ensemble:
    sizes = [3, 5, 1]
    return Ensemble([Network.dense(sizes, output="sigmoid", seed=seed) for seed in range(3)])


KIND = (X3[:, 0] > 0).astype(int) + (X3[:, 1] > 0)

ACTIVATION_CASES: dict[str, Callable[[], Case]] = {
    f"{name} {dtype}": lambda name=name, dtype=dtype: activation_case(name, dtype)
    for name in ACTIVATIONS
    for dtype in ("float32", "float64")
}

CASES: dict[str, Callable[[], Case]] = {
    "every operation": lambda: of_layers([Dense(3, 4, EveryOperation()), Dense(4, 2)]),
    "norm first": lambda: of_layers([BatchNorm(3), LayerNorm(3), Dense(3, 2)]),
    "norm last": lambda: of_layers(
        [Dense(3, 4, "tanh"), Dropout(0.5), BatchNorm(4), ActivationLayer("relu"), LayerNorm(4)]
    ),
    "prelu": lambda: of_layers([PReLU(3), Dense(3, 4), PReLU(4, -0.5), PReLU(4), Dense(4, 2)]),
    "norm alone": lambda: of_layers([LayerNorm(3, epsilon=0.1)]),
    "norms float64": lambda: of_layers(
        [Dense(3, 4), BatchNorm(4, epsilon=0.1), LayerNorm(4, epsilon=0.1), PReLU(4)],
        dtype="float64",
    ),
    **{f"some layers {seed}": lambda seed=seed: some_layers(seed) for seed in range(2)},
    "wide": wide,
    "one row": lambda: case_of(Network.dense([3, 4, 2], seed=1), X3[:1]),
    "one by one": lambda: case_of(Network.dense([1, 1], seed=1), X3[:, :1]),
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
    "several float32": lambda: case_of(several(), X3),
    "several float64": lambda: case_of(several(dtype="float64"), X3),
    "several of one layer": lambda: case_of(Ensemble([Network([LayerNorm(3)])] * 2), X3),
    "several, scaled": lambda: of_predictor(
        several(), target_scaling=Scaling.fit("standardize", RNG.normal(5, 2, size=(9, 3)))
    ),
    "several, counts": lambda: of_predictor(
        several("exponential"), target_scaling=Scaling("affine", np.zeros(3), np.array([0.1, 2, 3]))
    ),
    "several, classes": lambda: of_predictor(several("softmax"), classes=("a", "b", "c")),
    "several, two classes": lambda: of_predictor(two_classes(), classes=("no", "yes")),
    "classifier": lambda: of_estimator(np.array(["a", "b b", "ç"])[KIND], "float32"),
    "classifier float64": lambda: of_estimator(KIND * 2 - 1, "float64", activation="tanh"),
    "classifier yes or no": lambda: of_estimator(KIND == 1, "float32", activation="silu"),
    "classifier numbers": lambda: of_estimator((KIND > 0) * 1.0, "float64"),
    "classifier norm": lambda: of_estimator(KIND, "float32", solver="adam", batch_norm=True),
    "regressor": lambda: of_estimator(X3[:, 0] ** 2, "float32", MLPRegressor),
    "regressor of two": lambda: of_estimator(X3[:, :2] ** 2, "float64", MLPRegressor),
}


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
    "sold": ["29.2.2024", "", *(f"{day}/02/2025 12:30" for day in range(2, 10))],
    "built": ["2/29/2024", "?", *(f"02-{day}-2021" for day in range(3, 11))],
}


def table_case(columns: dict[str, list[str]], rare: float, dtype: str = "float32") -> Case:
    """A network for a table, and rows that it has and has not seen."""
    missing = ["NA", "?", "-999"]
    encoding = TableEncoding.fit(columns, rare=rare, categories=["town", "code"], missing=missing)
    rows = {name: [*values, *values[:2]] for name, values in columns.items()}
    rows["town"][-2:] = ["Paris", ""]
    network = Network.dense([encoding.n_inputs, 6, 3], output="softmax", seed=2, dtype=dtype)
    return case_of(predictor_of(network, encoding, classes=("a", "b", "c")), rows)


TABLES = {
    "every category": lambda: table_case(COLUMNS, 0),
    "rare categories": lambda: table_case(COLUMNS, 3),
    "float64 table": lambda: table_case(COLUMNS, 3, "float64"),
    "dates": lambda: table_case(COLUMNS | DATES, 0, "float64"),
}


def ensemble_case(loss: str, **options: Any) -> Case:
    """An ensemble that was fitted to a table of numbers and words."""
    rng = np.random.default_rng(0)
    sizes = rng.normal(size=60).round(3)
    rows = {"size": sizes.astype(str).tolist(), "town": ["Oslo", "Rome", "Rome"] * 20}
    y = 1 + rng.poisson(10 * np.exp(sizes))
    model = MLPEnsembleRegressor(loss=loss, max_iter=3, random_state=0, **options)
    return case_of(Predictor.from_estimator(model.fit(rows, y)), rows)


ENSEMBLES = {
    "ensemble of quantiles": lambda: ensemble_case("quantile", quantile=0.9),
    "ensemble of counts": lambda: ensemble_case("poisson"),
}


@cache
def build(name: str) -> Case:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # too few iterations
        return (ACTIVATION_CASES | CASES | TABLES | ENSEMBLES)[name]()


@pytest.fixture(name="build")
def make_build() -> Callable[[str], Case]:
    return build


@pytest.fixture(params=CASES)
def case(request) -> Case:
    return build(request.param)


@pytest.fixture
def table() -> Case:
    return build("rare categories")


@pytest.fixture(params=TABLES)
def dated(request) -> Case:
    """Tables, one with dates among them."""
    return build(request.param)


@pytest.fixture
def dates() -> Case:
    return build("dates")

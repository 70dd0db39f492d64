"""Predictors of a data set and of a table, with untrained networks, and a layer that is wrong."""

import numpy as np
import pandas
import pytest

from barenet import Network, Predictor, Scaling, TableEncoding, load_dataset
from barenet.layers import Layer


class DoubledWrongly(Layer):
    """Multiplies by a parameter, initially 2; the gradient with respect to its input is wrong."""

    name = "wrong"
    parameter_shapes = {"factor": (1,)}  # noqa: RUF012

    def __init__(self, error):
        self.error = error

    def initialize(self, rng):
        self.factor = 2.0

    def forward(self, X, *, training=False, rng_key=0):
        return self.factor * X, X

    def backward(self, cache, d_output, out):
        out["factor"][:] = (d_output * cache).sum()
        return self.factor * d_output * (1 + self.error)


@pytest.fixture
def wrong_layer():
    return DoubledWrongly


@pytest.fixture
def predictor_of():
    """A predictor of a data set, and the data set."""

    def create(name, n_outputs, output):
        data, target = load_dataset(name), None
        if data.classes is None:
            target = Scaling.fit("standardize", data.y.reshape(-1, 1))
        predictor = Predictor(
            network=Network.dense([data.n_features, 8, n_outputs], output=output, seed=1),
            preprocessing=Scaling.fit("standardize", data.X),
            target_scaling=target,
            classes=data.classes,
            feature_names=data.feature_names,
            target_name=data.target_name,
            dataset=name,
        )
        return predictor, data

    return create


@pytest.fixture
def towns_table():
    """The encoding of a table with columns of each kind, and its rows."""
    rng, n_rows = np.random.default_rng(0), 90
    rows = pandas.DataFrame(
        {
            "town": rng.choice(["Rome", "Oslo", "Paris"], n_rows, p=[0.2, 0.5, 0.3]),
            "size": [None if n % 11 == 0 else n % 60 * 1.5 for n in range(n_rows)],
            "rooms": rng.integers(1, 5, n_rows).astype(float),
            "member": rng.choice(["yes", "no"], n_rows),
            "built": pandas.to_datetime(rng.integers(0, 2**31, n_rows), unit="s"),
        }
    )
    return TableEncoding.fit(rows), rows


@pytest.fixture
def towns(towns_table):
    """A predictor of a table with columns of each kind, and its rows."""
    encoding, rows = towns_table
    predictor = Predictor(
        network=Network.dense([encoding.n_inputs, 8, 1], output="sigmoid", seed=1),
        preprocessing=encoding,
        classes=("no", "yes"),
        feature_names=encoding.feature_names,
        target_name="far",
        dataset="towns",
    )
    return predictor, rows

from dataclasses import replace

import numpy as np
import pandas
import pytest
from sklearn.inspection import permutation_importance as oracle

from barenet import Network, Predictor, permutation_importance, train
from barenet.data import load_dataset
from barenet.data._encoding import TableEncoding
from barenet.data._scaling import Scaling
from barenet.errors import ArgumentError


class Estimator:
    """A predictor as scikit-learn's function takes it."""

    def __init__(self, score):
        self.score = score

    def fit(self, X, y):
        raise AssertionError("it is fitted")


@pytest.fixture(scope="module")
def trained():
    """By name: a predictor, and the rows that it has learned from."""

    def of(name: str, n_outputs: int, output: str):
        data = load_dataset(name)
        scaling, y, target = Scaling.fit("standardize", data.X), data.y, None
        if data.classes is None:
            target = Scaling.fit("standardize", y.reshape(-1, 1))
            y = target.transform(y.reshape(-1, 1))
        network = Network.dense([data.n_features, 8, n_outputs], output=output)
        train(network, scaling.transform(data.X), y, epochs=30)
        predictor = Predictor(
            network=network,
            preprocessing=scaling,
            target_scaling=target,
            classes=data.classes,
            feature_names=data.feature_names,
            target_name=data.target_name,
            dataset=name,
        )
        return predictor, data

    return {"wine": of("wine", 3, "softmax"), "diabetes": of("diabetes", 1, "identity")}


@pytest.mark.parametrize(("name", "seed"), [("wine", 0), ("diabetes", 5)])
def test_every_number_is_scikit_learns(trained, name, seed):
    predictor, data = trained[name]

    def score(X, y):
        if name == "wine":
            return (predictor.probabilities(X).argmax(axis=1) == y).mean()
        residual = ((predictor.predict(X) - y) ** 2).sum()
        return 1 - residual / ((y - y.mean()) ** 2).sum()

    result = permutation_importance(predictor, data.X, data.y, n_repeats=4, seed=seed)
    expected = oracle(Estimator(score), data.X, data.y, n_repeats=4, random_state=seed)
    np.testing.assert_allclose(result.drops, expected.importances, atol=1e-6)
    np.testing.assert_allclose(result.mean, expected.importances_mean, atol=1e-6)
    np.testing.assert_allclose(result.std, expected.importances_std, atol=1e-6)
    assert result.score == pytest.approx(score(data.X, data.y), abs=1e-6)
    assert result.metric == {"wine": "accuracy", "diabetes": "r2"}[name]
    assert (np.diff(result.mean[result.order]) <= 0).all()


def test_a_column_of_words_is_shuffled_as_a_whole(mixed):
    """The oracle shuffles the raw column, an object array, and has it encoded each time."""
    predictor, rows, y = mixed
    names = [*rows]

    def score(X, y):
        table = {name: list(X[:, at]) for at, name in enumerate(names)}
        return (predictor.probabilities(table).argmax(axis=1) == y).mean()

    raw = np.array([rows[name] for name in names], object).T
    expected = oracle(Estimator(score), raw, y, n_repeats=3, random_state=1)
    result = permutation_importance(predictor, rows, y, n_repeats=3, seed=1)
    assert result.names == ("town", "size", "member")
    np.testing.assert_array_equal(result.drops, expected.importances)
    assert result.mean[0] > 0.2 > result.mean[2]
    frame = pandas.DataFrame(rows)[["size", "member", "town"]]
    np.testing.assert_array_equal(
        permutation_importance(predictor, frame, y, n_repeats=3, seed=1).drops, result.drops
    )


@pytest.fixture(scope="module")
def mixed():
    """A predictor of a table with words, numbers and truth values, some of them missing."""
    rng = np.random.default_rng(0)
    towns = rng.choice(["Rome", "Oslo", "Paris"], 120).tolist()
    sizes = [None if n % 11 == 0 else float(n % 13) for n in range(120)]
    rows = {"town": towns, "size": sizes, "member": rng.choice(["yes", "no"], 120).tolist()}
    y = np.array(
        [int(town == "Rome" or (size or 0) > 9) for town, size in zip(towns, sizes, strict=True)]
    )
    encoding = TableEncoding.fit(rows)
    network = Network.dense([encoding.n_outputs, 8, 1], output="sigmoid")
    train(network, encoding.transform(rows), y, optimizer="adam:learning_rate=0.02", epochs=100)
    predictor = Predictor(
        network=network,
        preprocessing=encoding,
        classes=("no", "yes"),
        feature_names=encoding.feature_names,
        target_name="far",
        dataset="towns",
    )
    return predictor, rows, y


def test_progress_is_reported_column_by_column(trained):
    predictor, data = trained["wine"]
    X, seen = data.X.copy(), []
    X.flags.writeable = False  # the rows are not changed

    def progress(columns):
        for column in columns:
            seen.append(column)
            yield column

    permutation_importance(predictor, X, data.y, n_repeats=1, progress=progress)
    assert seen == list(range(13))


@pytest.mark.parametrize(
    ("columns", "rows", "n_repeats", "argument"),
    [(13, 178, 0, "n_repeats"), (13, 178, 1.5, "n_repeats"), (5, 178, 1, "X"), (13, 5, 1, "y")],
)
def test_wrong_arguments_are_named(trained, columns, rows, n_repeats, argument):
    predictor, data = trained["wine"]
    with pytest.raises(ArgumentError) as caught:
        permutation_importance(predictor, data.X[:, :columns], data.y[:rows], n_repeats=n_repeats)
    assert caught.value.argument == argument


def test_a_network_with_several_targets_is_refused(trained):
    several = replace(trained["diabetes"][0], network=Network.dense([10, 3]), target_scaling=None)
    with pytest.raises(ArgumentError) as caught:
        permutation_importance(several, np.ones((4, 10)), np.ones(4))
    assert caught.value.argument == "predictor"

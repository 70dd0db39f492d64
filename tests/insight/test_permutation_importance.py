"""Permutation importance: the drops of the score are scikit-learn's, column by column."""

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_iris
from sklearn.dummy import DummyClassifier
from sklearn.inspection import permutation_importance as oracle
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPRegressor,
    Network,
    Predictor,
    TablePreprocessor,
    Task,
    load_dataset,
    permutation_importance,
    train,
)
from barenet.typing import Ensemble


def expected(score, X, y, **options):
    """The result of scikit-learn for a score of rows and targets."""
    return oracle(DummyClassifier(), X, y, scoring=lambda _, *rows: score(*rows), **options)


WINE, DIABETES = ("wine", 3, "softmax"), ("diabetes", 1, "identity")


@pytest.mark.parametrize(("of", "metric", "seed"), [(WINE, "accuracy", 0), (DIABETES, "r2", 5)])
def test_importance_agrees_with_scikit_learn(of, metric, seed, predictor_of):
    predictor, data = predictor_of(*of)

    def score(X, y):
        if metric == "accuracy":
            return (predictor.predict_proba(X).argmax(axis=1) == y).mean()
        residual = ((predictor.predict(X) - y) ** 2).sum()
        return 1 - residual / ((y - y.mean()) ** 2).sum()

    data.X.flags.writeable, seen = False, []  # the rows are not changed

    def progress(columns):
        for column in columns:
            seen.append(column)
            yield column

    options = {"n_repeats": 4, "seed": seed, "progress": progress}
    result = permutation_importance(predictor, data.X, data.y, **options)
    assert seen == list(range(data.n_features))
    exact = expected(score, data.X, data.y, n_repeats=4, random_state=seed)
    np.testing.assert_allclose(result.drops, exact.importances, atol=1e-6)
    np.testing.assert_allclose(result.mean, exact.importances_mean, atol=1e-6)
    np.testing.assert_allclose(result.std, exact.importances_std, atol=1e-6)
    assert result.score == pytest.approx(score(data.X, data.y), abs=1e-6)
    assert result.metric == metric
    assert (np.diff(result.mean[result.order]) <= 0).all()


def test_encoded_columns_are_permuted_as_a_whole(towns):
    """The oracle shuffles the raw column, an object array, and has it encoded each time."""
    predictor, frame = towns
    rng, names = np.random.default_rng(0), [*frame]
    y = rng.integers(0, 2, len(frame))

    def score(X, y):
        return (predictor.predict_proba(pandas.DataFrame(X, columns=names)).argmax(1) == y).mean()

    exact = expected(score, frame.to_numpy(object), y, n_repeats=3, random_state=1)
    assert exact.importances.any()
    for table in (frame.to_dict("list"), frame[names[::-1]]):
        result = permutation_importance(predictor, table, y, n_repeats=3, seed=1)
        assert result.names == tuple(names)
        np.testing.assert_array_equal(result.drops, exact.importances)


OPTIONS = {"max_iter": 5, "random_state": 0}
short = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.mark.case(144)
@short
@pytest.mark.parametrize(
    ("model", "labels"),
    [
        (make_pipeline(TablePreprocessor(), MLPRegressor(**OPTIONS)), None),
        (make_pipeline(TablePreprocessor(), MLPClassifier(**OPTIONS)), ["far", "near"]),
        (make_pipeline(TablePreprocessor(), MLPClassifier(**OPTIONS)), [False, True]),
        pytest.param(MLPEnsembleClassifier(**OPTIONS), ["2", "1"], marks=pytest.mark.integration),
    ],
)
def test_importance_of_an_estimator_is_scikit_learns(model, labels, towns):
    X = towns[1]
    y = 3.0 * (X["town"] == "Rome") + X["rooms"]
    if labels:
        y = np.array(labels)[(y > y.median()).astype(int)]
    model.fit(X, y)
    score = "r2" if labels is None else "accuracy"
    exact = oracle(model, X, y, scoring=score, n_repeats=3, random_state=1)
    result = permutation_importance(model, X, y, n_repeats=3, seed=1)
    assert result.metric == score and result.names == tuple(X.columns)
    np.testing.assert_allclose(result.drops, exact.importances, atol=1e-5)


@pytest.mark.case(144)
@short
def test_arrays_and_searches_have_importances_and_unfitted_models_an_error():
    data = load_dataset("iris")
    search = GridSearchCV(MLPClassifier(4, **OPTIONS), {"alpha": [0.1]}, cv=2)
    names = np.array(data.classes)[data.y]
    result = permutation_importance(search.fit(data.X, names), data.X, names)
    assert len(result.names) == 4 and result.score == search.score(data.X, names)
    with pytest.raises(ValueError, match="expected one of setosa, versicolor, virginica, got 'x'"):
        permutation_importance(search, data.X, ["x", *names[1:]])
    with pytest.raises(ValueError, match="MLPClassifier has no network yet; call fit first"):
        permutation_importance(MLPClassifier(), data.X, data.y)


def test_models_without_a_network_are_refused(refused):
    X, y = load_iris(return_X_y=True, as_frame=True)
    for model in (LogisticRegression(max_iter=300).fit(X, y), "forest"):
        with refused("predictor", "for other models, use scikit-learn's functions, or shap"):
            permutation_importance(model, X, y)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.parametrize("kind", ["estimator", "network", "predictor"])
def test_a_wrong_target_is_named(refused, kind):
    data = load_iris()
    estimator = MLPClassifier(max_iter=1).fit(data.data, data.target)
    predictor = Predictor.from_estimator(estimator)
    models = {"estimator": estimator, "network": predictor.network, "predictor": predictor}
    for y in ([], [None] * 150, ["x"] * 150, [[0, 1]] * 150, [0] * 149, 3):
        with refused("y"):
            permutation_importance(models[kind], data.data, y)


def test_the_classes_of_a_predictor_are_given_by_name_or_index():
    x = np.linspace(-1, 1, 60)
    y = np.where(x > 0, 2, 1)
    predictor = Task.open({"x": x}, y).train(model="network", epochs=40)
    right = predictor.predict({"x": x}) == y
    for rows in (slice(None), y == 1):
        importance = permutation_importance(predictor, {"x": x[rows]}, y[rows])
        assert importance.score == right[rows].mean()
    assert permutation_importance(predictor, {"x": x}, y - 1).score == right.mean()
    with pytest.raises(ValueError, match="expected one of 1, 2, got"):
        permutation_importance(predictor, {"x": x}, y + 6)


def test_a_network_alone_has_an_importance():
    X, y = load_iris(return_X_y=True)
    X, y = X[y < 2], y[y < 2]
    frame = pandas.DataFrame(X, columns=list("abcd"))
    for n_outputs, output in ((1, "sigmoid"), (2, "softmax")):
        network = Network.dense([4, 4, n_outputs], output=output)
        train(network, X, y, epochs=40)
        result = permutation_importance(network, X, y, n_repeats=2)
        predicted = network.predict(X)
        predicted = predicted[:, 0] > 0.5 if n_outputs == 1 else predicted.argmax(axis=1)
        assert result.score == (predicted == y).mean() > 0.9
        named = permutation_importance(network, frame, y, n_repeats=2, metric="auc")
        assert named.names == ("a", "b", "c", "d") and result.names[0] == "x0"
        several = permutation_importance(Ensemble([network]), X, y, n_repeats=2)
        np.testing.assert_allclose(several.drops, result.drops)

"""Results of functions are drawn as they are: importance, histories, labels, models and frames."""

import warnings

import numpy as np
import pandas as pd
import pytest

import barenet
from barenet import (
    MLPClassifier,
    Network,
    Task,
    permutation_importance,
    plots,
)

RNG = np.random.default_rng(0)
N_ROWS = 200
TABLE = pd.DataFrame(
    {"size": RNG.normal(size=N_ROWS), "town": RNG.choice(["Rome", "Oslo"], N_ROWS)}
)
TABLE["sold"] = np.where(TABLE["size"] + RNG.normal(0, 0.5, N_ROWS) > 0, "yes", "no")
X = RNG.normal(size=(60, 2))
CODES = (X[:, 0] > 0) * 1


@pytest.fixture(scope="module")
def task():
    return Task.open(TABLE, "sold")


@pytest.fixture(scope="module")
def predictor(task):
    return task.train(model="network", epochs=5, metric="auc")


@pytest.fixture(scope="module")
def network():
    network = Network.dense([2, 4, 2], output="softmax", seed=0)
    barenet.train(network, X, CODES, epochs=5)
    return network


@pytest.fixture(scope="module")
def estimator():
    with warnings.catch_warnings(action="ignore"):
        return MLPClassifier(max_iter=5, random_state=0).fit(X, np.array(["a", "b"])[CODES])


def lines_of(figure):
    return [line.get_xydata().tolist() for axes in figure.axes for line in axes.lines]


def same(figure, other):
    """Compare the numbers and the texts of two figures."""
    assert lines_of(figure) == lines_of(other)
    for axes, others in zip(figure.axes, other.axes, strict=True):
        texts = [text.get_text() for text in axes.texts]
        assert texts == [text.get_text() for text in others.texts]
        assert axes.get_xlabel() == others.get_xlabel()
        assert axes.get_ylabel() == others.get_ylabel()


@pytest.mark.case(175)
def test_the_result_of_permutation_importance_is_drawn(task, predictor):
    importance = permutation_importance(predictor, task.test, n_repeats=2)
    figure = plots.plot_importance(importance)
    names = list(importance.names)
    same(figure, plots.plot_importance(importance.drops, names, metric="AUC"))
    assert figure.axes[0].get_xlabel() == "AUC lost when it is shuffled"


@pytest.mark.case(175)
def test_histories_are_found_in_what_was_trained(task, predictor, estimator):
    expected = plots.plot_history(task.history)
    for trained in (task, predictor, predictor.card):
        figure = plots.plot_history(trained)
        assert len(lines_of(figure)) == len(lines_of(expected))
        for ours, theirs in zip(lines_of(figure), lines_of(expected), strict=True):
            np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    same(plots.plot_history(estimator), plots.plot_history(estimator.history_))
    result = barenet.search({"learning_rate": [0.01, 0.001]}, X, CODES, cv=2, epochs=1)
    same(plots.plot_history(result), plots.plot_history(result.best_history_))
    for wrong in (Network.dense([1, 1]), None):
        with pytest.raises(ValueError, match=r"^history: expected a History .* plot each one$"):
            plots.plot_history(wrong)


@pytest.mark.case(175)
def test_classes_are_labels_or_indices(task, predictor):
    rows = task.test
    labels = predictor.predict(rows)
    p = predictor.predict_proba(rows)
    codes = p.argmax(axis=1)
    expected = plots.plot_confusion(rows.y, codes, ["no", "yes"])
    same(plots.plot_confusion(rows.targets, labels), expected)
    same(plots.plot_confusion(pd.Series(rows.targets), labels, predictor.labels), expected)
    same(plots.plot_confusion(rows.y, labels, predictor.classes), expected)
    expected = plots.plot_calibration(rows.y, p, ["no", "yes"])
    same(plots.plot_calibration(rows.targets, p), expected)
    same(plots.plot_calibration(rows.targets, p[:, 1], predictor.labels), expected)
    figure = plots.plot_calibration(rows.y, p)
    assert figure.axes[0].get_xlabel() == "predicted probability of class 1"
    numbered = np.array([10, 20])
    same(
        plots.plot_confusion(numbered[rows.y], numbered[codes], numbered),
        plots.plot_confusion(numbered[rows.y], numbered[codes]),
    )
    with pytest.raises(ValueError, match=r"^y_true: expected one of the classes no, yes, got"):
        plots.plot_confusion(["no", "maybe"], ["no", "yes"], ["no", "yes"])
    with pytest.raises(ValueError, match=r"^y_true: classes of several types: .*; pass classes$"):
        plots.plot_confusion(np.array(["no", 1], object), ["no", "no"])


@pytest.mark.case(175)
def test_cross_validations_are_drawn():
    folds = Task.cross_validate(TABLE, "sold", cv=2, model="network", epochs=1)
    figure = plots.plot_confusion(TABLE["sold"], folds.predictions, folds.classes)
    right = (TABLE["sold"] == folds.predictions).mean()
    assert figure.axes[0].get_title(loc="left") == f"{right:.1%} of {N_ROWS} right"
    figure = plots.plot_calibration(TABLE["sold"], folds.probabilities, folds.classes)
    assert figure.axes[0].get_xlabel() == "predicted probability of yes"


@pytest.mark.case(175)
def test_models_and_frames_have_boundaries(network, estimator):
    expected = plots.plot_boundary(network.predict, X, CODES, resolution=20)
    same(plots.plot_boundary(network, X, CODES, resolution=20), expected)
    table = pd.DataFrame(X, columns=["width", "height"])
    figure = plots.plot_boundary(network, table, np.array(["a", "b"])[CODES], resolution=20)
    assert figure.axes[0].get_xlabel() == "width"
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    figure = plots.plot_boundary(estimator, X, np.array(["a", "b"])[CODES], resolution=20)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["a", "b"]
    moons = Task.open("moons").train(model="network", epochs=1)
    rows = Task.open("moons").training
    same(
        plots.plot_boundary(moons, rows.X, rows.y, resolution=20),
        plots.plot_boundary(moons.predict_proba, rows.X, rows.y, resolution=20),
    )


@pytest.mark.case(175)
def test_data_sets_and_networks_have_dependences(task, predictor, network):
    expected = plots.plot_dependence(predictor, task.test.X, ["size"])
    same(plots.plot_dependence(predictor, task.test, "size"), expected)
    assert len(plots.plot_dependence(network, X, ["x0", "x1"]).axes) == 2


@pytest.mark.case(175)
def test_data_sets_are_predicted_and_explained(task, predictor):
    rows = task.test
    assert (predictor.predict(rows) == predictor.predict(rows.X)).all()
    ours = barenet.contributions(predictor, rows, task.training, seed=0)
    theirs = barenet.contributions(predictor, rows.X, task.training.X, seed=0)
    np.testing.assert_array_equal(ours.values, theirs.values)


def test_frames_and_columns_are_fitted():
    x = np.linspace(-1, 1, 30)
    expected = plots.plot_fit(x.reshape(-1, 1), x**2, x)
    same(plots.plot_fit(x, x**2, x), expected)
    figure = plots.plot_fit(pd.DataFrame({"age": x}), x**2, x)
    assert figure.axes[0].get_xlabel() == "age"
    frame = Task.open(TABLE.assign(price=TABLE["size"]), "price", test_size=0).training.X
    figure = plots.plot_fit(frame, TABLE["size"], TABLE["size"])  # text is among the columns
    assert figure.axes[0].get_xlabel() == "actual y"

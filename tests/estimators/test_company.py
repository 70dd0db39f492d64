"""In scikit-learn's company: pipelines, searches, calibration, several workers."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.datasets import load_iris
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.inspection import permutation_importance
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score, learning_curve
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import MLPClassifier, MLPRegressor

X, Y = load_iris(return_X_y=True)
SMALL = {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0,
         "learning_rate_init": 0.03}  # fmt: skip


def classifier(**settings):
    return make_pipeline(StandardScaler(), MLPClassifier(**{**SMALL, **settings}))


def test_cross_validation_of_a_pipeline():
    assert cross_val_score(classifier(), X, Y, cv=3).mean() > 0.9


def test_a_search_on_two_workers():
    grid = {
        "mlpclassifier__activation": ["tanh", "relu"],
        "mlpclassifier__learning_rate_init": [0.03, 1e-9],
    }
    search = GridSearchCV(classifier(), grid, cv=3, n_jobs=2).fit(X, Y)
    assert search.best_score_ > 0.9
    assert search.best_params_["mlpclassifier__learning_rate_init"] == 0.03
    alone = GridSearchCV(classifier(), grid, cv=3).fit(X, Y)
    assert (search.cv_results_["mean_test_score"] == alone.cv_results_["mean_test_score"]).all()


def test_calibrated_probabilities():
    model = CalibratedClassifierCV(classifier(), cv=3).fit(X, Y)
    assert model.score(X, Y) > 0.9
    np.testing.assert_allclose(model.predict_proba(X).sum(axis=1), 1)


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_one_against_the_rest(n_jobs):
    model = OneVsRestClassifier(classifier(), n_jobs=n_jobs).fit(X, Y)
    assert model.score(X, Y) > 0.9


def test_among_others():
    voting = VotingClassifier([("a", classifier()), ("b", LogisticRegression())], voting="soft")
    assert voting.fit(X, Y).score(X, Y) > 0.9
    bagging = BaggingRegressor(MLPRegressor(**SMALL), 3, random_state=0).fit(X, Y)
    assert bagging.score(X, Y) > 0.5


def test_curves_and_importances():
    _, learned, held_out = learning_curve(
        MLPClassifier(**SMALL), X, Y, train_sizes=[30, 100], cv=3, shuffle=True, random_state=0,
        exploit_incremental_learning=True,
    )  # fmt: skip
    assert learned.shape == held_out.shape == (2, 3)
    model = MLPRegressor(**SMALL).fit(X, 3 * X[:, 1])
    importance = permutation_importance(model, X, 3 * X[:, 1], random_state=0)
    assert importance.importances_mean.argmax() == 1


def test_weights_are_routed():
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = MLPClassifier(**SMALL).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        pipeline = make_pipeline(scaler, mlp)
        weight = np.where(Y == 2, 0.0, 1.0)
        pipeline.fit(X, Y, sample_weight=weight)
    assert 2 not in pipeline.predict(X[:100])

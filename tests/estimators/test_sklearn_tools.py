"""The estimators with scikit-learn's tools: searches, calibration, ensembles, several workers."""

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import BaggingRegressor, VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import MLPClassifier, MLPRegressor

SMALL = {"hidden_layer_sizes": (8,), "max_iter": 60, "random_state": 0,
         "learning_rate_init": 0.03}  # fmt: skip


@pytest.fixture
def pipeline():
    return make_pipeline(StandardScaler(), MLPClassifier(**SMALL))


@pytest.mark.integration
def test_grid_search_on_two_workers(iris, pipeline):
    grid = {"mlpclassifier__learning_rate_init": [0.03, 1e-9]}
    search, alone = (GridSearchCV(pipeline, grid, cv=3, n_jobs=n).fit(*iris) for n in (2, 1))
    assert search.best_score_ > 0.9
    assert search.best_params_["mlpclassifier__learning_rate_init"] == 0.03
    assert (search.cv_results_["mean_test_score"] == alone.cv_results_["mean_test_score"]).all()


@pytest.mark.parametrize(
    "wrap",
    [
        lambda each: CalibratedClassifierCV(each, cv=3),
        OneVsRestClassifier,
        lambda each: VotingClassifier([("a", each), ("b", LogisticRegression())], voting="soft"),
        lambda each: BaggingRegressor(MLPRegressor(**SMALL), 3, random_state=0),
    ],
    ids=["calibrated", "one against the rest", "voting", "bagging"],
)
def test_estimators_inside_meta_estimators(iris, pipeline, wrap):
    assert wrap(pipeline).fit(*iris).score(*iris) > 0.9


def test_sample_weights_are_routed(iris):
    X, y = iris
    with sklearn.config_context(enable_metadata_routing=True):
        mlp = MLPClassifier(**SMALL).set_fit_request(sample_weight=True)
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        routed = make_pipeline(scaler, mlp).fit(X, y, sample_weight=np.where(y == 2, 0.0, 1.0))
    assert 2 not in routed.predict(X[:100])

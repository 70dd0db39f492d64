"""All of scikit-learn's checks of estimators: of networks on both engines, ensembles and tables."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    TablePreprocessor,
)

NETWORKS = [
    kind(engine=engine)
    for kind in (MLPClassifier, MLPRegressor)
    for engine in ("reference", "compiled")
]
TABLES = [TablePreprocessor(numbers=each) for each in ("standardize", "robust", "piecewise")]
ENSEMBLES = [
    MLPEnsembleClassifier(max_iter=30),
    MLPEnsembleRegressor(max_iter=30),
    MLPEnsembleRegressor(max_iter=30, loss="gamma"),
    MLPEnsembleRegressor(max_iter=30, loss="quantile", quantile=0.8),
]

#: scikit-learn lists the same check for its own estimators that draw rows at random.
STOCHASTIC = {
    "check_sample_weight_equivalence_on_dense_data": "folds and batches depend on the rows' number"
}


def expected_failures(estimator):
    """Checks that fail for a reason."""
    if getattr(estimator, "loss", "") == "gamma":
        reason = "it draws negative targets, although the tag positive_only excludes them"
        return STOCHASTIC | {"check_regressor_multioutput": reason}
    return STOCHASTIC


@pytest.mark.case(17, 22, 23)
@pytest.mark.promise(1)
@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # the checks allow few iterations
    "ignore:in epoch:RuntimeWarning",  # and have classes that no feature separates
)
@parametrize_with_checks([*NETWORKS, *TABLES])
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.promise(1)
@pytest.mark.integration
@parametrize_with_checks(ENSEMBLES, expected_failed_checks=expected_failures)
def test_scikit_learns_own_checks_of_ensembles_pass(estimator, check):
    check(estimator)

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

#: Every kind of estimator once, and the reference engine with one of them.
ESTIMATORS = [
    MLPClassifier(engine="compiled"),
    MLPRegressor(engine="compiled"),
    MLPRegressor(engine="reference", hidden_layer_sizes=(20,)),
    TablePreprocessor(),
]
OTHERS = [
    MLPClassifier(engine="reference"),
    TablePreprocessor(numbers="robust"),
    TablePreprocessor(numbers="piecewise"),
]
ENSEMBLES = [MLPEnsembleClassifier(max_iter=30)]
OTHER_ENSEMBLES = [
    MLPEnsembleRegressor(max_iter=30),
    MLPEnsembleRegressor(max_iter=30, loss="gamma"),
    MLPEnsembleRegressor(max_iter=30, loss="quantile", quantile=0.8),
]

#: scikit-learn lists the same check for its own estimators that draw rows at random.
STOCHASTIC = {
    "check_sample_weight_equivalence_on_dense_data": "folds and batches depend on the rows' number"
}

IGNORED_WARNINGS = pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # the checks allow few iterations
    "ignore:in epoch:RuntimeWarning",  # and have classes that no feature separates
)


def expected_failures(estimator):
    """Checks that fail for a reason."""
    if getattr(estimator, "loss", "") == "gamma":
        reason = "it draws negative targets, although the tag positive_only excludes them"
        return STOCHASTIC | {"check_regressor_multioutput": reason}
    return STOCHASTIC


@pytest.mark.case(17, 22, 23)
@pytest.mark.promise(1)
@IGNORED_WARNINGS
@parametrize_with_checks(ESTIMATORS)
def test_scikit_learns_own_checks_pass(estimator, check):
    check(estimator)


@pytest.mark.slow
@IGNORED_WARNINGS
@parametrize_with_checks(OTHERS)
def test_scikit_learns_own_checks_of_other_settings_pass(estimator, check):
    check(estimator)


@pytest.mark.promise(1)
@pytest.mark.integration
@pytest.mark.usefixtures("small_ensembles")
@parametrize_with_checks(ENSEMBLES, expected_failed_checks=expected_failures)
def test_scikit_learns_own_checks_of_ensembles_pass(estimator, check):
    check(estimator)


@pytest.mark.slow
@parametrize_with_checks(OTHER_ENSEMBLES, expected_failed_checks=expected_failures)
def test_scikit_learns_own_checks_of_losses_pass(estimator, check):
    check(estimator)

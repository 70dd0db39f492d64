"""All of scikit-learn's checks of estimators, on both engines."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from barenet import MLPClassifier, MLPRegressor

ESTIMATORS = [
    kind(engine=engine)
    for kind in (MLPClassifier, MLPRegressor)
    for engine in ("reference", "compiled")
]


@pytest.mark.filterwarnings(
    "ignore::sklearn.exceptions.ConvergenceWarning",  # the checks allow few iterations
    "ignore:in epoch:RuntimeWarning",  # and have classes that no feature separates
)
@parametrize_with_checks(ESTIMATORS)
def test_promise_01_scikit_learns_own_check(estimator, check):
    check(estimator)

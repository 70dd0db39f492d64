"""scikit-learn's own checks of what an estimator is: every one of them, on both engines."""

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
    "ignore:in epoch:RuntimeWarning",  # and let classes be told apart by nothing
)
@parametrize_with_checks(ESTIMATORS)
def test_promise_01_scikit_learns_own_check(estimator, check):
    check(estimator)

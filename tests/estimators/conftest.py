"""Fixtures of the estimators' tests: a test with `kind` runs for both, and may end early."""

import pickle
from pathlib import Path

import pytest
from sklearn.datasets import load_iris

from barenet import MLPClassifier, MLPRegressor

SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, "engine": "reference"}


def pytest_collection_modifyitems(items):
    """The fits are short on purpose; a test of the warning expects it explicitly."""
    may_not_converge = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(may_not_converge)


@pytest.fixture(params=[MLPClassifier, MLPRegressor])
def kind(request):
    return request.param


@pytest.fixture(params=["reference", "compiled"])
def engine(request):
    return request.param


@pytest.fixture(scope="session")
def iris():
    X, y = load_iris(return_X_y=True)
    return (X - X.mean(axis=0)) / X.std(axis=0), y


@pytest.fixture
def small(kind):
    """Make a small estimator of the kind."""
    return lambda **settings: kind(**{**SMALL, **settings})


@pytest.fixture
def all_classes(kind):
    """The argument that a classifier needs in the first call of `partial_fit`."""
    return lambda n: {"classes": range(n)} if kind is MLPClassifier else {}


@pytest.fixture(scope="session")
def state_of():
    """All attributes of an estimator, with the parameters of its network."""
    return lambda estimator: {
        name: pickle.dumps(value) for name, value in sorted(vars(estimator).items())
    }

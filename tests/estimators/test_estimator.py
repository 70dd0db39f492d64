"""Every estimator: a call that is refused changes nothing, and a fit runs once at a time."""

import concurrent.futures
import inspect
import threading

import numpy as np
import pytest
from sklearn.exceptions import DataConversionWarning

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    MLPRegressor,
    TablePreprocessor,
)

pytestmark = pytest.mark.usefixtures("small_ensembles")

RNG = np.random.RandomState(0)
X = RNG.normal(size=(40, 3))
NUMBERS, CLASSES = 1000 + X.sum(axis=1), np.where(X[:, 0] > 0, "yes", "no")
OTHERS = {"numbers": 1000 * NUMBERS, "classes": np.where(X[:, 0] > 0, "ja", "nein")}

SMALL = {"hidden_layer_sizes": 4, "engine": "reference", "max_iter": 2}
#: Makers of each estimator, with the targets of its first fit, and those of a refused one.
KINDS = {
    "MLPClassifier": (lambda **more: MLPClassifier(**SMALL, **more), CLASSES, "classes"),
    "MLPRegressor": (lambda **more: MLPRegressor(**SMALL, **more), NUMBERS, "numbers"),
    "MLPEnsembleClassifier": (
        lambda **more: MLPEnsembleClassifier(max_iter=1, **more), CLASSES, "classes"),
    "MLPEnsembleRegressor": (
        lambda **more: MLPEnsembleRegressor(max_iter=1, **more), NUMBERS, "numbers"),
    "TablePreprocessor": (lambda **_: TablePreprocessor(), None, None),
}  # fmt: skip


class Diverging:
    """Makes the network of a fit infinite."""

    def __call__(self, run):
        run.network.parameters[:] = np.inf


#: Parameters and arguments with which a fit is refused, or fails, early or late.
REFUSED = {
    "a parameter": ({"max_iter": 0, "dtype": "int8"}, {}),
    "text as numbers": ({"numeric": ["feature_1"]}, {"X": np.full((40, 3), "text")}),
    "no rows": ({}, {"X": X[:0]}),
    "y of another length": ({}, {"y": NUMBERS[1:]}),
    "y without a value": ({}, {"y": np.r_[np.nan, NUMBERS[1:]]}),
    "y as a column": ({}, {"y": NUMBERS.round().reshape(-1, 1)}),
    "negative weights": ({}, {"sample_weight": -np.ones(40)}),
    "weights of one row": ({"early_stopping": True}, {"sample_weight": np.arange(40) == 3}),
    "no such client": ({}, {"client": "none"}),
    "an infinite network": ({"callbacks": Diverging()}, {}),
}


#: The methods of a network and of an ensemble that are called with every case. The others are
#: called with a case before the rows are read, two after that, and one within the training.
WITH_EVERY_CASE = {("MLPClassifier", "fit"), ("MLPEnsembleRegressor", "fit")}
OF_EVERY_METHOD = {"a parameter", "no rows", "negative weights", "an infinite network"}


def refusals():
    """The cases for each method: those with one of its arguments, or a parameter."""
    for kind, (make, _, target) in KINDS.items():
        for method in ("fit", "partial_fit"):
            if not hasattr(make(), method):
                continue
            known = inspect.signature(getattr(make(), method)).parameters
            for case, (settings, changed) in REFUSED.items():
                if (kind, method) not in WITH_EVERY_CASE and case not in OF_EVERY_METHOD:
                    continue
                own = {key: settings[key] for key in settings.keys() & make().get_params()}
                given = {key: changed[key] for key in changed.keys() & known}
                if (own or given) and not (target is None and "y" in changed):
                    values = {"X": X, "y": OTHERS.get(target), **given}
                    yield pytest.param(kind, method, own, values, id=f"{kind} {method} {case}")


@pytest.mark.case(123)
@pytest.mark.parametrize(("kind", "method", "settings", "arguments"), refusals())
@pytest.mark.filterwarnings("error::sklearn.exceptions.DataConversionWarning")
def test_a_refused_fit_changes_nothing(kind, method, settings, arguments, state_of):
    make, y, _ = KINDS[kind]
    model = make(random_state=np.random.RandomState(3)).fit(X, y).set_params(**settings)
    before = state_of(model)
    with pytest.raises((ValueError, AttributeError, DataConversionWarning)):
        getattr(model, method)(**arguments)
    assert state_of(model) == before


@pytest.mark.case(123)
@pytest.mark.parametrize("kind", KINDS)
def test_refused_parameters_change_nothing(kind, state_of):
    make, y, _ = KINDS[kind]
    model = make().fit(X, y)
    before = state_of(model)
    for name in model.get_params():
        for wrong in ("alhpa", f"{name}__alpha"):
            with pytest.raises((ValueError, AttributeError)):
                model.set_params(**{name: "another", wrong: 1})
            assert state_of(model) == before


class WaitingRows:
    """Rows that become an array once a second fit has been refused."""

    def __init__(self):
        self.begun, self.refused = threading.Event(), threading.Event()

    def __array__(self, dtype=None, copy=None):
        self.begun.set()
        assert self.refused.wait(20)
        return X.astype(dtype or X.dtype)


@pytest.mark.case(91, 129)
@pytest.mark.parametrize("kind", KINDS)
def test_an_estimator_that_is_fitted_refuses_a_second_thread(kind, state_of):
    make, y, target = KINDS[kind]
    model, rows = make(random_state=0), WaitingRows()
    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        first = pool.submit(model.fit, rows, y)
        assert rows.begun.wait(20)
        for method in {"fit", "partial_fit"} & {*dir(model)}:
            needs_classes = (method, target) == ("partial_fit", "classes")
            more = {"classes": OTHERS["classes"]} if needs_classes else {}
            with pytest.raises(RuntimeError, match=f"^{kind}: already being trained"):
                getattr(model, method)(X, OTHERS.get(target), **more)
        rows.refused.set()
        assert first.result(20) is model
    alone = make(random_state=0).fit(X, y)
    for fitted in (model, alone):  # the times of the epochs
        if hasattr(fitted, "history_"):
            dict.pop(fitted.history_, "seconds", None)
    assert state_of(model) == state_of(alone)

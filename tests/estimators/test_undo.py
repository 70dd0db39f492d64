"""A call that fails while it learns: the estimator, its network and its optimizer are as before."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest

from barenet import DivergenceError, MLPClassifier, MLPRegressor, Run

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

RNG = np.random.RandomState(0)
X, Y = RNG.normal(size=(40, 3)), np.arange(40) % 2
SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, "engine": "reference"}
SETTINGS = [{}, {"solver": "sgd", "learning_rate": "adaptive"}, {"batch_norm": True},
            {"solver": "sgd", "learning_rate": "invscaling"}, {"solver": "lbfgs"},
            {"early_stopping": True}, {"engine": "compiled"}]  # fmt: skip


def state_of(model):
    return {name: pickle.dumps(value) for name, value in sorted(vars(model).items())}


class Fail:
    """A callback that raises in one epoch; or spoils the network, so that it diverges."""

    def __init__(self, epoch: int, error: type[Exception] | None) -> None:
        self.epoch, self.error = epoch, error

    def __call__(self, run: Run) -> None:
        if run.epoch == self.epoch and self.error is not None:
            raise self.error("on purpose")
        if run.epoch == self.epoch:
            run.network.parameters[:] = np.inf


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("settings", SETTINGS, ids=str)
@pytest.mark.parametrize("error", [KeyError, None], ids=["raises", "diverges"])
def test_promise_13_a_fit_that_fails_on_its_way_changes_nothing(kind, settings, error):
    model = kind(**{**SMALL, **settings, "warm_start": True}).fit(X, Y)
    network, parameters = model.network_, model.network_.parameters
    before, alone = state_of(model), copy.deepcopy(model)
    if error is None and settings in ({"solver": "lbfgs"}, {"early_stopping": True}):
        return  # the one does not go on from what it is spoiled with, the other has a way back
    for epoch in (1, 3):
        model.set_params(callbacks=Fail(epoch, error))
        with pytest.raises(error or DivergenceError) as caught:
            model.fit(X, Y)
        if error is None:
            assert str(caught.value).endswith("The estimator is as it was before")
        assert state_of(model.set_params(callbacks=())) == before
    assert model.network_ is network and network.parameters is parameters
    assert model.fit(X, Y).loss_curve_ == alone.fit(X, Y).loss_curve_


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("engine", ["reference", "compiled"])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_promise_03_an_explosion_raises_or_warns_and_an_estimator_stays(kind, engine, solver):
    model = kind(**{**SMALL, "engine": engine, "warm_start": True, "tol": 0}).fit(X, Y)
    before = state_of(model)
    wild = {"solver": solver, "learning_rate_init": 1e6, "max_iter": 20}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.set_params(**wild).fit(X, 1e3 * Y if kind is MLPRegressor else Y)
        except DivergenceError:
            assert (
                state_of(
                    model.set_params(
                        **{**SMALL, "engine": engine, "solver": "adam", "learning_rate_init": 0.001}
                    )
                )
                == before
            )
        else:
            assert any("the loss grew from" in str(each.message) for each in caught)
            assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.network_.parameters).all()


@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_promise_13_a_part_that_fails_on_its_way_changes_nothing(kind, solver):
    classes = {"classes": [0, 1]} if kind is MLPClassifier else {}
    model = kind(**SMALL, solver=solver).partial_fit(X, Y, **classes).partial_fit(X, Y)
    before, alone = state_of(model), copy.deepcopy(model)
    model.set_params(callbacks=Fail(1, KeyError))
    with pytest.raises(KeyError):
        model.partial_fit(X, Y)
    assert state_of(model.set_params(callbacks=())) == before
    after, expected = model.partial_fit(X, Y), alone.partial_fit(X, Y)
    assert after.network_.parameters.tobytes() == expected.network_.parameters.tobytes()


def test_promise_13_a_first_fit_that_fails_leaves_nothing_behind():
    model = MLPRegressor(**SMALL, callbacks=Fail(2, KeyError))
    with pytest.raises(KeyError):
        model.fit(X, Y)
    assert not hasattr(model, "network_") and not hasattr(model, "n_features_in_")


def test_promise_13_parameters_are_changed_together_or_not_at_all():
    model = MLPClassifier(**SMALL).fit(X, Y)
    before = state_of(model)
    with pytest.raises(ValueError, match="'alhpa'"):
        model.set_params(max_iter=9, alhpa=1)
    assert state_of(model) == before


def test_ctrl_c_keeps_what_was_learned():
    def interrupt(run):
        if run.epoch == 3:
            raise KeyboardInterrupt

    model = MLPRegressor(**SMALL, warm_start=True).fit(X, Y)
    with pytest.warns(UserWarning, match="interrupted; what was learned until now is kept"):
        model.set_params(callbacks=interrupt).fit(X, Y)
    assert len(model.loss_curve_) == 5 + 3

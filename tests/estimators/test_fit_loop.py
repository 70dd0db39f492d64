"""The end of a call of fit: convergence, interruption, divergence, an error."""

from __future__ import annotations

import copy
import pickle
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from barenet import MLPClassifier, MLPRegressor
from barenet.callbacks import Callback, Run
from barenet.errors import DivergenceError

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 3))
Y, T = (X[:, 0] > 0).astype(int), X[:, 0] - X[:, 1]


SMALL = {"hidden_layer_sizes": (4,), "max_iter": 5, "random_state": 0, "engine": "reference"}
SETTINGS = [{}, {"solver": "sgd", "learning_rate": "adaptive"}, {"batch_norm": True},
            {"solver": "sgd", "learning_rate": "invscaling"}, {"engine": "compiled"}]  # fmt: skip
#: lbfgs does not continue from spoiled parameters, and early stopping survives a divergence.
FAILURES = [*((settings, None) for settings in SETTINGS),
            *((settings, KeyError) for settings in SETTINGS),
            ({"solver": "lbfgs"}, KeyError), ({"early_stopping": True}, KeyError)]  # fmt: skip

may_not_converge = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


def state_of(model):
    return {name: pickle.dumps(value) for name, value in sorted(vars(model).items())}


class Fail:
    """A callback that raises in one epoch; or spoils the network, so that it diverges."""

    def __init__(self, epoch: int, error: type[BaseException] | None) -> None:
        self.epoch, self.error = epoch, error

    def __call__(self, run: Run) -> None:
        if run.epoch == self.epoch:
            if self.error is not None:
                raise self.error("on purpose")
            run.network.parameters[:] = np.inf


@pytest.mark.parametrize("solver", ["sgd", "adam", "lbfgs"])
def test_too_few_iterations_are_told(solver):
    with pytest.warns(ConvergenceWarning, match="not converged in 3 iterations; allow more by max"):
        model = MLPClassifier(4, solver=solver, max_iter=3, tol=0, random_state=0).fit(X, Y)
    assert model.n_iter_ == 3


def test_too_few_evaluations_are_told():
    with pytest.warns(ConvergenceWarning, match="max_fun"):
        model = MLPRegressor(solver="lbfgs", max_fun=5, random_state=0).fit(X, T)
    assert model.n_iter_ <= 5


def test_the_warning_points_at_the_caller():
    with pytest.warns(ConvergenceWarning) as caught:
        MLPClassifier(4, max_iter=1).fit(X, Y)
    assert caught[0].filename == __file__


@pytest.mark.parametrize("settings", [{"tol": 10.0}, {"callbacks": lambda run: run.epoch == 3}])
def test_a_run_that_was_ended_is_not_too_short(settings):
    assert MLPClassifier(4, n_iter_no_change=2, **settings).fit(X, Y).n_iter_ in (3, 4)


def test_one_part_is_never_too_short():
    assert MLPClassifier(4, max_iter=1).partial_fit(X, Y, classes=[0, 1]).n_iter_ == 1


@may_not_converge
@pytest.mark.parametrize("kept", [0, 5])
def test_an_interrupted_run_keeps_its_epochs(kept):
    model = MLPRegressor(**SMALL, warm_start=True)
    if kept:
        model.fit(X, Y)
    with pytest.warns(UserWarning, match="interrupted; the estimator keeps the epochs") as caught:
        model.set_params(callbacks=Fail(3, KeyboardInterrupt)).fit(X, Y)
    assert caught[0].filename == __file__
    assert len(model.loss_curve_) == kept + 3
    assert model.predict(X).shape == (60,)


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
def test_a_run_that_diverges():
    settings = {"hidden_layer_sizes": 50, "activation": "identity", "solver": "sgd",
                "learning_rate_init": 1.0, "max_iter": 100, "random_state": 0}  # fmt: skip
    model = MLPRegressor(**settings)
    with pytest.raises(ValueError, match="try a smaller learning rate") as caught:
        model.fit(10 * X, T)  # scikit-learn's raises a ValueError
    assert caught.type is DivergenceError
    assert not hasattr(model, "network_")


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_after_a_part_that_diverged_learning_goes_on(solver):
    model = MLPRegressor(hidden_layer_sizes=4, solver=solver, random_state=0)
    model.partial_fit(X, T)
    with pytest.raises(DivergenceError):
        model.partial_fit(1e300 * X, T)
    losses = [model.partial_fit(X, T).loss_ for _ in range(50)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_divergence_after_the_best_epoch_is_survived():
    class Explode(Callback):
        def on_epoch(self, run):
            if run.epoch == 4:
                run.network.parameters[:] = 1e200

    model = MLPRegressor(early_stopping=True, random_state=0, callbacks=Explode())
    with pytest.warns(RuntimeWarning, match="restored the parameters of the best epoch"):
        model.fit(X, T)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert np.abs(model.network_.parameters).max() < 10


def test_what_lbfgs_can_not_do():
    for settings, name in (({"dropout": 0.1}, "optimizer"), ({"schedule": "cosine"}, "schedule"),
                           ({"clip": "norm:limit=1"}, "clip")):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: lbfgs"):
            MLPClassifier(4, solver="lbfgs", **settings).fit(X, Y)


def test_a_batch_norm_of_one_row():
    with pytest.raises(ValueError, match=r"^batch_size: a batch norm needs batches of 2 rows"):
        MLPClassifier(4, batch_norm=True, batch_size=1).fit(X, Y)


def test_verbose(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for solver in ("adam", "lbfgs"):
            MLPClassifier(4, solver=solver, max_iter=2, tol=0, verbose=True).fit(X, Y)
            out = capsys.readouterr().out
            assert out.startswith("Iteration 1, loss = ")
            assert out.count("Iteration") == 2


@may_not_converge
@pytest.mark.parametrize("kind", [MLPClassifier, MLPRegressor])
@pytest.mark.parametrize(("settings", "error"), FAILURES, ids=str)
def test_promise_13_a_fit_that_fails_on_its_way_changes_nothing(kind, settings, error):
    model = kind(**{**SMALL, **settings, "warm_start": True}).fit(X, Y)
    network, parameters = model.network_, model.network_.parameters
    before, alone = state_of(model), copy.deepcopy(model)
    for epoch in (1, 3):
        model.set_params(callbacks=Fail(epoch, error))
        with pytest.raises(error or DivergenceError) as caught:
            model.fit(X, Y)
        if error is None:
            assert str(caught.value).endswith("The estimator is as it was before")
        assert state_of(model.set_params(callbacks=())) == before
    assert model.network_ is network and network.parameters is parameters
    assert model.fit(X, Y).loss_curve_ == alone.fit(X, Y).loss_curve_


@may_not_converge
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
            model.set_params(**SMALL, solver="adam", learning_rate_init=0.001)
            assert state_of(model.set_params(engine=engine)) == before
        else:
            assert any("the loss grew from" in str(each.message) for each in caught)
            assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.network_.parameters).all()


@may_not_converge
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


@may_not_converge
def test_promise_13_a_first_fit_that_fails_leaves_nothing_behind():
    model = MLPRegressor(**SMALL, callbacks=Fail(2, KeyError))
    with pytest.raises(KeyError):
        model.fit(X, Y)
    assert not hasattr(model, "network_") and not hasattr(model, "n_features_in_")


@may_not_converge
def test_promise_13_parameters_are_changed_together_or_not_at_all():
    model = MLPClassifier(**SMALL).fit(X, Y)
    before = state_of(model)
    with pytest.raises(ValueError, match="'alhpa'"):
        model.set_params(max_iter=9, alhpa=1)
    assert state_of(model) == before

"""Rounds: how a call of fit ends, and what is said of it."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from barenet import Callback, DivergenceError, MLPClassifier, MLPRegressor

RNG = np.random.RandomState(0)
X = RNG.normal(size=(60, 3))
Y, T = (X[:, 0] > 0).astype(int), X[:, 0] - X[:, 1]


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


class Interrupt(Callback):
    def on_epoch(self, run):
        if run.epoch == 3:
            raise KeyboardInterrupt


def test_an_interrupted_run_keeps_what_it_has():
    with pytest.warns(UserWarning, match="interrupted; what was learned until now is kept") as seen:
        model = MLPClassifier(4, callbacks=Interrupt()).fit(X, Y)
    assert seen[0].filename == __file__
    assert model.n_iter_ == 3
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
    with pytest.warns(RuntimeWarning, match="put the parameters of the best epoch back"):
        model.fit(X, T)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert np.abs(model.network_.parameters).max() < 10


def test_what_lbfgs_can_not_do():
    for settings, name in (({"dropout": 0.1}, "optimizer"), ({"schedule": "cosine"}, "schedule"),
                           ({"clip": "norm:limit=1"}, "clip")):  # fmt: skip
        with pytest.raises(ValueError, match=f"^{name}: lbfgs"):
            MLPClassifier(4, solver="lbfgs", **settings).fit(X, Y)


def test_a_batch_norm_of_one_row():
    with pytest.raises(ValueError, match=r"^batch_size: batch_norm needs batches of 2 rows"):
        MLPClassifier(4, batch_norm=True, batch_size=1).fit(X, Y)


def test_verbose(capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for solver in ("adam", "lbfgs"):
            MLPClassifier(4, solver=solver, max_iter=2, tol=0, verbose=True).fit(X, Y)
            out = capsys.readouterr().out
            assert out.startswith("Iteration 1, loss = ")
            assert out.count("Iteration") == 2

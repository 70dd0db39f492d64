"""The end of a call of fit: convergence, interruption, divergence, an error."""

import copy
import warnings

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning

from barenet import MLPClassifier, MLPRegressor
from barenet.callbacks import Run
from barenet.engines import CompiledEngine
from barenet.errors import DivergenceError

X = np.random.RandomState(0).normal(size=(60, 3))
Y, T = (X[:, 0] > 0).astype(int), X[:, 0] - X[:, 1]

SETTINGS = [{}, {"solver": "sgd", "learning_rate": "adaptive"}, {"batch_norm": True},
            {"solver": "sgd", "learning_rate": "invscaling"}, {"engine": "compiled"}]  # fmt: skip
#: L-BFGS does not continue from spoiled parameters, and early stopping survives a divergence.
FAILURES = [*((MLPClassifier, settings, None) for settings in SETTINGS),
            (MLPRegressor, {}, None), (MLPRegressor, {"engine": "compiled"}, KeyError),
            (MLPClassifier, {"solver": "lbfgs"}, KeyError),
            (MLPClassifier, {"early_stopping": True}, KeyError)]  # fmt: skip


class Fail:
    """Raises in one epoch, or changes the network so that it diverges."""

    def __init__(self, epoch: int, error: type[BaseException] | None, value: float = np.inf):
        self.epoch, self.error, self.value = epoch, error, value

    def __call__(self, run: Run) -> None:
        if run.epoch == self.epoch:
            if self.error is not None:
                raise self.error("on purpose")
            run.network.parameters[:] = self.value


@pytest.mark.parametrize("kind", [MLPClassifier])
@pytest.mark.parametrize(
    ("settings", "message"),
    [
        *(({"solver": solver, "max_iter": 3, "tol": 0}, "not converged in 3 it.* by max_iter;")
          for solver in ("adam", "lbfgs")),
        ({"solver": "lbfgs", "max_fun": 5}, "maximum of 5 evaluations .* by max_fun;"),
    ],
)  # fmt: skip
def test_too_few_iterations_raise_a_convergence_warning(kind, settings, message):
    with pytest.warns(ConvergenceWarning, match=message) as caught:
        model = kind(hidden_layer_sizes=4, random_state=0, **settings).fit(X, Y)
    assert model.n_iter_ <= 5
    assert caught[0].filename == __file__


@pytest.mark.parametrize("settings", [{"tol": 10.0}, {"callbacks": lambda run: run.epoch == 3}])
def test_stopped_runs_and_partial_fit_do_not_warn(settings):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert MLPClassifier(4, n_iter_no_change=2, **settings).fit(X, Y).n_iter_ in (3, 4)
        assert MLPClassifier(4, max_iter=1).partial_fit(X, Y, classes=[0, 1]).n_iter_ == 1


def test_patience_continues_across_calls():
    model = MLPRegressor(hidden_layer_sizes=4, warm_start=True, max_iter=2, tol=9.0,
                         n_iter_no_change=3, random_state=0)  # fmt: skip
    assert [model.fit(X, T).n_iter_ for _ in range(3)] == [2, 2, 1]
    assert model.history_.stop_reason == "the loss has not improved by 9 for more than 3 epochs"


@pytest.mark.parametrize("kept", [0, 5])
def test_an_interrupted_fit_keeps_its_epochs(small, kept):
    model = small(warm_start=True)
    if kept:
        model.fit(X, Y)
    with pytest.warns(UserWarning, match="interrupted; the estimator keeps the epochs") as caught:
        model.set_params(callbacks=Fail(3, KeyboardInterrupt)).fit(X, Y)
    assert caught[0].filename == __file__
    assert len(model.loss_curve_) == kept + 3
    assert model.predict(X).shape == (60,)


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_partial_fit_continues_after_a_divergence(solver):
    model = MLPRegressor(hidden_layer_sizes=4, solver=solver, random_state=0).partial_fit(X, T)
    with pytest.raises(DivergenceError):
        model.partial_fit(1e300 * X, T)
    losses = [model.partial_fit(X, T).loss_ for _ in range(50)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_early_stopping_restores_the_best_epoch_after_a_divergence():
    model = MLPRegressor(early_stopping=True, random_state=0, callbacks=Fail(4, None, 1e200))
    with pytest.warns(RuntimeWarning, match="restored the parameters of the best epoch"):
        model.fit(X, T)
    assert model.best_validation_score_ == max(model.validation_scores_)
    assert np.abs(model.network_.parameters).max() < 10


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_verbose_prints_each_epoch_with_its_validation_score(small, capsys, solver):
    model = small(solver=solver, max_iter=2, tol=0, verbose=1, early_stopping=True).fit(X, Y)
    lines = [
        f"Iteration {epoch}, loss = {loss:.8f}" for epoch, loss in enumerate(model.loss_curve_, 1)
    ]
    if solver == "adam":  # and no validation rows for L-BFGS
        for at, score in enumerate(model.validation_scores_):
            lines.insert(2 * at + 1, f"Validation score: {score:f}")
        model.set_params(early_stopping=False).partial_fit(X, Y)
        lines.append(f"Iteration 3, loss = {model.loss_:.8f}")
    assert capsys.readouterr().out.splitlines() == lines


@pytest.mark.promise(13)
@pytest.mark.parametrize(("kind", "settings", "error"), FAILURES, ids=str)
def test_a_failed_fit_changes_nothing(small, state_of, settings, error):
    first = small(**settings, callbacks=Fail(2, error or KeyError))
    with pytest.raises(error or KeyError):
        first.fit(X, Y)
    assert not hasattr(first, "network_") and not hasattr(first, "n_features_in_")
    model = small(**settings, warm_start=True).fit(X, Y)
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


@pytest.mark.promise(3)
@pytest.mark.parametrize(
    ("kind", "engine", "solver"),
    [
        (MLPClassifier, "compiled", "sgd"),
        (MLPRegressor, "compiled", "adam"),
        (MLPRegressor, "reference", "sgd"),
    ],
)
def test_an_exploding_loss_raises_or_warns(kind, small, state_of, engine, solver):
    model = small(engine=engine, warm_start=True, tol=0).fit(X, Y)
    before, usual = state_of(model), model.get_params()
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            model.set_params(solver=solver, learning_rate_init=1e6, max_iter=20)
            model.fit(X, 1e3 * Y if kind is MLPRegressor else Y)
        except DivergenceError:
            assert state_of(model.set_params(**usual)) == before
        else:
            assert any("the loss grew from" in str(each.message) for each in caught)
            assert np.isfinite(model.loss_curve_).all()
    assert np.isfinite(model.network_.parameters).all()


@pytest.mark.promise(13)
@pytest.mark.parametrize("solver", ["sgd", "adam"])
def test_a_failed_partial_fit_changes_nothing(small, state_of, all_classes, solver):
    model = small(solver=solver).partial_fit(X, Y, **all_classes(2)).partial_fit(X, Y)
    before, alone = state_of(model), copy.deepcopy(model)
    with pytest.raises(KeyError):
        model.set_params(callbacks=Fail(1, KeyError)).partial_fit(X, Y)
    assert state_of(model.set_params(callbacks=())) == before
    after, expected = model.partial_fit(X, Y), alone.partial_fit(X, Y)
    assert after.network_.parameters.tobytes() == expected.network_.parameters.tobytes()


@pytest.mark.parametrize(
    "settings",
    [{"tol": 0.01}, {"tol": 0.02, "n_iter_no_change": 1}, {"tol": 0, "n_iter_no_change": np.inf},
     {"tol": 0.01, "dropout": 0.2}, {"solver": "sgd", "momentum": 0, "tol": 0.001}],
)  # fmt: skip
def test_epochs_in_one_call_of_the_engine_end_as_one_by_one(monkeypatch, settings):
    """A callback without `history_only` is called after each epoch."""
    run, calls, ends = CompiledEngine.run, [], []
    monkeypatch.setattr(CompiledEngine, "run", lambda *call: calls.append(0) or run(*call))
    for callbacks in ((), (lambda run: None)):
        rng = np.random.RandomState(5)
        model = MLPClassifier(8, max_iter=60, random_state=rng, callbacks=callbacks,
                              batch_size=7, engine="compiled", **settings)  # fmt: skip
        model.fit(X, Y, sample_weight=np.arange(1.0, 61))
        history, steps = model.history_, model._optimizer.n_steps
        bits = model.network_.parameters.tobytes(), rng.uniform(), steps
        curves = history.loss, history["gradient_norm"], history["learning_rate"]
        ends.append((*bits, *curves, history.stop_reason, len(calls)))
    (*together, few), (*one_by_one, total) = ends
    assert together == one_by_one
    assert few < total - few


def test_partial_fits_append_to_the_loss_curve_and_keep_the_best_loss():
    model = MLPRegressor(hidden_layer_sizes=4, random_state=0).partial_fit(X, T)
    curve = model.loss_curve_
    for _ in range(5):
        model.partial_fit(X, T)
    assert model.loss_curve_ is curve and len(curve) == 6  # a copy takes longer with each call
    assert model.best_loss_ == min(curve)

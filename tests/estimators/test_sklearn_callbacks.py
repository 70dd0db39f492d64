"""scikit-learn's own callbacks work as they do with its LogisticRegression."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import DivergenceError, MLPClassifier, MLPRegressor

callback = pytest.importorskip("sklearn.callback", reason="came with scikit-learn 1.9")
pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, Y = load_iris(return_X_y=True)
X = (X - X.mean(axis=0)) / X.std(axis=0)
SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "learning_rate_init": 0.05}
KINDS = (MLPClassifier, MLPRegressor)


def small(kind=MLPClassifier, **settings):
    return kind(**{**SMALL, **settings})


class Recorder:
    """Writes down what it is told; asks for all that there is."""

    def __init__(self, stop_after=None, fail_at=None):
        self.told, self.stop_after, self.fail_at = [], stop_after, fail_at

    def setup(self, estimator, context):
        self.note("setup", context)

    def teardown(self, estimator, context):
        self.note("teardown", context)

    def on_fit_task_begin(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.note("begin", context, X, y, metadata, fitted_estimator)

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.note("end", context, X, y, metadata, fitted_estimator)
        return context.task_name == "epoch" and context.task_id == self.stop_after

    def note(self, hook, context, *more):
        self.told.append((hook, context.task_name, context.task_id, *more))
        if self.fail_at == (hook, context.task_name):
            raise OSError("the disk is full")

    @property
    def hooks(self):
        return [entry[:3] for entry in self.told]


def hooks_of(epochs):
    each = [(hook, "epoch", i) for i in range(epochs) for hook in ("begin", "end")]
    whole = [("begin", "fit", 0), *each, ("end", "fit", 0)]
    return [("setup", "fit", 0), *whole, ("teardown", "fit", 0)]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_each_epoch_is_a_task(kind, solver):
    seen = Recorder()
    model = small(kind, solver=solver).set_callbacks(seen)
    weight = np.ones(150)
    model.fit(X, Y, sample_weight=weight)
    assert seen.hooks == hooks_of(4)
    for _, _, _, given, targets, metadata, _ in seen.told[1:-1]:
        assert (given == X).all()
        assert (targets == Y).all()
        assert metadata["sample_weight"] is weight
    assert not [name for name in vars(model) if name.startswith(("_callback", "_skl_callbacks_to"))]


def test_an_estimator_of_each_epoch_predicts_as_if_the_fit_had_ended_there():
    seen = Recorder()
    small(max_iter=5, warm_start=True).set_callbacks(seen).fit(X, Y)
    ends = [entry[-1] for entry in seen.told if entry[:2] == ("end", "epoch")]
    for epoch, model in enumerate(ends):
        alone = small(max_iter=epoch + 1).fit(X, Y)
        assert (model.predict_proba(X) == alone.predict_proba(X)).all()
        assert (model.n_iter_, model.loss_) == (alone.n_iter_, alone.loss_)
        assert model.loss_curve_ == alone.loss_curve_
    begins = [entry[-1] for entry in seen.told if entry[:2] == ("begin", "epoch")]
    for before, after in zip(ends, begins[1:], strict=False):
        assert (before.predict_proba(X) == after.predict_proba(X)).all()


def test_a_monitor_logs_a_score_for_each_epoch():
    for kind, name in ((MLPClassifier, "accuracy"), (MLPRegressor, "r2")):
        monitor = callback.ScoringMonitor(scoring=[name])
        model = small(kind).set_callbacks(monitor).fit(X, Y)
        rows = monitor.get_logs().data
        scores = [row[name] for row in rows if row["task_name"] == "epoch"]
        expected = [small(kind, max_iter=n).fit(X, Y).score(X, Y) for n in (1, 2, 3, 4)]
        assert scores == pytest.approx(expected)
        assert [row[name] for row in rows if row["task_name"] == "fit"] == [model.score(X, Y)]


def test_a_progress_bar_comes_to_its_end(capsys):
    for model in (small(), LogisticRegression()):
        model.set_callbacks(callback.ProgressBar()).fit(X, Y)
        shown = capsys.readouterr().out
        assert f"{type(model).__name__} - fit" in shown
        assert "100%" in shown


def tree(log):
    """How the tasks are nested: paths, and what is there."""
    return [(row["task_id_path"], row["estimator_name"], row["task_name"]) for row in log.data]


@pytest.mark.parametrize("n_jobs", [1, 2])
def test_a_search_over_pipelines_hands_its_callbacks_down(n_jobs, capsys):
    def fitted(model, grid):
        monitor, bar = callback.ScoringMonitor(scoring="accuracy"), callback.ProgressBar(None)
        # A bar goes down by itself; a monitor is set where it is to listen.
        pipeline = make_pipeline(StandardScaler(), model.set_callbacks(monitor))
        search = GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).set_callbacks(bar)
        return search.fit(X, Y), monitor

    search, monitor = fitted(small(max_iter=3), {"mlpclassifier__alpha": [0.0, 0.1]})
    shown = capsys.readouterr().out
    assert "GridSearchCV - fit" in shown
    assert "Pipeline - fit" in shown
    assert "MLPClassifier - fit" in shown
    logs = monitor.get_logs(select="all", include_lineage=True)
    found = {(row["estimator_name"], row["task_name"]) for log in logs for row in log.data}
    assert ("MLPClassifier", "epoch") in found
    assert sum(row["task_name"] == "epoch" for log in logs for row in log.data) == 3 * 5
    assert search.best_score_ > 0.3
    _, theirs = fitted(LogisticRegression(max_iter=3), {"logisticregression__C": [1.0, 2.0]})
    others = theirs.get_logs(select="all", include_lineage=True)
    depths = [{len(row["task_id_path"]) for log in each for row in log.data}
              for each in (logs, others)]  # fmt: skip
    assert depths[0] == depths[1]


def test_a_callback_may_end_the_fit():
    seen = Recorder(stop_after=1)
    model = small(max_iter=50).set_callbacks(seen).fit(X, Y)
    assert model.n_iter_ == 2
    assert model.history_.stop_reason == "a callback of scikit-learn requested it"
    assert seen.hooks == hooks_of(2)


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_a_run_that_ends_early_leaves_no_task_open(solver):
    seen = Recorder()
    rules = {"early_stopping": True, "n_iter_no_change": 2, "max_iter": 400, "tol": 0.1}
    model = small(solver=solver, **rules).set_callbacks(seen).fit(X, Y)
    assert 1 < model.n_iter_ < 400
    names = [hook for hook, name, _ in seen.hooks if name == "epoch"]
    assert names.count("begin") == names.count("end")
    for stopped in (small(callbacks=lambda run: run.epoch == 2), small(tol=9, n_iter_no_change=1)):
        stopped.set_callbacks(again := Recorder()).fit(X, Y)
        assert again.hooks == hooks_of(stopped.n_iter_)


def test_the_last_task_has_the_best_network():
    seen = Recorder()
    model = small(early_stopping=True, max_iter=30, n_iter_no_change=3).set_callbacks(seen)
    model.fit(X, Y)
    last = seen.told[-2]
    assert last[:2] == ("end", "fit")
    assert (last[-1].predict_proba(X) == model.predict_proba(X)).all()


MOMENTS = [("setup", "fit"), ("begin", "fit"), ("begin", "epoch"), ("end", "epoch"),
           ("end", "fit"), ("teardown", "fit")]  # fmt: skip


@pytest.mark.parametrize("where", MOMENTS)
def test_a_callback_that_fails_is_torn_down_and_its_error_is_told(where):
    seen = Recorder(fail_at=where)
    with pytest.raises(OSError, match="the disk is full"):
        small().set_callbacks(seen).fit(X, Y)
    assert seen.hooks[-1] == ("teardown", "fit", 0)


def test_refused_data_tear_the_callbacks_down():
    seen = Recorder()
    model = small().set_callbacks(seen)
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X * np.nan, Y)
    assert [hook for hook, *_ in seen.hooks] == ["setup", "teardown"]
    with pytest.raises(ValueError, match=r"^max_iter: "):
        model.set_params(max_iter="many").fit(X, Y)
    assert len(seen.hooks) == 2
    assert vars(model).keys() == vars(small().set_callbacks(seen)).keys()
    small().set_callbacks(partial := Recorder()).partial_fit(X, Y, classes=[0, 1, 2])
    assert partial.told == []


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
def test_a_fit_that_diverges_tears_the_callbacks_down():
    seen = Recorder()
    model = small(MLPRegressor, solver="sgd", learning_rate_init=1e9, max_iter=99)
    with pytest.raises(DivergenceError):
        model.set_callbacks(seen).fit(1e9 * X, Y)
    assert seen.hooks[-1][0] == "teardown" and not hasattr(model, "network_")


def test_both_kinds_of_callbacks_and_copies():
    epochs, seen = [], Recorder()
    model = small(callbacks=lambda run: epochs.append(run.epoch)).set_callbacks(seen)
    plain = small().fit(X, Y)
    assert (clone(model).fit(X, Y).predict_proba(X) == plain.predict_proba(X)).all()
    assert (copy.deepcopy(model).fit(X, Y).loss_curve_) == plain.loss_curve_
    assert epochs == [1, 2, 3, 4] * 2
    assert accuracy_score(Y, plain.predict(X)) == plain.score(X, Y)
    with pytest.raises(TypeError, match="FitCallback"):
        model.set_callbacks(print)
    assert model.set_callbacks().fit(X, Y) is model

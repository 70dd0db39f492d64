"""scikit-learn's own callbacks work as they do with its LogisticRegression."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import MLPClassifier, MLPRegressor
from barenet.errors import DivergenceError

callback = pytest.importorskip("sklearn.callback", reason="scikit-learn has it since 1.9")

SMALL = {"hidden_layer_sizes": (5,), "max_iter": 4, "random_state": 0, "learning_rate_init": 0.05}


def classifier(**settings):
    return MLPClassifier(**{**SMALL, **settings})


class Recorder:
    """Records every call with its arguments; may end the fit."""

    def __init__(self, stop_after=None):
        self.calls, self.stop_after = [], stop_after

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
        self.calls.append((hook, context.task_name, context.task_id, *more))

    @property
    def hooks(self):
        return [call[:3] for call in self.calls]

    def estimators(self, hook):
        return [call[-1] for call in self.calls if call[:2] == (hook, "epoch")]


def hooks_of(epochs):
    each = [(hook, "epoch", i) for i in range(epochs) for hook in ("begin", "end")]
    whole = [("begin", "fit", 0), *each, ("end", "fit", 0)]
    return [("setup", "fit", 0), *whole, ("teardown", "fit", 0)]


@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_each_epoch_is_a_task(iris, kind, solver):
    recorder, weight = Recorder(), np.ones(150)
    model = kind(**SMALL, solver=solver).set_callbacks(recorder)
    model.fit(*iris, sample_weight=weight)
    assert recorder.hooks == hooks_of(4)
    for _, _, _, X, y, metadata, _ in recorder.calls[1:-1]:
        assert (iris[0] == X).all() and (y == iris[1]).all()
        assert metadata["sample_weight"] is weight
    assert not [name for name in vars(model) if name.startswith(("_callback", "_skl_callbacks_to"))]


def test_the_estimator_of_an_epoch_predicts_like_a_fit_ending_there(iris):
    X, recorder = iris[0], Recorder()
    classifier(warm_start=True).set_callbacks(recorder).fit(*iris)
    ends, begins = recorder.estimators("end"), recorder.estimators("begin")
    for epoch, model in enumerate(ends):
        alone = classifier(max_iter=epoch + 1).fit(*iris)
        assert (model.predict_proba(X) == alone.predict_proba(X)).all()
        assert (model.n_iter_, model.loss_) == (alone.n_iter_, alone.loss_)
        assert model.loss_curve_ == alone.loss_curve_
    for before, after in zip(ends, begins[1:], strict=False):
        assert (before.predict_proba(X) == after.predict_proba(X)).all()


@pytest.mark.parametrize("n_jobs", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_searches_pass_callbacks_to_pipelines(iris, n_jobs, capsys):
    def logs_of(model, grid):
        monitor, bar = callback.ScoringMonitor(scoring="accuracy"), callback.ProgressBar(None)
        # A bar is propagated; a monitor is set on the estimator that it observes.
        pipeline = make_pipeline(StandardScaler(), model.set_callbacks(monitor))
        GridSearchCV(pipeline, grid, cv=2, n_jobs=n_jobs).set_callbacks(bar).fit(*iris)
        logs = monitor.get_logs(select="all", include_lineage=True)
        return [row for log in logs for row in log.data]

    rows = logs_of(classifier(max_iter=3), {"mlpclassifier__alpha": [0.0, 0.1]})
    shown = capsys.readouterr().out
    for name in ("GridSearchCV", "Pipeline", "MLPClassifier"):
        assert f"{name} - fit" in shown
    epochs = [row["estimator_name"] for row in rows if row["task_name"] == "epoch"]
    assert epochs == ["MLPClassifier"] * 3 * 5
    theirs = logs_of(LogisticRegression(max_iter=3), {"logisticregression__C": [1.0, 2.0]})
    assert len({len(row["task_id_path"]) for row in rows}) == len(
        {len(row["task_id_path"]) for row in theirs}
    )


def test_a_callback_may_end_the_fit_and_partial_fit_calls_none(iris):
    model = classifier(max_iter=50).set_callbacks(recorder := Recorder(stop_after=1)).fit(*iris)
    assert model.history_.stop_reason == "a callback of scikit-learn has ended the fit"
    model.partial_fit(*iris)
    assert recorder.hooks == hooks_of(2)


@pytest.mark.filterwarnings("ignore:in epoch:RuntimeWarning")
def test_a_fit_that_fails_tears_its_callbacks_down(iris):
    X, y = iris
    model = MLPRegressor(solver="sgd", learning_rate_init=1e9).set_callbacks(recorder := Recorder())
    with pytest.raises(DivergenceError):
        model.fit(1e9 * X, y)
    assert recorder.hooks[-1][0] == "teardown" and not hasattr(model, "network_")
    recorder.calls.clear()
    with pytest.raises(ValueError, match="NaN"):
        model.fit(X * np.nan, y)
    with pytest.raises(ValueError, match=r"^max_iter: "):
        model.set_params(max_iter="many").fit(X, y)
    assert [hook for hook, *_ in recorder.hooks] == ["setup", "teardown"]
    assert vars(model).keys() == vars(MLPRegressor().set_callbacks(recorder)).keys()

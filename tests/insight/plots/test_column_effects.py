"""Effects of columns: the bars of their importance, and scikit-learn's partial dependence."""

from dataclasses import replace

import numpy as np
import pandas
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.inspection import partial_dependence

from barenet import MLPClassifier, Network, Task, load_dataset
from barenet.plots import plot_dependence, plot_importance

RNG = np.random.default_rng(0)


class Regressor(RegressorMixin, BaseEstimator):
    def __init__(self, predictor):
        self.predictor = predictor

    def fit(self, X, y):
        return self

    def __sklearn_is_fitted__(self):
        return True

    def predict(self, X):
        return self.predictor.predict(X)


class Classifier(ClassifierMixin, Regressor):
    @property
    def classes_(self):
        return np.array(self.predictor.classes)

    def predict_proba(self, X):
        return self.predictor.predict_proba(X)


def expected(predictor, X, column, values):
    """The means of scikit-learn, shape (n_values, n_outputs); of two classes, of the second."""
    estimator = Regressor(predictor) if predictor.classes is None else Classifier(predictor)
    options = {"kind": "average", "method": "brute", "custom_values": {column: values}}
    if predictor.classes is not None:
        options["response_method"] = "predict_proba"
    return partial_dependence(estimator, X, [column], **options)["average"].T


@pytest.mark.parametrize("of", [("wine", 3, "softmax"), ("diabetes", 1, "identity")])
def test_curves_of_numbers_agree_with_scikit_learn(of, predictor_of):
    predictor, data = predictor_of(*of)
    X = data.X
    names = predictor.feature_names[:4]
    figure = plot_dependence(predictor, X, names)
    for at, axes in enumerate(figure.axes):
        curves = np.array([line.get_ydata() for line in axes.lines]).T
        values = axes.lines[0].get_xdata()
        np.testing.assert_allclose(curves, expected(predictor, X, at, values), rtol=1e-5)
        assert set(values) <= set(X[:, at]) and 2 <= len(values) <= 30
        low, high = np.quantile(X[:, at], [0.04, 0.96])
        assert len(np.unique(X[:, at])) <= 30 or low <= values.min() < values.max() <= high
    assert [axes.get_xlabel() for axes in figure.axes] == [*names]
    assert len({axes.get_ylim() for axes in figure.axes}) == 1


def test_curves_of_a_table_agree_with_scikit_learn(towns):
    predictor, rows = towns
    figure = plot_dependence(predictor, rows, [*rows])
    for axes, name in zip(figure.axes, rows, strict=True):
        (line,) = axes.lines
        values = line.get_xdata()
        if name in ("town", "member"):
            values = np.array([text.get_text() for text in axes.get_xticklabels()], object)
        elif name == "built":
            values = pandas.to_datetime(values)
        means = expected(predictor, rows, name, values)
        np.testing.assert_allclose(line.get_ydata(), means[:, 0], rtol=1e-6)
    labels = [text.get_text() for text in figure.axes[0].get_xticklabels()]
    assert labels == rows["town"].value_counts().index.tolist()
    assert figure.axes[0].get_ylabel() == "mean prediction of far\n= yes"


def test_missing_labels_are_named_and_missing_numbers_left_out(towns):
    predictor, rows = towns
    changed = rows.assign(town=[None, *rows["town"][1:]])
    town, size = plot_dependence(predictor, changed, ["town", "size"]).axes
    assert town.get_xticklabels()[-1].get_text() == "missing"
    assert np.isfinite(size.lines[0].get_xdata()).all()
    (axes,) = plot_dependence(predictor, rows.assign(size=np.nan), ["size"]).axes
    assert len(axes.lines[0].get_ydata()) == 1


def test_spellings_of_a_boolean_are_one_dot():
    words = ["yes", "no", "Yes", "NO", "yes", "no", "y", None]
    rows = pandas.DataFrame({"member": words * 10, "y": np.arange(80.0)})
    predictor = Task.open(rows, "y", test_size=0).train(model="network", epochs=1)
    (axes,) = plot_dependence(predictor, rows, ["member"]).axes
    labels = [label.get_text() for label in axes.get_xticklabels()]
    assert sorted(labels) == ["missing", "no", "yes"]


def test_names_are_no_formulas_and_readable(readable, towns):
    predictor, rows = towns
    encoding = predictor.preprocessing.renamed(["a$_$", "b", "c" * 60, "$^", "e"])
    parts = {"feature_names": encoding.feature_names, "preprocessing": encoding}
    rows.columns = encoding.feature_names
    odd = replace(
        predictor,
        **parts,
        classes=("$_$", "$^^$"),
        target_name="$ life expectancy at birth of everybody in years",
    )
    figure = plot_dependence(odd, rows, encoding.feature_names)
    readable(figure)
    first = figure.axes[0]
    label, panel = first.yaxis.label.get_window_extent(), first.get_window_extent()
    assert label.height < panel.height


@pytest.mark.case(144)
@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_a_fitted_estimator_has_a_partial_dependence():
    data = load_dataset("iris")
    model = MLPClassifier(4, max_iter=2, random_state=0).fit(data.X, np.array(data.classes)[data.y])
    (axes,) = plot_dependence(model, data.X, ["x1"]).axes
    curves = {line.get_label(): line for line in axes.lines}
    values = curves["setosa"].get_xdata()
    options = {"kind": "average", "method": "brute", "custom_values": {1: values}}
    exact = partial_dependence(model, data.X, [1], **options)["average"]
    drawn = [curves[name].get_ydata() for name in model.classes_]
    np.testing.assert_allclose(drawn, exact, atol=1e-6)


def bars(axes) -> dict[str, float]:
    names = [text.get_text() for text in axes.get_yticklabels()]
    return dict(zip(names, [bar.get_width() for bar in axes.patches], strict=True))


@pytest.mark.case(145)
def test_bars_of_one_colour_are_sorted_means_with_standard_deviations():
    (axes,) = plot_importance([[0.0, 0.2], [0.5, 0.7], [-0.1, -0.1]], ["a", "b", "c"]).axes
    assert bars(axes) == pytest.approx({"b": 0.6, "a": 0.1, "c": -0.1})
    assert axes.yaxis_inverted()
    (lines,) = (each.get_segments() for each in axes.collections if len(each.get_segments()) > 1)
    ends = [line[:, 0] for line in lines]
    np.testing.assert_allclose(ends, [[0.5, 0.7], [0.0, 0.2], [-0.1, -0.1]])
    # The spread of the shuffles, which the line shows, does not tell noise from an effect.
    assert len({bar.get_facecolor() for bar in axes.patches}) == 1


def test_only_the_first_of_many_columns_are_drawn():
    drops = RNG.normal(size=(50, 3))
    (axes,) = plot_importance(drops, [f"column {at}" for at in range(50)]).axes
    assert list(bars(axes).values()) == pytest.approx(sorted(drops.mean(axis=1))[::-1][:20])
    assert axes.get_title(loc="left") == "the first 20 of 50 columns"


def test_importance_of_pixels_is_an_image():
    drops = np.arange(24.0).reshape(12, 2)
    picture = plot_importance(drops, [f"p{at}" for at in range(12)], image_shape=(3, 4))
    image = picture.axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), drops.mean(axis=1).reshape(3, 4))
    low, high = image.get_clim()
    assert low == -high  # white is 0


def test_every_name_is_readable(readable):
    names = [f"the column with number {n}" * 2 for n in range(30)]
    drops = RNG.normal(0.2, 0.1, size=(30, 10))
    readable(plot_importance(drops, names, metric="accuracy", title="What matters"))
    readable(plot_importance(np.zeros((1, 2)), ["a"], metric="accuracy", title="What matters"))


def test_each_of_several_targets_has_a_curve():
    network = Network.dense([2, 3], seed=1)
    figure = plot_dependence(network, np.arange(12.0).reshape(6, 2), ["x0"])
    assert len(figure.axes[0].lines) == 3
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["y 1", "y 2", "y 3"]

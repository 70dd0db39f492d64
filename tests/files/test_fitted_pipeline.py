"""Fitted estimators and pipelines as predictors, with the same predictions from a file."""

import json

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.metrics import accuracy_score
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, RobustScaler, StandardScaler

from barenet import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    Scaling,
    TablePreprocessor,
    load,
    save,
)
from barenet.optimizers import Adam
from barenet.tables.encoding._scaling import KINDS

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")

X, KIND = load_iris(return_X_y=True)
QUICK = {"solver": "lbfgs", "max_iter": 15, "random_state": 0}

TARGETS = {
    "text": np.array(["setosa", "versicolor", "virginica"])[KIND],
    "text of digits": KIND.astype(str),
    "text of truth": np.where(KIND == 1, "True", "False"),
    "objects": np.array(["a", "b", "c"], object)[KIND],
    "integers": KIND * 10 - 5,
    "whole floats": KIND * 2.0,
    "truth": KIND == 1,
}

STEPS = {
    "none": [],
    "passthrough": ["passthrough"],
    "standardize": [StandardScaler()],
    "no mean": [StandardScaler(with_mean=False)],
    "no deviation": [StandardScaler(with_std=False)],
    "minmax": [MinMaxScaler()],
    "other limits": [MinMaxScaler((-1, 3))],
    "robust": [RobustScaler()],
    "unit variance": [RobustScaler(unit_variance=True)],
    "other quantiles": [RobustScaler(quantile_range=(10, 90))],
    "not centered": [RobustScaler(with_centering=False)],
    "not scaled": [RobustScaler(with_scaling=False)],
    "table": [TablePreprocessor()],
    "float32 table": [TablePreprocessor(dtype="float32")],
}

#: Where the same arithmetic is done, in the same order.
TO_THE_LAST_BIT = ("none", "passthrough", "table", "float32 table")


def shipped(model, path, **more):
    save(Predictor.from_estimator(model, **more), path)
    return load(path)


@pytest.mark.parametrize("kind", TARGETS)
def test_classes_keep_their_types(path, kind):
    y = TARGETS[kind]
    model = MLPClassifier(4, **QUICK).fit(X, y)
    loaded = shipped(model, path)
    predicted = loaded.predict(X)
    assert predicted.tolist() == model.predict(X).tolist()
    assert isinstance(predicted.tolist()[0], type(y.tolist()[0])) or kind == "whole floats"
    assert np.array_equal(loaded.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize(
    ("steps", "dtype"),
    [*((name, "float64") for name in STEPS), ("standardize", "float32"), ("table", "float32")],
)
def test_a_saved_pipeline_predicts_the_same(path, steps, dtype):
    rows, y = (100 + X).astype(dtype), TARGETS["text"]
    model = make_pipeline(*STEPS[steps], MLPClassifier(4, **QUICK)).fit(rows, y)
    loaded, expected = shipped(model, path), model.predict_proba(rows)
    dtypes = {"table": "float64", "float32 table": "float32"}
    assert loaded.network.dtype == dtypes.get(steps, dtype)
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()
    if steps in TO_THE_LAST_BIT:
        assert np.array_equal(loaded.predict_proba(rows), expected)
    # In float32, scikit-learn's scalers take 100 from 105 in float32.
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(loaded.predict_proba(rows), expected, rtol=tolerance, atol=tolerance)
    if isinstance(loaded.preprocessing, Scaling):
        assert (loaded.preprocessing.name == "affine") == (steps not in ("passthrough", *KINDS))
    model[-1].network_.parameters[:] = 0
    assert loaded.network.parameters.any()


@pytest.mark.parametrize(
    ("scaler", "offset", "dtype"),
    [
        (StandardScaler(), 1e6, "float32"),
        (MinMaxScaler(), 1e6, "float64"),
        (RobustScaler(), 0, "float32"),
    ],
)
def test_scaled_inputs_agree_within_float32_precision(scaler, offset, dtype):
    rows = (offset + X).astype(dtype)
    model = make_pipeline(scaler, MLPRegressor(hidden_layer_sizes=2, **QUICK)).fit(rows, KIND)
    loaded = Predictor.from_estimator(model)
    far = np.abs(loaded.preprocessing.offset * loaded.preprocessing.factor).max()
    error = np.abs(loaded.inputs(rows) - model[0].transform(rows)).max()
    assert error <= 4 * np.finfo(dtype).eps * (1 + far)


@pytest.mark.parametrize(("n_outputs", "scaled"), [(1, True), (2, False), (2, True)])
def test_regression_with_one_or_several_scaled_targets(path, n_outputs, scaled):
    y = X[:, 2 : 2 + n_outputs].squeeze() * 1000
    model = MLPRegressor(hidden_layer_sizes=4, **QUICK)
    if scaled:
        model = make_pipeline(StandardScaler(), model)
        model = TransformedTargetRegressor(model, transformer=StandardScaler())
    model.fit(X[:, :2], y)
    loaded, tolerance = shipped(model, path), 1e-12 if scaled else 0
    assert (loaded.target_scaling is not None) == scaled
    np.testing.assert_allclose(loaded.predict(X[:, :2]), model.predict(X[:, :2]), rtol=tolerance)


def test_feature_names_come_from_the_dataframe(path):
    rows = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    y = pd.Series(TARGETS["text"], name="species")
    for step in (StandardScaler(), TablePreprocessor()):
        model = make_pipeline(step, MLPClassifier(4, **QUICK)).fit(rows, y)
        loaded = shipped(model, path, target_name="species", dataset="iris")
        assert loaded.feature_names == ("a", "b", "c", "d")
        assert (loaded.target_name, loaded.dataset) == ("species", "iris")
        assert loaded.predict(rows[["d", "a", "c", "b"]]).tolist() == model.predict(rows).tolist()
    nameless = MLPClassifier(4, **QUICK).fit(X, y)
    assert Predictor.from_estimator(nameless).feature_names == ("x0", "x1", "x2", "x3")


@pytest.mark.parametrize("names", [range(4), pd.MultiIndex.from_product([["u", "v"], [1, 2]])])
def test_non_string_column_names_are_numbered(path, names):
    rows = pd.DataFrame(X, columns=names)
    for step in (StandardScaler(), TablePreprocessor()):
        model = make_pipeline(step, MLPClassifier(4, **QUICK)).fit(rows, KIND)
        loaded = shipped(model, path)
        np.testing.assert_allclose(loaded.predict_proba(rows), model.predict_proba(rows), 1e-12)
    with pytest.raises(ValueError, match="X"):
        shipped(MLPClassifier(4, **QUICK).fit(rows, KIND), path).predict(rows.iloc[:, :3])


def test_a_search_saves_its_best_estimator(path):
    grid = {"mlpclassifier__alpha": [0.01, 1.0]}
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(4, **QUICK))
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, KIND)
    loaded = shipped(search, path)
    assert loaded.card.settings["alpha"] == search.best_params_["mlpclassifier__alpha"]
    assert loaded.predict(X).tolist() == search.predict(X).tolist()


class Small(MLPClassifier):
    def __init__(self, hidden_layer_sizes=2, *, solver="lbfgs"):
        super().__init__(hidden_layer_sizes, solver=solver)


def test_a_subclass_with_other_defaults_can_be_saved(path):
    model = Small().fit(X, KIND)
    assert np.array_equal(shipped(model, path).predict_proba(X), model.predict_proba(X))


def fitted(*steps, X=X, y=KIND):
    return make_pipeline(*steps, MLPClassifier(2, **QUICK)).fit(X, y)


def search(model, **options):
    return GridSearchCV(model, {}, cv=2, **options)


REGRESSOR = MLPRegressor(hidden_layer_sizes=2, **QUICK)
REFUSED = [
    (lambda: make_pipeline(StandardScaler(), MLPRegressor()), "MLPRegressor has no network yet"),
    (lambda: make_pipeline(StandardScaler()), "expected a fitted MLPClassifier or MLPRegressor"),
    (lambda: Network.dense([2, 1]), "expected a fitted MLPClassifier or MLPRegressor, .* Network"),
    (lambda: fitted(PCA(2)), "step 'pca': expected TablePreprocessor, StandardScaler, .*, got PCA"),
    (lambda: fitted(MinMaxScaler(clip=True)), r"got MinMaxScaler\(clip=True\)"),
    (lambda: fitted(PCA(2), StandardScaler()), "before the network, got 'pca', 'standardscaler'"),
    (lambda: TransformedTargetRegressor(REGRESSOR, transformer=FunctionTransformer())
     .fit(X, X[:, 0]), "transformer: .* got FunctionTransformer"),
    (lambda: make_pipeline(StandardScaler(), search(MLPClassifier(2, **QUICK))).fit(X, KIND),
     "step 'gridsearchcv': .* got GridSearchCV; fit a search over the whole pipeline"),
    (lambda: make_pipeline(StandardScaler(), fitted()), "step 'pipeline': .*put its steps"),
    (lambda: make_pipeline(StandardScaler(), TransformedTargetRegressor(REGRESSOR))
     .fit(X, X[:, 0]), "step 'transformedtargetregressor': .*put it around the whole pipeline"),
    (lambda: search(MLPClassifier(2, **QUICK), refit=False).fit(X, KIND),
     "got GridSearchCV; fit a search .* with refit=True"),
    (lambda: search(MLPClassifier()), "got GridSearchCV; fit a search"),
    (lambda: fitted(y=np.stack([KIND > 0, KIND == 2], axis=1) * 1), "predicts several labels"),
    (lambda: fitted(y=2**60 + KIND), "classes 1152921504606846976"),
    (lambda: fitted(y=np.array(["", "b", "c"])[KIND]), "none of them"),
    (lambda: fitted(y=np.array([" x", "x", "c"])[KIND]), "' x' has spaces around it"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "why"), REFUSED)
def test_pipelines_without_a_file_form_are_refused(model, why):
    with pytest.raises(ValueError, match=f"^(model|classes): .*{why}"):
        Predictor.from_estimator(model())


RNG = np.random.default_rng(0)
ROWS, LABELS = RNG.normal(size=(60, 3)), np.arange(60) % 3
FEW = {"hidden_layer_sizes": (4, 3), "max_iter": 5, "random_state": 7}


def card_of(model, **more):
    return Predictor.from_estimator(model, **more).card


def test_the_card_contains_settings_history_and_rows():
    names = np.array(["c", "a", "b"])[LABELS]
    model = MLPClassifier(**FEW, optimizer=Adam(0.5), class_weight={"a": 2.0}).fit(ROWS, names)
    card = card_of(model, scores={"held_out": {"accuracy": 0.5}})
    assert card.settings["estimator"] == "MLPClassifier"
    assert card.settings["random_state"] == 7 and card.settings["hidden_layer_sizes"] == (4, 3)
    assert card.settings["optimizer"] == "adam:learning_rate=0.5"
    assert card.settings["class_weight"] == "{'a': 2.0}"
    assert not {"callbacks", "threads", "verbose", "scoring"} & card.settings.keys()
    assert card.rows == {"training": 60} and card.scores == {"held_out": {"accuracy": 0.5}}
    assert card.log.n_epochs == 5
    assert card.log.curves["loss"] == pytest.approx(model.loss_curve_, 1e-5)
    assert card.data_fingerprint is None
    assert "barenet" in card.versions
    json.dumps(card.to_dict(), allow_nan=False)


def test_the_validation_score_is_that_of_the_saved_network():
    held_out = RNG.normal(size=(20, 3)), np.arange(20) % 3
    settings = {**FEW, "max_iter": 30, "early_stopping": True}
    model = MLPClassifier(**settings).fit(ROWS, LABELS, validation_data=held_out)
    card = card_of(model)
    assert card.rows == {"training": 60, "validation": 20}
    expected = accuracy_score(held_out[1], model.predict(held_out[0]))
    assert card.scores["validation"]["accuracy"] == pytest.approx(expected)
    last = MLPClassifier(**FEW | {"max_iter": 60}).fit(ROWS, LABELS, validation_data=held_out)
    expected = accuracy_score(held_out[1], last.predict(held_out[0]))
    assert card_of(last).scores["validation"]["accuracy"] == pytest.approx(expected)
    of_its_own = MLPClassifier(**settings).fit(ROWS, LABELS)
    assert card_of(of_its_own).rows == {"training": 54, "validation": 6}


def test_several_fits_have_no_history():
    model = MLPRegressor(**FEW).partial_fit(ROWS, ROWS[:, 0]).partial_fit(ROWS[:20], ROWS[:20, 0])
    card = card_of(model)
    assert card.log is None and card.rows == {} and card.versions


def test_wrong_scores_are_refused():
    model = MLPClassifier(**FEW).fit(ROWS, LABELS)
    with pytest.raises(ValueError, match=r"^scores: .*expected values by names, got"):
        card_of(model, scores={"held_out": 0.5})


@pytest.mark.parametrize("steps", ["none", "table"])
def test_an_estimator_is_saved_as_its_predictor(path, steps):
    model = make_pipeline(*STEPS[steps], MLPClassifier(4, **QUICK)).fit(X, TARGETS["text"])
    save(model, path)
    loaded = load(path)
    expected = Predictor.from_estimator(model)
    assert isinstance(loaded, Predictor)
    assert loaded.card == expected.card
    np.testing.assert_array_equal(loaded.predict(X), expected.predict(X))


def test_an_estimator_that_cannot_be_saved_has_a_remedy(path):
    with pytest.raises(ValueError, match="model: MLPClassifier has no network yet; call fit"):
        save(MLPClassifier(), path)
    with pytest.raises(ValueError, match="model: expected a fitted MLPClassifier"):
        save(PCA(2).fit(X), path)
    assert not path.exists()

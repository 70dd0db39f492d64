"""Fitted estimators and pipelines as predictors: they say the same, from a file."""

from __future__ import annotations

import csv
import io
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import (
    FunctionTransformer,
    MaxAbsScaler,
    MinMaxScaler,
    RobustScaler,
    StandardScaler,
)

from barenet import (
    MLPClassifier,
    MLPRegressor,
    Network,
    Predictor,
    TablePreprocessor,
    export,
    load_predictor,
    save,
)
from barenet.cli._main import main
from barenet.data._scaling import KINDS, Scaling

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


def shipped(model, path, *rows, **more):
    save(Predictor.from_estimator(model, *rows, **more), path)
    return load_predictor(path)


@pytest.mark.parametrize("kind", TARGETS)
def test_classes_are_what_they_were(path, kind):
    y = TARGETS[kind]
    model = MLPClassifier(4, **QUICK).fit(X, y)
    loaded = shipped(model, path, X, y)
    said = loaded.predict(X)
    assert said.tolist() == model.predict(X).tolist()
    assert isinstance(said.tolist()[0], type(y.tolist()[0])) or kind == "whole floats"
    assert np.array_equal(loaded.probabilities(X), model.predict_proba(X))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("steps", STEPS)
def test_a_pipeline_says_the_same_from_its_file(path, steps, dtype):
    rows, y = (100 + X).astype(dtype), TARGETS["text"]
    model = make_pipeline(*STEPS[steps], MLPClassifier(4, **QUICK)).fit(rows, y)
    loaded = shipped(model, path, rows, y)
    assert loaded.network.dtype == {"table": "float64", "float32 table": "float32"}.get(
        steps, dtype
    )
    assert loaded.predict(rows).tolist() == model.predict(rows).tolist()
    expected = model.predict_proba(rows)
    if steps in TO_THE_LAST_BIT:
        assert np.array_equal(loaded.probabilities(rows), expected)
    # In float32, scikit-learn's scalers take 100 from 105 in float32.
    tolerance = 1e-4 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(loaded.probabilities(rows), expected, rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("steps", [name for name in STEPS if "table" not in name])
def test_a_scaling_has_a_name_that_is_true_of_it(steps):
    model = make_pipeline(*STEPS[steps], MLPClassifier(4, solver="lbfgs", max_iter=1)).fit(X, KIND)
    scaling = Predictor.from_estimator(model).preprocessing
    if scaling.name == "affine":
        measured = [Scaling.fit(kind, X).transform(X) for kind in KINDS]
        assert not any(np.allclose(scaling.transform(X), each) for each in measured)
    else:
        assert scaling.transform(X) == pytest.approx(Scaling.fit(scaling.name, X).transform(X))
    assert (scaling.name == "affine") == (steps not in ("passthrough", *KINDS))


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("offset", [0, 1e6])
@pytest.mark.parametrize("scaler", [StandardScaler(), MinMaxScaler(), RobustScaler()])
def test_scaled_numbers_differ_by_the_precision_of_the_rows_far_from_0(scaler, offset, dtype):
    rows = (offset + X).astype(dtype)
    model = make_pipeline(scaler, MLPRegressor(hidden_layer_sizes=2, **QUICK)).fit(rows, KIND)
    loaded = Predictor.from_estimator(model)
    far = np.abs(loaded.preprocessing.offset * loaded.preprocessing.factor).max()
    error = np.abs(loaded.inputs(rows) - model[0].transform(rows)).max()
    assert error <= 4 * np.finfo(dtype).eps * (1 + far)


@pytest.mark.parametrize("n_outputs", [1, 2])
@pytest.mark.parametrize("scaled", [False, True])
def test_numbers_one_or_several_scaled_or_not(path, n_outputs, scaled):
    y = X[:, 2 : 2 + n_outputs].squeeze() * 1000
    model = MLPRegressor(hidden_layer_sizes=4, **QUICK)
    if scaled:
        model = TransformedTargetRegressor(
            make_pipeline(StandardScaler(), model), transformer=StandardScaler()
        )
    model.fit(X[:, :2], y)
    loaded = shipped(model, path, X[:, :2], y)
    assert (loaded.target_scaling is not None) == scaled
    np.testing.assert_allclose(
        loaded.predict(X[:, :2]), model.predict(X[:, :2]), rtol=1e-12 if scaled else 0
    )


def test_names_come_with_a_data_frame(path):
    rows = pd.DataFrame(X, columns=["a", "b", "c", "d"])
    y = pd.Series(TARGETS["text"], name="species")
    for step in (StandardScaler(), TablePreprocessor()):
        model = make_pipeline(step, MLPClassifier(4, **QUICK)).fit(rows, y)
        loaded = shipped(model, path, rows, y, dataset="iris")
        assert loaded.feature_names == ("a", "b", "c", "d")
        assert (loaded.target_name, loaded.dataset) == ("species", "iris")
        assert loaded.predict(rows[["d", "a", "c", "b"]]).tolist() == model.predict(rows).tolist()
    nameless = MLPClassifier(4, **QUICK).fit(X, y)
    assert Predictor.from_estimator(nameless).feature_names == ("x0", "x1", "x2", "x3")


@pytest.mark.parametrize(
    "names", [range(4), [2.5, 1.5, 0.5, 3.5], pd.MultiIndex.from_product([["u", "v"], [1, 2]])]
)
def test_columns_without_text_for_a_name_count_by_their_places(path, names):
    rows = pd.DataFrame(X, columns=names)
    for step in ("passthrough", StandardScaler(), TablePreprocessor()):
        model = make_pipeline(step, MLPClassifier(4, **QUICK)).fit(rows, KIND)
        loaded = shipped(model, path, rows, KIND)
        np.testing.assert_allclose(loaded.probabilities(rows), model.predict_proba(rows), 1e-12)
        assert loaded.card.data_fingerprint is not None
    with pytest.raises(ValueError, match="X"):
        shipped(MLPClassifier(4, **QUICK).fit(rows, KIND), path).predict(rows.iloc[:, :3])


def test_a_column_with_a_number_for_its_name_is_found_by_it():
    rows = pd.DataFrame(X, columns=list("0123"))  # as a file's header has it
    predictor = Predictor.from_estimator(MLPClassifier(4, **QUICK).fit(rows, KIND))
    turned = rows.set_axis(range(4), axis=1)[[2, 0, 1, 3]]
    assert predictor.predict(turned).tolist() == predictor.predict(X).tolist()
    with pytest.raises(ValueError, match="X: no column 3; its columns are 0, 1, 2, 4"):
        predictor.predict(rows.set_axis([0, 1, 2, 4], axis=1))


def test_a_table_of_words_keeps_its_columns(path):
    rows = pd.DataFrame({"size": [1.5, None, 3.0, 4.0] * 5, "town": ["Rome", "Oslo"] * 10})
    y = np.arange(20) % 4 > 1
    model = make_pipeline(TablePreprocessor(), MLPClassifier(4, **QUICK)).fit(rows, y)
    loaded = shipped(model, path, rows, y)
    assert loaded.feature_names == ("size", "town")
    assert np.array_equal(loaded.probabilities(rows), model.predict_proba(rows))


def test_a_search_ships_its_best(path):
    grid = {"mlpclassifier__alpha": [0.01, 1.0]}
    pipeline = make_pipeline(StandardScaler(), MLPClassifier(4, **QUICK))
    search = GridSearchCV(pipeline, grid, cv=2).fit(X, KIND)
    loaded = shipped(search, path)
    assert loaded.card.settings["alpha"] == search.best_params_["mlpclassifier__alpha"]
    assert loaded.predict(X).tolist() == search.predict(X).tolist()


def test_the_command_line_predicts_what_the_pipeline_predicts(tmp_path, capfd):
    rows = pd.DataFrame(X, columns=[" a", "b", "c", "d"])
    model = make_pipeline(RobustScaler(), MLPClassifier(4, **QUICK)).fit(rows, TARGETS["text"])
    path, table = tmp_path / "flowers.safetensors", tmp_path / "flowers.csv"
    predictor = Predictor.from_estimator(model, rows, TARGETS["text"], target_name="species")
    save(predictor, path)
    rows.assign(species=TARGETS["text"]).to_csv(table, index=False)
    assert (
        main(["predict", str(path), str(table)]) == 2
    )  # a file's names have no spaces around them
    assert "no column ' a'" in capfd.readouterr().err
    save(replace(predictor, feature_names=tuple("abcd")), path)
    assert main(["predict", str(path), str(table)]) == 0
    told = list(csv.DictReader(io.StringIO(capfd.readouterr().out)))
    assert [row["prediction"] for row in told] == model.predict(rows).tolist()
    assert main(["evaluate", str(path), str(table), "--no-baselines"]) == 0  # known by fingerprint
    assert "trained on exactly these rows" in capfd.readouterr().err


def test_the_network_is_a_copy_and_an_export_is_the_same(tmp_path):
    model = make_pipeline(StandardScaler(), MLPClassifier(4, **QUICK)).fit(X, TARGETS["text"])
    predictor = Predictor.from_estimator(model)
    texts = []
    for name, what in (("pipeline", model), ("predictor", predictor)):
        folder = tmp_path / name
        folder.mkdir()
        export(what, folder / "flowers.json")
        texts.append((folder / "flowers.json").read_text().partition('"steps"')[2])
    assert texts[0] == texts[1] != ""
    model[-1].network_.parameters[:] = 0
    assert predictor.network.parameters.any()


class Halving:
    def predict_proba(self, X):
        return super().predict_proba(X) / 2


class Cautious(Halving, MLPClassifier):
    pass


class Rounding(TablePreprocessor):
    def transform(self, X):
        return super().transform(X).round()


class Small(MLPClassifier):
    def __init__(self, hidden_layer_sizes=2, *, solver="lbfgs", max_iter=15, random_state=0):
        super().__init__(
            hidden_layer_sizes, solver=solver, max_iter=max_iter, random_state=random_state
        )


def test_a_subclass_of_other_defaults_is_taken(path):
    model = Small().fit(X, KIND)
    assert np.array_equal(shipped(model, path).probabilities(X), model.predict_proba(X))


def fitted(*steps, X=X, y=KIND):
    return make_pipeline(*steps, MLPClassifier(2, **QUICK)).fit(X, y)


def search(model, **options):
    return GridSearchCV(model, {}, cv=2, **options)


REGRESSOR = MLPRegressor(hidden_layer_sizes=2, **QUICK)
REFUSED = [
    (MLPClassifier, "MLPClassifier has no network yet; call fit first"),
    (lambda: make_pipeline(StandardScaler(), MLPRegressor()), "MLPRegressor has no network yet"),
    (lambda: make_pipeline(StandardScaler()), "expected a fitted MLPClassifier or MLPRegressor"),
    (lambda: Network.dense([2, 1]), "expected a fitted MLPClassifier or MLPRegressor, .* Network"),
    (lambda: fitted(PCA(2)), "step 'pca': expected TablePreprocessor, StandardScaler, .*, got PCA"),
    (lambda: fitted(MaxAbsScaler()), "MaxAbsScaler"),
    (lambda: fitted(MinMaxScaler(clip=True)), r"got MinMaxScaler\(clip=True\)"),
    (lambda: fitted(PCA(2), StandardScaler()), "before the network, got 'pca', 'standardscaler'"),
    (lambda: TransformedTargetRegressor(REGRESSOR, transformer=FunctionTransformer())
     .fit(X, X[:, 0]), "transformer: .* got FunctionTransformer"),
    (lambda: make_pipeline(StandardScaler(), search(MLPClassifier(2, **QUICK))).fit(X, KIND),
     "step 'gridsearchcv': .* got GridSearchCV; search over the whole pipeline"),
    (lambda: make_pipeline(StandardScaler(), fitted()), "step 'pipeline': .*put its steps"),
    (lambda: make_pipeline(StandardScaler(), TransformedTargetRegressor(REGRESSOR))
     .fit(X, X[:, 0]), "step 'transformedtargetregressor': .*put it around the whole pipeline"),
    (lambda: search(MLPClassifier(2, **QUICK), refit=False).fit(X, KIND),
     "GridSearchCV has no best model; use refit=True"),
    (lambda: search(MLPClassifier()), "GridSearchCV has no best model; call fit first"),
    (lambda: Cautious(2, **QUICK).fit(X, KIND), r"Cautious overrides predict_proba \(Halving\)"),
    (lambda: fitted(Rounding()), r"Rounding overrides transform \(Rounding\)"),
    (lambda: fitted(y=np.stack([KIND > 0, KIND == 2], axis=1) * 1), "predicts several labels"),
    (lambda: fitted(y=np.full(150, "a")), "the single class 'a'"),
    (lambda: fitted(y=2**60 + KIND), "classes 1152921504606846976"),
    (lambda: fitted(y=np.array(["", "b", "c"])[KIND]), "none of them"),
    (lambda: fitted(y=np.array([" x", "x", "c"])[KIND]), "' x' has spaces around it"),
]  # fmt: skip


@pytest.mark.parametrize(("model", "why"), REFUSED)
def test_what_a_file_cannot_say_is_refused(model, why):
    with pytest.raises(ValueError, match=f"^(model|classes): .*{why}"):
        Predictor.from_estimator(model())

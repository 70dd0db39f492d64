"""Predictors: from raw rows to named classes, with consistent parts, saved and loaded."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow
import pytest
from predictors import predictor_of
from scipy.sparse import csr_array

from barenet import MLPClassifier, ModelCard, Network, Predictor, Scaling, TableEncoding, load, save
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, DataError, ModelFileError
from barenet.files._model_card import TrainingLog
from barenet.typing import Ensemble, History

X, NAMES = np.random.default_rng(0).normal(size=(9, 3)), ("no", "yes")


def predictor(classes=NAMES, outputs=2):
    network = Network.dense([3, 4, outputs], output="softmax" if outputs > 1 else "sigmoid")
    names = {"feature_names": ("a", "b", "c"), "target_name": "answer", "dataset": "nine rows"}
    return predictor_of(network, Scaling.fit("standardize", X), classes=classes, **names)


@pytest.mark.promise(12)
@pytest.mark.parametrize(("classes", "outputs"), [(NAMES, 2), (NAMES, 1), (None, 1)])
def test_a_predictor_that_is_saved_and_loaded_predicts_the_same_bits(path, classes, outputs):
    first = predictor(classes, outputs)
    save(first, path)
    second = load(path, Predictor)
    assert np.array_equal(load(path).predict(X), second.predict(X))
    assert np.array_equal(first.predict(X), second.predict(X))
    assert second.classes == classes and second.feature_names == ("a", "b", "c")
    assert (second.target_name, second.dataset, second.image_shape) == ("answer", "nine rows", None)
    assert np.array_equal(load(path, Network).parameters, first.network.parameters)


EMPTY = [[], (), np.empty((0, 3)), np.empty((0, 3), np.uint8), pd.DataFrame(np.empty((0, 3))),
         pd.DataFrame(columns=["c", "a", "b"]), {"a": [], "b": [], "c": []}]  # fmt: skip


@pytest.mark.case(139)
@pytest.mark.parametrize("parts", [{}, {"classes": ("1", "2")}, {"classes": None}], ids=str)
def test_no_rows_have_results_of_the_usual_shape_and_dtype(parts):
    own = replace(predictor(), **parts)
    for name in ("outputs", "inputs", "predict", *["predict_proba"] * bool(own.classes)):
        usual = getattr(own, name)(X)
        for rows in EMPTY:
            found = getattr(own, name)(rows)
            assert (found.shape, found.dtype) == ((0, *usual.shape[1:]), usual.dtype)
    for wrong in (np.empty((0, 2)), pd.DataFrame(columns=["a", "b"])):
        with pytest.raises(ValueError, match=r"^X: "):
            own.predict(wrong)
    with pytest.raises(ValueError, match="expected columns of one length"):
        own.predict({"a": [], "b": [1.0], "c": [1.0]})


def town_predictor(*, rare: float = 0, **parts: object) -> Predictor:
    """A model of a category, rarely Turku, and a number."""
    rows = {"town": ["Bern", "Oslo", "Rome"] * 10 + ["Turku"], "size": [*range(31)]}
    encoding = TableEncoding.fit(rows, rare=rare, keep_column=["size"])
    output = "sigmoid" if parts else "identity"
    network = Network.dense([encoding.n_inputs, 4, 1], output=output, seed=1)
    return predictor_of(network, encoding, **parts)


def test_categories_that_the_model_does_not_know_are_counted_in_a_warning():
    rows = pd.DataFrame({"town": ["Oslo", "Bonn", None, "Bonn", "Lima"], "size": range(5)})
    own = town_predictor()
    expected = r"^unknown categories, which are ignored: town \(3 of 5 rows, such as 'Bonn'\)$"
    with pytest.warns(UserWarning, match=expected) as caught:
        predictions = own.predict(rows)
    assert [warning.filename for warning in caught] == [__file__]
    np.testing.assert_array_equal(predictions, own.outputs(rows)[:, 0])  # without a warning
    with pytest.warns(UserWarning, match=expected):
        own.predict(rows.to_dict("records"))
    own.predict(rows[:1])
    town_predictor(rare=2).predict(rows)  # new towns share the output of Turku, which is rare

    with pytest.warns(UserWarning, match=expected):
        town_predictor(classes=NAMES).predict_proba(rows)


@pytest.mark.case(139)
def test_records_are_rows():
    own, frame = predictor(), pd.DataFrame(X, columns=["a", "b", "c"])
    records = frame.assign(other="no feature")[["c", "other", "a", "b"]].to_dict("records")
    np.testing.assert_array_equal(own.outputs(records), own.outputs(X))
    with pytest.raises(ValueError, match=r"^X: no column b; the columns are a, c"):
        own.predict([{"a": 1, "c": 2}])
    with pytest.raises(ValueError, match="b"):  # a missing value, and no encoding for one
        own.predict([*records, {"a": 1, "c": 2}])


def test_a_predictor_scales_raw_rows_and_names_the_classes():
    model = predictor()
    scaled = (X - X.mean(axis=0)) / X.std(axis=0)
    expected = model.network.predict(scaled)
    assert model.predict_proba(X) == pytest.approx(expected, abs=1e-6)
    with pytest.raises(ValueError, match="predicts numbers"):
        predictor(None, 1).predict_proba(X)
    of_one_output = predictor(outputs=1)
    p = of_one_output.predict_proba(X)
    assert p.shape == (9, 2) and np.allclose(p.sum(axis=1), 1)
    assert np.array_equal(p[:, 1:], of_one_output.outputs(X))
    names = np.where(expected[:, 1] > expected[:, 0], "yes", "no")
    assert model.predict(X).tolist() == names.tolist()


def test_predictions_are_in_the_units_of_the_target(path):
    y = np.array([[10.0], [30.0]])
    model = replace(predictor(None, 1), target_scaling=Scaling.fit("standardize", y))
    inside = model.network.predict((X - X.mean(axis=0)) / X.std(axis=0))
    assert model.predict(X) == pytest.approx(20 + 10 * inside[:, 0], rel=1e-5)
    assert model.targets([10.0, 30.0]).tolist() == [-1, 1]
    save(model, path)
    assert np.array_equal(load(path, Predictor).predict(X), model.predict(X))


@pytest.mark.case(25)
def test_table_columns_are_matched_by_name():
    model, table = predictor(), pd.DataFrame(X, columns=list("abc")).assign(note="text")
    for columns in (["c", "a", "b"], ["note", "b", "c", "a"]):
        assert np.array_equal(model.outputs(table[columns]), model.outputs(X))
        assert model.predict(table[columns]).tolist() == model.predict(X).tolist()
    with pytest.raises(ValueError, match=r"^X: no column b; the columns are a, c"):
        model.predict_proba(table[["a", "c"]])
    with pytest.raises(ValueError, match=r"^X: row 0: column 'b': expected a number, got 'text'"):
        model.predict(table.assign(b="text"))


@pytest.mark.parametrize("rows", [None, "abc", [[1, 2]], [1, 2, 3], [[10**400, 1, 2]]])
def test_invalid_rows_are_refused_by_name(rows):
    for method in (predictor().outputs, predictor().predict, predictor().predict_proba):
        with pytest.raises(ValueError, match=r"^X: "):
            method(rows)


@pytest.mark.case(54)
@pytest.mark.promise(9)
@pytest.mark.integration
@pytest.mark.parametrize("step", [301, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("is_table", [False, True])
def test_every_flipped_bit_is_refused(path, step, is_table):
    model = predictor()
    if is_table:
        encoding, network = TableEncoding.fit({"is": ["yes", "no"]}), Network.dense([1, 1])
        parts = {"preprocessing": encoding, "feature_names": ("is",), "classes": None}
        model = replace(model, network=network, **parts)
    save(model, path)
    data = bytearray(path.read_bytes())
    for at in range(0, 8 * len(data), step):
        data[at // 8] ^= 1 << at % 8
        path.write_bytes(data)
        with pytest.raises(ModelFileError, match=r"model\.safetensors: "):
            load(path, Predictor)
        data[at // 8] ^= 1 << at % 8


@pytest.mark.promise(10)
def test_predictions_that_overflow_in_target_units_are_refused():
    scaling = Scaling("none", np.full(1, 1.7e308), np.full(1, 3e-308))
    with pytest.raises(ValueError, match=r"^X: row 1 has values so large"):
        replace(predictor(None, 1), target_scaling=scaling).outputs(X)


def test_a_predictor_without_preprocessing_takes_sparse_rows():
    rng = np.random.default_rng(0)
    X = csr_array(np.where(rng.random((50, 30)) < 0.1, 1.0, 0.0))
    y = rng.choice(["a", "b", "c"], 50)
    model = MLPClassifier(4, random_state=0).partial_fit(X, y, classes=["a", "b", "c"])
    predictor = Predictor.from_estimator(model)
    assert predictor.predict(X).tolist() == model.predict(X).tolist()
    assert np.array_equal(predictor.predict_proba(X), model.predict_proba(X))
    scaled = replace(predictor, preprocessing=Scaling.fit("standardize", X.toarray()))
    with pytest.raises(ArgumentError, match=r"X: sparse matrices are not supported; use X.toarr"):
        scaled.predict(X)


def test_a_description_is_a_few_lines_whatever_its_parts():
    """Its usual lines are in the example of the class."""
    history = History({"loss": [0.5] * 400}, "compiled", 7, "no improvement", 369)
    model = predictor_of(
        Network.dense([1000, *[5] * 20, 1]),
        Scaling.fit("robust", np.eye(2).repeat(500, axis=1)),
        target_scaling=Scaling.fit("standardize", np.array([[1.0], [2.0]])),
        card=ModelCard(rows={"training": 1080}, log=TrainingLog.from_history(history)),
        feature_names=tuple(f"column {number}" for number in range(1000)),
        dataset="two\nlines",
    )
    found = model.description()
    assert len(repr(model).splitlines()) == 1 + len(found) == 7
    assert found["from"].endswith("column 7, … (1000 in all)")
    assert found["network"].startswith("1000 → 5 relu → 5 relu → 5 relu → … (21 layers) → 1 ident")
    assert found["trained on"] == r"two\nlines: 1,080 training rows"
    assert found["trained for"].startswith("400 epochs (no improvement), kept the best, epoch 369")


@pytest.fixture(scope="module")
def data(titanic):
    return load_table(titanic, "survived")


@pytest.fixture(scope="module")
def survival(data):
    encoding = TableEncoding.fit(data.X, drop=["ticket", "boat", "body"])
    network = Network.dense([encoding.n_inputs, 4, 1], output="sigmoid", seed=1)
    return predictor_of(network, encoding, classes=("died", "survived"))


@pytest.mark.case(139)
def test_records_and_no_rows_are_taken(survival, data, titanic):
    theirs = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    records = theirs.astype(object).where(theirs.notna(), None).to_dict("records")
    expected = survival.outputs(data.X)
    np.testing.assert_array_equal(survival.outputs(records), expected)
    sparse = [{k: v for k, v in record.items() if v is not None} for record in records]
    np.testing.assert_array_equal(survival.outputs(sparse), expected)
    for rows in (theirs[:0], pyarrow.Table.from_pandas(theirs[:0]), data.X[:0], []):
        assert survival.outputs(rows).shape == (0, 1)
        assert survival.predict(rows).tolist() == []
        assert survival.predict(rows).dtype == survival.predict(records).dtype
    with pytest.raises(ValueError, match=r"^X: no column sex; the columns are pclass, "):
        survival.predict(theirs[:0].drop(columns="sex"))


@pytest.mark.case(139)
def test_every_kind_of_column_takes_no_rows():
    days = np.array(["2024-01-01", "2024-05-01", "2024-09-01"], "M8[us]")
    table = {"day": days, "on": [True, False, True], "town": ["a", "b", "a"], "x": [0.5, 1.5, 4]}
    encoding = TableEncoding.fit(table, keep_column=["day"])
    network = Ensemble([Network.dense([encoding.n_inputs, 1], seed=seed) for seed in range(2)])
    scaled = {"target_scaling": Scaling.fit("standardize", [[1.0], [3.0]])}
    own = predictor_of(network, encoding, **scaled)
    assert len(own.feature_names) == 4
    found, usual = own.predict({name: [] for name in table}), own.predict(table)
    assert (found.shape, found.dtype) == ((0,), usual.dtype)


@pytest.mark.case(25)
def test_columns_are_matched_by_name_in_any_library(survival, data, titanic):
    expected = survival.outputs(data.X)
    theirs = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    names = list(survival.feature_names)
    for X in (
        theirs,
        theirs[sorted(theirs.columns)],
        theirs[names].to_numpy(object),
        pyarrow.Table.from_pandas(theirs),
        {name: theirs[name].tolist() for name in reversed(names)},
    ):
        np.testing.assert_array_equal(survival.outputs(X), expected)
    with pytest.raises(ValueError, match=r"^X: no column sex; the columns are pclass, "):
        survival.predict(theirs.drop(columns="sex"))
    with pytest.raises(ValueError, match=r"^X: has 2 columns, expected 10"):
        survival.predict([[1, 2]])
    theirs["age"] = theirs["age"].astype(object)
    theirs.loc[7, "age"] = "old"
    problem = f"^column 'age': 1 of {len(theirs):,} values can't be read .* as missing: 'old'$"
    with pytest.warns(UserWarning, match=problem):
        outputs = survival.outputs(theirs)
    theirs.loc[7, "age"] = None
    np.testing.assert_array_equal(outputs, survival.outputs(theirs))
    theirs["age"] = "old"
    with pytest.raises(DataError, match=r"^X: row 0: column 'age': expected a number, got 'old'"):
        survival.predict(theirs)


@pytest.mark.integration
def test_many_categories_fit_in_the_header(path):
    towns = {"town": [f"town {number:06}" for number in range(10_000)] * 2}
    encoding = TableEncoding.fit(towns, rare=0)
    save(predictor_of(Network.dense([encoding.n_inputs, 1], init="zeros"), encoding), path)
    assert load(path, Predictor).preprocessing.columns == encoding.columns


def test_a_threshold_decides_on_the_second_class(path):
    X = np.linspace(-3, 3, 40)[:, np.newaxis]
    network = Network.dense([1, 4, 1], output="sigmoid", seed=1)
    plain = predictor_of(network, Scaling.fit("none", X), classes=("no", "yes"))
    probabilities = plain.predict_proba(X)[:, 1]
    limit = float(np.quantile(probabilities, 0.3))
    model = plain.with_threshold(limit)
    expected = np.where(probabilities >= np.float32(limit), "yes", "no")
    assert model.predict(X).tolist() == expected.tolist() != plain.predict(X).tolist()
    assert np.array_equal(model.predict_proba(X), plain.predict_proba(X))
    save(model, path)
    loaded = load(path)
    assert loaded.threshold == limit and loaded.predict(X).tolist() == expected.tolist()
    assert loaded.with_threshold(None).predict(X).tolist() == plain.predict(X).tolist()
    equal = plain.with_threshold(float(probabilities[3])).predict(X[3:4])
    above = float(np.nextafter(probabilities[3], np.float32(1)))
    assert (equal.item(), plain.with_threshold(above).predict(X[3:4]).item()) == ("yes", "no")


@pytest.mark.parametrize("threshold", [0, 1, np.nan])
def test_a_threshold_is_a_probability(threshold, refused):
    network = Network.dense([1, 1], output="sigmoid", seed=1)
    plain = predictor_of(network, Scaling.fit("none", [[0.0]]), classes=("no", "yes"))
    with refused("threshold", "expected a (finite )?number"):
        plain.with_threshold(threshold)


@pytest.mark.parametrize(
    ("classes", "problem"),
    [
        (None, "predicts numbers, and a threshold is for classes"),
        (("a", "b", "c"), "predicts 3 classes, and a threshold divides two"),
    ],
)
def test_a_threshold_divides_two_classes(classes, problem, refused):
    output = "softmax" if classes else "identity"
    network = Network.dense([1, 3], output=output, seed=1)
    plain = predictor_of(network, Scaling.fit("none", [[0.0]]), classes=classes)
    with refused("threshold", problem):
        plain.with_threshold(0.3)

"""TablePreprocessor: its encodings, its errors and its use in pipelines."""

import pickle

import numpy as np
import pandas as pd
import pytest
import scipy.sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline

from barenet import MLPClassifier, MLPEnsembleRegressor, TablePreprocessor
from barenet.errors import DataError


@pytest.fixture(scope="module")
def passengers(titanic):
    table = pd.read_csv(titanic, na_values="?", keep_default_na=False)
    return table.drop(columns=["survived", "boat", "body"]), table["survived"]


def network():
    return MLPClassifier((16,), max_iter=15, random_state=0, batch_size=64)


#: One destination of the passengers is written with two spaces and with one, and most tickets are
#: numbers.
WITH_A_NOTE = pytest.mark.filterwarnings(
    "ignore:column 'home.dest'. .* differ only in case", "ignore:column 'ticket' is read as names"
)


@WITH_A_NOTE
@pytest.mark.integration
def test_a_pipeline_predicts_survival_on_the_titanic(passengers):
    """By sex alone the accuracy is 78 %, and of the more frequent class 62 %."""
    X, y = passengers
    pipeline = make_pipeline(TablePreprocessor(), network())
    folds = StratifiedKFold(3, shuffle=True, random_state=0)  # The rows are sorted by class.
    assert cross_val_score(pipeline, X, y, cv=folds).mean() > 0.76
    again = pickle.loads(pickle.dumps(pipeline.fit(X, y)))
    shuffled = X[sorted(X.columns)]
    np.testing.assert_array_equal(again.predict(shuffled), pipeline.predict(X))


@WITH_A_NOTE
def test_columns_and_outputs_are_described(passengers):
    X, _ = passengers
    preprocessor = TablePreprocessor(drop=["cabin"])
    with pytest.raises(NotFittedError):
        preprocessor.describe()
    preprocessor.fit(X)
    encoding = preprocessor.encoding_
    assert [column.name for column in preprocessor.encoding_.columns] == list(X.columns)
    assert preprocessor.describe() == encoding.describe()
    assert preprocessor.get_feature_names_out().tolist() == list(encoding.input_names)
    fitted = clone(preprocessor).set_params(drop=None).fit([[1, np.nan], [2, 3.0], [4, 5]])
    assert fitted.get_feature_names_out().tolist() == ["x0", "x1", "x1 missing"]
    assert fitted.get_feature_names_out(["a", "b"]).tolist() == ["a", "b", "b missing"]


@WITH_A_NOTE
def test_wrong_input_is_named_and_changes_nothing(passengers):
    X, _ = passengers
    fitted = TablePreprocessor().fit(X)
    before, encoding = fitted.get_params(), fitted.encoding_.to_dict()
    wrong = X.assign(age="old")
    for call, kind, message in (
        (lambda: fitted.transform(wrong), DataError, "X: row 0: column 'age': expected a numbe"),
        (lambda: fitted.transform(X.drop(columns="age")), ValueError, "X: no column age"),
        (
            lambda: TablePreprocessor().fit({"day": ["1.12.2024", "1.1.2025"]}),
            *(DataError, "X: column 'day': .*; nothing decides between them"),
        ),
        (lambda: fitted.set_params(dtype="int8").fit(X), ValueError, "dtype: expected float32 or"),
    ):
        with pytest.raises(kind, match=f"^{message}"):
            call()
    assert fitted.set_params(dtype="float64").get_params() == before
    assert fitted.encoding_.to_dict() == encoding and fitted.n_features_in_ == X.shape[1]


def test_masked_entries_are_missing_values():
    entries = np.arange(60.0).reshape(20, 3) ** 2
    masked = np.ma.masked_array(entries, entries % 7 == 0)
    ours = TablePreprocessor(keep_column=["x0"]).fit(masked)
    filled = masked.filled(np.nan)
    expected = TablePreprocessor(keep_column=["x0"]).fit(filled)
    assert ours.describe() == expected.describe() and "missing" in ours.describe()
    np.testing.assert_array_equal(ours.transform(masked), expected.transform(filled))


@pytest.mark.parametrize(
    "X", [None, "prices.csv", np.ones(3), [{"a": 1}], scipy.sparse.eye_array(3).tocsr()]
)
def test_anything_but_a_table_is_refused(X):
    fitted = TablePreprocessor().fit([[1.0], [2.0], [4.0]])
    for call in (TablePreprocessor().fit, fitted.transform, MLPEnsembleRegressor().fit):
        with pytest.raises(ValueError, match=r"^X: "):
            call(X, *[[1, 2, 3]] * (call != fitted.transform))

"""Arguments of `contributions` that don't fit are refused by their names."""

import numpy as np
import pandas
import pytest
import scipy.sparse
from sklearn.linear_model import LinearRegression

from barenet import MLPClassifier, Network, contributions

X = np.random.default_rng(0).normal(size=(20, 4))
NETWORK = Network.dense([4, 3, 1], seed=0)
WIDE = Network.dense([17, 3, 1], seed=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((NETWORK, X[:1]), "background: one row can't be compared with itself; give rows"),
        ((NETWORK, X, X[:0]), "background: expected at least one row, got none"),
        ((NETWORK, X[:0], X), "X: expected at least one row, got none"),
        ((NETWORK, X, X[:, :3]), "background: has 3 features, and the network takes 4 inputs"),
        ((NETWORK, X, [[1, 2, 3, np.nan]]), r"background: nan at \(0, 3\); only finite numbers"),
        ((NETWORK, [[1, 2, 3, np.nan]], X), r"X: nan at \(0, 3\); only finite numbers"),
        ((NETWORK, X[:, :3]), "X: has 3 features, and the network takes 4 inputs"),
        ((NETWORK, X[0], X), "X: "),
        ((NETWORK, pandas.DataFrame(X).iloc[0], X), r"X: expected rows, .*X.iloc\[\[17\]\]"),
        ((NETWORK, scipy.sparse.csr_array(X)), r"X: sparse .*; use X.toarray\(\)"),
        (("model", X), "predictor: expected a fitted MLPClassifier or MLPRegressor, .* got str"),
        ((LinearRegression().fit(X, X[:, 0]), X), "predictor: .*; for other models, use scikit-le"),
    ],
)
def test_models_and_rows_that_do_not_fit_are_refused(arguments, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        contributions(*arguments)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "logit"}, "scale: expected 'probability' or 'log-odds', got 'logit'"),
        ({"scale": "log-odds"}, "scale: numbers have no log-odds; leave it out"),
        ({"tolerance": -0.1}, "tolerance: expected a number of 0 or more, got -0.1"),
        ({"exact": 1}, "exact: expected True or False, got 1"),
        ({"n_background": 0}, "n_background: expected a whole number of 1 or more, got 0"),
        ({"seed": -1}, "seed: expected a whole number"),
        ({"threads": 0}, "threads: expected a whole number of 1 or more, got 0"),
        ({"groups": {"a": "x0"}}, "groups: expected a list of columns for the group 'a', got 'x0'"),
        ({"groups": {"a": []}}, "groups: expected a list of columns for the group 'a'"),
        ({"groups": {"a": ["x9"]}}, "groups: .*x9"),
        ({"groups": {"a": None}}, "groups: expected a list of columns for the group 'a', got None"),
        ({"groups": {1: ["x0"]}}, "groups: expected a text as the name of a group, got 1"),
        ({"groups": {"a": ["x0"], "b": ["x0"]}}, "groups: column 'x0' is in a group twice, or in"),
        ({"groups": {"a": ["x0", "x0"]}}, "groups: column 'x0' is in a group twice, or in two"),
        ({"groups": {"x3": ["x0", "x1"]}}, "groups: 'x3' is the name of a column outside"),
        ({"groups": ["x0", "x1"]}, "groups: expected a mapping of names to columns"),
    ],
)
def test_options_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        contributions(NETWORK, X, **options)


def test_values_of_a_background_that_do_not_fit_are_named(towns):
    predictor, frame = towns
    wrong = frame[:5].assign(rooms="two")
    with pytest.raises(ValueError, match=r"^background: row 0: column 'rooms': expected a number"):
        contributions(predictor, frame[:3], wrong)
    with pytest.raises(ValueError, match=r"^X: row 0: column 'rooms': expected a number"):
        contributions(predictor, wrong, frame[:3])
    rows = frame[:2].assign(rooms=["two", "3"])
    with pytest.warns(UserWarning, match="column 'rooms': 1 of 2 values .* as missing: 'two'$"):
        result = contributions(predictor, rows, frame)
    assert result.value_text(0, "rooms") == "missing"


@pytest.mark.parametrize("n_columns", [4, 17])
def test_one_background_row_is_enough(n_columns):
    """The contributions are to the difference between the predictions of two rows."""
    rng = np.random.default_rng(0)
    network = Network.dense([n_columns, 5, 1], hidden="tanh", seed=0, dtype="float64")
    rows = rng.normal(size=(6, n_columns))
    result = contributions(network, rows[:5], rows[5:])
    total = network.predict(rows[:5]) - network.predict(rows[5:])
    np.testing.assert_allclose(result.values.sum(axis=1), total, rtol=0, atol=1e-12)
    assert (np.abs(result.values) > 1e-6).all()
    if n_columns == 17:
        assert (result.standard_errors > 0).all()
    same = contributions(network, rows[5:], rows[5:])
    np.testing.assert_allclose(same.values, 0, rtol=0, atol=1e-12)


def test_all_coalitions_of_many_columns_are_refused():
    rows = np.zeros((2, 17))
    with pytest.raises(ValueError, match=r"^exact: 17 columns have 131,072 coalitions; leave it"):
        contributions(WIDE, rows, exact=True)
    grouped = contributions(WIDE, rows, exact=True, groups={"all": [f"x{n}" for n in range(15)]})
    assert grouped.values.shape == (2, 3, 1)


def test_an_estimator_that_is_not_fitted_is_refused():
    with pytest.raises(ValueError, match="predictor: MLPClassifier has no network yet"):
        contributions(MLPClassifier(), X)


def test_a_data_frame_has_the_names_of_its_columns():
    frame = pandas.DataFrame(X, columns=list("abcd"))
    result = contributions(NETWORK, frame[:3], frame)
    assert result.names == ("a", "b", "c", "d")
    np.testing.assert_array_equal(result.rows["b"], X[:3, 1])
    assert result.output_names == ("y",)
    assert len(result) == 3
    assert repr(result).startswith("<Contributions: 3 rows, 4 columns, 1 output,")

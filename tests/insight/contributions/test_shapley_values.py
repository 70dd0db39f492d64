"""Contributions: their oracle computes all coalitions of columns by their definition."""

import itertools
import math

import numpy as np
import pandas
import pytest
from sklearn.datasets import load_diabetes, load_wine
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from barenet import (
    MLPClassifier,
    MLPEnsembleClassifier,
    MLPRegressor,
    Network,
    contributions,
)
from barenet.layers import BatchNorm, Dense
from barenet.typing import Ensemble

DIABETES, PROGRESS = load_diabetes(return_X_y=True)
WINE, CULTIVAR = load_wine(return_X_y=True)


def by_brute_force(predict, X, background):
    """Shapley values by their definition, shape (n_rows, n_columns, n_outputs)."""
    n_columns = X.shape[1]
    values = []
    for row in X:
        gains = {}
        for size in range(n_columns + 1):
            for coalition in itertools.combinations(range(n_columns), size):
                hybrids = background.copy()
                hybrids[:, list(coalition)] = row[list(coalition)]
                gains[coalition] = predict(hybrids).reshape(len(background), -1).mean(axis=0)
        of_row = []
        for column in range(n_columns):
            value = 0
            for coalition, before in gains.items():
                if column in coalition:
                    continue
                after = gains[tuple(sorted((*coalition, column)))]
                sizes = math.factorial(len(coalition)) * math.factorial(
                    n_columns - len(coalition) - 1
                )
                value += sizes / math.factorial(n_columns) * (after - before)
            of_row.append(value)
        values.append(of_row)
    return np.array(values)


def network_of(n_inputs, output="identity", n_outputs=1, hidden="tanh", dtype="float64", seed=1):
    """A network of which all layers matter."""
    network = Network.dense(
        [n_inputs, 12, 6, n_outputs], hidden=hidden, output=output, seed=seed, dtype=dtype
    )
    rng = np.random.default_rng(seed)
    network.parameters[:] += rng.normal(0, 0.4, network.n_parameters)
    return network


def check_sum(result):
    """The contributions add up to the predictions, to rounding."""
    total = result.expected + result.values.sum(axis=1)
    np.testing.assert_allclose(total, result.predictions, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("n_columns", "output", "n_outputs"),
    [
        (1, "identity", 2),
        (2, "softmax", 3),
        (7, "softmax", 2),
        (5, "sigmoid", 1),
        (5, "sigmoid", 2),  # which don't add up to 1
    ],
)
def test_all_coalitions_agree_with_brute_force(n_columns, output, n_outputs):
    rng = np.random.default_rng(n_columns)
    X, background = rng.normal(size=(2, n_columns)), rng.normal(size=(7, n_columns))
    network = network_of(n_columns, output, n_outputs)
    exact = by_brute_force(network.predict, X, background)
    result = contributions(network, X, background, exact=True)
    np.testing.assert_allclose(result.values[..., -n_outputs:], exact, rtol=0, atol=1e-12)
    assert not result.standard_errors.any()
    assert not result.n_orders.any()
    if n_outputs == 1:  # the probability of the other class falls by as much
        np.testing.assert_allclose(result.values[..., 0], -exact[..., 0], rtol=0, atol=1e-12)
    check_sum(result)


@pytest.mark.parametrize(("scale", "n_background"), [("probability", 3), ("log-odds", 40)])
def test_sampled_values_are_within_their_standard_errors(scale, n_background):
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(30, 7)), rng.normal(size=(n_background, 7))
    network = network_of(7, "sigmoid")
    exact = contributions(network, X, background, exact=True, scale=scale)
    result = contributions(network, X, background, exact=False, scale=scale, tolerance=0.04)
    deviations = result.values - exact.values
    errors = result.standard_errors
    assert np.sqrt(np.square(errors).mean()) > 0
    ratio = np.sqrt(np.square(deviations).mean() / np.square(errors).mean())
    assert 0.6 < ratio < 1.4
    is_within = np.abs(deviations) <= 5 * errors + 1e-9
    assert is_within.mean() > 0.97
    check_sum(result)


@pytest.mark.parametrize("n_rows", [1, 10])
def test_values_of_few_rows_add_up(n_rows):
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(n_rows, 9)), rng.normal(size=(60, 9))
    network = network_of(9)
    result = contributions(network, X, background, exact=False)
    exact = contributions(network, X, background, exact=True)
    check_sum(result)
    deviations = np.square(result.values - exact.values).mean()
    assert np.sqrt(deviations) < 0.03 * network.predict(background).std()


def log_odds_by_hand(networks, X):
    """ln Σ p − ln Σ (1 − p) over networks of float64, with numbers that are sums of exponentials.

    Extended precision and exponents keep all digits of probabilities near 0 and 1.
    """
    ps = 0
    others = 0
    for network in networks:
        Z = network.forward(X, logits=True)[0].astype(np.longdouble)
        if network.output_activation.name == "sigmoid":
            if Z.shape[1] == 1:
                Z = np.concatenate([-Z, Z], axis=1)
            ps += 1 / (1 + np.exp(-Z))
            others += 1 / (1 + np.exp(Z))
        else:
            E = np.exp(Z)
            ps += E / E.sum(axis=1, keepdims=True)
            for_all = [np.delete(E, k, axis=1).sum(axis=1) for k in range(Z.shape[1])]
            others += np.stack(for_all, axis=1) / E.sum(axis=1, keepdims=True)
    return np.log(ps / others).astype(np.float64)


@pytest.mark.case(213)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n_networks", [1, 3])
@pytest.mark.parametrize("starts_dense", [True, False])
@pytest.mark.parametrize(
    ("output", "n_outputs"),
    [("softmax", 3), ("softmax", 2), ("sigmoid", 1), ("sigmoid", 2)],
)
def test_log_odds_are_those_of_logits(output, n_outputs, starts_dense, n_networks, dtype):
    """Probabilities near 1e-9 and 1 − 1e-9 keep their digits; float32 would round them."""
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(9, 4))
    networks = []
    for seed in range(n_networks):
        layers = [Dense(4, 6, "tanh"), Dense(6, n_outputs, output)]
        if not starts_dense:
            layers = [BatchNorm(4), *layers]
        network = Network(layers, seed=seed, dtype=dtype)
        network.layers[-1].weights[:] *= 12
        network.layers[-1].bias[:] = np.linspace(-22, 22, n_outputs)
        networks.append(network)
    model = networks[0]
    if n_networks > 1:
        model = Ensemble(networks)
    exact_networks = [network.copy("float64") for network in networks]
    exact = by_brute_force(lambda rows: log_odds_by_hand(exact_networks, rows), X, background)
    result = contributions(model, X, background, scale="log-odds", exact=True)
    tolerance = {"float32": 1e-4, "float64": 1e-11}[dtype]
    assert np.abs(result.predictions).max() > 16.2  # beyond 1e-7
    np.testing.assert_allclose(result.values, exact, rtol=0, atol=tolerance)
    assert not result.standard_errors.any()
    check_sum(result)
    sampled = contributions(model, X, background, scale="log-odds", exact=False)
    deviations = np.abs(sampled.values - exact)
    assert deviations.max() <= 5 * sampled.standard_errors.max() + tolerance


def test_one_column_contributes_the_whole_difference():
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(30, 1)), rng.normal(size=(60, 1))
    result = contributions(network_of(1), X, background, exact=False)
    differences = result.predictions - result.expected
    np.testing.assert_allclose(result.values[:, 0], differences, atol=1e-9)


def test_many_columns_are_explained_part_by_part(monkeypatch):
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(12, 60)), rng.normal(size=(20, 60))
    network = network_of(60)
    whole = contributions(network, X, background)
    monkeypatch.setattr(
        "barenet.insight.contributions._shapley_values.MAX_MEMBERSHIPS", 3 * 2 * 60**2
    )
    parts = contributions(network, X, background)
    np.testing.assert_allclose(parts.values, whole.values, rtol=0, atol=1e-12)
    check_sum(whole)


def test_a_smaller_tolerance_takes_more_orders():
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(40, 7)), rng.normal(size=(200, 7))
    network = network_of(7)
    spread = network.predict(background).std()
    n_orders = []
    for tolerance in (0.1, 0.03):
        options = {"exact": False, "n_background": 200, "tolerance": tolerance}
        result = contributions(network, X, background, **options)
        errors = np.sqrt(np.square(result.standard_errors).mean(axis=1))
        assert (errors[result.n_orders < 400] <= tolerance * spread).all()
        n_orders.append(result.n_orders.mean())
    assert n_orders[0] < n_orders[1]


@pytest.mark.parametrize("exact", [True, False])
def test_a_linear_network_has_its_terms(exact):
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(50, 6)), rng.normal(size=(40, 6))
    network = Network([Dense(6, 2)], dtype="float64")
    result = contributions(network, X, background, exact=exact)
    terms = (X - background.mean(axis=0))[..., np.newaxis] * network.layers[0].weights
    np.testing.assert_allclose(result.values, terms, rtol=0, atol=1e-10)
    assert result.standard_errors.max() < 1e-7


@pytest.mark.parametrize("exact", [True, False])
def test_equal_columns_have_equal_values_and_unused_ones_none(exact):
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(20, 5)), rng.normal(size=(50, 5))
    for rows in (X, background):
        rows[:, 1] = rows[:, 0]
    network = network_of(5)
    network.layers[0].weights[1] = network.layers[0].weights[0]
    network.layers[0].weights[4] = 0
    result = contributions(network, X, background, exact=exact)
    np.testing.assert_allclose(result.values[:, 4], 0, rtol=0, atol=1e-12)
    difference = np.abs(result.values[:, 0] - result.values[:, 1])
    assert (difference <= 4 * result.standard_errors[:, :2].sum(axis=1) + 1e-12).all()
    assert np.abs(result.values[:, 0]).max() > 0.1


def test_the_bits_are_the_same_on_any_number_of_threads():
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(150, 8)), rng.normal(size=(60, 8))
    networks = [network_of(8, seed=seed, dtype="float32") for seed in range(3)]
    ensemble = Ensemble(networks)
    results = [
        contributions(ensemble, X, background, exact=False, threads=threads)
        for threads in (1, 2, 3)
    ]
    other_seed = contributions(ensemble, X, background, exact=False, seed=5)
    for result in results[1:]:
        np.testing.assert_array_equal(result.values, results[0].values)
        np.testing.assert_array_equal(result.standard_errors, results[0].standard_errors)
    assert (other_seed.values != results[0].values).any()
    check_sum(results[0])


@pytest.mark.parametrize(
    ("output", "n_outputs", "exact"), [("softmax", 2, True), ("sigmoid", 1, False)]
)
def test_both_probabilities_add_up_in_float32(output, n_outputs, exact):
    """The probabilities of two classes add up to 1 only up to rounding."""
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(40, 6)), rng.normal(size=(30, 6))
    network = network_of(6, output, n_outputs, dtype="float32")
    result = contributions(network, X, background, exact=exact)
    check_sum(result)
    exact_values = by_brute_force(network.predict, X[:2], background)
    tolerance = 5 * result.standard_errors.max() + 2e-6  # 2e-6 for the rounding to float32
    values = result.values[:2, :, -n_outputs:]
    np.testing.assert_allclose(values, exact_values, rtol=0, atol=tolerance)


def test_a_network_that_does_not_start_with_a_dense_layer_is_explained_by_its_predictions():
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(3, 4)), rng.normal(size=(9, 4))
    network = Network([BatchNorm(4), Dense(4, 5, "tanh"), Dense(5, 1)], dtype="float64")
    result = contributions(network, X, background)
    exact = by_brute_force(network.predict, X, background)
    np.testing.assert_allclose(result.values, exact, rtol=0, atol=1e-12)


def test_classifiers_are_explained_as_they_predict():
    X, background = WINE[:2, :4], WINE[::20, :4]
    model = MLPEnsembleClassifier(random_state=0, max_iter=1, threads=1)
    model = model.fit(WINE[:, :4], CULTIVAR)
    exact = by_brute_force(model.predict_proba, X, background)
    for is_exact in (True, False):
        result = contributions(model, X, background, exact=is_exact)
        assert result.output_names == ("0", "1", "2")
        deviations = np.abs(result.values - exact)
        assert deviations.max() <= 5 * result.standard_errors.max() + 2e-6
        np.testing.assert_allclose(result.predictions, model.predict_proba(X), rtol=1e-6)
        check_sum(result)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
def test_regressors_are_explained_in_the_units_of_the_target():
    network = MLPRegressor(hidden_layer_sizes=8, random_state=0, solver="lbfgs", max_iter=30)
    model = make_pipeline(StandardScaler(), network)
    X, background = DIABETES[:2, :5], DIABETES[::20, :5]
    model = model.fit(DIABETES[:, :5], PROGRESS)
    exact = by_brute_force(model.predict, X, background)
    result = contributions(model, X, background, exact=True)
    np.testing.assert_allclose(result.values, exact, rtol=0, atol=2e-4)
    assert result.scale is None
    assert result.output_names == ("y",)
    check_sum(result)


def test_each_column_of_a_table_is_one_column(towns):
    """The oracle encodes each hybrid row of a data frame anew."""
    predictor, frame = towns
    background, X = frame[:12], frame[40:42]
    names = list(frame.columns)

    def predict(rows):
        return predictor.predict_proba(pandas.DataFrame(rows, columns=names))[:, 1]

    exact = by_brute_force(predict, X.to_numpy(object), background.to_numpy(object))
    result = contributions(predictor, X, background)
    assert result.names == tuple(names)
    assert result.output_names == ("no", "yes")
    np.testing.assert_allclose(result.values[..., [1]], exact, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(result.rows["town"], X["town"])
    for rows in (X.to_dict("list"), X.to_dict("records"), X[names[::-1]]):
        again = contributions(predictor, rows, background)
        np.testing.assert_array_equal(again.values, result.values)


def test_columns_of_a_group_are_replaced_together():
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(4, 6)), rng.normal(size=(9, 6))
    network = network_of(6)
    groups = {"place": ["x1", "x4"]}
    result = contributions(network, X, background, groups=groups)
    assert result.names == ("x0", "place", "x2", "x3", "x5")

    # The oracle's columns are numbers of rows, which the prediction looks up.
    columns = [[0], [1, 4], [2], [3], [5]]
    all_rows = np.concatenate([X, background])

    def predict(numbers):
        rows = np.empty((len(numbers), 6))
        for place, members in enumerate(columns):
            rows[:, members] = all_rows[numbers[:, place]][:, members]
        return network.predict(rows)

    numbers = np.repeat(np.arange(13)[:, np.newaxis], 5, axis=1)
    exact = by_brute_force(predict, numbers[:4], numbers[4:])
    np.testing.assert_allclose(result.values, exact, rtol=0, atol=1e-12)
    sampled = contributions(network, X, background, groups=groups, exact=False)
    assert np.abs(sampled.values - exact).max() <= 5 * sampled.standard_errors.max()


def test_without_a_background_the_rows_are_compared_with_each_other():
    X = np.random.default_rng(0).normal(size=(150, 4))
    network = network_of(4)
    whole = contributions(network, X)
    np.testing.assert_allclose(whole.expected, network.predict(X).mean(axis=0))
    part = contributions(network, X, n_background=100)
    drawn = contributions(network, X, n_background=100, seed=1)
    assert part.expected != drawn.expected
    check_sum(part)


@pytest.mark.parametrize(("exact", "n_background"), [(False, 10), (True, 40)])
def test_the_errors_include_the_sample_of_background_rows(exact, n_background):
    """Samples of other seeds are as far from the values of all rows as the errors state."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 6))
    background = rng.normal(size=(400, 6))
    network = network_of(6)
    values = contributions(network, X, background, exact=True, n_background=400).values
    deviations = []
    variances = []
    for seed in range(30):
        options = {"exact": exact, "n_background": n_background, "seed": seed, "tolerance": 0.01}
        sampled = contributions(network, X, background, **options)
        check_sum(sampled)
        deviations.append(np.square(sampled.values - values).mean())
        variances.append(np.square(sampled.standard_errors).mean())
    assert 0.8 < np.sqrt(np.mean(deviations) / np.mean(variances)) < 1.25


def with_flag(rng, n_rows, n_true):
    """Rows whose first column is a flag that is true in some of them."""
    X = rng.normal(size=(n_rows, 6))
    X[:, 0] = np.arange(n_rows) < n_true
    return rng.permutation(X)


@pytest.mark.case(218)
@pytest.mark.parametrize(
    ("n_given", "n_background", "exact"),
    [(300, 300, False), (1_000, 500, False), (1_000, 500, True)],
)
def test_the_errors_of_a_rare_flag_are_honest(n_given, n_background, exact):
    """Of rows without the flag, and with it, about 95 % are within 1.96 standard errors."""
    rng = np.random.default_rng(0)
    background = with_flag(rng, n_given, n_given // 100)
    X = with_flag(rng, 8, 4)
    network = network_of(6)
    network.layers[0].weights[0] *= 2
    whole = contributions(network, X, background, exact=True, n_background=n_given)
    within = []
    for seed in range(20):
        options = {"exact": exact, "n_background": n_background, "seed": seed}
        result = contributions(network, X, background, **options)
        deviations = np.abs(result.values[:, 0, 0] - whole.values[:, 0, 0])
        within.append(deviations <= 1.96 * result.standard_errors[:, 0, 0])
    is_true = X[:, 0] == 1
    for rows in (is_true, ~is_true):
        assert 0.9 < np.mean(within, axis=0)[rows].mean() <= 1


def test_the_tolerance_includes_the_sample_of_background_rows():
    """If the sample has more than half of the allowed variance, the orders have the other half."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(10, 7))
    background = rng.normal(size=(2_000, 7))
    network = network_of(7)
    spread = network.predict(background).std()
    result = contributions(network, X, background, exact=False, tolerance=0.02)
    errors = np.sqrt(np.square(result.standard_errors).mean(axis=1))
    # The tolerance is a fraction of the spread of the rows drawn, not of all rows.
    assert (errors < 1.02 * 0.02 * spread).all()
    result = contributions(network, X, background, exact=False, tolerance=0.01)
    errors = np.sqrt(np.square(result.standard_errors).mean(axis=1))
    has_all_background_rows = result.n_orders >= 2_000
    assert not has_all_background_rows.all()
    relative_errors = errors / (0.01 * spread)
    assert (relative_errors > 1).all()
    assert (relative_errors < 1.12).all()


def test_the_values_of_a_row_do_not_depend_on_the_others():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(80, 8))
    background = rng.normal(size=(50, 8))
    network = network_of(8)
    together = contributions(network, X, background)
    for row in (0, 40, 79):
        alone = contributions(network, X[[row]], background)
        np.testing.assert_allclose(alone.values[0], together.values[row], rtol=0, atol=1e-12)
        assert alone.n_orders[0] == together.n_orders[row]


def test_constant_predictions_have_no_contributions():
    X = np.random.default_rng(0).normal(size=(20, 6))
    network = Network.dense([6, 4, 1], init="zeros")
    result = contributions(network, X, exact=False)
    assert not result.values.any()
    assert not result.standard_errors.any()


@pytest.mark.integration
@pytest.mark.slow
@pytest.mark.parametrize("exact", [True, False])
def test_shap_agrees(shap, exact):
    X, background = WINE[:4, :7], WINE[::6, :7]
    classifier = MLPClassifier(8, random_state=0, solver="lbfgs", max_iter=30)
    model = make_pipeline(StandardScaler(), classifier).fit(WINE[:, :7], CULTIVAR)
    masker = shap.maskers.Independent(background, max_samples=len(background))
    expected = shap.explainers.Exact(model.predict_proba, masker)(X)
    result = contributions(model, X, background, exact=exact)
    tolerance = 5 * result.standard_errors.max() + 1e-9
    np.testing.assert_allclose(result.values, expected.values, rtol=0, atol=tolerance)
    by_orders = shap.explainers.Permutation(model.predict_proba, masker)(X, max_evals=2000)
    np.testing.assert_allclose(result.values, by_orders.values, rtol=0, atol=tolerance + 0.02)

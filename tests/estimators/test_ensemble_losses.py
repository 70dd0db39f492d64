"""The losses of regressors that are ensembles: by scikit-learn's metrics, and by known truths."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import (
    mean_absolute_error,
    mean_gamma_deviance,
    mean_pinball_loss,
    mean_poisson_deviance,
    mean_squared_error,
    mean_tweedie_deviance,
    r2_score,
)

from barenet import MLPEnsembleRegressor, Predictor, load, save
from barenet.errors import ArgumentError

pytestmark = pytest.mark.usefixtures("small_ensembles")


def tweedie_deviance(y, predicted, sample_weight=None):
    return mean_tweedie_deviance(y, predicted, sample_weight=sample_weight, power=1.3)


def pinball(y, predicted, sample_weight=None):
    return mean_pinball_loss(y, predicted, sample_weight=sample_weight, alpha=0.8)


#: The parameters of each loss, and its metric.
LOSSES = {
    "squared_error": ({}, mean_squared_error),
    "absolute_error": ({}, mean_absolute_error),
    "quantile": ({"quantile": 0.8}, pinball),
    "poisson": ({}, mean_poisson_deviance),
    "gamma": ({}, mean_gamma_deviance),
    "tweedie": ({"power": 1.3}, tweedie_deviance),
}
LOG_LINKS = ("poisson", "gamma", "tweedie")


def drawn(loss, n_rows=160, seed=0):
    """Rows, and targets that suit a loss, with their true means."""
    rng = np.random.default_rng(seed)
    X = rng.uniform(-2, 2, (n_rows, 2))
    mean = 20 * np.exp(X[:, 0] * np.sign(X[:, 1]) - 2)
    if loss == "poisson":
        return X, rng.poisson(mean).astype(float), mean
    if loss == "gamma":
        return X, rng.gamma(2.0, mean / 2), mean
    if loss == "tweedie":
        numbers = rng.poisson(mean)
        return X, np.array([rng.gamma(2.0, 0.5, size=number).sum() for number in numbers]), mean
    return X, mean + rng.standard_t(3, size=n_rows), mean


def model_of(loss, **options):
    parameters, _ = LOSSES[loss]
    return MLPEnsembleRegressor(
        loss=loss, random_state=0, **{"max_iter": 6, **parameters, **options}
    )


@pytest.fixture(scope="module", params=LOSSES)
def fitted(request, few_networks):
    X, y, _ = drawn(request.param)
    weight = np.random.default_rng(1).integers(0, 4, len(y)).astype(float)
    with few_networks():
        model = model_of(request.param).fit(X, y, sample_weight=weight)
    return request.param, model, X, y, weight


def test_the_out_of_fold_loss_is_that_of_scikit_learn(fitted):
    loss, model, _, y, weight = fitted
    _, metric = LOSSES[loss]
    predicted = model.target_scaling_.inverse_transform(model.out_of_fold_predictions_)[:, 0]
    expected = metric(y, predicted, sample_weight=weight)
    assert model.out_of_fold_loss_ == pytest.approx(expected, rel=1e-6)
    expected = r2_score(y, predicted, sample_weight=weight)
    assert model.out_of_fold_score_ == pytest.approx(expected, rel=1e-6)
    curve = model.history_["out_of_fold_loss"]
    assert np.nanargmin(curve) + 1 == model.history_.best_epoch


@pytest.mark.parametrize("fitted", LOG_LINKS, indirect=True)
def test_the_predictions_of_a_log_link_have_the_total_of_the_targets(fitted):
    """As in Poisson regression: the sums over the training rows agree, by their weights."""
    _, model, X, y, weight = fitted
    assert weight @ model.predict(X) == pytest.approx(weight @ y, rel=1e-5)


def test_the_totals_of_several_outputs_agree_each(few_networks):
    X, first, _ = drawn("poisson")
    y = np.column_stack([first, 1000 * first[::-1]])
    with few_networks():
        model = model_of("poisson").fit(X, y)
    np.testing.assert_allclose(model.predict(X).sum(axis=0), y.sum(axis=0), rtol=1e-5)


def test_the_prediction_is_the_mean_of_the_networks_predictions(fitted):
    """Each network of a log link predicts the exponential of its last layer, computed by hand."""
    loss, model, X, _, _ = fitted
    inputs = model.encoding_.transform(X)
    predictions = []
    for network in model.network_.networks:
        A = inputs
        for layer in network.layers[:-1]:
            A = np.maximum(A @ layer.weights + layer.bias, 0)
        last = network.layers[-1]
        Z = A @ last.weights + last.bias
        predictions.append(np.exp(Z) if loss in LOG_LINKS else Z)
    scaling = model.target_scaling_
    expected = np.mean(predictions, axis=0)[:, 0] / scaling.factor[0] + scaling.offset[0]
    np.testing.assert_allclose(model.predict(X), expected, rtol=1e-4, atol=1e-4)
    if loss in LOG_LINKS:
        assert model.predict(X).min() > 0 and scaling.offset[0] == 0


def test_copies_and_files_predict_the_same_bits(fitted, tmp_path):
    loss, model, X, y, weight = fitted
    expected = model.predict(X)
    again = clone(model)
    assert again.get_params() == model.get_params() and again.loss == loss
    again.fit(X, y, sample_weight=weight)
    predictor = Predictor.from_estimator(model, target_name="y")
    save(predictor, tmp_path / "model.safetensors")
    loaded = load(tmp_path / "model.safetensors")
    for same in (again, pickle.loads(pickle.dumps(model)), predictor, loaded):
        assert np.array_equal(same.predict(X), expected)
    if loss != "quantile":
        assert np.array_equal(loaded.predict_interval(X), model.predict_interval(X))
    spec = {"quantile": "quantile:q=0.8", "tweedie": "tweedie:power=1.3"}.get(loss, loss)
    assert loaded.card.settings["loss"] == spec
    assert not {"power", "quantile"} & set(loaded.card.settings)


def test_intervals_contain_their_share_of_the_targets(fitted):
    loss, model, X, y, weight = fitted
    if loss == "quantile":
        with pytest.raises(ArgumentError, match=r"^loss: the estimator predicts a quantile"):
            model.predict_interval(X)
        with pytest.raises(ArgumentError, match=r"^coverage: there are no residuals"):
            Predictor.from_estimator(model).predict_interval(X)
        return
    lower, upper = model.predict_interval(X, coverage=0.8)
    assert np.average((lower <= y) & (y <= upper), weights=weight) > 0.75
    if loss in LOG_LINKS:
        assert lower.min() == 0


def test_a_second_fit_with_another_loss_leaves_nothing_of_the_first():
    X, y, _ = drawn("poisson", 60)
    model = model_of("poisson", max_iter=2).fit(X, y)
    model.predict_interval(X)
    model.set_params(loss="quantile", quantile=0.5).fit(X, y)
    assert not hasattr(model, "residuals_")
    assert model.network_.output_activation.name == "identity"


@pytest.mark.integration
@pytest.mark.parametrize("loss", LOG_LINKS)
def test_a_deviance_is_lower_than_with_squared_errors_and_near_that_of_the_truth(loss):
    _, metric = LOSSES[loss]
    X, y, mean = drawn(loss, 6_000)
    train = slice(0, 1_000)
    test = slice(1_000, None)
    deviances = {}
    for name in (loss, "squared_error"):
        model = model_of(name, max_iter=40).fit(X[train], y[train])
        predicted = np.maximum(model.predict(X[test]), 1e-3)
        deviances[name] = metric(y[test], predicted)
    assert deviances[loss] < deviances["squared_error"]
    assert deviances[loss] < 1.25 * metric(y[test], mean[test])


@pytest.mark.integration
@pytest.mark.parametrize("q", [0.1, 0.5, 0.9])
def test_a_quantile_is_above_its_share_of_new_targets(q):
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (2_000, 2))
    y = np.sin(2 * X[:, 0]) + rng.normal(size=2_000) * np.exp(X[:, 1] / 2)
    model = MLPEnsembleRegressor(loss="quantile", quantile=q, max_iter=20, random_state=0)
    model.fit(X[:1_000], y[:1_000])
    below = y[1_000:] < model.predict(X[1_000:])
    assert below.mean() == pytest.approx(q, abs=0.05)
    for side in (X[1_000:, 1] < 0, X[1_000:, 1] > 0):  # with less noise, and with more
        assert below[side].mean() == pytest.approx(q, abs=0.07)


@pytest.mark.integration
def test_the_median_is_found_among_outliers():
    """The noise is Cauchy's, which has no mean; a constant is the best that squares can do."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-2, 2, (1_000, 2))
    median = 1e4 + 10 * np.sin(2 * X[:, 0])
    y = median + rng.standard_cauchy(1_000)
    model = MLPEnsembleRegressor(loss="absolute_error", max_iter=20, random_state=0).fit(X, y)
    assert r2_score(median, model.predict(X)) > 0.95


@pytest.mark.parametrize("loss", ["absolute_error", "quantile", "gamma"])
def test_a_constant_target_is_predicted_exactly_alone_or_beside_another(loss):
    X, y, _ = drawn(loss, 60)
    constant = np.full(60, 7.3)
    for targets in (constant, np.column_stack([constant, y + 1])):
        model = model_of(loss, max_iter=3).fit(X, targets)
        predicted = model.predict(3 * X)
        assert predicted.shape == targets.shape
        np.testing.assert_allclose(predicted.reshape(60, -1)[:, 0], 7.3, rtol=1e-12)
    assert len(np.unique(predicted[:, 1])) > 30


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("loss", ["poisson", "tweedie"])
@pytest.mark.parametrize("largest", [1.0, 1e6])
def test_one_row_that_is_not_zero_leaves_folds_of_zeros(loss, largest):
    X = np.random.default_rng(0).normal(size=(100, 2))
    y = np.zeros(100)
    y[17] = largest
    model = model_of(loss).fit(X, y)
    assert np.isfinite(model.loss_curve_).all() and np.isfinite(model.out_of_fold_loss_)
    assert np.isfinite(model.predict(100 * X)).all()


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("y", [
    np.exp(np.random.default_rng(0).normal(size=80) * 8),
    np.r_[np.full(79, 1e-60), 1.0],
    np.r_[np.full(79, 1e-300), 1e-290],
    np.r_[np.full(79, 1e300), 1e306],
])  # fmt: skip
def test_positive_numbers_of_very_different_sizes(y):
    X = np.random.default_rng(0).normal(size=(80, 2))
    model = model_of("gamma").fit(X, y)
    assert np.isfinite(model.loss_curve_).all() and np.isfinite(model.predict(X)).all()


@pytest.mark.parametrize("loss", ["squared_error", "quantile", "gamma"])
def test_targets_of_rows_without_weight_change_nothing(loss):
    X, y, _ = drawn(loss, 80)
    weight = np.arange(80) % 5
    models = []
    for marker in (-1.0, 1e30):
        targets = np.where(weight > 0, y, marker)
        models.append(model_of(loss, max_iter=3).fit(X, targets, sample_weight=weight))
    first, second = models
    assert np.array_equal(first.predict(X), second.predict(X))
    assert first.out_of_fold_loss_ == second.out_of_fold_loss_


@pytest.mark.parametrize("loss", ["poisson", "gamma"])
def test_the_unit_of_positive_targets_is_a_factor_of_the_predictions(loss):
    X, y, _ = drawn(loss, 80)
    ones, thousands = (model_of(loss).fit(X, factor * y) for factor in (1, 1024))
    np.testing.assert_allclose(thousands.predict(X), 1024 * ones.predict(X), rtol=1e-4)


Y = np.arange(1.0, 21)
TWO = np.column_stack([Y, Y])


def changed(y, at, value):
    y = y.copy()
    y[at] = value
    return y


#: Parameters, targets, and the argument and the problem of their refusal.
REFUSED = [
    ({"loss": "gama"}, Y, "loss", "unknown 'gama', did you mean 'gamma'"),
    ({"loss": 3}, Y, "loss", "expected one of absolute_error, gamma"),
    ({"loss": "quantile"}, Y, "quantile", "the loss quantile needs the fraction"),
    ({"loss": "quantile", "quantile": 1.0}, Y, "quantile", "expected a number between 0 and 1"),
    ({"quantile": 0.9}, Y, "quantile", "is an option of the loss quantile, and the loss is squ"),
    ({"loss": "tweedie", "power": 2}, Y, "power", "expected a number between 1 and 2, got 2"),
    ({"loss": "poisson"}, changed(Y, 7, -2.5), "y",
     "row 7: the poisson loss needs targets of 0 or more, got -2.5; correct it, leave the row out"),
    ({"loss": "tweedie"}, changed(TWO, (3, 1), -1), "y", "row 3, column 1: the tweedie loss needs"),
    ({"loss": "gamma"}, changed(Y, 4, 0), "y", "row 4: the gamma loss needs targets above 0, got"),
    ({"loss": "poisson"}, 0 * Y, "y", "all targets are 0, and the poisson loss predicts numbers a"),
    ({"loss": "poisson"}, TWO * [1, 0], "y", "all targets of column 1 are 0, and"),
    ({"loss": "gamma"}, Y * 1e-312, "y", "the mean of the targets, 1.05e-311, is beyond float64"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "y", "argument", "problem"), REFUSED)
def test_wrong_parameters_and_targets_are_named(parameters, y, argument, problem):
    model = MLPEnsembleRegressor(**parameters)
    with pytest.raises(ArgumentError) as caught:
        model.fit(Y[:, np.newaxis], y)
    assert caught.value.argument == argument and problem in str(caught.value)
    assert not hasattr(model, "network_")


def test_other_spellings_of_a_loss_are_known():
    model = MLPEnsembleRegressor(loss="MAE", max_iter=1).fit(Y[:, np.newaxis], Y)
    assert Predictor.from_estimator(model).card.settings["loss"] == "absolute_error"
    assert model.get_params()["loss"] == "MAE"


def test_the_progress_shows_the_loss(capsys):
    X, y, _ = drawn("poisson", 60)
    model_of("poisson", max_iter=2, verbose=True).fit(X, y)
    assert " poisson loss 0." in capsys.readouterr().err

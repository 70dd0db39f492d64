"""Hybrids from the first layer's sums: their oracle predicts the raw hybrid rows, as tables."""

from dataclasses import replace

import numpy as np
import pytest

from barenet import Network, Predictor, Scaling, TableEncoding, contributions
from barenet.insight.contributions._explained_model import ExplainedModel
from barenet.insight.contributions._first_layer_hybrids import FirstLayerBackground
from barenet.insight.contributions._hybrid_rows import RawBackground
from barenet.insight.contributions._shapley_values import with_total
from barenet.tables.encoding._input_pairs import InputPairs
from barenet.tables.frames._frame import Frame
from barenet.typing import Ensemble

N_NETWORKS = 3


def places(encoding, name, *inputs):
    """The numbers of some inputs of a column."""
    return [encoding.used_by_name[name].inputs.index(f"{name}{value}") for value in inputs]


def product_of(*sides):
    """Each input of the first list with each of the second one, but the last pair."""
    first, second = sides
    return tuple((one, other) for one in first for other in second)[:-1]


@pytest.fixture
def ensembles(towns_table):
    """Predictors with inputs for pairs of columns, in float64: of a class, and of a number."""
    _, frame = towns_table
    encoding = TableEncoding.fit(frame, numbers="piecewise", bins=3)
    encoding = encoding.with_inputs({"built": ("month",)}, {"rooms": (1.0, 2.0, 3.0)}, {})
    town = places(encoding, "town", "=Oslo", "=Rome")
    rooms = places(encoding, "rooms", "=1", "=2", " rare")
    member = places(encoding, "member", "")
    months = places(encoding, "built", " Jan", " Feb", " Mar", " Apr", " May", " Jun")
    encoding = replace(
        encoding,
        pairs=(
            InputPairs("town", "rooms", product_of(town, rooms)),
            InputPairs("member", "town", product_of(member, town)),
            InputPairs("built", "rooms", product_of(months, rooms)),
            InputPairs("town", "size", product_of(town, places(encoding, "size", ""))),
        ),
    )
    predictors = {}
    for output, classes in (("sigmoid", ("no", "yes")), ("identity", None)):
        networks = []
        for seed in range(N_NETWORKS):
            sizes = [encoding.n_inputs, 7 + seed, 5, 1]
            network = Network.dense(sizes, hidden="tanh", output=output, seed=seed, dtype="float64")
            rng = np.random.default_rng(seed)
            network.parameters[:] += rng.normal(0, 0.7, network.n_parameters)
            networks.append(network)
        scaling = None
        if classes is None:
            scaling = Scaling.fit("standardize", np.array([[5.0], [9.0]]))
        predictors[output] = Predictor(
            network=Ensemble(networks),
            preprocessing=encoding,
            classes=classes,
            feature_names=encoding.feature_names,
            target_name="far",
            dataset="towns",
            target_scaling=scaling,
        )
    frame = frame.copy()
    frame.loc[[3, 55], "town"] = "Lima"  # a new category, without an input
    return predictors, frame


GROUPS = {
    "each column alone": [[0], [1], [2], [3], [4]],
    "a pair in one group": [[0, 2], [1], [3], [4]],
    "groups that share pairs": [[0, 1], [2, 3], [4]],
}


def by_definition(model, X, background, pairs, groups):
    """Predict each hybrid alone, as a row of a table."""
    rows, background_rows, from_row = pairs
    n_sets, n_hybrids, _ = from_row.shape
    outputs = []
    for number in range(n_sets):
        for hybrid in range(n_hybrids):
            for row, background_row in zip(rows[number], background_rows[number], strict=True):
                columns = {}
                for place, name in enumerate(X.columns):
                    [group] = [n for n, members in enumerate(groups) if place in members]
                    source = background.columns[name][[background_row]]
                    if from_row[number, hybrid, group]:
                        source = X.columns[name][[row]]
                    columns[name] = source
                outputs.append(model.outputs(Frame(columns))[0])
    return np.reshape(outputs, (n_sets, n_hybrids, rows.shape[1], -1))


@pytest.mark.parametrize(
    ("output", "groups"),
    [
        ("sigmoid", "each column alone"),
        ("sigmoid", "a pair in one group"),
        ("identity", "groups that share pairs"),
    ],
)
def test_hybrids_agree_with_predictions_of_raw_hybrid_rows(ensembles, output, groups):
    groups = GROUPS[groups]
    predictors, frame = ensembles
    predictor = predictors[output]
    model = ExplainedModel.of(predictor, frame, "probability")
    background = model.rows(frame[:20], "background")
    X = model.rows(frame[50:60], "X")
    prepared = model.prepare_background(background, groups)
    assert isinstance(prepared, FirstLayerBackground)
    assert prepared.n_networks == N_NETWORKS
    hybrids = prepared.mix(prepared.encode(X))
    rng = np.random.default_rng(0)
    shape = (2, 7)
    rows = rng.integers(0, 10, shape)
    background_rows = rng.integers(0, 20, shape)
    from_row = rng.random((2, 4, len(groups))) < 0.5
    pairs = rows, background_rows, from_row
    raw = RawBackground(model.outputs, background, groups).mix(X)
    expected = by_definition(model, X, background, pairs, groups)
    computed = prepared.hybrid_outputs
    expected_of_hybrids = expected[..., computed]
    assert expected_of_hybrids.shape[-1] == 1, "only the second of two probabilities is computed"
    np.testing.assert_allclose(raw.outputs(*pairs), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(hybrids.outputs(*pairs), expected_of_hybrids, rtol=0, atol=1e-12)
    hybrids.n_at_a_time = raw.n_at_a_time = 5  # so that pairs are divided, too
    np.testing.assert_allclose(raw.outputs(*pairs), expected, rtol=0, atol=1e-12)
    np.testing.assert_allclose(hybrids.outputs(*pairs), expected_of_hybrids, rtol=0, atol=1e-12)
    same_background = background_rows[:, [0]]
    repeated = np.repeat(same_background, shape[1], axis=1)
    for predicts in (raw, hybrids):
        np.testing.assert_array_equal(
            predicts.outputs(rows, same_background, from_row),
            predicts.outputs(rows, repeated, from_row),
        )
    of_networks = []
    for number, network in enumerate(predictor.network.networks):
        alone = ExplainedModel.of(replace(predictor, network=network), frame, "probability")
        predicted = hybrids.outputs(*pairs, number)
        expected_alone = by_definition(alone, X, background, pairs, groups)
        np.testing.assert_allclose(predicted, expected_alone[..., computed], rtol=0, atol=1e-12)
        of_networks.append(predicted)
        row_outputs = alone.outputs(X)[:, computed]
        np.testing.assert_allclose(hybrids.row_outputs[number], row_outputs, atol=1e-12)
        background_outputs = alone.outputs(background)[:, computed]
        np.testing.assert_allclose(
            hybrids.background_outputs[number], background_outputs, atol=1e-12
        )
    mean = np.mean(of_networks, axis=0)
    np.testing.assert_allclose(mean, expected_of_hybrids, rtol=0, atol=1e-12)


@pytest.mark.parametrize("scale", ["probability", "log-odds"])
def test_contributions_of_pairs_of_columns_agree_with_those_of_raw_rows(
    ensembles, monkeypatch, scale
):
    predictors, frame = ensembles
    X, background = frame[50:53], frame[:20]
    options = {"scale": scale}
    result = contributions(predictors["sigmoid"], X, background, **options)
    starts_dense = "barenet.insight.contributions._explained_model._starts_dense"
    monkeypatch.setattr(starts_dense, lambda model: False)
    expected = contributions(predictors["sigmoid"], X, background, **options)
    np.testing.assert_allclose(result.values, expected.values, rtol=0, atol=1e-12)
    assert not result.n_orders.any()


def test_log_odds_of_an_ensemble_are_those_of_its_mean(ensembles):
    predictors, frame = ensembles
    model = ExplainedModel.of(predictors["sigmoid"], frame, "log-odds")
    background = model.rows(frame[:20], "background")
    prepared = model.prepare_background(background, GROUPS["each column alone"])
    assert prepared.n_networks == 1


@pytest.mark.parametrize(("n_rows", "n_background"), [(1, 1), (1, 60), (40, 14), (40, 40)])
def test_the_networks_of_an_ensemble_take_turns(n_rows, n_background):
    """Each network predicts some hybrids; the sums are exact, and no error is underestimated.

    With 40 rows and five networks, each row would come again with the same network.
    """
    rng = np.random.default_rng(0)
    X, background = rng.normal(size=(n_rows, 7)), rng.normal(size=(n_background, 7))
    networks = []
    for seed in range(5):
        network = Network.dense([7, 12, 6, 1], hidden="tanh", seed=1, dtype="float64")
        own_rng = np.random.default_rng(seed)
        network.parameters[:] += own_rng.normal(0, 0.3, network.n_parameters)
        network.layers[0].weights[3] = 0
        networks.append(network)
    ensemble = Ensemble(networks)
    exact = contributions(ensemble, X, background, exact=True)
    used = [0, 1, 2, 4, 5, 6]
    squares = []
    variances = []
    for seed in range(12):
        options = {"exact": False, "tolerance": 0.04, "seed": seed}
        sampled = contributions(ensemble, X, background, **options)
        total = sampled.expected + sampled.values.sum(axis=1)
        np.testing.assert_allclose(total, sampled.predictions, rtol=0, atol=1e-9)
        deviations = sampled.values - exact.values
        np.testing.assert_allclose(deviations[:, 3], 0, rtol=0, atol=1e-12)
        squares.append(np.square(deviations[:, used]).mean())
        variances.append(np.square(sampled.standard_errors[:, used]).mean())
    ratio = np.sqrt(np.mean(squares) / np.mean(variances))
    assert 0.2 < ratio < 1.25


def test_the_rest_goes_to_uncertain_columns():
    values = np.array([[[1.0, 1.0], [2.0, 2.0]], [[1.0, 5.0], [3.0, 0.0]]])
    variances = np.array([[[0.0, 0.0], [1.0, 0.0]], [[3.0, 2.0], [1.0, 2.0]]])
    totals = np.array([[4.0, 3.0], [0.0, 5.0]])
    expected = [[[1.0, 1.0], [3.0, 2.0]], [[-2.0, 5.0], [2.0, 0.0]]]
    np.testing.assert_allclose(with_total(values, variances, totals), expected)

"""Ensembles with monotonic constraints: predictions, by construction, never turn around."""

import dataclasses

import numpy as np
import pandas as pd
import pytest

from barenet import (
    MLPEnsembleClassifier,
    MLPEnsembleRegressor,
    Network,
    Predictor,
    RunConfig,
    Task,
    load,
    save,
)
from barenet.datasets._target_kind import TargetKind
from barenet.errors import ArgumentError
from barenet.population._ensemble_recipe import EnsembleRecipe
from barenet.population._monotonic_network import (
    make_monotonic,
    signs_of_outputs,
    signs_of_units,
)

pytestmark = pytest.mark.usefixtures("small_ensembles")

#: Pairs of rows that differ in one column alone.
N_PAIRS = 1_000

#: The relative rounding error of a float32 network's sums, which may reverse equal predictions.
ROUNDING = 3e-6


def table(n_rows=400):
    """Columns of every kind; the target turns around in each of them."""
    rng = np.random.default_rng(0)
    age = rng.uniform(18, 90, n_rows).round(1)
    age[rng.random(n_rows) < 0.1] = np.nan
    seconds = rng.integers(0, 3 * 365 * 86_400, n_rows)
    rows = pd.DataFrame(
        {
            "age": age,
            "debt": rng.lognormal(0, 1, n_rows).round(3),
            "children": rng.integers(0, 40, n_rows),
            "start": pd.Timestamp("2020-01-01") + pd.to_timedelta(seconds, unit="s"),
            "member": rng.random(n_rows) < 0.5,
            "town": rng.choice(["Oslo", "Rome", "Bern", "Kyiv"], n_rows),
            "rate": rng.normal(size=n_rows),
        }
    )
    rows.loc[rng.random(n_rows) < 0.1, "town"] = None
    target = np.sin(rows.age.fillna(50) / 8) + np.cos(2 * rows.debt) + np.sin(rows.children)
    target += np.sin(rows.start.dt.day_of_year / 30) + rows.member * rows.rate
    target += 2 * (rows.town == "Rome") * np.cos(rows.rate * 3) + rng.normal(0, 0.3, n_rows)
    return rows, target.to_numpy()


SIGNS = {"age": 1, "debt": -1, "children": 1, "start": -1, "member": 1}


@pytest.fixture(scope="module")
def regressor(few_networks):
    X, y = table()
    with few_networks():
        return MLPEnsembleRegressor(monotonic=SIGNS, random_state=0, max_iter=12).fit(X, y)


@pytest.fixture(scope="module")
def classifier(few_networks):
    X, y = table()
    labels = np.where(y > np.median(y), "yes", "no")
    with few_networks():
        return MLPEnsembleClassifier(monotonic=SIGNS, random_state=0, max_iter=12).fit(X, labels)


def pairs_of(X, name, seed=0):
    """Pairs of rows with a lower and a higher value of a column, also beyond the training rows."""
    rng = np.random.default_rng(seed)
    columns = {}
    for column in X:  # each column by itself, so that new combinations occur
        columns[column] = X[column].sample(N_PAIRS, replace=True, random_state=rng).array
    lower = pd.DataFrame(columns)
    known = X[name].dropna()
    if name == "member":
        ends = np.array([[False], [True]]).repeat(N_PAIRS, axis=1)
    elif name == "start":
        days = rng.integers(-2_000, 4_000, (2, N_PAIRS)) * 1.37
        ends = np.datetime64("2020-01-01", "us") + (days * 864e8).astype("m8[us]")
    else:
        margin = np.ptp(known) / 2
        ends = rng.uniform(known.min() - margin, known.max() + margin, (2, N_PAIRS))
    ends = np.sort(ends, axis=0)
    return lower.assign(**{name: ends[0]}), lower.assign(**{name: ends[1]})


def check_pairs(predict, X, name, sign):
    """Check that predictions change in one direction, and that they do change."""
    lower, higher = pairs_of(X, name)
    before = predict(lower)
    after = predict(higher)
    changes = sign * (after - before)
    assert changes.min() >= -ROUNDING * np.abs(before).max()
    assert changes.max() > 0.01


@pytest.mark.parametrize("name", SIGNS)
def test_a_regressor_is_monotonic_in_random_pairs(regressor, name):
    X, _ = table()
    check_pairs(regressor.predict, X, name, SIGNS[name])


@pytest.mark.parametrize("name", SIGNS)
def test_the_probability_of_the_second_class_is_monotonic(classifier, name):
    X, _ = table()
    assert classifier.classes_.tolist() == ["no", "yes"]
    check_pairs(lambda rows: classifier.predict_proba(rows)[:, 1], X, name, SIGNS[name])


def test_without_constraints_they_are_not():
    """The target turns around, so the pairs would show a constraint that isn't kept."""
    X, y = table()
    free = MLPEnsembleRegressor(random_state=0, max_iter=12).fit(X, y)
    for name in ("age", "debt", "children"):
        lower, higher = pairs_of(X, name)
        changes = SIGNS[name] * (free.predict(higher) - free.predict(lower))
        assert changes.min() < -0.05


def test_each_network_is_monotonic_at_every_edge_of_the_bins(regressor):
    """Between two edges, a network is monotonic in the inputs; edges are where slopes change."""
    encoding = regressor.encoding_
    age = encoding.used_by_name["age"]
    X, _ = table()
    edges = np.array(age.edges)
    values = np.unique(np.concatenate([edges, edges - 0.05, edges + 0.05, [-100, 1000]]))
    row = X.dropna().iloc[[0] * len(values)].reset_index(drop=True)
    inputs = encoding.transform(row.assign(age=values), "float32")
    for network in regressor.network_.networks:
        predictions = network.predict(inputs)[:, 0]
        assert np.diff(predictions).min() >= -ROUNDING * np.abs(predictions).max()


@pytest.mark.parametrize("loss", ["quantile", "gamma"])
def test_other_losses_of_numbers(loss):
    X, y = table(200)
    X = X[["age", "debt", "town"]]
    quantile = 0.8 if loss == "quantile" else None
    model = MLPEnsembleRegressor(
        loss=loss, quantile=quantile, monotonic=[1, -1, 0], random_state=0, max_iter=6
    )
    model.fit(X, np.exp(y / 3))
    for name, sign in (("age", 1), ("debt", -1)):
        lower, higher = pairs_of(X, name)
        before = model.predict(lower)
        changes = sign * (model.predict(higher) - before)
        assert changes.min() >= -ROUNDING * np.abs(before).max()


def test_the_recipe_of_larger_tables(monkeypatch):
    """More bins, with a factor of 1, and larger batches; here on few rows."""
    recipe = EnsembleRecipe(
        hidden_layer_sizes=(16,), batch_size=128, bin_factor=1.0, bins=48, repeats=1
    )
    monkeypatch.setattr(EnsembleRecipe, "for_rows", lambda n_rows: recipe)
    X, y = table()
    model = MLPEnsembleRegressor(monotonic=SIGNS, random_state=1, max_iter=6).fit(X, y)
    for name, sign in SIGNS.items():
        check_pairs(model.predict, X, name, sign)


@pytest.mark.parametrize("engine", ["reference", "jax"])
def test_other_engines(engine):
    X, y = table(120)
    X = X[["age", "debt", "town"]]
    model = MLPEnsembleRegressor(
        monotonic={"age": 1, "debt": -1}, random_state=0, max_iter=2, engine=engine
    )
    model.fit(X, y)
    for name, sign in (("age", 1), ("debt", -1)):
        lower, higher = pairs_of(X, name)
        assert (sign * (model.predict(higher) - model.predict(lower))).min() >= -1e-5


def test_zeros_are_no_constraints_and_equal_signs_give_equal_bits():
    X, y = table(120)
    X = X[["age", "debt"]]
    models = []
    for monotonic in (None, [0, 0], {"debt": -1}, {1: -1}):
        model = MLPEnsembleRegressor(monotonic=monotonic, random_state=0, max_iter=3)
        models.append(model.fit(X, y).predict(X))
    np.testing.assert_array_equal(models[0], models[1])
    np.testing.assert_array_equal(models[2], models[3])
    assert not np.array_equal(models[0], models[2])


def test_all_columns_may_be_constrained():
    """There are no free inputs then, and no free units."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-1, 1, (500, 2))
    y = 2 * X[:, 0] + np.minimum(X[:, 0], X[:, 1]) + np.maximum(0, X[:, 0] + X[:, 1])
    model = MLPEnsembleRegressor(monotonic=[1, 1], random_state=0, max_iter=30).fit(X, y)
    assert model.score(X, y) > 0.99  # relu alone, without falling units, would be convex


# Networks


def test_signs_of_weights():
    network = Network.dense([3, 8, 4, 1], seed=1)
    before = network.parameters.copy()
    signs = np.array([1, -1, 0], np.int8)
    make_monotonic(network, signs, [1])
    vectors = [signs, signs_of_units(8, has_free_inputs=True)]
    vectors += [signs_of_units(4, has_free_inputs=True), np.array([1])]
    limits = network._limits
    lower = network.layout.views(limits.lower)
    upper = network.layout.views(limits.upper)
    for number, layer in enumerate(network.layers):
        for i, s in enumerate(vectors[number]):
            for j, t in enumerate(vectors[number + 1]):
                expected = (-np.inf, np.inf)
                if s != 0 and t == 0:
                    expected = (0, 0)
                elif s * t == 1:
                    expected = (0, np.inf)
                elif s * t == -1:
                    expected = (-np.inf, 0)
                got = lower[number]["weights"][i, j], upper[number]["weights"][i, j]
                assert got == expected
                assert expected[0] <= layer.weights[i, j] <= expected[1]
        assert np.isinf(lower[number]["bias"]).all() and np.isinf(upper[number]["bias"]).all()
    is_inside = (before >= limits.lower) & (before <= limits.upper)
    np.testing.assert_array_equal(network.parameters, np.where(is_inside, before, 0))


def test_a_network_within_these_limits_is_monotonic():
    """For any parameters, not only trained ones: random ones, 1,000 pairs of inputs for each."""
    rng = np.random.default_rng(0)
    signs = np.array([1, -1, 0, 0], np.int8)
    turns = []
    for seed in range(20):
        network = Network.dense([4, 16, 16, 2], output="softmax", seed=seed, dtype="float64")
        make_monotonic(network, signs, signs_of_outputs(TargetKind(n_classes=2)))
        network.parameters[:] = rng.normal(0, 1, network.n_parameters)
        network._limits.project(network.parameters)
        X = rng.normal(size=(1_000, 4))
        for column, sign in ((0, 1), (1, -1)):
            higher = X.copy()
            higher[:, column] += rng.exponential(size=1_000)
            changes = network.predict(higher) - network.predict(X)
            assert (sign * changes[:, 1]).min() >= -1e-12
            assert (sign * changes[:, 1]).max() > 0
        further = X.copy()
        further[:, 2] += 1
        changes = network.predict(further)[:, 1] - network.predict(X)[:, 1]
        turns.append(changes.min() < -0.1 and changes.max() > 0.1)
    assert sum(turns) > 10  # most networks are not monotonic in a free input


# Refusals


@pytest.mark.parametrize(
    ("monotonic", "message"),
    [
        ({"town": 1}, "monotonic: 'town' has categories, which have no order; replace its values"),
        ({"title": 1}, "monotonic: 'title' has texts, whose words have no order; replace its"),
        ({"ages": 1}, "monotonic: unknown 'ages', did you mean 'age'"),
        ([1, 0], "monotonic: expected a dictionary by column, or 8 signs"),
    ],
)
def test_columns_that_have_no_order(monotonic, message):
    X, y = table(160)
    words = np.random.default_rng(0).choice(["red", "old", "new", "big", "odd"], (160, 3))
    X["title"] = [f"a {' '.join(row)} thing {number}" for number, row in enumerate(words)]
    y = y + 3 * X["title"].str.contains("red")
    with pytest.raises(ArgumentError, match=message):
        MLPEnsembleRegressor(monotonic=monotonic, max_iter=1).fit(X, y)


def test_targets_without_an_order():
    X, y = table(90)
    three = np.digitize(y, np.quantile(y, [0.3, 0.6]))
    with pytest.raises(
        ArgumentError, match="one number or two classes, and this one has 3 classes"
    ):
        MLPEnsembleClassifier(monotonic=SIGNS).fit(X, three)
    with pytest.raises(ArgumentError, match="this one has 2 numbers in each row"):
        MLPEnsembleRegressor(monotonic=SIGNS).fit(X, np.column_stack([y, y]))
    with pytest.raises(ArgumentError, match="monotonic: 'age' is in drop, too"):
        MLPEnsembleRegressor(monotonic={"age": 1}, drop=["age"]).fit(X, y)


def test_a_dropped_column_keeps_every_constraint():
    X, y = table(90)
    X["same"] = 1
    model = MLPEnsembleRegressor(monotonic={"same": 1, "age": 1}, max_iter=1, random_state=0)
    expected = r"^monotonic: 'same' is left out \(1 in every row\), so the predictions"
    with pytest.warns(UserWarning, match=expected):
        model.fit(X, y)
    assert "same" not in model.encoding_.feature_names


def test_a_task_names_the_reason_why_a_constraint_has_no_effect():
    X, y = table(90)
    X["key"] = [f"k{row}" for row in range(90)]
    options = {"model": "ensemble", "epochs": 1}
    task = Task.open(X.assign(y=y), "y", test_size=0)
    with pytest.warns(UserWarning, match="monotonic: 'key' is left out .looks like an identifier"):
        task.train(**options, monotonic={"key": 1})
    config = RunConfig(epochs=1, monotonic={"key": 1, "age": 1})
    note = task.prepare(dataclasses.replace(task.settings, model="ensemble", config=config)).note
    assert "increase with age: monotonic constraints" in note
    smaller = Task.open(X.assign(y=y), "y", test_size=0, drop=["age"])
    for monotonic, message in (
        ({"age": 1}, "^monotonic: 'age' is in drop; leave it out of monotonic$"),
        ({"ages": 1}, "^monotonic: unknown 'ages'; the similar 'age' is in drop$"),
        ({"detb": 1}, "^monotonic: unknown 'detb', did you mean 'debt'"),
        ({"kei": 1}, "^monotonic: unknown 'kei', did you mean 'key'"),
        ({"y": 1}, "^monotonic: 'y' is the target; leave it out of monotonic$"),
    ):
        with pytest.raises(ArgumentError, match=message):
            smaller.train(**options, monotonic=monotonic)


# Files


def test_a_model_file_names_the_constraints(regressor, tmp_path):
    X, _ = table()
    path = tmp_path / "model.safetensors"
    save(regressor, path)
    loaded = load(path)
    assert isinstance(loaded, Predictor)
    expected = "increase with age, children, member; decrease with debt, start"
    assert loaded.description()["monotonic"] == f"predictions {expected}"
    assert "monotonic" in repr(loaded)
    check_pairs(loaded.predict, X, "age", 1)
    plain = dataclasses.replace(loaded, card=None)
    assert "monotonic" not in plain.description()


def test_a_task_trains_with_constraints_and_resumes_with_the_same_bits(tmp_path):
    X, y = table(160)
    rows = X.assign(y=y)
    options = {"model": "ensemble", "epochs": 3, "monotonic": {"age": 1, "debt": -1}}

    def interrupt(run):
        if run.epoch == 2:
            raise KeyboardInterrupt

    task = Task.open(rows, "y", test_size=0)
    whole = task.train(**options)
    assert whole.card.settings["monotonic"] == ("age=1", "debt=-1")
    check_pairs(whole.predict, X, "age", 1)
    with pytest.warns(UserWarning, match="interrupted"):
        task.train(**options, checkpoint=tmp_path / "run", callbacks=interrupt)
    resumed = task.train(**options, checkpoint=tmp_path / "run", resume=True)
    np.testing.assert_array_equal(resumed.outputs(X), whole.outputs(X))
    with pytest.raises(ArgumentError, match="monotonic: is for ensembles, and a single network"):
        task.train(model="network", monotonic={"age": 1})

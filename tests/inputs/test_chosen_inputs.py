"""The choice of inputs: rare categories, parts of dates, and numbers that are codes."""

import numpy as np
import pytest
from sklearn.linear_model import Ridge
from sklearn.model_selection import LeaveOneGroupOut, LeaveOneOut, cross_val_predict

from barenet.inputs import _chosen_inputs
from barenet.inputs._chosen_inputs import Categories, ChosenInputs, choose_inputs
from barenet.inputs._input_regression import OtherRows
from barenet.population._prepared_training import prepare_ensemble_training
from barenet.tables.encoding._encoding import TableEncoding


def towns(n_towns, n_rows=600, *, matters):
    """Rows of towns of equal size, whose targets depend on them or on chance."""
    rng = np.random.default_rng(0)
    codes = rng.permutation(np.arange(n_rows) % n_towns)
    effect = rng.normal(size=n_towns)[codes] if matters else 0
    y = effect + 0.1 * rng.normal(size=n_rows)
    table = {"town": [f"t{code}" for code in codes], "x": rng.normal(size=n_rows)}
    return table, y[:, np.newaxis]


def test_the_errors_are_those_of_fits_without_each_row():
    rng = np.random.default_rng(1)
    labels = np.array([f"c{code}" for code in rng.integers(0, 6, 40)], object)
    column = Categories.of("c", labels)
    X = labels[:, np.newaxis] == np.unique(labels)
    y = rng.normal(size=(40, 2))
    for weight in (np.ones(40), rng.integers(0, 4, 40) / 1.5):
        options = {"cv": LeaveOneOut(), "params": {"sample_weight": weight}}
        model = Ridge(alpha=4.0, fit_intercept=False)
        expected = cross_val_predict(model, X, y, **options)
        others = OtherRows.of(column.codes, y, weight)
        found = others.errors(y, weight, penalty=4.0)
        np.testing.assert_allclose(found.predictions, expected, rtol=1e-9, atol=1e-12)
        error = (weight * np.square(y - expected).mean(axis=1)).mean()
        assert found.error == pytest.approx(error, rel=1e-9)


def test_with_groups_the_errors_are_those_of_fits_without_each_group():
    rng = np.random.default_rng(2)
    labels = np.array([f"c{code}" for code in rng.integers(0, 4, 60)], object)
    groups = rng.integers(0, 12, 60)
    labels[groups == 3] = "alone"  # a category that no other group has
    column = Categories.of("c", labels)
    X = labels[:, np.newaxis] == np.unique(labels)
    y = rng.normal(size=(60, 2))
    weight = rng.integers(0, 4, 60) / 1.5
    y -= np.average(y, axis=0, weights=weight)
    expected = np.empty_like(y)
    for train, test in LeaveOneGroupOut().split(X, groups=groups):
        mean = np.average(y[train], axis=0, weights=weight[train])
        model = Ridge(alpha=16.0, fit_intercept=False)
        model.fit(X[train], y[train] - mean, sample_weight=weight[train])
        expected[test] = mean + model.predict(X[test])
    others = OtherRows.of(column.codes, y, weight, groups)
    found = others.errors(y, weight, penalty=16.0)
    np.testing.assert_allclose(found.predictions, expected, rtol=1e-9, atol=1e-12)


def test_names_of_groups_are_not_kept_although_they_predict_rows_of_the_same_group():
    """Each patient has one result, in three rows, and a name that tells nothing of others."""
    rng = np.random.default_rng(3)
    patient = np.repeat(np.arange(300), 3)
    y = rng.normal(size=300)[patient, np.newaxis] + 0.1 * rng.normal(size=(900, 1))
    table = {"patient": [f"p{code}" for code in patient], "x": rng.normal(size=900)}
    assert choose_inputs(table, y, np.ones(900)).rare == {"patient": 0.0}
    assert choose_inputs(table, y, np.ones(900), patient).rare == {}
    town = np.array([f"t{code}" for code in rng.integers(0, 120, 300)])[patient]
    effects = rng.normal(size=300)[np.unique(town, return_inverse=True)[1]]
    y_of_towns = y + 3 * effects[:, np.newaxis]
    chosen = choose_inputs(table | {"town": town}, y_of_towns, np.ones(900), patient)
    assert chosen.rare == {"town": 0.0}


@pytest.mark.parametrize(
    ("n_towns", "matters", "expected"),
    [
        (120, True, {"town": 0.0}),  # each in 0.83 % of the rows
        (120, False, {}),
        (70, False, {}),
        (70, True, {}),  # each in 1.4 %: frequent by default
        (5, True, {}),  # frequent by any of the fractions
        (700, True, {"town": 0.0}),  # each in two rows
    ],
)
def test_categories_are_kept_where_they_predict_rows_left_out(n_towns, matters, expected):
    table, y = towns(n_towns, 1400 if n_towns == 700 else 600, matters=matters)
    assert choose_inputs(table, y, np.ones(len(y))).rare == expected


def test_each_column_has_a_choice_of_its_own():
    """Names without an effect are merged beside others with one."""
    rng = np.random.default_rng(2)
    n_rows = 4_000
    shop, clerk = rng.integers(0, 300, (2, n_rows))
    x = rng.normal(size=n_rows)
    table = {
        "clerk": [f"c{code}" for code in clerk],
        "shop": [f"s{code}" for code in shop],
        "x": x,
        "day": np.datetime64("2024-01-01") + rng.integers(0, 900, n_rows),
    }
    y = rng.normal(size=300)[shop] + 2 * x + 0.5 * rng.normal(size=n_rows)
    assert choose_inputs(table, y[:, np.newaxis], np.ones(n_rows)).rare == {"shop": 0.0}
    is_high = (y > 0).astype(int)
    assert choose_inputs(table, is_high, np.ones(n_rows)).rare == {"shop": 0.0}
    thirds = np.digitize(y, np.quantile(y, [1 / 3, 2 / 3]))
    assert choose_inputs(table, thirds, np.ones(n_rows)).rare == {"shop": 0.0}


def test_the_default_is_that_of_the_encoding_with_missing_values():
    """Fractions are of the rows with a value, and a missing value is never rare."""
    labels = np.array(["a"] * 97 + ["b"] * 2 + ["c"] + [""] * 300, object)
    merged = Categories.of("c", labels).merged(0.015)
    table = {"c": np.where(labels == "", None, labels)}
    encoding = TableEncoding.fit(table, rare={"c": 0.015})
    assert encoding.columns[0].inputs == ("c=a", "c=b", "c rare", "c missing")
    assert sorted(merged.counts) == [1, 2, 97, 300]


def test_the_rarest_of_too_many_categories_are_merged(monkeypatch):
    monkeypatch.setattr(_chosen_inputs, "MOST_CATEGORIES", 100)
    rng = np.random.default_rng(3)
    codes = np.sort(rng.integers(0, 150, 2_000))
    effects = rng.normal(size=150)
    table = {"town": [f"t{code}" for code in codes]}
    y = effects[codes] + 0.1 * rng.normal(size=2_000)
    rare = choose_inputs(table, y[:, np.newaxis], np.ones(2_000)).rare
    (column,) = TableEncoding.fit(table, rare=rare).columns
    counts = np.bincount(codes)
    assert 100 <= len(column.categories) <= 110
    assert len(column.categories) == np.count_nonzero(counts >= np.sort(counts)[-100])


def test_as_many_rows_of_each_of_too_many_categories(monkeypatch):
    """They can be neither kept nor told apart, so the default remains in effect."""
    monkeypatch.setattr(_chosen_inputs, "MOST_CATEGORIES", 100)
    table, y = towns(300, matters=True)
    rare = choose_inputs(table, y, np.ones(600)).rare
    assert TableEncoding.fit(table, rare=rare).columns[0].kind == "dropped"


def test_rows_of_little_weight_decide_little():
    """In half of the rows, towns matter."""
    (table, y), (_, noise) = (towns(120, 1200, matters=each) for each in (True, False))
    y = np.where(np.arange(1200)[:, np.newaxis] % 2, y, noise)
    odd = np.arange(1200) % 2 + 1e-3
    assert choose_inputs(table, y, odd).rare == {"town": 0.0}
    assert choose_inputs(table, y, 1.001 - odd).rare == {}


def moments(rng, n_rows):
    """Random minutes of two years."""
    return np.datetime64("2022-01-01", "m") + rng.integers(0, 2 * 365 * 1440, n_rows)


def test_parts_of_dates_are_chosen_that_predict_rows_left_out():
    """Of two columns of dates, one has rush hours on weekdays, the other is noise."""
    rng = np.random.default_rng(4)
    table = {"ride": moments(rng, 3_000), "noise": moments(rng, 3_000)}
    rides = [moment.astype(object) for moment in table["ride"]]
    is_rush = np.array([ride.weekday() < 5 and ride.hour in (7, 8, 16, 17) for ride in rides])
    y = 2.0 * is_rush + 0.3 * rng.normal(size=3_000)
    chosen = choose_inputs(table, y[:, np.newaxis], np.ones(3_000))
    assert chosen == ChosenInputs({}, {"ride": ("weekday", "hour")}, {}, {})
    of_classes = choose_inputs(table, np.where(is_rush, "rush", "calm"), np.ones(3_000))
    assert of_classes == chosen


def test_a_wave_of_the_year_needs_no_months():
    rng = np.random.default_rng(5)
    days = rng.integers(0, 1461, 2_000)
    table = {"day": np.datetime64("2020-01-01") + days}
    y = np.sin(2 * np.pi * days / 365.25) + 0.3 * rng.normal(size=2_000)
    assert choose_inputs(table, y[:, np.newaxis], np.ones(2_000)).parts == {}


def test_numbers_are_codes_where_each_has_an_effect_of_its_own():
    """The numbers of houses are codes; ages, which have a smooth effect, are not."""
    rng = np.random.default_rng(6)
    house = rng.integers(1, 101, 2_000)
    age = rng.integers(18, 90, 2_000)
    table = {"house": house, "age": age, "noise": rng.integers(0, 100, 2_000)}
    y = rng.normal(size=101)[house] + np.sin(age / 20) + 0.5 * rng.normal(size=2_000)
    chosen = choose_inputs(table, y[:, np.newaxis], np.ones(2_000))
    assert chosen == ChosenInputs({}, {}, {"house": (*range(1, 101),)}, {})


def daily(rng, *, shock, n_rows=2_000, n_days=250):
    """Times within days, with an effect of each day, and of the season."""
    day = rng.integers(0, n_days, n_rows)
    minute = rng.integers(0, 1440, n_rows)
    times = np.datetime64("2023-03-01", "m") + day * 1440 + minute
    y = np.sin(2 * np.pi * day / 365) + shock * rng.normal(size=n_days)[day]
    return {"time": times}, (y + 0.5 * rng.normal(size=n_rows))[:, np.newaxis], day


def test_days_have_inputs_where_each_has_an_effect_of_its_own():
    rng = np.random.default_rng(11)
    table, y, day = daily(rng, shock=1.0)
    first = (np.datetime64("2023-03-01") - np.datetime64("1970-01-01")).astype(int)
    chosen = choose_inputs(table, y, np.ones(len(y)))
    assert chosen.days == {"time": tuple((first + np.unique(day)).tolist())}
    assert chosen.without_codes(["time"]).days == {}
    table, y, _ = daily(rng, shock=0.0)
    assert choose_inputs(table, y, np.ones(len(y))).days == {}, "a season needs no days"
    table, y, day = daily(rng, shock=1.0)
    left_out_together = choose_inputs(table, y, np.ones(len(y)), groups=day)
    assert left_out_together.days == {}, "new days"


def test_days_with_few_rows_each_have_no_inputs():
    rng = np.random.default_rng(12)
    table, y, _ = daily(rng, shock=1.0, n_rows=400)
    assert choose_inputs(table, y, np.ones(len(y))).days == {}


def test_frequent_codes_are_chosen_without_rare_ones():
    """An effect of its own for each of 40 large shops, none for a thousand small ones."""
    rng = np.random.default_rng(7)
    n_rows = 4_000
    is_large = rng.random(n_rows) < 0.8
    shop = np.where(is_large, rng.integers(0, 40, n_rows), rng.integers(40, 1_040, n_rows))
    y = 2 * rng.normal(size=40)[np.minimum(shop, 39)] * is_large + rng.normal(size=n_rows)
    (codes,) = choose_inputs({"shop": shop}, y[:, np.newaxis], np.ones(n_rows)).codes.values()
    assert codes == (*range(40),)


def test_numbers_with_few_rows_each_are_no_codes():
    rng = np.random.default_rng(8)
    table = {"n": rng.permutation(1_000), "half": rng.integers(0, 50, 1_000) / 2}
    y = rng.normal(size=50)[(2 * table["half"]).astype(int)]
    assert choose_inputs(table, y[:, np.newaxis], np.ones(1_000)).codes == {}


def test_missing_values_do_not_hide_codes():
    """The median that fills them, 19.5, is no whole number."""
    rng = np.random.default_rng(9)
    numbers = np.repeat(np.arange(40.0), 8)
    y = rng.normal(size=40)[numbers.astype(int)] + 0.1 * rng.normal(size=320)
    table = {"n": np.append(numbers, [np.nan] * 4)}
    targets = np.append(y, np.zeros(4))[:, np.newaxis]
    (codes,) = choose_inputs(table, targets, np.ones(324)).codes.values()
    assert {*range(40)} < {*codes}


def test_rows_in_a_regular_order_are_compared_at_random(monkeypatch):
    """Categories matter in every second row, which every second row would miss."""
    monkeypatch.setattr(_chosen_inputs, "MOST_ROWS_OF_CATEGORIES", 2_000)
    rng = np.random.default_rng(10)
    n_rows = 4_000
    town = rng.integers(0, 150, n_rows)
    is_odd = np.arange(n_rows) % 2
    y = 3 * rng.normal(size=150)[town] * is_odd + 0.1 * rng.normal(size=n_rows)
    table = {"town": [f"t{code}" for code in town]}
    assert choose_inputs(table, y[:, np.newaxis], np.ones(n_rows)).rare == {"town": 0.0}


def test_codes_need_bins_beside_them(monkeypatch):
    """With many numbers there is no room for bins, nor for the note on codes."""
    monkeypatch.setattr("barenet.tables.encoding._column_fitting.MOST_INPUTS", 8)
    rng = np.random.default_rng(11)
    house = rng.integers(0, 60, 400)
    y = rng.normal(size=60)[house]
    table = {"house": house}
    for number in range(9):
        table[f"x{number}"] = rng.normal(size=400)
    prepared = prepare_ensemble_training(table, y)
    assert prepared.encoding.columns[0].kind == "number" and prepared.chosen.codes == {}


def test_tables_of_numbers_have_no_choice():
    assert choose_inputs({"x": np.arange(50.0) ** 2}, np.ones((50, 1)), np.ones(50)).rare == {}


def test_ensembles_choose_unless_a_fraction_is_given():
    table, y = towns(120, matters=True)
    chosen = prepare_ensemble_training(table, y)
    given = prepare_ensemble_training(table, y, rare=0.01)
    assert (chosen.chosen.rare, given.chosen.rare) == ({"town": 0.0}, {})
    town, x = chosen.encoding.columns
    assert len(town.categories) == 120
    assert x.n_bins == given.encoding.columns[1].n_bins == 24, "categories leave the numbers theirs"
    assert given.encoding.columns[0].kind == "dropped"

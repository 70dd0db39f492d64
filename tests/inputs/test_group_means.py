"""The mean target of the other rows of a group, by hand, and the choice of the groups."""

import numpy as np
import pytest
import scipy.sparse

from barenet._sparse_rows import SparseRows
from barenet.inputs import _group_means
from barenet.inputs._chosen_inputs import ChosenInputs, choose_inputs
from barenet.inputs._chosen_pairs import PairSide, with_categories_of_groups
from barenet.inputs._group_means import GroupMeans, codes_of_rows, left_out_errors
from barenet.inputs._input_regression import RegressionSample
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._table_rows import table_rows

N_ROWS = 60
PAIR = (PairSide("day"), PairSide("place"))


def texts(name, codes):
    return np.array([f"{name} {code}" for code in codes], object)


def some_rows(seed=0, *, user_groups=False, weighted=True):
    """The groups of two columns, coded, as rows with an input for each group; -1 has none."""
    rng = np.random.default_rng(seed)
    codes = [rng.integers(-1, 9, N_ROWS), rng.integers(-1, 4, N_ROWS)]
    inputs = [range(2, 11), range(12, 16)]
    dense = rng.normal(size=(N_ROWS, 17))
    for codes_of_column, places in zip(codes, inputs, strict=True):
        dense[:, places] = codes_of_column[:, np.newaxis] == np.arange(len(places))
    rows = SparseRows.of(scipy.sparse.csr_array(dense), np.dtype("float64"))
    weight = rng.integers(1, 4, N_ROWS) / 2 if weighted else np.ones(N_ROWS)
    weight = weight * (rng.random(N_ROWS) > 0.1)  # some weights are 0
    groups = rng.integers(0, 20, N_ROWS) if user_groups else None
    y = rng.normal(size=(N_ROWS, 2))
    sample = RegressionSample.of(y, weight, N_ROWS, groups)
    return GroupMeans(rows, inputs, sample), codes, sample


def by_hand(codes, sample, code, others):
    """The numbers of a row of the group `code`, if these are the other rows that may have a part.

    The targets are those without the mean of the other rows of other users' groups.
    """
    of_group = [other for other in others if codes[other] == code]
    total = sum(sample.weight[other] for other in of_group)
    sums = np.zeros(sample.targets.shape[1])
    for other in of_group:
        sums += sample.weight[other] * sample.targets[other]
    return [*(sums / (total + 2)), total / (total + 2)]


def of_row(codes, sample, row, rows):
    """The numbers of one of some rows by hand, without user's groups."""
    numbers = []
    for codes_of_column in codes:
        if codes_of_column[row] < 0:
            numbers += [0.0, 0.0, 0.0]
        else:
            others = [other for other in rows if other != row]
            numbers += by_hand(codes_of_column, sample, codes_of_column[row], others)
    return numbers


@pytest.mark.parametrize("weighted", [False, True])
def test_the_numbers_of_a_row_are_those_of_the_other_rows(weighted):
    means, codes, sample = some_rows(weighted=weighted)
    for rows in (np.arange(N_ROWS), np.arange(0, N_ROWS, 3), np.array([5])):
        expected = [of_row(codes, sample, row, rows) for row in rows]
        numbers = means.of_other_rows(rows) / means.factors
        np.testing.assert_allclose(numbers, expected, rtol=0, atol=1e-14)
    every = means.of_other_rows(np.arange(N_ROWS))
    np.testing.assert_allclose(np.square(every).mean(axis=0), 1)


def test_rows_that_a_network_leaves_out_have_no_part_in_its_training_rows():
    means, codes, sample = some_rows()
    left_out = np.arange(0, N_ROWS, 4)
    kept = np.setdiff1d(np.arange(N_ROWS), left_out)
    numbers = means.of_network(left_out) / means.factors
    for row in range(N_ROWS):
        rows = np.arange(N_ROWS) if row in left_out else kept
        expected = of_row(codes, sample, row, rows)
        np.testing.assert_allclose(numbers[row], expected, rtol=0, atol=1e-14)
    alone = means.of_network(left_out, of_all_rows=False) / means.factors
    np.testing.assert_array_equal(alone[kept], numbers[kept])
    for row in left_out:
        expected = of_row(codes, sample, row, kept)
        np.testing.assert_allclose(alone[row], expected, rtol=0, atol=1e-14)
    sample.targets[left_out] = 1e6
    changed = means.of_network(left_out) / means.factors
    np.testing.assert_array_equal(changed[kept], numbers[kept])


def test_the_own_target_never_has_a_part():
    means, _, sample = some_rows()
    left_out = np.arange(0, N_ROWS, 4)
    before = means.of_network(left_out)
    for row in range(N_ROWS):
        target = sample.targets[row].copy()
        sample.targets[row] = 1e6
        np.testing.assert_allclose(means.of_network(left_out)[row], before[row], rtol=0, atol=1e-8)
        sample.targets[row] = target


def test_rows_of_the_same_user_have_no_part():
    """The targets are centered by the rows of the other users, as in `OtherRows`."""
    means, codes, sample = some_rows(user_groups=True)
    numbers = means.of_other_rows(np.arange(N_ROWS)) / means.factors
    for place, codes_of_column in enumerate(codes):
        with_group = np.flatnonzero(codes_of_column >= 0)
        for row in with_group:
            others = [other for other in with_group if sample.groups[other] != sample.groups[row]]
            mean = np.average(sample.targets[others], axis=0, weights=sample.weight[others])
            centered = sample._replace(targets=sample.targets - mean)
            expected = by_hand(codes_of_column, centered, codes_of_column[row], others)
            part = numbers[row, 3 * place : 3 * place + 3]
            np.testing.assert_allclose(part, expected, rtol=0, atol=1e-12)


def test_a_new_row_has_the_numbers_of_all_rows_of_its_group():
    means, codes, sample = some_rows()
    of_inputs = means.of_inputs() / means.factors
    expected = np.zeros((17, 6))
    for place, (codes_of_column, inputs) in enumerate(zip(codes, means.inputs, strict=True)):
        for code, row in enumerate(inputs):
            numbers = by_hand(codes_of_column, sample, code, range(N_ROWS))
            expected[row, 3 * place : 3 * place + 3] = numbers
    np.testing.assert_allclose(of_inputs, expected, rtol=0, atol=1e-14)


def test_the_group_of_a_row_is_found_among_its_encoded_numbers():
    rng = np.random.default_rng(2)
    codes = rng.integers(0, 6, 200)
    table = {"x": rng.normal(size=200), "team": texts("t", codes)}
    encoding = TableEncoding.fit(table, numbers="piecewise", rare=0)
    rows = table_rows(encoding, table, np.float32)
    start = encoding.starts["team"]
    found = codes_of_rows(rows, range(start, start + 6))
    np.testing.assert_array_equal(found, codes)
    np.testing.assert_array_equal(
        codes_of_rows(rows, range(start + 1, start + 3)),
        np.where((codes == 1) | (codes == 2), codes - 1, -1),
    )


@pytest.mark.parametrize("weighted", [False, True])
def test_the_errors_are_those_of_regressions_without_the_row(weighted):
    rng = np.random.default_rng(3)
    features = rng.normal(size=(30, 3))
    targets = features @ rng.normal(size=(3, 2)) + rng.normal(size=(30, 2))
    weight = rng.uniform(0.5, 2, 30) if weighted else np.ones(30)
    weight /= weight.mean()
    result = left_out_errors(features, targets, weight)
    for row in range(30):
        others = np.arange(30) != row
        # The mean of all rows is subtracted first, which changes nothing but the constant.
        X = np.column_stack([np.ones(30), features])
        weighted_X = X[others] * weight[others, np.newaxis]
        squares = weighted_X.T @ X[others] + np.diag([0, 1.0, 1, 1])
        coefficients = np.linalg.solve(squares, weighted_X.T @ targets[others])
        np.testing.assert_allclose(result.predictions[row], X[row] @ coefficients, atol=1e-10)


def matches(seed, *, known=True, n_matches=700):
    """Two rows of each match, of which one has won; a match has a day and a place of its own."""
    rng = np.random.default_rng(seed)
    match = rng.permutation(40 * 30)[:n_matches].repeat(2)
    strength = rng.normal(size=2 * n_matches)
    is_first = np.arange(2 * n_matches) % 2 == 0
    difference = strength[::2] - strength[1::2] + rng.logistic(size=n_matches)
    y = (difference.repeat(2) > 0) == is_first
    if not known:
        y = rng.permutation(y)
    table = {"day": match // 30, "place": texts("place", match % 30), "strength": strength}
    return table, y.astype(np.intp)


@pytest.mark.parametrize("seed", range(4))
def test_groups_are_chosen_whose_other_rows_predict_the_target(seed):
    table, y = matches(seed)
    chosen = choose_inputs(table, y, np.ones(len(y)))
    assert chosen.pairs == (), "a pair has the same weight in both rows"
    assert chosen.means[0] == PAIR
    table, y = matches(seed, known=False)
    assert choose_inputs(table, y, np.ones(len(y))).means == ()


def test_a_group_may_be_the_category_of_one_column():
    table, y = matches(0)
    number = np.char.add(table["day"].astype(str), "m")
    both = {"match": np.char.add(number, table["place"].astype(str)), "x": table["strength"]}
    assert choose_inputs(both, y, np.ones(len(y))).means == ((PairSide("match"),),)


def test_a_group_may_be_the_day_of_a_date():
    table, y = matches(0, n_matches=350)
    match = np.arange(len(y)) // 2
    date = np.datetime64("2021-08-01") + match
    chosen = choose_inputs({"date": date, "x": table["strength"]}, y, np.ones(len(y)))
    assert chosen.means == ((PairSide("date", "day"),),)
    assert chosen.days == {}, "a day has the same weight in both rows"
    hours = date.astype("M8[h]") + np.arange(len(y)) % 2  # the second half of the match
    again = choose_inputs({"date": hours, "x": table["strength"]}, y, np.ones(len(y)))
    assert again.means == chosen.means
    place = texts("place", match % 3)
    of_three = {"date": np.datetime64("2021-08-01") + match // 3, "place": place}
    means = choose_inputs(of_three, y, np.ones(len(y))).means
    assert means[0] == (PairSide("date", "day"), PairSide("place"))
    encoding = with_categories_of_groups(TableEncoding.fit(of_three), of_three, means)
    assert len(encoding.used_by_name["date"].days) == 117


def test_nothing_is_chosen_from_too_many_rows(monkeypatch):
    table, y = matches(0)
    monkeypatch.setattr(_group_means, "MOST_ROWS_OF_MEANS", len(y) - 1)
    assert choose_inputs(table, y, np.ones(len(y))).means == ()


def test_the_other_rows_of_a_user_are_not_those_of_a_group():
    """If both rows of a match are left out together, there is no other row."""
    table, y = matches(0)
    users = np.arange(len(y)) // 2
    assert choose_inputs(table, y, np.ones(len(y)), users).means == ()


def test_pairs_that_determine_a_group_have_no_inputs_beside_its_means():
    day, place, team = PairSide("day"), PairSide("place"), PairSide("team")
    chosen = ChosenInputs({}, {}, {}, {}, pairs=((day, place), (place, team)))
    assert chosen.with_means([(day, place)]).pairs == ((place, team),)
    assert chosen.with_means([(day, place)]).all_pairs == ((place, team), (day, place))
    assert chosen.with_means([(place,)]).all_pairs == ()
    assert chosen.with_means([(team,)]).pairs == ((day, place),)
    assert chosen.with_means([]) == chosen

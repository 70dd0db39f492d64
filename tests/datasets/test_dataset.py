"""A data set's split, against scikit-learn's."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from sklearn.model_selection import train_test_split

from barenet import Task
from barenet.typing import Dataset


def dataset(n: int, classes: tuple[str, ...] | None = ("no", "yes"), **changes) -> Dataset:
    y = np.arange(n) % len(classes) if classes else np.linspace(0, 1, n)
    return Dataset(
        name="numbers",
        X=np.arange(2.0 * n).reshape(n, 2),
        y=y,
        classes=classes,
        feature_names=("a", "b"),
        target_name="y",
        description="for the tests",
        **changes,
    )


@given(
    n=st.integers(20, 60),
    test_size=st.floats(0.2, 0.6),
    seed=st.integers(0, 2**32 - 1),
    kind=st.sampled_from(["stratified", "plain", "numbers"]),
)
def test_split_agrees_with_scikit_learn(n, test_size, seed, kind):
    data = dataset(n, None if kind == "numbers" else ("a", "b"), stratify=kind != "plain")
    strata = data.y if kind == "stratified" else None
    options = {"test_size": test_size, "random_state": seed, "stratify": strata}
    expected = train_test_split(data.X, data.y, **options)
    train, test = data.split(test_size, seed)
    for ours, theirs in zip((train.X, test.X, train.y, test.y), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert train.feature_names == test.feature_names == data.feature_names


@pytest.mark.case(34)
@pytest.mark.parametrize(
    ("argument", "values"),
    [("test_size", (-0.1, 1, 1.5, float("nan"), "a", None)), ("seed", ("a", -1, 1.5))],
)
def test_a_fraction_out_of_its_range_is_refused(argument, values, refused):
    for value in values:
        with refused(argument, r": expected a"):
            dataset(10).split(**{"test_size": 0.2, argument: value})


@pytest.mark.case(34)
def test_classes_too_small_to_stratify_are_named():
    one = dataclasses.replace(dataset(5), y=np.array([0, 0, 0, 0, 1]))
    for data, test_size, problem in (
        (one, 0.4, "class 'yes' of numbers has a single row"),
        (dataset(10), 0.1, r"0\.1 of numbers: 2 classes need .* test set, which has 1"),
        (dataset(1, None), 0.5, r"0\.5 of numbers: "),
    ):
        with pytest.raises(ValueError, match=f"^test_size: {problem}"):
            data.split(test_size)


@pytest.mark.case(176)
def test_rows_are_counted_and_yielded_with_their_targets():
    data = dataset(3)
    assert len(data) == 3
    assert [(row.tolist(), target) for row, target in data] == [
        ([0, 1], "no"), ([2, 3], "yes"), ([4, 5], "no"),
    ]  # fmt: skip
    assert [target for _, target in dataset(3, None)] == [0, 0.5, 1]
    assert [target for _, target in dataset(2, ("10", "20"))] == [10, 20]


@pytest.mark.case(176)
def test_a_table_of_rows_and_targets_is_the_one_it_was_made_of():
    table = pd.DataFrame({"size": [3.5, None, 2.0] * 9, "town": ["Rome", "Oslo", None] * 9})
    table["kind"] = ["flat", "house", "flat"] * 9
    rows = Task.open(table, "kind", test_size=0).training
    pd.testing.assert_frame_equal(rows.to_pandas(), table)
    row, target = next(iter(rows))
    assert (row, target) == ({"size": 3.5, "town": "Rome"}, "flat")
    page = rows._repr_html_()
    assert "<th>kind</th>" in page and "<td>flat</td>" in page


def test_a_matrix_becomes_a_data_frame():
    data = dataset(4, None)
    expected = pd.DataFrame(data.X, columns=["a", "b"]).assign(y=data.y)
    pd.testing.assert_frame_equal(data.to_pandas(), expected)
    assert '<th class="number">b</th>' in data._repr_html_()

"""Held-out rows: how many are set aside, and which."""

from __future__ import annotations

import numpy as np
import pytest

from barenet.estimators.held_out import split_off
from barenet.model.array_dataset import ArrayDataset

ROWS = ArrayDataset(np.arange(40.0).reshape(20, 2), np.arange(20.0)[:, None], np.arange(20.0))


def test_each_row_is_on_one_side_with_its_target_and_weight():
    learned, held_out = split_off(ROWS, 0.25, None, np.random.RandomState(0))
    assert len(held_out.X) == 5
    for rows in (learned, held_out):
        assert (rows.X[:, 0] / 2 == rows.y[:, 0]).all()
        assert (rows.sample_weight == rows.y[:, 0]).all()
    assert sorted([*learned.y[:, 0], *held_out.y[:, 0]]) == list(range(20))


def test_a_share_of_each_group():
    strata = np.arange(20) < 4
    _, held_out = split_off(ROWS, 0.5, strata, np.random.RandomState(0))
    assert (held_out.y[:, 0] < 4).sum() == 2


@pytest.mark.parametrize("fraction", [0.01, 0.05])
def test_fault_34_too_few_rows(fraction):
    with pytest.raises(ValueError, match=r"^validation_fraction: "):
        split_off(ROWS, fraction, None, np.random.RandomState(0))


def test_fault_34_a_group_of_one_row():
    strata = np.arange(20) == 3
    with pytest.raises(
        ValueError, match=r"^validation_fraction: The least populated class.*\[True"
    ):
        split_off(ROWS, 0.5, strata, np.random.RandomState(0))


@pytest.mark.parametrize("heavy", [0, 1])
def test_fault_26_rows_that_all_weigh_nothing_can_not_be_a_side(heavy):
    """Their mean score would be 0 / 0."""
    weights = np.zeros(20)
    weights[split_off(ROWS, 0.25, None, np.random.RandomState(0))[heavy].y[:, 0].astype(int)] = 1
    with pytest.raises(ValueError, match=r"^sample_weight: all .* weigh 0; give validation_data"):
        split_off(ROWS._replace(sample_weight=weights), 0.25, None, np.random.RandomState(0))

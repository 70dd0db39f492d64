from __future__ import annotations

from barenet.data.table_recipe import recipe_for_table


def test_the_fewer_rows_the_less_they_are_trusted():
    assert [recipe_for_table(n).l2 for n in (1, 30, 353, 3000)] == [3.0, 0.1, 0.0085, 0.001]


def test_a_tenth_is_set_aside_only_where_it_can_be_spared():
    assert recipe_for_table(999).patience is None
    assert (recipe_for_table(1000).patience, recipe_for_table(1000).epochs) == (30, 300)
    assert [recipe_for_table(n).batch_size for n in (999, 9_999, 10_000)] == [32, 32, 128]

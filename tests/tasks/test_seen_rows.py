"""Rows that a predictor has seen: the words for a table that is split otherwise than before."""

from barenet.tasks._seen_rows import SeenRows


def test_rows_of_another_table_have_no_number():
    seen = SeenRows(n_rows=40, are_of_another_table=True)
    assert (seen.clause, seen.warning) == (" of another table", "")


def test_rows_that_are_split_alike_need_no_words():
    seen = SeenRows(n_rows=40, are_split_alike=True)
    assert (seen.clause, seen.warning) == ("", "")


def test_a_card_without_a_split_leaves_the_number_open():
    seen = SeenRows(n_rows=40)
    assert (seen.clause, seen.warning) == (", perhaps some of which it was trained on", "")


def test_rows_of_another_split_are_counted_and_warned_of():
    seen = SeenRows(n_rows=4000, n_seen=1200, other_split={"test_size": 0.5, "split_seed": 3})
    assert seen.clause == ", 1,200 of which it was trained on"
    assert seen.warning == (
        "the predictor was trained on 1,200 of these 4,000 rows; open the task with test_size=0.5, "
        "split_seed=3, as then"
    )


def test_rows_of_another_split_that_were_held_out_then_are_no_reason_to_warn():
    seen = SeenRows(n_rows=40, n_seen=0, other_split={"test_size": 0.5})
    assert (seen.clause, seen.warning) == (", 0 of which it was trained on", "")


def test_a_split_by_a_column_leaves_the_number_open_and_is_warned_of():
    seen = SeenRows(n_rows=24, other_split={"split_by_group": "place"})
    assert seen.clause == ", perhaps some of which it was trained on"
    assert seen.warning == (
        "the predictor was trained on perhaps some of these 24 rows; open the task with "
        "split_by_group='place', as then"
    )

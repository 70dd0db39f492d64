from __future__ import annotations

import pytest

from barenet.playground.edits import MOST_EDITS, WeightEdit, read_edits, with_edit


def test_edits_are_read_in_the_order_of_their_epochs():
    assert read_edits([[3, 1, -2], [0, 7, 0.5]], 8) == (
        WeightEdit(0, 7, 0.5),
        WeightEdit(3, 1, -2.0),
    )
    assert read_edits([], 8) == ()


@pytest.mark.parametrize(
    ("said", "words"),
    [
        (None, "edits: expected a list"),
        ([[0, 1]], "edits: expected epoch, place and value"),
        ([[0, 1, 2, 3]], "edits: expected a list of 3 entries"),
        ([[0, 8, 1]], "edits: place"),
        ([[0, -1, 1]], "edits: place"),
        ([[0.5, 1, 1]], "edits: epoch"),
        ([[0, 1, 1e7]], "value: expected"),
        ([[0, 1, None]], "value: expected"),
        ([[0, 1, 1]] * (MOST_EDITS + 1), "edits: expected a list of 64 entries"),
    ],
)
def test_what_is_none_is_told(said, words):
    with pytest.raises(ValueError, match=words):
        read_edits(said, 8)


def test_a_weight_that_is_changed_twice_at_an_epoch_is_changed_once():
    edits = with_edit(
        with_edit((WeightEdit(5, 0, 1.0),), WeightEdit(2, 0, 1.0)), WeightEdit(5, 0, 3.0)
    )
    assert edits == (WeightEdit(2, 0, 1.0), WeightEdit(5, 0, 3.0))


def edit(page, row, value):
    page.say("edit", network=0, layer=0, row=row, column=0, value=value)
    page.see(lambda network: any(each[2] == value for each in network["edits"]))


def run_to(page, epoch):
    page.say("run_to", epoch=epoch)
    page.see(lambda network: network["epoch"] == epoch and not network["playing"])


def test_the_same_edits_make_the_same_network_again(server, page, open_page):
    edit(page, 0, 2.5)
    run_to(page, 4)
    edit(page, 1, -1.25)
    run_to(page, 9)
    edits, weights = page.frame["networks"][0]["edits"], page.arrays["0.weights"].copy()
    assert [each[0] for each in edits] == [0, 4]
    other = open_page(server)
    other.say("hello", state=page.state["state"])
    other.see(lambda network: network["epoch"] == 0)
    other.say("plan", network=0, edits=edits)
    run_to(other, 9)
    assert (other.arrays["0.weights"] == weights).all()
    assert other.frame["networks"][0]["edits"] == edits
    other.say("plan", network=0, edits=[])  # anew, as if no hand had been there
    run_to(other, 9)
    assert (other.arrays["0.weights"] != weights).any()
    other.close()


def test_back_in_time_is_before_the_hand(page):
    run_to(page, 3)
    edit(page, 0, 2.5)
    page.say("scrub", epoch=1)
    assert page.see(lambda network: network["epoch"] == 1)["edits"] == []
    page.say("reset")
    page.see(lambda network: network["epoch"] == 0)
    edit(page, 0, 1.5)
    run_to(page, 2)
    page.say("reset")
    back = page.see(lambda network: network["epoch"] == 0)
    assert back["edits"] == [[0, 0, 1.5]], "it starts from what it was started from"
    assert page.arrays["0.weights"][0] == 1.5


def test_there_are_no_more_than_an_address_tells(page):
    page.say("plan", network=0, edits=[[epoch, 0, 1] for epoch in range(MOST_EDITS)])
    page.see(lambda network: len(network["edits"]) == MOST_EDITS)
    page.say("edit", network=0, layer=0, row=0, column=0, value=7)
    told = page.hear_until(lambda message: message["type"] == "error")
    assert "more than an address can tell" in told["words"]

from __future__ import annotations

from barenet.playground._edits import MAX_EDITS, WeightEdit, with_edit


def test_a_weight_that_is_changed_twice_at_an_epoch_is_changed_once():
    edits = with_edit(
        with_edit((WeightEdit(5, 0, 1.0),), WeightEdit(2, 0, 1.0)), WeightEdit(5, 0, 3.0)
    )
    assert edits == (WeightEdit(2, 0, 1.0), WeightEdit(5, 0, 3.0))


def edit(page, row, value):
    page.send("edit", network=0, layer=0, row=row, column=0, value=value)
    page.wait_for(lambda network: any(each["value"] == value for each in network["edits"]))


def run_to(page, epoch):
    page.send("run_to", epoch=epoch)
    page.wait_for(lambda network: network["epoch"] == epoch and not network["playing"])


def test_the_same_edits_make_the_same_network_again(server, page, open_page):
    edit(page, 0, 2.5)
    run_to(page, 4)
    edit(page, 1, -1.25)
    run_to(page, 9)
    edits, weights = page.frame["networks"][0]["edits"], page.arrays["0.weights"].copy()
    assert [each["epoch"] for each in edits] == [0, 4]
    other = open_page(server)
    other.send("hello", state=page.state["state"])
    other.wait_for(lambda network: network["epoch"] == 0)
    other.send("plan", network=0, edits=edits)
    run_to(other, 9)
    assert (other.arrays["0.weights"] == weights).all()
    assert other.frame["networks"][0]["edits"] == edits
    other.send("plan", network=0, edits=[])  # anew, as if no hand had been there
    run_to(other, 9)
    assert (other.arrays["0.weights"] != weights).any()
    other.close()


def test_back_in_time_is_before_the_hand(page):
    run_to(page, 3)
    edit(page, 0, 2.5)
    page.send("scrub", epoch=1)
    assert page.wait_for(lambda network: network["epoch"] == 1)["edits"] == []
    page.send("reset")
    page.wait_for(lambda network: network["epoch"] == 0)
    edit(page, 0, 1.5)
    run_to(page, 2)
    page.send("reset")
    back = page.wait_for(lambda network: network["epoch"] == 0)
    assert back["edits"] == [{"epoch": 0, "index": 0, "value": 1.5}], (
        "it starts from what it was started from"
    )
    assert page.arrays["0.weights"][0] == 1.5


def test_there_are_no_more_than_an_address_tells(page):
    page.send("plan", network=0, edits=[{"epoch": epoch, "value": 1} for epoch in range(MAX_EDITS)])
    page.wait_for(lambda network: len(network["edits"]) == MAX_EDITS)
    page.send("edit", network=0, layer=0, row=0, column=0, value=7)
    told = page.receive_until(lambda message: message["type"] == "error")
    assert "fit into an address" in told["message"]

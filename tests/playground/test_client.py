from __future__ import annotations

import numpy as np

from barenet.playground._sessions import Session


def test_words_before_the_first_are_refused(server, open_page):
    page = open_page(server)
    page.send("play")
    assert "hello" in page.receive()["message"]
    page.close()


def test_pictures_are_skipped_and_never_queued(page):
    """A page that is slow gets the newest picture next, and of the curve all that it missed."""
    page.send("run_to", epoch=400)
    epochs, rows = [], []
    while not epochs or epochs[-1] < 400:
        message = page.receive()
        if message["type"] == "frame":
            epochs.append(message["networks"][0]["epoch"])
            rows += [row[0] for row in message["networks"][0]["rows"]]
    assert epochs == sorted(epochs)
    assert rows == sorted(set(rows)) and rows[-1] == 400


def test_a_weight_is_changed_on_the_page_and_in_the_network(page):
    page.send("edit", layer=0, row=0, column=1, value=3.5)
    page.receive_until(
        lambda message: message["type"] == "frame" and page.arrays["0.weights"][1] == 3.5
    )
    before = page.arrays["0.weights"].copy()
    page.send("step")
    page.wait_for(lambda network: network["epoch"] == 1)
    assert (page.arrays["0.weights"] != before).any()
    assert abs(page.arrays["0.weights"][1] - 3.5) < 1


def test_back_in_time_and_the_curve_with_it(page):
    page.send("run_to", epoch=8)
    before = page.wait_for(lambda network: network["epoch"] == 8 and not network["playing"])
    page.send("scrub", epoch=3)
    found = page.wait_for(lambda network: network["epoch"] == 3)
    assert (found["newest"][0], found["last"]) == (3, 8) and found["version"] == before["version"]
    page.send("step")
    found = page.wait_for(lambda network: network["epoch"] == 4 and not network["playing"])
    assert found["version"] > before["version"], "the curve of another path"


def test_divergence_is_told_in_words(page):
    page.configure(source="plane", optimizer="sgd", learning_rate=1e5)
    page.send("play")
    found = page.wait_for(lambda network: network["failed"])
    assert "diverged" in found["message"] and not found["playing"]
    assert np.isfinite(page.arrays["0.weights"]).all()
    page.configure(learning_rate=0.01)
    page.send("reset")
    page.send("run_to", epoch=5)
    found = page.wait_for(lambda network: network["epoch"] == 5)
    assert not found["failed"] and found["message"] == ""


def test_a_state_that_cannot_be_sent_is_told_and_the_page_goes_on(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Session, "describe", lambda session: {"loss": float("nan")})
        page.send("hello", session=page.state["session"])
        told = page.receive_until(lambda message: message["type"] == "error")
        assert "JSON" in told["message"]
    page.send("hello", session=page.state["session"])
    assert page.receive_until(lambda message: message["type"] == "state")

import pytest

from barenet.playground import _sessions as sessions


def test_unchanged_networks_continue_training(page):
    page.run_to(5)
    page.configure(learning_rate=0.5)
    assert page.wait_for(lambda network: True)["epoch"] == 5
    page.configure(seed=1)
    assert page.wait_for(lambda network: True)["epoch"] == 0


@pytest.mark.parametrize("epoch", [-1, 3])
def test_a_training_network_continues_when_changed(page, epoch):
    """Also by a change before its training has begun."""
    page.send("play")
    page.wait_for(lambda network: network["epoch"] > epoch)
    page.configure(seed=5)
    assert page.wait_for(lambda network: network["playing"] and network["epoch"] > 3)


def test_another_address_has_its_own_session(server, page, open_page):
    other = open_page(server)
    other.send("hello", session="guess", state={})
    other.wait_for(lambda network: True)
    assert other.state["session"] != page.state["session"]


@pytest.mark.integration
def test_an_abandoned_session_pauses_and_expires(run_server, open_page, wait_until, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSE_AFTER", 0.0)
    monkeypatch.setattr(sessions, "CLOSE_AFTER", 1.2)
    with run_server() as served:
        page = open_page(served)
        page.send("hello", state={"pace": 10})
        page.send("play")
        page.wait_for(lambda network: network["playing"])
        page.close()
        (session,) = served.sessions.open.values()
        wait_until(lambda: not session.playing)
        assert served.sessions.open
        wait_until(lambda: not served.sessions.open)
        assert session.views == []

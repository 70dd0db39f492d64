from __future__ import annotations

from barenet.playground import sessions


def test_a_page_that_comes_back_finds_its_session(server, page, open_page):
    page.say("run_to", epoch=4)
    page.see(lambda network: network["epoch"] == 4)
    key, weights = page.state["session"], page.arrays["0.weights"]
    page.close()
    again = open_page(server)
    again.say("hello", session=key, state={})
    found = again.see(lambda network: True)
    assert found["epoch"] == 4 and (again.arrays["0.weights"] == weights).all()
    assert [row[0] for row in found["rows"]] == [0, 1, 2, 3, 4], "with the whole curve"
    again.close()


def test_a_page_of_another_address_has_a_session_of_its_own(server, page, open_page):
    other = open_page(server)
    other.say("hello", session="guess", state={})
    other.see(lambda network: True)
    assert other.state["session"] != page.state["session"]
    other.close()


def test_a_session_that_was_left_rests_and_goes(run_server, open_page, wait_until, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSE", 0.0)
    monkeypatch.setattr(sessions, "PATIENCE", 3.0)
    with run_server() as served:
        page = open_page(served)
        page.say("hello", state={"pace": 10})
        page.say("play")
        page.see(lambda network: network["playing"])
        page.close()
        (session,) = served.sessions.open.values()
        wait_until(lambda: not session.playing)
        assert served.sessions.open
        wait_until(lambda: not served.sessions.open)
        assert session.views == []

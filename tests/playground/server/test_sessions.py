"""Sessions and their pages, and the routes of the server."""

import asyncio
import json

import pytest

from barenet.errors import ArgumentError
from barenet.playground._sentences import english
from barenet.playground.data._file_store import FileStore
from barenet.playground.server import _sessions as sessions
from barenet.playground.server._sessions import Session
from barenet.playground.state._page_state import PageState
from barenet.playground.trainer._process_trainer import ProcessTrainer


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


@pytest.mark.integration
def test_an_abandoned_session_pauses_and_expires(run_server, open_page, wait_until, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSE_AFTER", 0.0)
    with run_server() as served:
        page = open_page(served)
        page.send("hello", state={"pace": 10})
        page.send("play")
        page.wait_for(lambda network: network["playing"])
        page.close()
        (session,) = served.sessions.open.values()
        wait_until(lambda: not session.playing)
        assert served.sessions.open
        monkeypatch.setattr(sessions, "CLOSE_AFTER", 0.0)
        wait_until(lambda: not served.sessions.open)
        assert session.views == []


@pytest.mark.integration
def test_a_page_keeps_its_last_two_sessions(run_server, open_page, wait_until):
    with run_server() as served:
        page, keys = open_page(served), []
        for seed in range(4):
            page.ask("hello", "state", state={"networks": [{"seed": seed}]})
            keys.append(page.state["session"])
        page.ask("hello", "state", session=keys[2])
        assert page.state["state"]["networks"][0]["seed"] == 2
        watched = [key for key, session in served.sessions.open.items() if session.watchers]
        assert watched == keys[2:]
        page.close()
        wait_until(lambda: not any(each.watchers for each in served.sessions.open.values()))


@pytest.mark.case(131)
@pytest.mark.integration
def test_a_killed_trainer_ends_no_session(run_server, open_page, wait_until):
    with run_server(process=True) as served:
        pages = [open_page(served) for _ in range(2)]
        for seed, page in enumerate(pages):
            network = {"seed": seed, "hidden": [3], "activations": ["tanh"]}
            page.send("hello", state={"pace": 0, "networks": [network]})
            page.wait_for(lambda network: network["epoch"] == 0)
        pages[0].configure(learning_rate=0.2)
        pages[0].run_to(4)
        weights, states = pages[0].arrays["0.weights"], [page.state["state"] for page in pages]
        pages[1].send("play")
        pages[1].wait_for(lambda network: network["epoch"] > 50)
        views = [session.views[0] for session in served.sessions.open.values()]
        for _ in range(2):
            keys = [None, *(view.key for view in views)]
            served.sessions.trainer.worker.kill()
            wait_until(lambda keys=keys: not any(view.key in keys for view in views))
            first, second = (
                page.wait_for(lambda network: "another one" in english(network["message"]))
                for page in pages
            )
            assert first["epoch"] == 4 and second["epoch"] > 50 and not second["playing"]
            assert (pages[0].arrays["0.weights"] == weights).all()
        assert pages[0].run_to(6)["message"] == ""
        pages[1].send("play")
        assert pages[1].wait_for(lambda network: network["epoch"] > second["epoch"] + 50)
        assert [page.state["state"] for page in pages] == states
        assert "losses" in pages[0].ask("landscape")


def test_messages_before_the_first_state_are_refused(server, open_page):
    page = open_page(server)
    page.send("play")
    assert "hello" in page.receive()["message"]


def test_frames_are_skipped_and_never_queued(page):
    """A slow page gets the newest picture next, and every point of the curve that it missed."""
    page.send("run_to", epoch=100)
    epochs, rows = [], []
    while not epochs or epochs[-1] < 100:
        message = page.receive()
        if message["type"] == "frame":
            epochs.append(message["networks"][0]["epoch"])
            rows += [row[0] for row in message["networks"][0]["rows"]]
    assert epochs == sorted(epochs)
    assert rows == sorted(set(rows)) and rows[-1] == 100


def test_an_unsendable_state_is_reported_and_the_page_continues(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Session, "describe", lambda session: {"loss": float("nan")})
        received = page.ask("hello", "state", session=page.state["session"])
        assert "JSON" in received["message"]
    assert page.ask("hello", "state", session=page.state["session"])["type"] == "state"


def test_a_model_is_saved_and_opened_by_its_own_page(server, page, post, ask):
    features = ["x1", "x1^2", "sin(x2)"]
    page.configure(source="moons", features=features, hidden=[3], activations=["relu"], seed=5)
    page.run_to(2)
    weights, session = page.arrays["0.weights"].copy(), page.state["session"]
    _, headers, saved = ask(f"/{server.token}/model/{session}/0")
    assert "attachment" in headers["content-disposition"]
    assert ask(f"/{server.token}/model/{session}/1")[0] == 404
    page.configure(source="xor", features=["x1"], hidden=[2], activations=["tanh"])
    assert post(f"open/{session}", saved)[0] == 200
    state = page.receive_until(lambda m: m["type"] == "state" and m["data"]["name"] == "moons")
    page.wait_for(lambda network: network["epoch"] == 0)
    assert (page.arrays["0.weights"] == weights).all()
    assert state["data"]["inputs"] == features


def test_unsupported_requests_are_refused(server, ask, post):
    assert ask(f"/{server.token}/table", headers=server.headers)[0] in (404, 405)
    assert ask(f"/{server.token}/main.js", "DELETE", server.headers)[0] == 405


def test_courses_that_pages_open_are_found_by_their_content_and_the_oldest_are_dropped(monkeypatch):
    monkeypatch.setattr(sessions, "MAX_COURSES", 2)

    def course(title):
        check = [{"measure": "epoch", "at_least": 1}]
        return json.dumps({"title": title, "text": ["T."], "check": check}).encode()

    async def opened():
        pages = sessions.Sessions(ProcessTrainer(process=False), FileStore(), PageState())
        first = (await pages.open_course("a.json", course("A")))["key"]
        assert (await pages.open_course("copy.json", course("A")))["key"] == first
        assert pages.find_course(first)["1"].title == "A"
        assert "xor" in pages.find_course(""), "that of all pages"
        for number in range(sessions.MAX_COURSES):
            await pages.open_course("b.json", course(f"B{number}"))
        with pytest.raises(ArgumentError, match="course: unknown"):
            pages.find_course(first)
        pages.close()

    asyncio.run(opened())

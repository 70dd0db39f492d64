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


@pytest.mark.integration
def test_a_page_keeps_its_last_two_sessions(run_server, open_page, wait_until):
    with run_server() as served:
        page, keys = open_page(served), []
        for seed in range(4):
            page.send("hello", state={"networks": [{"seed": seed}]})
            page.receive_until(lambda message: message["type"] == "state")
            keys.append(page.state["session"])
        page.send("hello", session=keys[2])
        page.receive_until(lambda message: message["type"] == "state")
        assert page.state["state"]["networks"][0]["seed"] == 2
        watched = [key for key, session in served.sessions.open.items() if session.watchers]
        assert watched == keys[2:]
        page.close()
        wait_until(lambda: not any(each.watchers for each in served.sessions.open.values()))


@pytest.mark.integration
def test_fault_131_a_killed_trainer_ends_no_session(run_server, open_page):
    with run_server(process=True) as served:
        pages = [open_page(served) for _ in range(2)]
        for seed, page in enumerate(pages):
            page.send(
                "hello",
                state={
                    "pace": 0,
                    "networks": [{"seed": seed, "hidden": [3], "activations": ["tanh"]}],
                },
            )
            page.wait_for(lambda network: network["epoch"] == 0)
        pages[0].configure(learning_rate=0.2)
        pages[0].run_to(4)
        weights, states = pages[0].arrays["0.weights"], [page.state["state"] for page in pages]
        pages[1].send("play")
        pages[1].wait_for(lambda network: network["epoch"] > 50)
        for _ in range(2):
            served.sessions.trainer.worker.kill()
            first, second = (
                page.wait_for(lambda network: "another one" in network["message"]) for page in pages
            )
            assert first["epoch"] == 4 and second["epoch"] > 50 and not second["playing"]
            assert (pages[0].arrays["0.weights"] == weights).all()
        assert pages[0].run_to(6)["message"] == ""
        pages[1].send("play")
        assert pages[1].wait_for(lambda network: network["epoch"] > second["epoch"] + 50)
        assert [page.state["state"] for page in pages] == states
        pages[0].send("landscape")
        assert "losses" in pages[0].receive_until(lambda message: message["type"] == "landscape")


@pytest.mark.integration
def test_fault_131_an_address_with_options_of_its_optimizer(page):
    page.run_to(1)
    page.send("configure", address="net.optimizer=adam:learning_rate=0.5")
    refused = page.receive_until(lambda message: message["type"] == "error")
    assert refused["message"] == "optimizer: learning_rate is given twice"
    assert page.run_to(2)
    page.send("configure", address="net.optimizer=lbfgs:memory=3")
    page.receive_until(lambda message: message["type"] == "state")
    assert page.run_to(4)["message"] == ""

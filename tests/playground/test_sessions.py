from barenet.playground import _sessions as sessions


def test_what_stays_the_same_network_learns_on(page):
    page.run_to(5)
    page.configure(learning_rate=0.5)
    assert page.wait_for(lambda network: True)["epoch"] == 5
    page.configure(seed=1)
    assert page.wait_for(lambda network: True)["epoch"] == 0


def test_a_network_that_plays_goes_on_when_it_is_changed(page):
    page.send("play")
    page.wait_for(lambda network: network["epoch"] > 3)
    page.configure(seed=5)
    assert page.wait_for(lambda network: network["playing"] and network["epoch"] > 3)


def test_two_networks_share_the_data(page):
    other = {"hidden": [2], "activations": ["relu"]}
    page.send("configure", state={**page.state["state"], "networks": [{"optimizer": "sgd"}, other]})
    page.receive_until(lambda told: told["type"] == "state")
    page.send("step")
    page.receive_until(
        lambda told: (
            told["type"] == "frame" and [each["epoch"] for each in told["networks"]] == [1, 1]
        )
    )
    assert [len(each["layout"]) for each in page.state["networks"]] == [3, 2]
    assert "1.output" in page.arrays


def test_the_scene_is_told_once_and_in_numbers_that_can_be_drawn(page):
    told = page.configure(source="iris", features=["all"])
    assert told["data"]["n_inputs"] == 4 and told["data"]["classes"][0] == "setosa"
    page.receive_until(lambda message: message["type"] == "points")
    positions = page.points["positions"].reshape(-1, 2)
    assert len(positions) == 150 and positions.min() >= 0 and positions.max() <= 1
    assert set(page.points["values"]) == {0, 1, 2} and page.points["tests"].sum() == 75


def test_play_outlives_a_change_made_before_the_training_has_begun(page):
    page.send("play")
    page.configure(seed=5)
    assert page.wait_for(lambda network: network["playing"] and network["epoch"] > 3)


def test_a_page_that_comes_back_finds_its_session(server, page, open_page):
    page.run_to(4)
    key, weights = page.state["session"], page.arrays["0.weights"]
    page.close()
    again = open_page(server)
    again.send("hello", session=key, state={})
    found = again.wait_for(lambda network: True)
    assert found["epoch"] == 4 and (again.arrays["0.weights"] == weights).all()
    assert [row[0] for row in found["rows"]] == [0, 1, 2, 3, 4], "with the whole curve"
    again.close()


def test_a_page_of_another_address_has_a_session_of_its_own(server, page, open_page):
    other = open_page(server)
    other.send("hello", session="guess", state={})
    other.wait_for(lambda network: True)
    assert other.state["session"] != page.state["session"]
    other.close()


def test_a_session_that_was_left_rests_and_goes(run_server, open_page, wait_until, monkeypatch):
    monkeypatch.setattr(sessions, "PAUSE_AFTER", 0.0)
    monkeypatch.setattr(sessions, "CLOSE_AFTER", 3.0)
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

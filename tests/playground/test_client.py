from barenet.playground._sessions import Session


def test_messages_before_the_first_state_are_refused(server, open_page):
    page = open_page(server)
    page.send("play")
    assert "hello" in page.receive()["message"]


def test_frames_are_skipped_and_never_queued(page):
    """A slow page gets the newest picture next, and every point of the curve that it missed."""
    page.send("run_to", epoch=400)
    epochs, rows = [], []
    while not epochs or epochs[-1] < 400:
        message = page.receive()
        if message["type"] == "frame":
            epochs.append(message["networks"][0]["epoch"])
            rows += [row[0] for row in message["networks"][0]["rows"]]
    assert epochs == sorted(epochs)
    assert rows == sorted(set(rows)) and rows[-1] == 400


def test_an_unsendable_state_is_reported_and_the_page_continues(page, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Session, "describe", lambda session: {"loss": float("nan")})
        page.send("hello", session=page.state["session"])
        received = page.receive_until(lambda message: message["type"] == "error")
        assert "JSON" in received["message"]
    page.send("hello", session=page.state["session"])
    assert page.receive_until(lambda message: message["type"] == "state")

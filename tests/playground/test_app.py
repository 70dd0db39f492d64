import pytest


def test_files_have_their_content_types(server, ask):
    for path, kind in (
        ("", "text/html; charset=utf-8"),
        ("main.js", "text/javascript; charset=utf-8"),
        ("style.css", "text/css; charset=utf-8"),
        ("icon.svg", "image/svg+xml"),
        ("vendor/sans.woff2", "font/woff2"),
        ("catalog.json", "application/json"),
    ):
        status, headers, body = ask(f"/{server.token}/{path}")
        assert (status, headers["content-type"]) == (200, kind) and body


@pytest.mark.parametrize("features", [["x1", "x2"], ["x1", "x1^2", "sin(x2)"]])
def test_a_model_is_saved_and_opened_by_its_own_page(server, page, post, ask, features):
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
    own = [("Host", server.host), ("Origin", server.origin)]
    assert ask(f"/{server.token}/table", headers=own)[0] in (404, 405)
    assert ask(f"/{server.token}/main.js", "DELETE", own)[0] == 405

"""The checks of each request, and the limits of the server."""

from contextlib import contextmanager

import pytest

from barenet.playground.server._security import SecurityMiddleware
from barenet.playground.server._server import SETTINGS as OF_SOCKETS
from barenet.service._http_server import MAX_CONNECTIONS, SETTINGS

OWN = [(b"host", b"127.0.0.1:8421")]
ORIGIN = [(b"origin", b"http://127.0.0.1:8421")]


@pytest.fixture
def rejection():
    security = SecurityMiddleware(None, "secret", {"127.0.0.1:8421", "localhost:8421"})

    def ask(headers, path="/secret/", kind="http", method="GET"):
        scope = {"type": kind, "path": path, "headers": headers, "method": method}
        return (security.rejection(scope) or "none").partition(":")[0]

    ask.security = security
    return ask


@pytest.mark.parametrize(("site", "let_in"), [("none", 1), ("same-origin", 1), ("same-site", 0)])
def test_a_page_without_an_origin_needs_the_token(rejection, site, let_in):
    """Browsers send no Origin when a user opens an address; other requests need one."""
    headers = [*OWN, (b"sec-fetch-site", site.encode()), (b"sec-fetch-mode", b"navigate")]
    assert rejection(headers) == ("none" if let_in else "Sec-Fetch-Site")
    for more in ({"kind": "websocket"}, {"method": "POST"}, {"method": "PUT"}):
        assert rejection(headers, **more) == "Origin"


@pytest.mark.parametrize(
    ("headers", "more", "word"),
    [
        (OWN, {}, "none"),
        (OWN + ORIGIN, {"kind": "websocket"}, "none"),
        (OWN + ORIGIN, {"method": "POST"}, "none"),
        ([(b"host", b"localhost:8421")], {}, "none"),
        ([], {}, "Host"),
        ([(b"host", b"127.0.0.1:80")], {}, "Host"),
        ([*OWN, *OWN], {}, "Host"),
        (OWN, {"method": "DELETE"}, "Origin"),
        ([*OWN, (b"origin", b"https://127.0.0.1:8421")], {}, "Origin"),
        ([*OWN, *ORIGIN, *ORIGIN], {}, "Origin"),
        ([*OWN, (b"sec-fetch-site", b"cross-site")], {}, "Sec-Fetch-Site"),
        ([*OWN, (b"sec-fetch-site", b"")], {}, "Sec-Fetch-Site"),
        ([*OWN, (b"sec-fetch-site", b"none"), (b"sec-fetch-site", b"none")], {}, "Sec-Fetch-Site"),
        (OWN, {"path": "/secrets/"}, "Token"),
        (OWN, {"path": "//secret/"}, "Token"),
    ],
)
def test_refusals_state_the_reason(rejection, headers, more, word):
    assert rejection(headers, **more) == word


def test_the_redirect_file_leads_to_the_page_once(rejection):
    site = [*OWN, (b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate")]
    opens, framed = ([*site, (b"sec-fetch-dest", kind)] for kind in (b"document", b"iframe"))
    assert rejection(opens) == "Sec-Fetch-Site"
    rejection.security.expects_redirect = True
    assert rejection(opens, "/guess/") == "Token"
    assert rejection(opens, "/secret/model/a/0") == "Sec-Fetch-Site"
    assert rejection(framed) == "Sec-Fetch-Site"
    assert rejection(opens, kind="websocket") == "Origin"
    assert rejection(opens) == "none"
    assert rejection(opens) == "Sec-Fetch-Site"


def test_drawing_uses_one_core(run_server, monkeypatch):
    """The limit of BLAS holds while the server runs."""
    limits = []

    @contextmanager
    def limit(**options):
        limits.append(options)
        yield
        limits.clear()

    monkeypatch.setattr("barenet.service._http_server.threadpool_limits", limit)
    with run_server():
        assert limits == [{"limits": 1, "user_api": "blas"}]
    assert limits == []


def test_limits_are_as_documented():
    assert OF_SOCKETS["ws_max_size"] == 2**16
    assert 2 * SETTINGS["backlog"] < MAX_CONNECTIONS < SETTINGS["limit_concurrency"]
    assert not SETTINGS["proxy_headers"] and not SETTINGS["server_header"]

import pytest

from barenet.playground._security import SecurityMiddleware

OWN = [(b"host", b"127.0.0.1:8421")]


def asked(headers, path="/secret/", kind="http", method="GET"):
    scope = {"type": kind, "path": path, "headers": headers, "method": method}
    return SecurityMiddleware(None, "secret", {"127.0.0.1:8421", "localhost:8421"}).rejection(scope)


def test_the_servers_own_page_is_let_in():
    origin = [(b"origin", b"http://127.0.0.1:8421")]
    assert asked(OWN) is None
    assert asked(OWN + origin, kind="websocket") is None
    assert asked(OWN + origin, method="POST") is None
    assert asked([(b"host", b"localhost:8421")]) is None


@pytest.mark.parametrize(("site", "let_in"), [("none", 1), ("same-origin", 1), ("same-site", 0)])
def test_a_page_without_an_origin_is_read_by_who_may(site, let_in):
    """Browsers send no Origin when somebody opens an address; what changes something needs one."""
    headers = [*OWN, (b"sec-fetch-site", site.encode()), (b"sec-fetch-mode", b"navigate")]
    assert (asked(headers) is None) == bool(let_in)
    for more in ({"kind": "websocket"}, {"method": "POST"}, {"method": "PUT"}):
        assert asked(headers, **more).startswith("Origin")


@pytest.mark.parametrize(
    ("headers", "more", "word"),
    [
        ([], {}, "Host"),
        ([(b"host", b"127.0.0.1:8421.evil.com")], {}, "Host"),
        ([(b"host", b"127.0.0.1:80")], {}, "Host"),
        ([*OWN, *OWN], {}, "Host"),
        (OWN, {"kind": "websocket"}, "Origin"),
        (OWN, {"method": "POST"}, "Origin"),
        (OWN, {"method": "DELETE"}, "Origin"),
        ([*OWN, (b"origin", b"null")], {}, "Origin"),
        ([*OWN, (b"origin", b"https://127.0.0.1:8421")], {}, "Origin"),
        ([*OWN, (b"origin", b"http://127.0.0.1:8421")] * 2, {}, "Host"),
        ([*OWN, (b"sec-fetch-site", b"cross-site")], {}, "Sec-Fetch-Site"),
        ([*OWN, (b"sec-fetch-site", b"")], {}, "Sec-Fetch-Site"),
        ([*OWN, (b"sec-fetch-site", b"none"), (b"sec-fetch-site", b"none")], {}, "Sec-Fetch-Site"),
        (OWN, {"path": "/secrets/"}, "Token"),
        (OWN, {"path": "//secret/"}, "Token"),
        (OWN, {"path": "/"}, "Token"),
    ],
)
def test_everybody_else_is_told_why_not(headers, more, word):
    assert asked(headers, **more).startswith(word)


def test_a_file_that_is_expected_leads_to_the_page_once():
    site = [(b"sec-fetch-site", b"cross-site"), (b"sec-fetch-mode", b"navigate")]
    opens = [*OWN, *site, (b"sec-fetch-dest", b"document")]
    framed = [*OWN, *site, (b"sec-fetch-dest", b"iframe")]

    def rejection(headers, path="/secret/", kind="http"):
        return gate.rejection({"type": kind, "path": path, "headers": headers, "method": "GET"})

    gate = SecurityMiddleware(None, "secret", {"127.0.0.1:8421"})
    assert rejection(opens).startswith("Sec-Fetch-Site")
    gate.expects_redirect = True
    assert rejection(opens, "/guess/").startswith("Token")
    assert rejection(opens, "/secret/model/a/0").startswith("Sec-Fetch-Site")
    assert rejection(framed).startswith("Sec-Fetch-Site")
    assert rejection(opens, kind="websocket").startswith("Origin")
    assert rejection(opens) is None
    assert rejection(opens).startswith("Sec-Fetch-Site")

"""The page itself: its layout, its security, its speed and its memory."""

import contextlib
import queue
import time
from typing import Any

import pytest

from barenet.cli._main import main
from barenet.cli._play_page import _browse
from barenet.playground.server._client import MAX_UNDRAWN
from barenet.playground.trainer._timeline import MAX_POINTS

pytestmark = pytest.mark.integration


def test_the_page_has_help_exercises_and_a_link_to_the_network(tab):
    page = tab()
    assert page.find(".about h3").count() >= 6
    page.page.get_by_text("Three neurons are enough").click()
    page.until("settings.hidden.join() === '3' && barenet.playing")
    assert page.value("window.scrollY") == 0, "what was chosen is seen"
    page.visit("#data=xor&net.hidden=3")
    page.key("Tab")
    page.key("Enter")
    assert page.value("document.activeElement.id") == "networks"
    page.step(1)
    assert page.value("location.hash") == "#data=xor&net.hidden=3"


def test_every_control_has_an_accessible_name(tab):
    page = tab("#networks=2&data=digits")
    nameless = page.value(
        "[...document.querySelectorAll('button, select, input, a, [role=img]')]"
        ".filter((each) => !(each.getAttribute('aria-label') || each.labels?.length"
        " || each.textContent.trim() || each.title)).map((each) => each.outerHTML)"
    )
    assert nameless == []
    assert page.value("document.documentElement.lang") == "en"
    assert page.value("document.querySelectorAll('h1').length") == 1
    page.step(1)
    page.value("barenet.announce()")
    assert "Epoch 1: training loss" in page.text("#live")
    for summary in page.find(".confused summary").all():
        summary.click()
    names = page.value(
        "[...document.querySelectorAll('section, [role=region]')].map((each) =>"
        " each.getAttribute('aria-label') ?? each.getAttribute('aria-labelledby')).filter(Boolean)"
    )
    assert len(names) == len(set(names)) >= 8
    page.step(2)
    page.open_neuron(1)
    page.value("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    unreached = page.value(
        "[...document.querySelectorAll('*')].filter((each) =>"
        " /auto|scroll/.test(getComputedStyle(each).overflow) && each.checkVisibility() &&"
        " (each.scrollWidth > each.clientWidth + 1 || each.scrollHeight > each.clientHeight + 1) &&"
        " each.tabIndex < 0 && !each.querySelector('a, button, input, summary, [tabindex=\"0\"]')"
        ").map((each) => each.className)"
    )
    assert unreached == []


def test_a_zoomed_page_has_room(tab):
    """At 200 % and 400 % on 1366 × 768: nothing stays in place over the page, and Play is round."""
    page = tab()
    for width, height in ((683, 384), (342, 192)):
        page.resize(width, height)
        assert page.value("document.documentElement.scrollWidth") <= width
        play = page.find("#play").bounding_box()
        assert play["width"] == play["height"]
        if height == 384:
            assert page.value("document.querySelector('.bar').offsetHeight") < 0.3 * height
        page.value("window.scrollTo(0, 700)")
        over = page.value(
            f"[5, {height} - 5].filter((y) => document.elementFromPoint({width} / 2, y)"
            "?.closest('.bar')).length"
        )
        assert over == 0


def test_an_explanation_fits_a_phone(browser, tmp_path):
    with contextlib.closing(browser.new_page()) as page:
        for data, width in (("moons", 320), ("digits", 390)):
            path = tmp_path / f"{data}.html"
            assert main(["explain", data, "--rows", "0", "1", "--out", str(path)]) == 0
            page.set_viewport_size({"width": width, "height": 844})
            page.goto(path.as_uri())
            page.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
            assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_nothing_overflows_the_page(tab):
    """At a phone's width, a tablet's and a desk's."""
    page = tab("#data=digits&net.hidden=16", color_scheme="dark")
    for width in (390, 768, 1440):
        page.resize(width, 844)
        assert page.value("document.documentElement.scrollWidth") <= width
        page.open_neuron(1)
        assert page.value(
            "(() => { const sheet = document.querySelector('#side'); return sheet.scrollWidth <="
            " sheet.clientWidth && sheet.getBoundingClientRect().bottom <= innerHeight; })()"
        )
        page.close_neuron()


def test_pages_of_other_sites_have_no_access(browser, live_server):
    """Even with the whole address, its frames, requests and sockets are refused."""
    context = browser.new_context()
    page = context.new_page()
    page.goto("data:text/html,<p>another site</p>")
    results = page.evaluate(
        "async (address) => { const line = new WebSocket(address.replace('http', 'ws') + 'socket');"
        " const told = await new Promise((done) => { line.onopen = () => done('open');"
        " line.onerror = () => done('refused'); });"
        " const read = await fetch(address).then((answer) => answer.ok, () => 'refused');"
        " const sent = await fetch(address + 'table', { method: 'POST', body: 'a,b' })"
        ".then((answer) => answer.ok, () => 'refused'); return [told, read, sent]; }",
        live_server.address,
    )
    context.close()
    assert results == ["refused"] * 3


def test_the_redirect_file_works_once(browser, live_server, monkeypatch):
    """A browser treats a file as another site: the server admits the one that is expected."""
    opened: queue.Queue[str] = queue.Queue()
    monkeypatch.setattr("webbrowser.open", lambda address: opened.put(address) or True)
    page = browser.new_page()
    with contextlib.closing(page), contextlib.ExitStack() as at_the_end:
        _browse(live_server.address + "#data=xor", live_server.server.security, at_the_end)
        file = opened.get(timeout=100)
        page.goto(file)
        page.wait_for_url(live_server.address + "*")
        page.wait_for_selector("#sets [aria-checked=true][data-name=xor]")
        page.reload()
        page.wait_for_selector("#sets [aria-checked=true][data-name=xor]")
        with page.expect_response(live_server.address) as answer:
            page.goto(file)
        assert answer.value.status == 403


def test_only_the_pages_own_scripts_run(tab):
    page = tab()
    page.value(
        "document.body.append(Object.assign(document.createElement('script'),"
        " { textContent: 'window.foreign = true' }))"
    )
    assert page.value("window.foreign === undefined")
    assert any("Content Security Policy" in fault for fault in page.faults)
    page.faults.clear()


def test_a_page_reconnects_to_its_network(tab, live_server, monkeypatch):
    page = tab("#pace=0")
    page.play("header.epoch > 50")
    page.pause()
    session, before = page.value("barenet.session"), page.parameters()
    drawn = page.value("barenet.frames.drawn")
    page.value("barenet.line.socket.close()")
    page.until("barenet.line.lost === 1 && barenet.line.socket.readyState === 1")
    page.until(f"barenet.frames.drawn > {drawn}")
    assert page.value("barenet.session") == session
    assert page.parameters() == before
    page.click("#play")
    page.until("barenet.playing")
    monkeypatch.setattr(live_server.server.security, "token", "that of another start")
    page.value("barenet.line.socket.close()")
    page.until_text("#notice", "open the address that it printed")
    assert page.labelled("Play", exact=True).is_visible(), "nothing plays any more"
    page.faults.clear()  # the browser reports the status, too


def test_hidden_pages_receive_nothing(tab, live_server, wait_until):
    page = tab("#pace=0")
    page.play("header.epoch > 5")
    # As a browser does it: on a page that is hidden nobody is called to draw.
    page.value(
        "(window.call = requestAnimationFrame, window.requestAnimationFrame = (draw) =>"
        " (window.later = draw))"
    )
    received = page.value("barenet.frames.received")
    session = live_server.sessions.open[page.value("barenet.session")]
    version = session.version
    wait_until(lambda: session.version > version + 20)
    assert page.value("barenet.frames.received") <= received + 2 * MAX_UNDRAWN
    drawn = page.value("barenet.frames.drawn")
    page.value("(window.requestAnimationFrame = window.call, window.later(performance.now()))")
    page.until(f"barenet.frames.drawn > {drawn + 5}")


@pytest.mark.slow
def test_an_open_page_does_not_grow(tab, live_server):
    """Thousands of epochs and hundreds of pictures take bounded memory."""
    page = tab("#pace=0&net.batch_size=0")
    page.play("header.epoch > 5000 && barenet.frames.drawn > 50")
    before, drawn = memory(page), page.value("barenet.frames.drawn")
    page.until(f"header.epoch > 10000 && barenet.frames.drawn > {drawn + 250}")
    grown = memory(page) - before
    session = live_server.sessions.open[page.value("barenet.session")]
    assert len(session.views[0].curve.rows) <= MAX_POINTS
    assert page.value("panels[0].curve.rows.length") <= 1001
    page.pause()
    assert len(session.views[0].latest.saved) <= 512
    assert grown < 1.5, "250 pictures of 10 kB are more"


def memory(page: Any) -> float:
    """MiB that the page holds for good: the least of some, as a picture may be on its way."""
    sizes = []
    for _ in range(8):
        page.value("window.gc()")
        sizes.append(page.value("performance.memory.usedJSHeapSize") / 2**20)
        time.sleep(0.05)
    return min(sizes)

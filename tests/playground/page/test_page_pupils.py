"""What a pupil meets on the way through the course, and a teacher beside it."""

import contextlib
import json

import pytest
from websockets.sync.client import connect

from barenet.playground.server._server import MAX_CLIENTS

from .conftest import IS_SITE, Tab

pytestmark = pytest.mark.integration


def test_the_panel_of_the_first_lesson_has_its_formula(tab):
    page = tab("#lesson=one-neuron")
    page.until("barenet.neuron.answer")
    assert "y = sigmoid(z)" in page.text("#neuron .why")
    assert "a standard deviation, a typical distance" in page.text("#neuron .likeness")


def test_a_step_has_the_network_of_its_words_by_its_address_and_by_back(tab):
    page = tab("#lesson=overfitting&step=2")
    page.until("header.epoch === 200 && !barenet.playing")
    assert page.header("newest")[2] > 1, "the test loss rose"
    page.visit("#lesson=downhill&step=5")
    page.until("settings.learning_rate === 2.5 && header.epoch === 0")
    page.press("Back", exact=True)
    page.until("header.epoch === 0 && settings.learning_rate === 0.03")
    page.visit("#lesson=downhill&step=6")
    page.until("barenet.lessons.started && !barenet.lessons.picture.isPending")
    page.rest()
    assert page.header("epoch") == 0, "the task is the learner's"


def marks(page):
    """The signs before the conditions of the task."""
    page.until("document.querySelectorAll('#lesson .conditions li').length > 0")
    return page.find("#lesson .conditions .tick").all_inner_texts()


def test_nothing_is_judged_before_the_learner_has_tried_something(tab):
    page = tab("#lesson=downhill&step=6")
    page.until_text("#lesson .conditions", "now 0")
    page.rest()
    assert marks(page) == ["•", "•"] and page.text("#lesson .result") == ""
    assert page.find("#lesson .conditions .holds").count() == 0
    label = page.find("#lesson .tick").first.get_attribute("aria-label")
    assert label == "not tried yet"
    page.choose("learning_rate", "0.1")
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text("#lesson .result", "Not yet. It did not arrive")
    assert marks(page) == ["○", "✓"]
    page.press("Back", exact=True)
    page.until_text("#lesson .step-of", "Step 5 of 6")
    page.press("Next", exact=True)
    page.until_text("#lesson .step-of", "Step 6 of 6")
    assert marks(page) == ["•", "•"] and page.text("#lesson .result") == ""


def test_a_network_that_runs_on_without_a_reset_is_advised_to_be_reset_while_it_plays(tab):
    page = tab("#lesson=downhill&step=6")
    page.choose("learning_rate", "0.001")
    page.play("header.epoch === 20 && !barenet.playing")
    page.click("#play")
    page.until("header.epoch > 22 && barenet.playing")
    page.until_text("#lesson .result", "Not yet. It did not arrive: press Reset")
    assert page.value("barenet.playing")


def test_a_weight_that_was_changed_is_judged(tab):
    page = tab("#lesson=loss&step=4")
    assert marks(page) == ["•", "•"], "all points are on their own side already"
    page.until("barenet.neuron.answer")
    page.slide(0, 0.5)
    page.until("document.querySelector('#lesson .conditions .holds')")
    assert marks(page) == ["✓", "○"]


def test_a_projector_is_remembered_until_it_is_switched_off(tab):
    page = tab("#lesson=xor&step=4", 1280, 720)
    button = page.find("#projector")
    assert button.get_attribute("aria-pressed") == "false"
    page.click("#projector")
    page.open(page.page.url)
    assert button.get_attribute("aria-pressed") == "true"
    assert not page.find(".learning").first.is_visible()
    page.until("document.querySelector('.column .neuron').offsetWidth > 46")
    page.page.goto(page.address.replace("#", "?embedded#"))
    page.until("window.barenet")  # with Python in the browser, it draws when it is touched
    assert button.get_attribute("aria-pressed") == "false", "no projector for a part of a page"
    page.visit("#lesson=xor&step=4")
    page.click("#projector")
    page.open(page.page.url)
    assert button.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("#lesson=downhill&step=6", "learning_rate"),
        ("#lesson=overfitting&step=3", "penalty"),
    ],
)
def test_on_a_phone_the_setting_of_the_task_is_in_view(tab, address, field):
    page = tab(address, 360, 640)
    page.until("barenet.lessons.started && !barenet.lessons.picture.isPending")
    if not address.endswith("3"):
        marks(page)  # the goal takes room above
    page.rest()
    assert page.value("scrollY") == 0
    box = page.find(f"[data-field={field}]").first.bounding_box()
    top, foot = (page.find(each).bounding_box() for each in ("#lesson", "#lesson .onward"))
    assert top["y"] + top["height"] <= box["y"] and box["y"] + box["height"] <= foot["y"]
    assert page.value("document.documentElement.scrollWidth") <= 360


def test_a_class_is_one_line_a_learner_and_is_copied_for_a_spreadsheet(tab):
    page = tab("#lesson=xor&step=4", permissions=["clipboard-read", "clipboard-write"])
    page.until_text("#lesson .place", "Lesson 6 of 12")
    page.click(".contents summary")
    page.press("For teachers: a class")
    copying = page.page.get_by_role("button", name="Copy the table")
    assert copying.count() == 0, "there is nothing to copy"
    lines = ["Dia:https://example.org/play/#passed=1", "Ben https://example.org/play/#passed=2"]
    lines += ["dia: https://example.org/play/#passed=1.3", "Eva 7b;https://x.org/play/#passed=12"]
    page.fill("#class textarea", "\n".join(lines))
    rows = [row.split("\t") for row in page.find(".learners tr").all_inner_texts()]
    names = [name for name, *_ in rows]
    assert names == ["Learner", "Dia", "Ben", "Eva 7b"]
    passed = [[place for place, cell in enumerate(row) if cell == "✓"] for row in rows[1:]]
    assert passed == [[1, 3], [2], [12]]
    copying.click()
    page.until_text("#class .orders", "Copied")
    copied = page.page.evaluate("() => navigator.clipboard.readText()")
    assert [line.split("\t") for line in copied.split("\n")] == rows


OWN = {"title": "Mine", "text": ["Press ▶."], "state": "data=xor", "name": "mine"}
OWN |= {"check": [{"measure": "epoch", "at_least": 2}]}


def test_a_page_of_the_server_opens_a_file_of_lessons(tab, tmp_path):
    path = tmp_path / "my lessons.json"
    path.write_text(json.dumps([{**OWN, "show": ["step"]}, {**OWN, "title": "B", "name": "b"}]))
    page = tab("#data=moons")
    page.upload("#lesson-file", path)
    page.until_text("#lesson-title", "Mine")
    page.until_text("#lesson .place", "Lesson 1 of 2")
    page.until("state.data.source === 'xor'")
    page.until_text("#lesson .conditions", "now 0")
    page.step(1, 2)
    page.until_text("#lesson .result", "Passed!")
    other = tab("#lesson=xor&step=4")
    other.until_text("#lesson .conditions", "now")  # the lessons of another page are as they were
    page.page.bring_to_front()
    faulty = tmp_path / "faulty.json"
    faulty.write_text(json.dumps({**OWN, "title": ""}))
    page.leave_course()
    page.until("data.name === 'moons'")
    page.upload("#lesson-file", faulty)
    page.until_text("#notice", "faulty.json: title: missing; every lesson needs it")
    page.faults.clear()  # the browser reports the status of the answer
    page.visit("#lesson=xor")
    page.until_text("#lesson .place", "Lesson 6 of 12")


def test_a_lesson_that_shows_no_control_has_its_network_alone(tab, tmp_path):
    path = tmp_path / "lesson.json"
    path.write_text(json.dumps({**OWN, "show": []}))
    page = tab("#data=moons")
    page.upload("#lesson-file", path)
    page.until_text("#lesson-title", "Mine")
    page.until("state.data.source === 'xor'")
    page.rest()
    selectors = page.value("barenet.catalog.controls")
    shown = {name for name, each in selectors.items() if page.find(f":is({each}):visible").count()}
    assert shown == {"scores"}
    assert page.find(".layers-row").is_visible() and page.find(".map").is_visible()


@pytest.mark.skipif(IS_SITE, reason="BARENET_SITE: static files have no connection")
def test_a_refused_connection_has_advice_for_a_teacher(browser, run_server):
    with run_server() as served, contextlib.ExitStack() as stack:
        for _ in range(MAX_CLIENTS):
            address = f"ws://{served.host}/{served.token}/socket"
            stack.enter_context(connect(address, origin=served.origin))
        page = Tab(browser.new_page, served.address, "window.barenet?.line.refused >= 3")
        page.until_text(
            "#notice", "its connection, a WebSocket, is refused. Close other open pages"
        )
        page.until_text("#notice", f"allow ws://{served.host}, or use the playground on a website")
        stack.close()
        page.until("window.barenet?.frames.drawn > 0")
        assert page.find("#notice").is_hidden(), "it keeps trying"
        page.page.close()

"""What a pupil meets on the way through the course, and a teacher beside it."""

import contextlib
import json

import numpy as np
import pytest
from websockets.sync.client import connect

from barenet.playground.server._server import MAX_CLIENTS

from .conftest import IS_SITE, Tab

pytestmark = pytest.mark.integration


def test_the_panel_of_the_first_lesson_has_its_formula(tab):
    page = tab("#lesson=one-neuron&step=7")
    page.open_neuron(1)
    assert "y = sigmoid(z)" in page.text("#neuron .why")
    assert "a standard deviation, a typical distance" in page.text("#neuron .likeness")


#: The landscape of the network is drawn up to its epoch.
LANDSCAPE = """(({ answer, canvas }) => canvas.checkVisibility() && !barenet.playing
  && answer?.paths?.[0].epochs.at(-1) === header.epoch && answer)(panels[0].landscape)"""


def test_the_landscape_of_a_step_that_is_opened_by_its_address_has_a_valley(tab):
    page = tab("#lesson=downhill&step=2")
    page.until("header.epoch === 20")
    answer = page.until(LANDSCAPE)
    losses = np.reshape(answer["losses"], (answer["side"], answer["side"]))
    row, column = np.unravel_index(losses.argmin(), losses.shape)
    assert losses[row, column] < 0.01, "the bottom is in the picture"
    walls = losses[row, 0], losses[row, -1], losses[0, column], losses[-1, column]
    assert min(walls) > 0.3, "the loss rises on all sides of it"
    places = answer["paths"][0]["places"]
    assert places[-2] - places[0] > 0.1, "the path is seen"
    start, end = answer["paths"][0]["epochs"][0], answer["paths"][0]["epochs"][-1]
    assert (start, end) == (0, 20)


def test_a_step_has_the_picture_of_its_words_by_its_address_and_by_back(tab):
    page = tab("#lesson=overfitting&step=3")
    page.until("header.epoch === 200 && !barenet.playing")
    assert page.header("newest")[2] > 1, "the test loss rose"
    page.visit("#lesson=downhill&step=6")
    page.until("header.epoch === 20 && settings.learning_rate === 2 && !barenet.playing")
    page.press("Back", exact=True)
    page.until("header.epoch === 20 && settings.learning_rate === 0.03")
    page.until(LANDSCAPE)
    page.visit("#lesson=downhill&step=7")
    page.until("barenet.lessons.started && !barenet.lessons.picture.isPending")
    page.rest()
    assert page.header("epoch") == 0, "the task is the learner's"
    page.leave_course()
    page.until("document.querySelector('#lesson').hidden")
    assert page.value("panels.map(({ landscape }) => landscape.margin)") == [0]


def marks(page):
    """The signs before the conditions of the task."""
    page.until("document.querySelectorAll('#lesson .conditions li').length > 0")
    return page.find("#lesson .conditions .tick").all_inner_texts()


def test_nothing_is_judged_before_the_learner_has_tried_something(tab):
    page = tab("#lesson=downhill&step=6")
    page.until("header.epoch === 20 && !barenet.playing")
    page.press("Next", exact=True)
    page.until_text("#lesson .conditions", "now 20")
    page.rest()
    assert marks(page) == ["•", "•"] and page.text("#lesson .result") == ""
    assert page.find("#lesson .conditions .holds").count() == 0
    label = page.find("#lesson .tick").first.get_attribute("aria-label")
    assert label == "not tried yet"
    page.choose("learning_rate", "0.1")
    page.until_text("#lesson .result", "Not yet. It did not arrive")
    assert marks(page) == ["○", "✓"]
    page.press("Back", exact=True)
    page.until_text("#lesson .step-of", "Step 6 of 7")
    page.press("Next", exact=True)
    page.until_text("#lesson .step-of", "Step 7 of 7")
    assert marks(page) == ["•", "•"] and page.text("#lesson .result") == ""
    page.click("#reset")
    page.until("header.epoch === 0")
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text("#lesson .result", "Not yet. ")


def test_a_network_that_runs_on_without_a_reset_is_advised_to_be_reset_while_it_plays(tab):
    page = tab("#lesson=downhill&step=7")
    page.choose("learning_rate", "0.001")
    page.play("header.epoch === 20 && !barenet.playing")
    page.click("#play")
    page.until("header.epoch > 22 && barenet.playing")
    page.until_text("#lesson .result", "Not yet. It did not arrive: press Reset")
    assert page.value("barenet.playing")


def test_a_weight_that_was_changed_is_judged(tab):
    page = tab("#lesson=loss&step=6")
    assert marks(page) == ["•", "•"], "all points are on their own side already"
    page.open_neuron(1)
    page.slide(0, 0.5)
    page.until("document.querySelector('#lesson .conditions .holds')")
    assert marks(page) == ["✓", "○"]


def card(page):
    """The place of the lesson's card in the window."""
    return page.find("#lesson").bounding_box()


#: The parts of the card that are cut off, by its own edge or by that of what scrolls within it.
CUT_OFF = """[...document.querySelectorAll("#lesson .story p, #lesson .conditions li")].filter(
  (each) => {
    const { top, bottom } = each.getBoundingClientRect();
    const body = document.querySelector(".lesson-body").getBoundingClientRect();
    return top < body.top - 1 || bottom > body.bottom + 1;
  }).length"""


@pytest.mark.parametrize(
    ("lesson", "width", "height", "projector"),
    [("one-neuron", 1280, 720, True), ("loss", 1366, 768, False), ("loss", 1440, 900, True)],
)
def test_the_goal_is_not_cut_off_beside_the_panel_of_a_neuron(
    tab, lesson, width, height, projector
):
    page = tab(f"#lesson={lesson}&step=9", width, height)
    marks(page)
    if projector:
        page.click("#projector")
        page.rest()
    page.open_neuron(1)
    page.rest()
    assert page.value(CUT_OFF) == 0
    assert page.find("#lesson .conditions li").last.is_visible()
    side, lesson_card = page.find("#side").bounding_box(), card(page)
    is_left = side["x"] + side["width"] <= lesson_card["x"] + 1
    is_below = side["y"] >= lesson_card["y"] + lesson_card["height"] - 1
    assert is_left or is_below, "the panel covers no words"


#: Whether the window is scrolled no more.
STILL = """new Promise((resolve) => {
  const before = scrollY;
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(scrollY === before)));
})"""


def test_the_card_of_two_networks_has_one_height_while_they_learn(tab):
    page = tab("#lesson=steps&step=5", 1366, 768)
    marks(page)
    before = card(page)
    page.play("header.epoch > 10")
    assert card(page) == before
    page.until("header.epoch === 40 && !barenet.playing")
    page.until_text("#lesson .result", "Not yet. A is not there yet")
    assert card(page) == before
    page.value("scrollTo({ top: 1e6, behavior: 'instant' })")
    page.value("barenet.lessons.pass()")
    page.until("scrollY < 60")
    page.until(STILL)
    passed, bar = card(page), page.find(".bar").bounding_box()
    assert passed["y"] >= bar["y"] + bar["height"] - 1, "not under the bar at the top"
    assert passed["y"] + passed["height"] <= 768
    assert page.find("#lesson .result").is_visible()


def test_a_projector_is_remembered_until_it_is_switched_off(tab):
    page = tab("#lesson=xor&step=5", 1280, 720)
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
    page.visit("#lesson=xor&step=5")
    page.click("#projector")
    page.open(page.page.url)
    assert button.get_attribute("aria-pressed") == "false"


@pytest.mark.parametrize("step", [3, 5])
def test_the_learning_curve_of_a_large_network_is_on_the_screen(tab, step):
    height = 768
    page = tab(f"#lesson=overfitting&step={step}", 1366, height)
    if step == 3:
        page.until("header.epoch === 200 && !barenet.playing")
    page.rest()
    curve = page.find(".curve").bounding_box()
    assert curve["height"] >= 88 and curve["y"] + curve["height"] <= height
    page.value("scrollTo({ top: 120, behavior: 'instant' })")
    curve = page.find(".curve").bounding_box()
    assert curve["y"] + curve["height"] <= height, "also beside the lower neurons"
    assert page.find(".map").bounding_box()["y"] > 50
    if step == 5:
        page.value("scrollTo({ top: 0, behavior: 'instant' })")
        before = card(page)
        page.play("header.epoch > 200")
        page.pause()
        page.until_text("#lesson .result", "Not yet.")
        assert card(page) == before and page.value(CUT_OFF) == 0


@pytest.mark.parametrize(
    ("address", "field"),
    [
        ("#lesson=downhill&step=7", "learning_rate"),
        ("#lesson=overfitting&step=4", "penalty"),
    ],
)
def test_on_a_phone_the_setting_of_the_task_is_in_view(tab, address, field):
    page = tab(address, 360, 640)
    page.until("barenet.lessons.started && !barenet.lessons.picture.isPending")
    if not address.endswith("4"):
        marks(page)  # the goal takes room above
    page.rest()
    assert page.value("scrollY") == 0
    box = page.find(f"[data-field={field}]").first.bounding_box()
    top, foot = card(page), page.find("#lesson .onward").bounding_box()
    assert top["y"] + top["height"] <= box["y"] and box["y"] + box["height"] <= foot["y"]
    assert page.value("document.documentElement.scrollWidth") <= 360


def test_a_class_is_one_line_a_learner_and_is_copied_for_a_spreadsheet(tab):
    page = tab("#lesson=xor&step=5", permissions=["clipboard-read", "clipboard-write"])
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
    other = tab("#lesson=xor&step=5")
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


def passed_with_a_wrong_guess(tab, width, height):
    page = tab("#lesson=downhill&step=5", width, height)
    page.labelled("Fall quickly, as the steps are long", exact=True).check()
    page.to_step(7)
    page.until("!barenet.playing")
    page.choose("learning_rate", "0.3")
    page.click("#reset")
    page.until("header.epoch === 0")
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text("#lesson .result", "Passed!")
    page.rest()
    return page


def test_the_reply_and_the_next_question_are_seen_when_a_lesson_is_passed(tab):
    page = passed_with_a_wrong_guess(tab, 1280, 800)
    foot = page.find("#lesson .onward").bounding_box()["y"]
    for each in ("#lesson .verdict", "#lesson .question.again"):
        box = page.find(each).first.bounding_box()
        assert box["y"] + box["height"] <= foot, "above the buttons, without scrolling"


def test_lines_fade_where_a_card_has_more_below(tab):
    page = passed_with_a_wrong_guess(tab, 1280, 720)
    body = page.find("#lesson .lesson-body")
    has_more = "barenet.lessons.body.classList.contains('has-more')"
    page.until(has_more)
    assert body.evaluate("each => getComputedStyle(each).maskImage").startswith("linear-gradient")
    body.evaluate("each => each.scrollTo(0, each.scrollHeight)")
    page.until(f"!{has_more}")
    assert body.evaluate("each => getComputedStyle(each).maskImage") == "none"

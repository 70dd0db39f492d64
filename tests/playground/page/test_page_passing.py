"""What is seen when a lesson is passed: the result, the verdict on a guess, and the way on."""

import pytest

from .conftest import IS_SITE, numbers

pytestmark = pytest.mark.integration

COURSE = "barenet.tools.find((tool) => tool.lessons)"
#: The elements of which the first or the last line is not seen: outside, cut off, or covered.
UNSEEN = """((...selectors) => selectors.filter((each) => {
  const element = document.querySelector(each);
  const { x, width, top, bottom } = element.getBoundingClientRect();
  const found = [top + 5, bottom - 5].map((y) => document.elementFromPoint(x + width / 2, y));
  return !found.every((each) => each && element.contains(each));
}))"""
RESULT, NEXT = "#lesson .result", "#lesson [data-action=next]"
FINISH = "#lesson [data-action=finish]"


def unseen(page, *selectors):
    return page.value(f"{UNSEEN}(...{list(selectors)})")


#: The verdict on the first guess; a second question has one of its own.
VERDICT = "#lesson .question:not(.again) .verdict"


def test_a_guess_is_judged_beside_an_open_neuron(tab):
    page = tab("#lesson=loss&step=3", width=1280, height=800)
    page.labelled("It rises: a loss punishes large weights").check()
    page.to_step(9)
    page.until("barenet.neuron.answer")
    for row in (0, 1):
        page.slide(row, 2.5)
    page.until_text(RESULT, "Passed! Your guess was not right. Training makes")
    assert unseen(page, RESULT, NEXT, VERDICT, ".map") == []
    verdict = page.text(VERDICT)
    assert verdict.startswith("Not quite. There is such a loss")
    assert "The sides stay the same" in verdict


def test_on_a_phone_a_lesson_is_passed_in_sight_of_its_picture(tab):
    page = tab("#lesson=activation", width=390, height=844)
    page.labelled("One straight line").check()
    page.to_step(9)
    page.until_text("#lesson .conditions", "now")  # the answer that adds a line above the map
    page.choose("activations", "tanh")
    page.value("document.querySelector('.map').scrollIntoView({ block: 'center' })")
    before = page.find(".map").bounding_box()["y"]
    assert unseen(page, NEXT) == [] and page.find(NEXT).is_disabled()
    page.click("#play")
    page.until_text(RESULT, "Passed! Your guess was right. The activation makes layers")
    assert page.find(".map").bounding_box()["y"] == pytest.approx(before, abs=1)
    assert unseen(page, RESULT, NEXT, ".map", "#play") == []
    assert page.find(FINISH).is_hidden(), "no other lesson than the last ends in the playground"
    page.press("Next lesson")
    page.until_text("#lesson .place", "Lesson 5 of 12")


@pytest.mark.pyodide
def test_training_pauses_when_its_lesson_is_passed(tab):
    page = tab("#lesson=activation")
    page.labelled("One straight line").check()
    page.to_step(9)
    page.choose("activations", "tanh")
    page.click("#play")
    page.until_text(RESULT, "The training is paused; ▶ continues it.")
    page.until("!barenet.playing && header.epoch > 0")
    page.rest()
    epoch = page.header("epoch")
    [share] = numbers(page.text(".scores .test-score"))
    assert share >= 97
    page.frame()
    assert page.header("epoch") == epoch, "it rests"
    page.play(f"header.epoch > {epoch} + 60")
    assert page.value("barenet.playing"), "it is paused once"
    page.pause()


def test_a_lesson_that_is_passed_without_training_has_no_word_about_a_pause(tab):
    page = tab("#lesson=one-neuron&step=9")
    page.until("barenet.neuron.answer")
    for row in (0, 1):
        page.slide(row, 1)
    page.until_text(RESULT, "Passed! You did by hand what training does")
    assert "paused" not in page.text(RESULT)


def test_the_last_lesson_ends_with_something_to_do_next(tab):
    page = tab("#lesson=your-table&step=9", width=390, height=844)
    page.until_text("#lesson .place", "Lesson 12 of 12")
    assert page.find(FINISH).is_hidden()
    page.value(f"{COURSE}.pass()")
    words = page.text(RESULT)
    assert "what a network does not know" in words
    assert "your table in a terminal" in words
    assert unseen(page, RESULT, FINISH) == []
    page.to_step(3)
    assert page.find(FINISH).is_hidden(), "it is at the end"
    page.to_step(9)
    page.press("To the playground")
    page.until("document.querySelector('#lesson').hidden")
    assert page.find("#sets").is_visible() and page.find("#own").is_visible()


def test_a_page_of_a_server_links_to_the_documentation_if_its_address_is_known(tab):
    if IS_SITE:
        pytest.skip("BARENET_SITE: its documentation is beside it")
    page = tab("#lesson=your-table&step=9")
    page.until_text("#lesson .place", "Lesson 12 of 12")
    page.value("(barenet.catalog.documentation = 'https://example.org/docs/')")
    page.value(f"{COURSE}.pass()")
    pages = [link.get_attribute("href") for link in page.find(f"{RESULT} a").all()]
    assert pages == [
        "https://example.org/docs/choosing.html#what-a-network-does-not-know",
        "https://example.org/docs/learn/neuron.html",
        "https://example.org/docs/task.html",
        "https://example.org/docs/teachers.html",
    ]

"""The page on a projector, and what is seen at once in windows of the usual sizes."""

import pytest

pytestmark = pytest.mark.integration

#: The usual windows of a projector and of a desk.
SIZES = [(1280, 720), (1920, 1080)]

#: The texts that leave their card, or end in three dots. The place of a point is not among them: it
#: is written elsewhere, too.
CUT = """[...document.querySelectorAll('.panel *')].filter((element) => {
  if (!element.checkVisibility({ visibilityProperty: true })) return false;
  const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
  if (!hasText || element.closest('svg, option, select, .pass-where')) return false;
  const range = document.createRange();
  range.selectNodeContents(element);
  const text = range.getBoundingClientRect();
  if (!text.width) return false;
  const card = element.closest('.panel').getBoundingClientRect();
  const style = getComputedStyle(element);
  const isCut = style.textOverflow === 'ellipsis' && element.scrollWidth > element.clientWidth + 1;
  return isCut || text.left < card.left || text.right > card.right;
}).map((element) => element.textContent.trim().slice(0, 40))"""

#: The pixels by which the network is higher than its place.
OVERFLOW = "(({ scrollHeight, clientHeight }) => scrollHeight - clientHeight)(%s)"
OVERFLOW %= "document.querySelector('.stage')"

#: The edges of a card.
BOX = "document.querySelector('%s').getBoundingClientRect().toJSON()"


@pytest.mark.parametrize(
    ("lesson", "width", "height"),
    [("overfitting", 1280, 720), ("steps", 1440, 900), ("your-table", 1920, 1080)],
)
def test_no_text_leaves_its_card_or_is_cut(tab, lesson, width, height):
    page = tab(f"#lesson={lesson}&step=2", width, height)
    page.until("barenet.lessons.started")
    page.click("#projector")
    page.rest()
    assert page.value(CUT) == []
    assert page.value("document.documentElement.scrollWidth") <= width
    if lesson in ("overfitting", "your-table"):
        assert page.value(OVERFLOW) <= 0, "the network is not scrolled"
    page.click("#projector")
    page.rest()
    assert page.value(CUT) == []


def test_the_whole_network_is_in_the_window_of_a_projector(tab):
    height = 720
    page = tab("#data=circles", 1280, height)
    page.click("#projector")
    page.rest()
    assert page.value(BOX % ".network")["bottom"] <= height
    for neuron in page.find(".column .neuron").all():
        if neuron.is_visible():
            box = neuron.bounding_box()
            assert box["y"] + box["height"] <= height
            assert box["width"] >= 38


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_the_letters_on_a_projector_grow_with_its_window(tab, width, height):
    page = tab("#lesson=overfitting&step=2", width, height)
    page.click("#projector")
    page.rest()
    letters = page.value(
        "parseFloat(getComputedStyle(document.querySelector('.story p')).fontSize)"
    )
    assert letters >= max(20, height / 47)
    tops = [page.value(BOX % card)["top"] for card in (".lesson", ".network", ".output")]
    assert max(tops) - min(tops) < 1, "the cards begin at one height"


def test_the_pictures_follow_their_neurons_to_a_projector(tab):
    page = tab("#lesson=steps", 820, 1180)
    page.until("barenet.lessons.started")
    page.click("#projector")
    page.rest()
    stage = page.find(".stage").first
    seen = stage.screenshot()
    page.value("panels.forEach((panel) => panel.network.fit())")
    page.value("barenet.repaint()")
    assert stage.screenshot() == seen


def test_the_number_of_batches_lies_on_nothing_else(tab):
    page = tab("#data=circles", 1280, 720)
    for _ in range(2):
        page.value("document.querySelector('#batches').textContent = '+ 265 of 282 batches'")
        words = page.find("#batches").bounding_box()
        for other in (".field.pace", "#course", ".timeline"):
            if not page.find(other).is_visible():
                continue
            box = page.find(other).bounding_box()
            is_beside = box["x"] >= words["x"] + words["width"]
            assert is_beside or box["y"] >= words["y"] + words["height"], other
        bar = page.find(".bar").bounding_box()
        assert words["y"] + words["height"] <= bar["y"] + bar["height"] + 1
        page.click("#projector")
        page.frame()


def test_a_formula_is_seen_whole_in_a_low_window(tab):
    page = tab("#lesson=error-back&step=2", 1280, 720)
    page.until("document.querySelector('.pass-term')")
    for step in range(2, 7):
        page.to_step(step)
        assert page.value(BOX % ".pass-lines")["bottom"] <= 720, step


#: The outer edges of the frames around the settings and scores that a step is about.
FRAMES = """[...document.querySelectorAll('.field, .scores > div')].flatMap((element) => {
  const { outlineStyle, outlineWidth, outlineOffset } = getComputedStyle(element);
  if (outlineStyle !== 'solid' || !element.checkVisibility()) return [];
  const out = parseFloat(outlineWidth) + parseFloat(outlineOffset);
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return [[left - out, top - out, right + out, bottom + out]];
})"""


def test_frames_around_what_a_step_is_about_do_not_meet(tab):
    page = tab("#lesson=steps")
    page.until("barenet.lessons.started")
    for width in (360, 820, 1280):
        page.resize(width, 800)
        page.rest()
        frames = page.value(FRAMES)
        assert len(frames) >= 2
        for place, (left, top, right, bottom) in enumerate(frames):
            for other in frames[:place]:
                is_beside = left > other[2] or right < other[0]
                is_below = top > other[3] or bottom < other[1]
                assert is_beside or is_below, (width, frames[place], other)


def test_what_follows_a_lesson_begins_below_it_and_ends_above_its_buttons(tab):
    page = tab("#lesson=one-neuron&step=2", 820, 1180)
    page.until("barenet.lessons.started")
    page.rest()
    gap = page.value(BOX % ".about")["top"] - page.value(BOX % "main")["bottom"]
    assert 0 <= gap <= 60
    page.value("scrollTo({ top: 1e6, behavior: 'instant' })")
    assert page.value(BOX % ".about")["bottom"] <= page.value(BOX % ".onward")["top"]

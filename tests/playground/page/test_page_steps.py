"""The steps of the lessons: one idea a screen, beside a picture that changes, at every size."""

import io
import time

import numpy as np
import pytest
from PIL import Image

from barenet.playground.lessons._lessons import built_in_course

from .conftest import UNGUARDED

pytestmark = pytest.mark.integration

COURSE = built_in_course()
#: The lessons that fit a phone.
FIRST = [*COURSE][:5]


def some(names, *chosen):
    """Lessons as parameters, of which all but the chosen ones are for nightly runs."""
    return [
        name if name in chosen else pytest.param(name, marks=pytest.mark.slow) for name in names
    ]


#: The step is drawn: it has trained its network, and its landscape is there.
DRAWN = """!barenet.awaits && barenet.lessons.started && !barenet.playing && !barenet.latest
  && header.epoch >= barenet.lessons.shown.run && !barenet.lessons.picture.isPending"""


def each_step(page, name):
    """Show each step of a lesson, by the button Next."""
    for place, step in enumerate(COURSE[name].steps):
        if place:
            page.find("#lesson [data-action=forward]:enabled").click()
        page.until_text("#lesson .step-of", f"Step {place + 1} of {len(COURSE[name].steps)}")
        page.until(DRAWN)
        yield step


def pixels_of(shown):
    """The pixels of a page or of an element."""
    content = shown.screenshot(animations="disabled")
    return np.array(Image.open(io.BytesIO(content)).convert("RGB")).astype(int)


def picture_beside_words(page):
    """The pixels of a page, without those of the words of its step."""
    shown = pixels_of(page.page)
    box = page.find("#lesson").bounding_box()
    top, left = round(box["y"]), round(box["x"])
    bottom, right = top + round(box["height"]), left + round(box["width"])
    shown[top:bottom, left:right] = 0
    return shown


def differing(before, shown):
    """The number of pixels that differ."""
    return (before != shown).any(axis=2).sum()


@pytest.mark.parametrize("name", some(COURSE, "one-neuron", "error-back", "steps"))
def test_the_picture_changes_with_each_step(tab, name):
    page = tab(f"#lesson={name}", reduced_motion="reduce")
    before = None
    for _ in each_step(page, name):
        shown = picture_beside_words(page)
        if before is not None:
            end = time.monotonic() + 20
            while differing(before, shown) <= 300 and time.monotonic() < end:
                page.page.wait_for_timeout(250)  # the answer to a probe is still computed
                shown = picture_beside_words(page)
            assert differing(before, shown) > 300, "pixels that differ"
        before = shown


@pytest.mark.parametrize("name", some(FIRST, "one-neuron", "error-back"))
def test_a_step_its_picture_and_next_are_on_one_screen_of_a_phone(tab, name):
    page = tab(f"#lesson={name}", width=360, height=640, reduced_motion="reduce")
    for step in each_step(page, name):
        page.value("scrollTo(0, 0)")
        top = page.find(".bar").bounding_box()
        foot = page.find("#lesson .onward").bounding_box()
        way = "next" if step == COURSE[name].steps[-1] else "forward"
        button = page.find(f"#lesson [data-action={way}]").bounding_box()
        assert button["y"] + button["height"] <= 640 and button["x"] + button["width"] <= 360
        words = page.find("#lesson .lesson-body").bounding_box()
        assert top["y"] + top["height"] <= words["y"]
        assert words["y"] + words["height"] <= foot["y"], step.text
        shown = ".output .plot:visible"
        if step.term >= 0:
            shown = ".pass-picture"
        elif step.look == "network":
            shown = ".layers-row"
        box = page.find(shown).first.bounding_box()
        assert box["y"] >= words["y"] + words["height"]
        seen = min(box["y"] + box["height"], foot["y"]) - box["y"]
        assert seen >= 0.8 * min(box["height"], 200), (step.text, seen)
        assert page.value("document.documentElement.scrollWidth") <= 360


@pytest.mark.parametrize("name", some(FIRST, "activation"))
def test_neurons_are_large_on_a_projector(tab, name):
    page = tab(f"#lesson={name}", width=1280, height=720)
    page.click("#projector")
    page.rest()
    if page.find(".backward-pass").is_visible():
        page.press("Close", exact=True)
    sides = "[...document.querySelectorAll('.layers-row .neuron')].filter((each) =>"
    sides += " each.checkVisibility()).map(({ offsetWidth }) => offsetWidth)"
    page.until(f"Math.min(...{sides}) >= 72")
    assert page.value("document.documentElement.scrollWidth") <= 1280


#: Whether the step shows its network, and the way to the next one is open.
READY = "barenet.lessons.started && !document.querySelector('[data-action=forward]').disabled"


def test_keys_and_a_link_lead_through_the_steps(tab):
    page = tab("#lesson=one-neuron")
    page.until(READY)
    page.key("ArrowRight")
    page.until_text("#lesson .step-of", "Step 2 of 5")
    assert page.text("#lesson .story").startswith("The neuron multiplies x₁ and x₂")
    page.key("ArrowLeft")
    page.until_text("#lesson .step-of", "Step 1 of 5")
    page.key("ArrowLeft")
    page.slide(0, 2)
    for step in (2, 3, 4):
        page.until(READY)
        page.key("ArrowRight")
        page.until_text("#lesson .step-of", f"Step {step} of 5")
    page.until("!barenet.awaits && barenet.lessons.started")
    assert page.parameters()[:2] == pytest.approx([0.9, -0.5]), "the step has its own weights"
    assert page.value("location.hash").endswith("lesson=one-neuron&step=4")
    page.open(page.page.url)
    page.until_text("#lesson .step-of", "Step 4 of 5")
    assert page.parameters()[:2] == pytest.approx([0.9, -0.5])
    page.value("history.back()")
    page.until_text("#lesson .step-of", "Step 3 of 5")
    page.find(".map").first.click()
    page.key("Escape")
    page.until(READY)
    page.find("#lesson [data-action=forward]").focus()
    page.key("Enter")
    page.until_text("#lesson .step-of", "Step 4 of 5")
    page.visit("#lesson=one-neuron&step=5")
    page.until("barenet.neuron.answer")
    page.find("#neuron input[type=range]").first.press("ArrowLeft")
    page.rest()
    step = page.text("#lesson .step-of")
    assert step == "Step 5 of 5", f"the key moves the slider, and not to {step}"


#: Keep the message with the edits of a step back.
HOLD_EDITS = """(() => {
  const { line } = barenet;
  const send = line.send.bind(line);
  line.send = (type, fields) => (type === "plan" ? (window.held = fields) : send(type, fields));
  window.letGo = () => send("plan", window.held);
})()"""


@pytest.mark.pyodide
def test_a_step_starts_with_its_own_weights_and_not_with_as_many_of_the_step_before(tab):
    page = tab("#lesson=one-neuron&step=3")
    page.until(READY)
    page.until("barenet.neuron.answer")
    page.slide(0, 2)
    page.slide(1, 1)
    page.value(HOLD_EDITS)
    version = page.value("barenet.version")
    page.key("ArrowRight")
    page.until(f"window.held && barenet.version > {version} && barenet.held")
    received = page.value("barenet.held.networks[0].edits.map(({ value }) => value)")
    assert received == [2, 1], "of the step before"
    assert page.value("barenet.frames.version") == version, "this picture is not shown"
    assert not page.value("barenet.lessons.started")
    page.value("letGo()")
    page.until("barenet.lessons.started")
    assert page.parameters()[:2] == pytest.approx([0.9, -0.5])


def test_answers_stay_from_step_to_step_and_what_a_step_shows_passes_nothing(tab):
    page = tab("#lesson=downhill&step=4")
    page.labelled("Hardly change").check()
    page.find("#lesson [data-action=forward]:enabled").click()
    page.until("settings.learning_rate === 2.5 && !barenet.awaits")
    page.press("Back", exact=True)
    page.until_text("#lesson .step-of", "Step 4 of 6")
    assert page.labelled("Hardly change").is_checked()
    page.visit("#lesson=loss&step=3")
    page.rest()
    assert page.header("newest")[4] >= 0.98, "this line parts the clouds …"
    assert page.find("#lesson.passed").count() == 0, "… but the learner has not drawn it"


def test_the_training_loss_is_explained_in_view(tab):
    page = tab("#data=circles")
    assert page.text(".loss-kind") == "Both losses are those of the weights now."
    page.step(1)
    page.until_text(".loss-kind", "Training loss: mean during epoch 1; test loss: now.")
    page.open_neuron(1)
    page.change_weight("0.75")
    page.until_text(".loss-kind", "Both losses are those of the weights now.")


@pytest.mark.slow
@pytest.mark.parametrize("name", COURSE)
def test_axe_finds_no_violations_in_the_steps(tab, violations, name):
    page = tab(f"#lesson={name}", 1366, 768, **UNGUARDED)
    for _ in each_step(page, name):
        assert not violations(page.page)


def test_the_focus_stays_at_next_while_a_step_opens_or_closes_a_panel(tab):
    page = tab("#lesson=activation")
    focused = "document.activeElement.dataset.action"
    page.until(READY)
    page.until("barenet.neuron.isOpen")
    page.find("#lesson [data-action=forward]").focus()
    for key, step, is_open in (("Enter", 2, False), ("ArrowLeft", 1, True), ("Enter", 2, False)):
        page.key(key)
        page.until_text("#lesson .step-of", f"Step {step} of")
        page.until(READY)
        page.until("barenet.neuron.isOpen" if is_open else "!barenet.neuron.isOpen")
        page.rest()
        assert page.value(focused) == "forward", f"step {step}"

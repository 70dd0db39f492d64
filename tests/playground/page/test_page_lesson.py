"""The course on the page."""

import json
import subprocess
import sys
from functools import partial

import pytest

from barenet.playground.lessons._lessons import CONTROLS

from .conftest import KEEP_FRAMES, Tab

#: Whether a lesson is passed by an answer to a request from before it began.
PASSED_TOO_EARLY = """(() => {
  const course = barenet.tools.find((tool) => tool.lessons);
  course.begin(course.lesson);
  course.take({ type: "check", lesson: course.lesson.name, conditions: [], passed: true });
  return course.root.classList.contains("passed");
})()"""

COPIED = "() => navigator.clipboard.readText()"

pytestmark = pytest.mark.integration


@pytest.mark.pyodide
def test_a_lesson_is_passed_and_the_progress_is_remembered(tab):
    page = tab("#lesson=xor&step=9")
    page.until_text("#lesson h2", "How many neurons?")
    assert page.value("state.data.source === 'xor' && settings.hidden.join() === '1'")
    assert "Lesson 6 of 12" in page.text("#lesson") and page.header("epoch") == 0
    for hidden in ("#sets", "#share", "#step", "[data-field=optimizer]", "[data-action=export]"):
        assert not page.find(hidden).first.is_visible(), hidden
    page.key(".")
    page.key("n")
    page.until("settings.seed === 1")
    assert page.header("epoch") == 0, "the key of a hidden button does nothing"
    page.click(".contents summary")
    page.press("Start again", exact=True)
    page.until_text("#lesson .step-of", "Step 1 of 4")
    page.until("settings.seed === 0")
    page.to_step(3)
    page.labelled("Three", exact=True).check()  # a wrong guess is no obstacle
    page.to_step(9)
    page.play("header.epoch > 60")
    page.pause()
    page.until_text("#lesson .result", "Not yet. Add a neuron")
    assert page.find("#lesson .conditions .holds").count() == 1
    accuracy = page.header("newest")[4]
    page.until_text("#lesson .conditions", f"now {100 * accuracy:.4g} %")
    page.press("Hint")
    assert page.find("#lesson .hints li").count() == 1
    page.press("Hint")
    for each in ("#lesson .conditions", "#lesson .hints", ".scores"):
        assert "\xa0%" in page.find(each).first.inner_text(), "the sign stays with its number"
    for size in (2, 3, 4):
        page.page.get_by_role("button", name="One neuron more in layer 1").click()
        page.until(f"settings.hidden.join() === '{size}'")
    page.click("#play")
    page.until("document.querySelector('#lesson').classList.contains('passed')")
    verdict = page.find("#lesson .verdict").first.inner_text().replace("\xa0", " ")
    assert verdict.startswith("Not quite. Three suffice from some initial weights, not from most.")
    assert "One line gets about 73" in verdict
    second = page.find("#lesson .question.again")
    second.get_by_label("Four").check()
    assert "Not quite. Four can, but is there a smaller fence?" in second.inner_text()
    second.get_by_label("Three").check()
    assert "Right. A triangle is the smallest fence." in second.inner_text()
    page.until_text("#lesson .result", "Passed! Your guess was not right. Together, a few lines")
    assert page.value("JSON.parse(localStorage['barenet: lessons passed']).join()") == page.text(
        "#lesson h2"
    )
    page.open_neuron(1)
    page.find(".neuron.input").first.click()
    assert page.value("state.data.features.length") == 2, "it could not be taken back in"
    page.press("Next lesson")
    page.until_text("#lesson h2", "Learning by heart")
    assert page.find("#side").is_hidden()
    page.until("header.epoch === 0 && !barenet.playing")
    page.click(".contents summary")
    assert page.text("#lesson .steps li:nth-child(6)") == "How many neurons? ✓"
    assert page.text("#lesson .steps [aria-current]") == "Learning by heart"
    page.value("location.hash = `lesson=${barenet.catalog.lessons.at(-1).name}`")
    page.until_text("#lesson .place", "Lesson 12 of 12")
    page.value("barenet.tools.find((tool) => tool.lessons).pass()")
    words = "That was the last lesson. Still open: 1, 2, 3, 4, 5, 7, 8, 9, 10, 11."
    assert page.text("#lesson .result").endswith(words)
    assert not page.page.get_by_role("button", name="Next lesson").is_visible()
    page.leave_course()
    page.until("document.querySelector('#lesson').hidden")
    assert page.find("#sets").is_visible() and "lesson" not in page.value("location.hash")
    page.click("#course")
    page.until_text("#lesson h2", "One neuron draws a line")
    page.to_step(9)
    page.until_text("#lesson .conditions", "now 76.4 %")
    assert page.find("#lesson.passed").count() == 0, "weights before its own changes do not count"
    assert not page.value(PASSED_TOO_EARLY)


def test_what_is_worked_out_by_hand_comes_in_small_steps_each_with_help(tab):
    page = tab("#lesson=error-back", width=390, height=844)
    page.until("document.querySelector('.pass-term')?.checkVisibility()")
    page.to_step(3)
    [formula] = page.find("#lesson .story .sum").all_inner_texts()
    assert formula.splitlines() == [
        "slope = y × (1 − y) = 0.75 × 0.25 ≈ 0.187",
        "δ of y = dL/dy × slope = 4 × 0.187 = answer − target",
    ]
    questions = page.find("#lesson .question").all()
    assert len(questions) == 6
    worked_out = {0: ("0.64", "Multiply each input", "0.84")}
    worked_out[2] = ("−0.75", "Subtract the target", "0.75")
    worked_out[3] = ("0.17", "Square the output first", "0,828")
    worked_out[4] = ("0.62", "Multiply its weight, −1, by δ", "−0,62")
    for place, (wrong, help, right) in worked_out.items():
        page.to_step(place + 1)
        assert [each.is_visible() for each in questions] == [here == place for here in range(6)]
        assert page.find("#lesson.is-asking").count() == 1
        number, verdict = (questions[place].locator(each) for each in ("input", ".verdict"))
        number.fill(wrong)
        questions[place].get_by_role("button", name="Check").click()
        assert verdict.inner_text().startswith(f"Not quite. {help}")
        number.fill(right)
        number.press("Enter")
        assert verdict.inner_text().startswith("Right. ")
        assert page.find("#lesson.is-asking").count() == 0, "the way on stands out"
    page.to_step(9)
    questions[-1].get_by_label("It grows").check()
    assert "what does subtracting it do?" in questions[-1].locator(".verdict").inner_text()
    questions[-1].get_by_label("It shrinks").click()
    page.until_text("#lesson .result", "Still to be answered: Step 2")
    assert page.find("#lesson [data-action=next]").is_disabled()
    page.press("Step 2", exact=True)
    page.until_text("#lesson .step-of", "Step 2 of 6")
    questions[1].get_by_label("Shrink").check()
    page.until_text("#lesson .verdict.right >> visible=true", "Right. The sigmoid rises")
    page.to_step(9)
    page.until_text("#lesson .result", "Passed! That is backpropagation")
    page.find("#lesson [data-action=next]").click(trial=True)
    page.to_step(3)
    assert questions[2].locator("input").input_value() == "0.75", "the answer is kept"
    assert questions[2].locator(".verdict").inner_text().startswith("Right. 0.75 − 0 = 0.75.")


def test_a_lesson_without_settings_has_no_empty_card(tab):
    page = tab("#lesson=one-neuron&step=9")
    page.until_text("#lesson .conditions", "now")
    assert not page.find(".learning").is_visible()
    page.visit("#lesson=overfitting&step=9")
    page.until_text("#lesson .conditions", "now")
    assert page.find("[data-field=penalty]").is_visible()


@pytest.mark.parametrize(("width", "height"), [(360, 640), (1440, 900)])
def test_what_is_to_be_done_is_seen_beside_an_open_neuron(tab, width, height):
    page = tab("#lesson=one-neuron&step=9", width=width, height=height)
    page.until_text("#lesson .conditions", "now 76.4")
    if width <= 980:
        page.open_neuron(1)
    words = page.find("#lesson .story p")
    assert words.inner_text().startswith("Separate the two clouds")
    lesson, side = (page.find(each).bounding_box() for each in ("#lesson", "#side"))
    for each in (words, page.find("#lesson .conditions")):
        box = each.bounding_box()
        assert lesson["y"] <= box["y"], "seen without scrolling"
        assert box["y"] + box["height"] <= lesson["y"] + lesson["height"] + 1
    is_beside = side["x"] + side["width"] <= lesson["x"] + 1
    is_below = side["y"] >= lesson["y"] + lesson["height"] - 1
    assert is_beside or is_below, "the panel covers no words"
    page.value("barenet.tools.find((tool) => tool.pass).pass()")
    assert page.find("#lesson .result").inner_text().startswith("Passed!")


def test_the_point_of_a_lesson_is_shown_again_after_close_and_a_reload(tab):
    page = tab("#lesson=error-back")
    shown = "document.querySelector('.backward-pass .pass-term')?.checkVisibility()"
    page.until(shown)
    again = page.page.get_by_role("button", name="Show the point")
    assert not again.is_visible(), "it is shown"
    page.press("Close", exact=True)
    assert page.find(".backward-pass").is_hidden() and page.find(".probed").count() == 0
    again.click()
    page.until(shown)
    page.press("Close", exact=True)
    page.open(page.page.url)
    page.until(shown)
    page.press("Close", exact=True)
    page.value("location.hash = 'lesson=xor'")
    page.until_text("#lesson h2", "How many neurons?")
    page.rest()
    assert not again.is_visible() and page.find("#side").is_hidden(), "this lesson has no point"


def test_the_panel_of_a_point_takes_the_focus_only_from_the_button_that_opens_it(tab):
    page = tab("#lesson=error-back")
    focused = "document.activeElement.dataset.action"
    page.until("barenet.passes.isOpen && !barenet.lessons.forward.disabled")
    page.press("Close", exact=True)
    page.value("barenet.lessons.lesson.steps.forEach((step) => (step.term = -1))")
    page.value("(barenet.lessons.lesson.address = 'probe=0.5~0.5')")
    page.find("#lesson [data-action=forward]").focus()
    page.key("Enter")
    page.until("document.querySelector('.tree .fold')")
    page.rest()
    assert page.find("#side").is_visible()
    assert page.value(focused) == "forward", "the step opens the panel"
    page.key("Escape")
    page.find("#lesson [data-action=point]").focus()
    page.key("Enter")
    page.frame()
    assert page.find("#side").is_visible()
    assert page.value("document.activeElement.id") == "side", "it takes the place of the button"


#: Presses Next lesson on a slow line, and keeps the data of each panel that opens.
NEXT_ON_A_SLOW_LINE = """(() => {
  const { line, side } = barenet;
  const [send, open] = [line.send, side.open];
  line.send = (type, ...rest) => setTimeout(() => send.call(line, type, ...rest), 300);
  window.opened = [];
  side.open = (...given) => (opened.push(barenet.state.data.source), open.apply(side, given));
  barenet.lessons.pass();
  document.querySelector("[data-action=next]").click();
})()"""


def test_the_point_of_the_next_lesson_opens_while_the_one_before_is_learning(tab):
    page = tab("#lesson=activation&step=9")
    page.play("header.epoch > 3")
    page.value(NEXT_ON_A_SLOW_LINE)
    page.until_text(".pass-where", "x₁ = 0.639, x₂ = 0.197")
    page.rest()
    assert page.value("opened") == [] and page.value("state.data.source") == "xor"


def test_a_lesson_that_is_chosen_from_the_list_begins_at_its_text(tab):
    page = tab("#lesson=activation&step=9", width=390, height=700)
    page.click(".contents summary")
    page.click("#epoch-of")  # the list covers the map of a phone, and closes
    page.find(".map").click(position={"x": 9, "y": 9})
    page.until_text("#side-title", "One point")
    page.value("(document.documentElement.style.scrollBehavior = 'auto', scrollTo(0, 1e6))")
    assert page.value("scrollY") > 0
    page.find("#lesson .steps a").nth(4).evaluate("(link) => link.click()")
    page.until_text(".pass-where", "x₁ = 0.639, x₂ = 0.197")
    page.rest()
    assert page.value("scrollY") == 0, "the text is in view"
    page.value("scrollTo(0, 1e6)")
    page.find("#lesson .steps a").nth(2).evaluate("(link) => link.click()")
    page.until_text("#lesson h2", "Downhill")
    page.rest()
    assert page.value("scrollY") == 0 and page.find("#lesson .story").is_visible()


#: What has to be seen at the same time: above the row of buttons at the foot, below the header.
TOGETHER = """((...selectors) => {
  const top = document.querySelector(".bar").getBoundingClientRect().bottom;
  const foot = document.querySelector(".transport").getBoundingClientRect().top;
  const boxes = selectors.map((each) => document.querySelector(each).getBoundingClientRect());
  return boxes.every((box) => box.height > 0 && box.top >= top && box.bottom <= foot);
})"""


@pytest.mark.parametrize("lesson", ["one-neuron", "downhill", "activation"])
def test_on_a_phone_a_control_and_its_picture_are_seen_together(tab, lesson):
    page = tab(f"#lesson={lesson}&step=9", width=390, height=844)
    page.until_text("#lesson .conditions", "now")
    if lesson == "one-neuron":
        page.open_neuron(1)
        page.until("barenet.neuron.answer.line.length > 0")
        goal, y = "#lesson .conditions", ".column.answers .neuron"
        page.until(f"{TOGETHER}('{goal}', '{y}', '.portrait', '#neuron tr:nth-child(2)')")
        return
    page.value("scrollBy(0, document.querySelector('.learning').getBoundingClientRect().top - 60)")
    page.play("header.epoch >= 20")
    page.pause() if lesson == "activation" else page.until("!barenet.playing")
    picture = ".landscape .surface" if lesson == "downhill" else ".map"
    page.until(f"document.querySelector('{picture}').offsetHeight > 200")
    page.until_text("#lesson .result", "Not yet.")
    page.until(f"{TOGETHER}('.learning .fields', '{picture}', '#lesson .result')")


def test_on_a_phone_play_brings_the_picture_into_view_and_a_tap_reads_the_loss(tab):
    page = tab("#lesson=downhill&step=9", width=390, height=844, has_touch=True)
    shown = "(each) => getComputedStyle(each).display"
    words = [page.find(f".to-{name}").evaluate(shown) for name in ("point", "tap")]
    assert words == ["none", "inline"], "the hint on neurons is for a finger"
    page.until_text("[role=tab][aria-selected=true]", "Landscape")
    page.until_text("#lesson h2", "Downhill")
    page.play("barenet.playing")
    page.until("document.querySelector('.landscape .surface').offsetHeight > 200")
    page.until(f"{TOGETHER}('.landscape .surface')")  # it is scrolled smoothly
    page.value("scrollTo(0, 0)")
    page.until("header.epoch === 20 && !barenet.playing")
    page.rest()
    assert page.value("scrollY") == 0, "it stays where it was scrolled to"
    page.find(".landscape .surface").tap(position={"x": 100, "y": 90})
    page.until_text(".surface-value", "Loss ")


def test_a_lesson_opens_a_picture_and_a_guess_is_judged_by_what_is_seen(tab):
    page = tab("#lesson=downhill&step=4")
    page.until_text("[role=tab][aria-selected=true]", "Landscape")
    seen = page.find(".scores, .typical, .curve-facts")
    page.labelled("Hardly change").check()
    assert page.text("#lesson .verdict") == "Now find out."
    page.to_step(5)
    options = page.find("[data-field=learning_rate] option").all_inner_texts()
    assert list(map(float, options)) == sorted(map(float, options)) and "2.5" in options
    page.to_step(9)
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text(".landscape", "Drag the start to begin there again")
    assert not any(each.is_visible() for each in seen.all()), "the goal has the one loss"
    assert "Loss: at most 0.01" in page.text("#lesson .conditions")
    assert "far worse" not in page.text(".words"), "the lesson has its own advice"
    assert page.value("panels[0].curve.rows[0][1]") > 1, "the loss after the changes by hand"
    page.until_text("#lesson .result", "It did not arrive")
    page.click("#reset")
    page.until("header.epoch === 0")
    page.until("document.querySelector('#lesson .result').textContent === ''")  # of the run before
    page.choose("learning_rate", "0.3")
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text("#lesson .result", "Passed!")
    verdict = page.find("#lesson .verdict").first.inner_text()
    assert verdict.startswith("Not quite. A step is as long as gradient × learning rate")
    assert "A step of this length jumps across the valley" in verdict


def test_a_teacher_sees_the_progress_of_a_learner_and_of_a_class(tab):
    page = tab("#lesson=xor&step=9")
    page.until_text("#lesson .place", "Lesson 6 of 12")
    page.value("barenet.tools.find((tool) => tool.lessons).pass()")
    page.click(".contents summary")
    page.press("Copy my progress")
    page.until_text("#notice", "Your progress is copied, as a")
    page.press("For teachers: a class")
    lines = ["Ada, https://example.org/play/#passed=1.2.12", "", "#passed=", "no progress"]
    lines += ["Cem: 1.2", "Gus #passed=x", "Eve https://example.org/play/#passed=1,2, 7.13 8"]
    lines += ["Fay https://example.org/play/?lessons=a/my%20own.json#passed=1"]
    page.fill(".learners textarea", "\n".join([*lines, 'Grace Hopper: barenet play "#passed=3"']))
    head, *rows = (row.split("\t") for row in page.find(".learners tr").all_inner_texts())
    assert head[1:] == [str(lesson) for lesson in range(1, 13)]
    assert [row[0] for row in rows] == ["Ada", "Learner 2", "Eve", "Grace Hopper"]
    passed = [[place for place, cell in enumerate(row) if cell == "✓"] for row in rows]
    assert passed == [[1, 2, 12], [], [1, 2, 7], [3]]
    assert page.find(".learners .many p").all_inner_texts() == [
        "Line 4 (no progress): no #passed=… found.",
        "Line 5 (Cem): no #passed=… found.",
        "Line 6 (Gus): no number follows #passed=.",
        "Line 7 (Eve): This course has no lesson 13.",
        "Line 8 (Fay): this is progress in my own.json, and the table is for "
        "the playground's own lessons.",
    ]
    page.visit("#passed=1.2.6.99")
    words = "3 of 12 lessons passed: 1, 2, 6. This course has no lesson 99."
    page.until_text("#notice", words)
    page.visit("#passed=x")
    page.until_text("#notice", "This link names no lesson")
    page.visit("#passed=")
    page.until_text("#notice", "0 of 12 lessons passed.")
    page.visit("#data=moons")
    page.step(1)
    page.value("location.hash = 'passed=1.2'")  # pasted over the address of the open page
    page.until_text("#notice", "2 of 12 lessons passed: 1, 2.")
    page.rest()
    assert page.header("epoch") == 1 and page.value("location.hash").startswith("#data=moons")


def test_a_learner_goes_on_from_the_link_of_the_progress_in_a_fresh_browser(tab):
    page = tab("#passed=1.2")
    page.until_text("#notice", "2 of 12 lessons passed: 1, 2.")
    assert page.text("#course") == "Course"  # what a teacher opens is not the teacher's progress
    page.press("Go on in this browser")
    page.until_text("#lesson .place", "Lesson 3 of 12")
    assert page.text("#course") == "Course 2/12" and not page.find("#notice").is_visible()
    page.visit("#passed=1.2")
    page.until_text("#notice", "2 of 12 lessons passed: 1, 2.")
    assert not page.find("#notice button").count()  # nothing of it is new


@pytest.fixture
def played(tmp_path):
    """Start `barenet play` on a file of two lessons, and give its address."""
    started = []

    def play(lessons, settings):
        (tmp_path / "my lessons.json").write_text(json.dumps(lessons))
        command = [sys.executable, "-m", "barenet", "play", "my lessons.json", settings]
        command += ["--port", "0", "--no-browser"]
        started.append(subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, text=True))
        return started[-1].stdout.readline().strip()

    yield play
    for each in started:
        each.terminate()
        each.communicate()


@pytest.mark.slow
def test_a_teacher_sees_progress_in_lessons_of_ones_own(browser, played):
    lesson = {"text": ["Try."], "check": [{"measure": "epoch", "at_least": 1}]}
    address = played([{**lesson, "title": title} for title in "ABC"], "#passed=1.3")
    permissions = ["clipboard-read", "clipboard-write"]
    page = Tab(partial(browser.new_page, permissions=permissions), address)
    page.until_text("#notice", "2 of 3 lessons passed: 1, 3.")
    page.visit("#lesson=1")
    page.until_text("#lesson .place", "Lesson 1 of 3")
    page.click(".contents summary")
    page.press("Copy my progress")
    page.until_text("#notice", "Your progress is copied, as a command")
    assert page.page.evaluate(COPIED) == """barenet play 'my lessons.json' "#passed=\""""
    page.press("For teachers: a class")
    good = ["Ada: barenet play 'my lessons.json' \"#passed=1.2\"", "Ben #passed=3"]
    good += ["Cem https://example.org/play/?lessons=my%20lessons.json#passed=1"]
    good += ["Dan: barenet play ‘my lessons.json’ “#passed=2”"]  # from a word processor
    other = ['Eve: barenet play others.json "#passed=1"', 'Fay: barenet play "#passed=1"']
    page.fill(".learners textarea", "\n".join([*good, *other, "Gil https://x.org/play/#passed=1"]))
    rows = [row.split("\t")[0] for row in page.find(".learners tr").all_inner_texts()]
    assert rows[1:] == ["Ada", "Ben", "Cem", "Dan"]
    assert [words.split(",")[0] for words in page.find(".learners .many p").all_inner_texts()] == [
        "Line 5 (Eve): this is progress in others.json",
        "Line 6 (Fay): this is progress in the playground's own lessons",
        "Line 7 (Gil): this is progress in the playground's own lessons",
    ]
    page.open(address.partition("#")[0] + "?lessons=lesson.json")
    page.until_text("#notice", "To open lessons, name their file in the command")
    page.page.close()
    assert page.faults == []


@pytest.mark.slow
def test_a_single_lesson_of_ones_own_has_progress_and_a_class_too(browser, played):
    lesson = {"title": "A", "text": ["Try."], "check": [{"measure": "epoch", "at_least": 1}]}
    address = played([lesson], "#lesson=1")
    page = Tab(
        partial(browser.new_page, permissions=["clipboard-read", "clipboard-write"]), address
    )
    page.until_text("#lesson .place", "Lesson")
    page.step(1)
    page.until_text("#lesson .result", "Passed!")
    page.click(".contents summary")
    page.press("Copy my progress")
    page.until_text("#notice", "Your progress is copied, as a command")
    assert page.page.evaluate(COPIED) == """barenet play 'my lessons.json' "#passed=1\""""
    page.press("For teachers: a class")
    page.fill(".learners textarea", "Ada #passed=1")
    assert page.find(".learners tr").all_inner_texts()[1] == "Ada\t✓"
    page.page.close()
    assert page.faults == []


def test_leaving_the_course_restores_what_was_there_before(tab, live_server, wait_until):
    page = tab("#data=moons&net.hidden=3&pace=0")
    page.step(1, 2, 3)
    page.change_weight("0.75") if page.open_neuron(1) else None
    page.until("header.edits.length === 1")
    page.play("header.epoch > 40")
    page.click("#course")  # while it learns
    page.until_text("#lesson .place", "Lesson 1 of 12")
    page.until("data.name !== 'moons' && header.epoch === 0")
    page.click(".contents summary")
    page.find("#lesson .steps a").nth(5).click()
    page.until_text("#lesson .place", "Lesson 6 of 12")
    page.play("header.epoch > 5")
    page.leave_course()
    page.until("data.name === 'moons' && header.epoch > 40 && !barenet.playing")
    page.rest()
    assert page.find("#lesson").is_hidden()
    sessions = live_server.sessions.open.values()
    wait_until(lambda: not any(each.playing for each in sessions))  # the lesson's is paused, too
    epoch, weights = page.header("epoch"), page.parameters()
    assert page.value("header.rows.length || panels[0].curve.rows.length") > 40, "with its curve"
    assert page.value("location.hash").startswith("#data=moons") and "edits" in page.value(
        "location.hash"
    )
    assert page.value("settings.hidden.join()") == "3"
    page.click("#course")
    page.until("data.name !== 'moons'")
    page.leave_course()
    page.until(f"data.name === 'moons' && header.epoch === {epoch}")
    assert page.parameters() == weights


@pytest.mark.slow
def test_a_link_out_of_a_lesson_leads_back_to_it_with_its_network(tab):
    page = tab("#data=moons&net.hidden=3")
    page.value("location.hash = 'lesson=downhill&step=9'")
    page.until_text("#lesson .place", "Lesson 3 of 12")
    page.until("data.name === 'plane' && header.epoch === 0")
    page.play("header.epoch === 20 && !barenet.playing")
    page.until_text("#lesson .result", "It did not arrive")
    weights = page.parameters()
    page.find("#examples a").nth(2).click()
    page.until("data.name === 'circles' && header.epoch > 3")
    assert page.find("#lesson").is_hidden() and page.text("#course") == "Back to lesson 3"
    assert page.text("[role=tab][aria-selected=true]") == "Output"
    page.pause()
    page.click("#course")
    page.until("data.name === 'plane' && header.epoch === 20")
    assert page.parameters() == weights and page.text("#course") == "Course"
    page.until_text("#lesson .result", "It did not arrive")
    page.leave_course()
    page.until("data.name === 'moons' && settings.hidden.join() === '3'")
    assert page.text("#course") == "Course", "it was left by its own button"
    for lesson, place in (("xor", 6), ("alike", 8)):
        page.value(f"location.hash = 'lesson={lesson}'")
        page.until_text("#lesson .place", f"Lesson {place} of 12")
        page.rest()
        assert page.text("#course") == "Course", "it leads to no lesson that was left before"
        page.find("#examples a").nth(2).click()
        page.until_text("#course", f"Back to lesson {place}")


def test_a_lesson_with_two_networks_starts_without_a_word_about_them(tab):
    page = tab("#lesson=inputs")
    page.play("header.epoch > 3")
    page.pause()
    page.value("location.hash = 'lesson=steps'")
    page.until("panels.length === 2 && panels.every(({ header }) => header?.epoch === 0)")
    page.rest()
    assert page.find("#notice").is_hidden()


def test_without_activations_the_line_is_straight_and_plain_to_see(tab):
    page = tab("#lesson=activation")
    page.labelled("One straight line").check()
    page.to_step(9)
    page.play("header.epoch > 60")
    page.pause()
    assert 0.8 < page.header("newest")[4] < 0.93
    shares = page.value(
        "(({ output }) => [Math.min(...output), Math.max(...output)])(panels[0].frame)"
    )
    assert shares[0] < -100 and shares[1] > 100, "both classes are sure, far from the line"
    page.choose("activations", "tanh")
    page.click("#play")
    page.until_text("#lesson .result", "Passed! Your guess was right. The activation makes")


def test_after_a_lesson_no_setting_of_it_stays_and_space_plays_wherever_the_focus_is(tab):
    page = tab("#lesson=xor&step=9")
    page.until("settings.hidden.join() === '1'")
    page.leave_course()
    page.until("data.name === 'circles'")
    page.use("spirals")
    assert page.find("#changed").is_hidden() and page.value("settings.hidden.length") == 2
    for selector in ("#course", "#reset", ".neuron", "#own summary", "#sets [role=radio]"):
        page.find(selector).first.focus()
        page.key(" ")
        page.until("barenet.playing && header.epoch > 0")
        page.key(" ")
        page.until("!barenet.playing")
    assert page.find("#lesson").is_hidden() and page.find("#side").is_hidden()
    page.find("[data-field=stop_epoch]").evaluate("(each) => (each.closest('details').open = true)")
    page.find("[data-field=stop_epoch]").focus()
    page.key(" ")
    assert not page.value("barenet.playing")


def test_an_answer_that_arrives_after_the_course_was_left_is_not_shown(tab):
    page = tab("#lesson=xor&step=9")
    page.until("settings.hidden.join() === '1'")
    page.value(
        "(document.querySelector('[data-action=leave]').click(), (() => {"
        "const panel = barenet.tools.find((tool) => tool.lessons);"
        "panel.started = true;"
        "panel.take({ type: 'check', lesson: 'xor', conditions: [], passed: true });"
        "panel.key(new KeyboardEvent('keydown', { key: 'ArrowRight' }));"
        "})())"
    )
    page.until("data.name === 'circles'")
    assert page.find("#lesson").is_hidden()
    assert "XOR" not in page.value("JSON.stringify(localStorage)"), "nothing was passed"


#: Notes each click that something outside the foot of the card receives.
LISTEN = """(window.pressed = [], document.addEventListener("click", ({ target }) => {
  if (!target.closest(".onward")) window.pressed.push(target.outerHTML.slice(0, 80));
}))"""


def to_the_end_of_a_lesson(page: Tab) -> None:
    """Show the last step of a lesson, as one that is passed."""
    page.to_step(9)
    page.value("barenet.lessons.pass()")


def click_where_the_mouse_is(page: Tab, times: int) -> None:
    for _ in range(times):
        page.page.mouse.down()
        page.page.mouse.up()


def test_the_way_on_stays_at_its_place(tab):
    """A second click presses no other control."""
    page = tab("#lesson=loss", width=1280, height=800)
    page.value(LISTEN)
    for lesson in (2, 3):
        page.until_text("#lesson .place", f"Lesson {lesson} of 12")
        place = page.find("#lesson [data-action=forward]").bounding_box()
        count = page.value("barenet.lessons.lesson.steps.length")
        for step in range(2, count):
            page.to_step(step)
            box = page.find("#lesson [data-action=forward]").bounding_box()
            assert (box["y"], box["x"] + box["width"]) == (place["y"], place["x"] + place["width"])
        to_the_end_of_a_lesson(page)
        page.find("#lesson [data-action=next]").hover()
        click_where_the_mouse_is(page, times=2)
    page.until_text("#lesson .place", "Lesson 4 of 12")
    page.rest()
    assert page.value("window.pressed") == []


def test_the_enter_key_on_next_lesson_stays_at_the_foot_of_the_card(tab):
    page = tab("#lesson=overfitting")
    to_the_end_of_a_lesson(page)
    page.find("#lesson [data-action=next]").focus()
    page.key("Enter")
    page.until_text("#lesson .place", "Lesson 8 of 12")
    page.until("!barenet.lessons.forward.disabled")
    assert page.value("barenet.view.step") == "", "the first one"
    assert page.value("document.activeElement.dataset.action") == "forward"


def test_a_lesson_that_is_not_drawn_yet_skips_no_step(tab):
    page = tab("#lesson=overfitting", width=1280, height=800)
    to_the_end_of_a_lesson(page)
    page.find("#lesson [data-action=next]").hover()
    page.value(KEEP_FRAMES)
    click_where_the_mouse_is(page, times=1)
    page.until_text("#lesson .place", "Lesson 8 of 12")
    assert page.value("barenet.lessons.forward.disabled")
    click_where_the_mouse_is(page, times=2)
    page.value("window.release()")
    page.rest()
    assert page.value("barenet.view.step") == "", "the first one"
    page.until("!barenet.lessons.forward.disabled")
    page.press("Next", exact=True)
    page.until_text("#lesson .step-of", "Step 2 of")


def test_the_focus_stays_at_the_card_where_its_button_has_no_more_steps(tab):
    page = tab("#lesson=loss")
    page.until("!barenet.lessons.forward.disabled")
    last = page.value("barenet.lessons.lesson.steps.length")
    page.to_step(last - 1)
    page.find("#lesson [data-action=forward]").focus()
    page.key("Enter")
    page.until_text("#lesson .step-of", f"Step {last} of {last}")
    assert page.value("document.activeElement.id") == "lesson"
    page.key("Enter")  # which undoes nothing
    page.key("ArrowLeft")
    page.until_text("#lesson .step-of", f"Step {last - 1} of {last}")
    page.to_step(2)
    page.find("#lesson [data-action=back]").focus()
    page.key("Enter")
    page.until_text("#lesson .step-of", f"Step 1 of {last}")
    assert page.value("document.activeElement.id") == "lesson"


def test_a_press_of_enter_is_one_step_however_long_it_is_held(tab):
    page = tab("#lesson=loss")
    page.until("!barenet.lessons.forward.disabled")
    page.find("#lesson [data-action=forward]").focus()
    for _ in range(4):
        page.page.keyboard.down("Enter")
    page.page.keyboard.up("Enter")
    page.rest()
    assert page.value("barenet.view.step") == "2"
    page.until("!barenet.lessons.forward.disabled")
    page.key("Enter")
    assert page.value("barenet.view.step") == "3"


def test_the_address_leads_to_the_next_lesson_though_a_picture_writes_its_own(tab):
    page = tab("#lesson=inputs")
    to_the_end_of_a_lesson(page)
    page.value("(document.querySelector('[data-action=next]').click(), barenet.writeAddress())")
    page.until_text("#lesson .place", "Lesson 10 of 12")
    page.rest()  # a later picture would write it once more, into the address of the next test


def test_a_lesson_gives_its_own_advice(tab):
    page = tab("#lesson=xor&step=9", width=1366, height=768)
    page.until("barenet.lessons.started && !barenet.awaits")
    page.value(
        "barenet.line.send('edit', { network: 0, layer: 0, row: -1, column: 0, value: 100 })"
    )
    page.until("panels[0].frame.problems.some((problem) => problem.remedy === 'weights')")
    page.play("header.epoch > 5")
    page.pause()
    page.rest()
    assert page.find(".words").first.is_hidden(), "more neurons are what the lesson asks for"
    page.until_text("#lesson .result", "Not yet. Add a neuron")


def test_controls_are_hidden_and_a_lesson_is_chosen_by_the_address(tab):
    page = tab("#lesson=nothing")
    page.until_text("#notice", "There is no lesson “nothing” here.")
    assert page.find("#lesson").is_hidden()
    page.visit("#data=moons&hide=optimizer~loss~body")
    assert not page.find("[data-field=optimizer]").is_visible()
    assert not page.find("[data-field=loss]").is_visible()
    assert page.find("[data-field=learning_rate]").is_visible()
    page.use("circles")
    assert "hide=optimizer~loss" in page.value("location.hash")
    selectors = page.value("barenet.catalog.controls")
    assert list(selectors) == list(CONTROLS) and len(selectors) > 20
    page.value("(document.querySelectorAll('details').forEach((each) => (each.open = true)))")
    missing = [n for n, each in selectors.items() if not page.find(f":is({each})").count()]
    assert missing == ["remedy"], "there is no problem"


def test_the_cost_of_a_probability_is_drawn_in_the_lesson_on_the_loss(tab):
    page = tab("#lesson=loss&step=2")
    page.until_text(".log-loss output", "p = 0.60, −log p = 0.51")
    slider = page.labelled("Probability p of the true colour")
    for value, words in (("0.5", "p = 0.50, −log p = 0.69"), ("1", "p = 1.00, −log p = 0")):
        slider.fill(value)
        page.until_text(".log-loss output", words)
    box, mouse = page.find(".log-loss .drawn").bounding_box(), page.page.mouse
    dot = page.find(".log-loss .dot").bounding_box()
    mouse.move(dot["x"] + dot["width"] / 2, dot["y"] + dot["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 9, steps=3)
    mouse.up()
    page.until_text(".log-loss output", "p = 0.25, −log p = 1.4")
    assert page.text(".log-loss .axis.x") == "p" and page.text(".log-loss .axis.y") == "−log p"


def test_the_table_of_a_class_has_room_for_all_lessons(tab):
    page = tab("#lesson=xor&step=9", 1280, 720)
    page.until_text("#lesson .place", "Lesson 6 of 12")
    page.click(".contents summary")
    page.press("For teachers: a class")
    page.fill("#class textarea", "Ada #passed=1.12")
    assert page.value("document.querySelector('#class .many').clientWidth") > 500
    room = "(({ scrollWidth, clientWidth }) => scrollWidth - clientWidth)"
    assert page.value(f"{room}(document.querySelector('#class .many'))") == 0

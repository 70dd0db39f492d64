"""The page on a slow machine: answers and frames that come late, in every order that can occur.

The tests keep messages of the server, or frames of the browser, and let them go one by one.
"""

import pytest

from .conftest import IS_SITE, KEEP_FRAMES

pytestmark = pytest.mark.integration

#: Keeps the messages of one type; `letGo()` delivers the oldest of them.
KEEP = """(() => {
  const { line } = barenet;
  const take = line.onMessage;
  window.kept = [];
  line.onMessage = (message) =>
    message.type === %r ? kept.push(message) : take(message);
  window.letGo = () => take(kept.shift());
  window.letAllGo = () => {
    line.onMessage = take;
    kept.splice(0).forEach(take);
  };
})()"""


def keep(page, kind):
    page.value(KEEP % kind)


def wait_for(page, count):
    """Wait until some messages are kept."""
    page.until(f"kept.length === {count}")


def test_changes_that_follow_each_other_are_all_made_though_the_answers_are_late(tab):
    page = tab("#net.hidden=4&net.activations=tanh")
    more = page.labelled("One neuron more in layer 1")
    keep(page, "state")
    for count in (1, 2):
        more.click()
        wait_for(page, count)
    page.value("letGo()")
    more.click()  # the second answer is still on its way
    page.value("letAllGo()")
    page.until("settings.hidden[0] === 7")


def test_inputs_that_are_clicked_before_an_answer_are_all_taken(tab):
    page = tab("#net.hidden=3")
    keep(page, "state")
    for name in ("x₁²", "x₂²"):
        page.labelled(f"Input {name}", exact=True).click()
    page.value("letAllGo()")
    page.until("data.features.join() === 'x1,x2,x1^2,x2^2'")


def test_two_columns_that_are_moved_before_an_answer_are_both_moved(tab):
    page = tab("#data=wine")
    page.click(".fixed-columns summary")
    sliders = page.find(".fixed-fields input")
    keep(page, "state")
    for count, place in enumerate((0, 1), start=1):
        sliders.nth(place).focus()
        page.key("PageDown")
        wait_for(page, count)
    page.value("letAllGo()")
    page.until("data.fixed.filter(({ moved }) => moved).length === 2")


def test_a_change_waits_for_the_data_that_were_chosen_before_it(tab):
    page = tab("#data=circles")
    keep(page, "state")
    page.select("[data-field=optimizer]", "sgd")
    wait_for(page, 1)
    page.click("[data-name=xor]")
    wait_for(page, 2)
    page.select("[data-field=learning_rate]", "0.3")
    page.value("letGo()")
    page.value("letAllGo()")
    page.until("settings.learning_rate === 0.3")
    assert page.value("[state.data.source, settings.optimizer]") == ["xor", "sgd"]


def test_a_lesson_does_not_begin_with_the_answer_to_a_change_before_it(tab):
    page = tab("#data=circles&net.hidden=3")
    keep(page, "state")
    page.select("[data-field=optimizer]", "sgd")
    wait_for(page, 1)
    page.value("location.hash = 'lesson=activation&step=2'")
    wait_for(page, 2)
    page.value("letGo()")
    assert page.value("barenet.awaits") and page.find("#lesson").is_hidden()
    page.value("letAllGo()")
    page.until_text("#lesson .step-of", "Step 2 of 4")
    page.rest()
    assert page.value("state.data.source") == "moons"


def test_a_refused_address_leaves_the_settings_of_the_change_before_it(tab):
    page = tab("#data=circles&net.hidden=3")
    keep(page, "state")
    page.select("[data-field=optimizer]", "sgd")
    wait_for(page, 1)
    page.value("location.hash = 'data=nowhere'")
    page.until_text("#notice", "unknown 'nowhere'")
    page.value("letAllGo()")
    assert page.value("[state.data.source, settings.optimizer]") == ["circles", "sgd"]
    assert "net.optimizer=sgd" in page.value("location.hash")


def test_a_link_is_followed_though_a_picture_writes_the_address(tab):
    page = tab("#data=circles")
    page.value("(location.hash = 'data=xor', barenet.writeAddress())")
    page.until("data.name === 'xor'")
    page.rest()
    assert page.value("location.hash").startswith("#data=xor")


def test_a_slider_keeps_its_value_though_an_answer_arrives(tab):
    """Safari gives no focus to a slider that is moved."""
    page = tab("#data=circles")
    page.value("""(() => {
      const slider = document.querySelector("#noise");
      slider.value = 0.2;
      slider.dispatchEvent(new Event("input"));
      barenet.describe(barenet.described);
    })()""")
    page.until("state.data.noise === 0.2")


#: Moves a slider of the open neuron, to which it gives no focus.
MOVE = """((row, value) => {
  const slider = document.querySelectorAll("#neuron input[type=range]")[row];
  slider.value = value;
  slider.dispatchEvent(new Event("input"));
})(%d, %r)"""
#: The first two weights of the first neuron.
WEIGHTS = "[0, 1].map((row) => panels[0].frame.weights[barenet.neuron.weights.fields[row].index])"


def let_one_go(page):
    """Deliver the oldest frame, and wait until it is drawn."""
    drawn = page.value("barenet.frames.drawn")
    page.value("letGo()")
    page.until(f"barenet.frames.drawn > {drawn}")


def test_a_weight_that_a_late_picture_shows_as_it_was_is_put_back(tab):
    page = tab("#data=circles&net.hidden=2&net.activations=tanh")
    page.open_neuron(1)
    page.rest()
    before = page.value(WEIGHTS)
    keep(page, "frame")
    page.value(MOVE % (0, 1.5))
    wait_for(page, 1)
    page.value(MOVE % (1, -2.5))
    let_one_go(page)  # the picture of the first change
    assert page.value("barenet.neuron.weights.fields[1].value") == -2.5, "as it was set"
    page.press("Put back")
    page.value("letAllGo()")
    page.until(f"JSON.stringify({WEIGHTS}) === JSON.stringify({before})")
    page.rest()
    assert page.value(WEIGHTS) == before


def test_a_weight_that_is_changed_again_after_it_was_put_back_returns_to_its_first_value(tab):
    page = tab("#data=circles&net.hidden=2&net.activations=tanh")
    page.open_neuron(1)
    page.rest()
    before = page.value(WEIGHTS)
    keep(page, "frame")
    page.value(MOVE % (0, 1.5))
    wait_for(page, 1)
    page.press("Put back")
    let_one_go(page)  # the picture of the first change
    page.value(MOVE % (0, 2.5))
    page.press("Put back")
    page.value("letAllGo()")
    page.until(f"JSON.stringify({WEIGHTS}) === JSON.stringify({before})")
    page.rest()
    assert page.value(WEIGHTS) == before


def test_a_pass_that_is_opened_before_the_training_is_seen_pauses_it(tab):
    page = tab("#data=circles&net.hidden=2&net.activations=tanh")
    page.value("barenet.probe.choose(barenet.probe.points()[0])")
    keep(page, "frame")
    page.click("#play")
    page.until("kept.some(({ networks }) => networks[0].playing)")
    page.click(".pass-open")
    page.value("letAllGo()")
    page.until("!header.playing")
    page.rest()
    assert not page.value("barenet.playing")


PASS = "barenet.passes.passes[0]"


def test_a_pass_shows_nothing_of_an_earlier_point(tab):
    page = tab("#data=circles&net.hidden=2&net.activations=tanh")
    page.value("barenet.probe.choose(barenet.probe.points()[0])")
    page.click(".pass-open")
    page.until(f"{PASS}.pass && !{PASS}.query.sent")
    keep(page, "backward_pass")
    chosen = page.value("barenet.probe.points().slice(1, 3).map(({ row }) => row)")
    for row in chosen:
        page.value(f"barenet.probe.choose(barenet.probe.points().find((p) => p.row === {row}))")
    wait_for(page, 1)
    first = page.value(f"JSON.stringify({PASS}.pass.answer.inputs)")
    earlier = page.value("JSON.stringify(kept[0].inputs)")
    assert earlier != first
    page.value("letGo()")
    assert page.value(f"JSON.stringify({PASS}.pass.answer.inputs)") == first
    page.value("letAllGo()")
    page.until(f"JSON.stringify({PASS}.pass.answer.inputs) !== {first!r}")
    assert page.value(f"JSON.stringify({PASS}.pass.answer.inputs)") != earlier


@pytest.mark.skipif(IS_SITE, reason="BARENET_SITE: static files have no connection")
def test_an_answer_that_is_lost_with_the_connection_is_requested_again(tab):
    page = tab("#data=circles")
    keep(page, "view_neuron")
    page.find(".column").nth(1).locator(".neuron").first.click()
    wait_for(page, 1)
    page.value("barenet.line.socket.close()")
    page.value("(kept.splice(0), letAllGo())")
    page.until("barenet.neuron.answer")


@pytest.mark.skipif(IS_SITE, reason="BARENET_SITE: static files have no connection")
def test_a_picture_from_before_the_connection_was_lost_shows_no_training(tab):
    page = tab("#pace=0")
    page.play("header.epoch > 5 && barenet.playing")
    page.value(KEEP_FRAMES)
    page.value("""new Promise((resolve) => {
      const { socket } = barenet.line;
      const take = socket.onmessage;
      socket.onmessage = (event) => {
        take(event);
        if (barenet.latest) {
          barenet.line.open = () => {}; // this connection stays lost
          socket.close();
          resolve();
        }
      };
      if (barenet.latest) socket.close(), (barenet.line.open = () => {}), resolve();
    })""")
    page.until("barenet.line.lost === 1")
    page.value("release()")
    assert not page.value("barenet.playing")
    assert page.labelled("Play", exact=True).is_visible()


def test_a_drawing_that_was_cleared_is_not_read(tab):
    page = tab("#data=digits", width=1366, height=768)
    page.page.get_by_role("tab", name="Draw").click()
    page.value(KEEP_FRAMES)
    page.find(".pad").click()
    page.press("Clear")
    page.value("release()")
    view = "barenet.tools.find((tool) => tool.image === null && tool.views).views[0]"
    assert not page.value(f"{view}.conversion.sent") and not page.value(f"{view}.drawn")


#: The page awaits a weight that its network never gets.
AWAIT = """(() => {
  const { line } = barenet;
  const send = line.send.bind(line);
  line.send = (type, fields) => type === "plan" || send(type, fields);
  barenet.plan([[{ epoch: 0, index: 0, value: 9 }]]);
})()"""


def test_other_data_are_shown_though_the_network_before_has_not_arrived(tab):
    page = tab("#data=circles")
    page.value(AWAIT)
    page.use("xor")
    assert page.value("barenet.arrival") is None


def test_a_network_that_never_arrives_is_shown_after_a_while(tab):
    page = tab("#data=circles")
    page.value(AWAIT)
    page.click("#step")
    page.until("barenet.held?.networks[0].epoch === 1")
    assert page.text("#epoch") == "0"
    page.until("document.querySelector('#epoch').textContent === '1'")


#: Another clock, from now on: it is minutes later.
LATER = "(() => { const now = performance.now.bind(performance);"
LATER += " performance.now = () => now() + 300_000; })()"


def test_a_first_picture_that_comes_late_waits_for_the_weights_of_its_address(tab):
    page = tab("#data=xor&net.hidden=2&net.activations=tanh")
    keep(page, "frame")
    page.value("location.hash = 'data=moons&net.hidden=2&net.activations=tanh&net.edits=0_0_2.5'")
    page.until("kept.length && kept.at(-1).version === barenet.version && !barenet.awaits")
    page.value(LATER)
    page.value("""(() => {
      window.early = structuredClone(kept.at(-1));
      early.networks[0].edits = [];
      barenet.receive(early);
    })()""")
    assert page.value("barenet.held === early")
    page.value("letAllGo()")
    page.until("!barenet.arrival && header.edits.length === 1")
    page.rest()

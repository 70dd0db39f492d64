"""Training on the page: its controls, curves and messages."""

import numpy as np
import pytest

pytestmark = pytest.mark.integration

#: Notes what the page orders from now on to play and to pause.
COUNT_ORDERS = """(() => {
  const { line } = barenet;
  const send = line.send.bind(line);
  window.orders = [];
  line.send = (type, ...fields) => {
    if (["play", "pause"].includes(type)) window.orders.push(type);
    return send(type, ...fields);
  };
})()"""


@pytest.mark.pyodide
def test_buttons_and_keys_step_and_play_and_reset_keeps_the_initial_weights(tab):
    page = tab()
    first = page.parameters()
    page.step(1, 2)
    assert page.parameters() != first
    page.click("#reset")
    page.until("header.epoch === 0")
    assert page.parameters() == first
    page.press("New weights")
    page.until("settings.seed === 1")
    second = page.parameters()
    assert second != first
    page.step(1)
    page.press("Reset: start again from the same initial weights")
    page.until("header.epoch === 0")
    assert page.parameters() == second
    page.key("n")
    page.until("settings.seed === 2")
    page.key(".")
    page.until("header.epoch === 1")
    page.key(" ")
    page.until("barenet.playing")
    page.key(" ")
    page.until("!barenet.playing")
    page.key("r")
    page.until("header.epoch === 0")
    page.click("#batch")
    page.until("header.batch[0] === 1")
    page.key(" ")
    page.until("barenet.playing && header.epoch > 1")


def test_a_press_of_space_plays_or_pauses_once_however_long_it_is_held(tab):
    page = tab()
    page.page.keyboard.down(" ")
    page.until("barenet.playing && header.epoch > 0")
    page.value(COUNT_ORDERS)
    for _ in range(3):
        page.page.keyboard.down(" ")  # the key repeats
    page.page.keyboard.up(" ")
    assert page.value("window.orders") == []
    page.key(" ")
    assert page.value("window.orders") == ["pause"]
    page.until("!barenet.playing")


def test_the_usual_learning_rate_of_an_optimizer_is_announced_and_marked(tab):
    page = tab("#data=moons")
    rate = page.find("[data-field=learning_rate]")
    page.choose("optimizer", "sgd")
    page.until_text("#notice", "The learning rate is now 0.1, as is usual for SGD.")
    assert page.find("#notice").get_attribute("role") == "status", "it is read aloud"
    assert rate.input_value() == "0.1" and "moved" in rate.get_attribute("class")
    page.choose("optimizer", "adam")
    page.until_text("#notice", "The learning rate is now 0.001, as is usual for Adam.")
    page.value("barenet.notice('')")
    page.choose("optimizer", "rmsprop")
    assert rate.input_value() == "0.001"
    assert page.find("#notice").is_hidden(), "its usual rate is that of Adam"


def test_epochs_batches_and_edited_weights_update_losses_and_the_curve(tab):
    page = tab("#pace=0")
    shown = "document.querySelector('.scores').innerText"
    drawn = "panels[0].curve.lines()"
    seen = {page.value(shown)}
    for batch in (1, 2):
        page.click("#batch")
        page.until(f"header.batch[0] === {batch}")
        page.rest()
        seen.add(page.value(shown))
        epochs = page.value(f"{drawn}[0].places.map(([epoch]) => epoch)")
        assert epochs == pytest.approx([0, batch / 16])
    assert len(seen) == 3
    page.open_neuron(1)
    page.slide(0, 3)
    page.rest()
    assert page.value(shown) not in seen
    loss, test_loss = page.value(f"[0, 1].map((each) => {drawn}[each].places.at(-1)[1])")
    assert f"{loss:.3f}" in page.value(shown) and f"{test_loss:.3f}" in page.value(shown)
    page.close_neuron()
    page.step(1)
    page.rest()
    epochs = page.value(f"{drawn}[0].places.map(([epoch]) => epoch)")
    assert epochs == [0, 1], "an epoch has its own measure"
    assert page.text("#epoch") == "1"
    _, loss, test_loss, *_ = page.header("newest")
    assert page.text(".loss") == f"{loss:.3f}"
    assert page.text(".test-loss") == f"{test_loss:.3f}"
    page.click("#regenerate")
    page.until(f"{drawn}[1].places.length === 1")


def test_the_curve_has_a_log_scale_values_and_marks(tab):
    page = tab()
    page.play("header.epoch > 20")
    page.pause()
    page.rest()
    rows = page.value("panels[0].curve.rows")
    best = min(rows, key=lambda row: row[2])
    facts = page.text(".curve-facts")
    assert facts == f"Lowest test loss: {best[2]:.3f}, at epoch {best[0]}."
    constant = page.value("panels[0].curve.lines()[2].places.map(([, loss]) => loss)")
    assert constant == pytest.approx([np.log(2)] * len(rows), rel=1e-3)
    page.find(".curve").hover(position={"x": 41, "y": 40})
    page.until("document.querySelector('.curve-facts').textContent.startsWith('Epoch 0: training')")
    assert f"test loss {rows[0][2]:.3f}." in page.text(".curve-facts")
    page.page.mouse.move(5, 5)
    page.until("document.querySelector('.curve-facts').textContent.startsWith('Lowest')")
    linear = page.value("document.querySelector('.curve').toDataURL()")
    page.labelled("Log scale").check()
    page.until("panels[0].curve.log && location.hash === '#log=true'")
    assert page.value("document.querySelector('.curve').toDataURL()") != linear
    page.click("#compare")
    page.until("panels.length === 2 && panels[1].frame")
    page.until("panels[1].curve.compared.length > 20")
    assert page.value("panels[1].curve.lines()[3].places.length") > 20
    assert page.find(".key .other-network").nth(1).is_visible()


def test_overfitting_is_reported_with_its_epoch(tab):
    page = tab("#data=moons&noise=0.4&samples=60&net.hidden=32~32&net.activations=relu~relu&pace=0")
    page.click("#play")
    facts = "document.querySelector('.curve-facts').textContent"
    page.until(f"{facts}.startsWith('Overfits since epoch')")
    page.pause()
    page.rest()
    rows = page.value("panels[0].curve.rows")
    best = page.header("lowest")
    assert best[2] <= min(row[2] for row in rows)
    assert page.value(facts).startswith(f"Overfits since epoch {best[0]}: test loss ")
    assert rows[-1][2] > 1.1 * best[2] and rows[-1][1] < best[1]
    page.use("circles")
    page.click("#reset")
    page.click("#step")
    page.until(f"{facts}.startsWith('Lowest test loss')")


def test_a_pace_that_the_list_does_not_have_is_shown_among_the_others(tab):
    page = tab("#data=circles&pace=5")
    options = page.find("#pace option").evaluate_all("(all) => all.map(({ value }) => value)")
    assert page.value("document.querySelector('#pace').value") == "5" and "5" in options


LONG_RUN = "#data=moons&noise=0.4&samples=100&test_size=0.6&net.hidden=16&net.activations=relu"


@pytest.mark.case(179)
def test_the_lowest_test_loss_stays_as_the_run_goes_on(tab):
    page = tab(f"{LONG_RUN}&net.learning_rate=0.01&pace=0")
    page.play("header.epoch > 300")
    page.pause()
    page.rest()
    early = page.header("lowest")
    facts = "document.querySelector('.curve-facts').textContent"
    assert page.value(facts).startswith(f"Overfits since epoch {early[0]}: ")
    # The curve is thinned out again and again; which rows it loses depends on how fast they came.
    page.play(f"!panels[0].curve.rows.some((row) => row[0] === {early[0]})")
    page.pause()
    page.rest()
    assert page.header("lowest") == early
    assert page.value(facts).startswith(f"Overfits since epoch {early[0]}: ")
    drawn = page.value("panels[0].curve.lines()[1].places")
    assert [early[0], early[2]] in drawn, "the ring lies on the line"


def test_training_can_return_to_an_earlier_epoch(tab):
    page = tab("#pace=0")
    page.play("header.epoch > 300")
    page.pause()
    page.until("barenet.saved.length > 20")
    last, kept = page.header("epoch"), page.value("barenet.saved")
    page.find("#scrub").fill("10")
    page.until(f"header.epoch === {kept[10]}")
    page.rest()
    shown, place = page.value("(({ rows, place }) => [rows.at(-1)[0], place])(panels[0].curve)")
    assert (shown, place) == (last, kept[10]), "the curve stays, and the place is marked on it"
    assert f"Back at epoch {kept[10]} of {last:,}" in page.text(".curve-facts")
    page.click("#step")
    page.until(f"header.epoch === {kept[10] + 1}")
    page.until(f"panels[0].curve.rows.at(-1)[0] === {kept[10] + 1}")
    assert "Back" not in page.text(".curve-facts")
    page.click("#reset")
    page.until("header.epoch === 0 && panels[0].curve.rows.at(-1)[0] === 0")


def test_a_divergence_is_reported_and_recovered(tab):
    page = tab("#data=plane&net.optimizer=sgd&net.learning_rate=2.1&pace=0")
    first = page.parameters()
    page.play("header.failed && !document.querySelector('.words').hidden")
    words = page.text(".words")
    assert "diverged" in words and "back at epoch 0" in words and "learning rate" in words
    assert "NaN" not in page.text("main")
    assert page.parameters() == first, "the last healthy weights"
    page.press("Continue from the best epoch with the rate 0.21", exact=True)
    page.until("header.newest?.[4] > 0.9")
    assert page.value("settings.learning_rate") == 0.21
    page.until("document.querySelector('.words').hidden")


def test_saturation_is_reported_with_advice(tab):
    page = tab("#net.learning_rate=10&pace=0")
    page.click("#play")
    words = "document.querySelector('.words').textContent"
    page.until(f"{words}.includes('saturated (tanh near −1 or 1)')")
    page.choose("learning_rate", "0.01")
    page.press("Start again with new weights")
    page.until("settings.seed === 1 && barenet.playing")
    page.until("header.newest?.[3] > 0.99 && document.querySelector('.words').hidden")


@pytest.mark.pyodide
def test_every_choice_takes_effect(tab):
    page = tab()
    choices = [
        *(("optimizer", "momentum"), ("learning_rate", "0.1"), ("loss", "squared_error")),
        *(("penalty", "l1"), ("penalty_rate", "0.01"), ("batch_size", "0")),
        *(("activations", "relu"), ("optimizer", "muon")),
        ("optimizer", "lbfgs"),
    ]
    for field, value in choices:
        page.choose(field, value)
        setting = page.value(f"settings.{field}")
        assert str(setting[0] if isinstance(setting, list) else setting) == value
        page.step(page.header("epoch") + 1)
        assert not page.header("failed"), value


def test_advanced_choices_can_be_expanded(tab):
    page = tab()
    page.click(".more summary")
    fields = [page.find(f"[data-field={name}]") for name in ("schedule", "dropout")]
    assert len({each.bounding_box()["y"] for each in fields}) == 1, "in one line"
    page.choose("schedule", "cosine")
    page.choose("dropout", "0.2")
    page.fill("[data-field=stop_epoch]", "-5")
    page.key("Enter")
    page.until_text("#notice", "stop_epoch")
    assert page.find("[data-field=stop_epoch]").input_value() == "", "it is refused"
    page.fill("[data-field=stop_epoch]", "7")
    page.key("Tab")
    page.until("settings.stop_epoch === 7")
    seed = page.value("settings.seed")
    page.click("[data-action=weights]")
    page.until(f"settings.seed === {seed + 1}")
    page.click("#play")
    assert not page.find(".more > .fields").is_visible(), "it hides nothing any more"
    page.until("header.epoch === 7 && !barenet.playing")
    assert "as set" in page.header("message")[0]
    page.click(".more summary")
    page.fill("[data-field=stop_loss]", "5")
    page.key("Tab")
    page.until("settings.stop_loss === 5")
    page.play("String(header.message).includes('training loss has reached')")
    assert page.header("newest")[1] <= 5 and not page.header("playing")

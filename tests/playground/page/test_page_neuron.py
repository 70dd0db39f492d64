"""A neuron of the page enlarged."""

import re

import numpy as np
import pytest

pytestmark = pytest.mark.integration


def test_the_neuron_panel_has_the_formulas(tab):
    page = tab()
    to_play = page.page.get_by_text("Press ▶ and watch the network learn")
    invitation = page.page.get_by_text("Tap or click a neuron to see how it computes its output.")
    assert to_play.is_visible() and not invitation.is_visible()
    page.play("header.epoch > 5")
    page.pause()
    assert invitation.is_visible() and not to_play.is_visible()
    seen = page.open_neuron(1)
    words = page.text("#neuron .why")
    assert "y = " not in words and "a = tanh(z)" in words
    assert "On the thick line, z = 0. Move a weight, and the line moves." in words
    scaled = "0 is their mean, 1 a standard deviation, a typical distance."
    assert scaled in page.text("#neuron .likeness .hint")
    for value in (*seen["weights"], seen["bias"]):
        assert f"{abs(value):.2f}" in page.text("#neuron .sum")
    page.close_neuron()
    assert not invitation.is_visible()
    page.page.reload()
    page.until("window.barenet?.frames.drawn > 0")
    assert not invitation.is_visible(), "the browser remembers"


@pytest.mark.pyodide
def test_a_weight_turns_the_line_with_its_arrow_and_the_bias_shifts_it(tab):
    page = tab()
    first = page.open_neuron(1)
    pictures = [page.picture(), page.portrait()]
    turned = page.slide(0, -1.5)
    assert turned["arrow"][2:] != pytest.approx(first["arrow"][2:], abs=0.05)
    assert "−1.50 · x₁" in page.text("#neuron .sum")
    assert page.portrait() != pictures[1] and page.picture() != pictures[0]
    shifted = page.slide(2, 0.6)
    assert shifted["arrow"][2:] == pytest.approx(turned["arrow"][2:], abs=1e-3)
    assert shifted["line"] != turned["line"]
    page.slide(0, 0.1)
    page.slide(2, 3.0)
    assert "The thick line lies outside of this picture." in page.text("#neuron .why")
    page.press("Put back")
    page.until(f"barenet.neuron.answer.bias === {first['bias']}")
    page.until(f"barenet.neuron.answer.line.join() === {','.join(map(str, first['line']))!r}")
    page.slide(1, 0)
    for weight in (2, -2):
        seen = page.slide(0, weight)
        assert seen["arrow"][2] == pytest.approx(weight / 2)
        assert max(page.value(ARROWS_HEAD)[:3]) < 80, "ink, and no label over it"


def change(page, *weights):
    """Set the weights of the open neuron by its sliders, and return the words on them."""
    for row, weight in enumerate(weights):
        page.slide(row, weight)
    expected = "[...barenet.neuron.answer.weights, barenet.neuron.answer.bias]"
    page.until(f"{expected}.every((each, row) => Math.abs(each - {list(weights)}[row]) < 1e-6)")
    return page.text("#neuron .why")


def test_an_output_of_a_class_is_compared_with_the_other_classes(tab):
    page = tab("#data=iris&net.hidden=2&net.activations=tanh")
    page.open_neuron(2)
    name = page.text("#side-title").removeprefix("Output ")
    assert "y = softmax(z, …)" in page.text("#neuron .why")
    assert f"On the thick line, {name} is as likely as another class." in page.text("#neuron .why")
    for bias, percent in ((3, 100), (-3, 0)):
        words = change(page, 0.1, 0.1, bias)
        assert "The thick line lies outside of this picture." in words
        label = page.value("document.querySelector('.portrait').getAttribute('aria-label')")
        assert f"its sum is the largest in {percent} % of the plane" in label


#: The pixel at the head of the arrow.
ARROWS_HEAD = (
    "(() => { const canvas = document.querySelector('.portrait'), [x, y, right, down] ="
    " barenet.neuron.answer.arrow, at = (from, step, side) => Math.round((from + 0.14 * step) *"
    " side) - Math.sign(step); return [...canvas.getContext('2d').getImageData(at(x, right,"
    " canvas.width), at(y, down, canvas.height), 1, 1).data]; })()"
)


def test_later_neurons_mix_the_lines_before_them(tab):
    page = tab()
    page.open_neuron(1)
    page.press("Next: layer 2")
    page.until("barenet.neuron.answer?.layer === 1")
    assert len(page.value("barenet.neuron.answer.before")) == 4
    assert "Thin: the lines of the neurons before it" in page.text("#neuron .likeness .hint")
    assert "· n₁" in page.text("#neuron .sum") and "a = tanh(z)" in page.text("#neuron .sum")
    page.press("Next: the output")
    page.until("barenet.neuron.answer?.layer === 2")
    assert "y = sigmoid(z)" in page.text("#neuron .sum")
    assert page.text("#side-title") == "Output y"


def test_the_formula_of_a_small_weight_and_of_an_output_without_an_activation(tab):
    page = tab("#data=sine&net.hidden=2&net.activations=tanh")
    page.open_neuron(2)
    assert "y = z" in page.text("#neuron .sum")
    page.press("Close")
    page.open_neuron(1)
    page.slide(0, 0.004)
    assert "z = 0.004 · x" in page.text("#neuron .sum"), "not 0.00"


#: The mark on a curve: its sum and its output.
MARK = """((mark) => [mark.cx, mark.cy].map((each) => each.baseVal.value))
  (document.querySelector('%s circle'))"""


def test_the_curve_of_an_activation_has_the_sum_of_the_neuron(tab):
    page = tab("#data=moons&net.hidden=2&net.activations=tanh")
    page.open_neuron(1)
    middle = page.value("barenet.neuron.answer.sums[24 * 48 + 24]")
    curve = "#neuron .activation-curve"
    assert page.value(MARK % curve) == pytest.approx([middle, -np.tanh(middle)], abs=1e-5)
    assert page.text(curve).startswith("tanh(")
    page.find(".portrait").hover(position={"x": 10, "y": 12})
    page.until(f"{MARK % curve}[0] !== {middle}")
    here, output = page.value(MARK % curve)
    assert -output == pytest.approx(np.tanh(here), abs=1e-5) and abs(here - middle) > 0.1
    points = page.find(f"{curve} .bend").get_attribute("points").split()
    across, down = np.array([each.split(",") for each in points], float).T
    assert -down == pytest.approx(np.tanh(across)), "the curve itself"
    page.find(".column.answers .neuron").click()
    page.until("barenet.neuron.answer?.layer === 1")
    assert not page.find(curve).is_visible(), "its sigmoid is explained in words"
    beside = ".learning .activation-curve"
    heights = {}
    for name in ("relu", "identity"):
        page.choose("activations", name)
        points = page.find(f"{beside} .bend").get_attribute("points").split()
        heights[name] = [-float(each.split(",")[1]) for each in (points[0], points[-1])]
    assert heights == {"relu": pytest.approx([0, 3.3]), "identity": pytest.approx([-3.3, 3.3])}
    page.visit("#data=moons&net.hidden=2~2&net.activations=tanh~relu")
    assert not page.find(beside).is_visible(), "mixed"
    page.visit("#data=breast_cancer&net.hidden=&net.activations=")
    chosen = "document.querySelector('[data-field=activations]').selectedOptions[0].text"
    assert page.value(chosen) == "none", "there is no hidden layer"
    for field in ("penalty", "penalty_rate"):
        assert page.find(f"[data-field={field}]").is_visible(), "what is seen has its name"


def test_a_probed_point_has_its_place_on_the_curve_of_each_hidden_neuron(tab):
    edits = "0_0_1*0_1_-1*0_2_1*0_3_1*0_6_1*0_7_-1"  # those of lesson 5
    settings = "net.hidden=2&net.activations=tanh"
    page = tab(f"#data=xor&{settings}&net.edits={edits}&probe=0.6651~0.5494")
    page.until_text("#side .verdict", "75.0 %; in truth: 0")
    assert page.find(".tree .activation-curve").count() == 0, "those of neurons that are unfolded"
    page.find(".tree .fold .fold > summary").last.click()
    page.until("document.querySelector('.tree circle')")
    z, output = page.value(MARK % ".tree")
    assert -output == pytest.approx(-0.415, abs=0.001) and np.tanh(z) == pytest.approx(-output)
    ends = page.find(".tree .slope").get_attribute("points").split()
    (x0, y0), (x1, y1) = (map(float, each.split(",")) for each in ends)
    assert -(y1 - y0) / (x1 - x0) == pytest.approx(1 - 0.415**2, abs=0.001), "the tangent"


def test_the_rule_of_each_optimizer_is_complete(tab):
    page = tab()
    texts = page.value(
        "import('./network/step-words.js').then(({ ruleOf }) =>"
        " [...barenet.catalog.optimizers, 'adam:beta1=0.8', 'mine'].map((optimizer) =>"
        " ruleOf({ optimizer }, { learning_rate: 0.1 })))"
    )
    assert len(texts) > 5
    assert not [text for text in texts if re.search("undefined|NaN|null|object|  ", text)]

"""The page in other languages: what is shown, how it is chosen, and whether it has room."""

import json
import re

import pytest

from barenet.playground._page_files import LANGUAGES

from .conftest import START, UNGUARDED

pytestmark = pytest.mark.integration

CATALOGUES = {path.stem: json.loads(path.read_text("utf-8")) for path in LANGUAGES.glob("*.json")}
TAGS = {"de": "de", "es": "es", "zh": "zh-Hans"}
LANGUAGE = "document.documentElement.lang"
#: The catalogues that the page has loaded.
LOADED = """performance.getEntriesByType("resource").map(({ name }) => name)
  .filter((name) => name.includes("/languages/"))"""
#: Texts that are seen, of elements that have texts of their own.
TEXTS = """[...document.querySelectorAll("body *")]
  .filter((each) => each.checkVisibility() && !each.closest("[translate=no], code, pre, option"))
  .flatMap((each) => [...each.childNodes].filter(({ nodeType }) => nodeType === 3))
  .map(({ data }) => data.trim().replace(/\\s+/g, " "))"""
#: Words that are cut off: at the edge of their element, or of the window.
CUT = """[...document.querySelectorAll("header *, main *")]
  .filter((each) => each.checkVisibility() && each.innerText?.trim()
    && each.matches("h2, h3, p, button, summary, label, dt, dd, legend, li, .set span, a")
    && !each.closest("select, .unseen, .many, .stage, .axis, .ticks"))
  .filter((each) => each.scrollWidth > each.clientWidth + 1 && each.clientWidth > 0
    || each.getBoundingClientRect().right > innerWidth + 1)
  .map((each) => `${each.className} ${each.innerText}`)"""
#: Controls and words of the bar and of the cards' heads that lie over each other.
OVERLAPPING = """(() => {
  const selectors = "header button, header select, header label, .head > *, .scores > div, " +
    ".lesson-head > *, .onward > *, .checks > *, .orders > *, .key > *";
  const shown = [...document.querySelectorAll(selectors)].filter((each) => each.checkVisibility()
    && each.getBoundingClientRect().width > 0);
  const box = (each) => each.getBoundingClientRect();
  return shown.flatMap((a, place) => shown.slice(place + 1)
    .filter((b) => !a.contains(b) && !b.contains(a) && a.offsetParent === b.offsetParent)
    .filter((b) => Math.min(box(a).right, box(b).right) - Math.max(box(a).left, box(b).left) > 1
      && Math.min(box(a).bottom, box(b).bottom) - Math.max(box(a).top, box(b).top) > 1)
    .map((b) => `${a.innerText} | ${b.innerText}`));
})()"""


def visit(page, address):
    """Open another address of the page, with its query."""
    home = page.address.partition("#")[0].partition("?")[0]
    page.open(home + address)


@pytest.mark.parametrize("language", CATALOGUES)
def test_the_page_and_its_course_are_in_the_language_of_the_address(tab, language):
    words = CATALOGUES[language]
    page = tab(f"?lang={language}{START}")
    assert page.value(LANGUAGE) == TAGS[language]
    assert page.page.input_value("#language") == language
    assert page.find("#play").get_attribute("aria-label") == words["Play"]
    assert (
        page.find("#reset").get_attribute("title")
        == words["Reset: start again from the same initial weights (R)"]
    )
    assert page.text("#data-title") == words["Data"]
    assert page.text("[data-name=circles]") == words["Circle"]
    assert words["a circle within a circle, two classes"] in page.text("#described")
    assert page.text(".output .tabs .tab >> nth=1") == words["Landscape"]
    mixed = page.text(".about p >> nth=0")
    key = next(key for key in words if key.startswith("The network on this page is a {0}"))
    assert mixed == words[key].replace("{0}", "barenet.Network").replace("{1}", "barenet.train")
    english = {key for key, word in words.items() if word != key and re.search("[a-z]{2}", key)}
    assert set(page.value(TEXTS)) & english == set()
    visit(page, f"?lang={language}#lesson=one-neuron")
    page.until_text("#lesson h2", words["One neuron draws a line"])
    assert page.text(".step-of") == words["Step {0} of {1}"].format(1, 5)
    assert set(page.value(TEXTS)) & english == set()
    page.open_neuron(1)
    page.until_text("#neuron .why", words["Move a weight, and the line moves."])
    assert set(page.value(TEXTS)) & english == set()


@pytest.mark.pyodide
def test_a_lesson_is_passed_in_german(tab):
    words = CATALOGUES["de"]
    page = tab("?lang=de#lesson=one-neuron")
    page.until_text("#lesson h2", words["One neuron draws a line"])
    page.until("!barenet.lessons.forward.disabled")  # a second click skips no step
    for place in range(2, 6):
        page.press(words["Next"], exact=True)
        page.until_text(".step-of", words["Step {0} of {1}"].format(place, 5))
    goal = "Punkte auf der richtigen Seite (Testgenauigkeit): mindestens 98 %"
    page.until_text("#lesson .conditions", goal)
    page.press(words["Hint"], exact=True)
    first = next(key for key in words if key.startswith("In its picture, blue grows"))
    assert words[first] in page.text("#lesson .hints")
    page.open_neuron(1)
    for name, value in (("x₁", "1"), ("x₂", "1")):
        field = page.page.get_by_label(words["weight of {0}"].format(name), exact=True)
        if not field.count():
            field = page.find("#neuron table.weights input.decimal").nth("x₁x₂".index(name) // 2)
        field.fill(value)
        field.press("Enter")
    page.until_text("#lesson .result", words["Passed!"])
    assert page.find("#lesson .conditions").is_hidden()
    page.close_neuron()
    page.press(words["Next lesson"])
    page.until_text("#lesson .place", words["Lesson {0} of {1}"].format(2, 12))


#: A number with a decimal point, in texts that are seen.
POINTS = re.compile(r"\d\.\d")


#: Spanish writes numbers as German does, and Chinese as English.
MARKS = {"de": ",", "en": "."}


@pytest.mark.parametrize(("language", "mark"), MARKS.items())
def test_numbers_have_the_decimal_mark_of_the_language(tab, language, mark):
    page = tab(f"?lang={language}#data=moons&net.hidden=2&net.stop_loss=0.05")
    page.step(1)
    for place in (".scores .loss", ".scores .test-score", "#noise-value"):
        page.until_text(place, mark)
    rate = page.find("[data-field=learning_rate] option:checked")
    assert rate.inner_text() == f"0{mark}03" and rate.get_attribute("value") == "0.03"
    assert page.page.input_value("[data-field=stop_loss]") == f"0{mark}05"
    page.open_neuron(1)
    page.slide(0, 1.25)
    weight = page.find("#neuron input.decimal").first
    assert weight.input_value() == f"1{mark}25", "a field has what can be typed there"
    assert weight.get_attribute("aria-valuenow") == "1.25"
    page.until_text("#neuron .sum", mark)
    page.close_neuron()
    assert "net.stop_loss=0.05" in page.value("location.hash"), "an address is the same everywhere"
    if mark == ",":
        assert [text for text in page.value(TEXTS) if POINTS.search(text)] == []
    visit(page, f"?lang={language}#lesson=overfitting&step=9")
    page.until_text("#lesson .conditions", f"0{mark}5")
    visit(page, f"?lang={language}#lesson=error-back&step=3")
    page.until_text(".pass-formula", f"0{mark}75")
    page.until_text("#lesson .story .sum", f"0{mark}75 × 0{mark}25 ≈ 0{mark}187")
    if mark == ",":
        assert [text for text in page.value(TEXTS) if POINTS.search(text)] == []


def test_a_language_that_is_chosen_is_remembered(tab):
    page = tab(START)
    assert page.value(LANGUAGE) == "en" and page.page.input_value("#language") == "en"
    assert page.find("#language option").all_inner_texts() == [
        "English", "Español", "Deutsch", "中文",
    ]  # fmt: skip
    menu = page.labelled("Language", exact=True)
    menu.focus()
    with page.page.expect_navigation():
        menu.select_option("es")
    page.until("window.barenet?.frames.drawn > 0")
    assert page.value(LANGUAGE) == "es" and page.text("#course") == CATALOGUES["es"]["Course"]
    assert "lang=" not in page.value("location.href")
    visit(page, "#data=xor")
    assert page.value(LANGUAGE) == "es" and page.value("state.data.source") == "xor"
    visit(page, "?lang=de#data=xor")
    assert page.value(LANGUAGE) == "de", "an address comes first"
    visit(page, "#data=xor")
    assert page.value(LANGUAGE) == "es", "and is not remembered"


def test_the_language_of_the_browser_is_the_default(tab):
    page = tab(START, locale="de-AT")
    assert page.value(LANGUAGE) == "de" and page.text("#course") == CATALOGUES["de"]["Course"]
    visit(page, "?lang=en#data=xor")
    assert page.value(LANGUAGE) == "en" and page.text("#course") == "Course"
    assert tab(START, locale="fr-FR").value(LANGUAGE) == "en"


def test_an_address_keeps_a_language_only_if_it_had_one(tab):
    page = tab("?lang=de#data=xor")
    assert page.value(LOADED)[0].endswith("languages/de.json")
    page.choose("optimizer", "sgd")
    page.until("location.hash.includes('sgd')")
    assert page.value("location.search") == "?lang=de"
    visit(page, "#data=xor")
    page.choose("optimizer", "sgd")
    page.until("location.hash.includes('sgd')")
    assert "lang" not in page.value("location.href")
    assert page.value(LOADED) == [], "an English page loads no catalogue"
    visit(page, "#data=moons&lang=zh")
    assert page.value(LANGUAGE) == "zh-Hans" and page.value("data.name") == "moons"
    assert page.value("location.search") == "?lang=zh"


def test_a_sentence_without_a_translation_is_in_english(tab):
    page = tab(START, service_workers="block")
    partial = {"Course": "Kurs", "Data": ""}
    page.page.route("**/languages/de.json", lambda route: route.fulfill(json=partial))
    visit(page, "?lang=de#data=circles")
    assert page.text("#course") == "Kurs" and page.text("#data-title") == "Data"
    assert page.text("#compare") == "Compare"
    page.page.unroute("**/languages/de.json")
    page.page.route("**/languages/de.json", lambda route: route.fulfill(status=404, json={}))
    visit(page, "?lang=de#data=xor")
    assert page.text("#course") in ("Course", "Kurs"), "the page is there in any case"
    page.faults.clear()  # the browser reports the missing file


@pytest.mark.parametrize("width", [360, 1280])
def test_german_words_have_room(tab, width):
    page = tab("?lang=de#data=circles", width=width, height=800)
    for hash in ("#data=circles", "#lesson=one-neuron", "#lesson=loss&step=2", "#lesson=downhill"):
        visit(page, f"?lang=de{hash}")
        page.rest()
        assert page.value("document.documentElement.scrollWidth") <= width
        assert page.value(CUT) == [], hash
        assert page.value(OVERLAPPING) == [], hash
    visit(page, "?lang=de#lesson=one-neuron&step=9")
    page.open_neuron(1)
    assert page.value("document.documentElement.scrollWidth") <= width
    assert page.value(CUT) == [] and page.value(OVERLAPPING) == []


def test_axe_finds_no_violations_in_other_languages(tab, violations):
    page = tab("?lang=zh#lesson=one-neuron", 1366, 768, **UNGUARDED)
    page.open_neuron(1)
    assert not violations(page.page)


def test_names_from_right_to_left_leave_the_layout_as_it_is(tab, tmp_path):
    path = tmp_path / "flowers.csv"
    rows = [f"{place % 7},{place % 5},{'ab'[place % 2]}" for place in range(60)]
    path.write_text("\n".join(["طول البتلة,عرض البتلة,نوع الزهرة", *rows]), "utf-8")
    page = tab(START)
    left = page.find(".output").bounding_box()["x"]
    page.click("#own summary")
    page.upload("#csv", path)
    page.until("data.name.startsWith('flowers')")
    page.rest()
    assert page.value("document.documentElement.scrollWidth") <= 1440
    assert page.find(".output").bounding_box()["x"] == pytest.approx(left, abs=2)
    plot = page.find(".map-view .plot").bounding_box()
    axis = page.find(".map-view .axis.x").bounding_box()
    assert "طول البتلة" in page.text(".map-view .axis.x")
    assert plot["x"] <= axis["x"] and axis["x"] + axis["width"] <= plot["x"] + plot["width"] + 1
    names = page.find(".column.inputs .feature-name").all_inner_texts()
    assert "طول البتلة" in names
    page.open_neuron(1)
    label = page.find("#neuron th").first
    assert label.inner_text() == "weight of \u2068طول البتلة\u2069", "isolated from the words"
    assert label.bounding_box()["x"] >= page.find("#side").bounding_box()["x"]

"""Every state of every lesson: nothing overlaps, overflows or is hidden."""

import pytest

from barenet.playground.lessons._lessons import built_in_course

pytestmark = pytest.mark.integration

COURSE = built_in_course()
LANGUAGES = ("en", "de", "es", "zh")
#: A Chromebook, a notebook, a small notebook, a large screen and a phone.
SIZES = ((1366, 635), (1280, 720), (1024, 768), (1920, 1080), (390, 844))

#: What is wrong with the page as it is, in words:
#: - "overflow": the page is wider than its window;
#: - "cut": a text leaves its card, ends in three dots, or is scrolled within the lesson's card;
#: - "overlap": two texts, or two cards, lie on each other;
#: - "hidden": a part of the lesson's card is below the window.
FAULTS = """(() => {
  const faults = [];
  const wide = document.documentElement.scrollWidth - innerWidth;
  if (wide > 0) faults.push(`overflow: ${wide} pixels`);
  const isSeen = (element) => element.checkVisibility({ visibilityProperty: true });
  const isForReaders = (element) => element
    && (getComputedStyle(element).clipPath !== "none" || isForReaders(element.parentElement));
  const isText = ({ nodeType, data }) => nodeType === 3 && data.trim();
  const texts = [...document.querySelectorAll("main .panel *")].flatMap((element) => {
    const nodes = [...element.childNodes].filter(isText);
    if (!nodes.length || !isSeen(element) || isForReaders(element)) return [];
    if (element.closest("svg, option, select, .contents .list")) return [];
    const lines = nodes.flatMap((node) => {
      const range = document.createRange();
      range.selectNodeContents(node);
      return [...range.getClientRects()];
    });
    return [{ element, lines, words: element.textContent.trim().slice(0, 50) }];
  });
  for (const { element, lines, words } of texts) {
    const { left, right } = element.closest(".panel").getBoundingClientRect();
    const isEnding = getComputedStyle(element).textOverflow === "ellipsis";
    const isDotted = isEnding && element.scrollWidth > element.clientWidth + 1;
    const isOutside = lines.some((line) => line.left < left - 1 || line.right > right + 1);
    if (isDotted || isOutside) faults.push(`cut: ${words}`);
  }
  const meet = (one, other) =>
    Math.min(one.right, other.right) - Math.max(one.left, other.left) > 2 &&
    Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top) > 3;
  const isSheet = (element) => element.closest(".onward, .outcome, .side") && innerWidth <= 980;
  const inPlace = texts.filter(({ element }) => !isSheet(element));
  inPlace.forEach(({ lines, words }, place) => {
    for (const other of inPlace.slice(0, place)) {
      if (lines.some((line) => other.lines.some((one) => meet(line, one))))
        faults.push(`overlap: ${other.words} / ${words}`);
    }
  });
  const panels = [...document.querySelectorAll("main .panel")];
  const cards = panels.filter((card) => isSeen(card) && !isSheet(card));
  cards.forEach((card, place) => {
    for (const other of cards.slice(0, place)) {
      if (meet(card.getBoundingClientRect(), other.getBoundingClientRect()))
        faults.push(`overlap: ${other.className} / ${card.className}`);
    }
  });
  const lesson = document.querySelector("#lesson");
  for (const element of [lesson, ...lesson.querySelectorAll("*")]) {
    const { overflowY } = getComputedStyle(element);
    const isScrolled = element.scrollHeight > element.clientHeight + 1;
    const isCut = overflowY !== "visible" && isScrolled && isSeen(element);
    const isOfLesson = innerWidth > 980 && !element.closest(".contents");
    if (isCut && isOfLesson) faults.push(`cut: ${element.className}`);
  }
  const below = Math.round(lesson.getBoundingClientRect().bottom - innerHeight);
  if (innerWidth > 980 && below > 0) faults.push(`hidden: ${below} pixels of the lesson`);
  return faults;
})()"""

#: The step is drawn: it has trained its network.
DRAWN = """!barenet.awaits && barenet.lessons.started && !barenet.playing && !barenet.latest
  && header.epoch >= barenet.lessons.shown.run && !barenet.lessons.picture.isPending"""

#: Gives a wrong answer, whose reply is the longest, to the question of the step.
ANSWER = """[...document.querySelectorAll("#lesson .question:not([hidden])")].forEach((field) => {
  const choices = [...field.querySelectorAll("input[type=radio]")];
  const [number] = field.querySelectorAll("input[type=text]");
  if (choices.length) choices.at(-1).click();
  else if (number) Object.assign(number, { value: "9" }).dispatchEvent(new Event("change"));
})"""


def states_of(page, name):
    """Show each state of a lesson: its steps, the replies to a wrong answer, the hints, the end."""
    for place, step in enumerate(COURSE[name].steps):
        page.to_step(place + 1)
        page.until(DRAWN)
        page.frame()
        yield f"step {place + 1}"
        if step.questions:
            page.value(ANSWER)
            page.frame()
            yield f"step {place + 1}, answered"
    for _ in COURSE[name].hints:
        page.value("barenet.lessons.showHint()")
    page.frame()
    yield "hints"
    page.value("barenet.lessons.pass()")
    page.frame()
    yield "passed"


def faults_of(tab, home, name, language, sizes):
    """The faults of a lesson by state and size."""
    page = tab("")
    page.open(f"{home}?lang={language}#lesson={name}")
    faults = []
    for state in states_of(page, name):
        for width, height in sizes:
            page.resize(width, height)
            where = f"{name}, {state}, {width} × {height}, {language}"
            faults += [f"{where}: {fault}" for fault in page.value(FAULTS)]
    return faults


def some(names, *chosen):
    """Lessons as parameters, of which all but the chosen ones are for nightly runs."""
    return [
        name if name in chosen else pytest.param(name, marks=pytest.mark.slow) for name in names
    ]


@pytest.mark.parametrize("name", some(COURSE, "one-neuron", "error-back", "digits"))
def test_nothing_overlaps_overflows_or_is_hidden(tab, home, name):
    assert faults_of(tab, home, name, "de", SIZES[:1]) == []


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", COURSE)
def test_nothing_overlaps_overflows_or_is_hidden_in_any_window(tab, home, name, language):
    assert faults_of(tab, home, name, language, SIZES) == []

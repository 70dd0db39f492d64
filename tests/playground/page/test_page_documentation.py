"""The pages of the documentation in a browser: their search, and the questions of the lessons."""

import hashlib
import math
import re
from collections import Counter
from functools import partial
from pathlib import Path

import pytest
from tools.static_site import RUNTIME

from barenet.playground.lessons._lessons import built_in_course

from .conftest import LIGHT, UNGUARDED, QuietHandler, serving

pytestmark = [pytest.mark.integration, pytest.mark.pyodide]

ROOT = Path(__file__).parents[3]
LESSONS = [path.stem for path in (ROOT / "docs/learn").glob("*.md")]
#: Words of users, and the page that they look for.
SEARCHES = {
    "class imbalance": "estimators",
    "confidence interval": "estimators",
    "cross validation": "tuning",
    "custom loss": "extending",
    "dataloader": "scaling",
    "docker": "deploy",
    "early stopping": "learn/generalization",
    "feature importance": "why",
    "freeze layers": "extending",
    "gpu": "scaling",
    "high cardinality": "tables",
    "hyperparameter tuning": "tuning",
    "larger than memory": "scaling",
    "learning rate finder": "tuning",
    "learning rate schedule": "api/learning-rate-schedules",
    "load weights": "export",
    "loss not decreasing": "troubleshooting",
    "missing values": "tables",
    "monotonic": "estimators",
    "nan loss": "troubleshooting",
    "onnx": "export",
    "predict one row": "task",
    "quantile": "generated/barenet.losses.Quantile",
    "random seed reproducible": "troubleshooting",
    "rest api": "serve",
    "resume training": "command-line",
    "save model": "export",
    "shap values": "why",
    "text column": "tables",
    "time series split": "task",
}
FIRST = "#search-results ul.search li > a"
ANSWER = "form.self-check output"


@pytest.fixture(scope="module")
def pages():
    """The address of the built documentation."""
    folder = ROOT / "docs/_build/html"
    if not folder.is_dir():
        pytest.skip("the documentation is not built: make docs")
    with serving(partial(QuietHandler, directory=folder)) as address:
        yield address


def test_searches_in_the_words_of_users_find_their_page_first(browser, pages):
    page, found = browser.new_page(), {}
    for words in SEARCHES:
        page.goto(f"{pages}search.html?q={words}")
        page.get_by_text(re.compile("Search finished|did not match")).first.wait_for()
        addresses = page.locator(FIRST).evaluate_all("all => all.map((one) => one.href)")
        found[words] = (
            re.sub(r"\.html.*", "", addresses[0]).removeprefix(pages) if addresses else ""
        )
    page.close()
    assert found == SEARCHES


@pytest.mark.parametrize("lesson", LESSONS)
def test_the_question_of_a_lesson_checks_an_answer(browser, pages, lesson):
    page = browser.new_page()
    page.goto(f"{pages}learn/{lesson}.html")
    right = float(page.get_attribute("form.self-check", "data-answer"))
    answers = {"": "Enter a number.", right + 1: "Not yet: the answer is smaller.",
               right - 1: "Not yet: the answer is greater.", right: "Right."}  # fmt: skip
    for given, verdict in answers.items():
        assert not page.locator("form.self-check + details").evaluate("it => it.open")
        page.get_by_label("Your answer").fill(str(given).replace("-", "−").replace(".", ","))
        page.get_by_role("button", name="Check").click()
        assert page.text_content(ANSWER) == verdict
    assert page.locator("form.self-check + details").evaluate("it => it.open")
    page.close()


#: Whether the first element comes before the second one on the page.
BEFORE = """([first, second]) => {
  const [one, other] = [first, second].map((each) => document.querySelector(each));
  return Boolean(one.compareDocumentPosition(other) & Node.DOCUMENT_POSITION_FOLLOWING);
}"""
MOVING = "iframe[src='learning.html#loop']"


def addresses_of_doors(page):
    return page.locator("a.door").evaluate_all("all => all.map((one) => one.getAttribute('href'))")


def test_the_first_page_begins_with_a_moving_network_and_its_doors(browser, pages):
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.route("**/play/catalog.json", lambda route: route.fulfill(json={}))
    page.goto(pages)
    page.wait_for_function("() => frames[0]?.barenet?.playing")
    epoch = page.frame_locator(MOVING).locator("#epoch")
    first = epoch.inner_text()
    moved = "(first) => frames[0].document.querySelector('#epoch').textContent !== first"
    page.wait_for_function(moved, arg=first)
    assert page.evaluate(BEFORE, [MOVING, "pre, code"])  # no command comes before the network
    assert page.locator(MOVING).bounding_box()["y"] < 300
    assert addresses_of_doors(page) == [
        "play/#lesson=one-neuron",
        "play/",
        "teachers.html",
        "#the-library",
    ]
    for name in ("Start the course", "Play", "For teachers", "The Python library"):
        assert page.get_by_role("link", name=name, exact=False).first.is_visible()
    page.frame_locator(MOVING).get_by_label("Pause").click()
    assert not page.evaluate("() => frames[0].barenet.playing")
    page.close()


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1280, 720)])
def test_all_doors_are_on_the_first_screen(browser, pages, width, height):
    page = browser.new_page(viewport={"width": width, "height": height})
    page.goto(pages)
    doors = page.locator("a.door").all()
    assert len(doors) == 4
    for door in doors:
        box = door.bounding_box()
        assert box["y"] + box["height"] <= height, door.inner_text()
    page.close()


def test_the_doors_lead_to_pages_where_no_playground_is_beside_them(browser, pages):
    page = browser.new_page()
    page.goto(pages)
    page.wait_for_selector("a.door[href='playground.html']")
    for address in addresses_of_doors(page):
        assert page.request.get(pages + address).ok
    page.close()


def test_the_moving_network_is_still_where_a_visitor_prefers_that(browser, pages):
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(pages)
    page.wait_for_function(
        "() => document.querySelector('iframe').contentWindow.barenet?.place > 0"
    )
    assert not page.evaluate("() => frames[0].barenet.playing")
    context.close()


@pytest.mark.parametrize("width", [360, 1280])
def test_the_first_page_fits_every_window_and_axe_finds_no_violations(
    browser, pages, violations, width
):
    context = browser.new_context(viewport={"width": width, "height": 800}, **UNGUARDED)
    page = context.new_page()
    for address in (pages, f"{pages}learning.html#loop"):
        page.goto(address)
        assert not violations(page), address
        assert page.evaluate("() => document.documentElement.scrollWidth") <= width
    context.close()


PLANS = [path.stem for path in sorted((ROOT / "docs/teachers").glob("*.md"))]
#: Plans in other languages, such as "de/teachers/line".
TRANSLATED = sorted(
    path.relative_to(ROOT / "docs").with_suffix("").as_posix()
    for path in (ROOT / "docs").glob("??/teachers/*.md")
)
#: The number of a row, of a time or of an exercise, in each language.
NUMBER = re.compile(r"\d+(?:\.\d+)?")
ADDRESS = re.compile(r'\]\([^)]*\)|(?:href|data-otherwise)="[^"]*"')
LESSON = re.compile(r"#lesson=[\w-]+")


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_translated_plan_has_the_numbers_and_the_lessons_of_the_english_one(name):
    english = (ROOT / f"docs/{name[3:]}.md").read_text("utf-8")
    translation = (ROOT / f"docs/{name}.md").read_text("utf-8")
    assert LESSON.findall(translation) == LESSON.findall(english)
    assert set(re.findall(r"\?lang=(\w+)#", translation)) == {name[:2]}
    english = re.sub(r"(?<=\d),(?=\d{3})", "", ADDRESS.sub("", english))
    translation = ADDRESS.sub("", translation)
    if name[:2] in ("de", "es"):
        translation = re.sub(r"(?<=\d),(?=\d)", ".", translation)
    assert Counter(NUMBER.findall(translation)) == Counter(NUMBER.findall(english))


def test_a_page_leads_to_itself_in_each_language(browser, pages):
    page = browser.new_page()
    page.goto(f"{pages}teachers/line.html")
    for language, title in (("de", "Deutsch"), ("zh", "中文"), ("en", "English")):
        page.get_by_role("navigation", name="Languages").get_by_text(title).click()
        page.wait_for_url(re.compile(r"/teachers/line\.html$"))
        assert page.evaluate("() => document.documentElement.lang") == language
    page.goto(f"{pages}playground.html")
    assert not page.locator(".languages").count()  # it exists in English alone
    page.close()


@pytest.mark.slow
@pytest.mark.parametrize("name", TRANSLATED)
def test_each_part_of_a_translated_plan_is_printed_on_one_sheet(browser, pages, name):
    page = browser.new_page()
    page.goto(f"{pages}{name}.html")
    page.evaluate("() => (window.print = () => {})")
    for part in ("plan", "worksheet", "solutions"):
        page.locator(f"[data-print={part}]").click()
        assert sheets(page) == 1, part
    page.close()


#: The rows of a QR code, each a text of 0 and 1.
CODE = """async ([script, text]) => {
  const { qrCode } = await import(script);
  return qrCode(text)?.map((row) => row.map(Number).join(""));
}"""
#: The longest text of each version in bytes, and the SHA-256 of its symbol as segno 1.6 writes it:
#: make(text, error="l", mask=0, mode="byte", boost_error=False, encoding="utf-8"), in lines.
SYMBOLS = {
    17: "e47626f8113c74eb",
    32: "c554c1f335b8857e",
    53: "7f5862b6b0e49276",
    78: "a82df80b735630d1",
    106: "4f5ab3cfc152a71f",
    134: "f0cbec8265f1c8f5",
    154: "b52bf38ea534fa92",
    192: "085e48b69b7bc812",
    230: "e80098ea35443b3f",
}


def test_qr_codes_are_those_of_another_program(browser, pages):
    page = browser.new_page()
    page.goto(f"{pages}teachers.html")
    address = "https://example.org/barenet/play/?lang=de#lesson=your-table&é" * 5
    script = f"{pages}_static/qr-code.js"
    for length, digest in SYMBOLS.items():
        text = address.encode()[:length].decode()
        rows = page.evaluate(CODE, [script, text])
        assert hashlib.sha256("\n".join(rows).encode()).hexdigest().startswith(digest), length
    assert page.evaluate(CODE, [script, "x" * 231]) is None  # the caller has no code to show
    page.close()


def test_the_link_of_a_class_begins_with_a_lesson(browser, pages):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    page = context.new_page()
    lessons = [{"name": name, "title": lesson.title} for name, lesson in built_in_course().items()]
    page.route("**/play/catalog.json", lambda route: route.fulfill(json={"lessons": lessons}))
    page.goto(f"{pages}teachers.html")
    chosen = page.get_by_label("Begin with")
    chosen.select_option(label="6. How many neurons?")
    page.get_by_role("button", name="Copy the link").click()
    page.get_by_text("The link is copied.").wait_for()
    copied = page.evaluate("() => navigator.clipboard.readText()")
    assert copied == f"{pages}play/#lesson=xor"
    page.get_by_role("button", name="Copy embed code").click()
    page.get_by_text("The embed code is copied.").wait_for()
    frame = page.evaluate("() => navigator.clipboard.readText()")
    assert frame.startswith(f'<iframe src="{pages}play/?embedded#lesson=xor" title="')
    page.get_by_role("button", name="Show a QR code").click()
    assert page.locator("dialog.qr-code p").inner_text() == copied
    path = page.locator("dialog.qr-code path").get_attribute("d")
    rows = page.evaluate(CODE, [f"{pages}_static/qr-code.js", copied])
    assert path.count("M") == "".join(rows).count("1")
    page.get_by_role("button", name="Close").click()
    page.get_by_label("A file of your own lessons").fill("mine.json")
    assert page.get_by_label("The link").inner_text() == f"{pages}play/?lessons=mine.json"
    chosen.select_option("")
    page.get_by_label("A file of your own lessons").fill("")
    assert (
        page.get_by_role("link", name="Open it").evaluate("({ href }) => href") == f"{pages}play/"
    )
    context.close()


def test_the_way_through_the_course_names_its_lessons():
    text = (ROOT / "docs/teachers.md").read_text("utf-8")
    numbers_and_titles = re.findall(r"^\| (\d+)\. <a [^>]*>([^|<]+)</a> \|", text, re.MULTILINE)
    titles = [lesson.title for lesson in built_in_course().values()]
    assert [int(number) for number, _ in numbers_and_titles] == [*range(1, len(titles) + 1)]
    for (_, words), title in zip(numbers_and_titles, titles, strict=True):
        assert title.startswith(words)


@pytest.mark.parametrize("name", ["teachers", *(f"teachers/{plan}" for plan in PLANS)])
def test_the_links_to_lessons_open_steps_that_exist(name):
    text = (ROOT / f"docs/{name}.md").read_text("utf-8")
    links = re.findall(r'href="(?:\.\./)?play/#lesson=([\w-]+)(?:&amp;step=(\d+))?"', text)
    course = built_in_course()
    assert links
    for lesson, step in links:
        assert int(step or 1) <= len(course[lesson].steps)


def test_the_links_of_a_plan_lead_to_a_page_where_no_playground_is_beside_it(browser, pages):
    page = browser.new_page()
    page.goto(f"{pages}teachers/line.html")
    link = page.locator("a[data-otherwise][href='../playground.html#the-course']").first
    link.wait_for()
    assert page.request.get(link.evaluate("({ href }) => href")).ok
    page.close()


def numbers_in(text):
    return [float(number.replace("−", "-")) for number in re.findall(r"−?\d+(?:\.\d+)?", text)]


def test_the_numbers_of_the_first_plan_are_those_of_the_sigmoid_and_of_the_loss():
    text = (ROOT / "docs/teachers/line.md").read_text("utf-8")
    [sums, outputs] = re.search(r"z = (.+?) becomes (.+)\. \*", text).groups()
    for z, output in zip(numbers_in(sums), numbers_in(outputs), strict=True):
        assert output == round(1 / (1 + math.exp(-z)), 2)
    [probabilities, penalties] = re.search(
        r"^\| p of the true colour \|(.+)\n.+\n\| penalty \(−ln p\) \|(.+)", text, re.MULTILINE
    ).groups()
    for p, penalty in zip(numbers_in(probabilities), numbers_in(penalties), strict=True):
        assert penalty == round(-math.log(p), 2)
    means = re.findall(r"\((\d\.\d+) \+ (\d\.\d+)\) / 2 = (\d\.\d+)", text)
    assert len(means) == 3
    for first, second, mean in means:
        assert float(mean) == round((float(first) + float(second)) / 2, 2)


def test_a_school_admits_the_addresses_of_the_runtime():
    text = (ROOT / "docs/playground.md").read_text("utf-8")
    wheel = RUNTIME["numpy"]["address"]
    for address in (RUNTIME["address"], wheel.rpartition("/")[0] + "/"):
        assert f"`{address}`" in text, "a filter must allow it"


def test_the_lessons_that_a_school_can_record_start_without_weights_changed_by_hand():
    text = (ROOT / "docs/playground.md").read_text("utf-8")
    [numbers] = re.search(r"Lessons ([\d, and]+) can be recorded", text).groups()
    addresses = [lesson.describe()["address"] for lesson in built_in_course().values()]
    recorded = [
        number
        for number, address in enumerate(addresses, 1)
        if "net.edits" not in address and "networks=2" not in address
    ]
    assert numbers_in(numbers) == recorded


@pytest.mark.parametrize(
    "plan", [PLANS[0], *(pytest.param(plan, marks=pytest.mark.slow) for plan in PLANS[1:])]
)
def test_a_plan_is_printed_with_a_worksheet_on_one_sheet(browser, pages, violations, plan):
    context = browser.new_context(**UNGUARDED)
    page = context.new_page()
    page.goto(f"{pages}teachers/{plan}.html")
    assert not violations(page)
    assert sheets(page) >= 3
    page.evaluate("() => (window.print = () => {})")
    for part in ("plan", "worksheet", "solutions"):
        page.get_by_role("button", name=f"Print the {part}").click()
        page.emulate_media(media="print")
        headings = page.locator("h2:visible").all_inner_texts()
        page.emulate_media(media="null")
        assert [words.rstrip("#") for words in headings] == [part.capitalize()]
        assert sheets(page) == 1  # and afterwards, the whole page is there again
    assert page.locator("h2:visible").count() == 3
    context.close()


def sheets(page):
    """The number of printed sheets of paper."""
    return len(re.findall(rb"/Type\s*/Page\b", page.pdf(prefer_css_page_size=True)))


#: The words that are cut by the edge of the window; what is scrolled by itself is not.
CUT = """() => [...document.querySelectorAll(".bd-article :is(p, li, code, h1, h2)")].filter(
  (element) => !element.closest("pre, table, mjx-container, .highlight")
    && element.getBoundingClientRect().right > innerWidth
).map((element) => element.textContent.slice(0, 40))"""


@pytest.mark.parametrize("name", ["index", "mathematics"])
def test_a_page_fits_a_phone_and_its_name_is_beside_the_search(browser, pages, name):
    page = browser.new_page(viewport={"width": 360, "height": 740})
    page.goto(f"{pages}{name}.html")
    page.evaluate("() => document.fonts.ready")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 360
    assert page.evaluate(CUT) == []
    title = page.locator(".logo__title").first.bounding_box()
    search = page.locator(".search-button__button").locator("visible=true").first.bounding_box()
    assert title["x"] + title["width"] + 4 <= search["x"]
    page.close()


#: Pages with each kind of control: folded code, parts of a sidebar, cards, a search.
KINDS = ["teachers", "learn/neuron", "search", "de/index", "explain", "mathematics"]


@pytest.mark.parametrize("name", KINDS)
def test_axe_finds_no_violations_in_the_documentation(browser, pages, name):
    """With the rule that the name of a control has the words that are seen, too."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    context = browser.new_context(viewport={"width": 1280, "height": 800}, **UNGUARDED)
    page = context.new_page()
    errors = []
    page.on("console", lambda message: errors.append(message) if is_error(message) else None)
    page.goto(f"{pages}{name}.html")
    assert [(error.text, error.location["url"]) for error in errors] == []
    names = {"label-content-name-mismatch": {"enabled": True}}
    results = axe.run(page, options={**LIGHT, "rules": names})
    assert not results.violations_count, results.generate_report()
    context.close()


def is_error(message):
    """Whether the page reports an error, but for the playground, which is not beside it."""
    return message.type == "error" and "catalog.json" not in message.location["url"]

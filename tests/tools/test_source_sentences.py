"""The catalogues of the page's languages have each sentence of the sources, with its numbers."""

import json
import re
from collections import Counter

import pytest

from barenet.playground._page_files import LANGUAGES, PAGE
from barenet.playground._sentences import english, joined, sentence
from tools import source_sentences as sources

CATALOGUES = sorted(LANGUAGES.glob("*.json"))
PLACES = re.compile(r"\{\d+\}")
NUMBERS = re.compile(r"\d+(?:\.\d+)?")
#: A mark between thousands, which differs from language to language.
THOUSANDS = re.compile(r"(?<=\d)[,\u202f](?=\d{3})")


@pytest.fixture(scope="module")
def page_sentences():
    return [*sources.page_sentences()]


@pytest.fixture(scope="module")
def lesson_sentences():
    return [*sources.lesson_sentences()]


@pytest.fixture(scope="module")
def sentences(page_sentences, lesson_sentences):
    return {*page_sentences, *lesson_sentences}


def numbers(text):
    without_places = PLACES.sub("", text)
    return Counter(NUMBERS.findall(THOUSANDS.sub("", without_places)))


#: Languages that write 0,5 for 0.5; an address that a sentence quotes keeps its points.
WITH_COMMA = ("de", "es")
QUOTED = re.compile(r"#\S+")
DECIMAL_POINT = re.compile(r"(?<=\d)\.(?=\d)")
DECIMAL_COMMA = re.compile(r"(?<=\d),(?=\d)")


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_each_sentence_and_no_other(path, sentences):
    """`make languages` adds and removes sentences; the empty ones are to be translated."""
    catalogue = sources.read_catalogue(path)
    assert set(catalogue) - sentences == set(), "superfluous"
    assert sentences - set(catalogue) == set(), "missing"
    assert [text for text, translation in catalogue.items() if not translation.strip()] == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_has_the_places_and_the_numbers_of_its_sentence(path):
    for text, translation in sources.read_catalogue(path).items():
        assert sorted(PLACES.findall(translation)) == sorted(PLACES.findall(text)), text
        english = translation
        if path.stem in WITH_COMMA:
            assert not DECIMAL_POINT.search(QUOTED.sub("", translation)), text
            english = DECIMAL_COMMA.sub(".", translation)
        assert numbers(english) == numbers(text), text


def test_no_sentence_has_a_click_for_those_who_tap(sentences):
    """The page is used with a mouse, a finger or a keyboard."""
    german = sources.read_catalogue(LANGUAGES / "de.json").values()
    spanish = sources.read_catalogue(LANGUAGES / "es.json").values()
    assert [text for text in sentences if re.search("(?<!ap or )[Cc]lick", text)] == []
    assert [text for text in german if re.search("(?<!ippe oder )[Kk]lick", text)] == []
    assert [text for text in spanish if re.search(r"\bclics?\b", text)] == []


#: What the course names as the page does: headings, tabs and buttons.
NAMES = (
    "New weights", "Landscape", "Activation", "Strength", "Output", "Gradients", "Update",
    "other data …", "Your own table", "use all columns",
)  # fmt: skip


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_lesson_names_what_the_page_has_by_its_name_there(path, page_sentences, lesson_sentences):
    catalogue = sources.read_catalogue(path)
    assert set(NAMES) <= set(page_sentences)
    for text in lesson_sentences:
        for name in NAMES:
            if re.search(rf"(?<!\w){name}(?!\w)", text):
                assert catalogue[name] in catalogue[text], text


def test_the_page_offers_the_languages_that_have_a_catalogue():
    script = (PAGE / "language-choice.js").read_text("utf-8")
    [offered] = re.findall(r"LANGUAGES = \{(.+)\};", script)
    names = re.findall(r"(\w+):", offered)
    assert names == ["en", "es", "de", "zh"]
    assert sorted(names[1:] + names[:1]) == sorted(["en", *(path.stem for path in CATALOGUES)])


def test_sentences_are_found_in_each_kind_of_source(sentences):
    html = '<p title="One tip">One <b>bold</b> word <code>left out</code></p><i>a</i>'
    assert sources.sentences_of_html(html) == ["One tip", "bold", "One {0} word {1}"]
    script = 'f(/`/, "t`no`", t`Lesson ${t`one`} of ${a ? `t` : "}"}`); // t`no`\n'
    assert sources.sentences_of_script(script) == ["Lesson {0} of {1}", "one"]
    python = 'sentence("at least {0}", f"{x} %")\nother("no")\njoined(names, "{0} or {1}")'
    assert list(sources.sentences_of_python(python)) == ["at least {0}", "{0} or {1}"]
    assert {"Epoch", "Step {0} of {1}", "at least {0}", "One neuron draws a line"} <= sentences
    assert "Points on their own side (test accuracy)" in sentences
    assert not {"map", "Output.", "network", "training_loss"} & sentences, "words of the code"


def test_a_sentence_is_written_in_english():
    limits = joined([sentence("at least {0}", 2), sentence("at most {0}", 3)], "{0} and {1}")
    assert (
        english(sentence("{0}: {1}", "Epoch {1}", limits)) == "Epoch {1}: at least 2 and at most 3"
    )
    assert english("as it is: {0}") == "as it is: {0}"
    assert json.loads(json.dumps(sentence("a {0}", sentence("b")))) == ["a {0}", ["b"]]


def test_an_update_keeps_translations_and_removes_what_no_source_has(
    tmp_path, monkeypatch, page_sentences
):
    monkeypatch.setattr(sources, "page_sentences", lambda: page_sentences)
    path = tmp_path / "xx.json"
    sources.write_catalogue(path, {"Epoch": "Época", "no such sentence": "…"})
    sources.update(path)
    catalogue = sources.read_catalogue(path)
    assert catalogue["Epoch"] == "Época" and catalogue["Loss"] == ""
    assert "no such sentence" not in catalogue and "Época" in path.read_text("utf-8")

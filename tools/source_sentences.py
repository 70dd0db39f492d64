"""The sentences of the page and of its course in English, which are the keys of the catalogues.

`python -m tools.source_sentences` adds missing keys to the catalogues, with
an empty translation, and removes those that no source has.
"""

import ast
import json
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, NamedTuple

from barenet.datasets._dataset_loading import DATASETS
from barenet.playground._page_files import LANGUAGES, PAGE
from barenet.playground.data import _data_sources as sources
from barenet.playground.data._opened_models import CONTINUED, UNKNOWN_SETTINGS
from barenet.playground.lessons import _lessons as lessons, _measures as measures
from barenet.playground.server._catalog import title_of
from barenet.playground.state import _page_state as page
from barenet.playground.state._default_settings import DATA_CHOICES, SEEDS, setting_in_words
from barenet.playground.trainer._problems import PROBLEMS
from barenet.playground.views._export_panel import NOTES

PLAYGROUND = PAGE.parent
#: Fields of lessons, and of their steps, questions and conditions, that are shown.
LESSON_TEXTS = (
    "title", "text", "formula", "answers", "why", "otherwise", "label", "hints", "success",
    "replies", "again", "steps", "questions", "check",
)  # fmt: skip
#: Attributes of elements that are shown or read aloud.
ATTRIBUTES = ("title", "aria-label", "placeholder", "label")
#: Elements whose text is not translated, and elements without an end tag.
UNTRANSLATED = ("code", "pre", "script", "style", "svg")
VOID = ("input", "img", "meta", "link", "br")
#: Functions that make a sentence, by the position of its English text.
MAKERS = {"sentence": 0, "joined": 1}
WORD = re.compile(r"[^\W\d_]{2}")
SPACE = re.compile(r"\s+")
#: A regular expression in a script begins after one of these.
BEFORE_EXPRESSION = re.compile(r"[(,=:\[!&|?{};\n]\s*\Z")


def page_sentences() -> list[str]:
    """List the sentences of the page, without those of lessons, in the order of the sources."""
    sentences: list[str] = []
    sentences += sentences_of_html((PAGE / "index.html").read_text("utf-8"))
    for path in sorted(PAGE.rglob("*.js")):
        sentences += sentences_of_script(path.read_text("utf-8"))
    for path in sorted(PLAYGROUND.rglob("*.py")):
        sentences += sentences_of_python(path.read_text("utf-8"))
    sentences += _sentences_of_data()
    return _unique(sentences)


def lesson_sentences() -> list[str]:
    """List the sentences of the course."""
    sentences: list[str] = []
    for path in sorted(lessons.FOLDER.glob("*.json")):
        sentences += _texts_of(json.loads(path.read_text("utf-8")))
    return _unique(sentences)


def _unique(sentences: Iterable[str]) -> list[str]:
    """Return each sentence once."""
    return list(dict.fromkeys(sentences))


def _texts_of(part: Any) -> Iterator[str]:
    """List the texts of a lesson, or of a part of one."""
    if isinstance(part, str):
        if WORD.search(part):
            yield part
    elif isinstance(part, list):
        for entry in part:
            yield from _texts_of(entry)
    elif isinstance(part, dict):
        for name, value in part.items():
            if name in LESSON_TEXTS:
                yield from _texts_of(value)


def _sentences_of_data() -> Iterator[str]:
    """List the texts in the registries, which the page looks up by themselves."""
    for name, dataset in DATASETS.items():
        yield title_of(name)
        yield dataset.description
    yield from page.CHOICES["schedules"].values()
    for losses in page.LOSSES.values():
        yield from losses.values()
    for problem in PROBLEMS.values():
        yield problem["message"]
    yield from NOTES.values()
    for measure in measures.MEASURES:
        yield measures.title_of(measure)
    for measure in ("data", "penalty", "initial_weights"):
        for name in measures.NAMES[measure]:
            if name not in page.NAMED and WORD.search(name):
                yield name.replace("_", " ")
    for text in (sources.FIXED_AT, sources.MEDIAN):
        yield text
        yield text.replace("their", "its")  # as the page has it for a single column
    yield sources.ALL_FOR_TRAINING
    yield UNKNOWN_SETTINGS
    yield CONTINUED
    yield from _settings()


def _settings() -> Iterator[str]:
    """List the names of settings that the page lists once they were changed."""
    names = ["pace"]
    for prefix, settings in (("", page.DataSettings), ("net.", page.NetworkSettings)):
        names += [f"{prefix}{field.name}" for field in fields(settings)]
    for name in names:
        if name not in DATA_CHOICES and name not in SEEDS:
            yield setting_in_words(name)


class _Element(NamedTuple):
    """An open element of a page: its name, whether it is translated, and what it contains."""

    tag: str
    is_translated: bool
    #: Texts, and None for each element.
    content: list[str | None]


class _Page(HTMLParser):
    """Collects the sentences of a page as `translate` in `language-choice.js` does."""

    def __init__(self) -> None:
        super().__init__()
        self.sentences: list[str] = []
        self.open = [_Element("", True, [])]

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1]
        parent.content.append(None)
        values = dict(attributes)
        is_kept = tag in UNTRANSLATED or values.get("translate") == "no"
        is_translated = parent.is_translated and not is_kept
        if is_translated:
            for name in ATTRIBUTES:
                text = values.get(name) or ""
                if WORD.search(text):
                    self.sentences.append(text)
        if tag not in VOID:
            self.open.append(_Element(tag, is_translated, []))

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.open[-1].content.append(None)

    def handle_data(self, data: str) -> None:
        self.open[-1].content.append(data)

    def handle_endtag(self, tag: str) -> None:
        element = self.open.pop()
        assert element.tag == tag, f"{element.tag} ends with {tag}"
        if not element.is_translated:
            return
        texts = [part for part in element.content if part is not None and WORD.search(part)]
        if len(texts) == 1:
            self.sentences.append(SPACE.sub(" ", texts[0]).strip())
        elif texts:
            self.sentences.append(_mixed(element.content))


def _mixed(content: list[str | None]) -> str:
    """Write a sentence around elements, with a place for each of them."""
    words = ""
    count = 0
    for part in content:
        if part is None:
            words += f"{{{count}}}"
            count += 1
        else:
            words += part
    return SPACE.sub(" ", words).strip()


def sentences_of_html(text: str) -> list[str]:
    """List the sentences of a page."""
    parser = _Page()
    parser.feed(text)
    parser.close()
    return parser.sentences


def sentences_of_python(text: str) -> Iterator[str]:
    """List the sentences that a module makes."""
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        place = MAKERS.get(node.func.id)
        if place is None or len(node.args) <= place:
            continue
        argument = node.args[place]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
            yield argument.value


def sentences_of_script(text: str) -> list[str]:
    """List the sentences of a script, each a template with the tag t.

    Examples
    --------
    >>> sentences_of_script("write(t`Lesson ${place + 1} of ${t`all`}`)")
    ['Lesson {0} of {1}', 'all']
    """
    script = _Script(text)
    script.read_code(0, "")
    return [sentence for _, sentence in sorted(script.sentences)]


class _Script:
    """Finds the templates of a script, also inside of other templates."""

    def __init__(self, text: str) -> None:
        self.text = text
        #: The sentences with their positions.
        self.sentences: list[tuple[int, str]] = []

    def read_code(self, place: int, end: str) -> int:
        """Read code up to a character that ends it; return the place behind that."""
        text = self.text
        while place < len(text):
            character = text[place]
            if text.startswith("//", place):
                place = text.index("\n", place)
            elif character in "\"'":
                place = self._skip_string(place)
            elif character == "/" and BEFORE_EXPRESSION.search(text, 0, place):
                place = self._skip_expression(place)
            elif character == "`":
                place = self._read_template(place)
            elif character == "{":
                place = self.read_code(place + 1, "}")
            elif character == end:
                return place + 1
            else:
                place += 1
        return place

    def _skip_string(self, place: int) -> int:
        """Return the place behind a string."""
        quote = self.text[place]
        place += 1
        while self.text[place] != quote:
            if self.text[place] == "\\":
                place += 1
            place += 1
        return place + 1

    def _skip_expression(self, place: int) -> int:
        """Return the place behind a regular expression."""
        place += 1
        is_in_class = False
        while self.text[place] != "/" or is_in_class:
            if self.text[place] == "\\":
                place += 1
            elif self.text[place] == "[":
                is_in_class = True
            elif self.text[place] == "]":
                is_in_class = False
            place += 1
        return place + 1

    def _read_template(self, start: int) -> int:
        """Read a template, and keep it if it is a sentence; return the place behind it."""
        text = self.text
        place = start + 1
        words = ""
        count = 0
        while text[place] != "`":
            if text[place] == "\\":
                words += text[place + 1]
                place += 2
            elif text.startswith("${", place):
                words += f"{{{count}}}"
                count += 1
                place = self.read_code(place + 2, "}")
            else:
                words += text[place]
                place += 1
        is_tagged = text[start - 1] == "t" and not text[start - 2].isalnum()
        if is_tagged:
            self.sentences.append((start, words))
        return place + 1


def read_catalogue(path: Path) -> dict[str, str]:
    """Read the translations of a language by their English sentences."""
    content: dict[str, str] = json.loads(path.read_text("utf-8"))
    return content


def write_catalogue(path: Path, translations: dict[str, str]) -> None:
    """Write the translations of a language."""
    text = json.dumps(translations, ensure_ascii=False, indent=1)
    path.write_text(f"{text}\n", "utf-8")


def update(path: Path) -> None:
    """Give a catalogue the sentences of the sources, in their order."""
    translations = read_catalogue(path)
    sentences = _unique([*page_sentences(), *lesson_sentences()])
    write_catalogue(path, {text: translations.get(text, "") for text in sentences})


if __name__ == "__main__":
    for catalogue in sorted(LANGUAGES.glob("*.json")):
        update(catalogue)
        missing = list(read_catalogue(catalogue).values()).count("")
        sys.stdout.write(f"{catalogue.name}: {missing} to be translated\n")

"""Lessons: a state of the page, steps of a few sentences, and conditions on the network.

A lesson is data; a file contains one lesson or a list of them, called a course. The conditions are
evaluated here, on the network that is being trained, and the page shows the results.
"""

import json
import math
import re
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlencode

from barenet._constraints import check_number, unique_fields
from barenet._registry import lookup
from barenet.errors import ArgumentError
from barenet.playground._page_files import PAGE
from barenet.playground._sentences import Sentence, joined, sentence
from barenet.playground.data._file_store import FileStore
from barenet.playground.lessons._measures import (
    ALMOST_NOTHING,
    MEASURED,
    MEASURES,
    NAMES,
    PERCENTAGES,
    UNMEASURED,
    NetworkReport,
    Value,
    title_of,
)
from barenet.playground.state._address import read_address, read_edits, split_address
from barenet.playground.state._default_settings import NETWORKS
from barenet.playground.state._page_state import (
    MAX_EPOCHS,
    PageState,
    check_edits,
)
from barenet.playground.state._wire_format import decode, restricted
from barenet.playground.views._network_view import NetworkView

FOLDER = Path(__file__).parent
#: File with the names of the controls that a lesson can hide, and their selectors on the page.
_CONTROLS_FILE = PAGE / "controls.json"
CONTROLS: dict[str, str] = json.loads(_CONTROLS_FILE.read_text("utf-8"))
#: File with the names of the parts that a step can highlight, and their selectors on the page.
_HIGHLIGHTS_FILE = PAGE / "highlights.json"
HIGHLIGHTS: dict[str, str] = json.loads(_HIGHLIGHTS_FILE.read_text("utf-8"))


T = TypeVar("T")


#: First bytes of word processor documents.
DOCUMENTS = (b"{\\rtf", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
#: Pictures that a lesson can have between its sentences.
PICTURES = ("", "log_loss")
#: The tabs with pictures of the output.
TABS = ("Output", "Landscape", "Hidden space", "Draw")
#: The cards that a step can show first where there is room for one only.
CARDS = ("network", "output")
#: An input as x and its number, the output as y, or a layer and a neuron, such as 1.2.
NEURON = re.compile(r"y|x[1-9]\d?|[1-9]\.[1-9]\d?")
#: A point: two shares of the plane, as an address has them.
POINT = re.compile(r"[\d.]+~[\d.]+")


def _typed(number: float) -> float:
    """Return a number as it was typed: 4 instead of 4.0."""
    return int(number) if number.is_integer() else number


@dataclass(frozen=True, kw_only=True)
class Condition:
    """The limits of a number, or a list of accepted names."""

    measure: str = restricted("", choices=MEASURES)
    at_least: float = -math.inf
    at_most: float = math.inf
    one_of: tuple[str, ...] = restricted((), max_items=50)
    #: The text shown instead of the measure's name, and the advice until the condition is met.
    label: str = ""
    otherwise: str = ""

    def __post_init__(self) -> None:
        if not self.measure:
            raise ArgumentError(f"missing; choose from {', '.join(MEASURES)}", argument="measure")
        has_minimum = math.isfinite(self.at_least)
        has_maximum = math.isfinite(self.at_most)
        has_limit = has_minimum or has_maximum
        has_names = len(self.one_of) > 0
        if self.measure in NAMES:
            expected = "one_of, a list of names"
            is_complete = has_names and not has_limit
        else:
            expected = "at_least or at_most, a number"
            is_complete = has_limit and not has_names
        if not is_complete:
            raise ArgumentError(f"expected {expected}", argument=self.measure)
        for name in self.one_of:
            lookup(dict.fromkeys(NAMES[self.measure]), name, "one_of")
        if self.at_least > self.at_most:
            expected = f"at_least up to at_most, {self.at_most:g}"
            raise ArgumentError.of(self.measure, _typed(self.at_least), expected)
        if self.measure.endswith(("accuracy", "r2")) and self.at_least > 1:
            raise ArgumentError.of(
                "at_least", _typed(self.at_least), "up to 1, such as 0.95 for 95 %"
            )

    def evaluate(self, now: NetworkReport) -> dict[str, Any]:
        """Compare the current value with the limits, and format both."""
        value = MEASURES[self.measure](now)
        if isinstance(value, str):
            holds = value in self.one_of
        else:
            holds = self.at_least <= value <= self.at_most if value is not None else False
        text = self.write(value)
        if isinstance(value, float):
            text = self._write_measured(value, holds)
        label = self.label or title_of(self.measure)
        return {
            "words": sentence("{0}: {1}", sentence(label), self._limits() or self._names()),
            "value": text,
            "holds": holds,
            "otherwise": self.otherwise,
        }

    def _limits(self) -> Sentence:
        """Describe the limits of the number; empty for names."""
        if self.at_least == self.at_most:
            return self.write(self.at_least)
        limits: list[Sentence] = []
        if math.isfinite(self.at_least):
            limits.append(sentence("at least {0}", self.write(self.at_least)))
        if math.isfinite(self.at_most):
            limits.append(sentence("at most {0}", self.write(self.at_most)))
        if not limits:
            return ""
        return joined(limits, "{0} and {1}")

    def _names(self) -> Sentence:
        """List the accepted names, as in "a, b or c"; empty for a number."""
        if not self.one_of:
            return ""
        names = [sentence(name.replace("_", " ")) for name in self.one_of]
        return joined(names, "{0} or {1}")

    def _write_measured(self, value: float, holds: bool) -> Sentence:
        """Format a value with three digits, or as many as show on which side of a limit it is."""
        is_measured = self.measure in MEASURED or self.measure in PERCENTAGES
        if not is_measured or not math.isfinite(value) or value == 0:
            return self.write(value)
        if abs(value) < ALMOST_NOTHING and holds and self.measure in MEASURED:
            return sentence("almost 0")
        for digits in (3, 4, 5, 6):
            shown = float(f"{value:.{digits}g}")
            if holds == (self.at_least <= shown <= self.at_most):
                return self.write(shown)
        return self.write(value)

    def write(self, value: Value) -> Sentence:
        """Format a value of the measure; a dash if there is none."""
        if isinstance(value, str):
            return sentence(value.replace("_", " "))
        if value is None or not math.isfinite(value):
            return "—"
        if self.measure in PERCENTAGES:
            return f"{100 * value:.4g} %"
        is_whole = abs(value - round(value)) < 1e-5
        text = f"{value:,.0f}" if is_whole else f"{value:.4g}"
        return text.replace("-", "−")


@dataclass(frozen=True, kw_only=True)
class Reply:
    """A reply to a wrong answer: the position of a choice, or a number."""

    to: Any = None
    text: str = ""

    def __post_init__(self) -> None:
        check_number(self.to, "to")
        if not self.text:
            raise ArgumentError("missing; every reply needs it", argument="text")


@dataclass(frozen=True, kw_only=True)
class Question:
    """A multiple-choice question, or a question about a number."""

    text: str = ""
    answers: tuple[str, ...] = restricted((), max_items=5)
    #: The position of the right answer, from 1; or the number, and the tolerance of an answer.
    right: Any = None
    within: float = 0.0
    #: The explanation, shown with the verdict, and the hint after a wrong answer.
    why: str = ""
    otherwise: str = ""
    #: Replies to some of the wrong answers, and another question after a wrong guess.
    replies: tuple[Reply, ...] = restricted((), max_items=5)
    again: tuple["Question", ...] = restricted((), max_items=1)

    def __post_init__(self) -> None:
        for name in ("text", "right"):
            if getattr(self, name) in ("", None):
                raise ArgumentError("missing; every question needs it", argument=name)
        places = range(1, len(self.answers) + 1)
        if self.answers and (self.right not in places or isinstance(self.right, bool)):
            expected = f"the place of the right answer, 1 to {len(places)}"
            raise ArgumentError.of("right", self.right, expected)
        if not self.answers and self.within <= 0:
            problem = "expected answers, or a number as right with within above 0"
            raise ArgumentError(problem, argument="question")
        check_number(self.right, "right")
        for reply in self.replies:
            is_choice = reply.to in places or not self.answers
            if not is_choice or abs(reply.to - self.right) <= self.within:
                expected = "a wrong answer, by its place or as a number"
                raise ArgumentError.of("to", reply.to, expected)


@dataclass(frozen=True, kw_only=True)
class Step:
    """A step of a lesson: some words, and the picture beside them."""

    text: str = ""
    #: A formula below the text.
    formula: str = ""
    #: A picture below the text.
    picture: str = restricted("", choices=PICTURES)
    questions: tuple[Question, ...] = restricted((), max_items=1)
    #: Settings that replace those of the lesson, from this step on: the network is a new one.
    state: str = ""
    #: The epoch up to which the network is trained; 0 resets it, and −1 leaves it as it is.
    run: int = restricted(-1, ge=0, le=MAX_EPOCHS)
    #: The picture of the output; by default that of the lesson.
    tab: str = restricted("", choices=("", *TABS))
    #: A neuron or an input whose picture takes the place of the map.
    enlarge: str = ""
    #: A neuron whose panel is opened.
    open: str = ""
    #: A point whose numbers are in the network, and a term of its pass, from 0.
    #: By default, a term is one of the lesson's point.
    probe: str = ""
    term: int = restricted(-1, ge=0, le=MAX_EPOCHS)
    #: Parts of the page, and neurons, that are highlighted.
    highlight: tuple[str, ...] = restricted((), max_items=8)
    #: The card that comes first on a narrow screen.
    look: str = restricted("output", choices=CARDS)

    def __post_init__(self) -> None:
        if not self.text and not self.questions:
            raise ArgumentError("missing; a step needs it, or questions", argument="text")
        for name in ("enlarge", "open"):
            neuron = getattr(self, name)
            if neuron and not NEURON.fullmatch(neuron):
                raise ArgumentError.of(name, neuron, "a neuron, such as y, x1 or 1.2")
        if self.open.startswith("x"):
            raise ArgumentError.of("open", self.open, "a neuron, such as y or 1.2: x has no panel")
        for part in self.highlight:
            if not NEURON.fullmatch(part):
                lookup(HIGHLIGHTS, part, "highlight")
        if self.probe and not POINT.fullmatch(self.probe):
            raise ArgumentError.of("probe", self.probe, "two shares of the plane, such as 0.5~0.25")

    def neurons(self) -> list[str]:
        """Return the neurons and inputs that the step names."""
        named = [self.enlarge, self.open, *self.highlight]
        return [name for name in named if NEURON.fullmatch(name)]


def check_neuron(name: str, state: PageState) -> None:
    """Check that the first network has an input or a neuron, by its name in a step."""
    if name == "y":
        return
    if name.startswith("x"):
        prepared = FileStore().prepare(state.data)
        is_there = int(name[1:]) <= len(prepared.input_names)
    else:
        hidden = state.networks[0].hidden
        layer, neuron = (int(number) for number in name.split("."))
        is_there = layer <= len(hidden) and neuron <= hidden[layer - 1]
    if not is_there:
        raise ArgumentError(f"the network has no {name}", argument="neuron")


@dataclass(frozen=True, kw_only=True)
class Lesson:
    """A lesson, as described in its file."""

    title: str = ""
    #: The name in an address; by default, the number of the lesson.
    name: str = ""
    #: An address of the page, as its Share button writes it.
    state: str = ""
    #: Controls to hide, and controls to show, which hides all others: all of them by default.
    hide: tuple[str, ...] = restricted((), max_items=len(CONTROLS), choices=CONTROLS)
    show: tuple[str, ...] = restricted(tuple(CONTROLS), max_items=len(CONTROLS), choices=CONTROLS)
    #: The words of a lesson in one step; or steps, each with its own picture.
    text: tuple[str, ...] = restricted((), max_items=3)
    steps: tuple[Step, ...] = restricted((), max_items=12)
    #: A picture after the first sentence.
    picture: str = restricted("", choices=PICTURES)
    #: Questions before the network learns; a lesson may consist of questions only.
    questions: tuple[Question, ...] = restricted((), max_items=4)
    check: tuple[Condition, ...] = restricted((), max_items=8)
    #: The picture of the output that is shown first.
    tab: str = restricted("Output", choices=TABS)
    hints: tuple[str, ...] = restricted((), max_items=5)
    success: str = ""

    def __post_init__(self) -> None:
        if not self.title:
            raise ArgumentError("missing; every lesson needs it", argument="title")
        if not self.text and not self.steps:
            raise ArgumentError("missing; every lesson needs it, or steps", argument="text")
        if self.steps:
            for name in ("text", "picture", "questions"):
                if getattr(self, name):
                    problem = "not beside steps, each of which has its own"
                    raise ArgumentError(problem, argument=name, remedy="write it into a step")
        self._check_questions()
        if not re.fullmatch(r"[\w-]*", self.name):
            raise ArgumentError.of("name", self.name, "letters, digits, - and _")
        if "#" in self.state[1:]:
            remedy = "give the part after the #, without quotes"
            raise ArgumentError.of("state", self.state, "settings", remedy=remedy)
        try:
            check_state(self.state)
        except ArgumentError as error:
            raise ArgumentError(str(error), argument="state") from None
        self._check_steps()

    def all_questions(self) -> tuple[Question, ...]:
        """Return the questions of the lesson, or of all its steps."""
        questions = [*self.questions]
        for step in self.steps:
            questions += step.questions
        return tuple(questions)

    def paragraphs(self) -> tuple[str, ...]:
        """Return all words of the lesson, or of its steps, without questions."""
        if not self.steps:
            return self.text
        return tuple(step.text for step in self.steps if step.text)

    def state_of(self, place: int) -> str:
        """Return the state of a step: its own, or that of the last step before with one."""
        for step in reversed(self.steps[: place + 1]):
            if step.state:
                return urlencode({**split_address(self.state), **split_address(step.state)})
        return self.state

    def _check_questions(self) -> None:
        """Check that something is asked or to be reached, and the fields that belong to either."""
        questions = self.all_questions()
        if not self.check and not questions:
            raise ArgumentError("missing; a lesson needs it, or questions", argument="check")
        if self.check and any(question.otherwise for question in questions):
            problem = "otherwise is not shown beside check, where an answer is a guess"
            raise ArgumentError(problem, argument="questions", remedy="write it into why")
        if not self.check and any(question.again for question in questions):
            problem = "again follows a wrong guess; without check, a question is repeated"
            raise ArgumentError(problem, argument="questions", remedy="leave again out")

    def _check_steps(self) -> None:
        """Check the settings of the steps, and that their networks have the neurons they name."""
        for place, step in enumerate(self.steps):
            try:
                address = self.state_of(place)
                if step.state:
                    check_state(address)
                state = read_address(address)
                if step.term >= 0 and not (step.probe or split_address(address).get("probe")):
                    raise ArgumentError("missing; term is one of its pass", argument="probe")
                for name in step.neurons():
                    check_neuron(name, state)
            except ArgumentError as error:
                raise ArgumentError(str(error), argument=f"step {place + 1} of steps") from None

    def _describe_steps(self) -> list[dict[str, Any]]:
        """Describe the steps for the page; a lesson without any is one step."""
        if not self.steps:
            whole = asdict(Step(text=self.text[0], picture=self.picture))
            questions = [asdict(question) for question in self.questions]
            return [{**whole, "text": self.text, "questions": questions}]
        steps = []
        for place, step in enumerate(self.steps):
            state = ""
            if step.state:
                words = {**split_address(self.state_of(place)), "lesson": self.name}
                state = urlencode({**words, "step": place + 1})
            text = (step.text,) if step.text else ()
            steps.append({**asdict(step), "text": text, "state": state})
        return steps

    def describe(self) -> dict[str, Any]:
        """Describe the lesson for the page, including the address where it starts."""
        address = urlencode({**split_address(self.state_of(0)), "lesson": self.name})
        shown = {*self.show, "scores"}
        not_shown = [name for name in CONTROLS if name not in shown]
        hide = [*self.hide, *not_shown]
        return {
            "title": self.title,
            "name": self.name,
            "steps": self._describe_steps(),
            "tab": self.tab,
            "hints": self.hints,
            "success": self.success,
            "address": address,
            "hide": hide,
            "checked": bool(self.check),
        }

    def evaluate(self, view: NetworkView) -> dict[str, Any]:
        """Evaluate the conditions on the current network."""
        report = view.latest
        metrics = report.current or view.curve.newest or UNMEASURED
        now = NetworkReport(view, report, metrics)
        results = [condition.evaluate(now) for condition in self.check]
        passed = all(result["holds"] for result in results)
        return {"lesson": self.name, "conditions": results, "passed": passed}


def check_state(address: str) -> None:
    """Check the settings of an address, and that its networks have the weights it changes."""
    state = read_address(address)
    words = split_address(address)
    for prefix, settings in zip(NETWORKS, state.networks, strict=False):
        edits = read_edits(words.get(f"{prefix}edits", ""))
        if edits:
            network = FileStore().prepare(state.data).make_network(settings)
            check_edits(edits, network.n_parameters)


Course = dict[str, Lesson]
#: The lists in a lesson whose entries have their own fields.
PARTS: dict[str, type] = {"check": Condition, "questions": Question, "steps": Step}


def built_in_course() -> Course:
    """Read the lessons that are included in the playground."""
    course = Course()
    for path in sorted(FOLDER.glob("*.json")):
        course |= read_course(path)
    return course


def read_course(path: Path) -> Course:
    """Read a lesson or a list of lessons from a file; errors name the position."""
    return parse_course(path.read_bytes(), str(path))


def parse_course(data: bytes, file: str) -> Course:
    """Read a lesson or a list of lessons from the content of a file."""
    content = _parse_json(data, file)
    is_list = isinstance(content, list)
    entries = content if is_list else [content]
    course = Course()
    if not entries:
        raise ArgumentError(f"{file}: expected one lesson or more")
    for number, entry in enumerate(entries, 1):
        place = f"{file}: lesson {number}" if is_list else file
        lesson = _decode(Lesson, entry, "lesson", place)
        lesson = replace(lesson, name=lesson.name or str(number))
        if lesson.name in course:
            raise ArgumentError(f"{place}: name: {lesson.name!r} is the name of another lesson")
        titles = [earlier.title for earlier in course.values()]
        if lesson.title in titles:
            first = titles.index(lesson.title) + 1
            both = f"lessons {first} and {number} have the same title"
            raise ArgumentError(f"{file}: {both}; progress is kept by title")
        course[lesson.name] = lesson
    return course


def _parse_json(data: bytes, file: str) -> Any:
    """Parse JSON in UTF-8; errors name the line."""
    if data.startswith(DOCUMENTS):
        remedy = "save it as plain text, in UTF-8"
        raise ArgumentError(f"{file}: a document of a word processor", remedy=remedy)
    try:
        return json.loads(data.decode("utf-8-sig"), object_pairs_hook=unique_fields)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise ArgumentError(f"{file}: {place}: not JSON: {error.msg}") from None
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ArgumentError(f"{file}: line {line}: not UTF-8", remedy="save it as UTF-8") from None
    except ValueError as error:
        raise ArgumentError(f"{file}: {error}") from None
    except RecursionError:
        raise ArgumentError(f"{file}: its lists are too deeply nested") from None


def _decode(kind: type[T], value: Any, name: str, place: str) -> T:
    """Decode a lesson, after its parts one by one, so that errors name the position."""
    if isinstance(value, dict):
        for part, part_type in PARTS.items():
            entries = value.get(part)
            if not isinstance(entries, list):
                continue  # missing, or rejected below
            word = part_type.__name__.lower()
            for number, entry in enumerate(entries, 1):
                place_of_entry = f"{place}: {word} {number} of {part}"
                _decode(part_type, entry, word, place_of_entry)
    try:
        return decode(kind, value, name)
    except ArgumentError as error:
        raise ArgumentError(f"{place}: {error}") from None

"""Comparison of two models as their clients see them: the records they take, and their answers.

A client of the old model breaks if the new one refuses a record that the old one takes, or if an
answer lacks a part, or has another type or class.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from barenet._messages import some
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.files.exports._inference_program import program_of
from barenet.files.exports._schema_file import schema_of
from barenet.files.exports._value_patterns import TEXT_PATTERN, date_pattern
from barenet.service._record_checks import WORDS, type_names
from barenet.service._record_reasons import problem_of_reasons
from barenet.tables.encoding._column import Column
from barenet.tables.encoding._column_kinds import CategoryColumn, DateColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._parsing import canonical

#: Number of names that a difference lists.
MAX_NAMES = 8

#: The parts of answers that only some models have, with the words for them.
OPTIONAL_PARTS = {
    "probabilities": "probabilities",
    "interval": "intervals",
    "reasons": "reasons",
}

#: The types of classes.
CLASS_TYPES: dict[type, str] = {
    bool: "booleans",
    int: "whole numbers",
    float: "numbers",
    str: "texts",
}


@dataclass(frozen=True)
class Difference:
    """A difference between two models."""

    #: The name of a column, or ``""`` for the answers.
    column: str
    #: The part of the records or the answers that differs, such as ``"kind"`` or ``"classes"``.
    part: str
    #: Description of the difference.
    change: str
    #: Whether clients of the old model break.
    breaks: bool

    def __str__(self) -> str:
        if self.column:
            return f"column {self.column}: {self.change}"
        return f"{self.part}: {self.change}"


def compare_models(old: Predictor, new: Predictor) -> list[Difference]:
    """List the differences that clients of the old model may notice, those that break them first.

    Limits of numbers are left out, as they are far beyond any data.
    """
    differences = [*_compare_records(old, new), *_compare_answers(old, new)]
    return sorted(differences, key=lambda difference: not difference.breaks)


def _compare_records(old: Predictor, new: Predictor) -> list[Difference]:
    """Compare the columns of records."""
    old_schema = schema_of(program_of(old))
    new_schema = schema_of(program_of(new))
    old_fields = old_schema["properties"]
    new_fields = new_schema["properties"]
    required = new_schema["required"]
    old_columns = _columns_of(old)
    new_columns = _columns_of(new)
    old_summaries = (old.card or ModelCard()).summaries
    new_summaries = (new.card or ModelCard()).summaries
    differences = []
    for name in required:
        if name not in old_fields:
            differences.append(Difference(name, "column", "added", breaks=True))
        elif name not in old_schema["required"]:
            change = "is used now, and was left out"
            differences.append(Difference(name, "column", change, breaks=True))
    for name in old_fields:
        is_ignored = name == old.target_name and name not in old_schema["required"]
        if is_ignored:  # another target is a difference of the answers
            continue
        if name not in new_fields:
            differences.append(Difference(name, "column", "removed", breaks=True))
        elif name not in required and name in old_schema["required"]:
            change = "is left out now, and accepted with any value"
            differences.append(Difference(name, "column", change, breaks=False))
    for name in required:
        if name not in old_schema["required"]:
            continue
        differences += _compare_values(name, old_fields[name], new_fields[name])
        if name in old_columns and name in new_columns:
            differences += _compare_categories(old_columns[name], new_columns[name])
        is_date = isinstance(new_columns.get(name), DateColumn)  # later rows have later dates
        if name in old_summaries and name in new_summaries and not is_date:
            change = _describe_ranges(old_summaries[name], new_summaries[name])
            if change:
                change = f"was trained on {change}"
                differences.append(Difference(name, "range", change, breaks=False))
    return differences


def _columns_of(predictor: Predictor) -> dict[str, Column]:
    """Return the columns of a table by their names; a matrix has none."""
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding):
        return {}
    return {column.name: column for column in encoding.used}


def _compare_values(
    name: str, old_field: Mapping[str, Any], new_field: Mapping[str, Any]
) -> list[Difference]:
    """Compare the types and patterns of a column's values."""
    old_patterns = _patterns_by_type(old_field)
    new_patterns = _patterns_by_type(new_field)
    if old_patterns == new_patterns:
        return []
    breaks = False
    for type_name, pattern in old_patterns.items():
        if type_name not in new_patterns or not _takes_texts(pattern, new_patterns[type_name]):
            breaks = True
    if old_patterns.keys() == new_patterns.keys():
        old_example = old_field["examples"][0]
        new_example = new_field["examples"][0]
        change = f"takes texts such as {new_example!r}, took those such as {old_example!r}"
        return [Difference(name, "kind", change, breaks)]
    change = f"takes {_type_words(new_patterns)}, took {_type_words(old_patterns)}"
    return [Difference(name, "kind", change, breaks)]


def _patterns_by_type(field: Mapping[str, Any]) -> dict[str, str]:
    """Return the types of a column's values, with the pattern of its texts."""
    patterns = {}
    for alternative in field.get("anyOf", [field]):
        for type_name in type_names(alternative):
            patterns[type_name] = ""
            if type_name == "string":
                patterns[type_name] = alternative.get("pattern", "")
    return patterns


def _takes_texts(old_pattern: str, new_pattern: str) -> bool:
    """Return whether a pattern matches all texts that another one matches."""
    if new_pattern in (old_pattern, TEXT_PATTERN):
        return True
    # Dates in the order of ISO 8601 are read in tables with days or months first, too.
    is_iso = old_pattern == date_pattern("ymd")
    return is_iso and new_pattern in (date_pattern("dmy"), date_pattern("mdy"))


def _type_words(names: Collection[str]) -> str:
    words = [WORDS[name] for name in names]
    return " or ".join(words)


def _compare_categories(old: Column, new: Column) -> list[Difference]:
    """Compare the categories or words of a column; unknown ones are answered, too."""
    if isinstance(old, CategoryColumn) and isinstance(new, CategoryColumn):
        old_labels = [canonical(category) for category in old.categories]
        new_labels = [canonical(category) for category in new.categories]
        return _lost_and_gained(old.name, "categories", old_labels, new_labels)
    if isinstance(old, WordsColumn) and isinstance(new, WordsColumn):
        return _lost_and_gained(old.name, "words", old.words, new.words)
    return []


def _lost_and_gained(
    name: str, part: str, old_names: Sequence[str], new_names: Sequence[str]
) -> list[Difference]:
    """Describe which names there are no more, and which are new."""
    lost = [label for label in old_names if label not in new_names]
    gained = [label for label in new_names if label not in old_names]
    differences = []
    if lost:
        change = f"loses the {part} {some(lost, MAX_NAMES)}"
        differences.append(Difference(name, part, change, breaks=False))
    if gained:
        change = f"gains the {part} {some(gained, MAX_NAMES)}"
        differences.append(Difference(name, part, change, breaks=False))
    return differences


def _describe_ranges(old_summary: Mapping[str, Any], new_summary: Mapping[str, Any]) -> str:
    """Describe ranges that don't overlap, as a unit may have changed; else an empty text."""
    if "range" not in old_summary or "range" not in new_summary:
        return ""
    old_low, old_high = old_summary["range"]
    new_low, new_high = new_summary["range"]
    if new_low <= old_high and old_low <= new_high:
        return ""
    new_range = f"{new_low:.5g} to {new_high:.5g}"
    return f"{new_range}, before {old_low:.5g} to {old_high:.5g}; is it in another unit?"


def _compare_answers(old: Predictor, new: Predictor) -> list[Difference]:
    """Compare the parts and types of answers."""
    differences = []
    if old.target_name != new.target_name:
        change = f"predicts {new.target_name}, predicted {old.target_name}"
        differences.append(Difference("", "target", change, breaks=True))
    old_answer = _describe_answer(old)
    new_answer = _describe_answer(new)
    if old_answer != new_answer:
        change = f"predicts {new_answer}, predicted {old_answer}"
        differences.append(Difference("", "prediction", change, breaks=True))
    elif old.classes is not None and new.classes is not None:
        differences += _compare_classes(old.classes, new.classes)
    old_summary = (old.card or ModelCard()).prediction_summary
    new_summary = (new.card or ModelCard()).prediction_summary
    change = _describe_ranges(old_summary, new_summary)
    if change:
        differences.append(Difference("", "range", f"predicts {change}", breaks=False))
    old_parts = _optional_parts(old)
    new_parts = _optional_parts(new)
    for part, name in OPTIONAL_PARTS.items():
        if part in new_parts and part not in old_parts:
            differences.append(Difference("", part, f"gains {name}", breaks=False))
        elif part in old_parts and part not in new_parts:
            differences.append(Difference("", part, f"loses the {name}", breaks=True))
    return differences


def _optional_parts(predictor: Predictor) -> set[str]:
    """Return which of the `OPTIONAL_PARTS` the answers of a model have."""
    parts = set()
    if predictor.classes is not None:
        parts.add("probabilities")
    if predictor.residuals is not None:
        parts.add("interval")
    if not problem_of_reasons(predictor):
        parts.add("reasons")
    return parts


def _describe_answer(predictor: Predictor) -> str:
    """Describe the type of a prediction."""
    if predictor.labels is not None:
        types = {type(label) for label in predictor.labels.tolist()}
        [class_type] = types
        return f"classes that are {CLASS_TYPES[class_type]}"
    n_outputs = predictor.network.n_outputs or 1
    return "a number" if n_outputs == 1 else f"{n_outputs} numbers"


def _compare_classes(old: Sequence[str], new: Sequence[str]) -> list[Difference]:
    """Compare the classes, which a client may list, and their order."""
    differences = [
        Difference("", "classes", difference.change, breaks=True)
        for difference in _lost_and_gained("", "classes", old, new)
    ]
    if not differences and tuple(old) != tuple(new):
        change = f"are in another order: {some(new, MAX_NAMES)}"
        differences.append(Difference("", "classes", change, breaks=False))
    return differences

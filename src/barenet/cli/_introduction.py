"""The introduction of a run: its data and its network, printed before the training."""

import textwrap
from collections.abc import Iterator, Sequence

from barenet import Scaling, TableEncoding, _shell as shell
from barenet.cli._console import MAX_COLUMNS, log
from barenet.cli._score_tables import choose_metric
from barenet.cli._spelling import Spelling
from barenet.datasets._dataset import Dataset
from barenet.engines import is_jax
from barenet.engines.jax._jax_library import first_device
from barenet.errors import ArgumentError, count_of, in_list, printable, some
from barenet.files._model_card import describe_rows
from barenet.tables.encoding._alike_names import alike_notes
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_fitting import COUNTER, IDENTIFIER, is_named_identifier
from barenet.tables.encoding._column_kinds import (
    CategoryColumn,
    DateColumn,
    NumberColumn,
    PiecewiseColumn,
)
from barenet.tables.encoding._placeholders import placeholder_notes
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.reading._column_words import DROP, columns_with
from barenet.tables.reading._target import is_ordered
from barenet.tasks._description import words_may_be_classes
from barenet.tasks._fit import Fit
from barenet.training._callbacks import Callback, Run

#: Maximum number of lines for the columns of a kind, and the end of the last line if there are
#: more.
LINES = 3
AND_MORE = " … and more"

#: Heading of each kind, singular and plural.
HEADINGS = {
    "number": ("number", "numbers"),
    "piecewise": ("number", "numbers"),
    "category": ("category", "categories"),
    "words": ("text", "texts"),
    "boolean": ("yes or no", "yes or no"),
    "date": ("date", "dates"),
    "dropped": ("left out", "left out"),
}


class Introduction(Callback):
    """Prints the data and the network, once all settings are valid."""

    def __init__(self, fit: Fit) -> None:
        self.fit = fit

    def on_start(self, run: Run) -> None:
        done = count_of(len(run.history), "epoch")
        if run.batch:
            done += f" and {count_of(run.batch, 'step')}"
        note = ""
        if run.history.loss or run.batch:
            note = f"resuming after {done}\n\n"
        introduce(self.fit, note)


def introduce(fit: Fit, note: str = "") -> None:
    """Print the rows, the columns, a note, and the network."""
    training = fit.training
    preprocessing = fit.predictor.preprocessing
    rows = describe_rows(fit.n_rows)
    if not fit.rows.test:
        rows += ", no test rows"
    target = "a number to predict"
    if training.classes:
        target = f"{len(training.classes)} classes"
    features = count_of(training.n_features, "feature")
    n_inputs = preprocessing.n_inputs
    if n_inputs != training.n_features:
        become = "becomes" if training.n_features == 1 else "become"
        features += f" that {become} {count_of(n_inputs, 'number')}"
    log(f"{training.name}: {training.description}\n{rows}\n{features}, {target}\n")
    if fit.settings.is_table:
        dropped = columns_with(fit.settings.requests, DROP)
        summary = summarize_columns(preprocessing, training.feature_names, dropped)
        if AND_MORE in summary:
            summary += "\n  `barenet info` with the folder of the run lists all columns"
        log(f"{summary}\n")
        _log_advice(fit)
    choose_metric(fit.settings.config.metric, fit.rows.dataset)
    if is_jax(fit.settings.config.engine):
        note += f"training with JAX on this device: {first_device().device_kind}\n\n"
    log(f"{note}{fit.predictor.network.summary()}\n")


def _log_advice(fit: Fit) -> None:
    """Print options for words in a target, for identifiers and dates, and describe the split."""
    settings = fit.settings
    dataset = fit.rows.dataset
    preprocessing = fit.predictor.preprocessing
    columns = _columns_of(preprocessing)
    if words_may_be_classes(dataset, settings):
        log("`--task classification` makes the words of a missing target a class\n")
    for column in columns:
        if _may_be_kept(column):
            name = column.name
            option = f"--keep-column {shell.quote(name)}"
            if dataset.X[name].dtype.kind == "T":
                option += " --rare 0"  # each text is rare
            log(f"if {printable(name)} matters for new rows, keep it with `{option}`\n")
            break
    if isinstance(preprocessing, TableEncoding):
        classes = dataset.classes or ()
        notes = [
            *limit_notes(preprocessing),
            *placeholder_notes(preprocessing, dataset.X),
            *alike_notes(preprocessing, dataset.X, dataset.target_name, classes),
        ]
        for note in notes:
            log(f"{note.render(Spelling().spell)}\n")
    dates = []
    for column in columns:
        if isinstance(column, DateColumn) and column.order != "time":
            dates.append(column.name)
    if settings.file.date_format and not dates:
        option = Spelling().spell("date_format", settings.file.date_format)
        log(f"no column has dates of `{option}`\n")
    if fit.rows.test is not None and fit.rows.stream is None:
        _log_split(fit, fit.rows.test, dates)


def limit_notes(encoding: TableEncoding) -> Iterator[ArgumentError]:
    """Describe how limits such as <5 are read in each column of numbers, with other options."""
    for column in encoding.used:
        if not isinstance(column, NumberColumn) or not column.limit_texts:
            continue
        problem = f"column {column.name!r}: {column.readings_of_limits}"
        remedy = "to read names, use {categories}; for missing values, use {missing}"
        missing = [*column.limit_texts]
        yield ArgumentError(problem, remedy=remedy, categories=[column.name], missing=missing)


def _columns_of(preprocessing: TableEncoding | Scaling) -> Sequence[Column]:
    """Return the columns of a table; () for a matrix."""
    return preprocessing.columns if isinstance(preprocessing, TableEncoding) else ()


def _may_be_kept(column: Column) -> bool:
    """Return whether a column that was left out may be no identifier after all."""
    reason = getattr(column, "reason", "")
    if reason.startswith(COUNTER):
        return not is_named_identifier(column.name)  # an id that numbers the rows is one
    return reason.startswith(IDENTIFIER)


def _log_split(fit: Fit, test: Dataset, dates: Sequence[str]) -> None:
    """Describe how the rows are split by a column, or warn that their order may matter."""
    settings = fit.settings
    dataset = fit.rows.dataset
    keys = test.split_keys
    if keys is not None:
        column = settings.split_by_group
        part = count_of(len({*keys.tolist()}), "whole group")
        if settings.split_by_time is not None:
            column = settings.split_by_time
            first = keys.min()
            if settings.split_by_time in dates:
                first = first.astype("M8[s]")
            else:
                first = first.astype(float)
            part = f"the last rows, from {first} on"
        log(f"split by {column}: the test rows are {part}\n")
        return
    ordered = is_ordered(dataset.y, classes=dataset.classes is not None)
    if dates or ordered:
        reason = "neighbouring rows have similar targets"
        option = "COLUMN"
        if dates:
            has = "has" if len(dates) == 1 else "have"
            reason = f"{some(dates)} {has} dates"
            option = shell.quote(dates[0])
        log(f"{reason}, and rows are split at random: on later rows, the scores may be worse")
        log(f"`--split-by-time {option}` tests on the last rows")
        log("`--split-by-group COLUMN` tests on whole groups\n")


def summarize_columns(
    preprocessing: TableEncoding | Scaling, names: Sequence[str], dropped: Sequence[str] = ()
) -> str:
    """List the columns by kind.

    Examples
    --------
    >>> towns = {"size": [3.5, None, 2.1], "town": ["Rome", "Oslo", "Rome"], "of": ["x"] * 3}
    >>> print(summarize_columns(TableEncoding.fit(towns), ()))
      1 number    size (some missing)
      1 category  town (2)
      1 left out  of: 'x' in every row
    """
    groups: dict[str, list[str]] = {}
    for column in _columns_of(preprocessing):
        groups.setdefault(column.kind, []).append(_describe(column))
    groups = groups or {"number": [in_list(name) for name in names]}
    for name in dropped:
        groups.setdefault("dropped", []).append(f"{name}: dropped by request")
    heads = {}
    for group, (singular, plural) in HEADINGS.items():
        if group in groups:
            count = len(groups[group])
            heading = singular if count == 1 else plural
            heads[group] = f"{count:,} {heading}"
    width = max(len(head) for head in heads.values()) + 2
    indent = " " * (width + 2)
    paragraphs = textwrap.TextWrapper(
        MAX_COLUMNS,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        max_lines=LINES,
        placeholder=AND_MORE,
    )
    lines = []
    for group, head in heads.items():
        separator = "; " if group == "dropped" else ", "  # the reasons contain commas
        paragraphs.initial_indent = f"  {head.ljust(width)}"
        lines.append(paragraphs.fill(separator.join(groups[group])))
    return "\n".join(lines)


def _describe(column: Column) -> str:
    """Name a column, and how it is encoded."""
    if isinstance(column, DroppedColumn):
        return f"{column.name}: {column.reason}"
    notes = []
    if isinstance(column, CategoryColumn):
        note = str(len(column.categories))
        if column.rare:
            note += " and rare ones"
        notes.append(note)
    if isinstance(column, WordsColumn):
        notes.append(count_of(len(column.words), "word"))
    if isinstance(column, DateColumn) and column.cycles:
        notes.append(", ".join(column.cycles))
    if isinstance(column, DateColumn) and column.parts:
        notes.append(f"each {' and '.join(column.parts)}")
    if isinstance(column, DateColumn) and column.days:
        notes.append(count_of(len(column.days), "day"))
    if isinstance(column, PiecewiseColumn) and column.codes:
        notes.append(f"{len(column.codes)} codes")
    if getattr(column, "indicator", False) or getattr(column, "missing", False):
        notes.append("some missing")
    name = in_list(column.name)
    if not notes:
        return name
    return f"{name} ({', '.join(notes)})"

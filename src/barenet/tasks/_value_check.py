"""Checks the values of a table before any training, in the training set and in the other rows.

The training rows decide the kind of a column. A wrong value is reported in the same way wherever
the split has put it, with the options that read the column without a loss.
"""

from collections.abc import Collection, Sequence

from barenet.errors import LONGEST, DataError
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._column import Column, DroppedColumn
from barenet.tables.encoding._column_fitting import fit_column
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import TableEncoding, missing_tokens, requested_kinds
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._column_errors import raise_together
from barenet.tables.reading._kind_inference import kinds_and_errors
from barenet.tasks._split_rows import SplitRows


def check_values(split: SplitRows, settings: TaskSettings) -> None:
    """Reject values of a table that are not of the kind of their column."""
    rows = split.dataset.X
    training = split.training.X
    if not isinstance(rows, Frame) or not isinstance(training, Frame):
        return
    names = [*rows.columns]
    options = settings.table_options(names)
    tokens = missing_tokens(rows, options.get("missing", ()))
    numeric = options.get("numeric", ())
    requested = requested_kinds(names, categories=options.get("categories", ()), numeric=numeric)
    others = [name for name in names if name not in requested]
    columns = []
    inferred, errors = kinds_and_errors(training, others, tokens)
    refused = {error.column for error in errors}
    for name in names:
        if name in refused:
            continue
        try:
            column = fit_column(
                training,
                name,
                requested.get(name),
                scaling="none",
                rare=0.0,
                missing=tokens,
                keep=options.get("keep_column", ()),
                inferred=inferred.get(name),
            )
        except DataError as error:
            errors.append(error)
        else:
            columns.append(column)
    errors += _errors_of_other_kinds(columns, rows, tokens, numeric)
    if not errors:
        return
    # The errors of all rows have their share of them, whatever the split.
    _, errors_of_all_rows = kinds_and_errors(rows, others, tokens)
    if errors_of_all_rows:
        named = {error.column for error in errors_of_all_rows}
        errors = [error for error in errors if error.column not in named]
    raise_together([*errors_of_all_rows, *errors])


def check_rows(encoding: TableEncoding, rows: Frame, settings: TaskSettings) -> None:
    """Reject values of held-out rows that an encoding can't read."""
    numeric = settings.table_options([*rows.columns]).get("numeric", ())
    refuse_other_kinds(encoding.columns, rows, encoding.missing, numeric)


def refuse_other_kinds(
    columns: Sequence[Column], rows: Frame, missing: Collection[str], numeric: Collection[str]
) -> None:
    """Reject values of another kind than that of their column, with remedies."""
    raise_together(_errors_of_other_kinds(columns, rows, missing, numeric))


def _errors_of_other_kinds(
    columns: Sequence[Column], rows: Frame, missing: Collection[str], numeric: Collection[str]
) -> list[DataError]:
    """List the errors of values of another kind than that of their column, with remedies."""
    errors = []
    for column in columns:
        if isinstance(column, DroppedColumn):
            continue
        has_texts = rows[column.name].dtype.kind == "T"
        if has_texts and isinstance(column, CategoryColumn | WordsColumn):
            continue  # no text is wrong among names
        try:
            column.parse(rows, column.name, missing)
        except DataError as error:
            if not error.remedy:
                _add_remedies(error, may_be_names=column.name not in numeric)
            errors.append(error)
    return errors


def _add_remedies(error: DataError, *, may_be_names: bool) -> None:
    """Recommend the options that read a column with a value of another kind."""
    text = str(error.value).strip()
    remedies = []
    if len(text) <= LONGEST:
        remedies.append("if it stands for a missing value, use {missing}")
        error.options["missing"] = [text]
    if may_be_names:
        remedies.append("if the column holds names, use {categories}")
        error.options["categories"] = [error.column]
    error.remedy = "; ".join(remedies)

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
from barenet.tables.encoding._encoding import TableEncoding, missing_tokens
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
    columns = []
    inferred, errors = kinds_and_errors(training, names, tokens)
    refused = {error.column for error in errors}
    for name in names:
        if name in refused:
            continue
        try:
            column = fit_column(
                training,
                name,
                None,
                scaling="none",
                rare=0.0,
                missing=tokens,
                inferred=inferred.get(name),
            )
        except DataError as error:
            errors.append(error)
        else:
            columns.append(column)
    errors += _errors_of_other_kinds(columns, rows, tokens)
    if not errors:
        return
    # The errors of all rows have their share of them, whatever the split.
    _, errors_of_all_rows = kinds_and_errors(rows, names, tokens)
    if errors_of_all_rows:
        named = {error.column for error in errors_of_all_rows}
        errors = [error for error in errors if error.column not in named]
    raise_together([*errors_of_all_rows, *errors])


def check_rows(encoding: TableEncoding, rows: Frame) -> None:
    """Reject values of held-out rows that an encoding can't read."""
    raise_together(_errors_of_other_kinds(encoding.columns, rows, encoding.missing))


def _errors_of_other_kinds(
    columns: Sequence[Column], rows: Frame, missing: Collection[str]
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
                _add_remedies(error)
            errors.append(error)
    return errors


def _add_remedies(error: DataError) -> None:
    """Recommend the options that read a column with a value of another kind."""
    text = str(error.value).strip()
    remedies = []
    if len(text) <= LONGEST:
        remedies.append("if it stands for a missing value, use {missing}")
        error.options["missing"] = [text]
    remedies.append("if the column holds names, use {categories}")
    error.options["categories"] = [error.column]
    error.remedy = "; ".join(remedies)

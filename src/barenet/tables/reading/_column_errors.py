"""One error for the wrong values of several columns, so that all are corrected at once."""

from collections.abc import Sequence
from typing import Any

from barenet._messages import printable
from barenet.errors import DataError

#: Maximum number of columns that an error lists.
MOST_COLUMNS = 10


def raise_together(errors: Sequence[DataError]) -> None:
    """Raise the errors of several columns as one, if there are any."""
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise _joined(errors)


def _joined(errors: Sequence[DataError]) -> DataError:
    """Make an error of the first column that names the others, with the remedies of all."""
    first, *others = errors
    problems = [first.problem]
    for error in others[: MOST_COLUMNS - 1]:
        problem = error.problem
        if error.line is not None:  # other problems begin with their rows
            problem = f"line {error.line}: {problem}"
        if error.path != first.path:
            problem = f"{printable(error.path)}, {problem}"
        problems.append(problem)
    n_more = len(errors) - len(problems)
    if n_more > 0:
        noun = "column" if n_more == 1 else "columns"
        problems.append(f"and {n_more:,} more {noun}")
    options: dict[str, Any] = {}
    for error in errors:
        for option, value in error.options.items():
            options[option] = _united(options.get(option), value)
    remedies = dict.fromkeys(error.remedy for error in errors if error.remedy)
    joined = DataError(
        "; ".join(problems),
        argument=first.argument,
        path=first.path,
        line=first.line,
        value=first.value,
        expected=first.expected,
        remedy="; ".join(remedies),
        **options,
    )
    joined.row = first.row
    joined.column = first.column
    return joined


def _united(earlier: Any, value: Any) -> Any:
    """Merge the lists or dictionaries of an option of two columns; other values are equal."""
    if isinstance(earlier, dict):
        return earlier | value
    if isinstance(earlier, list):
        return [*dict.fromkeys([*earlier, *value])]
    return value

"""Errors that barenet raises.

An invalid argument raises a ``ValueError`` that names it; an `ArgumentError` also has its parts as
data. The other classes are for errors that a caller may want to handle separately: bad data, a bad
model file, a run that diverged, or an extra that is not installed.
"""

import copy
import sys
import warnings
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Self

from barenet._messages import ADDRESSES, brief, printable, with_addresses, without_secrets


class BarenetError(Exception):
    """Base class of every error that barenet defines."""

    def __str__(self) -> str:
        return without_secrets(with_addresses(super().__str__()))


def spelled(argument: str, *value: object) -> str:
    """Write an argument, possibly with a value, as in a Python call: ``header=False``."""
    return f"{argument}={value[0]!r}" if value else argument


def option_of(placeholder: str) -> str:
    """Return the option whose value a remedy recommends at a placeholder.

    A remedy may recommend several values of an option. Each further placeholder has another number
    of underscores at its end.

    >>> option_of("date_format"), option_of("date_format_")
    ('date_format', 'date_format')
    """
    return placeholder.rstrip("_")


def message_of(error: OSError) -> str:
    """Return the message of an error of the operating system, without its number."""
    if not error.strerror:
        return str(error)
    return f"{error.filename or 'cannot write the result'}: {error.strerror}"


class ArgumentError(BarenetError, ValueError):
    """An invalid value of an argument, with its parts as data.

    The library renders them as ``learning_rate: expected a number above 0, got -1``; the command
    line and the playground render the same parts in their own spelling.

    Parameters
    ----------
    problem : str
        Description of what is wrong, without the name of the argument and the remedy.
    argument : str
        Name of the argument; several names are separated by a comma and a space.
    value : object
        The given value.
    expected : str
        Description of the accepted values, such as "a number above 0".
    remedy : str
        How to correct the error. A name in braces stands for one of `options`.
    **options : object
        Values of other arguments that the remedy recommends. For a second value of the same
        argument, an underscore is appended to its name.

    Attributes
    ----------
    options : dict
        The recommended values by the names of their arguments.

    Examples
    --------
    >>> error = ArgumentError.of("epochs", 0, "a whole number of 1 or more")
    >>> print(error)
    epochs: expected a whole number of 1 or more, got 0
    >>> error.argument, error.value, error.problem
    ('epochs', 0, 'expected a whole number of 1 or more, got 0')
    >>> error = ArgumentError("1 column", argument="data", remedy="try {delimiter}", delimiter=";")
    >>> print(error)
    data: 1 column; try delimiter=';'
    """

    def __init__(
        self,
        problem: str,
        *,
        argument: str = "",
        value: object = None,
        expected: str = "",
        remedy: str = "",
        **options: object,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.argument = argument
        self.value = value
        self.expected = expected
        self.remedy = remedy
        self.options = options

    @classmethod
    def of(
        cls, argument: str, value: object, expected: str, *, part: str = "", **more: Any
    ) -> Self:
        """Describe a value that is not accepted.

        Parameters
        ----------
        argument : str
            Name of the argument.
        value : object
            The given value.
        expected : str
            Description of the accepted values, such as "a number above 0".
        part : str
            The part of the argument that is wrong, such as "adam's beta1".
        **more : object
            The remedy and its options.

        Returns
        -------
        ArgumentError
            The error, to be raised.
        """
        if isinstance(value, type) and hasattr(value, "name"):
            more.setdefault("remedy", f"pass an instance: {value.__name__}(...)")
        problem = f"expected {expected}, got {brief(value)}"
        if part:
            problem = f"{part}: {problem}"
        return cls(problem, argument=argument, value=value, expected=expected, **more)

    def __str__(self) -> str:
        return self.render()

    def render(self, spell: Callable[..., str] = spelled) -> str:
        """Write the error in the spelling of a user interface.

        Parameters
        ----------
        spell : callable
            Takes the name of an argument, possibly with a value, and returns them as a user of the
            interface writes them.

        Returns
        -------
        str
            One line: place, problem and remedy.
        """
        parts = []
        if self.argument:
            names = [spell(name) for name in self.argument.split(", ")]
            parts.append(", ".join(names))
        parts += [*self._place(), self.problem]
        line = ": ".join(part for part in parts if part)
        remedy = self.remedy
        if spell is spelled:  # the arguments of a call, unlike flags, are separated by commas
            remedy = remedy.replace("} {", "}, {")
        for placeholder, value in self.options.items():
            option = spell(option_of(placeholder), value)
            remedy = remedy.replace("{" + placeholder + "}", option)
        if remedy:
            line += f"; {remedy}"
        return without_secrets(with_addresses(line))

    def _place(self) -> list[str]:
        """Return the place of the error, apart from the argument."""
        return []

    def renamed(self, argument: str) -> Self:
        """Copy the error for an argument of the caller.

        Parameters
        ----------
        argument : str
            Name of the caller's argument.

        Returns
        -------
        ArgumentError
            The same error, with the new name.
        """
        error = copy.copy(self)
        error.argument = argument
        return error


class DataError(ArgumentError):
    """An error in data.

    Parameters
    ----------
    problem : str
        Description of what is wrong.
    path : path, optional
        Path of the file.
    line : int, optional
        Line of the file, counted from 1.
    **parts : object
        Other parts of an `ArgumentError`.

    Attributes
    ----------
    row : int, optional
        Row of an invalid value in its source, counted from 0.
    column : str, optional
        Column of an invalid value.
    positions : sequence of int
        Positions of all such values of the column in the rows that were checked, if it has several.

    Examples
    --------
    >>> print(DataError("expected 2 values, got 1", path="table.csv", line=3))
    table.csv:3: expected 2 values, got 1
    """

    def __init__(
        self, problem: str, *, path: object = None, line: int | None = None, **parts: Any
    ) -> None:
        super().__init__(problem, **parts)
        self.path = ADDRESSES.get(str(path), path)
        self.line = line
        self.row: int | None = None
        self.column: str | None = None
        self.positions: Sequence[int] = ()

    def _place(self) -> list[str]:
        if self.path is None:
            return []
        place = printable(self.path)
        if self.line is not None:
            place += f":{self.line}"
        return [place]


class RemedyWarning(UserWarning):
    """A warning with the parts of an error as data, such as the options that its remedy names.

    Parameters
    ----------
    error : ArgumentError
        The problem and its remedy.
    """

    def __init__(self, error: ArgumentError) -> None:
        super().__init__(error)
        self.error = error


def warn_with_remedy(note: ArgumentError) -> None:
    """Warn the caller of this package of a problem, with its remedy."""
    warnings.warn(RemedyWarning(note), stacklevel=caller_stacklevel())


class ModelFileError(BarenetError, ValueError):
    """A model file that is damaged, foreign, or newer than this version."""


class MissingExtraError(BarenetError, ImportError):
    """An optional dependency is missing; the message has the command to install it."""


class ResumeError(BarenetError, ValueError):
    """A run can't be resumed from a checkpoint; the message gives the reason.

    The network, the optimizer, the schedule and the callbacks are left unchanged.
    """


class WorkersError(BarenetError, RuntimeError):
    """The workers of a cluster can't do their work; the message gives the reason."""


class DivergenceError(BarenetError, ArithmeticError, ValueError):
    """The loss or the parameters stopped being finite numbers.

    It is also a ``ValueError``, as code for scikit-learn's estimators expects.

    Attributes
    ----------
    epoch : int
        Epoch of the divergence, counted from 1.
    batch : int
        Batch within that epoch, counted from 1.
    loss : float
        The loss of that batch.
    problem : str
        The loss or the parameters, and their value.
    remedy, outcome : str
        The remedy and the consequences at the end of the message; a handler may change them.
    """

    def __init__(
        self, problem: str, *, epoch: int, batch: int, loss: float, remedy: str, outcome: str = ""
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        self.epoch = epoch
        self.batch = batch
        self.loss = loss
        self.remedy = remedy
        self.outcome = outcome

    def __str__(self) -> str:
        message = f"{self.problem} in epoch {self.epoch}, batch {self.batch}; {self.remedy}"
        if self.outcome:
            message += f". {self.outcome}"
        return message

    def __reduce__(self) -> tuple[Any, ...]:
        """Support pickling, for errors in other processes."""
        restore = partial(
            type(self),
            epoch=self.epoch,
            batch=self.batch,
            loss=self.loss,
            remedy=self.remedy,
            outcome=self.outcome,
        )
        return restore, self.args


def caller_stacklevel() -> int:
    """Return the stack level of the first frame outside this package, for a warning.

    scikit-learn calls `fit` in an extra frame.
    """
    level = 1
    frame = sys._getframe(1)
    ours = ("barenet.", "sklearn.callback.", "contextlib")
    while frame.f_back and frame.f_globals.get("__name__", "").startswith(ours):
        frame = frame.f_back
        level += 1
    return level


__all__ = [name for name in list(globals()) if name.endswith("Error")]

"""What barenet raises when something is wrong, in one place.

A wrong argument is a ``ValueError`` that names it; an `ArgumentError` also has its parts as data.
The other classes are for errors that a caller may want to handle separately: bad data, a bad model
file, a run that diverged, an extra not installed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

__all__ = [
    "ArgumentError",
    "BarenetError",
    "DataError",
    "DivergenceError",
    "MissingExtraError",
    "ModelFileError",
    "ResumeError",
    "brief",
    "in_a_line",
    "printable",
    "some",
]

#: Characters of a value that an error shows.
LONGEST = 80


class BarenetError(Exception):
    """Base of every error that is barenet's own."""


class ArgumentError(BarenetError, ValueError):
    """A wrong value of an argument, with its parts as data.

    The message has the library's name of the argument, ``learning_rate``, which the command line
    replaces by ``--learning-rate``.

    Parameters
    ----------
    message : str
        The whole message, which begins with the name of the argument and a colon.
    argument : str
        The name of the argument.
    value : object
        The value that was given.
    expected : str
        A description of the values that are accepted.
    remedy : str
        A way to correct it.

    Examples
    --------
    >>> error = ArgumentError.of("epochs", 0, "a whole number of 1 or more")
    >>> print(error)
    epochs: expected a whole number of 1 or more, got 0
    >>> error.argument, error.value, error.problem
    ('epochs', 0, 'expected a whole number of 1 or more, got 0')
    """

    def __init__(
        self,
        message: str,
        *,
        argument: str = "",
        value: object = None,
        expected: str = "",
        remedy: str = "",
    ) -> None:
        super().__init__(message)
        self.argument = argument
        self.value = value
        self.expected = expected
        self.remedy = remedy

    @classmethod
    def of(
        cls, argument: str, value: object, expected: str, *, part: str = "", remedy: str = ""
    ) -> ArgumentError:
        """Compose the message from its parts.

        Parameters
        ----------
        argument : str
            The name of the argument.
        value : object
            The value that was given.
        expected : str
            A description of the values that are accepted, such as "a number above 0".
        part : str
            The part of the argument that is wrong, such as "adam's beta1".
        remedy : str
            A way to correct it.

        Returns
        -------
        ArgumentError
            To be raised.
        """
        place = f"{argument}: {part}" if part else argument
        end = f"; {remedy}" if remedy else ""
        message = f"{place}: expected {expected}, got {brief(value)}{end}"
        return cls(message, argument=argument, value=value, expected=expected, remedy=remedy)

    @property
    def problem(self) -> str:
        """The message without the name of the argument."""
        return str(self).removeprefix(f"{self.argument}: ")

    def renamed(self, argument: str) -> ArgumentError:
        """Name the argument of the caller instead.

        Parameters
        ----------
        argument : str
            The name of the caller's argument.

        Returns
        -------
        ArgumentError
            A copy with the new name.
        """
        return ArgumentError(
            f"{argument}: {self.problem}",
            argument=argument,
            value=self.value,
            expected=self.expected,
            remedy=self.remedy,
        )


class DataError(ArgumentError):
    """Data that cannot be used; the message names the file and line, or the column."""


class ModelFileError(BarenetError, ValueError):
    """A model file that is damaged, foreign, or newer than this version."""


class MissingExtraError(BarenetError, ImportError):
    """An optional dependency is needed and not installed; the message says how to install it."""


class ResumeError(BarenetError, ValueError):
    """A run cannot be resumed from a checkpoint; the message has the reason.

    The network, the optimizer, the schedule and the callbacks are as they were before.
    """


class DivergenceError(BarenetError, ArithmeticError, ValueError):
    """The loss or the parameters stopped being finite numbers.

    A ``ValueError`` as well, as code that is written for scikit-learn's estimators expects one.

    Attributes
    ----------
    epoch : int
        Epoch in which it happened, counted from 1.
    batch : int
        Batch within that epoch, counted from 1.
    loss : float
        The loss of that batch.
    outcome : str
        What there is now, which ends the message; whoever goes on from the error may change it.
    """

    def __init__(
        self, message: str, *, epoch: int, batch: int, loss: float, outcome: str = ""
    ) -> None:
        super().__init__(message)
        self.epoch = epoch
        self.batch = batch
        self.loss = loss
        self.outcome = outcome

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}. {self.outcome}" if self.outcome else message

    def __reduce__(self) -> tuple[Any, ...]:
        """Let it be pickled, as errors are on their way out of another process."""
        place = partial(type(self), epoch=self.epoch, batch=self.batch, loss=self.loss)
        return partial(place, outcome=self.outcome), self.args


def brief(value: object) -> str:
    """Write a value for an error; an array by its shape, and the start of what is long.

    Examples
    --------
    >>> import numpy as np
    >>> brief("adam"), brief(np.ones(784))
    ("'adam'", 'an array of shape (784,)')
    """
    shape = getattr(value, "shape", ())
    if isinstance(shape, tuple) and shape:
        return f"an array of shape {shape}"
    return _shortened(" ".join(repr(value).split()), LONGEST)


def in_a_line(error: Exception) -> str:
    r"""Tell what an error of another library says, which may be long and of several lines.

    Examples
    --------
    >>> in_a_line(ValueError("expected a number\n  got 'x'"))
    "expected a number got 'x'"
    >>> in_a_line(KeyError("scaling"))
    "'scaling' is missing"
    """
    text = " ".join(str(error).split())
    if type(error) is KeyError:  # of which Python tells the key alone
        text += " is missing"
    return _shortened(text, 3 * LONGEST)


def some(names: Sequence[str], most: int = 20) -> str:
    """List names for an error, the first of them where they are many, the start of a long one.

    Examples
    --------
    >>> some(["a", "b", "c"]), some(["a", "b", "c"], most=2)
    ('a, b, c', 'a, b, … (3 in all)')
    """
    listed = ", ".join(_shortened(printable(name), LONGEST) for name in names[:most])
    return listed if len(names) <= most else f"{listed}, … ({len(names)} in all)"


def printable(name: object) -> str:
    r"""Write a name in one line; what can't be seen is spelled out, or in quotes.

    Examples
    --------
    >>> print(printable("prices"), printable("two\nlines"), printable(""), printable(" x"))
    prices two\nlines '' ' x'
    """
    text = str(name)
    if not text.isprintable():
        return repr(text)[1:-1]
    return text if text and text == text.strip() else repr(text)


def _shortened(text: str, most: int) -> str:
    """The start of a text with more characters than are shown."""
    return text if len(text) <= most else f"{text[:most]}..."

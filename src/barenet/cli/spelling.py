"""Errors in the user's spelling: the flag as it was typed, or the key of a run file."""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence
from functools import partial
from typing import Any, Literal, get_args, get_origin

from cyclopts import App, Argument, ArgumentCollection, CycloptsError, Token
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownOptionError,
)

from barenet.errors import ArgumentError, brief

__all__ = ["Given", "explain_usage", "name_of", "spelling"]

#: Names on the command line of arguments that the library calls differently.
LIBRARY_NAMES = {"path": ("out",), "model": ("run", "what"), "data": ("what",)}

#: The value of an argument in a remedy, written as in Python.
VALUE = r"""=(True|False|'[^']*'|"[^"]*"|\['[^']*'\]|\["[^"]*"\])"""

#: Expected values, in words.
NOUNS = {float: "a number", int: "a whole number", bool: "true or false"}


class Given:
    """The arguments of the running command, as they were given.

    The parser passes them to each function of its ``config`` before it converts them to values.
    """

    def __init__(self) -> None:
        self.arguments: Sequence[Argument] = ()

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        self.arguments = arguments

    def rename(self, error: Exception | str) -> str:
        """Replace the library's names of arguments in an error by the user's spelling.

        Examples
        --------
        >>> Given().rename(ValueError("table.csv:3: expected 2 values"))
        'table.csv:3: expected 2 values'
        """
        if isinstance(error, ArgumentError) and (error.argument or error.options):
            return error.render(self.spell)
        names, _, problem = str(error).partition(": ")
        spelled = [flag for name in names.split(", ") if (flag := self._spelled(name))]
        if not problem or not spelled:  # such as X, which is no argument of a command
            return self._rename_remedies(str(error))
        return f"{', '.join(spelled)}: {self._rename_remedies(problem)}"

    def spell(self, name: str, *value: object) -> str:
        """Spell an argument, with a value or without, as it is typed."""
        if not value:
            return self._spelled(name) or name
        flag = f"--{name.replace('_', '-')}"
        if isinstance(value[0], bool):
            return flag if value[0] else f"--no-{flag[2:]}"
        (text,) = value[0] if isinstance(value[0], list) else value
        return f"{flag} {text!r}"

    def _rename_remedies(self, text: str) -> str:
        """Write ``data_dir='x'`` as ``--data-dir 'x'``, for the options of the command."""
        for argument in self.arguments:
            if argument.name.startswith("--"):
                pattern = rf"\b{name_of(argument.name)}{VALUE}"
                text = re.sub(pattern, partial(_as_flag, argument.name), text)
        return text

    def _spelled(self, name: str) -> str | None:
        """Find the spelling of an argument; None if the command has no such argument."""
        names = (name, *LIBRARY_NAMES.get(name, ()))
        found = [
            argument
            for known in names
            for argument in self.arguments
            if known in map(name_of, argument.names)
        ]
        found.sort(key=lambda argument: not argument.tokens)  # the one that was given, if any
        return spelling(found[0]) if found else None


def _as_flag(flag: str, found: re.Match[str]) -> str:
    """Write an option and its value as they are typed."""
    value = found[1].strip("[]")
    switches = {"True": flag, "False": f"--no-{flag.removeprefix('--')}"}
    return switches.get(value, f"{flag} {value}")


def name_of(flag: str) -> str:
    """Turn a flag into the name of its argument.

    Examples
    --------
    >>> name_of("--learning-rate"), name_of("DATA")
    ('learning_rate', 'data')
    """
    return flag.strip("-[]").lower().replace("-", "_")


def spelling(argument: Argument, token: Token | None = None) -> str:
    """Name an argument as the user did."""
    token = token or (argument.tokens[-1] if argument.tokens else None)
    name = argument.name if argument.name.startswith("-") else argument.name.upper()
    if token is None:
        return name_of(name).upper() if argument.field_info.is_positional else name
    if token.source not in ("", "cli"):
        return f"{name_of(argument.name)} in {token.source}"
    is_positional = argument.field_info.is_positional
    return token.keyword or (name_of(name).upper() if is_positional else name)


def explain_usage(error: CycloptsError) -> str:
    """Write an error of the parser in the form of the library's errors."""
    if isinstance(error, UnknownOptionError):
        return _unknown_option(error)
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword}: given twice; give it once"
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return f"{name_of(error.argument.name)}: expected a value, got none"
    if isinstance(error, CoercionError) and error.argument is not None:
        place = spelling(error.argument, error.token)
        if error.msg is not None:
            return f"{place}: {error.msg}"
        if error.token is not None:
            value = error.token.value
            return f"{place}: {_expected(error.target_type, value)}"
    error.verbose = False
    return str(error)


def _unknown_option(error: UnknownOptionError) -> str:
    """Name an unknown option, and the option with the closest name."""
    token = error.token
    flag = (token.keyword or token.value).partition("=")[0]
    names = (name for each in error.argument_collection if each.parse for name in each.names)
    known = {name.strip("-"): name for name in names}  # dashes make any two of them alike
    close = difflib.get_close_matches(flag.replace("_", "-").strip("-"), known, n=1)
    close = [known[name] for name in close]
    if token.source not in ("", "cli"):
        flag, close = f"{name_of(flag)} in {token.source}", [*map(name_of, close)]
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"{flag}: unknown option{hint}"


def _expected(kind: Any, value: str) -> str:
    """Describe the values that were expected instead."""
    if get_origin(kind) is Literal:
        words = [str(word) for word in get_args(kind)]
        close = difflib.get_close_matches(value, words, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        listed = " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"
        return f"expected {listed}, got {brief(value)}{hint}"
    kinds = [NOUNS[each] for each in (kind, *get_args(kind)) if each in NOUNS]
    return f"expected {kinds[0] if kinds else 'another value'}, got {brief(value)}"

"""Errors in the user's spelling: the flag as it was typed, or the key of a run file."""

from __future__ import annotations

import difflib
import inspect
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import App, Argument, ArgumentCollection, CycloptsError, Token
from cyclopts.exceptions import (
    CoercionError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from barenet.cli._flags import NAMED
from barenet.errors import ArgumentError, brief

__all__ = ["Spelling", "name_of", "refuse_empty_names", "usage", "usage_error"]

#: Names on the command line of arguments that have another name in the library.
LIBRARY_NAMES = {"path": ("out",), "model": ("run", "what"), "data": ("what",)}

#: Expected values, in words.
NOUNS = {float: "a number", int: "a whole number", bool: "true or false"}


class Spelling:
    """The spelling of the arguments of the running command.

    The parser passes them to each function of its ``config`` before it converts them to values.
    """

    def __init__(self) -> None:
        self.arguments: Sequence[Argument] = ()

    def __call__(self, app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
        self.arguments = arguments

    def render(self, error: Warning | Exception | str) -> str:
        """Write an error or a warning with the arguments as they were typed.

        Examples
        --------
        >>> Spelling().render(ValueError("table.csv:3: expected 2 values"))
        'table.csv:3: expected 2 values'
        """
        if isinstance(error, CycloptsError):
            return usage_error(error)
        if isinstance(error, ArgumentError):
            return error.render(self.spell)
        name, _, problem = str(error).partition(": ")
        return f"{self.spell(name)}: {problem}" if problem else name

    def spell(self, name: str, *value: object) -> str:
        """Spell an argument, with a value or without; one of another function stays as it is."""
        if value:
            return as_typed(name, value[0])
        found = [
            argument
            for known in (name, *LIBRARY_NAMES.get(name, ()))
            for argument in self.arguments
            if known in map(name_of, argument.names)
        ]
        found.sort(key=lambda argument: not argument.tokens)  # prefer one that was typed
        return _typed(found[0]) if found else name


def as_typed(name: str, value: object) -> str:
    """Write an option with a value.

    Examples
    --------
    >>> as_typed("data_dir", "here"), as_typed("header", False)
    ('--data-dir here', '--no-header')
    """
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    (text,) = value if isinstance(value, list) else [value]
    return f"--{flag} {shlex.quote(str(text))}"


def name_of(flag: str) -> str:
    """Convert a flag to the name of its argument.

    Examples
    --------
    >>> name_of("--learning-rate"), name_of("DATA")
    ('learning_rate', 'data')
    """
    return flag.strip("-[]").lower().replace("-", "_")


def _typed(argument: Argument, token: Token | None = None) -> str:
    """Name an argument as the user did: a flag, a positional name, or a key of a run file."""
    token = token or (argument.tokens[-1] if argument.tokens else None)
    if token is not None and token.source not in ("", "cli"):
        return f"{name_of(argument.name)} in {token.source}"
    if token is not None and token.keyword:
        return token.keyword
    is_flag = argument.name.startswith("-") and not argument.field_info.is_positional
    return argument.name if is_flag else name_of(argument.name).upper()


def usage(name: str, command: Callable[..., Any]) -> str:
    """Write how a command is called.

    Examples
    --------
    >>> def draw(kind, data="", /, *, out=None): ...
    >>> usage("draw", draw)
    'barenet draw KIND [DATA] [OPTIONS]'
    """
    parts = [
        each.name.upper() if each.default is each.empty else f"[{each.name.upper()}]"
        for each in inspect.signature(command).parameters.values()
        if each.kind is not each.KEYWORD_ONLY
    ]
    return " ".join(["barenet", name, *parts, "[OPTIONS]"])


def refuse_empty_names(app: App, commands: tuple[str, ...], arguments: ArgumentCollection) -> None:
    """Refuse an empty name, as of a shell variable that is not set.

    Otherwise `Path` would replace it by the current folder, and data by the data of the training.
    """
    for argument in arguments:
        if is_path(argument) and any(not token.value.strip() for token in argument.tokens):
            raise CoercionError(
                msg="expected a file, a folder or a data set, got an empty name", argument=argument
            )


def is_path(argument: Argument) -> bool:
    """Whether an argument names a file, a folder or a data set."""
    marks = getattr(argument.field_info.annotation, "__metadata__", ())
    return Path in (argument.hint, *get_args(argument.hint)) or NAMED in marks


def usage_error(error: CycloptsError) -> str:
    """Write an error of the parser in the form of the library's errors."""
    argument = error.argument
    if isinstance(error, UnusedCliTokensError):
        return f"unexpected: {' '.join(error.unused_tokens or [])}"
    if isinstance(error, UnknownCommandError):
        commands = [name for name in error.app or () if not name.startswith("-")]
        return f"COMMAND: {_expected_one_of(commands, (error.unused_tokens or [''])[0])}"
    if isinstance(error, UnknownOptionError):
        return _unknown_option(error)
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword}: given twice; give it once"
    if isinstance(error, MissingArgumentError):
        return _missing(error)
    if isinstance(error, CoercionError) and argument is not None:
        if error.msg is not None:
            return f"{_typed(argument, error.token)}: {error.msg}"
        if error.token is not None:
            expected = _expected(error.target_type, error.token.value)
            return f"{_typed(argument, error.token)}: {expected}"
    error.verbose = False
    return str(error)


def _missing(error: MissingArgumentError) -> str:
    """Name a missing value or a missing argument."""
    name = error.keyword or (error.argument.name if error.argument else "an argument")
    if name.startswith("-"):
        return f"{name}: expected a value, got none"
    assert error.target is not None
    return f"{name} is missing: {usage(' '.join(error.command_chain or ()), error.target)}"


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
        return _expected_one_of([str(word) for word in get_args(kind)], value)
    kinds = [NOUNS[each] for each in (kind, *get_args(kind)) if each in NOUNS]
    return f"expected {kinds[0] if kinds else 'another value'}, got {brief(value)}"


def _expected_one_of(words: Sequence[str], value: str) -> str:
    """Describe the words that were expected, and name the closest one."""
    listed = " or ".join(words) if len(words) == 2 else f"one of {', '.join(words)}"
    close = difflib.get_close_matches(value, words, n=1)
    hint = f"; did you mean {close[0]}?" if close else ""
    return f"expected {listed}, got {brief(value)}{hint}"

"""Writes errors in the user's spelling: the flag as typed, or the key of a run file."""

from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from cyclopts import (
    App,
    Argument,
    CoercionError,
    CycloptsError,
    MissingArgumentError,
    RepeatArgumentError,
    UnknownCommandError,
    UnknownOptionError,
    UnusedCliTokensError,
)

from barenet import _shell as shell
from barenet._messages import brief, some, suggestion
from barenet.cli._flags import complete_name
from barenet.errors import ArgumentError, spelled
from barenet.storage._file_io import as_address
from barenet.storage._remote_file import hide_secrets
from barenet.storage._working_copy import download

#: Command-line names of arguments that have another name in the library.
LIBRARY_NAMES = {
    "path": ("out",),
    "model": ("run", "source"),
    "data": ("source", "calibration"),
    "cv": ("folds",),
    "y": ("target",),
}

#: The values that arguments of a type take.
TYPES: dict[type[Any], str] = {int: "a whole number", float: "a number", bool: "true or false"}

#: Commands and options of earlier versions, and their replacements.
FORMER = {
    "distill": "`barenet train --teacher MODEL` trains on the predictions of a model",
    "--prediction": "`barenet predict MODEL DATA --row 17 --reasons 3` explains a prediction",
    "--rows": "evaluate measures the test rows of the training data, or all rows of other data",
    "--repeat": "train_many of Python trains networks with several seeds",
    **dict.fromkeys(
        ("--samples", "--noise", "--data-seed"),
        "write it behind the data set, as in moons:samples=500,noise=0.2,data_seed=1",
    ),
    "--interval": "write --coverage 0.9",
    "--l1": "write --penalty l1:strength=0.001",
    "--l2": "write --penalty l2:strength=0.001",
    "--clip-norm": "write --clip norm:limit=1",
    "--clip-value": "write --clip value:limit=1",
    "--threshold": "save the model with one: load(path).with_threshold(0.3)",
    "--weights": "--arithmetic int8 has weights of 8 bits",
}


class Spelling:
    """The spelling of the arguments of the running command.

    The parser passes the arguments to each function of its ``config`` before it converts them.
    """

    def __init__(self) -> None:
        self.arguments: Sequence[Argument] = ()
        #: The app of all commands.
        self.root: App | None = None

    def __call__(self, app: App, commands: tuple[str, ...], arguments: Sequence[Argument]) -> None:
        """Remember the arguments, find those at addresses, and refuse empty names.

        `Path` would replace an empty name, such as of an unset variable, with the current folder.
        """
        self.arguments = arguments
        download_once = cache(download)
        for argument in arguments:
            is_path = Path in (argument.hint, *get_args(argument.hint))
            if not is_path and not _is_data(argument):
                continue
            for index, token in enumerate(argument.tokens):
                if not token.value.strip():
                    problem = "expected a file, a folder or a data set, got an empty name"
                    raise ArgumentError(problem, argument=_key(argument.name))
                address = as_address(token.value)
                if not address:
                    continue
                if argument.hint is str:
                    path = hide_secrets(address)
                else:
                    path = str(download_once(address))
                argument.tokens[index] = token.evolve(value=path)

    def render(self, error: Warning | Exception | str) -> str:
        """Write an error or a warning with the arguments as they were typed.

        Examples
        --------
        >>> Spelling().render(ValueError("table.csv:3: expected 2 values"))
        'table.csv:3: expected 2 values'
        """
        if isinstance(error, CycloptsError):
            return usage_error(error, self.arguments)
        if isinstance(error, Warning) and error.args and isinstance(error.args[0], ArgumentError):
            error = error.args[0]
        if isinstance(error, ArgumentError):
            return error.render(self.spell)
        name, _, problem = str(error).partition(": ")
        return f"{self.spell(name)}: {problem}" if problem else name

    def spell(self, name: str, *value: object) -> str:
        """Spell an argument, with or without a value; leave an argument of another function."""
        if value:
            return self._spell_option(name, value[0])
        matching = _matching(name, self.arguments)
        return _typed(matching[0]) if matching else name

    def _spell_option(self, name: str, value: object) -> str:
        """Spell an option and its value, and name the command that has it if this one doesn't."""
        matching = _options(name, self.arguments)
        if matching:
            return _with_value(_option_name(name, matching[0]), value)
        if not self.arguments or self.root is None:
            return _with_value(name, value)
        commands = [command for command in self.root if not command.startswith("-")]
        for command in ("train", *commands):
            matching = _options(name, self.root[command].assemble_argument_collection())
            if matching:
                option = _with_value(_option_name(name, matching[0]), value)
                return f"{option} of `barenet {command}`"
        return spelled(name, value)


def _is_data(argument: Argument) -> bool:
    """Return whether an argument names a file of rows or a data set."""
    return argument.parameter.completer is complete_name


def _matching(name: str, arguments: Iterable[Argument]) -> list[Argument]:
    """List the arguments that stand for one of the library, typed ones first."""
    names = {name, *LIBRARY_NAMES.get(name, ())}
    matching = []
    for argument in arguments:
        keys = {_key(flag) for flag in argument.names}
        if keys & names:
            matching.append(argument)

    def rank(argument: Argument) -> tuple[bool, bool]:
        # Of several, prefer the one with exactly this name.
        keys = [_key(flag) for flag in argument.names]
        is_missing = not argument.tokens
        has_other_name = name not in keys
        return is_missing, has_other_name  # False sorts before True

    return sorted(matching, key=rank)


def _options(name: str, arguments: Iterable[Argument]) -> list[Argument]:
    """List the options that stand for one of the library, without the words of a command."""
    matching = _matching(name, arguments)
    return [argument for argument in matching if not argument.field_info.is_positional]


def _option_name(name: str, argument: Argument) -> str:
    """Return the name of an option, which is the library's unless the command has another."""
    keys = [_key(flag) for flag in argument.names]
    return name if name in keys else keys[0]


def usage_error(error: CycloptsError, arguments: Sequence[Argument]) -> str:
    """Write an error of the parser like an error of barenet: argument, expected value, remedy."""
    error.verbose = False
    if isinstance(error, CoercionError) and error.argument is not None:
        return _conversion_error(error, error.argument)
    if isinstance(error, MissingArgumentError) and error.argument is not None:
        return _missing_value(error, error.argument)
    if isinstance(error, RepeatArgumentError):
        return f"{error.token.keyword}: given more than once; leave out all but one"
    if isinstance(error, UnknownOptionError):
        return _unknown_option(error)
    if isinstance(error, UnknownCommandError):
        word = (error.unused_tokens or [""])[0]
        commands = [name for name in error.app or () if not name.startswith("-")]
        if word in FORMER:
            return f"unknown command {word}; {FORMER[word]}"
        choices = f"(choose from {', '.join(commands)})"
        return f"unknown command {brief(word)}{suggestion(word, commands)} {choices}"
    if isinstance(error, UnusedCliTokensError):
        words: Sequence[str] = error.unused_tokens or ()
        reason = "the command takes no more words, and most options one value"
        positional = [argument for argument in arguments if argument.field_info.is_positional]
        takes_data = any(_is_data(argument) for argument in positional)
        if takes_data and all(Path(word).is_file() for word in words):  # expanded by the shell
            suffix = Path(words[0]).suffix
            reason = f"put the pattern of several files in quotes, such as 'data/*{suffix}'"
        quoted = [shell.quote(word) for word in words]
        return f"unexpected {some(quoted)}; {reason}"
    return str(error)


def _conversion_error(error: CoercionError, argument: Argument) -> str:
    """Describe a value that is not of the type of its argument."""
    name = _typed(argument)
    if error.msg:
        return f"{name}: {error.msg}"
    value = ""
    if error.token is not None:
        value = error.token.value
        if error.token.source in ("", "cli") and error.token.keyword:
            name = error.token.keyword  # a switch that is off, such as --no-header, has no tokens
    if get_origin(error.target_type) is Literal:
        choices = [str(choice) for choice in get_args(error.target_type)]
        problem = f"unknown {brief(value)}"
        return f"{name}: {problem}{suggestion(value, choices)} (choose from {', '.join(choices)})"
    expected = "another value"
    if isinstance(error.target_type, type):
        expected = TYPES.get(error.target_type, f"a value of the type {error.target_type.__name__}")
    text = f"{name}: expected {expected}, got {brief(value)}"
    if "," in value and "tuple" in str(argument.hint):
        text += "; separate values by spaces"
    return text


def _missing_value(error: MissingArgumentError, argument: Argument) -> str:
    """Describe an option without a value, or an argument that is missing."""
    if argument.tokens or error.keyword:
        return f"{error.keyword or _typed(argument)}: expected a value after it, got none"
    command = " ".join(["barenet", *(error.command_chain or ())])
    return f"{_typed(argument)}: expected a value, got none; `{command} --help` describes it"


def _unknown_option(error: UnknownOptionError) -> str:
    """Describe an option, or a key of a run file, that does not exist."""
    token = error.token
    word = token.keyword or token.value
    names: list[str] = []
    for argument in error.argument_collection:
        names.extend(argument.names)
    if token.source not in ("", "cli"):
        word = _key(word)
        keys = [_key(name) for name in names]
        return f"{token.source}: unknown setting {word}{suggestion(word, keys)}"
    if word in FORMER:
        return f"unknown option {word}; {FORMER[word]}"
    options = [name for name in names if name.startswith("-")]
    return f"unknown option {word}{suggestion(word, options)}"


def _key(flag: str) -> str:
    """Convert a flag to the name of its argument: ``--learning-rate`` to ``learning_rate``."""
    return flag.strip("-[]").lower().replace("-", "_")


def _with_value(name: str, value: object) -> str:
    """Write an option with a value: ``--data-dir here``, ``--no-header``."""
    flag = name.replace("_", "-")
    if isinstance(value, bool):
        return f"--{flag}" if value else f"--no-{flag}"
    if isinstance(value, dict):
        texts = [f"{key}={entry}" for key, entry in value.items()]
    elif isinstance(value, list | tuple):
        texts = [str(entry) for entry in value]
    else:
        texts = [str(value)]
    return f"--{flag} {shell.join(texts)}"


def _typed(argument: Argument) -> str:
    """Name an argument like the user: a flag, a positional name, or a key of a run file."""
    if argument.tokens:
        token = argument.tokens[-1]
        if token.source not in ("", "cli"):
            return f"{_key(argument.name)} in {token.source}"
        if token.keyword:
            return token.keyword
    if argument.name.startswith("-") and not argument.field_info.is_positional:
        return argument.name
    return _key(argument.name).upper()

"""The commands as one: finds the command asked for, and turns what goes wrong into one line."""

from __future__ import annotations

import difflib
import errno
import functools
import inspect
import os
import shutil
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO, cast

import numpy as np
from cyclopts import App, CycloptsError
from cyclopts.exceptions import MissingArgumentError, UnknownCommandError, UnusedCliTokensError

import barenet
from barenet.cli.completion import completion_of
from barenet.cli.console import Talk, complain, forget, hush
from barenet.cli.datasets import datasets
from barenet.cli.doctor import doctor
from barenet.cli.evaluate import evaluate
from barenet.cli.explain import explain
from barenet.cli.export import export
from barenet.cli.flags import PARAMETER, Quiet
from barenet.cli.importance import importance
from barenet.cli.info import info
from barenet.cli.paths import refuse_empty
from barenet.cli.play import play
from barenet.cli.plot import plot
from barenet.cli.predict import predict
from barenet.cli.run_file import fill_in
from barenet.cli.spelling import Given, explain_usage
from barenet.cli.train import train
from barenet.cli.usage import missing, usage
from barenet.data.source import STANDARD_INPUT

__all__ = ["COMMANDS", "run"]

#: Letters of an error: more are an echo of the input, and hide what is said.
MOST_LETTERS = 360
#: Columns; in fewer, words would be set letter by letter or never end.
LEAST_COLUMNS = 20

COMMANDS: dict[str, Callable[..., int]] = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "importance": importance,
    "plot": plot,
    "info": info,
    "export": export,
    "explain": explain,
    "play": play,
    "datasets": datasets,
    "doctor": doctor,
    "completion": completion_of(lambda: app),
}

given = Given()
app: App = App(
    name="barenet",
    help="Feed-forward neural networks you can read, watch and ship.",
    help_format="markdown",
    help_epilogue="A first try: barenet train digits",
    version=barenet.__version__,
    version_flags=["--version", "-V"],
    default_parameter=PARAMETER,
    config=(given, refuse_empty, fill_in),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)


def _with_quiet(command: Callable[..., int]) -> Callable[..., int]:
    """Give a command the option ``--quiet``."""
    signature = inspect.signature(command, eval_str=True)
    option = inspect.Parameter("quiet", inspect.Parameter.KEYWORD_ONLY, default=False)
    option = option.replace(annotation=Quiet)

    @functools.wraps(command)
    def run_command(*arguments: Any, quiet: bool = False, **options: Any) -> int:
        if quiet:
            hush()
        return command(*arguments, **options)

    parameters = [*signature.parameters.values(), option]
    run_command.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run_command.__annotations__ = {each.name: each.annotation for each in parameters}
    return run_command


for place, (name, command) in enumerate(COMMANDS.items()):
    how = f"Usage: {usage(name, command)}"
    app.command(_with_quiet(command), name=name, sort_key=place, usage=how, help_epilogue="")


def run(tokens: list[str]) -> int:
    """Run a command, with what it says made safe to show."""
    before = sys.stdout, sys.stderr
    talk = Talk(_open(sys.stderr), colour="--json" not in tokens)
    sys.stdout, sys.stderr = _open(sys.stdout), cast(TextIO, talk)
    given.arguments = ()
    _widen()
    try:
        # Numbers that overflow end in an error of barenet's own, or in a result that shows it.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            if any(entry[0] == "error" for entry in warnings.filters):
                warnings.simplefilter("default")
            warnings.showwarning = _tell_warning
            return _run_to_its_end(tokens)
    finally:
        sys.stdout, sys.stderr = before


def _run_to_its_end(tokens: list[str]) -> int:
    """Run a command until its output has arrived."""
    try:
        status = _run(tokens)
        sys.stdout.flush()
    except BrokenPipeError:
        forget(sys.stdout)  # Whoever reads has had enough, as `head` has.
        return 0
    except OSError as error:
        forget(sys.stdout)
        return _fail(tokens, _text(error), 1)
    return status


def _run(tokens: list[str]) -> int:
    """Run a command, and turn every error into a line and a status."""
    try:
        named = _name_standard_input(_command_first(tokens))
        return app(named, exit_on_error=False, print_error=False) or 0
    except BrokenPipeError:
        raise
    except UnusedCliTokensError as error:
        return _fail(tokens, f"unexpected: {' '.join(error.unused_tokens or [])}", 2)
    except MissingArgumentError as error:
        name = _command(tokens)
        return _fail(tokens, missing(error, usage(name, COMMANDS[name])), 2)
    except UnknownCommandError as error:
        return _fail(tokens, _unknown_command((error.unused_tokens or [""])[0]), 2)
    except CycloptsError as error:
        return _fail(tokens, given.rename(explain_usage(error)), 2)
    except barenet.DivergenceError as error:  # a ValueError, and not what the user gave
        return _fail(tokens, _text(error), 1)
    except (FileNotFoundError, ValueError, barenet.MissingExtraError) as error:
        return _fail(tokens, _text(error), 2)
    except (barenet.BarenetError, OSError) as error:
        is_input = getattr(error, "errno", None) == errno.ENAMETOOLONG
        return _fail(tokens, _text(error), 2 if is_input else 1)
    except MemoryError as error:
        return _fail(tokens, f"not enough memory: {error}", 1)
    except KeyboardInterrupt as error:
        return _fail(tokens, str(error) or "interrupted", 130)
    except RecursionError:
        return _fail(tokens, "the input is too deeply nested", 2)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # what the help's printer makes of it
            return 0
        return error.code if isinstance(error.code, int) else 1


def _command_first(tokens: list[str]) -> list[str]:
    """Rewrite ``barenet --quiet train`` as ``barenet train --quiet``."""
    if tokens[0:1] in (["--quiet"], ["-q"]):
        return [*tokens[1:2], tokens[0], *tokens[2:]]
    return tokens


def _name_standard_input(tokens: list[str]) -> list[str]:
    """Write out the - that stands for standard input; after an option it is the option's value."""
    before = ["-", *tokens]
    return [
        STANDARD_INPUT if token == "-" and not previous.startswith("-") else token
        for previous, token in zip(before, tokens, strict=False)
    ]


def _text(error: Exception) -> str:
    """Return the message of an error; for one of the operating system, without its number."""
    if not isinstance(error, OSError) or not error.strerror:
        return given.rename(error)
    return f"{error.filename or 'cannot write the result'}: {error.strerror}"


def _unknown_command(name: str) -> str:
    """Propose the command with the closest name, and list all of them."""
    close = difflib.get_close_matches(name, COMMANDS, n=1)
    hint = f' Did you mean "{close[0]}"?' if close else ""
    return f'Unknown command "{name}".{hint} Available commands: {", ".join(COMMANDS)}.'


def _fail(tokens: list[str], text: str, status: int) -> int:
    """Print an error of a command in one line, and return the exit status."""
    complain("error", _shorten(text), of=f"barenet {_command(tokens)}".strip())
    return status


def _command(tokens: list[str]) -> str:
    """Find the command that was asked for."""
    return next((token for token in tokens if token in COMMANDS), "")


def _tell_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """Print a warning in one line, without its place in the code."""
    complain("warning", _shorten(given.rename(str(message))))


def _shorten(text: str) -> str:
    """Make one line of a message, with its begin and its end if it is long."""
    line = " ".join(text.split())
    if len(line) <= MOST_LETTERS:
        return line
    return f"{line[: MOST_LETTERS * 2 // 3]} […] {line[-MOST_LETTERS // 3 :]}"


def _widen() -> None:
    """Do not believe in a terminal without room for a word."""
    columns = os.environ.get("COLUMNS", "")
    width = int(columns) if columns.isdecimal() else shutil.get_terminal_size().columns
    if width < LEAST_COLUMNS:
        os.environ["COLUMNS"] = str(LEAST_COLUMNS)


def _open(stream: TextIO | None) -> TextIO:
    """Make sure of a stream that takes any letter: one may be closed, or know only some."""
    if stream is None:
        return open(os.devnull, "w")  # noqa: PTH123
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return stream

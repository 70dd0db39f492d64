"""The ``barenet`` command: finds the command asked for, and turns what goes wrong into one line.

Exit status: 0 if all went well, 1 if it failed, 2 for wrong usage or input, 130 and 143 after
Ctrl-C and a signal to end.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from cyclopts import App, CycloptsError
from cyclopts.exceptions import UnusedCliTokensError

import barenet
from barenet.cli.console import say
from barenet.cli.datasets import datasets
from barenet.cli.doctor import doctor
from barenet.cli.evaluate import evaluate
from barenet.cli.flags import PARAMETER
from barenet.cli.plot import plot
from barenet.cli.predict import predict
from barenet.cli.run_file import fill_in
from barenet.cli.train import train

__all__ = ["main"]

COMMANDS: dict[str, Callable[..., int]] = {
    "train": train,
    "predict": predict,
    "evaluate": evaluate,
    "plot": plot,
    "datasets": datasets,
    "doctor": doctor,
}

app = App(
    name="barenet",
    help="Feed-forward neural networks you can read, watch and ship.",
    help_format="markdown",
    help_epilogue="A first try: barenet train digits",
    version=barenet.__version__,
    default_parameter=PARAMETER,
    config=fill_in,
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
for place, (name, command) in enumerate(COMMANDS.items()):
    app.command(command, name=name, sort_key=place, help_epilogue="")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Parameters
    ----------
    arguments : sequence of str, optional
        What was typed after ``barenet``; by default what this process was started with.

    Returns
    -------
    int
        The exit status.
    """
    tokens = list(sys.argv[1:] if arguments is None else arguments)
    sys.stdout, sys.stderr = _open(sys.stdout), _open(sys.stderr)
    with warnings.catch_warnings():
        warnings.showwarning = _tell_warning
        try:
            status = _run(tokens)
            sys.stdout.flush()
        except BrokenPipeError:
            _forget(sys.stdout)  # Whoever reads has had enough, as `head` has.
            status = 0
        except OSError as error:
            _forget(sys.stdout)
            status = _fail(tokens, _text(error), 1)
    return status


def _run(tokens: list[str]) -> int:
    """Run a command, and turn every error into a line and a status."""
    try:
        return app(tokens, exit_on_error=False, print_error=False) or 0
    except BrokenPipeError:
        raise
    except UnusedCliTokensError as error:
        return _fail(tokens, f"unexpected: {' '.join(error.unused_tokens or [])}", 2)
    except CycloptsError as error:
        error.verbose = False
        return _fail(tokens, str(error), 2)
    except (FileNotFoundError, ValueError) as error:
        return _fail(tokens, _text(error), 2)
    except (barenet.BarenetError, OSError) as error:
        return _fail(tokens, _text(error), 1)
    except MemoryError as error:
        return _fail(tokens, f"not enough memory: {error}", 1)
    except KeyboardInterrupt:
        return _fail(tokens, "interrupted", 130)
    except SystemExit as error:
        return error.code if isinstance(error.code, int) else 1


def _text(error: Exception) -> str:
    """What an error says; an operating system's without its number."""
    if not isinstance(error, OSError) or not error.strerror:
        return str(error)
    return f"{error.filename or 'cannot write the result'}: {error.strerror}"


def _fail(tokens: list[str], text: str, status: int) -> int:
    """Say in one line what went wrong, and where."""
    command = next((token for token in tokens if token in COMMANDS), "")
    place = f"barenet {command}".strip()
    say(f"{place}: error: {' '.join(text.split())}")
    return status


def _tell_warning(message: Warning | str, *place: Any, **more: Any) -> None:
    """Say a warning in one line, without the place in the code that it comes from."""
    say(f"warning: {' '.join(str(message).split())}")


def _open(stream: TextIO | None) -> TextIO:
    """Make sure of a stream that takes any letter: one may be closed, or know only some."""
    if stream is None:
        return open(os.devnull, "w")  # noqa: PTH123
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="replace")
    return stream


def _forget(stream: TextIO) -> None:
    """Throw away what a stream still holds, so that Python does not complain at its exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())

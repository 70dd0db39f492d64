"""The ``barenet`` command: runs one of `COMMANDS`, and prints an error in one line.

Exit status: 0 for success, 1 for a failure, 2 for wrong usage or input, 130 and 143 after Ctrl-C
and a termination signal.
"""

import errno
import math
import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from typing import Annotated, Any, Literal, NamedTuple, TextIO, cast

import numpy as np
from cyclopts import App, CycloptsError, Parameter

import barenet
from barenet.cli._console import SafeStream, discard, emit, log_problem
from barenet.cli._flags import OUTPUT, PARAMETER
from barenet.cli._run_file import apply_run_file, read_columns_files
from barenet.cli._spelling import Spelling
from barenet.storage._file_io import STANDARD_INPUT

#: Maximum number of characters of an error; a longer one echoes the input.
MAX_CHARACTERS = 360

#: The same limit for the errors of several columns of a table, each with its line and remedy.
MAX_OF_COLUMNS = 1_200
#: The remedy after a run has diverged.
AFTER_DIVERGENCE = "try a smaller --learning-rate, another --scaling, or --clip norm:limit=1"
#: Errors that the given arguments or files cause.
WRONG_INPUT = (CycloptsError, ValueError, FileNotFoundError, barenet.errors.MissingExtraError)
#: The exit status after Ctrl-C.
CTRL_C = 130
#: Minimum width of the help, because Rich never returns in narrower terminals.
MIN_COLUMNS = 20


def completion(shell: Literal["bash", "zsh", "fish"], /) -> None:
    """Print a script that makes a shell complete barenet's commands and options.

    - bash: barenet completion bash > ~/.local/share/bash-completion/completions/barenet
    - zsh: barenet completion zsh > ~/.zfunc/_cyclopts_barenet, with ~/.zfunc in $fpath
    - fish: barenet completion fish > ~/.config/fish/completions/barenet.fish

    Commands, options and their values, data sets and files are completed in every new shell;
    source <(barenet completion bash) completes them in this one.

    Parameters
    ----------
    shell : {"bash", "zsh", "fish"}
        The shell.
    """
    emit(app.generate_completion(prog_name="barenet", shell=shell))


class Command(NamedTuple):
    """The module of a command, which is imported when it runs, and its positional arguments."""

    module: str
    arguments: str


COMMANDS = {
    "train": Command("_train", "[DATA]"),
    "search": Command("_search_command", "[DATA]"),
    "predict": Command("_predict", "MODEL DATA"),
    "evaluate": Command("_evaluate", "MODEL [DATA]"),
    "importance": Command("_importance", "MODEL [DATA]"),
    "drift": Command("_drift", "MODEL DATA"),
    "plot": Command("_plot", "KIND RUN [DATA]"),
    "report": Command("_plot", "RUN [DATA]"),
    "info": Command("_info", "MODEL"),
    "compare": Command("_compare", "OLD NEW"),
    "export": Command("_export", "MODEL"),
    "serve": Command("_serve", "MODEL"),
    "explain": Command("_explain", "SOURCE [DATA]"),
    "play": Command("_play", "[DATA] [ROWS]"),
    "datasets": Command("_datasets", ""),
    "columns": Command("_columns", "DATA"),
    "doctor": Command("_doctor", ""),
    "completion": Command("_main", "SHELL"),
}


spelling = Spelling()
app: App = App(
    name="barenet",
    help="Feed-forward neural networks you can read, watch and ship.",
    help_format="markdown",
    help_epilogue="A first try: barenet train iris",
    version=barenet.__version__,
    version_flags=["--version", "-V"],
    group_parameters=OUTPUT,
    default_parameter=PARAMETER,
    config=(spelling, apply_run_file, read_columns_files),
    result_action="return_value",
    suppress_keyboard_interrupt=False,
)
app.meta.end_of_options_delimiter = ""  # the commands handle --
app.meta.suppress_keyboard_interrupt = False
for position, (name, command) in enumerate(COMMANDS.items()):
    usage = f"Usage: barenet {name} [OPTIONS]"
    if command.arguments:
        usage = f"Usage: barenet {name} {command.arguments} [OPTIONS]"
    function = f"barenet.cli.{command.module}:{name}"
    app.command(function, name=name, sort_key=position, usage=usage, help_epilogue="")
spelling.root = app


@app.meta.default
def run_command(
    *tokens: Annotated[str, Parameter(show=False, allow_leading_hyphen=True)],
    quiet: Annotated[
        bool, Parameter(name=["--quiet", "-q"], negative=(), show_default=False)
    ] = False,
) -> int:
    """Run a command with the options that all commands have.

    Parameters
    ----------
    tokens : tuple of str
        The command and its arguments.
    quiet : bool
        Print only results, warnings and errors.

    Returns
    -------
    int
        The exit status.
    """
    cast(SafeStream, sys.stderr).quiet = quiet
    return app(tokens, exit_on_error=False, print_error=False) or 0


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    if arguments is None:
        arguments = sys.argv[1:]
    tokens = list(arguments)
    messages: Any = SafeStream(_tolerant(sys.stderr), colour="--json" not in tokens)
    with redirect_stdout(_tolerant(sys.stdout, is_data=True)), redirect_stderr(messages):
        spelling.arguments = ()
        columns = os.environ.get("COLUMNS", "")
        if columns.isdecimal() and int(columns) < MIN_COLUMNS:
            os.environ["COLUMNS"] = str(MIN_COLUMNS)
        # Overflows cause an error of barenet, or are visible in the result.
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            if any(entry[0] == "error" for entry in warnings.filters):
                warnings.simplefilter("default")
            warnings.showwarning = _log_warning
            return _run(tokens)


def _run(tokens: list[str]) -> int:
    """Run a command and flush its output; turn an error into one line and an exit status."""
    try:
        named = _name_standard_input(tokens)
        if COMMANDS.keys().isdisjoint(tokens):
            app.resolved_commands()  # The help lists every command.
        status = app.meta(named, exit_on_error=False, print_error=False) or 0
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # The reader, such as `head`, has stopped.
        discard(sys.stdout)
        return 0
    except KeyboardInterrupt as error:
        return _fail(tokens, str(error) or "interrupted", CTRL_C)
    except SystemExit as error:
        if isinstance(error.__context__, BrokenPipeError):  # the reader of the help left
            return 0
        status = int(error.code or 0)
        return _fail(tokens, "interrupted", status) if status == CTRL_C else status
    except MemoryError as error:
        return _fail(tokens, f"not enough memory: {error}", 1)
    except RecursionError:
        return _fail(tokens, "the input is too deeply nested", 2)
    except barenet.errors.DivergenceError as error:
        error.remedy = AFTER_DIVERGENCE
        error.outcome = "; ".join(["No model is saved", *getattr(error, "__notes__", ())])
        return _fail(tokens, _message(error), 1)
    except (CycloptsError, barenet.errors.BarenetError, ValueError, OSError) as error:
        is_too_long = getattr(error, "errno", 0) == errno.ENAMETOOLONG
        status = 1
        if is_too_long or isinstance(error, WRONG_INPUT):
            status = 2
        most = MAX_CHARACTERS
        if isinstance(error, barenet.errors.DataError) and error.column is not None:
            most = MAX_OF_COLUMNS
        return _fail(tokens, _message(error), status, most)


def _find_command(tokens: list[str]) -> str:
    """Return the name of the command; empty if there is none."""
    for token in tokens:
        if token in COMMANDS:
            return token
    return ""


def _name_standard_input(tokens: list[str]) -> list[str]:
    """Replace each - that means standard input; behind an option with a value, it is the value."""
    if "-" not in tokens:
        return tokens
    with_value = _options_with_value(_find_command(tokens))
    named = []
    previous = ""
    for token in tokens:
        if token == "-" and previous not in with_value:
            named.append(STANDARD_INPUT)
        else:
            named.append(token)
        previous = token
    return named


def _options_with_value(command: str) -> set[str]:
    """Return the options of a command that take a value."""
    names = set[str]()
    if command:
        for argument in app[command].assemble_argument_collection():
            if argument.hint not in (bool, bool | None):
                names.update(argument.names)
    return names


def _message(error: Exception) -> str:
    """Return the message of an error; for the operating system's errors, without the number."""
    if isinstance(error, OSError) and error.strerror:
        return barenet.errors.message_of(error)
    return spelling.render(error)


def _fail(tokens: list[str], text: str, status: int, most: int = MAX_CHARACTERS) -> int:
    """Print an error of a command in one line, and return the exit status."""
    try:
        sys.stdout.flush()
    except OSError:
        discard(sys.stdout)
    command = _find_command(tokens)
    log_problem("error", _shorten(text, most), source=f"barenet {command}".strip())
    return status


def _log_warning(message: Warning | str, *location: Any, **others: Any) -> None:
    """Print a warning in one line, without its location in the code."""
    log_problem("warning", _shorten(spelling.render(message)))


def _shorten(text: str, most: int = MAX_CHARACTERS) -> str:
    """Join a message into one line, and cut the middle of a long one."""
    line = " ".join(text.split())
    if len(line) <= most:
        return line
    n_first = most * 2 // 3
    n_last = math.ceil(most / 3)
    return f"{line[:n_first]} […] {line[-n_last:]}"


def _tolerant(stream: TextIO | None, *, is_data: bool = False) -> TextIO:
    """Return a stream that accepts every character; data are UTF-8, except on a terminal."""
    if stream is None:  # it is closed
        return open(os.devnull, "w")  # noqa: PTH123
    if hasattr(stream, "reconfigure"):
        encoding = None
        if is_data and not stream.isatty():
            encoding = "utf-8"
        stream.reconfigure(encoding=encoding, errors="replace")
    return stream

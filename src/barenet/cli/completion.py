"""``barenet completion``: a script with which a shell completes the command."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Literal, get_args

from cyclopts import App, Argument

from barenet.cli.completion_scripts import SCRIPTS, Command, Option, Words
from barenet.cli.flags import NAMED, PARAMETER
from barenet.cli.spelling import name_of
from barenet.data.datasets import DATASETS
from barenet.engines import ENGINES
from barenet.model.activations import ACTIVATIONS
from barenet.model.initializers import INITIALIZERS
from barenet.model.losses import LOSSES
from barenet.optimization.optimizers import OPTIMIZERS
from barenet.optimization.schedules import SCHEDULES

__all__ = ["completion_of"]

Shell = Literal["bash", "zsh", "fish"]

#: The possible values of arguments, beside those that their types list.
NAMES = {
    **dict.fromkeys(("hidden", "output"), sorted(ACTIVATIONS)),
    **dict.fromkeys(("init", "bias_init"), sorted(INITIALIZERS)),
    **dict.fromkeys(("data", "what"), sorted(DATASETS)),
    "loss": sorted(LOSSES),
    "optimizer": sorted(OPTIMIZERS),
    "schedule": sorted(SCHEDULES),
    "engine": sorted({*ENGINES, "auto"}),
}


def completion_of(find_app: Callable[[], App]) -> Callable[..., int]:
    """Make the command that prints a completion script.

    Parameters
    ----------
    find_app : callable
        Returns the command line, which the command is a part of itself.

    Returns
    -------
    callable
        The command.
    """

    def completion(shell: Shell, /) -> int:
        """Print a script with which a shell completes barenet's commands and options.

        - bash: barenet completion bash > ~/.local/share/bash-completion/completions/barenet
        - zsh: barenet completion zsh > ~/.zfunc/_barenet, with ~/.zfunc in $fpath
        - fish: barenet completion fish > ~/.config/fish/completions/barenet.fish

        Commands, options and their values, data sets and files are completed from the next shell
        on; source <(barenet completion bash) completes them in this one.

        Parameters
        ----------
        shell : {"bash", "zsh", "fish"}
            The shell.

        Returns
        -------
        int
            The exit status.
        """
        sys.stdout.write(SCRIPTS[shell](_commands(find_app())))
        return 0

    return completion


def _commands(app: App) -> list[Command]:
    """Describe all commands."""
    return [_command(name, app[name], app[name].help) for name in app if not name.startswith("-")]


def _command(name: str, command: App, help: str) -> Command:
    """Describe a command by its arguments."""
    found = command.assemble_argument_collection(default_parameter=PARAMETER, parse_docstring=True)
    arguments = [each for each in found if each.show]
    options = [_option(each) for each in arguments if each.name.startswith("-")]
    # The DATA of train is both: --data, or a positional argument.
    named = [each for each in arguments if each.field_info.is_positional]
    words = [_words(each) for each in named]
    return Command(
        name=name,
        help=_first_sentence(help),
        options=(*options, Option(("--help", "-h"), "Display this message and exit.")),
        words=Words(
            tuple(dict.fromkeys(word for each in words for word in each.words)),
            any(each.files for each in words),
        ),
    )


def _option(argument: Argument) -> Option:
    """Describe an option by its argument."""
    is_switch = bool in (argument.hint, *get_args(argument.hint))
    names = tuple(name for name in argument.names if name.startswith("-"))
    help = _first_sentence(argument.parameter.help or "")
    several = argument.token_count()[1]
    return Option(names, help, None if is_switch else _words(argument), several)


def _words(argument: Argument) -> Words:
    """List the values of an argument."""
    marks = getattr(argument.field_info.annotation, "__metadata__", ())
    kinds = (argument.hint, *get_args(argument.hint))
    names = NAMES.get(name_of(argument.name), ())
    words = argument.get_choices(force=True) or names
    return Words(tuple(words), Path in kinds or NAMED in marks)


def _first_sentence(text: str) -> str:
    """Shorten a help text to its first sentence, for a menu."""
    return " ".join(text.split()).partition(". ")[0].partition("; ")[0].rstrip(".")

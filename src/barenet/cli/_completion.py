"""``barenet completion``: a script with which a shell completes the command.

The script runs ``barenet`` with the words typed so far and `VARIABLE` in the environment.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, get_args

from cyclopts import App, Argument

from barenet.cli._flags import PARAMETER
from barenet.cli._spelling import is_path, name_of
from barenet.data._datasets import DATASETS
from barenet.engines import ENGINES
from barenet.model._activations import ACTIVATIONS
from barenet.model._initializers import INITIALIZERS
from barenet.model.losses import LOSSES
from barenet.optimization._schedules import SCHEDULES
from barenet.optimization.optimizers import OPTIMIZERS

__all__ = ["VARIABLE", "complete", "completion"]

#: Environment variable with which the command completes its arguments instead of running them.
VARIABLE = "BARENET_COMPLETE"

#: Values of arguments, besides those that their types list.
VALUES: dict[str, Iterable[str]] = {
    **dict.fromkeys(("hidden", "output"), ACTIVATIONS),
    **dict.fromkeys(("init", "bias_init"), INITIALIZERS),
    **dict.fromkeys(("data", "what"), DATASETS),
    "loss": LOSSES,
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "engine": [*ENGINES, "auto"],
}

HELP = dict.fromkeys(("--help", "-h"), "Display this message and exit.")
#: The options that may stand before a command.
GLOBAL_OPTIONS = HELP | {
    **dict.fromkeys(("--version", "-V"), "Display application version."),
    **dict.fromkeys(("--quiet", "-q"), "Print nothing but results, warnings and errors."),
}

#: In each shell, the first line of the answer is "files" where files are offered as well. The bash
#: of macOS has no `compopt`.
SCRIPTS = {
    "bash": r"""# Completion of barenet in bash.
_barenet() {
    local IFS=$'\n' cur=${COMP_WORDS[COMP_CWORD]} found
    found=($(VARIABLE=1 "$1" "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null))
    COMPREPLY=("${found[@]:1}")
    COMPREPLY=("${COMPREPLY[@]%%$'\t'*}")
    if [[ ${found[0]} == files ]]; then
        compopt -o filenames 2> /dev/null
        COMPREPLY+=($(compgen -f -- "${cur#=}"))
    fi
}
complete -F _barenet barenet
""",
    "zsh": r"""#compdef barenet
# Completion of barenet in zsh.
_barenet() {
    local -a found candidates
    found=("${(@f)$(VARIABLE=1 $words[1] "${(@Q)words[2,CURRENT]}" 2> /dev/null)}")
    candidates=("${(@)found[2,-1]/$'\t'/:}")
    (( $#candidates )) && _describe barenet candidates
    if [[ $found[1] == files ]]; then
        [[ $words[CURRENT] == --*=* ]] && compset -P '*='
        _files
    fi
    return 0
}
if [[ $funcstack[1] == _barenet ]]; then _barenet "$@"; else compdef _barenet barenet; fi
""",
    "fish": r"""# Completion of barenet in fish.
function __fish_barenet
    set -l word (commandline -ct)
    set -l found (env VARIABLE=1 (commandline -opc) "$word" 2> /dev/null)
    printf '%s\n' $found[2..]
    if test "$found[1]" = files
        set -l option (string match -r -- '^--[^=]*=' "$word")
        printf "$option%s\n" (__fish_complete_path (string replace -- "$option" '' "$word"))
    end
end
complete -c barenet -f -a '(__fish_barenet)'
""",
}


def completion(shell: Literal["bash", "zsh", "fish"], /) -> int:
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
    sys.stdout.write(SCRIPTS[shell].replace("VARIABLE", VARIABLE))
    return 0


def complete(app: App, words: Sequence[str]) -> str:
    """Complete the last word: whether files fit, and lines of candidates and descriptions."""
    *before, current = words
    before = [word for word in before if word != "="]  # bash separates --task=regression
    option, equals, start = current.partition("=")
    if current == "=":
        current = ""
    elif option.startswith("--") and equals:
        before, current = [*before, option], start
    candidates, files = _candidates(app, before, current)
    prefix = f"{option}=" if option.startswith("--") and equals else ""
    lines = [
        f"{prefix}{word}\t{help}" for word, help in candidates.items() if word.startswith(current)
    ]
    return "\n".join(["files" if files else "words", *lines])


def _candidates(app: App, before: Sequence[str], current: str) -> tuple[Mapping[str, str], bool]:
    """The words that may follow others, with descriptions, and whether files may."""
    place = next((at for at, word in enumerate(before) if not word.startswith("-")), None)
    if place is None:
        commands = {name: _first_sentence(app[name].help) for name in app if name[0] != "-"}
        return (GLOBAL_OPTIONS if current.startswith("-") else commands), False
    if before[place] not in app:
        return {}, False
    arguments = _arguments(app[before[place]])
    if current.startswith("-"):
        return _options(arguments) | HELP, False
    last = next((at for at, word in reversed([*enumerate(before)]) if word[0:1] == "-"), None)
    named = [
        each
        for each in arguments
        if last is not None
        and before[last].replace("_", "-") in each.names
        and not _is_switch(each)
        and (last == len(before) - 1 or each.token_count()[1])
    ]
    # The DATA of train is both: --data, or a positional argument.
    fitting = named or [each for each in arguments if each.field_info.is_positional]
    return (
        {word: "" for each in fitting for word in _values(each)},
        any(is_path(each) for each in fitting),
    )


def _arguments(command: App) -> list[Argument]:
    """The arguments of a command that its help shows."""
    found = command.assemble_argument_collection(default_parameter=PARAMETER, parse_docstring=True)
    return [each for each in found if each.show]


def _options(arguments: Sequence[Argument]) -> dict[str, str]:
    """The flags of arguments, with descriptions."""
    return {
        name: _first_sentence(each.parameter.help or "")
        for each in arguments
        for name in each.names
        if name.startswith("-")
    }


def _values(argument: Argument) -> Sequence[str]:
    """The values of an argument that are known by name."""
    return argument.get_choices(force=True) or sorted(VALUES.get(name_of(argument.name), ()))


def _is_switch(argument: Argument) -> bool:
    return bool in (argument.hint, *get_args(argument.hint))


def _first_sentence(text: str) -> str:
    """Shorten a help text to its first sentence, for a menu."""
    return " ".join(text.split()).partition(". ")[0].partition("; ")[0].rstrip(".")

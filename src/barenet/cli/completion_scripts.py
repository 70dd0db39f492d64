"""Completion scripts for bash, zsh and fish, made from a list of commands and their options."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["SCRIPTS", "Command", "Option", "Words"]


@dataclass(frozen=True)
class Words:
    """The candidates for one position of the command line.

    Attributes
    ----------
    words : tuple of str
        Words to choose from.
    files : bool
        Whether files and folders are offered, too.
    """

    words: tuple[str, ...] = ()
    files: bool = False


@dataclass(frozen=True)
class Option:
    """An option of a command.

    Attributes
    ----------
    names : tuple of str
        Its flags.
    help : str
        A sentence.
    value : Words, optional
        Its values; None for a switch.
    several : bool
        Whether it takes more than one value.
    """

    names: tuple[str, ...]
    help: str
    value: Words | None = None
    several: bool = False


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes
    ----------
    name : str
        Its name.
    help : str
        A sentence.
    options : tuple of Option
        Its options.
    words : Words
        The candidates for its positional arguments.
    """

    name: str
    help: str
    options: tuple[Option, ...]
    words: Words


#: The options of the command itself.
START = (
    Option(("--help", "-h"), "Display this message and exit."),
    Option(("--version", "-V"), "Display application version."),
    Option(("--quiet", "-q"), "Print nothing but results, warnings and errors."),
)

#: In bash, the `=` of --task=regression is a separate word; the bash of macOS has no `compopt`.
BASH = r"""# Completion of barenet in bash.
_barenet() {
    local at=$COMP_CWORD cur=${COMP_WORDS[COMP_CWORD]} command option candidates files i
    [[ $cur == "=" ]] && cur=
    [[ ${COMP_WORDS[at-1]} == "=" ]] && ((at--))
    for ((i = 1; i < at; i++)); do
        [[ ${COMP_WORDS[i]} != -* ]] && { command=${COMP_WORDS[i]}; break; }
    done
    for ((i = at - 1; i > 0; i--)); do
        [[ ${COMP_WORDS[i]} == -* ]] && { option=${COMP_WORDS[i]}; break; }
    done
    case "$((at - i > 1)) $command $option" in
        @SEVERAL@) ;;
        1\ *) option= ;;
    esac
    [[ $cur == -* ]] && option=-
    case "$command ${option//_/-}" in
        @ARMS@
    esac
    local IFS=$'\n'
    COMPREPLY=($(compgen -W "$candidates" -- "$cur"))
    if [[ $files ]]; then
        compopt -o filenames 2> /dev/null
        COMPREPLY+=($(compgen -f -- "$cur"))
    fi
}
complete -F _barenet barenet
"""

ZSH = r"""#compdef barenet
# Completion of barenet in zsh.
_barenet() {
    local cur=$words[CURRENT] command option files i
    local -a candidates
    for ((i = 2; i < CURRENT; i++)); do
        [[ $words[i] != -* ]] && { command=$words[i]; break }
    done
    for ((i = CURRENT - 1; i > 1; i--)); do
        [[ $words[i] == -* ]] && { option=$words[i]; break }
    done
    case "$((CURRENT - i > 1)) $command $option" in
        @SEVERAL@) ;;
        1\ *) option= ;;
    esac
    if [[ $cur == --*=* ]]; then
        option=${cur%%=*}
        compset -P '*='
    elif [[ $cur == -* ]]; then
        option=-
    fi
    case "$command ${option//_/-}" in
        @ARMS@
    esac
    (( $#candidates )) && _describe barenet candidates
    [[ -n $files ]] && _files
    return 0
}
if [[ $funcstack[1] == _barenet ]]; then _barenet "$@"; else compdef _barenet barenet; fi
"""

FISH = r"""# Completion of barenet in fish.
function __fish_barenet_command
    for word in (commandline -opc)[2..]
        string match -q -- '-*' $word; and continue
        contains -- $word $argv
        return
    end
    test (count $argv) -eq 0
end
complete -c barenet -f
"""


def _bash(commands: Sequence[Command]) -> str:
    """Write the script for bash."""

    def candidates(words: Words, _: Mapping[str, str]) -> str:
        listed = "".join(f"{word}\\n" for word in words.words)
        return f"candidates=$'{listed}'" + ("; files=1" if words.files else "")

    return _fill(BASH, commands, candidates)


def _zsh(commands: Sequence[Command]) -> str:
    """Write the script for zsh, whose menus describe commands and options."""

    def candidates(words: Words, help: Mapping[str, str]) -> str:
        described = [
            word.replace(":", r"\:") + (f":{help[word]}" if help.get(word) else "")
            for word in words.words
        ]
        listed = " ".join(map(shlex.quote, described))
        return f"candidates=({listed})" + ("; files=1" if words.files else "")

    return _fill(ZSH, commands, candidates)


def _fill(template: str, commands: Sequence[Command], candidates: Callable[..., str]) -> str:
    """Write the cases of a script: the candidates after each command and option."""
    several, arms = [], []
    names = {command.name: command.help for command in commands}
    for command in commands:
        flags = {name: option.help for option in command.options for name in option.names}
        arms.append(f'"{command.name} -") {candidates(Words(tuple(flags)), flags)} ;;')
        for option in command.options:
            keys = [f"{command.name} {name}" for name in option.names]
            if option.several:
                several += [f'"1 {key}"' for key in keys]
            if option.value is not None:
                patterns = " | ".join(f'"{key}"' for key in keys)
                arms.append(f"{patterns}) {candidates(option.value, {})} ;;")
        arms.append(f'"{command.name} "*) {candidates(command.words, {})} ;;')
    flags = {name: option.help for option in START for name in option.names}
    arms.append(f'" -") {candidates(Words(tuple(flags)), flags)} ;;')
    arms.append(f'" "*) {candidates(Words(tuple(names)), names)} ;;')
    return template.replace("@SEVERAL@", " | ".join(several)).replace(
        "@ARMS@", "\n        ".join(arms)
    )


def _fish(commands: Sequence[Command]) -> str:
    """Write the script for fish."""
    lines = [_fish_option("", option) for option in START]
    for command in commands:
        lines.append(_fish_line("", f"-a {command.name}", command.help))
        if offered := _fish_words(command.words):
            lines.append(_fish_line(command.name, offered, ""))
        lines += [_fish_option(command.name, option) for option in command.options]
    return FISH + "\n".join(lines) + "\n"


def _fish_option(command: str, option: Option) -> str:
    """Write the line of an option; -x keeps fish from offering files."""
    flags = " ".join(map(_fish_flag, option.names))
    if option.value is not None:
        flags += f" {'-r' if option.value.files else '-x'} {_fish_words(option.value)}".rstrip()
    return _fish_line(command, flags, option.help)


def _fish_line(command: str, what: str, help: str) -> str:
    """Write a line of the script for fish; an empty command stands for the first word."""
    where = shlex.quote(f"__fish_barenet_command {command}".strip())
    described = f" -d {shlex.quote(help)}" if help else ""
    return f"complete -c barenet -n {where} {what}{described}"


def _fish_flag(name: str) -> str:
    """Write a flag, long or short, in the syntax of fish."""
    return f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"


def _fish_words(words: Words) -> str:
    """Write the candidates for a value."""
    listed = f"-a {shlex.quote(' '.join(words.words))}" if words.words else ""
    return f"{listed} {'-F' if words.files else ''}".strip()


#: The script of each shell.
SCRIPTS: dict[str, Callable[[Sequence[Command]], str]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}

"""Quoting of the words in a suggested command, for the shell that it is pasted into."""

import os
import shlex
import subprocess
from collections.abc import Iterable

IS_WINDOWS = os.name == "nt"

#: Characters with a special meaning in a Windows shell.
SPECIAL = frozenset("&|<>^()%!;,='`$@{}[]*?~#")


def quote(word: str) -> str:
    """Quote a word of a command if this platform's shell requires it.

    Examples
    --------
    >>> quote("model.safetensors")
    'model.safetensors'
    """
    if not IS_WINDOWS:
        return shlex.quote(word)
    quoted = subprocess.list2cmdline([word])
    has_special = any(letter in SPECIAL for letter in word)
    if has_special and not quoted.startswith('"'):
        return f'"{quoted}"'
    return quoted


def join(words: Iterable[str]) -> str:
    """Join the words of a command, with quotes where needed.

    Examples
    --------
    >>> join(["barenet", "train"])
    'barenet train'
    """
    return " ".join(quote(word) for word in words)

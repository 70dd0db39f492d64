"""The files of the page, and its modules and styles joined into one text each."""

import posixpath
import re
from collections.abc import Sequence
from pathlib import Path

from barenet.playground._activation_script import activation_script

PAGE = Path(__file__).parent / "page"
#: The catalogues of the page's sentences, one for each language.
LANGUAGES = Path(__file__).parent / "languages"
IMPORT = re.compile(r'^import \{\s*([^}]+?),?\s*\} from "(\.{1,2}/.+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
#: Indentation, and lines that are comments.
MARGIN = re.compile(r"^ *(//.*\n)?", re.MULTILINE)
#: Comments in styles, and comments at the end of lines in scripts.
STYLE_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
TRAILING_COMMENT = re.compile(r"[ \t]+//[^\n\"'`]*$", re.MULTILINE)
#: The module that is printed from the library's formulas.
ACTIVATIONS = "network/activations.js"
#: The module for whose catalogue the modules after it wait.
WAITING = "language-choice.js"
#: The shipped font, which is left out of a single file.
FONT = re.compile(r"^@font-face \{[^}]*\}\n", re.MULTILINE)


def joined_styles(names: Sequence[str]) -> str:
    """Join styles into one, for a single file."""
    styles = [(PAGE / name).read_text("utf-8") for name in names]
    style = STYLE_COMMENT.sub("", "".join(styles))
    return FONT.sub("", MARGIN.sub("", style))


def template(name: str) -> str:
    """Return a template of the page, with its tags."""
    page = (PAGE / "index.html").read_text("utf-8")
    start = page.index(f'<template id="{name}">')
    end = page.index("</template>", start)
    return MARGIN.sub("", page[start:end]) + "</template>"


def bundle(entry: str) -> str:
    """Join a module and its imports into one script, each module in its own scope.

    The object $ has what the modules export, by their names.
    """
    scopes: dict[str, str] = {}

    def add(name: str) -> None:
        text = MARGIN.sub("", module_text(name))
        text = TRAILING_COMMENT.sub("", text)

        def path_of(address: str) -> str:  # of a module, from the folder of the page
            return posixpath.normpath(posixpath.join(posixpath.dirname(name), address))

        for _, address in IMPORT.findall(text):
            if path_of(address) not in scopes:
                add(path_of(address))
        exported = ", ".join(EXPORT.findall(text))
        text = EXPORT.sub("", text)
        text = IMPORT.sub(
            lambda match: f'const {{ {match[1]} }} = $["{path_of(match[2])}"];\n', text
        )
        body = f"{text}return {{ {exported} }};\n"
        if name == WAITING:
            scopes[name] = f'$["{name}"] = await (async () => {{\n{body}}})();\n'
        else:
            scopes[name] = f'$["{name}"] = (() => {{\n{body}}})();\n'

    add(entry)
    return '"use strict";\nconst $ = {};\n' + "".join(scopes.values())


def compact(text: str) -> str:
    """Join the lines of a style or a script that end within a statement, or between two of them."""
    lines = []
    for line in text.splitlines():
        has_comment = "//" in line
        if line.endswith(("{", "(", "[", ",", ";")) and not has_comment:
            lines.append(line)
        elif line:
            lines.append(f"{line}\n")
    return "".join(lines)


def module_text(name: str) -> str:
    """Read a module of the page, or print the one that is generated from the library's formulas."""
    return activation_script() if name == ACTIVATIONS else (PAGE / name).read_text("utf-8")

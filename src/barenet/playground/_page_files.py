"""The files of the page, and its modules and styles joined to one text each."""

import re
from collections.abc import Sequence
from pathlib import Path

from barenet.playground._activation_script import activation_script

PAGE = Path(__file__).parent / "page"
IMPORT = re.compile(r'^import \{\s*([^}]+?),?\s*\} from "\./(.+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|(?:async )?function) (\w+))", re.MULTILINE)
#: Indents, and lines that are comments.
MARGIN = re.compile(r"^ *(//.*\n)?", re.MULTILINE)
#: Comments of styles, and those behind the code of a script.
STYLE_COMMENT = re.compile(r"/\*.*?\*/\n?", re.DOTALL)
TRAILING_COMMENT = re.compile(r"[ \t]+//[^\n\"'`]*$", re.MULTILINE)
#: The shipped font, which a single file does not have.
FONT = re.compile(r"^@font-face \{[^}]*\}\n", re.MULTILINE)


def joined_styles(names: Sequence[str]) -> str:
    """Join styles to one, for a single file."""
    styles = [(PAGE / name).read_text("utf-8") for name in names]
    style = STYLE_COMMENT.sub("", "".join(styles))
    return FONT.sub("", MARGIN.sub("", style))


def bundle(entry: str) -> str:
    """Join a module and those that it imports to one script, each in a scope of its own."""
    scopes: dict[str, str] = {}

    def add(name: str) -> None:
        text = MARGIN.sub("", module_text(name))
        text = TRAILING_COMMENT.sub("", text)
        for _, imported in IMPORT.findall(text):
            if imported not in scopes:
                add(imported)
        names = ", ".join(EXPORT.findall(text))
        text = IMPORT.sub(r'const { \1 } = modules["\2"];\n', EXPORT.sub("", text))
        scopes[name] = f'modules["{name}"] = (() => {{\n{text}return {{ {names} }};\n}})();\n'

    add(entry)
    return '"use strict";\nconst modules = {};\n' + "".join(scopes.values())


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
    """Read a module of the page, or print the one that is made from the library's formulas."""
    if name == "activations.js":
        return activation_script()
    return (PAGE / name).read_text("utf-8")

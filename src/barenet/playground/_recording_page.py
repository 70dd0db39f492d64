"""The page of a recording: one HTML file, from the modules and styles of the playground's page."""

import base64
import hashlib
import json
import re
from html import escape
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent / "page"
STYLES = ("style.css", "digits.css", "probe.css", "recording.css")
#: The start of the file, by which it is recognized.
MARK = re.compile(
    rb'\A<!doctype html>.{,200}<meta name="generator" content="barenet recording">', re.S
)

IMPORT = re.compile(r'^import \{ (.+) \} from "\./(.+)";\n', re.MULTILINE)
EXPORT = re.compile(r"^export (?=(?:const|class|function) (\w+))", re.MULTILINE)
#: Indents, and lines that are comments.
MARGIN = re.compile(r"^ *(//.*\n)?", re.MULTILINE)
#: The shipped font, and rules for what a recording does not have.
UNUSED = re.compile(
    r"^(@font-face|kbd|\.(networks\.two|sheet|sets?|matrix|summary|numbers|learning|about|more|tabs?"
    r"|notice|wide|invitation|file|cards?|cell-table|chances|rail|draw-view|desk|beside|field)\b).*\}\n",
    re.MULTILINE,
)


def write_recording(title: str, recording: dict[str, Any]) -> bytes:
    """Write the page, whose policy allows its own script and style alone."""
    style = MARGIN.sub("", "".join((PAGE / name).read_text("utf-8") for name in STYLES))
    style = UNUSED.sub("", style)
    script = bundle("recording.js")
    content = json.dumps(recording, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    policy = f"default-src 'none'; script-src '{_digest(script)}'; style-src '{_digest(style)}'"
    policy += "; base-uri 'none'; form-action 'none'"
    parts = {"style": style, "script": script, "content": content, "policy": policy}
    parts["title"] = escape(title)
    page = (PAGE / "recording.html").read_text("utf-8")
    return re.sub(r"\{\{(\w+)\}\}", lambda match: parts[match[1]], page).encode()


def bundle(entry: str) -> str:
    """Join a module and those that it imports to one script, each in a scope of its own."""
    scopes: dict[str, str] = {}

    def add(name: str) -> None:
        text = MARGIN.sub("", (PAGE / name).read_text("utf-8"))
        for _, other in IMPORT.findall(text):
            if other not in scopes:
                add(other)
        names = ", ".join(EXPORT.findall(text))
        text = IMPORT.sub(r'const { \1 } = modules["\2"];\n', EXPORT.sub("", text))
        scopes[name] = f'modules["{name}"] = (() => {{\n{text}return {{ {names} }};\n}})();\n'

    add(entry)
    return '"use strict";\nconst modules = {};\n' + "".join(scopes.values())


def _digest(text: str) -> str:
    """Return the hash of a script or a style as the policy of a page names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode('ascii')}"

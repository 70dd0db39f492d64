"""The playground as a part of a recording: a page with the library in it.

It loads the runtime of Python from where `runtime.json` names it, and nothing else.
"""

import base64
import json
import re
from typing import Any
from urllib.parse import quote

from barenet.insight.explain._html import STYLE
from barenet.playground._lessons import Course
from barenet.playground._opening import record_opening
from barenet.playground._recording import PAGE, LivePage, bundle, joined_styles
from barenet.playground._site import RUNTIME, catalog_of_worker, library

LINKS = re.compile(r'^<link rel="stylesheet" href="(.+)">\n', re.MULTILINE)
#: Characters beside letters and digits that stand in an address within quotes.
SAFE = "/:;,+={}[]' "


def live_page(course: Course, hash: str, address: str, lessons: bytes = b"") -> LivePage:
    """Write the page of an address, with the course of a user where the file of it is given."""
    page = (PAGE / "index.html").read_text("utf-8")
    names = [name for name in LINKS.findall(page) if name != "explain.css"]
    style, script = STYLE + joined_styles(names), bundle("main.js")
    opening = {hash: _inline(record_opening(address), "application/gzip")}
    catalog = catalog_of_worker(course, _worker(opening, lessons))
    for old, new in (
        ('<script type="module" src="main.js">', f'<script type="module">{script}'),
        ("</head>", f"<style>{style}</style></head>"),
        ("icon.svg", _inline((PAGE / "icon.svg").read_bytes(), "image/svg+xml")),
        ("<html", f'<html data-catalog="data:application/json,{quote(json.dumps(catalog), SAFE)}"'),
    ):
        page = page.replace(old, new)
    runtime, numpy = RUNTIME["address"], RUNTIME["numpy"]["address"]
    origins = {"/".join(each.split("/")[:3]) for each in (runtime, numpy)}
    text = LINKS.sub("", page)
    return LivePage(text, style, script, hash, f"{runtime}pyodide-lock.json", " ".join(origins))


def _worker(openings: dict[str, str], lessons: bytes) -> dict[str, Any]:
    """The settings of the worker, with everything but the runtime in them."""
    zipped = library()
    return {
        "script": _inline((PAGE / "worker.js").read_bytes(), "text/javascript"),
        "start": {**RUNTIME, "barenet": _inline(zipped, "application/zip"), "bytes": len(zipped)},
        "openings": openings,
        "lessons": _inline(lessons, "application/json") if lessons else "",
    }


def _inline(content: bytes, kind: str) -> str:
    """An address that is the content itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"

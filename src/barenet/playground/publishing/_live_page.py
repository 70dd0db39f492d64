"""The playground inside a recording: a page that includes the library.

It loads the Python runtime from the addresses in `runtime.json`, and nothing else.
"""

import base64
import json
import re
from typing import Any
from urllib.parse import quote

from barenet.playground._page_files import PAGE, bundle, joined_styles
from barenet.playground.lessons._lessons import Course
from barenet.playground.publishing._opening import record_opening
from barenet.playground.publishing._recording import LivePage
from barenet.playground.publishing._site import RUNTIME, catalog_of_worker, library

LINKS = re.compile(r'^<link rel="stylesheet" href="(.+)">\n', re.MULTILINE)
#: Characters besides letters and digits that may be in a quoted address.
SAFE = "/:;,+={}[]' "


def live_page(course: Course, hash: str, address: str, lessons: bytes = b"") -> LivePage:
    """Write the page of an address, with the user's course if the content of its file is given."""
    page = (PAGE / "index.html").read_text("utf-8")
    style = joined_styles(LINKS.findall(page))
    script = bundle("main.js")
    opening = {hash: _inline(record_opening(address), "application/gzip")}
    catalog = catalog_of_worker(course, _worker(opening, lessons))
    page = page.replace('<script type="module" src="main.js">', f'<script type="module">{script}')
    page = page.replace("</head>", f"<style>{style}</style></head>")
    icon = _inline((PAGE / "icon.svg").read_bytes(), "image/svg+xml")
    page = page.replace("icon.svg", icon)
    quoted = quote(json.dumps(catalog), SAFE)
    page = page.replace(' data-languages="languages"', "")  # a file has no folder beside it
    page = page.replace("<html", f'<html data-catalog="data:application/json,{quoted}"')
    runtime = RUNTIME["address"]
    origins = {_origin(runtime), _origin(RUNTIME["numpy"]["address"])}
    return LivePage(
        text=LINKS.sub("", page),
        style=style,
        script=script,
        hash=hash,
        runtime=f"{runtime}pyodide-lock.json",
        origins=" ".join(origins),
    )


def _origin(address: str) -> str:
    """Return the scheme and the host of an address."""
    return "/".join(address.split("/")[:3])


def _worker(openings: dict[str, str], lessons: bytes) -> dict[str, Any]:
    """Make the settings of the worker, which include everything except the runtime."""
    script = (PAGE / "worker.js").read_bytes()
    zipped = library()
    archive = _inline(zipped, "application/zip")
    lessons_address = _inline(lessons, "application/json") if lessons else ""
    return {
        "script": _inline(script, "text/javascript"),
        "start": {**RUNTIME, "barenet": archive, "bytes": len(zipped)},
        "openings": openings,
        "lessons": lessons_address,
    }


def _inline(content: bytes, kind: str) -> str:
    """Make an address that contains the content itself."""
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"

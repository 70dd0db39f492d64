"""The page's files, read once into memory: what is not among them does not exist.

No path from outside ever meets the file system, so none can lead out of the folder.
"""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from barenet.insight.explain.html import stylesheet

__all__ = ["TYPES", "page_files"]

TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


def page_files() -> dict[str, tuple[bytes, str]]:
    """Read all files of the page, and the style of an explanation.

    Examples
    --------
    >>> page_files()[""][1]
    'text/html; charset=utf-8'
    """
    found: dict[str, tuple[bytes, str]] = {}
    _collect(files("barenet.playground") / "page", "", found)
    found[""] = found["index.html"]
    found["explain.css"] = (stylesheet().encode(), TYPES["css"])
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, tuple[bytes, str]]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
        elif (kind := entry.name.rpartition(".")[2]) in TYPES:
            found[prefix + entry.name] = (entry.read_bytes(), TYPES[kind])

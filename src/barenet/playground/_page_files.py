"""The files of the page, read into memory: no path from outside reaches the file system."""

from __future__ import annotations

from importlib.resources import files
from importlib.resources.abc import Traversable

from barenet.insight.explain._html import stylesheet

__all__ = ["MEDIA_TYPES", "page_files"]

MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
}


def page_files() -> dict[str, tuple[bytes, str]]:
    """Read all files, and the style sheet of `explain`: content and media type by path.

    Examples
    --------
    >>> page_files()[""][1]
    'text/html; charset=utf-8'
    """
    found: dict[str, tuple[bytes, str]] = {}
    _collect(files("barenet.playground") / "page", "", found)
    found[""] = found["index.html"]
    found["explain.css"] = (stylesheet().encode(), MEDIA_TYPES["css"])
    return found


def _collect(folder: Traversable, prefix: str, found: dict[str, tuple[bytes, str]]) -> None:
    for entry in folder.iterdir():
        if entry.is_dir():
            _collect(entry, f"{prefix}{entry.name}/", found)
        elif (suffix := entry.name.rpartition(".")[2]) in MEDIA_TYPES:
            found[prefix + entry.name] = (entry.read_bytes(), MEDIA_TYPES[suffix])

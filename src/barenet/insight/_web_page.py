"""A page for the browser in one file, light or dark, which needs no network and no scripts."""

from html import escape
from pathlib import Path
from string import Template

PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))


def write_page(title: str, body: str, style: str = "") -> str:
    """Write a document, given its title as text, and its body and its own style as they are."""
    return PAGE.substitute(title=escape(title), body=body, style=style)

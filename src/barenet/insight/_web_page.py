"""A page for the browser in one file, light or dark, without scripts or network access."""

from html import escape
from pathlib import Path
from string import Template

PAGE = Template(Path(__file__).with_name("page.html").read_text("utf-8"))


def write_page(title: str, body: str, style: str = "") -> str:
    """Write a document; the title is escaped, and the body and the style are not."""
    return PAGE.substitute(title=escape(title), body=body, style=style)

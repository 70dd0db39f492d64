"""Pages in other languages: `de/teachers/line.md` is the German of `teachers/line.md`.

A page links to itself in each language in which it exists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

#: The folder of each language, and its name; English has no folder.
LANGUAGES = {"en": "English", "es": "Español", "de": "Deutsch", "zh": "中文"}


def link_languages(
    app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: object
) -> None:
    """Give the template of a page its language, and the pages with the same text in others."""
    folder, _, rest = name.partition("/")
    is_translated = folder in LANGUAGES
    subject = rest if is_translated else name
    pages = {language: f"{language}/{subject}" for language in LANGUAGES}
    pages["en"] = subject
    context["language"] = folder if is_translated else "en"
    context["languages"] = [
        (language, LANGUAGES[language], page)
        for language, page in pages.items()
        if page in app.env.found_docs
    ]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", link_languages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

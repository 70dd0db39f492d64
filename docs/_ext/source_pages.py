"""Links to Python files lead to pages with their code, at the test that the link's title names."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer
from sphinx import addnodes
from sphinx.util import logging

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)

ROOT = Path(__file__).parents[2]
BEFORE_DOWNLOADS = 400  # Sphinx copies what is still a download at 500


def link_to_pages(app: Sphinx, document: nodes.document) -> None:
    """Turn the downloads of Python files into references to their pages."""
    for link in list(document.findall(addnodes.download_reference)):
        path = Path(app.env.relfn2path(link["reftarget"], app.env.docname)[1]).resolve()
        if path.suffix != ".py" or not path.is_relative_to(ROOT):
            continue
        page = f"code/{path.relative_to(ROOT).as_posix()}"
        _pages(app).add(page)
        address = app.builder.get_relative_uri(app.env.docname, page)
        reference = nodes.reference("", "", internal=True, refuri=address + _line(path, link))
        if "reftitle" in link:
            reference["reftitle"] = link["reftitle"]
        reference += [nodes.inline("", child.astext()) for child in link.children]
        link.replace_self(reference)


def write_pages(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """A page for each file that is linked."""
    formatter = HtmlFormatter(lineanchors="L", linenos="inline", anchorlinenos=True, wrapcode=True)
    for page in sorted(_pages(app)):
        name = page.removeprefix("code/")
        code = highlight((ROOT / name).read_text("utf-8"), PythonLexer(), formatter)
        yield (
            page,
            {"title": name, "body": f'<h1>{name}</h1><div class="code-page">{code}</div>'},
            "page.html",
        )


def _pages(app: Sphinx) -> set[str]:
    """The files that are linked; they are kept with the environment."""
    if not hasattr(app.env, "source_pages"):
        app.env.source_pages = set()
    return app.env.source_pages


def merge_pages(app: Sphinx, env: BuildEnvironment, docnames: set[str], other: Any) -> None:
    """Add the files that pages read in another process link to."""
    _pages(app).update(getattr(other, "source_pages", ()))


def _line(path: Path, link: nodes.Element) -> str:
    """The anchor of the function that a link's title names."""
    name = link.get("reftitle")
    if name is None:
        return ""
    for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
        if line.startswith(f"def {name}("):
            return f"#L-{number}"
    logger.warning("%s has no function %s", path, name, location=link)
    return ""


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("doctree-read", link_to_pages, priority=BEFORE_DOWNLOADS)
    app.connect("env-merge-info", merge_pages)
    app.connect("html-collect-pages", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

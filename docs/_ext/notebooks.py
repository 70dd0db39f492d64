"""A notebook to download from each page that runs: the executed cells, for use with barenet alone.

The cells that check a page or prepare its build are left out, and so are links to other pages,
which a notebook does not have beside it.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nbformat

if TYPE_CHECKING:
    from sphinx.application import Sphinx

FOLDERS = ("learn/", "tutorials/")
LINK = re.compile(r"(?<!!)\[([^\]]+)\]\((?!https?:)[^)]*\)")
#: Labels, comments of the tests, index entries, pictures of the playground, and questions that
#: need the page's script.
LEFT_OUT = re.compile(
    r"^\(([\w-]+)\)=\n|<!-- test:[^>]*-->\n|^!\[.*\]\(\.\./images/.*\)\n"
    r"|^<form (?s:.*?)</form>\n|^```\{index\}.*\n```\n",
    re.MULTILINE,
)


def for_readers(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook without the cells and the markup that are for the pages alone."""
    shown = nbformat.from_dict(notebook)
    shown.cells = [c for c in notebook.cells if "remove-cell" not in c.metadata.get("tags", [])]
    for cell in shown.cells:
        if cell.cell_type == "markdown":
            cell.source = LINK.sub(r"\1", LEFT_OUT.sub("", cell.source))
    shown.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    return shown


def undrawn(notebook: nbformat.NotebookNode) -> list[str]:
    """The figures of which a cell shows the description in place of the picture."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    shown = [output["data"] for output in outputs if "data" in output]
    texts = [data.get("text/plain", "") for data in shown if len(data) == 1]
    return [text for text in texts if text.startswith("<Figure ")]


def offer(app: Sphinx, name: str, _template: str, context: dict[str, Any], _tree: object) -> None:
    """Give the template of a page the address of its notebook."""
    if name.startswith(FOLDERS) and _executed(app, name).exists():
        depth = name.count("/")
        context["notebook"] = f"{'../' * depth}notebooks/{name}.ipynb"
        target = Path(app.outdir) / "notebooks" / f"{name}.ipynb"
        target.parent.mkdir(parents=True, exist_ok=True)
        notebook = nbformat.read(_executed(app, name), as_version=4)
        if undrawn(notebook):
            raise ValueError(f"{name}: {undrawn(notebook)[0]} is not drawn; call plt.show()")
        nbformat.write(for_readers(notebook), target)


def _executed(app: Sphinx, name: str) -> Path:
    """Where MyST-NB writes the notebook of a page."""
    return Path(app.outdir).parent / "jupyter_execute" / f"{name}.ipynb"


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("html-page-context", offer)
    return {"parallel_read_safe": True, "parallel_write_safe": True}

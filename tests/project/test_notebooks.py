"""The notebooks that the documentation offers run without the repository."""

import runpy
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
EXTENSION = runpy.run_path(str(ROOT / "docs" / "_ext" / "notebooks.py"))
FOR_READERS, UNDRAWN = EXTENSION["for_readers"], EXTENSION["undrawn"]


def a_page() -> nbformat.NotebookNode:
    """A notebook as MyST-NB makes it of a page."""
    text = """(a-label)=
## A heading of [the page](../first-network.md#x "title"), and [a site](https://numpy.org)

![A picture](images/a.png)
"""
    code = "import barenet\nbarenet.Network.dense([2, 1]).parameters.size"
    checked = nbformat.v4.new_code_cell("import bash_cells", metadata={"tags": ["remove-cell"]})
    return nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(code), checked]
    )


def test_what_is_for_the_pages_alone_is_left_out():
    shown = FOR_READERS(a_page())
    assert len(shown.cells) == 2
    assert shown.cells[0].source.startswith(
        "## A heading of the page, and [a site](https://numpy.org)\n"
    )
    assert "![A picture](images/a.png)" in shown.cells[0].source


def test_a_notebook_runs_in_an_empty_folder(tmp_path):
    shown = FOR_READERS(a_page())
    nbformat.validate(shown)
    NotebookClient(shown, resources={"metadata": {"path": str(tmp_path)}}).execute()
    assert shown.cells[1].outputs[0]["data"]["text/plain"] == "3"


def test_a_figure_without_its_picture_is_found(tmp_path):
    """As Jupyter shows it if nothing has imported pyplot."""
    code = "from matplotlib.figure import Figure\nFigure()"
    drawn = "import matplotlib.pyplot as plt\nplt.plot([0, 1])\nplt.show()"
    for source, count in ((code, 1), (drawn, 0)):
        page = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        NotebookClient(page, resources={"metadata": {"path": str(tmp_path)}}).execute()
        assert len(UNDRAWN(page)) == count

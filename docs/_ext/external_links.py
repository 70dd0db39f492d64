"""Links to the documentation of other projects, with and without a network.

The names that barenet's docstrings mention are listed in ``_inventories``, in the columns of a
Sphinx inventory: name, role, priority, address, title. Sphinx reads them as if it had fetched them.
"""

from __future__ import annotations

import tempfile
import zlib
from pathlib import Path

HEADER = "# Sphinx inventory version 2\n# Project: {}\n# Version: \n# compressed using zlib\n"
SITES = {
    "python": "https://docs.python.org/3/",
    "numpy": "https://numpy.org/doc/stable/",
    "sklearn": "https://scikit-learn.org/stable/",
    "scipy": "https://docs.scipy.org/doc/scipy/",
    "matplotlib": "https://matplotlib.org/stable/",
}
#: Words of a parameter's type that are not names of classes.
WORDS = {
    "ndarrays": ":class:`ndarrays <numpy.ndarray>`",
    "Figure": "matplotlib.figure.Figure",
    "path": "pathlib.Path",
    "Path": "pathlib.Path",
    "path-like": ":term:`path-like <python:path-like object>`",
    "mapping": ":term:`python:mapping`",
    "mappings": ":term:`mappings <python:mapping>`",
    "Pipeline": "sklearn.pipeline.Pipeline",
    "object": ":class:`python:object`",
    "slice": ":class:`python:slice`",
    "dtype": "numpy.dtype",
    "numpy.dtype": ":class:`numpy.dtype`",
    "numpy.random.Generator": ":class:`numpy.random.Generator`",
    "matplotlib.figure.Figure": ":class:`matplotlib.figure.Figure`",
}
ERRORS = ("FileNotFoundError", "KeyboardInterrupt", "OSError", "RuntimeError", "ValueError")


def inventories(folder: Path) -> dict[str, tuple[str, str]]:
    """The lists of a folder as `intersphinx_mapping`."""
    kept = Path(tempfile.mkdtemp(prefix="inventories-"))
    mapping = {}
    for project, site in SITES.items():
        names = (folder / f"{project}.txt").read_bytes()
        (kept / project).write_bytes(HEADER.format(project).encode() + zlib.compress(names))
        mapping[project] = (site, str(kept / project))
    return mapping


def parameter_types(objects: dict[str, object]) -> dict[str, str]:
    """The words of a parameter's type that become links: `numpydoc_xref_aliases`."""
    ours = {name.rpartition(".")[2]: name for name in objects}
    return ours | WORDS | {name: f":exc:`python:{name}`" for name in ERRORS}

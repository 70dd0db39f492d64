"""Writes the pages of the API reference from the package itself, so that nothing is forgotten.

Public are the names in `barenet.__all__`, those of the modules among them, and the entries of the
registries. The module that defines an object determines its heading.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx.util import logging

import barenet

if TYPE_CHECKING:
    from sphinx.application import Sphinx

logger = logging.getLogger(__name__)

#: The headings, and the modules that each holds; the most particular module wins.
HEADINGS = {
    "Network and layers": ("barenet.model",),
    "Activations": ("barenet.model._activations",),
    "Losses": ("barenet.model.losses",),
    "Initializers": ("barenet.model._initializers",),
    "Optimizers and clipping": ("barenet.optimization.optimizers",),
    "Learning rate schedules": ("barenet.optimization._schedules",),
    "Penalties": ("barenet.optimization._penalties",),
    "Estimators": ("barenet.estimators",),
    "Tasks": ("barenet.tasks", "barenet.settings"),
    "Training": (
        "barenet._train",
        "barenet.training",
        "barenet._metrics",
        "barenet.population",
        "barenet.engines",
    ),
    "Work on several machines": ("barenet.distributed",),
    "Data": ("barenet.datasets", "barenet.tables", "barenet.streams"),
    "Files": ("barenet.files",),
    "Insight": ("barenet.insight",),
    "Errors": ("barenet.errors",),
}

#: What is not called from Python: commands, playground and service, with their own pages, kernels.
NOT_CALLED = (
    "barenet.cli.",
    "barenet.playground.",
    "barenet.service.",
    "barenet.engines.compiled.",
    "barenet.engines.kernels.",
    "barenet.engines.simd.",
)

#: Headings of these pages that are the words of a search.
SEARCHED = ("Learning rate schedules",)

#: What the arguments of `train` are called by name, and such a name in a docstring.
ROLES = ("loss", "optimizer", "schedule", "penalty", "clip")
NAME = re.compile(r'(?<![`=\w])"(\w+)"(?![`\w])')
AFTER_NUMPYDOC = 600

PREFACE = """\
API reference
=============

Each name is listed with the module to import it from. An activation, a loss, an initializer, an
optimizer, a schedule or a penalty can also be given as a string, with options after a colon:
``"leaky_relu:slope=0.2"``.
"""


def public_objects() -> dict[str, Any]:
    """Every public class and function, by the name that it is documented under."""
    named = {f"barenet.{name}": getattr(barenet, name) for name in sorted(barenet.__all__)}
    for module in [thing for thing in named.values() if inspect.ismodule(thing)]:
        named |= {f"{module.__name__}.{name}": getattr(module, name) for name in module.__all__}
    found = {name: thing for name, thing in named.items() if _has_docstring(thing)}
    for thing in _registered():
        if thing not in found.values():
            found[_shortest_name(thing)] = thing
    return found


def headings_of(objects: dict[str, Any]) -> dict[str, list[str]]:
    """Sort the names under the headings.

    Raises
    ------
    LookupError
        If an object is defined where no heading looks.
    """
    sorted_names: dict[str, list[str]] = {heading: [] for heading in HEADINGS}
    for name, thing in objects.items():
        sorted_names[_heading_of(name, thing.__module__)].append(name)
    return {heading: names for heading, names in sorted_names.items() if names}


def _has_docstring(thing: Any) -> bool:
    """Whether it is a class or a function; a constant or a module is documented where it stands."""
    return inspect.isclass(thing) or inspect.isroutine(thing)


def _registered() -> list[Any]:
    """The entries of every dictionary whose name is in capitals, in the order of the modules."""
    entries = []
    for module in pkgutil.walk_packages(barenet.__path__, "barenet."):
        if module.name.endswith("__main__") or f"{module.name}.".startswith(NOT_CALLED):
            continue
        for name, value in vars(importlib.import_module(module.name)).items():
            if name.isupper() and not name.startswith("_") and isinstance(value, dict):
                entries += [entry for entry in value.values() if _has_docstring(entry)]
    ours = (entry for entry in entries if entry.__module__.startswith("barenet."))
    return [entry for entry in ours if not entry.__name__.startswith(("_", "<lambda"))]


def _shortest_name(thing: Any) -> str:
    """The name in the outermost package that holds the object under its own name."""
    parts = thing.__module__.split(".")
    packages = (".".join(parts[:length]) for length in range(1, len(parts) + 1))
    holders = (name for name in packages if vars(sys.modules[name]).get(thing.__name__) is thing)
    return f"{next(holders)}.{thing.__name__}"


def _heading_of(name: str, module: str) -> str:
    """The heading whose module is the longest one that `module` lies in."""
    fitting = {
        len(prefix): heading
        for heading, prefixes in HEADINGS.items()
        for prefix in prefixes
        if f"{module}.".startswith(f"{prefix}.")
    }
    if not fitting:
        raise LookupError(f"{name}: no heading in {__name__} for {module}")
    return fitting[max(fitting)]


def write_pages(app: Sphinx, _config: object) -> None:
    """Write an overview, and a page for each heading, before Sphinx looks for pages."""
    folder = Path(app.srcdir) / "api"
    folder.mkdir(exist_ok=True)
    overview, pages = [PREFACE], []
    for heading, names in headings_of(public_objects()).items():
        page = heading.lower().replace(" ", "-")
        pages.append(f"   api/{page}")
        overview += [*_headed(heading, "-"), *_table(names), ""]
        entry = [f".. index:: ! {heading.lower()}", ""] if heading in SEARCHED else []
        lines = _headed(heading, "=") + entry + _table(names, "../generated")
        _write(folder / f"{page}.rst", lines)
    toctree = [".. toctree::", "   :hidden:", "", *pages, ""]
    _write(folder.with_suffix(".rst"), overview + toctree)


def _headed(heading: str, line: str) -> list[str]:
    """The lines of a heading."""
    return [heading, line * len(heading), ""]


def _table(names: list[str], toctree: str = "") -> list[str]:
    """The lines of a table of names; with `toctree`, the folder of their pages."""
    option = [f"   :toctree: {toctree}"] if toctree else []
    return [".. autosummary::", *option, "   :nosignatures:", "", *(f"   {n}" for n in names), ""]


def _write(path: Path, lines: list[str]) -> None:
    """Write a page if it is another one than before."""
    text = "\n".join(lines)
    if not path.exists() or path.read_text("utf-8") != text:
        path.write_text(text, encoding="utf-8")


def _is_scikit_learns(_app: Sphinx, _kind: str, _name: str, thing: Any, *_: object) -> bool | None:
    """Leave out what an estimator inherits from scikit-learn."""
    return True if str(getattr(thing, "__module__", "")).startswith("sklearn.") else None


def _link_names(_app: Sphinx, _kind: str, name: str, *others: Any) -> None:
    """Link the names that the docstring of `train` lists to the pages of their classes."""
    if name == "barenet.train":
        kinds = [(page, kind) for page, kind in public_objects().items() if hasattr(kind, "name")]
        pages = {kind.name: page for page, kind in kinds if getattr(kind, "role", "") in ROLES}
        lines: list[str] = others[-1]
        lines[:] = [NAME.sub(lambda found: _link(found[1], pages), line) for line in lines]


def _written_signature(_app: Sphinx, kind: str, _name: str, thing: Any, *others: Any) -> Any:
    """The parameters of a class whose ``__new__`` takes any, as `help` shows them."""
    if kind == "class" and (others[1] or "").startswith("(*"):
        signature = inspect.signature(thing)
        plain = [each.replace(annotation=each.empty) for each in signature.parameters.values()]
        return str(signature.replace(parameters=plain, return_annotation=signature.empty)), None
    return None


def _link(name: str, pages: dict[str, str]) -> str:
    """A name in quotes, with a link if it has a page."""
    return f':obj:`"{name}" <{pages[name]}>`' if name in pages else f'"{name}"'


def _refuse_quotations(app: Sphinx, document: nodes.document) -> None:
    """Warn of an indented formula that reStructuredText has taken for a quotation."""
    if app.env.docname.startswith("generated/"):
        for quote in document.findall(nodes.block_quote):
            where = (app.env.docname, quote.line)
            logger.warning("write :: before the formula %r", quote.astext(), location=where)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register with Sphinx."""
    app.connect("config-inited", write_pages)
    app.connect("autodoc-skip-member", _is_scikit_learns)
    app.connect("autodoc-process-signature", _written_signature)
    app.connect("autodoc-process-docstring", _link_names, priority=AFTER_NUMPYDOC)
    app.connect("doctree-read", _refuse_quotations)
    return {"parallel_read_safe": True}

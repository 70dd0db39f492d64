"""The error for a name that barenet, or a public module of it, does not have."""

import importlib
from collections.abc import Collection

from barenet._messages import suggestion

#: The modules whose public names are looked for in `barenet` itself.
MODULES = (
    "activations", "callbacks", "initializers", "layers", "losses", "optimizers", "penalties",
    "plots", "schedules", "typing",
)  # fmt: skip


def unknown_name(module: str, name: str, public: Collection[str]) -> AttributeError:
    """Return the error for a name that a module does not have, with the module that has it.

    Examples
    --------
    >>> unknown_name("barenet", "Adam", ["Network"])
    AttributeError("module 'barenet' has no attribute 'Adam'; use barenet.optimizers.Adam")
    """
    problem = f"module {module!r} has no attribute {name!r}"
    if name in ("load_network", "load_predictor"):  # of version 0.3
        problem += f"; use load(path, {name.removeprefix('load_').title()})"
    elif name[:1].isupper() and _module_of(name):
        problem += f"; use {_module_of(name)}.{name}"
    elif not name.startswith("_"):
        problem += suggestion(name, public)
    return AttributeError(problem, name=name)


def _module_of(name: str) -> str:
    """Return the module of barenet that has a public name; empty if there is none."""
    for module in MODULES:
        full_name = f"barenet.{module}"
        if name in importlib.import_module(full_name).__all__:
            return full_name
    return ""

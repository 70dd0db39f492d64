"""The flags of ``barenet train``: the fields of `Recipe`, each one under a heading of the help.

So a setting is described in one place, and what it is called there it is called here.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from cyclopts import Group, Parameter

from barenet.cli.numbers import whole
from barenet.data.recipe import DEFAULTS, Recipe

__all__ = ["DATA", "LEARNING", "NETWORK", "NO_FLAGS", "OUTPUT", "PARAMETER", "Flags", "Json"]

#: How the options of every command are read: a list takes all that follows, one value or more.
PARAMETER = Parameter(consume_multiple=(1, None), negative_iterable=(), negative_none=())

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
LEARNING = Group("Learning", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

#: The flag of every command that can answer a program.
Json = Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)]

#: The heading of the help under which a field of `Recipe` stands; the others are about learning.
GROUPS = {
    DATA: "scaling target_scaling test_size split_seed samples noise data_seed",
    NETWORK: "layers hidden output dropout init bias_init dtype",
    OUTPUT: "verbose_epoch",
}


def _flag(name: str, hint: Any) -> Any:
    """Make a field of `Recipe` a flag: its heading, its default, and whole numbers unrounded."""
    group = next((group for group, names in GROUPS.items() if name in names.split()), LEARNING)
    default = getattr(DEFAULTS, name)
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    hidden = default is None or default is True
    options: dict[str, Any] = {"group": group, "show_default": False if hidden else shown}
    if "int" in str(hint):
        options |= {"converter": whole}
    if "full" in str(hint):
        options |= {"metavar": "INT|full", "show_choices": False}
    return Annotated[hint, Parameter(**options)]


if TYPE_CHECKING:
    Flags = Recipe
else:
    Flags = dataclasses.make_dataclass(
        "Flags",
        [(name, _flag(name, hint), None) for name, hint in get_type_hints(Recipe).items()],
        bases=(Recipe,),
        namespace={"__doc__": Recipe.__doc__, "__module__": __name__},
        frozen=True,
        kw_only=True,
    )


NO_FLAGS = Flags()

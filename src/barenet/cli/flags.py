"""The flags of the commands that build a network: the fields of `RunConfig`, each under a heading.

So a setting is described in one place, and what it is called there it is called here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

from cyclopts import Group, Parameter

from barenet.cli.numbers import whole
from barenet.data.run_config import DEFAULTS, RunConfig

__all__ = [
    "DATA",
    "LEARNING",
    "NAMED",
    "NETWORK",
    "NO_FLAGS",
    "NO_STEP_FLAGS",
    "OF_THE_NETWORK",
    "OUTPUT",
    "PARAMETER",
    "Flags",
    "Json",
    "Quiet",
    "StepFlags",
]

#: How the options of every command are read: a list takes all that follows, one value or more.
PARAMETER = Parameter(consume_multiple=(1, None), negative_iterable=(), negative_none=())

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
LEARNING = Group("Learning", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

#: Marks a text that names a file, a folder or a data set, as the type `Path` marks itself.
NAMED = "names a file, a folder or a data set"

#: The flag of every command that can answer a program.
Json = Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)]

#: The flag of every command that suppresses all but results, warnings and errors.
Quiet = Annotated[
    bool,
    Parameter(
        name=["--quiet", "-q"],
        group=OUTPUT,
        negative=(),
        show_default=False,
        help="Print nothing but results, warnings and errors.",
    ),
]

#: The heading of the help under which a field of `RunConfig` stands; the others are about learning.
GROUPS = {
    DATA: "scaling target_scaling test_size split_seed samples noise data_seed",
    NETWORK: "layers hidden output batch_norm dropout init bias_init dtype",
    OUTPUT: "verbose_epoch",
}


def _flag(name: str, hint: Any) -> Any:
    """Make a field of `RunConfig` a flag: its heading, its default, and whole numbers unrounded."""
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


def _flags(kind: str, names: Collection[str], bases: tuple[type, ...]) -> Any:
    """Make fields of `RunConfig` the flags of a command."""
    hints = get_type_hints(RunConfig)
    return dataclasses.make_dataclass(
        kind,
        [(name, _flag(name, hint), None) for name, hint in hints.items() if name in names],
        bases=bases,
        namespace={"__doc__": RunConfig.__doc__, "__module__": __name__},
        frozen=True,
        kw_only=True,
    )


#: What decides what a network is, and what its rows are: a trained one has it with it.
OF_THE_NETWORK = (
    *("layers", "hidden", "output", "batch_norm", "dropout", "init", "bias_init", "dtype"),
    *("scaling", "target_scaling", "test_size", "split_seed", "samples", "noise", "data_seed"),
)

#: What decides a single step of training: nothing of epochs.
OF_A_STEP = ("loss", "optimizer", "learning_rate", "l1", "l2", "clip_norm", "clip_value", "seed")

if TYPE_CHECKING:
    Flags = RunConfig
    StepFlags = RunConfig
else:
    Flags = _flags("Flags", get_type_hints(RunConfig), (RunConfig,))
    StepFlags = _flags("StepFlags", (*OF_THE_NETWORK, *OF_A_STEP), ())


NO_FLAGS, NO_STEP_FLAGS = Flags(), StepFlags()

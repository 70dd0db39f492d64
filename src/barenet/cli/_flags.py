"""Flags of the commands; those of commands that build a network are the fields of `RunConfig`."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_args, get_origin, get_type_hints

from cyclopts import Group, Parameter, Token

from barenet.data._run_config import DEFAULTS, RunConfig

__all__ = [
    "DATA",
    "LEARNING",
    "NAMED",
    "NETWORK",
    "NETWORK_FIELDS",
    "NO_FLAGS",
    "NO_STEP_FLAGS",
    "OUTPUT",
    "PARAMETER",
    "Flags",
    "Json",
    "Quiet",
    "StepFlags",
    "integer",
]

#: How the options of every command are read: a list takes all that follows, one value or more.
PARAMETER = Parameter(consume_multiple=(1, None), negative_iterable=(), negative_none=())

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
LEARNING = Group("Learning", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

#: Marks a text that names a file, a folder or a data set, as the type `Path` marks itself.
NAMED = "names a file, a folder or a data set"

Json = Annotated[bool, Parameter(group=OUTPUT, negative=(), show_default=False)]

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

#: Fields of `RunConfig` under each heading of the help; the others are about learning.
GROUPS = {
    DATA: ["scaling", "target_scaling", "test_size", "split_seed", "samples", "noise", "data_seed"],
    NETWORK: ["layers", "hidden", "output", "batch_norm", "dropout", "init", "bias_init", "dtype"],
    OUTPUT: ["verbose_epoch"],
}

#: Fields that determine the network and its rows; a trained network is saved with them.
NETWORK_FIELDS = (*GROUPS[NETWORK], *GROUPS[DATA])

#: Fields that determine a single step of training.
STEP_FIELDS = ("loss", "optimizer", "learning_rate", "l1", "l2", "clip_norm", "clip_value", "seed")


def integer(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert what was typed to one or several integers, never by rounding.

    1.5 epochs are an error, and a float would round large seeds.
    """
    words = [word for part in get_args(kind) for word in get_args(part)]
    values = tuple(_integer(token.value, words) for token in tokens)
    return values if get_origin(kind) is tuple else values[0]


def _integer(text: str, words: Collection[str]) -> int | str:
    if text in words:
        return text
    with contextlib.suppress(ValueError):
        return int(text)
    with contextlib.suppress(ValueError):
        if (number := float(text)).is_integer():
            return int(number)
    or_words = "".join(f" or {word}" for word in words)
    raise ValueError(f"expected a whole number{or_words}, got {text!r}")


def _flag(name: str, hint: Any) -> Any:
    """Convert the type of a field of `RunConfig` to that of a flag."""
    group = next((group for group, names in GROUPS.items() if name in names), LEARNING)
    default = getattr(DEFAULTS, name)
    shown = " ".join(map(str, default)) if isinstance(default, tuple) else str(default)
    hidden = default is None or default is True
    options: dict[str, Any] = {"group": group, "show_default": False if hidden else shown}
    if "int" in str(hint):
        options |= {"converter": integer}
    if "full" in str(hint):
        options |= {"metavar": "INT|full", "show_choices": False}
    return Annotated[hint, Parameter(**options)]


def _flags(kind: str, names: Collection[str], bases: tuple[type, ...]) -> Any:
    """Make a dataclass of some fields of `RunConfig`."""
    hints = get_type_hints(RunConfig)
    return dataclasses.make_dataclass(
        kind,
        [(name, _flag(name, hint), None) for name, hint in hints.items() if name in names],
        bases=bases,
        namespace={"__doc__": RunConfig.__doc__, "__module__": __name__},
        frozen=True,
        kw_only=True,
    )


if TYPE_CHECKING:
    Flags = RunConfig
    StepFlags = RunConfig
else:
    Flags = _flags("Flags", get_type_hints(RunConfig), (RunConfig,))
    StepFlags = _flags("StepFlags", (*NETWORK_FIELDS, *STEP_FIELDS), ())


NO_FLAGS, NO_STEP_FLAGS = Flags(), StepFlags()

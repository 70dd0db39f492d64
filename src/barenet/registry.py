"""Names for things: ``"huber:delta=2"`` and the object that it stands for.

Activations, losses, initializers, optimizers, schedules and penalties are small dataclasses, held
in plain dictionaries by name. Wherever one is expected, its name will do, with options after a
colon; this file turns the text into the object and the object back into the text.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import MISSING
from typing import Any, TypeVar

from barenet.constraints import options_of
from barenet.errors import ArgumentError, brief, suggestion

T = TypeVar("T")

#: Maximum length of a name with its options, which may come from a file.
MOST_CHARACTERS = 1_000


def build(base: type[T], registry: Mapping[str, type[T]], spec: str | T, argument: str) -> T:
    """Turn a name with options into the object, or check that it already is one.

    Examples
    --------
    >>> from barenet.model.activations import ACTIVATIONS, Activation
    >>> build(Activation, ACTIVATIONS, "leaky_relu:slope=0.2", "hidden")
    LeakyReLU(slope=0.2)
    """
    if isinstance(spec, base):
        return spec
    if not isinstance(spec, str):
        names = ", ".join(sorted(registry))
        raise ArgumentError.of(argument, spec, f"one of {names}, or an instance")
    if len(spec) > MOST_CHARACTERS:
        raise ArgumentError.of(
            argument,
            spec,
            f"a name with options of up to {MOST_CHARACTERS:,} characters",
            remedy=f"it has {len(spec):,}; pass an instance instead",
        )
    name, _, options = spec.strip().partition(":")
    kind = lookup(registry, name.strip(), argument)
    chosen = _parse_options(kind, options, argument)
    missing = [o.name for o in options_of(kind) if o.default is MISSING and o.name not in chosen]
    if missing:
        raise ArgumentError(
            f"{name} needs {missing[0]}, as in '{name}:{missing[0]}=1'",
            argument=argument,
            value=spec,
        )
    try:
        return kind(**chosen)
    except ArgumentError as error:
        raise error.renamed(argument) from None


def lookup(registry: Mapping[str, T], name: str, argument: str) -> T:
    """Look a name up, and list the right ones where it is wrong.

    Examples
    --------
    >>> lookup({"relu": 1}, "rellu", "hidden")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: hidden: unknown 'rellu', did you mean 'relu'? (choose from relu)
    """
    if not isinstance(name, str):
        raise ArgumentError.of(argument, name, f"one of {', '.join(sorted(registry))}")
    if name in registry:
        return registry[name]
    choices = ", ".join(sorted(registry)) or "nothing"
    raise ArgumentError(
        f"unknown {brief(name)}{suggestion(name, registry)} (choose from {choices})",
        argument=argument,
        value=name,
        expected=f"one of {choices}",
    )


def spec_of(thing: Any) -> str:
    """Write an object as the text that `build` turns back into it.

    Examples
    --------
    >>> from barenet.model.losses import Huber
    >>> spec_of(Huber(delta=2.0)), spec_of(Huber())
    ('huber:delta=2.0', 'huber')
    """
    changed = [
        f"{field.name}={_write(getattr(thing, field.name))}"
        for field in options_of(thing)
        if getattr(thing, field.name) != field.default
    ]
    return thing.name + (":" + ",".join(changed) if changed else "")


def _parse_options(kind: type, text: str, argument: str) -> dict[str, Any]:
    """Read ``"a=1,b=2"`` into a dictionary, checked against the fields of `kind`."""
    allowed = [field.name for field in options_of(kind)]
    options: dict[str, Any] = {}
    for part in filter(None, (part.strip() for part in _split(text))):
        key, equals, value = part.partition("=")
        key = key.strip()
        if not equals:
            known = ", ".join(allowed) or "none"
            raise ArgumentError(
                f"{brief(part)} is no option=value (options: {known})",
                argument=argument,
                value=text,
            )
        if key not in allowed:
            known = ", ".join(allowed) or "none"
            raise ArgumentError(
                f"unknown option {key!r}{suggestion(key, allowed)} (options: {known})",
                argument=argument,
                value=text,
            )
        if key in options:
            raise ArgumentError(f"{key} is given twice", argument=argument, value=text)
        options[key] = _read(value.strip())
    return options


def _split(text: str) -> list[str]:
    """Split at the commas outside square brackets."""
    parts, depth, start = [], 0, 0
    for at, character in enumerate(text):
        depth += (character == "[") - (character == "]")
        if character == "," and depth == 0:
            parts.append(text[start:at])
            start = at + 1
    return [*parts, text[start:]]


def _read(text: str) -> Any:
    """Read a number, a boolean, None or a list of them; anything else stays text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return {"true": True, "false": False, "none": None, "inf": float("inf")}.get(
            text.lower(), text
        )
    return tuple(value) if isinstance(value, list) else value


def _write(value: Any) -> str:
    """Write an option's value as `_read` reads it."""
    if isinstance(value, tuple | list):
        return "[" + ",".join(_write(item) for item in value) + "]"
    return value if isinstance(value, str) else repr(value)

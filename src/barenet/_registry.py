"""Registries: objects from names, such as ``"huber:delta=2"``, and names from objects.

Activations, losses, initializers, optimizers, schedules and penalties are small dataclasses, in
plain dictionaries by name. Wherever an object is expected, a name can be given instead, with
options after a colon.
"""

import ast
import functools
import inspect
import re
from collections.abc import Iterable, Mapping, Sequence
from types import UnionType
from typing import Any, TypeVar

import numpy as np

from barenet._constraints import Configurable, option_values, options_of
from barenet._messages import brief, suggestion
from barenet.errors import ArgumentError

T = TypeVar("T")

#: Maximum length of a name with its options, which may come from a file.
MAX_CHARACTERS = 1_000

#: Words that stand for values; any other word is text.
CONSTANTS = {"true": True, "false": False, "none": None, "inf": float("inf")}


#: Names with the same meaning in Keras, PyTorch, scikit-learn and here, for all registries. Each
#: group stands for the first of its names in the registry. Case, hyphens and underscores don't
#: matter.
SYNONYMS = (
    ("identity", "linear"),
    ("sigmoid", "logistic"),
    ("silu", "swish"),
    ("exponential", "exp"),
    ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "sparse_categorical_accuracy"),
    ("auc", "roc_auc"),
    ("squared_error", "mse", "mean_squared_error", "mse_loss"),
    ("absolute_error", "mae", "mean_absolute_error", "l1_loss"),
    ("rmse", "root_mean_squared_error"),
    ("binary_cross_entropy", "bce", "bce_loss", "log_loss"),
    ("categorical_cross_entropy", "sparse_categorical_cross_entropy", "log_loss"),
    ("log_loss", "cross_entropy", "ce", "cross_entropy_loss"),
    ("huber", "huber_loss"),
    ("quantile", "pinball", "pinball_loss"),
    ("nesterov", "nag"),
    ("glorot", "xavier"),
    ("glorot_uniform", "xavier_uniform"),
    ("glorot_normal", "xavier_normal"),
    ("he", "kaiming"),
    ("he_uniform", "kaiming_uniform"),
    ("he_normal", "kaiming_normal"),
    ("reduce_on_plateau", "reduce_lr_on_plateau"),
    ("jax", "gpu", "cuda"),
    ("exact", "float32", "fp32", "highest"),
)


def by_name(*classes: type[T]) -> dict[str, type[T]]:
    """Make a registry of classes by their names."""
    return {cls.name: cls for cls in classes}  # type: ignore[attr-defined]


def build(
    base: type[T] | UnionType, registry: Mapping[str, type[T]], spec: str | T, argument: str
) -> T:
    """Make an object from a name with options; an object is returned unchanged.

    Examples
    --------
    >>> from barenet.model._activations import ACTIVATIONS, Activation
    >>> build(Activation, ACTIVATIONS, "leaky_relu:slope=0.2", "hidden")
    LeakyReLU(slope=0.2)
    """
    if not isinstance(spec, str):
        if isinstance(spec, base):
            return spec
        names = ", ".join(sorted(registry))
        raise ArgumentError.of(argument, spec, f"one of {names}, or an instance")
    if len(spec) > MAX_CHARACTERS:
        expected = f"a name with options of up to {MAX_CHARACTERS:,} characters"
        remedy = f"it has {len(spec):,}; pass an instance instead"
        raise ArgumentError.of(argument, spec, expected, remedy=remedy)
    name, _, text = spec.strip().partition(":")
    name = name.strip()
    cls: Any = registry.get(name)
    if cls is None:
        cls = lookup(registry, canonical(registry, name), argument)
    try:
        return cls(**_parse_options(cls, text))
    except ArgumentError as error:
        error.argument = argument
        raise error from None


def canonical(registry: Iterable[str], spec: T) -> T | str:
    """Spell a name, with or without options, as in the registry; return anything else unchanged.

    Examples
    --------
    >>> canonical(["squared_error", "leaky_relu"], "MSE"), canonical(["elu"], "ELU:alpha=2")
    ('squared_error', 'elu:alpha=2')
    """
    if not isinstance(spec, str):
        return spec
    name, colon, options = spec.strip().partition(":")
    name = name.strip()
    if name not in registry:
        name = _synonym(registry, name)
    return name + colon + options


def _synonym(registry: Iterable[str], name: str) -> str:
    """Return the registered name with another spelling, or a synonym; else, the name itself."""
    registered = {_bare(entry): entry for entry in registry}
    bare = _bare(name)
    if bare in registered:
        return registered[bare]
    for names in SYNONYMS:
        group = [_bare(synonym) for synonym in names]
        if bare not in group:
            continue
        for synonym in group:
            if synonym in registered:
                return registered[synonym]
    return name


def _bare(name: str) -> str:
    """Remove the case and the separators of a name, in which libraries differ."""
    return re.sub("[-_ ]", "", name.lower())


def lookup(registry: Mapping[str, T], name: str, argument: str) -> T:
    """Look up a name; the error for an unknown name lists the known ones.

    Examples
    --------
    >>> lookup({"relu": 1}, "rellu", "hidden")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: hidden: unknown 'rellu', did you mean 'relu'? (choose from relu)
    """
    if isinstance(name, str) and name in registry:
        return registry[name]
    raise unknown_name(registry, name, argument)


def unknown_name(registry: Iterable[str], name: Any, argument: str) -> ArgumentError:
    """Make the error for a name that is not in a registry.

    Examples
    --------
    >>> print(unknown_name(["accuracy", "auc"], "acc", "metric"))
    metric: unknown 'acc', did you mean 'accuracy'? (choose from accuracy, auc)
    """
    names = [entry for entry in sorted(registry) if entry]  # "" stands for a default
    choices = ", ".join(names) or "nothing"
    if not isinstance(name, str):
        return ArgumentError.of(argument, name, f"one of {choices}")
    spelled = canonical(names, name)
    hint = suggestion(name, names)
    if spelled in names:  # a synonym, where only the names themselves are accepted
        hint = f", did you mean {spelled!r}?"
    problem = f"unknown {brief(name)}{hint} (choose from {choices})"
    return ArgumentError(problem, argument=argument, value=name, expected=f"one of {choices}")


def spec_of(thing: Any) -> str:
    """Write an object as the text that `build` makes it from.

    Examples
    --------
    >>> from barenet.model.losses import Huber
    >>> spec_of(Huber(delta=2.0)), spec_of(Huber())
    ('huber:delta=2.0', 'huber')
    """
    values = option_values(thing)
    changed = []
    for name, default in options_of(type(thing)).items():
        if name not in values:  # the class has set it
            continue
        value = plain(values[name])
        if value != plain(default):
            changed.append(f"{name}={_write(value)}")
    spec: str = thing.name
    if changed:
        spec += ":" + ",".join(changed)
    return spec


def plain(value: Any) -> Any:
    """Convert a value to plain Python types and tuples; an object with options becomes its text.

    Examples
    --------
    >>> plain(np.arange(2)), plain(np.float64(0.5))
    ((0, 1), 0.5)
    """
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return tuple(plain(entry) for entry in value)
    if isinstance(value, Configurable):
        return spec_of(value)
    return value


@functools.lru_cache(256)
def _parse_options(kind: Any, text: str) -> dict[str, Any]:
    """Parse options such as ``"a=1,b=2"``, and check them against the options of `kind`."""
    accepted = inspect.getfullargspec(kind.__init__)
    positional = accepted.args[1:]  # without self
    n_required = len(positional) - len(accepted.defaults or ())
    required = positional[:n_required]
    fields = [*positional, *accepted.kwonlyargs]
    options = parse_options(text, fields)
    for name in required:
        if name not in options:
            label = getattr(kind, "name", kind.__name__)
            raise ArgumentError(f"{label} needs {name}, as in '{label}:{name}=1'", value=text)
    return options


def parse_options(text: str, fields: Sequence[str]) -> dict[str, Any]:
    """Parse options such as ``"a=1,b=2"``, whose names are among the fields.

    Examples
    --------
    >>> parse_options("samples=500,noise=.2", ["samples", "noise"])
    {'samples': 500, 'noise': 0.2}
    """
    listed = ", ".join(fields) or "none"
    choices = f"(options: {listed})"
    options: dict[str, Any] = {}
    for part in re.split(r",(?![^\[]*\])", text):  # split at commas outside brackets
        name, equals, value = part.partition("=")
        name = name.strip()
        value = value.strip()
        if not name and not equals:
            continue
        if not equals:
            raise ArgumentError(f"{brief(name)} is no option=value {choices}", value=text)
        if name not in fields:
            problem = f"unknown option {name!r}{suggestion(name, fields)} {choices}"
            raise ArgumentError(problem, value=text)
        if name in options:
            raise ArgumentError(f"{name} is given twice", value=text)
        options[name] = _read(value)
    return options


def _read(text: str) -> Any:
    """Parse a number, a boolean, None or a list of these; anything else remains text."""
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, RecursionError, MemoryError):
        return CONSTANTS.get(text.lower(), text)
    return tuple(value) if isinstance(value, list) else value


def _write(value: Any) -> str:
    """Write a value as text that `_read` can parse."""
    if isinstance(value, tuple):
        return "[" + ",".join(_write(item) for item in value) + "]"
    if isinstance(value, str):
        return value
    return repr(value)

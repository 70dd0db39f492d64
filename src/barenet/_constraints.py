"""Constraints on values: the numbers that an option of a class, or an argument, may have.

A class declares the range together with the default, ``delta: float = option(1.0, gt=0)``; every
instance is checked when it is created. JSON is checked against type annotations.
"""

import contextlib
import dataclasses
import functools
import inspect
import math
import numbers
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from types import MappingProxyType, NoneType, UnionType
from typing import (
    TYPE_CHECKING,
    Annotated,
    Any,
    ClassVar,
    ForwardRef,
    Literal,
    Self,
    TypeVar,
    Union,
    get_args,
    get_origin,
)

import numpy as np

from barenet._messages import shortened, suggestion
from barenet.errors import ArgumentError

F = TypeVar("F", bound=Callable[..., Any])

#: A non-negative whole number that fits into 64 bits.
Count = Annotated[int, ("ge", 0), ("lt", 2**63)]

#: The comparison of a number with each kind of limit.
_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    "ge": operator.ge,
    "gt": operator.gt,
    "le": operator.le,
    "lt": operator.lt,
}

#: Descriptions of ranges, by their limits.
_RANGES = {
    (): "",
    ("ge",): " of {ge} or more",
    ("gt",): " above {gt}",
    ("ge", "le"): " from {ge} to {le}",
    ("ge", "lt"): " from {ge} to below {lt}",
    ("gt", "le"): " above {gt}, at most {le}",
    ("gt", "lt"): " between {gt} and {lt}",
}

#: The units of a duration, in seconds.
_SECONDS = {"ms": 1e-3, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}

#: Descriptions of the types that `convert` accepts.
_IN_WORDS = {str: "text", bool: "True or False", int: "a whole number", float: "a number"}


def option(default: Any = dataclasses.MISSING, **limits: float) -> Any:
    """Declare an option of a dataclass: a finite number, with the limits of `check_number`."""
    return dataclasses.field(default=default, metadata={"integer": False, **limits})


class DeclaredAttributes:
    """Rejects attributes that the class does not declare, as they would have no effect.

    The annotations, the class attributes and the arguments of the constructor of the class and its
    bases are declared. A class of another package may have other attributes.
    """

    if not TYPE_CHECKING:  # otherwise, type checkers would accept all names

        def __setattr__(self, name: str, value: Any) -> None:
            cls = type(self)
            settable = _declared_names(cls)
            if name in settable or name.startswith("_") or not is_ours(cls):
                super().__setattr__(name, value)
                return
            public = sorted(declared for declared in settable if not declared.startswith("_"))
            problem = f"{cls.__name__!r} object has no attribute {name!r}"
            text = f"{problem}: setting it has no effect{suggestion(name, public)}"
            raise AttributeError(text, name=name, obj=self)


@functools.lru_cache(maxsize=1_000)
def _declared_names(kind: type) -> frozenset[str]:
    """Return the names of the attributes that a class declares, which are determined once."""
    names: set[str] = set()
    for base in kind.__mro__:
        names.update(vars(base))
        names.update(getattr(base, "__annotations__", ()))
        if "__init__" in vars(base):
            names.update(options_of(base))
    return frozenset(names)


def is_ours(kind: type) -> bool:
    """Return whether a class is defined by barenet."""
    return f"{kind.__module__}.".startswith("barenet.")


class Configurable(DeclaredAttributes):
    """Base class of everything with options, which are checked on creation.

    Attributes
    ----------
    role, name : str
        The argument that takes an instance, which errors name, and the name in the registry. If
        there is no role, errors name the option.
    """

    role: ClassVar[str] = ""
    name: ClassVar[str]
    #: The constraints of the options by name, and the defaults that meet them, determined at the
    #: first instance of the class.
    _limits: ClassVar[dict[str, tuple[Mapping[str, Any], Any]]]

    def __new__(cls, *values: Any, **options: Any) -> Self:
        """Reject a class without a name, and options that the class does not have."""
        if cls.role and not hasattr(cls, "name"):
            remedy = "give its class one, as text"
            raise ArgumentError(f"{cls.__name__} has no `name`", argument=cls.role, remedy=remedy)
        undeclared = options.keys() - getattr(cls, "__dataclass_fields__", {}).keys()
        if undeclared:
            accepted = options_of(cls)
            takes_any = inspect.getfullargspec(cls.__init__).varkw is not None
            unknown = sorted(undeclared - accepted.keys())
            if unknown and not takes_any:
                name = unknown[0]
                problem = f"no option of {cls.__name__}{suggestion(name, accepted)}"
                problem += f" (options: {', '.join(accepted)})"
                raise ArgumentError(problem, argument=name)
        return super().__new__(cls)

    def __post_init__(self) -> None:
        cls = type(self)
        limits = vars(cls).get("_limits")
        if limits is None:  # a subclass that only overrides a default keeps the constraints
            limits = {}
            for base in reversed(cls.__mro__):
                for field in vars(base).get("__dataclass_fields__", {}).values():
                    if field.metadata:
                        limits[field.name] = (field.metadata, _valid_default(field))
            cls._limits = limits
        for name, (constraints, valid_default) in limits.items():
            if getattr(self, name) is valid_default:
                continue
            argument = name
            part = ""
            if self.role:
                argument = self.role
                part = f"{self.name}'s {name}"
            number = check_number(getattr(self, name), argument, part=part, **constraints)
            object.__setattr__(self, name, number)  # most of these classes are frozen

    def __repr__(self) -> str:
        options = [f"{name}={value!r}" for name, value in option_values(self).items()]
        return f"{type(self).__qualname__}({', '.join(options)})"


def _valid_default(field: dataclasses.Field[Any]) -> Any:
    """Return the default of an option if it meets the constraints, and needs no conversion.

    Objects are mostly made with defaults, and an object that is the default needs no check.
    """
    with contextlib.suppress(ArgumentError):
        if check_number(field.default, field.name, **field.metadata) is field.default:
            return field.default
    return dataclasses.MISSING


def lists_options(options: Any) -> Callable[[F], F]:
    """List the options in the signature of a function, although its last parameter collects them.

    Notebooks then complete and show them. The options are the fields of a `TypedDict`, with the
    types that a type checker reads.

    Examples
    --------
    >>> from typing import TypedDict
    >>> class Options(TypedDict, total=False):
    ...     epochs: int
    >>> @lists_options(Options)
    ... def train(**options): ...
    >>> print(inspect.signature(train))
    (*, epochs: int = None, **options)
    """

    def decorate(function: F) -> F:
        signature = inspect.signature(function)
        *parameters, collected = signature.parameters.values()
        for name, annotation in options.__annotations__.items():
            if isinstance(annotation, ForwardRef):
                # The text of an annotation is shorter than the types that it refers to.
                annotation = annotation.__forward_arg__
            keyword = inspect.Parameter.KEYWORD_ONLY
            parameter = inspect.Parameter(name, keyword, default=None, annotation=annotation)
            parameters.append(parameter)
        listed: Any = function
        listed.__signature__ = signature.replace(parameters=[*parameters, collected])
        return function

    return decorate


def options_of(kind: Any) -> Mapping[str, Any]:
    """Return the options of a class: the arguments of its constructor, with their defaults."""
    return _options_of_constructor(kind.__init__)


@functools.lru_cache(maxsize=1_000)
def _options_of_constructor(constructor: Callable[..., None]) -> Mapping[str, Any]:
    """Return the options of a constructor.

    They are kept, as reading a signature takes longer than a step of a small network.
    """
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    _, *parameters = inspect.signature(constructor).parameters.values()
    options = {}
    for parameter in parameters:
        if parameter.kind in named:
            options[parameter.name] = parameter.default
    return MappingProxyType(options)


def check_fields(thing: Any) -> None:
    """Check the numbers of a dataclass against their ranges, except unchanged defaults."""
    for field in thing.__dataclass_fields__.values():
        if field.metadata:
            value = getattr(thing, field.name)
            default = field.default
            if type(value) is not type(default) or value != default:
                check_number(value, field.name, **field.metadata)


def option_values(thing: Any) -> dict[str, Any]:
    """Return the options of an object by name, omitting those that are not attributes."""
    values = {}
    kind: Any = type(thing)
    for name in option_names(kind):
        value = getattr(thing, name, dataclasses.MISSING)
        if value is not dataclasses.MISSING:
            values[name] = value
    return values


@functools.lru_cache(maxsize=1_000)
def option_names(kind: type) -> tuple[str, ...]:
    """Return the names of a class's options, which are the same for all of its objects."""
    names = dict.fromkeys(options_of(kind))  # an ordered set
    if dataclasses.is_dataclass(kind):
        for field in dataclasses.fields(kind):
            if field.init:
                names[field.name] = None
    return tuple(names)


def checks_arguments(function: F) -> F:
    """Refuse unknown names of arguments.

    Examples
    --------
    >>> @checks_arguments
    ... def train(*, epochs): ...
    >>> train(n_epochs=5)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: n_epochs: is no argument of train, did you mean 'epochs'?
    """
    known = inspect.signature(function).parameters
    is_method = next(iter(known), "") in ("self", "cls")

    @functools.wraps(function)
    def checked(*args: Any, **options: Any) -> Any:
        if not options.keys() <= known.keys():
            name = function.__name__
            if is_method:
                owner = args[0]
                if not isinstance(owner, type):
                    owner = type(owner)
                name = f"{owner.__name__}.{name}".removesuffix(".__init__")
            check_arguments(name, options, known)
        return function(*args, **options)

    decorated: Any = checked
    return decorated


def check_arguments(function: str, given: Mapping[str, Any], known: Collection[str]) -> None:
    """Reject names that are not arguments of a function.

    Examples
    --------
    >>> check_arguments("train", {"learning_rate": 0.1}, ["epochs", "optimizer"])
    Traceback (most recent call last):
    barenet.errors.ArgumentError: learning_rate: is no argument of train
    """
    unknown = sorted(name for name in given if name not in known)
    if unknown:
        name = unknown[0]
        problem = f"is no argument of {function}{suggestion(name, known)}"
        raise ArgumentError(problem, argument=name, value=given[name])


def check_texts(values: Any, argument: str) -> Sequence[str]:
    """Return texts as a list."""
    if isinstance(values, str) or not hasattr(values, "__iter__"):
        raise ArgumentError.of(argument, values, "a list of texts")
    texts = list(values)
    if not all(isinstance(text, str) for text in texts):
        raise ArgumentError.of(argument, values, "a list of texts")
    return texts


def check_number(
    value: object, argument: str, *, part: str = "", integer: bool = False, **limits: float
) -> float:
    """Return a finite number as a Python number; `limits` restrict its range: ge, gt, le, lt.

    Examples
    --------
    >>> check_number(2, "loss", part="huber's delta", gt=0)
    2.0
    >>> check_number(0, "loss", part="huber's delta", gt=0)
    Traceback (most recent call last):
    barenet.errors.ArgumentError: loss: huber's delta: expected a number above 0, got 0
    """
    value_type = type(value)
    # Checking other types takes three times as long.
    is_number = value_type is int or (value_type is float and not integer)
    if not is_number and value_type is not bool:
        number_type: type = numbers.Real
        if integer:
            number_type = numbers.Integral
        is_number = isinstance(value, number_type)
    if is_number:
        number: float
        try:
            number = int(value) if integer else float(value)  # type: ignore[call-overload, arg-type]
            is_within = math.isfinite(number)
        except OverflowError:  # a whole number that is too large for a float
            is_within = False
        for name, limit in limits.items():
            is_within = is_within and _COMPARISONS[name](number, limit)
        if is_within:
            return number
    noun = "whole number" if integer else "number"
    range_in_words = _RANGES[tuple(sorted(limits))].format(**limits)
    raise ArgumentError.of(argument, value, f"a {noun}{range_in_words}", part=part)


def parse_duration(text: str) -> float | None:
    """Parse a duration such as 30s, 1.5h or 10min, in seconds; None if the text is none.

    Examples
    --------
    >>> parse_duration("1.5m"), parse_duration("10min"), parse_duration("ten minutes")
    (90.0, 600.0, None)
    """
    units = "|".join(_SECONDS)
    found = re.fullmatch(rf"(\d+(?:\.\d+)?|\.\d+)\s*({units})", text.strip())
    if found is None:
        return None
    number, unit = found.groups()
    seconds = float(number) * _SECONDS[unit]
    return seconds if 0 < seconds < math.inf else None


def check_duration(value: object, argument: str) -> float:
    """Return a duration in seconds, from a number of seconds or a text such as 10min.

    Examples
    --------
    >>> check_duration("10min", "time_limit"), check_duration(90, "time_limit")
    (600.0, 90.0)
    """
    if not isinstance(value, str):
        return check_number(value, argument, gt=0)
    seconds = parse_duration(value)
    if seconds is None:
        raise ArgumentError.of(argument, value, "seconds, or a time such as '90s' or '10min'")
    return seconds


def check_count(value: object, argument: str) -> int:
    """Return a whole number of at least 1."""
    return int(check_number(value, argument, ge=1, integer=True))


def check_seed(value: object, argument: str = "seed") -> int:
    """Return a whole number from 0 to 2³² − 1, the range of seeds for NumPy's RandomState."""
    return int(check_number(value, argument, ge=0, le=2**32 - 1, integer=True))


def check_flag(value: object, argument: str) -> bool:
    """Return True or False as a Python bool."""
    # NumPy's type is called bool_ before NumPy 2, and bool since.
    is_numpy_bool = type(value).__name__ in ("bool", "bool_")
    if not isinstance(value, bool) and not is_numpy_bool:
        raise ArgumentError.of(argument, value, "True or False")
    return bool(value)


def check_names(names: Any, argument: str, count: int, noun: str) -> tuple[str, ...]:
    """Return names, one for each of `count` things, which errors refer to by the noun."""
    texts: tuple[Any, ...] = ()
    if isinstance(names, Iterable) and not isinstance(names, str):
        texts = tuple(names)
    are_texts = all(isinstance(text, str) for text in texts)
    if len(texts) != count or not are_texts:
        raise ArgumentError.of(argument, names, f"{count} names, one for each {noun}")
    return texts


def convert(value: Any, annotation: Any, argument: str, part: str = "") -> Any:
    """Convert a value of unknown origin, such as JSON, to an annotated type.

    The types can be classes, ``Literal``, ``tuple[T, ...]`` (also for lists and arrays),
    ``Mapping[str, T]``, unions, and ``Annotated`` with the limits of `check_number` or, for text,
    with ``unicode``: whether UTF-8 must be able to encode it.

    Examples
    --------
    >>> convert({"training": [3, 4]}, Mapping[str, tuple[int, ...]], "rows")
    {'training': (3, 4)}
    >>> convert({"training": -1}, Mapping[str, Count], "rows")
    Traceback (most recent call last):
    barenet.errors.ArgumentError: rows: training: expected a whole number from 0 to below ...
    """
    target = annotation
    limits: Mapping[str, Any] = {}
    if get_origin(annotation) is Annotated:
        target, *entries = get_args(annotation)
        limits = dict(entries)
    origin = get_origin(target)
    parameters = get_args(target)
    if origin in (Union, UnionType):
        return _convert_to_one_of(parameters, value, argument, part)
    if target is int or target is float:
        return check_number(value, argument, part=part, integer=target is int, **limits)
    if origin is Literal and value in parameters:
        return value
    is_text = isinstance(value, str)  # a sequence of characters, but not meant as one
    if origin is tuple and isinstance(value, Sequence | np.ndarray) and not is_text:
        return tuple(convert(entry, parameters[0], argument, part) for entry in value)
    if origin is Mapping and isinstance(value, Mapping):
        converted = {}
        for key, entry in value.items():
            name = convert(key, str, argument, part)
            place = f"{part}: {name}" if part else name
            converted[name] = convert(entry, parameters[1], argument, place)
        return converted
    if target is str:
        problem = _missing_in_text(value, **limits)
        if problem:
            raise ArgumentError.of(argument, value, problem, part=part)
        return value
    if target is bool and isinstance(value, bool | np.bool_):
        return bool(value)
    if origin is None and target not in _IN_WORDS and isinstance(value, target):
        return value
    raise ArgumentError.of(argument, value, _type_in_words(target), part=part)


def convert_fields(record: Any) -> None:
    """Convert the fields of a dataclass, with values of unknown origin, to their types.

    The types are the annotations themselves, so its module must not turn annotations into strings.
    """
    for field in dataclasses.fields(record):
        value = convert(getattr(record, field.name), field.type, field.name)
        object.__setattr__(record, field.name, value)


def _convert_to_one_of(kinds: Sequence[Any], value: Any, argument: str, part: str) -> Any:
    """Convert to the first type of a union that fits the value."""
    if value is None and NoneType in kinds:
        return None
    types = [member for member in kinds if member is not NoneType]
    if len(types) == 1:
        return convert(value, types[0], argument, part)
    for member in types:
        with contextlib.suppress(ArgumentError):
            return convert(value, member, argument, part)
    words = ", ".join(_type_in_words(member) for member in types)
    raise ArgumentError.of(argument, value, f"one of {words}", part=part)


def _missing_in_text(value: object, unicode: bool = True) -> str:
    """Describe the text that is expected instead of a value; empty if the value is accepted."""
    if not isinstance(value, str):
        return _IN_WORDS[str]
    if unicode and re.search("[\ud800-\udfff]", value):
        return "text that UTF-8 can encode"
    return ""


def _type_in_words(kind: Any) -> str:
    origin = get_origin(kind)
    if origin is Annotated:
        return _type_in_words(get_args(kind)[0])
    if origin is tuple:
        return "a list"
    if origin is Mapping:
        return "values by names"
    if origin is Literal:
        return " or ".join(str(value) for value in get_args(kind))
    return _IN_WORDS.get(kind, f"a {kind.__name__}")


def unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make a JSON object from its fields, and reject duplicate fields."""
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if name in fields:
            raise ValueError(f"the field {shortened(name)!r} is there twice")
        fields[name] = value
    return fields

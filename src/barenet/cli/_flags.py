"""Flags of the commands, most of which are the fields of `RunConfig` and of `TaskSettings`."""

import contextlib
import glob
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Union, get_args, get_type_hints

from cyclopts import Group, Parameter, Token

from barenet import activations, initializers, losses, optimizers, schedules
from barenet.datasets._dataset_loading import DATASETS
from barenet.engines import ENGINES
from barenet.optimization._penalties import PENALTIES
from barenet.optimization.optimizers._optimizer import CLIPPINGS
from barenet.population._candidates import NOT_IN_A_SEARCH, SETTINGS
from barenet.settings import _task_settings as task_settings
from barenet.settings._run_config import DEFAULTS, RunConfig

#: The parser of every command: a list takes all values that follow, one or more.
PARAMETER = Parameter(consume_multiple=(1, None), negative_iterable=(), negative_none=())

DATA = Group("Data", sort_key=1)
NETWORK = Group("Network", sort_key=2)
LEARNING = Group("Learning", sort_key=3)
OUTPUT = Group("Output", sort_key=4)

#: Fields of `RunConfig` under each heading of the help; all others are under learning.
GROUPS = {
    DATA: ["scaling", "target_scaling", "test_size", "split_seed"],
    NETWORK: ["layers", "hidden", "output", "batch_norm", "dropout", "init", "bias_init", "dtype"],
    OUTPUT: ["verbose_epoch"],
}
#: Fields that determine the network and its rows, which are saved with a trained network.
NETWORK_FIELDS = (*GROUPS[NETWORK], *GROUPS[DATA])
#: Fields that determine a single step of training.
STEP_FIELDS = ("loss", "optimizer", "learning_rate", "penalty", "clip", "seed")

#: Fields that take several values in a search.
SEARCHED = tuple(name for name in SETTINGS if name not in ("seed", "engine"))

#: The help for fields that are lists themselves.
HELP = {
    "layers": "Layer sizes from the input to the output, such as 4,16,3 4,16,16,3.",
    "hidden": "Activation of all hidden layers.",
    "penalty": "Penalty on the weights, such as l2:strength=0.001; or none.",
}

#: Spellings of missing values that are always recognized, as listed in the help.
MISSING_SPELLINGS = "NA NaN null None ? - and the like"

#: The names that a shell completes.
NAMES: Mapping[str, Iterable[str]] = {
    "hidden": [*activations.ACTIVATIONS, "prelu"],
    "output": activations.ACTIVATIONS,
    "init": initializers.INITIALIZERS,
    "bias_init": initializers.INITIALIZERS,
    "loss": losses.LOSSES,
    "optimizer": optimizers.OPTIMIZERS,
    "schedule": schedules.SCHEDULES,
    "penalty": [*PENALTIES, "none"],
    "clip": CLIPPINGS,
    "engine": [*ENGINES, "auto"],
}


def complete_name(context: Any) -> list[str]:
    """Complete a word to data sets and files.

    As the completer of an argument, it also marks text that names a file or a data set.
    """
    names = list(DATASETS)
    paths = glob.glob(f"{glob.escape(context.incomplete)}*")  # noqa: PTH207  # in the same spelling
    for path in paths:
        if Path(path).is_dir():
            names.append(f"{path}{os.sep}")
        else:
            names.append(path)
    return names


def integer(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert values of the command line to integers, never by rounding.

    1.5 epochs are an error, and a float would round large seeds.
    """
    type_text = str(kind)  # such as tuple[int, ...], or int | Literal['full']
    word = "full" if "full" in type_text else ""
    values = tuple(_integer(token.value, word) for token in tokens)
    return values if "tuple" in type_text else values[0]


def sizes(kind: Any, tokens: Sequence[Token]) -> Any:
    """Convert each value to a tuple of integers: 4,16,3 or "4 16 3"."""
    networks = []
    for token in tokens:
        texts = token.value.replace(",", " ").split()
        if len(texts) < 2:
            example = "such as 21,8,1 (commas within one network, spaces between candidates)"
            got = " ".join(texts)
            raise ValueError(f"expected sizes from the input to the output, {example}, got {got!r}")
        networks.append(tuple(_integer(text) for text in texts))
    return tuple(networks)


def _integer(text: str, word: str = "") -> int | str:
    """Convert a text; 1e3 is an integer, too, and `word` is returned unchanged."""
    if text and text == word:
        return text
    for parse in (int, float):
        with contextlib.suppress(ValueError, OverflowError):
            number = parse(text)
            if number == int(number):
                return int(number)
    alternative = f" or {word}" if word else ""
    raise ValueError(f"expected a whole number{alternative}, got {text!r}")


#: A data set or a file, which is optional where it has a default.
Data = Annotated[str, Parameter(completer=complete_name, show_default=False, group=DATA)]
#: The file to write, or a folder for it.
Out = Annotated[str | None, Parameter(completer=complete_name)]
Integer = Annotated[int, Parameter(converter=integer)]
Integers = Annotated[tuple[int, ...], Parameter(converter=integer)]
Threads = Annotated[int | None, Parameter(converter=integer, group=LEARNING)]
#: Processes that train networks, on this machine or on a cluster.
Workers = Annotated[int | None, Parameter(converter=integer, group=LEARNING)]
Scheduler = Annotated[str | None, Parameter(group=LEARNING)]
#: Switches that are off, and on, by default.
Off = Annotated[bool, Parameter(negative=(), show_default=False)]
On = Annotated[bool, Parameter(show_default=False)]


def _flag(name: str, hint: Any, names: Collection[str], searched: Collection[str]) -> Any:
    """Convert the type of a field of `RunConfig` to that of a flag, if it is among the names."""
    default = getattr(DEFAULTS, name)
    shown: str | bool = str(default)
    if isinstance(default, tuple):
        shown = " ".join(map(str, default))
    elif default is None or default is True:
        shown = False
    group = LEARNING
    for heading, fields in GROUPS.items():
        if name in fields:
            group = heading
    options: dict[str, Any] = {"parse": name in names, "group": group, "show_default": shown}
    if name in NAMES:
        options["completer"] = lambda context: sorted(NAMES[name])
    type_text = str(hint)  # such as int | Literal['full'] | None
    if "int" in type_text:
        options["converter"] = integer
    if "full" in type_text:
        options |= {"metavar": "INT|full", "show_choices": False}
    if name in searched:
        if name == "layers":
            options |= {"converter": sizes, "show_default": False}
        *alternatives, _ = get_args(hint)  # without None
        value: Any = Union[tuple(alternatives)]  # noqa: UP007
        if name in HELP:
            options["help"] = HELP[name]
            value = str
        elif value is bool:
            value = Literal["true", "false"]
        several: Any = tuple
        hint = several[value, ...] | None
    return Annotated[hint, Parameter(**options)]


def _config_flags(kind: str, names: Collection[str], searched: Collection[str] = ()) -> Any:
    """Make a `RunConfig` with some fields as flags: the parser reads their annotations.

    The flags of searched fields take several values.
    """
    fields = get_type_hints(RunConfig).items()
    hints = {name: _flag(name, hint, names, searched) for name, hint in fields}
    return type(kind, (RunConfig,), {"__doc__": RunConfig.__doc__, "__annotations__": hints})


if TYPE_CHECKING:
    Flags = RunConfig
    StepFlags = RunConfig
    SearchFlags = RunConfig
else:
    Flags = _config_flags("Flags", get_type_hints(RunConfig))
    StepFlags = _config_flags("StepFlags", (*NETWORK_FIELDS, *STEP_FIELDS))
    SearchFlags = _config_flags(
        "SearchFlags", {*get_type_hints(RunConfig)} - NOT_IN_A_SEARCH, SEARCHED
    )

#: Parameters of the flags of `TaskSettings` that can't be derived from the types of its fields.
FIELD_PARAMETERS = {
    "header": Parameter(show_default=False),
    "quoting": Parameter(show_default=False),
    "data_dir": Parameter(completer=complete_name),
    "missing": Parameter(show_default=MISSING_SPELLINGS),
    "data": Parameter(parse=False),
    "split_by": Parameter(show=False),
    "model": Parameter(group=NETWORK, show_default=False),
    "quick": Parameter(group=NETWORK, show=False),
    **dict.fromkeys(task_settings.MODELS, Parameter(group=NETWORK)),
    "config": Parameter(name="*"),
}


def _settings_flags(kind: type, **hints: Any) -> Any:
    """Make settings whose fields are flags: the parser reads their annotations."""
    hints = {**get_type_hints(kind), **hints}
    annotated = {}
    for name, hint in hints.items():
        annotated[name] = hint
        if name in FIELD_PARAMETERS:
            annotated[name] = Annotated[hint, FIELD_PARAMETERS[name]]
    attributes = {"__doc__": kind.__doc__, "__annotations__": annotated}
    flags = type(kind.__name__, (kind,), attributes)
    return Parameter(name="*", group=DATA)(flags)


if TYPE_CHECKING:
    FileOptions = task_settings.FileOptions
    DataOptions = task_settings.DataOptions
    RunSettings = task_settings.TaskSettings
else:
    # One or more values; `CsvOptions` converts a single one to text.
    FileOptions = _settings_flags(task_settings.FileOptions, date_format=tuple[str, ...] | None)
    # The words for columns as texts, which `DataOptions` converts to a mapping.
    WORDS = tuple[str, ...] | None
    DataOptions = _settings_flags(task_settings.DataOptions, file=FileOptions, columns=WORDS)
    RunSettings = _settings_flags(
        task_settings.TaskSettings, file=FileOptions, columns=WORDS, config=Flags
    )

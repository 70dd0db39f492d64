"""The settings of a task: its source, the reading of files, its columns, and its training."""

import warnings
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any, Literal, Self, TypeAlias, get_type_hints

from barenet._constraints import check_flag, convert
from barenet._messages import with_addresses, without_secrets
from barenet._progress_bar import progress_bar
from barenet._registry import lookup
from barenet.datasets._dataset import Dataset
from barenet.datasets._dataset_loading import TABLE_SUFFIXES, load_dataset, set_name
from barenet.datasets._named_datasets import GENERATED
from barenet.datasets._split_column import SplitColumn, argument_of
from barenet.datasets._table_loading import load_table
from barenet.errors import ArgumentError, caller_stacklevel
from barenet.optimization._schedules import as_schedule
from barenet.settings._run_config import DEFAULTS, RunConfig, TrainingOptions
from barenet.settings._run_defaults import MANY, table_defaults
from barenet.storage._file_io import STANDARD_INPUT, as_address, is_pattern, name_of, plain_name
from barenet.streams._stream import Stream, stream
from barenet.tables.encoding._encoding import TableOptions
from barenet.tables.files._delimited import CsvFields, CsvOptions
from barenet.tables.frames._column_names import spelled_names
from barenet.tables.frames._frame import Table
from barenet.tables.reading._column_words import (
    DROP,
    ColumnRequest,
    as_columns,
    as_texts,
    merge_columns,
)

#: Options of a table that are lists, and all of its options, as for `TableEncoding.fit`.
TEXT_LISTS = ("drop", "keep_column", "categories", "numeric", "missing")
TABLE_OPTIONS = ("columns", *TEXT_LISTS, "rare")

#: Settings that refer to another model.
MODELS = ("start_from", "teacher")

#: Settings that are files, or folders of runs.
PATHS = ("data", "test", *MODELS)

#: Fraction of the training rows in the validation set, if there is one.
VALIDATION_SIZE = 0.1

#: The value for a limit that depends on the machine: a quarter of its memory.
AUTO = "auto"

#: Settings that do not affect the network, or that name a folder of the machine.
NOT_ON_A_CARD = ("data_dir", "memory", "time_limit", "verbose_epoch")

#: Settings that also apply to an ensemble; all others apply only to a single network.
SHARED = (
    "seed",
    "test_size",
    "split_seed",
    "metric",
    "class_weight",
    "monotonic",
    "time_limit",
    "verbose_epoch",
)

#: The kind of model for a table.
ModelKind: TypeAlias = Literal["ensemble", "network"]

#: Settings that an ensemble takes, too, if it is requested (`model="ensemble"`).
OF_REQUESTED_ENSEMBLE = ("epochs", "loss", "engine")

#: The reason that workers are refused.
ONE_NETWORK = "a single network is trained here"

#: The reason that a setting is refused for an ensemble.
OF_ONE_NETWORK = "is a setting of one network, not of an ensemble"

#: First line of the run files that barenet writes.
HEADER = "# Written by barenet. `barenet train --config` with this file repeats the run.\n"

#: The name of rows in memory, in place of a file's path.
IN_MEMORY = "data frame"


def choose_model(model: object, quick: object) -> ModelKind | None:
    """Check the kind of a model, or take it from the deprecated `quick`."""
    if model not in (None, "ensemble", "network"):
        raise ArgumentError.of("model", model, "'ensemble' or 'network'")
    if quick is None:
        return model
    implied = model_of_quick(quick)
    if model not in (None, implied):
        raise ArgumentError("contradicts model", argument="quick", remedy="leave it out")
    warn_of_change("quick", "is deprecated, and will be removed in version 0.5", implied)
    return implied


def model_of_quick(quick: object) -> ModelKind:
    """Return the kind of model that an earlier version chose by `quick`."""
    return "network" if check_flag(quick, "quick") else "ensemble"


def with_new_names(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Rename the settings of run files and model cards of barenet 0.3.0."""
    new = dict(fields)
    if "penalty" not in new and ("l1" in new or "l2" in new):
        strengths = {name: new.pop(name, None) for name in ("l1", "l2")}
        penalties = [f"{name}:strength={value}" for name, value in strengths.items() if value]
        new["penalty"] = penalties
    for name in ("norm", "value"):
        if "clip" not in new and f"clip_{name}" in new:
            new["clip"] = f"{name}:limit={new.pop(f'clip_{name}')}"
    named = GENERATED.get(str(new.get("data")))
    if named is not None:
        options = []
        for name, default in named.default_options.items():
            value = new.pop(name, default)
            if value != default:
                options.append(f"{name}={value}")
        if options:
            new["data"] = f"{named.name}:{','.join(options)}"
    return new


def warn_of_change(argument: str, problem: str, model: str) -> None:
    """Warn of an argument whose meaning changes, and name the one to use."""
    error = ArgumentError(problem, argument=argument, remedy="use {model}", model=model)
    warnings.warn(FutureWarning(error), stacklevel=caller_stacklevel())


class OpeningOptions(CsvFields, total=False):
    """The options of `Task.open` for the columns of a table and for files."""

    columns: Mapping[str, str] | None
    drop: str | Collection[str] | None
    keep_column: str | Collection[str] | None
    categories: str | Collection[str] | None
    numeric: str | Collection[str] | None
    missing: str | Collection[str] | None
    rare: float | None
    data_dir: str | PathLike[str] | None
    allow_missing_columns: bool | None


class CrossValidationOptions(OpeningOptions, TrainingOptions, total=False):
    """The options of `Task.cross_validate`, which opens the rows and trains on them."""


@dataclass(frozen=True, kw_only=True)
class FileOptions(CsvOptions):
    """How files are read.

    Attributes
    ----------
    delimiter : str
        Separator of the values of a table: one character, or tab.
    encoding : str
        Text encoding of a table, such as cp1252 of Windows.
    decimal : {".", ","}
        Decimal separator of the numbers in a table.
    header : bool
        Whether the first line of a table names its columns; if not, they are named x1, x2 and so
        on. By default it does, and a first line with a number above numbers is refused.
    date_format : str or tuple of str
        Format of dates in a table that are not written like 2024-12-31, such as %d.%m.%Y; for a
        single column, start=%d.%m.%Y.
    thousands : {",", ".", "'", " "}
        Sign between groups of three digits of the numbers in a table, as in 1,049.50.
    quoting : bool
        Whether values of a table may be quoted, which is the default; if not, quotes are ordinary
        characters.
    data_dir : str
        Folder of the IDX files of mnist or fashion_mnist.
    allow_missing_columns : bool
        Whether one of several files may lack a column that others have, or a file of new rows a
        column of the model. The values are then missing; otherwise, that is an error.
    """

    data_dir: str | None = None
    allow_missing_columns: bool | None = None

    def over(self, base: Self) -> Self:
        """Fill the options that are not given from others."""
        return replace(base, **without_none(vars(self)))

    def csv_fields(self) -> CsvFields:
        """Return the options of the text of tables."""
        fields: Any = {name: getattr(self, name) for name in CsvFields.__annotations__}
        return fields


@dataclass(frozen=True, kw_only=True)
class DataOptions:
    """How data are read, and how their columns are treated.

    Attributes
    ----------
    target : str
        The column of a table to predict.
    task : {"classification", "regression"}
        The kind of target, if its values are ambiguous.
    file : FileOptions
        How files are read.
    split_by_time : str
        Column of dates, times or numbers that orders the rows of a table; the last rows are the
        test set.
    split_by_group : str
        Column of the groups of a table's rows, which are kept whole. It is not used as a feature.
    weight : str
        Column of the weights of a table's rows, numbers of 0 or more, in the losses and the scores.
        It is not used as a feature, and rows of weight 0 are left out.
    split_by : str
        Deprecated, use --split-by-time or --split-by-group.
    columns : mapping of str to str
        What columns are, as in zip=names opened="date day-first" id=drop: names, number, date, date
        day-first, date month-first, a format such as date %d.%m.%Y, time, yes/no, words, keep or
        drop, each possibly with missing=-999 behind it for a spelling of a missing value. Or a TOML
        file with such lines, as `barenet columns` writes it.
    drop : tuple of str
        Columns to leave out, the same as drop in --columns.
    keep_column : tuple of str
        Columns to keep even though they number or identify the rows, the same as keep in --columns.
    categories : tuple of str
        Columns to read as categories, such as codes that look like numbers; the same as names in
        --columns.
    numeric : tuple of str
        Columns to read as numbers, such as those with leading zeros; the same as number in
        --columns.
    missing : tuple of str
        More spellings of a missing value, such as -999 or unknown.
    rare : float
        Categories in a smaller fraction of the rows are merged into one; a value of 1 or more is a
        number of rows. By default 0.01; for a column of an ensemble, 0, 0.005, 0.02 or 0.05 if that
        clearly reduces the error on left-out rows.
    """

    target: str | None = None
    task: Literal["classification", "regression"] | None = None
    file: FileOptions = FileOptions()
    split_by_time: str | None = None
    split_by_group: str | None = None
    weight: str | None = None
    split_by: str | None = None
    columns: Mapping[str, str] | None = None
    drop: tuple[str, ...] | None = None
    keep_column: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    numeric: tuple[str, ...] | None = None
    missing: tuple[str, ...] | None = None
    rare: float | None = None

    def __post_init__(self) -> None:
        if self.columns is not None:
            object.__setattr__(self, "columns", as_columns(self.columns))

    @property
    def split_column(self) -> SplitColumn | None:
        """The column to split the rows by, if there is one."""
        return SplitColumn.of(self.split_by_time, self.split_by_group, self.split_by)

    @property
    def requests(self) -> dict[str, ColumnRequest]:
        """The words for single columns, from `columns` and from its older spellings."""
        return merge_columns(
            self.columns,
            categories=self.categories or (),
            numeric=self.numeric or (),
            drop=self.drop or (),
            keep_column=self.keep_column or (),
            date_format=self.file.date_format,
        )

    def table_options(self, features: Sequence[str] = ()) -> TableOptions:
        """Return the given options of columns; with `features`, only those for loaded columns."""
        options: TableOptions = {}
        requests = self.requests
        if features:
            requests = self._loaded(requests, features)
        if requests:
            options["columns"] = requests
        if self.missing is not None:
            options["missing"] = self.missing
        if self.rare is not None:
            options["rare"] = self.rare
        return options

    def _loaded(
        self, requests: Mapping[str, ColumnRequest], features: Sequence[str]
    ) -> dict[str, ColumnRequest]:
        """Return the requests for features: none to drop, to split by alone, or for weights."""
        not_features = set()
        if self.split_column is not None:
            not_features = {self.split_column.name}.difference(features)
        if self.weight is not None:
            not_features.add(self.weight)
        loaded = {}
        spelled = spelled_names([*requests], features)
        for name, request in zip(spelled, requests.values(), strict=True):
            if request.words != DROP and name not in not_features:
                loaded[name] = request
        return loaded


@dataclass(frozen=True, kw_only=True)
class TaskSettings(DataOptions):
    """Everything that determines the result of a run.

    Attributes
    ----------
    data : str
        A named data set, or a file, on this machine or at an address such as s3://bucket/rows.csv.
    model : {"ensemble", "network"}
        The kind of model for a table. By default an ensemble; a single network, which takes about a
        second, with a teacher or with initial weights of another model, and on rows that are read
        block by block.
    quick : bool
        Deprecated, use --model: a single network, or with --no-quick an ensemble.
    memory : str
        Read a table block by block, with at most this much memory for its data, such as 2GB; auto
        is a quarter of the machine's memory. A pattern such as 'data/*.parquet' is always read in
        this way, by default with auto. The result does not depend on the limit.
    test : Path
        A table whose rows are the test set, with the columns of the data. They are read as new rows
        of a model are, and all rows of the data are for training.
    start_from : Path
        Model whose weights are used as initial weights: a file, or the folder of a run.
    teacher : Path
        Model whose predictions a single network learns instead of the targets, such as an ensemble
        for the same columns: a file, or the folder of a run.
    keep_background : bool
        Keep 100 raw training rows in the model file, which `barenet predict --reasons` compares
        rows with. Don't keep rows of people without their consent.
    config : RunConfig
        How the network is built and trained.
    """

    data: str = ""
    model: ModelKind | None = None
    quick: bool | None = None
    memory: str | None = None
    test: Path | None = None
    start_from: Path | None = None
    teacher: Path | None = None
    keep_background: bool | None = None
    config: RunConfig = field(default_factory=RunConfig)

    def __post_init__(self) -> None:
        super().__post_init__()
        object.__setattr__(self, "model", choose_model(self.model, self.quick))
        object.__setattr__(self, "quick", None)
        if self.test is not None:
            if Path(self.data).resolve() == self.test.resolve():
                problem = f"{self.test} has the training rows"
                remedy = "leave it out, and some of the rows are held out"
                raise ArgumentError(problem, argument="test", remedy=remedy)
            object.__setattr__(self, "config", without_test_rows(self.config))

    @classmethod
    def from_fields(cls, fields: Mapping[str, Any]) -> Self:
        """Make settings from plain values by name, as returned by `set_fields`.

        Run files of barenet 0.3.0 have `quick` in place of `model`.
        """
        fields = with_new_names(fields)
        if "quick" in fields:
            fields.setdefault("model", model_of_quick(fields.pop("quick")))
        file_types = get_type_hints(FileOptions)
        run_types = get_type_hints(RunConfig)
        task_types = get_type_hints(cls)
        types = file_types | run_types | task_types
        file_values: dict[str, Any] = {}
        run_values: dict[str, Any] = {}
        task_values: dict[str, Any] = {}
        for name, value in fields.items():
            annotation = lookup(types, name, "settings")
            if annotation == Path | None:
                value = Path(convert(value, str, name))
            if name == "columns":  # a card has a list of texts
                task_values[name] = as_columns(value)
            elif name in task_types:
                task_values[name] = convert(value, annotation, name)
            elif name in run_types:
                run_values[name] = convert(value, annotation, name)
            else:  # `FileOptions` also takes date formats by column
                file_values[name] = value
        return cls(file=FileOptions(**file_values), config=RunConfig(**run_values), **task_values)

    @property
    def is_table(self) -> bool:
        """Whether the rows have columns with names."""
        return is_table(self.data) or self.data == IN_MEMORY

    @property
    def is_stream(self) -> bool:
        """Whether a table is read block by block."""
        return is_table(self.data) and (is_pattern(self.data) or self.memory is not None)

    @property
    def is_ensemble(self) -> bool:
        """Whether an ensemble is trained; until version 0.5, not with a setting of one network."""
        if self.model == "network":
            return False
        of_one_network = self._settings_of_one_network()
        if self.model is None:
            return self.is_table and not of_one_network and not self.is_stream
        of_one_network.difference_update(OF_REQUESTED_ENSEMBLE)
        if of_one_network:
            first = min(of_one_network)
            remedy = "leave it out, or train one network with {model}"
            raise ArgumentError(OF_ONE_NETWORK, argument=first, remedy=remedy, model="network")
        if self.is_stream:
            problem = "all rows of an ensemble are in memory"
            raise ArgumentError(problem, argument="model", value=self.model, remedy="leave it out")
        return True

    def warn_of_implied_network(self) -> None:
        """Warn if a setting, such as epochs, chooses a single network in place of an ensemble."""
        if self.model is not None or not self.is_table or self.is_stream:
            return
        names = self._settings_of_one_network()
        # Initial weights and a teacher are for a single network alone, so they need no model.
        if names and names.isdisjoint(MODELS):
            problem = "trains a single network instead of an ensemble, which will need model in "
            problem += "version 0.5"
            warn_of_change(min(names), problem, "network")

    def _settings_of_one_network(self) -> set[str]:
        """Return the names of the given settings that an ensemble does not have."""
        names = set(self.config.set_fields())
        names.difference_update(SHARED)
        for name in MODELS:
            if getattr(self, name):
                names.add(name)
        return names

    def load(self, table: Table | None = None) -> Dataset:
        """Load the data, or the data of an open table; the columns of a table are a frame."""
        if not self.data:
            problem = "name a data set (`barenet datasets` lists them) or a file to train on"
            raise ArgumentError(problem, argument="data")
        if is_pattern(self.data) and not is_table(self.data):
            problem = f"a pattern needs a suffix, such as '{self.data}.csv'"
            raise ArgumentError(problem, argument="data", value=self.data)
        self.check_table_options()
        if table is not None:
            return self._load_open(table)
        options: dict[str, Any] = {
            "target": self.target,
            "task": self.task,
            "columns": self.requests or None,
            "missing": self.missing,
            "split_by_time": self.split_by_time,
            "split_by_group": self.split_by_group,
            "split_by": self.split_by,
            "weight": self.weight,
            "data_dir": self.file.data_dir,
            **self.file.csv_fields(),
        }
        if self.is_table:
            options["frame"] = True
        return load_dataset(self.data, **options)

    def _load_open(self, table: Table) -> Dataset:
        """Read the columns of an open table."""
        return load_table(
            table,
            self.target,
            task=self.task,
            columns=self.requests,
            missing=self.missing or (),
            split_by_time=self.split_by_time,
            split_by_group=self.split_by_group,
            split_by=self.split_by,
            weight=self.weight,
            frame=self.is_table,
            **self.file.csv_fields(),
        )

    def open_stream(self) -> Stream:
        """Open a table to read it block by block, and hold out rows."""
        config = self.config.over(table_defaults(MANY)).over(DEFAULTS)
        refused = {
            "class_weight": config.class_weight,
            "label_smoothing": config.label_smoothing,
            "split_by_time": self.split_by_time,
            "split_by_group": self.split_by_group,
            "split_by": self.split_by,
            "weight": self.weight,
            "optimizer": config.make_optimizer().full_batch,
        }
        for name, value in refused.items():
            if value:
                problem = "not for rows that are read block by block"
                raise ArgumentError(problem, argument=name, remedy="leave it out")
        validation_size = 0.0
        if config.patience or as_schedule(config.schedule).follows_loss:
            validation_size = VALIDATION_SIZE
        memory = self.memory
        if memory == AUTO:
            memory = None
        target: Any = self.target  # if there is no target, the error proposes one
        return stream(
            self.data,
            target,
            csv=self.file,
            task=self.task,
            test_size=config.test_size or 0.0,
            validation_size=validation_size,
            split_seed=config.split_seed or 0,
            memory=memory,
            track=partial(progress_bar, label="reading"),
            numbers=config.scaling or "standardize",
            allow_missing_columns=bool(self.file.allow_missing_columns),
            **self.table_options(),
        )

    def split(self, dataset: Dataset) -> tuple[Dataset, Dataset | None]:
        """Split the training data again; without the column to split by, all are training rows."""
        if self.split_column is not None and dataset.split_keys is None:
            return dataset, None
        config = self.config.over(DEFAULTS)
        return dataset.split(config.test_size or 0.0, config.split_seed or 0)

    def with_known_split(self, dataset: Dataset) -> Self:
        """Replace the deprecated `split_by` by the argument that the loaded column is for."""
        if self.split_by is None or dataset.split_keys is None:
            return self
        if argument_of(dataset.split_keys) == "split_by_time":
            return replace(self, split_by=None, split_by_time=self.split_by)
        return replace(self, split_by=None, split_by_group=self.split_by)

    def check_table_options(self) -> None:
        """Reject options for tables if the data are not a table."""
        if self.is_table:
            return
        options = [request.argument for request in self.requests.values()]
        options += self.table_options()
        if self.memory is not None:
            options.append("memory")
        for name in ("test", "weight"):
            if getattr(self, name) is not None:
                options.append(name)
        if self.model == "ensemble":
            options.append("model")
        if options:
            problem = f"this is an option for tables, and {self.data} is not one"
            raise ArgumentError(problem, argument=options[0])
        if self.config.scaling == "robust":
            problem = f"robust is for tables, and {self.data} is not one"
            raise ArgumentError(problem, argument="scaling")

    def to_toml(self) -> bytes:
        """Write a run file."""
        import tomli_w

        fields = self.set_fields()
        for name in PATHS:
            text = fields.get(name, "")
            has_surrogate = any("\ud800" <= character <= "\udfff" for character in text)
            if has_surrogate:
                problem = f"the name {text!r} is not UTF-8 text"
                raise ArgumentError(problem, argument=name, remedy="rename it")
        return (HEADER + tomli_w.dumps(fields)).encode()

    def card_fields(self) -> dict[str, Any]:
        """Return the settings for a model card, without folders, which differ by machine."""
        fields = without_folders(self.set_fields())
        fields = {name: value for name, value in fields.items() if name not in NOT_ON_A_CARD}
        if self.columns:
            fields["columns"] = as_texts(self.columns)
        if self.file.date_format is not None:  # of all columns, as exports read them
            fields["date_format"] = self.file.date_format
        # The held-out rows depend on reading block by block, but not on the memory limit.
        if self.memory and not is_pattern(self.data):
            fields["memory"] = AUTO
        return fields

    def set_fields(self) -> dict[str, Any]:
        """Return the settings that are given, by the names of their options."""
        settings: dict[str, Any] = {"data": ""}  # this comes first
        settings.update(vars(self))
        settings.update(vars(self.file))
        settings.update(vars(self.config))
        del settings["file"], settings["config"]
        address = as_address(self.data)
        if self.data in ("", IN_MEMORY):
            settings["data"] = None
        elif address:
            settings["data"] = without_secrets(address)
        elif self.data != STANDARD_INPUT and not set_name(self.data):
            settings["data"] = with_addresses(Path(self.data).resolve())
        for name in ("test", *MODELS):
            if settings[name] is not None:
                settings[name] = with_addresses(Path(settings[name]).resolve())
        return without_none(settings)


def without_test_rows(config: RunConfig) -> RunConfig:
    """Hold out no rows, as the test set has a table of its own."""
    if config.test_size:
        problem = "the test set has a table of its own, so no rows are held out"
        raise ArgumentError(problem, argument="test_size", remedy="leave it out")
    return replace(config, test_size=0.0)


def is_table(data: str) -> bool:
    """Return whether data are a table with named columns."""
    return plain_name(data).endswith(TABLE_SUFFIXES)


def without_folders(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Replace paths with the names of their files, and replace characters that aren't Unicode."""
    portable = dict(settings)
    for name in PATHS:
        if name in settings and not set_name(settings[name]):
            file_name = name_of(settings[name])
            portable[name] = file_name.encode("utf-8", "replace").decode()
    return portable


def without_none(options: Mapping[str, Any]) -> dict[str, Any]:
    """Drop the options that are None."""
    return {name: value for name, value in options.items() if value is not None}


#: How files are read.
FILE_OPTIONS = tuple(FileOptions.__dataclass_fields__)

#: Settings of the rows, which are split before training.
OF_THE_ROWS = {"test_size", "split_seed"}

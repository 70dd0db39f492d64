"""The settings of a run: everything that decides what comes out of it."""

from __future__ import annotations

import dataclasses
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from barenet.cli.columns import list_kinds
from barenet.cli.flags import DATA, NAMED, NETWORK, NO_FLAGS, Flags
from barenet.data.csv_table import read_table
from barenet.data.dataset import Dataset
from barenet.data.datasets import DATASETS, TABLE_SUFFIXES, canonical_name, load_dataset
from barenet.data.file_io import PARQUET_SUFFIXES, STANDARD_INPUT, plain_name
from barenet.data.parquet import open_parquet

__all__ = [
    "AS_FOUND",
    "AS_USUAL",
    "HEADER",
    "NOTHING_SAID",
    "FileOptions",
    "Settings",
    "TableOptions",
    "is_table",
]

#: What is missing whatever is said, in the words of the help.
USUALLY_MISSING = "NA NaN null None ? - and the like"

#: How a run file of barenet's own begins.
HEADER = "# Written by barenet. `barenet train --config` with this file repeats the run.\n"


@Parameter(name="*", group=DATA)
@dataclass(frozen=True, kw_only=True)
class FileOptions:
    """How files are read.

    Attributes
    ----------
    delimiter : str
        Separator of the values of a table: one character, or tab.
    encoding : str
        Text encoding of a table, such as latin-1.
    decimal : {".", ","}
        Decimal separator of the numbers in a table.
    header : bool
        Whether the first line of a table names its columns; if not, they are x1, x2 and so on, by
        their positions. By default it does, and is refused where it looks like a row.
    data_dir : str
        Folder of the IDX files of mnist or fashion_mnist.
    drop_missing_target : bool
        Leave out the rows of a table that have no target.
    """

    delimiter: str | None = None
    encoding: str | None = None
    decimal: Literal[".", ","] | None = None
    header: Annotated[bool | None, Parameter(show_default=False)] = None
    data_dir: Annotated[str | None, NAMED] = None
    drop_missing_target: Annotated[bool | None, Parameter(negative=(), show_default=False)] = None


AS_USUAL = FileOptions()


@Parameter(name="*", group=DATA)
@dataclass(frozen=True, kw_only=True)
class TableOptions:
    """What the columns of a table hold, where their values leave it open.

    Attributes
    ----------
    drop : tuple of str
        Columns to leave out.
    categories : tuple of str
        Columns to read as categories, such as codes that look like numbers.
    numeric : tuple of str
        Columns to read as numbers, such as those with leading zeros.
    missing : tuple of str
        More spellings of a missing value, such as -999 or unknown.
    rare : float
        Categories in a smaller fraction of the rows are merged into one; a value of 1 or more is a
        number of rows.
    """

    drop: tuple[str, ...] | None = None
    categories: tuple[str, ...] | None = None
    numeric: tuple[str, ...] | None = None
    missing: Annotated[tuple[str, ...] | None, Parameter(show_default=USUALLY_MISSING)] = None
    rare: Annotated[float | None, Parameter(show_default="0.01")] = None

    def set_fields(self) -> dict[str, Any]:
        """The options that are not None, as `TableEncoding.fit` takes them."""
        return {name: value for name, value in vars(self).items() if value is not None}


AS_FOUND = TableOptions()


@Parameter(name="*")
@dataclass(frozen=True, kw_only=True)
class Settings:
    """Everything that decides what comes out of a run.

    Attributes
    ----------
    data : str
        A named data set, or a file.
    target : str
        The column of a table that is to be predicted.
    task : {"classification", "regression"}
        The kind of target, where its values leave it open.
    file : FileOptions
        How files are read.
    table : TableOptions
        What the columns of a table hold.
    start_from : Path
        Model whose weights are the initial ones: a file, or the folder of a run.
    config : RunConfig
        How the network is built and trained.
    """

    data: Annotated[str, Parameter(parse=False)] = ""
    target: Annotated[str | None, Parameter(group=DATA)] = None
    task: Annotated[Literal["classification", "regression"] | None, Parameter(group=DATA)] = None
    file: FileOptions = AS_USUAL
    table: TableOptions = AS_FOUND
    start_from: Annotated[Path | None, Parameter(group=NETWORK)] = None
    config: Annotated[Flags, Parameter(name="*")] = NO_FLAGS

    def __post_init__(self) -> None:
        object.__setattr__(self, "data", canonical_name(self.data))

    def load(self, *, frame: bool | None = None) -> Dataset:
        """Load the data."""
        if not self.data:
            raise ValueError(
                "data: name a data set (`barenet datasets` lists them) or a file to train on"
            )
        if is_table(self.data) and self.target is None:
            raise ValueError(self._ask_for_target())
        config = self.config
        return load_dataset(
            self.data,
            target=self.target,
            task=self.task,
            samples=config.samples,
            noise=config.noise,
            data_seed=config.data_seed,
            frame=frame or self._frame(),
            categories=(*(self.table.drop or ()), *(self.table.categories or ())) or None,
            **dataclasses.asdict(self.file),
        )

    def _frame(self) -> bool | None:
        """Ask for the columns as they are, where something is done to them that is not usual."""
        said = [*self.table.set_fields(), *(["scaling"] if self.config.scaling == "robust" else [])]
        if said and not is_table(self.data):
            what = "robust is" if said == ["scaling"] else "this is an option"
            raise ValueError(f"{said[0]}: {what} for tables, and {self.data} is none")
        return True if said else None

    def _ask_for_target(self) -> str:
        """Say what there is to choose from."""
        file = self.file
        if plain_name(self.data).endswith(PARQUET_SUFFIXES):
            table: Any = open_parquet(Path(self.data))
        else:
            table = read_table(
                Path(self.data),
                delimiter=file.delimiter,
                encoding=file.encoding,
                decimal=file.decimal,
                header=file.header,
            )
        frame = table.frame(table.names, categories=table.names)
        last = [*frame.columns][-1]
        return (
            f"target: say which column of {self.data} is to be predicted, such as --target "
            f"{shlex.quote(last)}; it has {list_kinds(frame)}"
        )

    def to_toml(self) -> bytes:
        """Write a run file."""
        import tomli_w

        return (HEADER + tomli_w.dumps(self.set_fields())).encode()

    def set_fields(self) -> dict[str, Any]:
        """List what is said, by the names of the options."""
        values = {
            "data": _from_anywhere(self.data) or None,
            "target": self.target,
            "task": self.task,
            **dataclasses.asdict(self.file),
            **self.table.set_fields(),
            "start_from": None if self.start_from is None else str(self.start_from.resolve()),
            **self.config.set_fields(),
        }
        return {name: value for name, value in values.items() if value is not None}


NOTHING_SAID = Settings()


def _from_anywhere(data: str) -> str:
    """Name a file so that it is found, and known to be the same, from every folder."""
    by_name = data in DATASETS or data in ("", STANDARD_INPUT)
    return data if by_name else str(Path(data).resolve())


def is_table(data: str) -> bool:
    """Tell if data are a table, whose columns go by name."""
    return plain_name(data).endswith(TABLE_SUFFIXES)

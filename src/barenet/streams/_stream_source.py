"""The source of a stream: the blocks of files, and the set that each row belongs to."""

import glob
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from barenet._messages import count_of
from barenet.datasets._dataset import Dataset
from barenet.datasets._table_loading import make_dataset
from barenet.errors import ArgumentError, DataError
from barenet.model._randomness import derive_key, uniforms
from barenet.storage._file_io import (
    PARQUET_SUFFIXES,
    as_address,
    is_pattern,
    local_path,
    memory_limit,
    plain_name,
    version_of,
)
from barenet.storage._remote_file import matching_addresses
from barenet.tables.files._csv_blocks import CsvBlock, StoredColumns, csv_blocks
from barenet.tables.files._csv_table import MOST_PER_BYTE
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import (
    open_table,
    read_columns,
    refuse_csv_options,
    with_target,
)
from barenet.tables.files._parquet import ParquetTable, open_parquet, parquet_blocks
from barenet.tables.frames._coded_texts import CodedTexts
from barenet.tables.frames._frame import FileForms, Frame, Place, Table
from barenet.tables.reading._column_reading import Reading
from barenet.tables.reading._column_values import Unread, as_texts, read_frame
from barenet.tables.reading._target import TargetTask, known_targets
from barenet.tables.reading._without_target import WithoutTarget, total

#: Paths of files, or patterns of paths.
Paths: TypeAlias = str | PathLike[str] | Sequence[str | PathLike[str]]

#: Minimum mean number of rows of row groups that are read singly, because opening the file takes
#: time.
_MIN_ROWS = 1000

#: Some rows of a file that are read at once.
Block: TypeAlias = CsvBlock | ParquetTable


class HashedRows(NamedTuple):
    """The rows of a block that have a target, and a hash of the position of each, from 0 to 1."""

    rows: Frame
    hashes: NDArray[np.float64]


@dataclass(frozen=True, eq=False, kw_only=True)
class StreamSource:
    """Blocks of rows. A hash of its position assigns each row to training, validation or test.

    The position of a row is the number of its block and its number in the block, so its set doesn't
    depend on other rows.
    """

    blocks: Sequence[Block]
    features: Sequence[str]
    target: str
    task: TargetTask | None
    categories: Collection[str]
    missing: Collection[str]
    seed: int
    #: Fractions of the rows in the test set, the validation set and the sample.
    test_size: float
    validation_size: float
    sample_size: float = 1.0
    #: Targets of the first rows, if they are texts.
    first_targets: Collection[str] = ()
    #: What a target of texts is, once that is decided from all rows.
    target_reading: Reading | None = None
    #: The kinds by which the columns are read, once they are decided, and the texts of missing
    #: values.
    kinds: Mapping[str, str] = field(default_factory=dict)
    tokens: Collection[str] = ()
    #: Columns of numbers in some CSV blocks and of other texts in others, read as text in all.
    mixed: Collection[str] = ()
    #: Texts that stand for a missing value only in some columns, by their names.
    markers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    #: Values that were not read, by the number of the block and the column.
    unread: dict[int, dict[str, Unread]] = field(default_factory=dict)
    #: Rows without a target, by the number of the block, once it has been read.
    without_target: dict[int, WithoutTarget] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not self.features:
            raise ArgumentError("no column is left to predict from", argument="drop")

    def read(self, number: int) -> HashedRows:
        """Read the rows of a block that have a target."""
        block = self.blocks[number]
        if block.path.is_file() and version_of(block.path) != block.version:
            problem = "has changed since it was opened"
            raise DataError(problem, path=block.path, remedy="open the files again")
        names = [*self.features, self.target]
        all_rows = read_columns(
            block,
            names,
            target=self.target,
            unparsed=[self.target, *self.categories, *self.mixed],
        )
        first_row = self.first_rows[number]
        numbers_in_all_files = all_rows.rows - block.first_row + first_row
        all_rows = replace(all_rows, origin=self, rows=numbers_in_all_files)
        rows, without_target = with_target(
            all_rows, self.target, self.missing, self.task, beside=self.first_targets
        )
        self.without_target[number] = without_target
        rows, unread = read_frame(rows, self.kinds, self.tokens, self.markers)
        self.unread[number] = {}
        for name, lost in unread.items():
            self.unread[number][name] = lost.counts()
        # Rows without a target have a hash, too, so that those of other rows don't depend on them.
        all_hashes = uniforms(derive_key(self.seed, number), (len(all_rows),))
        places_in_block = rows.rows - first_row
        return HashedRows(rows, all_hashes[places_in_block])

    def all_unread(self) -> dict[str, Unread]:
        """Add the values of all blocks that were not read, by column."""
        n_all = int(self.first_rows[-1]) - total(self.without_target.values()).n_rows
        totals: dict[str, Unread] = {}
        for number in sorted(self.unread):
            for name, unread in self.unread[number].items():
                totals[name] = totals[name] + unread if name in totals else unread
        for name, unread in totals.items():
            totals[name] = replace(unread, n_all=n_all)
        return totals

    def training_of(self, block: HashedRows) -> Frame:
        """Select the rows that are not held out."""
        held_out = self.test_size + self.validation_size
        is_training = block.hashes >= held_out
        return block.rows if is_training.all() else block.rows.take(is_training)

    def dataset(self, rows: Frame, classes: tuple[str, ...] | None) -> Dataset:
        """Make a data set of rows, and encode the target."""
        without_target = total(self.without_target.values())
        description = f"read in {count_of(len(self), 'block')}"
        if without_target.n_rows:
            count = count_of(without_target.n_rows, "row")
            description += f", {count} {without_target.clause}"
        return make_dataset(
            rows,
            self.features,
            self.target,
            y=known_targets(rows, self.target, classes, self.target_reading),
            classes=classes,
            name=self.name,
            description=description,
            without_target=without_target,
            reading=self.target_reading,
        )

    def __len__(self) -> int:
        return len(self.blocks)

    @property
    def name(self) -> str:
        """Name the first file, and count the others."""
        return name_of_blocks(self.blocks)

    @property
    def has_csv_options(self) -> bool:
        """Whether options of CSV files apply."""
        return any(block.has_csv_options for block in self.blocks)

    def forms_of(self, name: str) -> FileForms:
        """Return the forms of a column, as all CSV files have the same options."""
        for block in self.blocks:
            if block.has_csv_options:
                return block.forms_of(name)
        return FileForms()

    @cached_property
    def first_rows(self) -> NDArray[np.int64]:
        """The number of each block's first row, counted over all files, and of all rows."""
        lengths = [block.n_rows for block in self.blocks]
        return np.cumsum([0, *lengths])

    def locate(self, row: int, name: str) -> Place:
        """Locate a value in the file of its block."""
        number = int(np.searchsorted(self.first_rows, row, side="right")) - 1
        block = self.blocks[number]
        row_of_block = row - int(self.first_rows[number])
        return block.locate(row_of_block + block.first_row, name)


def name_of_blocks(blocks: Sequence[Table]) -> str:
    """Name the first file, and count the others."""
    name = blocks[0].path.name
    n_files = len({block.path for block in blocks})
    return name if n_files == 1 else f"{name} and {n_files - 1:,} more"


def find_blocks(
    paths: Paths,
    csv: CsvOptions,
    memory: int | None = None,
    *,
    set_aside: bool = False,
) -> list[Block]:
    """Find the blocks of files that have rows; without any row, one block of a CSV file.

    CSV files are split into columns, which takes a temporary file. Rows with another number of
    values are an error, or are set aside.
    """
    blocks: list[Block] = []
    files = find_files(paths)
    if not files:
        raise ArgumentError.of("paths", paths, "at least one")
    if all(plain_name(path).endswith(PARQUET_SUFFIXES) for path in files):
        refuse_csv_options(csv, files[0])
    stored = None
    for path in files:
        if plain_name(path).endswith(PARQUET_SUFFIXES):
            blocks += parquet_blocks(path, memory)
        else:
            stored = stored or StoredColumns()
            blocks += csv_blocks(path, csv, stored, set_aside=set_aside)
    with_rows = [block for block in blocks if block.n_rows or block.uneven]
    return with_rows or blocks[:1]


def open_blocks(data: str | PathLike[str], csv: CsvOptions) -> Sequence[Table]:
    """Open the blocks of the files of a pattern, or of one file.

    Blocks are row groups of Parquet files, and parts of CSV files if there is a pattern, or if the
    file may exceed the memory limit, as a compressed one may.
    """
    if is_pattern(data):
        blocks = find_blocks(data, csv)
        if blocks:
            return blocks
        return [open_table(find_files(data)[0], csv)]  # the columns have names
    path = local_path(data)
    name = plain_name(path)
    is_compressed = name != path.name.lower()
    if name.endswith(PARQUET_SUFFIXES):
        refuse_csv_options(csv, path)
        table = open_parquet(path)
        has_large_groups = table.n_rows > _MIN_ROWS * len(table.groups)
        if has_large_groups and not is_compressed:  # each block opens the file again
            return parquet_blocks(path)
        return [table]
    is_large = path.is_file() and MOST_PER_BYTE * path.stat().st_size > memory_limit()
    if is_compressed or is_large:
        return csv_blocks(path, csv)
    return [open_table(path, csv)]


def find_files(paths: Paths) -> list[Path]:
    """List the files of paths and patterns, each once; sort those of a pattern by name."""
    if isinstance(paths, str | PathLike):
        paths = [paths]
    files: dict[Path, None] = {}  # a dictionary as an ordered set
    for path in paths:
        address = as_address(path)
        if not is_pattern(path):
            matches = [fspath(path)]
        elif address:
            matches = matching_addresses(address)
        else:
            matches = sorted(glob.glob(fspath(path), recursive=True))  # noqa: PTH207
        if not matches:
            raise DataError("no file matches this pattern", path=path)
        for match in matches:
            files[local_path(match)] = None
    return list(files)


def concatenate(frames: Sequence[Frame]) -> Frame:
    """Join the rows of frames; a column of several types becomes text, as in a CSV file."""
    with_rows = [frame for frame in frames if len(frame)]
    if not with_rows:
        with_rows = [frames[0]]  # it still has the columns
    columns = {name: _joined_column(with_rows, name) for name in with_rows[0].columns}
    numbers = np.concatenate([frame.rows for frame in with_rows])
    return Frame(columns, with_rows[0].origin, numbers, with_rows[0].kinds)


def _joined_column(frames: Sequence[Frame], name: str) -> NDArray[Any] | CodedTexts:
    """Join a column of frames, as text if its types differ, even if one has no values.

    Text stays as it was read: 1.250 isn't 1.25.
    """
    parts = [frame.columns[name] for frame in frames]
    types = {part.dtype.kind for part in parts}
    if types == {"T"} or len(types) > 1:
        return CodedTexts.joined([as_texts(frame, name, ()) for frame in frames])
    return np.concatenate(parts)

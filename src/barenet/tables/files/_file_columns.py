"""The columns of several files that are one table, which are compared before a row is read.

The order of the files decides nothing: a column that one of them lacks is an error, or missing
there if that is allowed, and a column has values of one kind in all of them.
"""

import warnings
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from barenet._messages import count_of, some, suggestion, with_addresses
from barenet.errors import DataError, caller_stacklevel
from barenet.tables.files._open_table import check_table_names
from barenet.tables.frames._column_names import Names, spelled_names
from barenet.tables.frames._frame import DeclaredType, Table

#: Rows of a file.
AnyTable = TypeVar("AnyTable", bound=Table)

#: The remedy for a column that a file lacks.
_ALLOW = "to read its values as missing there, use {allow_missing_columns}"

#: Kinds of declared types, as messages name their values.
_VALUES = {"number": "numbers", "text": "text", "date": "dates", "boolean": "booleans"}


#: The type of a column that a file lacks, or of a file that declares none.
_UNDECLARED = DeclaredType("", "")


def joined_names(blocks: Sequence[Table]) -> list[str]:
    """List the columns of all files, beginning with those of the first file."""
    first, *others = _files_of(blocks)
    names = dict.fromkeys(first.names)
    for file in others:
        for name, spelled in zip(file.names, spelled_names(file.names, names), strict=True):
            if spelled not in names:
                names[name] = None
    return [*names]


def with_columns(
    blocks: Sequence[AnyTable], names: Names, *, allow_missing: bool, target: str | None = None
) -> list[AnyTable]:
    """Check that each file has some columns; those that it may lack are added to its blocks.

    The target is one that no file may lack.
    """
    lacking: dict[Path, list[str]] = {}
    for file in _files_of(blocks):
        lacking[file.path] = _lacking(file, names)
        if target is not None and _lacking(file, [target]):
            check_table_names(file, [target], "target")
    if not any(lacking.values()):
        return [*blocks]
    if not allow_missing:
        _refuse_lacking(blocks, lacking, is_training=target is not None)
    _warn_of_lacking(lacking)
    return [replace(block, absent=tuple(lacking[block.path])) for block in blocks]


def check_declared_types(blocks: Sequence[Table], names: Names, target: str) -> None:
    """Refuse columns whose files declare values of several kinds, such as numbers and text."""
    files = _files_of(blocks)
    types_of_files = [_declared_types(file, names) for file in files]
    wrong: dict[str, Mapping[str, Sequence[Table]]] = {}
    for name in names:
        declared: dict[str, list[Table]] = {}
        for file, types in zip(files, types_of_files, strict=True):
            if types[name].values:
                declared.setdefault(types[name].values, []).append(file)
        if len(declared) < 2:
            continue
        with_values = _with_values(name, declared)
        if len(with_values) > 1:
            wrong[name] = with_values
    if not wrong:
        return
    first, *others = wrong
    error = _several_types(first, wrong[first], is_target=first == target)
    if others:
        columns = "column" if len(others) == 1 else "columns"
        quoted = [repr(name) for name in others]
        error.problem += f"; likewise {columns} {some(quoted)}"
        features = [name for name in wrong if name != target]
        error.options = _options_for(features) if error.options else {}
    raise error


def _with_values(name: str, declared: Mapping[str, Sequence[Table]]) -> dict[str, Sequence[Table]]:
    """Leave out the kinds of files without a value, as pandas declares an empty column as numbers.

    The first file with a value decides, and so few of them are read.
    """
    with_values: dict[str, Sequence[Table]] = {}
    for type_kind, files in declared.items():
        for file in files:
            if not _is_empty(file, name):
                with_values[type_kind] = files
                break
    return with_values


def _is_empty(file: Table, name: str) -> bool:
    """Whether a column, perhaps spelled otherwise, has no value in a file."""
    [spelled] = spelled_names([name], file.names)
    return file.is_empty(spelled)


def _files_of(blocks: Sequence[Table]) -> list[Table]:
    """Return the first block of each file."""
    files: dict[Path, Table] = {}
    for block in blocks:
        files.setdefault(block.path, block)
    return list(files.values())


def _lacking(file: Table, names: Names) -> list[str]:
    """List the names of columns that a file lacks."""
    existing = {*file.names}
    spelled = spelled_names(names, file.names)
    lacking = []
    for name, spelling in zip(names, spelled, strict=True):
        if spelling not in existing:
            lacking.append(name)
    return lacking


def _absences(lacking: Mapping[Path, Sequence[str]]) -> Counter[str]:
    """Count the files that lack each column."""
    counts: Counter[str] = Counter()
    for names in lacking.values():
        counts.update(names)
    return counts


def _refuse_lacking(
    blocks: Sequence[Table], lacking: Mapping[Path, Sequence[str]], *, is_training: bool
) -> None:
    """Raise the error of a file that lacks a column which most of the others have."""
    n_files = len(lacking)
    absences = _absences(lacking)

    def rarity(name: str) -> tuple[int, str]:
        return absences[name], name

    name = min(absences, key=rarity)
    files = [file for file in _files_of(blocks) if name in lacking[file.path]]
    file = max(files, key=lambda file: with_addresses(file.path))
    others = set(lacking[file.path])
    others.discard(name)
    missing = [name, *sorted(others)]
    if len(file.names) == 1 or not is_training:
        _check_names_of_file(file, missing)
    n_having = n_files - absences[name]
    verb = "has" if n_having == 1 else "have"
    hint = suggestion(name, [*file.names]).removesuffix(";")
    problem = f"no column {some(missing)}{hint}; "
    problem += f"{n_having:,} of {count_of(n_files, 'file')} {verb} {name!r}"
    remedy = f"{_ALLOW}; to leave it out, use {{columns}}"
    columns = dict.fromkeys(missing, "drop")
    raise DataError(
        problem, path=file.path, remedy=remedy, allow_missing_columns=True, columns=columns
    )


def _check_names_of_file(file: Table, names: Names) -> None:
    """Check names as those of a single file; an error without a remedy gets that of several."""
    try:
        check_table_names(file, names)
    except DataError as error:
        if not error.remedy:
            error.remedy = _ALLOW
            error.options["allow_missing_columns"] = True
        raise


def _warn_of_lacking(lacking: Mapping[Path, Sequence[str]]) -> None:
    """Warn of the columns whose values are missing in some files."""
    counts = _absences(lacking)
    n_files = count_of(len(lacking), "file")
    columns = [f"{name!r} in {count:,} of {n_files}" for name, count in sorted(counts.items())]
    warnings.warn(f"missing columns: {some(columns)}", stacklevel=caller_stacklevel())


def _declared_types(file: Table, names: Names) -> dict[str, DeclaredType]:
    """Return the declared types of columns; the kind is empty where no type is declared."""
    types = {}
    for name, spelled in zip(names, spelled_names(names, file.names), strict=True):
        types[name] = file.declared_types.get(spelled, _UNDECLARED)
    return types


def _declared(file: Table, name: str) -> DeclaredType:
    """Return the declared type of a column."""
    return _declared_types(file, [name])[name]


def _several_types(
    name: str, declared: Mapping[str, Sequence[Table]], *, is_target: bool
) -> DataError:
    """Make the error for a column of several kinds, which names a file of the rarest kind."""

    def rarity(type_kind: str) -> tuple[int, str]:
        return len(declared[type_kind]), type_kind

    rarest, *others = sorted(declared, key=rarity)
    files_with_values = [file for file in declared[rarest] if not _is_empty(file, name)]
    file = min(files_with_values, key=lambda file: with_addresses(file.path))
    parts: list[str] = []
    for type_kind in others:
        files = declared[type_kind]
        values = _values_of(type_kind, _declared(files[0], name).name)
        parts.append(f"{values} in {count_of(len(files), 'file')}")
    rarest_values = _values_of(rarest, _declared(file, name).name)
    problem = f"column {name!r} has {rarest_values}, and {' and '.join(parts)}"
    remedy = "write one type to all files"
    if is_target:
        return DataError(problem, path=file.path, remedy=remedy)
    remedy += "; if the column holds names, use {columns}; to leave it out, use {columns_}"
    return DataError(problem, path=file.path, remedy=remedy, **_options_for([name]))


def _options_for(names: Names) -> dict[str, Any]:
    """Return the options that read columns as names, and those that leave them out."""
    return {"columns": dict.fromkeys(names, "names"), "columns_": dict.fromkeys(names, "drop")}


def _values_of(kind: str, type_name: str) -> str:
    """Describe the values of a declared type with its name, such as numbers (double)."""
    return f"{_VALUES.get(kind, 'values')} ({type_name})"

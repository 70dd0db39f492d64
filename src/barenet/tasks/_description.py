"""Descriptions of a predictor: its columns, which new rows are read with, and its origin."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Any

from barenet.datasets._dataset import Dataset
from barenet.datasets._split_column import SplitColumn
from barenet.datasets._table_loading import read_samples
from barenet.errors import DataError
from barenet.files._model_card import ModelCard
from barenet.files._predictor import Predictor
from barenet.settings._task_settings import TaskSettings
from barenet.tables.encoding._column_kinds import CategoryColumn
from barenet.tables.encoding._encoding import TableEncoding
from barenet.tables.encoding._named_columns import named_matrix
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.files._delimited import CsvOptions
from barenet.tables.files._open_table import Source, open_table
from barenet.tables.frames._frame import Frame, Table
from barenet.tables.frames._to_frame import as_frame


def describe_columns(preprocessing: TableEncoding | Scaling) -> list[dict[str, Any]] | None:
    """Describe how the columns of a table are encoded; return None for rows with only numbers.

    Pairs of columns follow the columns.
    """
    if not isinstance(preprocessing, TableEncoding):
        return None
    descriptions = []
    for column in preprocessing.columns:
        description = {
            "name": column.name,
            "kind": column.kind,
            "inputs": len(column.inputs),
            "how": column.formula,
        }
        descriptions.append(description)
    for pairs in preprocessing.pairs:
        description = {
            "name": f"{pairs.first}, {pairs.second}",
            "kind": "pairs",
            "inputs": len(pairs.pairs),
            "how": pairs.formula,
        }
        descriptions.append(description)
    return descriptions


def describe_origin(predictor: Predictor) -> Iterator[tuple[str, str]]:
    """Describe the inputs, the target and the network, and the origin of the model."""
    yield from predictor.description().items()
    card = predictor.card or ModelCard()
    if card.versions:
        versions = []
        for name, version in card.versions.items():
            if name == "bits of a vector":  # the name in files
                versions.append(f"vector width {version} bits")
            else:
                versions.append(f"{name} {version}")
        yield "trained with", ", ".join(versions)
    if card.data_fingerprint:
        yield "data fingerprint", card.data_fingerprint


def words_may_be_classes(dataset: Dataset, settings: TaskSettings) -> bool:
    """Return whether rows were left out for words such as None, which might be names of classes."""
    if dataset.classes is None:
        return False
    if settings.task is not None or settings.missing:  # the user has decided it
        return False
    return bool(dataset.without_target.words)


def category_names(predictor: Predictor) -> list[str]:
    """Return the columns of categories and texts, which are not read as numbers or dates."""
    encoding = predictor.preprocessing
    if not isinstance(encoding, TableEncoding):
        return []
    return [
        column.name
        for column in encoding.columns
        if isinstance(column, CategoryColumn | WordsColumn)
    ]


def missing_markers(predictor: Predictor) -> Collection[str]:
    """Return the spellings of missing values in the rows of a predictor."""
    if isinstance(predictor.preprocessing, TableEncoding):
        return predictor.preprocessing.missing
    return ()


def labelled_rows(
    predictor: Predictor,
    source: Source,
    *,
    categories: Sequence[str] = (),
    split: SplitColumn | None = None,
    csv: CsvOptions | None = None,
) -> Dataset:
    """Read rows with their targets, whose classes are matched by name."""
    table = open_table(source, csv)
    rows = rows_of_table(predictor, table, categories=categories, split=split)
    if not rows.n_samples:
        problem = f"column {predictor.target_name!r} has no value in any row"
        raise DataError(problem, path=table.path)
    return rows


def rows_of_table(
    predictor: Predictor,
    table: Table,
    *,
    categories: Sequence[str] = (),
    split: SplitColumn | None = None,
) -> Dataset:
    """Read the rows of an open table that have a target; there may be none."""
    weight: Any = (predictor.card or ModelCard()).settings.get("weight")
    rows = read_samples(
        table,
        predictor.feature_names,
        predictor.target_name,
        predictor.classes,
        target_kind=predictor.target_kind,
        categories=[*category_names(predictor), *categories],
        missing=missing_markers(predictor),
        split=split,
        weight=weight,
    )
    return rows_of_model(predictor, rows)


def rows_of_model(predictor: Predictor, rows: Dataset) -> Dataset:
    """Select the columns of a model by name: a frame to encode, or a matrix to scale."""
    names = predictor.feature_names
    encoding = predictor.preprocessing
    selected = rows.select(names)
    X = selected.X
    if isinstance(X, Frame) and isinstance(encoding, Scaling):
        return replace(selected, X=named_matrix(X, names, encoding))
    if isinstance(encoding, TableEncoding) and not isinstance(X, Frame):
        return replace(selected, X=as_frame(X, names))
    return selected


def with_rows_read(predictor: Predictor, rows: Dataset) -> Dataset:
    """Read the texts of the rows of a model, as those of a task have been read."""
    encoding = predictor.preprocessing
    if isinstance(rows.X, Frame) and isinstance(encoding, TableEncoding):
        return replace(rows, X=encoding.frame_of(rows.X))
    return rows

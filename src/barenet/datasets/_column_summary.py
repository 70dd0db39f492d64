"""Summaries of columns: counts of rows in a few bins, to compare later rows with."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from barenet._messages import brief, count_of, some
from barenet.datasets._dataset import Dataset
from barenet.tables.encoding._column import Column, FilledColumn
from barenet.tables.encoding._column_kinds import CategoryColumn, NumberColumn
from barenet.tables.encoding._encoding import TableEncoding, values_of
from barenet.tables.encoding._scaling import Scaling
from barenet.tables.encoding._words_column import WordsColumn
from barenet.tables.frames._frame import Frame
from barenet.tables.reading._parsing import canonical

#: The edges of bins, or the categories, and the counts, by these names.
Summary: TypeAlias = Mapping[str, tuple[Any, ...]]

#: Number of bins of numbers, each with about the same number of training rows.
N_BINS = 10
#: Maximum number of categories with separate counts.
N_CATEGORIES = 19

#: Number of rows below which the stability index is noisy: in ten bins, 200 unshifted rows have
#: about 0.05.
FEW_ROWS = 200

#: Maximum number of columns that are summarized, to add at most a few megabytes to a model file.
MAX_COLUMNS = 1_000


def summarize_columns(encoding: TableEncoding | Scaling, rows: Dataset) -> dict[str, Summary]:
    """Summarize the columns that a network uses, except pixels and very many columns."""
    if rows.image_shape or rows.n_features > MAX_COLUMNS:
        return {}
    summaries = {}
    for column, values in column_values(encoding, rows.feature_names, rows.X):
        if not is_missing(values).all():
            summaries[column.name] = summarize(values)
    return summaries


def column_values(
    encoding: TableEncoding | Scaling, names: Sequence[str], X: Any
) -> Iterator[tuple[Column, NDArray[Any]]]:
    """Return the columns that a network uses, with their values: labels, or numbers with NaN.

    The label of a text is the first of its column's words.
    """
    if isinstance(encoding, Scaling):
        for name, values in zip(names, X.T, strict=True):
            column = NumberColumn(name, fill=0.0, center=0.0, scale=1.0, indicator=False)
            yield column, values.astype(np.float64)
        return
    for used_column, values in values_of(encoding, X):
        if isinstance(used_column, WordsColumn):
            values = used_column.first_words(values)
        elif isinstance(used_column, FilledColumn):
            values = used_column.numbers(values)
        yield used_column, values


def are_unknown(column: CategoryColumn, labels: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each label is a category without its own output, and is not missing."""
    indices = column.indices
    is_unknown = []
    for label in labels.tolist():
        is_present = label != ""
        is_unknown.append(is_present and label not in indices)
    return np.array(is_unknown, bool)


def unknown_categories(encoding: TableEncoding | Scaling, X: Any) -> dict[str, NDArray[np.bool_]]:
    """Return whether each row has a category without its own output, by column name."""
    if not isinstance(encoding, TableEncoding):
        return {}
    unknown = {}
    for column, values in values_of(encoding, X):
        if isinstance(column, CategoryColumn):
            unknown[column.name] = are_unknown(column, values)
    return unknown


class UnusualValues(NamedTuple):
    """Which values of a column are missing, and which are categories without their own output."""

    column: str
    are_missing: NDArray[np.bool_]
    #: None for other columns than those of categories.
    are_unknown: NDArray[np.bool_] | None


def unusual_values(encoding: TableEncoding | Scaling, X: Any) -> Iterator[UnusualValues]:
    """Find the missing values and the unknown categories of each column, which is parsed once."""
    if not isinstance(encoding, TableEncoding):
        return
    for column, values in values_of(encoding, X):
        unknown = are_unknown(column, values) if isinstance(column, CategoryColumn) else None
        yield UnusualValues(column.name, is_missing(values), unknown)


def describe_unknown(encoding: TableEncoding, rows: Frame) -> str:
    """List the columns with categories that no training row had, and the counts; else empty.

    Where rare categories share an output, new ones may be as rare, and are left out.
    """
    descriptions = []
    for column in encoding.used:
        if not isinstance(column, CategoryColumn) or column.rare:
            continue
        labels = column.parse(rows, column.name, encoding.missing)
        unknown = labels[are_unknown(column, labels)]
        if len(unknown):
            share = f"{len(unknown):,} of {count_of(len(labels), 'row')}"
            example = brief(unknown[0])
            descriptions.append(f"{column.name} ({share}, such as {example})")
    return some(descriptions)


def count_missing(encoding: TableEncoding | Scaling, X: Any) -> dict[str, int]:
    """Count missing values by column name."""
    if not isinstance(encoding, TableEncoding):
        return {}
    counts = {}
    for column, values in values_of(encoding, X):
        counts[column.name] = int(is_missing(values).sum())
    return counts


def complete_columns(encoding: TableEncoding | Scaling) -> set[str]:
    """List the columns without missing values in the training rows."""
    names: set[str] = set()
    if not isinstance(encoding, TableEncoding):
        return names
    for column in encoding.used:
        had_missing = False
        if isinstance(column, CategoryColumn | WordsColumn):
            had_missing = column.missing
        elif isinstance(column, FilledColumn):
            had_missing = column.indicator
        if not had_missing:
            names.add(column.name)
    return names


def missing_shares(summaries: Mapping[str, Summary]) -> dict[str, float]:
    """Compute the fraction of training rows in which a column is missing, by column name."""
    shares = {}
    for name, summary in summaries.items():
        counts = summary["counts"]
        n_missing = counts[-1]
        shares[name] = n_missing / sum(counts)
    return shares


def is_missing(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return whether each label or number is missing."""
    if values.dtype == object:
        return np.asarray(values == "", bool)
    return np.asarray(np.isnan(values), bool)


def summarize(values: NDArray[Any]) -> Summary:
    """Summarize a column, some of whose values are not missing.

    The edges separate bins with a tenth of the rows each, or more if a number is frequent. Only the
    most frequent categories are listed.

    Examples
    --------
    >>> summarize(np.array([1.0, 1.0, 2.0, np.nan]))
    {'range': (1.0, 2.0), 'edges': (1.0, 2.0), 'counts': (2, 1, 0, 1)}
    """
    present = values[~is_missing(values)]
    if values.dtype == object:
        labels, counts = np.unique(present, return_counts=True)
        by_frequency = np.argsort(-counts, kind="stable")  # the most frequent first
        categories = labels[by_frequency[:N_CATEGORIES]]
        summary: Summary = {"categories": tuple(categories.tolist())}
    else:
        fractions = np.arange(1, N_BINS) / N_BINS
        edges = np.unique(np.quantile(present, fractions, method="inverted_cdf"))
        ends = (float(present.min()), float(present.max()))
        summary = {"range": ends, "edges": tuple(edges.tolist())}
    counts_in_bins = count_in_bins(summary, values)
    return {**summary, "counts": tuple(counts_in_bins.tolist())}


def count_in_bins(summary: Summary, values: NDArray[Any]) -> NDArray[np.int64]:
    """Count the values up to each edge, above the last edge, and the missing ones.

    For categories, count the values of each category, all others, and the missing ones.
    """
    missing = is_missing(values)
    present = values[~missing]
    limits = summary.get("edges", ())  # of the bins
    if not limits:
        limits = summary.get("categories", ())
    if values.dtype == object:
        bin_of_label = {canonical(label): place for place, label in enumerate(limits)}
        labels, places = np.unique(present.astype(str), return_inverse=True)
        bins_of_labels = [bin_of_label.get(canonical(label), len(limits)) for label in labels]
        bins = np.array(bins_of_labels, int)[places]
    else:
        bins = np.searchsorted(limits, present)
    counts = np.bincount(bins, minlength=len(limits) + 1)
    return np.append(counts, missing.sum())


def stability_index(then: ArrayLike, now: ArrayLike) -> float:
    """Compute the population stability index (PSI) of counts in the same bins.

    It is the sum of ``(q - p) * log(q / p)`` over the bins, with the earlier fractions p and the
    current fractions q: the relative entropy of q from p plus that of p from q. ½ is added to each
    count, so that the logarithm for an empty bin is finite. Bins that are empty in both are left
    out.

    Examples
    --------
    >>> index = stability_index([4, 4, 0], [1, 7, 0])  # p = ½, ½ and q = 1/6, 5/6
    >>> round(index, 6), round(np.log(5).item() / 3, 6)
    (0.536479, 0.536479)
    """
    counts = np.array([then, now], np.float64)
    is_used = counts.any(axis=0)
    counts = counts[:, is_used] + 0.5
    p, q = counts / counts.sum(axis=1, keepdims=True)
    terms = (q - p) * np.log(q / p)
    return float(terms.sum())

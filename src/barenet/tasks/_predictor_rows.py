"""The rows of a table, read with the columns and the classes of a predictor."""

from collections.abc import Sequence
from typing import Any

from barenet.data._column_kinds import CategoryColumn
from barenet.data._dataset import Dataset
from barenet.data._table_loading import Source, read_samples
from barenet.files._predictor import Predictor


def column_options(predictor: Predictor) -> dict[str, Any]:
    """The options with which the features of a predictor are read."""
    columns = getattr(predictor.preprocessing, "columns", ())
    categories = [each.name for each in columns if isinstance(each, CategoryColumn)]
    return {"frame": predictor.takes_frames, "categories": categories}


def labelled_rows(
    predictor: Predictor, source: Source, *, categories: Sequence[str] = (), **options: Any
) -> Dataset:
    """Read rows with their targets, whose classes are found by name."""
    given = column_options(predictor)
    given["categories"] += categories
    given["missing"] = getattr(predictor.preprocessing, "missing", ())
    target, classes = predictor.target_name, predictor.classes
    return read_samples(source, predictor.feature_names, target, classes, **given, **options)
